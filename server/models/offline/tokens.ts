import { readDate, readTime } from './dates.ts';
import { PHRASES, singular } from './lexicon.ts';

type TokenKind =
  | 'word'
  | 'number'
  | 'money'
  | 'quote'
  | 'email'
  | 'url'
  | 'date'
  | 'time'
  | 'datetime'
  | 'code'
  | 'json'
  | 'mark';

/** One piece of what a visitor typed, with what it stands for. */
export interface Token {
  readonly kind: TokenKind;
  /** As typed, without quotes. */
  readonly text: string;
  /** Lower case; set phrases are replaced by the word they stand for. */
  readonly lower: string;
  readonly stem: string;
  /** Of `number` and `money`. */
  readonly amount: number;
  /** Of `date` (`2026-03-05`), `time` (`15:00`) and `datetime`. */
  readonly iso: string;
  readonly start: number;
  readonly end: number;
}

const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const NUMBER_WORDS = new Map<string, number>([
  ...UNITS.map((word, index): [string, number] => [word, index]),
  ...TENS.map((word, index): [string, number] => [word, (index + 2) * 10]),
  ['hundred', 100],
  ['dozen', 12],
]);
const UNIT_PATTERN = UNITS.slice(1, 10).join('|');

/** Tried in this order at each position. */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  [
    'quote',
    /"([^"\n]{1,2000})"|“([^”\n]{1,2000})”|«([^»\n]{1,2000})»|`([^`\n]{1,2000})`|(?<![\p{L}\p{N}])'([^'\n]{1,2000})'(?![\p{L}\p{N}])/uy,
  ],
  ['email', /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/y],
  ['url', /https?:\/\/[^\s<>"]{1,2000}[^\s<>".,;:!?)]/y],
  ['datetime', /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?/y],
  [
    'money',
    /[$€£¥]\s?(\d{1,9}(?:[.,]\d{1,2})?)|(\d{1,9}(?:[.,]\d{1,2})?)\s?(?:€|£|dollars?\b|euros?\b|bucks\b|pounds?\b|usd\b|eur\b|gbp\b)/iy,
  ],
  [
    'code',
    /#[A-Za-z0-9][\w-]{0,63}|(?=[\w-]{0,63}\d)(?=[\w-]{0,63}[A-Za-z])(?!\d{1,4}(?:st|nd|rd|th|am|pm|x)\b)(?!x\d{1,3}\b)[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*/iy,
  ],
  [
    'number',
    /((?:(?<![^\s=:(,])-)?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d{1,9})?))(?:st|nd|rd|th|x)?(?![\w])/iy,
  ],
  ['number', /x(\d{1,3})\b/iy],
  ['number', /half a dozen\b/iy],
  ['number', /(?:a|one) (?:dozen|couple(?: of)?|pair of)\b/iy],
  [
    'number',
    new RegExp(
      `(?:${TENS.join('|')})(?:[ -](?:${UNIT_PATTERN}))?\\b|(?:${[...UNITS, 'hundred', 'dozen'].join('|')})\\b`,
      'iy',
    ),
  ],
  ['word', /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/uy],
  ['mark', /[.,;:!?&\n=()]/y],
];

/** Splits a text into tokens. `now` is what "tomorrow" counts from. */
export function tokenize(text: string, now: Date): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const token = dateAt(text, at, now) ?? jsonAt(text, at) ?? tokenAt(text, at, tokens.at(-1));
    if (token !== undefined) tokens.push(token);
    at = token === undefined ? at + 1 : token.end;
  }
  return joinPhrases(tokens);
}

function dateAt(text: string, at: number, now: Date): Token | undefined {
  if (at > 0 && /[\p{L}\p{N}_-]/u.test(text[at - 1] ?? '')) return undefined;
  const rest = text.slice(at, at + 60);
  if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:/.test(rest)) return undefined;
  const date = readDate(rest, now);
  if (date !== undefined) return makeToken('date', text, at, at + date.length, { iso: date.iso });
  const time = readTime(rest);
  return time === undefined ? undefined : makeToken('time', text, at, at + time.length, { iso: time.iso });
}

