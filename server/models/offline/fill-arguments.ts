import type { Clause } from './clauses.ts';
import { COLOURS, conceptOf, DETERMINERS, EDGE_WORDS, PREPOSITIONS, singular } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { fits, type Parameter } from './schema.ts';
import { joinText, type Token } from './tokens.ts';
import { choiceIn, type Found, typedValue } from './values.ts';

/** What a clause says about a tool's parameters, and what it says besides. */
export interface Reading {
  readonly values: ReadonlyMap<string, unknown>;
  readonly rest: readonly Token[];
}

/** Reads every argument that a clause names, except the main object. */
export function readArguments(profile: ToolProfile, clause: Clause): Reading {
  const values = new Map<string, unknown>();
  let rest: readonly Token[] = clause.tokens;
  const readers: readonly Reader[] = [afterLabel, typed, counted, switched, afterPreposition];
  for (const reader of readers) {
    for (const parameter of profile.parameters) {
      if (values.has(parameter.name)) continue;
      const found = reader(parameter, rest, profile, clause);
      if (found === undefined || !fits(found.value, parameter.schema)) continue;
      values.set(parameter.name, found.value);
      const used = new Set(found.tokens);
      rest = rest.filter((token) => !used.has(token));
    }
  }
  return { values, rest };
}

type Reader = (
  parameter: Parameter,
  tokens: readonly Token[],
  profile: ToolProfile,
  clause: Clause,
) => Found | undefined;

const LABELS: ReadonlyMap<string, readonly string[]> = new Map([
  ['title', ['called', 'titled', 'named']],
  ['name', ['called', 'named']],
  ['subject', ['about', 'titled', 'regarding']],
  ['message', ['saying', 'says']],
  ['body', ['saying', 'says']],
  ['text', ['saying', 'says']],
  ['comment', ['saying', 'says']],
  ['content', ['saying', 'says']],
  ['note', ['saying', 'says']],
  ['reason', ['because', 'reason']],
  ['description', ['describing', 'because', 'saying']],
]);
const LINKS = /^(?:is|=|:|of|as|number|no|code|to)$/;

/** "priority high", "called X", "coupon code SPRING10", "ticket 42", "subject: login". */
const afterLabel: Reader = (parameter, tokens, profile, clause) => {
  const { schema, words } = parameter;
  const isText = schema.kind === 'text' || schema.kind === 'query';
  for (const [at, token] of tokens.entries()) {
    const spoken = isText && (LABELS.get(words.at(-1) ?? '') ?? []).includes(token.lower);
    const length = spoken ? 1 : labelLength(tokens, at, parameter, profile);
    if (length === 0) continue;
    const linked = tokens
      .slice(at + length)
      .findIndex(
        ({ lower }) => !LINKS.test(lower) || (isText && lower === 'to' && clause.family !== 'update'),
      );
    if (linked < 0) continue;
    const from = at + length + linked;
    const links = tokens.slice(at + length, from);
    if (isText && !spoken && !introducesText(links, tokens[from], clause)) continue;
    const found = isText ? textFrom(tokens, from, spoken) : valueAt(parameter, tokens, from);
    if (found !== undefined)
      return { value: found.value, tokens: [...tokens.slice(at, from), ...found.tokens] };
  }
  return undefined;
};

function labelLength(
  tokens: readonly Token[],
  at: number,
  { words, schema }: Parameter,
  profile: ToolProfile,
): number {
  const starts = (sequence: readonly string[]): boolean =>
    sequence.length > 0 &&
    sequence.every(
      (word, offset) =>
        tokens[at + offset]?.kind === 'word' &&
        conceptOf(tokens[at + offset]?.stem ?? '') === conceptOf(singular(word)),
    );
  if (starts(words)) return words.length;
  if (schema.kind !== 'id')
    return words.length === 2 && schema.kind === 'number' && starts(words.slice(0, 1)) ? 1 : 0;
  const subject = words.filter((word) => word !== 'id');
  if (starts(subject)) return subject.length;
  return subject.length === 0 && profile.nouns.some((noun) => starts([noun])) ? 1 : 0;
}

