/** Every token of `tokens.css`, with the CSS property that takes the same values. */
export const TOKEN_KINDS = {
  accent: 'color',
  'on-accent': 'color',
  text: 'color',
  muted: 'color',
  surface: 'color',
  sunken: 'color',
  bubble: 'color',
  'on-bubble': 'color',
  line: 'color',
  'line-strong': 'color',
  good: 'color',
  bad: 'color',
  warn: 'color',
  shadow: 'box-shadow',
  font: 'font-family',
  mono: 'font-family',
  'font-size': 'font-size',
  'small-size': 'font-size',
  'line-height': 'line-height',
  radius: 'border-top-left-radius',
  'radius-small': 'border-top-left-radius',
  space: 'width',
  gap: 'width',
  inset: 'width',
  'launcher-size': 'width',
  width: 'width',
  height: 'width',
  'grown-width': 'width',
  'bar-width': 'width',
  measure: 'width',
  layer: 'z-index',
  duration: 'transition-duration',
} as const;

export type TokenName = keyof typeof TOKEN_KINDS;

export const TOKEN_NAMES = Object.keys(TOKEN_KINDS) as readonly TokenName[];
