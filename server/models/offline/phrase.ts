import {
  COLOURS,
  conceptOf,
  DETERMINERS,
  EDGE_WORDS,
  GENERAL_NOUNS,
  PREPOSITIONS,
  PRONOUNS,
  singular,
  verbFamily,
} from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { joinText, type Token } from './tokens.ts';
import { splitEnumeration } from './values.ts';

/** One thing that a clause is about: "two blue mugs". */
export interface ObjectPhrase {
  /** Without what only leads to it ("the", "to my cart", "under $20"). Empty for "it". */
  readonly tokens: readonly Token[];
  /** "two": the number before it. */
  readonly count: number | undefined;
  readonly pointer: Pointer | undefined;
}

/** How a phrase refers back: "it", "them", "the second one", "the cheapest mug". */
type Pointer =
  | { readonly kind: 'that' | 'all' | 'cheapest' | 'dearest' | 'last' }
  | { readonly kind: 'nth'; readonly index: number };

const ORDINALS = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ');

/** Cuts what is left of a clause into the things it is about. `enumerates`: whether "and" may part two things. */
export function readObjects(
  rest: readonly Token[],
  profile: ToolProfile,
  enumerates: boolean,
): readonly ObjectPhrase[] {
  const body = dropOwnNouns(dropModifiers(rest), profile);
  const parts = enumerates ? splitEnumeration(body) : [body];
  const objects = parts
    .map((part) => objectOf(dropOwnNouns(part, profile), profile))
    .filter(({ tokens, pointer }) => tokens.length > 0 || pointer !== undefined);
  return objects.slice(0, MAX_OBJECTS);
}

const MAX_OBJECTS = 8;

/** Comparisons say which, not what: "under $20". */
function dropModifiers(tokens: readonly Token[]): readonly Token[] {
  return tokens.filter((token, index) => {
    const compares =
      /^(?:under|over|below|above|within|around)$/.test(token.lower) && isAmount(tokens[index + 1]);
    const compared =
      isAmount(token) && /^(?:under|over|below|above|within|around)$/.test(tokens[index - 1]?.lower ?? '');
    return !compares && !compared;
  });
}

function isAmount(token: Token | undefined): boolean {
  return token?.kind === 'number' || token?.kind === 'money';
}

/** "a ticket about …", "… to my cart": the tool's own words are not what it is asked about. */
function dropOwnNouns(tokens: readonly Token[], profile: ToolProfile): readonly Token[] {
  const own = new Set([...profile.nouns, ...profile.words.map((word) => conceptOf(singular(word)))]);
  const isOwn = (token: Token): boolean => token.kind === 'word' && own.has(conceptOf(token.stem));
  const isLeading = (token: Token): boolean =>
    DETERMINERS.has(token.lower) || token.lower === 'list' || GENERAL_NOUNS.has(token.lower);
  let end = tokens.length;
  for (let at = tokens.length - 1; at >= 0; at -= 1) {
    const token = tokens[at];
    if (token === undefined || !(isOwn(token) || isLeading(token) || isPadding(token))) break;
    if (PREPOSITIONS.has(token.lower)) end = at;
  }
  let start = 0;
  let named = false;
  while (start < end) {
    const token = tokens[start];
    if (token === undefined) break;
    if (isOwn(token)) named = true;
    else if (
      !DETERMINERS.has(token.lower) &&
      !(named && (PREPOSITIONS.has(token.lower) || token.text === ':' || token.lower === 'that'))
    )
      break;
    start += 1;
  }
  const kept = named ? tokens.slice(start, end) : tokens.slice(0, end);
  return profile.slot?.schema.kind === 'text' ? kept : withoutTail(kept, isOwn);
}

/** "the invoice ticket": the last word only says what kind of thing it is, where things are looked up by their names. */
function withoutTail(tokens: readonly Token[], isOwn: (token: Token) => boolean): readonly Token[] {
  const last = tokens.at(-1);
  const before = tokens.slice(0, -1);
  const names = before.some(
    ({ kind, lower }) => kind !== 'mark' && kind !== 'number' && !EDGE_WORDS.has(lower),
  );
  return last !== undefined && isOwn(last) && names ? before : tokens;
}

function isPadding({ kind, lower }: Token): boolean {
  return kind === 'mark' || PREPOSITIONS.has(lower) || lower === 'please' || lower === 'now';
}

