import type { TokenName } from './token-kinds.ts';

/** What each token is for, in the order of the documentation. */
export const TOKEN_MEANINGS: Readonly<Record<TokenName, string>> = {
  accent: 'The one colour: the send button, links, the focus, what is going on',
  'on-accent': 'Text and icons on the accent',
  text: 'What is read',
  muted: 'What is read second: the state, times, labels',
  surface: 'The ground of the panel',
  sunken: 'The ground of code, values and pressed buttons',
  bubble: 'The ground of the visitor’s messages',
  'on-bubble': 'Text on that',
  line: 'Lines that part',
  'line-strong': 'Edges of what is pressed or written in',
  good: 'Done',
  bad: 'Failed',
  warn: 'Waits for the visitor',
  shadow: 'Under what floats',
  font: 'The typeface',
  mono: 'The typeface of code',
  'font-size': 'What all other sizes are measured by',
  'small-size': 'Of what is muted',
  'line-height': 'Of running text',
  radius: 'Corners of the panel and of cards',
  'radius-small': 'Corners of buttons and fields',
  space: 'Between the edge and the text',
  gap: 'Between messages',
  inset: 'Between the window’s edge and what floats',
  'launcher-size': 'Of the round button',
  width: 'Of the floating panel',
  height: 'Of the floating panel, where the window has room',
  'grown-width': 'Of the floating panel, maximised',
  'bar-width': 'Of the bar and its panel',
  measure: 'The longest line in mode `page`',
  layer: 'The `z-index` in the page',
  duration: 'Of every movement',
};

/** Which colours meet, and the least contrast between them: 4.5 for text, 3 for edges and signs (WCAG 2.2 AA). */
export const COLOUR_PAIRS: readonly {
  readonly colour: TokenName;
  readonly on: TokenName;
  readonly least: 4.5 | 3;
}[] = [
  { colour: 'text', on: 'surface', least: 4.5 },
  { colour: 'text', on: 'sunken', least: 4.5 },
  { colour: 'muted', on: 'surface', least: 4.5 },
  { colour: 'muted', on: 'sunken', least: 4.5 },
  { colour: 'accent', on: 'surface', least: 4.5 },
  { colour: 'on-accent', on: 'accent', least: 4.5 },
  { colour: 'on-bubble', on: 'bubble', least: 4.5 },
  { colour: 'good', on: 'surface', least: 4.5 },
  { colour: 'bad', on: 'surface', least: 4.5 },
  { colour: 'warn', on: 'surface', least: 4.5 },
  { colour: 'line-strong', on: 'surface', least: 3 },
];

export interface TokenDefault {
  readonly light: string;
  readonly dark: string;
}

/** The values of the tokens as `tokens.css` writes them; the same twice where light and dark do not differ. */
export function tokenDefaults(css: string): ReadonlyMap<string, TokenDefault> {
  const found = [...css.matchAll(/var\(--ph-([\w-]+),\s*((?:[^()]|\((?:[^()]|\([^()]*\))*\))+)\)/g)];
  return new Map(
    found.map(([, name = '', value = '']) => {
      const [, light = value, dark = value] = /^light-dark\((.+),\s*([^,]+)\)$/.exec(value) ?? [];
      return [name, { light: light.trim(), dark: dark.trim() }];
    }),
  );
}