function introducesText(links: readonly Token[], next: Token | undefined, clause: Clause): boolean {
  if (next?.kind === 'quote') return true;
  if (clause.family === 'update') return links.some(({ lower }) => /^(?:to|as|=|:|is)$/.test(lower));
  return links.some(({ lower }) => /^(?:is|=|:)$/.test(lower));
}

/** Quoted, or to the next comma; `toEnd`: to the end. */
function textFrom(tokens: readonly Token[], from: number, toEnd: boolean): Found | undefined {
  const first = tokens[from];
  if (first === undefined) return undefined;
  if (first.kind === 'quote') return { value: first.text, tokens: [first] };
  const length = tokens
    .slice(from)
    .findIndex(
      ({ kind, text, lower }, index) =>
        index > 0 &&
        ((kind === 'mark' && text !== ':') ||
          (!toEnd && /^(?:with|and)$/.test(lower)) ||
          (toEnd && lower === 'with')),
    );
  const used = length < 0 ? tokens.slice(from) : tokens.slice(from, from + length);
  return { value: joinText(used), tokens: used };
}

function valueAt({ schema }: Parameter, tokens: readonly Token[], at: number): Found | undefined {
  const token = tokens[at];
  if (token === undefined) return undefined;
  if (schema.kind === 'enum') return choiceIn(tokens.slice(at, at + 3), schema.choices);
  if (schema.kind === 'number' || schema.numeric) {
    const amount = amountIn(token);
    return amount === undefined ? undefined : { value: amount, tokens: [token] };
  }
  if (schema.kind === 'id' || schema.kind === 'code') {
    const marked =
      token.kind === 'code' ||
      token.kind === 'quote' ||
      token.kind === 'number' ||
      (schema.kind === 'code' && token.kind === 'word' && !EDGE_WORDS.has(token.lower));
    return marked ? { value: token.text, tokens: [token] } : undefined;
  }
  return typedValue(schema, tokens.slice(at, at + 2));
}

/** What its form gives away: an email address, a date, one of the choices. */
const typed: Reader = (parameter, tokens, profile) => {
  const { schema } = parameter;
  if (schema.kind === 'id' || schema.kind === 'code') return marked(parameter, tokens, profile);
  if (schema.kind === 'object') return nested(parameter, tokens, profile);
  const found = typedValue(schema, tokens);
  if (found === undefined) return undefined;
  if (schema.kind === 'colour') return { ...found, tokens: [] };
  if (schema.kind !== 'enum') return { ...found, tokens: withLead(found.tokens, tokens) };
  return {
    ...found,
    tokens: isPartOfObject(found.tokens, tokens, profile) ? [] : withLabel(found.tokens, tokens, parameter),
  };
};

function marked(
  { schema, required }: Parameter,
  tokens: readonly Token[],
  profile: ToolProfile,
): Found | undefined {
  if (!required) return undefined;
  if (schema.numeric) {
    const numbered = tokens.find(({ kind, text }) => kind === 'code' && /^\d+$/.test(text));
    return numbered === undefined ? undefined : { value: Number(numbered.text), tokens: [numbered] };
  }
  const token = tokens.find(
    ({ kind, text }) =>
      kind === 'code' || (schema.kind === 'code' && (kind === 'quote' || /^[A-Z][A-Z0-9-]{2,}$/.test(text))),
  );
  if (token !== undefined) return { value: token.text, tokens: [token] };
  const slug =
    schema.kind === 'id' && !profile.reads
      ? undefined
      : tokens.find(({ kind, text }) => kind === 'word' && /^[a-z]+(?:-[a-z]+)+$/.test(text));
  return schema.kind === 'id' && slug !== undefined ? { value: slug.text, tokens: [slug] } : undefined;
}

/** "blue mugs" stays one phrase although "mugs" is also a category; in "open tickets" the choice only qualifies. */
function isPartOfObject(found: readonly Token[], tokens: readonly Token[], { slot }: ToolProfile): boolean {
  if (slot === undefined || (slot.schema.kind !== 'query' && slot.schema.kind !== 'id')) return false;
  const next = tokens[tokens.indexOf(found.at(-1) as Token) + 1];
  const isHead =
    next === undefined || next.kind !== 'word' || EDGE_WORDS.has(next.lower) || PREPOSITIONS.has(next.lower);
  return isHead || found.some(({ lower }) => COLOURS.has(lower));
}

