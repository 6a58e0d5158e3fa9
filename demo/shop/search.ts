import { type Category, PRODUCTS, type Product } from './products.ts';

export interface SearchFilter {
  readonly query: string;
  readonly category?: Category | undefined;
  /** In euros, inclusive. */
  readonly maxPrice?: number | undefined;
}

/**
 * Finds the products that answer most of the words, in any order, in singular or plural, with a slip of one letter.
 * Words that no product knows are passed over, so a whole sentence may be asked. No known word: no product.
 */
export function searchProducts(filter: SearchFilter): readonly Product[] {
  const offered = PRODUCTS.filter(
    (product) =>
      (filter.category === undefined || product.category === filter.category) &&
      (filter.maxPrice === undefined || product.price <= filter.maxPrice),
  );
  const words = meaningfulWords(filter.query);
  if (words.length === 0) return offered;
  const scored = offered.map((product) => ({ product, score: score(product, words) }));
  const best = Math.max(0, ...scored.map((entry) => entry.score));
  return best === 0 ? [] : scored.filter((entry) => entry.score === best).map((entry) => entry.product);
}

const SMALL_WORDS = new Set(
  'a an the some any all of in for to with and or my me i you your please add find show want need buy get put look search cart one two three four five six seven eight nine ten dozen pair piece product item pottery ceramic something'.split(
    ' ',
  ),
);

const OTHER_NAMES: Readonly<Record<string, string>> = {
  cup: 'mug',
  beaker: 'mug',
  dish: 'plate',
  pot: 'vase',
  gray: 'grey',
  navy: 'blue',
  beige: 'sand',
  brown: 'rust',
  red: 'rust',
  orange: 'rust',
  cream: 'white',
};

function meaningfulWords(query: string): readonly string[] {
  const words = query
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/\p{L}+/gu);
  return (words ?? [])
    .map(singular)
    .map((word) => OTHER_NAMES[word] ?? word)
    .filter((word) => !SMALL_WORDS.has(word));
}

function singular(word: string): string {
  if (/(?:sh|ch|x|ss)es$/.test(word)) return word.slice(0, -2);
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

function score(product: Product, words: readonly string[]): number {
  const known = [product.color, singular(product.category)];
  return words.filter((word) => known.some((own) => own === word || isOneSlipAway(own, word))).length;
}

/** One letter wrong, missing, too many, or two neighbours swapped. Short words must be right, or "red" would find "reed". */
function isOneSlipAway(own: string, typed: string): boolean {
  if (Math.min(own.length, typed.length) < 4 || Math.abs(own.length - typed.length) > 1) return false;
  let start = 0;
  while (start < own.length && own[start] === typed[start]) start += 1;
  const [ownRest, typedRest] = [own.slice(start), typed.slice(start)];
  return (
    ownRest.slice(1) === typedRest.slice(1) ||
    ownRest === typedRest.slice(1) ||
    ownRest.slice(1) === typedRest ||
    (ownRest[0] === typedRest[1] && ownRest[1] === typedRest[0] && ownRest.slice(2) === typedRest.slice(2))
  );
}
