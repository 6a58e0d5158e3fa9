import { WidgetError } from '../errors.ts';
import { resolveOptions } from '../options.ts';
import { readTheme } from '../theme/theme-options.ts';
import type { LiveOptions } from './host-chat-api.ts';

const LIVE = ['theme', 'position', 'locale'] as const satisfies readonly (keyof LiveOptions)[];

/** The options that can change while a chat stands. Throws `WidgetError` `invalid_option` for any other. */
export function liveOptions(changes: LiveOptions): LiveOptions {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  try {
    for (const [name] of given) {
      if (!LIVE.some((live) => live === name)) {
        throw Error(`"${name}" cannot change while the chat stands: destroy it and mount another one`);
      }
    }
    const known: LiveOptions = Object.fromEntries(given);
    if (known.locale !== undefined) Intl.getCanonicalLocales(known.locale);
    if (known.theme !== undefined) readTheme(known.theme);
    resolveOptions({ token: 'ct_test_any', ...known }, location.origin);
    return known;
  } catch (cause) {
    throw new WidgetError('invalid_option', `${(cause as Error).message}.`, { retryable: false, cause });
  }
}

/** Moves the launcher, whose place the loader gave it. */
export function createLauncherPlace(
  root: ShadowRoot,
): (position: NonNullable<LiveOptions['position']>) => void {
  const sheet = new CSSStyleSheet();
  return (position) => {
    const [y, x] = position.split('-');
    const inset = (side?: string) => `${side}:max(var(--ph-inset,20px),env(safe-area-inset-${side}))`;
    sheet.replaceSync(`#l{inset:auto;${inset(y)};${inset(x)}}`);
    if (!root.adoptedStyleSheets.includes(sheet))
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  };
}
