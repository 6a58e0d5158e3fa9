import type { PastCall } from './history.ts';
import { COLOURS, conceptOf, EDGE_WORDS, GENERAL_NOUNS, singular } from './lexicon.ts';
import type { ObjectPhrase } from './phrase.ts';
import { nameWords, type Parameter } from './schema.ts';
import type { Token } from './tokens.ts';

/** One thing that a result named: a product, an event, a ticket. */
export interface Item {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Name of the tool that gave it. */
  readonly source: string;
}

const MAX_NODES = 2_000;
const MAX_LEVELS = 6;
const LABELS: readonly string[] = [
  'name',
  'title',
  'label',
  'subject',
  'summary',
  'displayName',
  'text',
  'description',
  'email',
  'id',
];

/** The things in a result's JSON, in their order. None in a result that is no JSON, or an error. */
export function itemsOf(call: PastCall): readonly Item[] {
  const value = resultValue(call);
  const items: Item[] = [];
  let nodes = 0;
  const walk = (node: unknown, level: number): void => {
    nodes += 1;
    if (typeof node !== 'object' || node === null || level > MAX_LEVELS || nodes > MAX_NODES) return;
    if (Array.isArray(node)) {
      for (const entry of node) walk(entry, level + 1);
      return;
    }
    const fields = node as Record<string, unknown>;
    if (isItem(fields)) items.push({ fields, source: call.name });
    else for (const entry of Object.values(fields)) walk(entry, level + 1);
  };
  walk(value, 0);
  return items;
}

/** A result's value: its JSON, or its text. `undefined` for an error and for nothing. */
export function resultValue({ result }: PastCall): unknown {
  if (result === undefined || result.isError) return undefined;
  const text = result.text.trim();
  if (!/^[[{]/.test(text)) return text === '' ? undefined : text;
  try {
    return JSON.parse(text);
  } catch {
    // A result that was cut, or only looks like JSON, is still worth showing.
    return text;
  }
}

function isItem(fields: Record<string, unknown>): boolean {
  return Object.entries(fields).some(([key, value]) => isIdKey(key) && isScalar(value));
}

function isIdKey(key: string): boolean {
  return /^(?:id|sku|uuid|key|slug|code|number)$/.test(nameWords(key).at(-1) ?? '');
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** What to call it. */
export function itemLabel({ fields }: Item): string {
  for (const key of LABELS) {
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (isScalar(value) && value !== '') return String(value);
  }
  const named =
    Object.entries(fields).find(([key, value]) => /name|title/i.test(key) && isScalar(value)) ??
    Object.entries(fields).find(([, value]) => isScalar(value));
  return named === undefined ? 'it' : String(named[1]);
}

/** What a parameter that asks for an id gets from this item. */
export function itemId({ fields }: Item, parameter: Parameter): string | number | undefined {
  const bare = Object.keys(fields).filter(isIdKey);
  const candidates = [
    parameter.name,
    ...bare.filter((key) => nameWords(key).join() === parameter.words.join()),
    ...bare.filter((key) => /^(?:id|sku|uuid)$/i.test(key)),
    ...bare,
  ];
  for (const key of candidates) {
    const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (parameter.schema.numeric ? typeof value === 'number' : isScalar(value) && value !== '') {
      return parameter.schema.numeric ? (value as number) : String(value);
    }
  }
  return undefined;
}

export interface Match {
  readonly items: readonly Item[];
  /** Every word of the phrase was found in them. */
  readonly full: boolean;
}

/**
 * The items that a phrase describes best; none when more than half of it, or its colour, fits nothing. One single item
 * that a search answered with is taken without its colour: the page may call red what it names rust.
 */
export function matchItems(items: readonly Item[], phrase: readonly Token[]): Match {
  const words = phrase
    .filter(
      ({ kind, lower }) => kind !== 'mark' && kind !== 'number' && kind !== 'money' && !EDGE_WORDS.has(lower),
    )
    .flatMap(({ kind, text, stem }) =>
      kind === 'quote' || text.includes('-') ? nameWords(text).map(singular) : [stem],
    )
    .filter((word) => !GENERAL_NOUNS.has(word));
  if (words.length === 0) return { items, full: true };
  const scored = items.map((item) => ({ item, hits: hitsIn(item, words) }));
  const best = Math.max(0, ...scored.map(({ hits }) => hits.length));
  const colour = words.find((word) => COLOURS.has(word));
  const found = scored.filter(
    ({ hits }) => hits.length === best && (colour === undefined || hits.includes(colour)),
  );
  if (best * 2 < words.length || best === 0) return { items: [], full: false };
  if (found.length === 0 && items.length === 1) return { items, full: false };
  return { items: found.map(({ item }) => item), full: best === words.length };
}

function hitsIn({ fields }: Item, words: readonly string[]): readonly string[] {
  const text = Object.values(fields).filter((value) => typeof value === 'string' && value.length < 500);
  const concepts = new Set(
    text.flatMap((value) => nameWords(String(value))).map((word) => conceptOf(singular(word))),
  );
  return words.filter((word) => concepts.has(conceptOf(word)));
}

/** The ones meant among those that match: the cheapest, the second, all, or the first that can be had. */
export function pickItems(items: readonly Item[], { pointer }: ObjectPhrase): readonly Item[] {
  const one = (item: Item | undefined): readonly Item[] => (item === undefined ? [] : [item]);
  switch (pointer?.kind) {
    case 'all':
      return items.slice(0, 8);
    case 'nth':
      return one(items[pointer.index]);
    case 'last':
      return one(items.at(-1));
    case 'cheapest':
      return one([...items].sort((a, b) => priceOf(a) - priceOf(b))[0]);
    case 'dearest':
      return one([...items].sort((a, b) => priceOf(b) - priceOf(a))[0]);
    default:
      return one(items.find(({ fields }) => fields.stock !== 0 && fields.available !== false) ?? items[0]);
  }
}

function priceOf({ fields }: Item): number {
  const entry = Object.entries(fields).find(
    ([key, value]) => /price|cost|amount|fare/i.test(key) && !Number.isNaN(Number(value)),
  );
  return entry === undefined ? 0 : Number(entry[1]);
}
