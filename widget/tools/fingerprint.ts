/**
 * A short name for a text, to notice a change by: four 32-bit lanes in base 36, 28 characters at most. No defence
 * against whoever sets out to find a collision; a script that can register tools in the page owns the page anyway.
 */
export function fingerprintOf(text: string): string {
  return MULTIPLIERS.map((multiplier) => lane(text, multiplier).toString(36)).join('.');
}

/** Odd, far apart, without a common pattern in their bits. */
const MULTIPLIERS = [0x2c1b3c6d, 0x297a2d39, 0x5bd1e995, 0x7feb352d];

function lane(text: string, multiplier: number): number {
  let hash = multiplier ^ text.length;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ text.charCodeAt(index), multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x846ca68b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