function objectOf(part: readonly Token[], profile: ToolProfile): ObjectPhrase {
  const trimmed = trimEdges(part);
  const lead = trimmed[0];
  const counted = lead?.kind === 'number' && trimmed.length > 1 && !/(?:st|nd|rd|th)$/i.test(lead.text);
  const last = trimmed.at(-1);
  const times = last?.kind === 'number' && trimmed.length > 1 && /^x/i.test(last.text) ? last : undefined;
  const body = trimEdges(trimmed.slice(counted ? 1 : 0, times === undefined ? undefined : -1));
  const pointer = pointerIn(part);
  const pointing = pointer === undefined ? body : body.filter((token) => !isPointing(token));
  const keepsCount =
    counted &&
    profile.slot?.schema.kind === 'text' &&
    !profile.parameters.some(({ schema }) => schema.kind === 'number');
  return {
    tokens: keepsCount ? trimmed : pointing,
    count: counted ? lead.amount : times?.amount,
    pointer,
  };
}

/** "the first one", "it", "both", "the cheapest mug". */
function pointerIn(tokens: readonly Token[]): Pointer | undefined {
  const words = tokens.map(({ lower }) => lower);
  const index = words.map((word) => ORDINALS.indexOf(word)).find((found) => found >= 0) ?? numbered(words);
  if (index !== undefined) return { kind: 'nth', index };
  if (words.some((word) => /^(?:cheapest|cheaper|lowest)$/.test(word))) return { kind: 'cheapest' };
  if (words.includes('most') && words.includes('expensive')) return { kind: 'dearest' };
  if (words.includes('last') && words.some((word) => word === 'one')) return { kind: 'last' };
  const content = tokens.filter(
    ({ lower, kind }) => kind !== 'mark' && (PRONOUNS.has(lower) || !EDGE_WORDS.has(lower)),
  );
  if (content.length === 0 || !content.every(({ lower }) => PRONOUNS.has(lower))) return undefined;
  return {
    kind: words.some((word) => /^(?:them|both|all|those|these|ones|everything)$/.test(word)) ? 'all' : 'that',
  };
}

/** "the 2nd one". */
function numbered(words: readonly string[]): number | undefined {
  const match = words.map((word) => /^(\d)(?:st|nd|rd|th)$/.exec(word)).find((found) => found !== null);
  return match === undefined ? undefined : Number(match?.[1]) - 1;
}

function isPointing({ lower }: Token): boolean {
  return (
    ORDINALS.includes(lower) ||
    PRONOUNS.has(lower) ||
    /^(?:\dth|1st|2nd|3rd|cheapest|cheaper|lowest|most|expensive|last|result|option)$/.test(lower)
  );
}

function trimEdges(tokens: readonly Token[]): readonly Token[] {
  const keeps = (token: Token): boolean =>
    token.kind !== 'mark' && !(token.kind === 'word' && EDGE_WORDS.has(token.lower));
  const start = tokens.findIndex(keeps);
  const end = tokens.map(keeps).lastIndexOf(true);
  return start < 0 ? [] : tokens.slice(start, end + 1);
}

/** What to type into a search: the phrase, its last word in the singular. */
export function searchText(tokens: readonly Token[]): string {
  const [only] = tokens;
  if (tokens.length === 1 && only?.kind === 'quote') return only.text;
  const last = tokens.at(-1);
  if (last === undefined) return '';
  const lower = singular(last.lower);
  const tail = last.kind === 'word' && lower !== last.lower ? lower : last.text;
  const head = tokens.slice(0, -1);
  const between = head.at(-1)?.end === last.start || head.length === 0 ? '' : ' ';
  return `${joinText(head)}${between}${tail}`;
}

/** The thing itself, without what qualifies it. */
export function headWord(tokens: readonly Token[]): string | undefined {
  const last = tokens.filter(({ kind, lower }) => kind === 'word' && !COLOURS.has(lower)).at(-1);
  return last === undefined ? undefined : singular(last.lower);
}

/** Whether "milk and eggs" are two things here, while "buy milk and eggs" is one. */
export function isEnumeration(tokens: readonly Token[]): boolean {
  const parts = splitEnumeration(tokens);
  return (
    parts.length > 1 &&
    parts.every((part) => part.length <= 3) &&
    !parts.some(([lead]) => lead !== undefined && verbFamily(lead.lower) !== undefined)
  );
}