function withLabel(
  found: readonly Token[],
  tokens: readonly Token[],
  { words }: Parameter,
): readonly Token[] {
  const next = tokens[tokens.indexOf(found.at(-1) as Token) + 1];
  const label = next !== undefined && words.includes(next.stem) ? [next] : [];
  return withLead([...found, ...label], tokens);
}

/** "with high priority", "for tomorrow": the preposition goes with it. */
function withLead(found: readonly Token[], tokens: readonly Token[]): readonly Token[] {
  let at = tokens.indexOf(found[0] as Token) - 1;
  const lead: Token[] = [];
  while (at >= 0) {
    const token = tokens[at];
    if (token === undefined || !(PREPOSITIONS.has(token.lower) || DETERMINERS.has(token.lower))) break;
    lead.push(token);
    if (PREPOSITIONS.has(token.lower)) return [...lead, ...found];
    at -= 1;
  }
  return found;
}

function nested({ schema }: Parameter, tokens: readonly Token[], profile: ToolProfile): Found | undefined {
  const inner: ToolProfile = { ...profile, parameters: schema.parameters, slot: undefined };
  const { values, rest } = readArguments(inner, {
    tokens,
    verb: undefined,
    family: undefined,
    asksHow: false,
    negated: false,
  });
  if (values.size === 0 || schema.parameters.some(({ required, name }) => required && !values.has(name)))
    return undefined;
  return { value: Object.fromEntries(values), tokens: tokens.filter((token) => !rest.includes(token)) };
}

const UNITS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(?:guests?|people|persons?|passengers?|travell?ers?|adults?|seats?|party|size|attendees|tickets?)$/,
    /^(?:guest|people|person|passenger|traveler|traveller|adult|seat|friend|ticket)$/,
  ],
  [/^nights?$/, /^night$/],
  [/^days?$/, /^day$/],
  [/^(?:minutes?|mins?)$/, /^(?:minute|min)$/],
  [/^(?:hours?)$/, /^(?:hour|hr)$/],
  [/^(?:limit|top|results)$/, /^(?:result|item|product|hit)$/],
];
const QUANTITY = /^(?:quantity|qty|count|amount|number|units|copies|pieces)$/;

/** Numbers by what stands beside them: "under $20", "for two people", "3 nights", "for 30 minutes". */
const counted: Reader = (parameter, tokens, profile) => {
  const { schema, words, required } = parameter;
  if (schema.kind !== 'number') return undefined;
  const money = words.some((word) => /^(?:price|cost|budget|amount|total|spend)$/.test(word));
  const bound = words.some((word) => /^(?:max|maximum|budget|below|most|to)$/.test(word))
    ? /^(?:under|below|within|max|maximum|for)$/
    : words.some((word) => /^(?:min|minimum|above|least|from)$/.test(word))
      ? /^(?:over|above|min|minimum|from)$/
      : undefined;
  for (const [at, token] of tokens.entries()) {
    if (!isAmount(token)) continue;
    const before = tokens[at - 1];
    const next = tokens[at + 1];
    if (
      bound !== undefined &&
      before !== undefined &&
      bound.test(before.lower) &&
      (money || token.kind === 'number')
    )
      return { value: token.amount, tokens: [before, token] };
    if (money && bound === undefined && token.kind === 'money')
      return { value: token.amount, tokens: [token] };
    const unit = UNITS.find(([name]) => words.some((word) => name.test(word)))?.[1];
    if (unit !== undefined && next !== undefined && unit.test(next.stem))
      return { value: token.amount, tokens: withLead([token, next], tokens) };
    if (unit !== undefined && before?.lower === 'for' && (next === undefined || next.kind !== 'word'))
      return { value: token.amount, tokens: [before, token] };
    if (words.includes('minutes') && next?.stem === 'hour')
      return { value: token.amount * 60, tokens: withLead([token, next], tokens) };
  }
  if (
    !required ||
    bound !== undefined ||
    (profile.slot !== undefined && words.some((word) => QUANTITY.test(word)))
  )
    return undefined;
  const only = tokens.find(isAmount);
  return only === undefined ? undefined : { value: only.amount, tokens: [only] };
};