/** A whole JSON object. */
function jsonAt(text: string, at: number): Token | undefined {
  if (!/^\{\s{0,20}["}]/.test(text.slice(at, at + 22))) return undefined;
  let depth = 0;
  let quoted = false;
  for (let end = at; end < text.length; end += 1) {
    const character = text[end];
    if (quoted && character === '\\') end += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '{') depth += 1;
    else if (!quoted && character === '}') depth -= 1;
    if (depth > 0) continue;
    try {
      JSON.parse(text.slice(at, end + 1));
      return makeToken('json', text, at, end + 1, {});
    } catch {
      return undefined;
    }
  }
  return undefined;
}

function tokenAt(text: string, at: number, previous: Token | undefined): Token | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null || match[0] === '') continue;
    const end = at + match[0].length;
    if (kind === 'number' && isWordAfterAll(match[0], previous)) continue;
    if (kind === 'quote')
      return makeToken('quote', text, at, end, {
        text: match.slice(1).find((part) => part !== undefined) ?? '',
      });
    if (kind === 'number' || kind === 'money') {
      return makeToken(kind, text, at, end, { amount: amountOf(match[1] ?? match[2] ?? match[0]) });
    }
    if (kind === 'datetime') return makeToken('datetime', text, at, end, { iso: isoInstant(match[0]) });
    if (kind === 'code') return makeToken('code', text, at, end, { text: match[0].replace(/^#/, '') });
    return makeToken(kind, text, at, end, {});
  }
  return undefined;
}

/** "the blue one" is no number. */
function isWordAfterAll(matched: string, previous: Token | undefined): boolean {
  return (
    /^one$/i.test(matched) &&
    previous?.kind === 'word' &&
    !/^(?:add|find|buy|get|for|and|only|just|exactly|to|order|with)$/.test(previous.lower)
  );
}

function amountOf(text: string): number {
  const lower = text.toLowerCase();
  if (lower.startsWith('half')) return 6;
  if (/dozen$/.test(lower)) return 12;
  if (/couple|pair/.test(lower)) return 2;
  if (/^-?\d/.test(lower))
    return Number(/,\d{3}(?:\D|$)/.test(lower) ? lower.replaceAll(',', '') : lower.replace(',', '.'));
  return lower.split(/[ -]/).reduce((sum, word) => sum + (NUMBER_WORDS.get(word) ?? 0), 0);
}

function isoInstant(text: string): string {
  const seconds = /:\d{2}:\d{2}/.test(text)
    ? text
    : text.replace(/(\d{2}:\d{2})(?=Z|[+-]\d{2}:\d{2}$|$)/, '$1:00');
  const joined = seconds.replace(' ', 'T');
  return /(?:Z|[+-]\d{2}:\d{2})$/.test(joined) ? joined : `${joined}Z`;
}

function makeToken(
  kind: TokenKind,
  source: string,
  start: number,
  end: number,
  extra: { readonly text?: string; readonly amount?: number; readonly iso?: string },
): Token {
  const text = extra.text ?? source.slice(start, end);
  const lower = text.toLowerCase().replaceAll('’', "'");
  return {
    kind,
    text,
    lower,
    stem: singular(lower),
    amount: extra.amount ?? Number.NaN,
    iso: extra.iso ?? '',
    start,
    end,
  };
}

/** Replaces set phrases by the one word they mean; the text as typed stays. */
function joinPhrases(tokens: readonly Token[]): readonly Token[] {
  const joined: Token[] = [];
  let at = 0;
  while (at < tokens.length) {
    const phrase = PHRASES.map(([words, meaning]) => ({
      length: phraseLength(tokens, at, words.split(' ')),
      meaning,
    })).find(({ length }) => length > 0);
    const first = tokens[at];
    if (first === undefined) break;
    const last = tokens[at + (phrase?.length ?? 1) - 1] ?? first;
    joined.push(
      phrase === undefined
        ? first
        : { ...first, lower: phrase.meaning, stem: phrase.meaning, text: phrase.meaning, end: last.end },
    );
    at += phrase?.length ?? 1;
  }
  return joined;
}

/** Whether a token stands for several words that were typed. */
export function isSetPhrase({ kind, start, end, text }: Token): boolean {
  return kind === 'word' && end - start > text.length;
}

function phraseLength(tokens: readonly Token[], at: number, words: readonly string[]): number {
  let offset = 0;
  for (const word of words) {
    const token = tokens[at + offset];
    if (word === '*') {
      if (token !== undefined && /^(?:the|my|an?|this|our|that|me|us)$/.test(token.lower)) offset += 1;
      continue;
    }
    if (token?.kind !== 'word' || token.lower !== word) return 0;
    offset += 1;
  }
  return offset;
}

/** The tokens as they were typed: spaces only where there were some, or where a token was left out between them. */
export function joinText(tokens: readonly Token[]): string {
  return tokens.reduce((text, token, index) => {
    const previous = tokens[index - 1];
    return previous === undefined || previous.end === token.start
      ? text + token.text
      : `${text} ${token.text}`;
  }, '');
}
