/** Red, green and blue, each from 0 to 1. */
export type Colour = readonly [number, number, number];

const WHITE: Colour = [1, 1, 1];
/** Not quite black: as the text of the design. */
const INK: Colour = [0.055, 0.11, 0.19];
const BLACK: Colour = [0, 0, 0];

/** Reads what browsers compute: `#rgb`, `#rrggbb`, `rgb(…)` and `color(srgb …)`. Opacity is left out. */
export function readColour(text: string): Colour | undefined {
  const hex = /^#(?:([\da-f])([\da-f])([\da-f])|([\da-f]{2})([\da-f]{2})([\da-f]{2}))$/i.exec(text.trim());
  if (hex !== null) {
    const [r = 0, g = 0, b = 0] = hex
      .slice(1)
      .filter((digits) => digits !== undefined)
      .map((digits) => Number.parseInt(digits.length === 1 ? digits + digits : digits, 16) / 255);
    return [r, g, b];
  }
  const [, space = '', values = ''] = /^(rgba?|color\(srgb)[\s(]+([^)]*)\)/.exec(text.trim()) ?? [];
  const [r, g, b] = values.split(/[\s,/]+/).map(Number);
  if (space === '' || r === undefined || g === undefined || b === undefined) return undefined;
  if ([r, g, b].some(Number.isNaN)) return undefined;
  const most = space.startsWith('rgb') ? 255 : 1;
  return [r / most, g / most, b / most];
}

/** As in WCAG 2: from 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** White or ink, whichever is read more easily on it. */
export function textOn(ground: Colour): Colour {
  return contrast(WHITE, ground) >= contrast(INK, ground) ? WHITE : INK;
}

/** The colour, or the nearest to it towards black or white that has the least contrast to the ground. */
export function legible(colour: Colour, ground: Colour, least: number): Colour {
  const towards = luminance(ground) > 0.18 ? BLACK : WHITE;
  for (let part = 0; part < 1; part += 0.02) {
    const mixed = mix(colour, towards, part);
    // Rounded, because it is written in 256 steps.
    if (contrast(rounded(mixed), ground) >= least) return mixed;
  }
  return towards;
}

export function writeColour(colour: Colour): string {
  return `#${colour
    .map((value) =>
      Math.round(value * 255)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function rounded([r, g, b]: Colour): Colour {
  return [Math.round(r * 255) / 255, Math.round(g * 255) / 255, Math.round(b * 255) / 255];
}

function mix([r, g, b]: Colour, [toR, toG, toB]: Colour, part: number): Colour {
  return [r + (toR - r) * part, g + (toG - g) * part, b + (toB - b) * part];
}

function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
