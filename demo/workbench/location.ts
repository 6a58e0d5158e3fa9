import { computed, effect, signal } from '@preact/signals';

export const PANES = ['shop', 'chat', 'tools', 'calls', 'wire', 'webmcp'] as const;
export type Pane = (typeof PANES)[number];
export type Theme = 'auto' | 'light' | 'dark';
export type Direction = 'ltr' | 'rtl';

/** Where the workbench stands. All of it is in the address: `#tools/add_to_cart?theme=dark&dir=rtl`. */
export interface Place {
  readonly pane: Pane;
  /** The tool of *tools*, the request's number of *wire*. */
  readonly item: string | undefined;
  readonly theme: Theme;
  readonly direction: Direction;
}

/** The styles say the same: on a phone each pane is the whole page, and whoever comes there comes to chat. */
const ONE_AT_A_TIME = matchMedia('(max-width: 48rem)');

export const place = signal(readPlace(location.hash));

/** The pane below the shop. On a wide screen shop and chat are always there. */
let lastLower: Pane = 'tools';
export const lowerPane = computed(() => {
  const { pane } = place.value;
  if (pane !== 'shop' && pane !== 'chat') lastLower = pane;
  return lastLower;
});

export function hashOf(part: Partial<Place>): string {
  const next = { ...place.value, ...part };
  const item = next.item === undefined ? '' : `/${encodeURIComponent(next.item)}`;
  const looks = new URLSearchParams();
  if (next.theme !== 'auto') looks.set('theme', next.theme);
  if (next.direction !== 'ltr') looks.set('dir', next.direction);
  return `#${next.pane}${item}${looks.size > 0 ? `?${looks}` : ''}`;
}

/** Goes there without a new step in the browser's history, for what the page decides by itself. */
export function goQuietly(part: Partial<Place>): void {
  history.replaceState(null, '', hashOf(part));
  place.value = readPlace(location.hash);
}

/** Keeps address and page together. Returns the undo. */
export function followAddress(): () => void {
  const read = () => {
    place.value = readPlace(location.hash);
  };
  window.addEventListener('hashchange', read);
  const stop = effect(() => {
    const { theme, direction, pane } = place.value;
    document.documentElement.dir = direction;
    document.documentElement.dataset.pane = pane;
    document.body.dataset.theme = theme;
  });
  return () => {
    window.removeEventListener('hashchange', read);
    stop();
  };
}

function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.slice(1).split('?');
  const [pane, ...rest] = path.split('/');
  const looks = new URLSearchParams(query);
  const theme = looks.get('theme');
  return {
    pane: PANES.find((known) => known === pane) ?? (ONE_AT_A_TIME.matches ? 'chat' : 'tools'),
    item: rest.length === 0 ? undefined : decoded(rest.join('/')),
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    direction: looks.get('dir') === 'rtl' ? 'rtl' : 'ltr',
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Somebody wrote a lone % into the address.
    return text;
  }
}
