import { TOKEN_KINDS, TOKEN_NAMES, type TokenName } from './token-kinds.ts';

/** Longer than any value of a design. */
const LONGEST = 300;

/** Whether a theme may set it. */
export function isToken(name: string): name is TokenName {
  return Object.hasOwn(TOKEN_KINDS, name);
}

/** The value, if it is one that the token can have. Throws an `Error` that says what is wrong. */
export function checkToken(name: TokenName, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > LONGEST)
    throw Error(`The theme's token "${name}" must be a text of CSS`);
  // Nothing is fetched because a theme says so, under no spelling.
  if (/[\\;{}<@]|(?:url|src|image|image-set|cross-fade|element|attr)\(/i.test(value))
    throw Error(`The theme's token "${name}" must not load or escape anything`);
  const property = TOKEN_KINDS[name];
  if (!CSS.supports(property, value))
    throw Error(`The theme's token "${name}" is no ${property}: "${value}"`);
  return value;
}

/** The token whose name takes the fewest changes. */
export function nearestToken(name: string): string {
  const [best = ''] = [...TOKEN_NAMES].sort((a, b) => distance(name, a) - distance(name, b));
  return best;
}

function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)),
      );
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
