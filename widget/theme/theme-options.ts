export type Scheme = 'auto' | 'light' | 'dark';

/** What a theme sets. As JSON it is what the theme page exports and a surface's `theme` holds. */
export interface ThemeOptions {
  /** Default `auto`: as the visitor's system says. */
  readonly scheme?: Scheme;
  /** Values by the names of the tokens, with or without `--ph-`; colours may differ between light and dark. */
  readonly tokens?: Readonly<Record<string, string | { readonly light: string; readonly dark: string }>>;
  /** The font of the page's body. Default false. */
  readonly hostFont?: boolean;
  /**
   * The page's accent, made dark or light enough to be read: its `accent-color`, else a custom property that pages
   * usually name it by; or the name of the property. Default false.
   */
  readonly hostAccent?: boolean | string;
  /** A length for the large corners; the small ones follow. */
  readonly radius?: string;
  /** Default `normal`. */
  readonly density?: 'compact' | 'normal' | 'roomy';
}

const SCHEMES = /^(auto|light|dark)$/;

/** Reads an option or an attribute, which may hold JSON. Throws an `Error` that says what it may be. */
export function readTheme(theme: unknown): ThemeOptions {
  if (theme === undefined || theme === null) return {};
  if (typeof theme === 'string' && SCHEMES.test(theme)) return { scheme: theme as Scheme };
  const read = typeof theme === 'string' && theme.trim().startsWith('{') ? parsed(theme) : theme;
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw Error('"theme" must be auto, light, dark, or an object with "tokens"');
  const { scheme = 'auto' } = read as ThemeOptions;
  if (!SCHEMES.test(scheme)) throw Error('"theme.scheme" must be auto, light or dark');
  return read;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
