import { computed } from '@preact/signals';
import { applyTheme } from '../../widget/theme/apply-theme.ts';
import { contrast, readColour, writeColour } from '../../widget/theme/contrast.ts';
import type { TokenName } from '../../widget/theme/token-kinds.ts';
import tokens from '../../widget/theme/tokens.css?inline';
import { COLOUR_PAIRS } from '../../widget/theme/tokens.ts';
import { look } from './theme-state.ts';

export interface Figure {
  readonly colour: TokenName;
  readonly on: TokenName;
  readonly least: number;
  readonly light: number;
  readonly dark: number;
}

/** Where the theme is computed as in a chat. */
const host = document.createElement('div');
host.hidden = true;
const root = host.attachShadow({ mode: 'open' });
const container = document.createElement('div');
container.className = 'ph';
const probe = document.createElement('span');
container.append(probe);
root.append(container);
const sheet = new CSSStyleSheet();
sheet.replaceSync(tokens);
root.adoptedStyleSheets = [sheet];
document.documentElement.append(host);

let untheme = () => {};

/** The contrast of every pair of colours that meet, in both schemes. */
export const figures = computed<readonly Figure[]>(() => {
  untheme();
  untheme = applyTheme(root, [look.value.theme], container);
  return COLOUR_PAIRS.map((pair) => ({
    ...pair,
    light: between(pair.colour, pair.on, 'light'),
    dark: between(pair.colour, pair.on, 'dark'),
  }));
});

/** What a colour comes to, as `#rrggbb`. Read after `figures`. */
export function colourOf(token: TokenName, scheme: 'light' | 'dark'): string {
  return writeColour(read(token, scheme));
}

function between(colour: TokenName, on: TokenName, scheme: 'light' | 'dark'): number {
  return contrast(read(colour, scheme), read(on, scheme));
}

function read(token: TokenName, scheme: 'light' | 'dark') {
  container.dataset.theme = scheme;
  probe.style.color = `color-mix(in srgb, var(--${token}) 100%, transparent 0%)`;
  return readColour(getComputedStyle(probe).color) ?? [0, 0, 0];
}
