import { effect, signal } from '@preact/signals';
import { readTheme, type Scheme, type ThemeOptions } from '../../widget/theme/theme-options.ts';

/** What the page shows. All of it is in the address: `#dark?rtl&theme={…}`. */
export interface Look {
  readonly scheme: Scheme;
  readonly direction: 'ltr' | 'rtl';
  /** Without its own scheme: that is the look's. */
  readonly theme: ThemeOptions;
}

export const look = signal<Look>(readLook(location.hash));

/** Keeps address and page together. */
export function followAddress(): void {
  addEventListener('hashchange', () => {
    if (location.hash !== hashOf(look.peek())) look.value = readLook(location.hash);
  });
  let writing = 0;
  effect(() => {
    const hash = hashOf(look.value);
    document.body.dataset.theme = look.value.scheme;
    clearTimeout(writing);
    // Browsers refuse an address that changes with every pixel of a slider.
    writing = window.setTimeout(() => {
      if (location.hash !== hash) history.replaceState(null, '', hash);
    }, 200);
  });
}

export function changeTheme(changes: Partial<ThemeOptions>): void {
  const theme = { ...look.peek().theme, ...changes };
  look.value = { ...look.peek(), theme: pruned(theme) };
}

/** `undefined` goes back to the default. */
export function changeToken(name: string, value: string | { light: string; dark: string } | undefined): void {
  const { [name]: _, ...rest } = look.peek().theme.tokens ?? {};
  changeTheme({ tokens: value === undefined ? rest : { ...rest, [name]: value } });
}

/** The theme as a site would write it down. */
export function wholeTheme({ scheme, theme }: Look): ThemeOptions {
  return scheme === 'auto' ? theme : { scheme, ...theme };
}

/** Throws an `Error` that says what a theme may be. */
export function importTheme(json: string): void {
  const { scheme = 'auto', ...theme } = readTheme(json);
  look.value = { ...look.peek(), scheme, theme: pruned(theme) };
}

function pruned(theme: ThemeOptions): ThemeOptions {
  const kept = Object.entries(theme).filter(
    ([name, value]) =>
      value !== undefined &&
      value !== false &&
      value !== '' &&
      !(name === 'density' && value === 'normal') &&
      !(name === 'tokens' && Object.keys(value as object).length === 0),
  );
  return Object.fromEntries(kept);
}

function hashOf({ scheme, direction, theme }: Look): string {
  const query = new URLSearchParams();
  if (direction === 'rtl') query.set('dir', direction);
  if (Object.keys(theme).length > 0) query.set('theme', JSON.stringify(theme));
  return `#${scheme}${query.size > 0 ? `?${query}` : ''}`;
}

function readLook(hash: string): Look {
  const [scheme = '', query = ''] = hash.slice(1).split(/\?(.*)/s);
  const values = new URLSearchParams(query);
  return {
    scheme: scheme === 'light' || scheme === 'dark' ? scheme : 'auto',
    direction: values.get('dir') === 'rtl' ? 'rtl' : 'ltr',
    theme: attempt(() => pruned(readTheme(values.get('theme') ?? '{}'))) ?? {},
  };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Somebody cut the address short.
    return undefined;
  }
}
