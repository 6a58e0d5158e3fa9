import type { Clause } from './clauses.ts';
import { counted, switched } from './counted-values.ts';
import { afterLabel } from './labelled-values.ts';
import { COLOURS, conceptOf, EDGE_WORDS, PREPOSITIONS } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { type Reader, withLead } from './reader.ts';
import { fits, type Parameter } from './schema.ts';
import { joinText, type Token } from './tokens.ts';
import { type Found, typedValue } from './values.ts';

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

function nested({ schema }: Parameter, tokens: readonly Token[], profile: ToolProfile): Found | undefined {
  const inner: ToolProfile = { ...profile, parameters: schema.parameters, slot: undefined };
  const { values, rest } = readArguments(inner, {
    tokens,
    verb: undefined,
    family: undefined,
    asksHow: false,
    negated: false,
    named: undefined,
    source: '',
  });
  if (values.size === 0 || schema.parameters.some(({ required, name }) => required && !values.has(name)))
    return undefined;
  return { value: Object.fromEntries(values), tokens: tokens.filter((token) => !rest.includes(token)) };
}

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