export function isQuantity({ schema, words }: Parameter): boolean {
  return schema.kind === 'number' && words.some((word) => QUANTITY.test(word));
}

/** "with gift wrap", "without insurance", "no breakfast", "notifications off". */
const switched: Reader = ({ schema, words, required }, tokens) => {
  if (schema.kind !== 'boolean') return undefined;
  const content = words.filter(
    (word) => !/^(?:is|has|include|includes|with|enable|enabled|use|should|only)$/.test(word),
  );
  const at = tokens.findIndex(
    (_, index) =>
      content.length > 0 && content.every((word, offset) => tokens[index + offset]?.stem === singular(word)),
  );
  if (at < 0) {
    const token = required
      ? tokens.find(({ lower }) => /^(?:on|off|true|false|yes|no|enabled|disabled)$/.test(lower))
      : undefined;
    return token === undefined
      ? undefined
      : { value: !/^(?:off|false|no|disabled)$/.test(token.lower), tokens: [token] };
  }
  const before = tokens[at - 1];
  const after = tokens[at + content.length];
  const off =
    /^(?:without|no|not|non|disable)$/.test(before?.lower ?? '') ||
    /^(?:off|false|no)$/.test(after?.lower ?? '');
  const used = tokens.slice(at, at + content.length);
  return {
    value: !off,
    tokens: before !== undefined && /^(?:without|no|not|with)$/.test(before.lower) ? [before, ...used] : used,
  };
};

const PLACES: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:from|origin|departure|source|start)$/, /^from$/],
  [/^(?:to|destination|arrival|recipient|dest|target)$/, /^(?:to|into|for)$/],
  [/^(?:in|at|location|city|place|where|venue|near|country|area|room)$/, /^(?:in|at|near|around)$/],
  [/^(?:with|guest|attendee|contact|person)$/, /^with$/],
];

/** "from Paris to Rome", "in Berlin". */
const afterPreposition: Reader = ({ schema, words, name }, tokens, profile) => {
  if (schema.kind !== 'text' && schema.kind !== 'date') return undefined;
  const preposition = PLACES.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
  if (preposition === undefined || schema.kind === 'date') return undefined;
  const at = tokens.findIndex(
    ({ lower }, index) => preposition.test(lower) && startsName(tokens[index + 1], profile),
  );
  if (at < 0) return undefined;
  const after = tokens.slice(at + 1);
  const end = after.findIndex(
    ({ kind, lower }, index) =>
      index > 0 &&
      (!(/^(?:word|quote|code)$/.test(kind) || isRoomNumber(after, index)) ||
        PREPOSITIONS.has(lower) ||
        lower === 'and'),
  );
  const used = end < 0 ? after : after.slice(0, end);
  const value = joinText(used.filter(({ lower }, index) => index > 0 || !/^(?:the|an?|my|our)$/.test(lower)));
  return name === '' || value === '' ? undefined : { value, tokens: [...tokens.slice(at, at + 1), ...used] };
};

function startsName(token: Token | undefined, profile: ToolProfile): boolean {
  if (token === undefined || !/^(?:word|quote|email|code)$/.test(token.kind)) return false;
  return !profile.nouns.includes(conceptOf(token.stem)) && !/^(?:my|me|us|do|be|it)$/.test(token.lower);
}

/** "Room 4", but not "Rome 3 nights". */
function isRoomNumber(tokens: readonly Token[], index: number): boolean {
  return tokens[index]?.kind === 'number' && tokens[index + 1]?.kind !== 'word';
}

function amountIn(token: Token): number | undefined {
  if (isAmount(token)) return token.amount;
  return token.kind === 'code' && /^\d+$/.test(token.text) ? Number(token.text) : undefined;
}

function isAmount(token: Token): boolean {
  return token.kind === 'number' || token.kind === 'money';
}
