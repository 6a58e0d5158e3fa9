import type { Clause } from './clauses.ts';
import { isQuantity } from './counted-values.ts';
import { type Reading, readArguments } from './fill-arguments.ts';
import { type Memory, type PastCall, shareWithin } from './history.ts';
import { type Item, itemsOf } from './items.ts';
import { GENERAL_NOUNS } from './lexicon.ts';
import { readNamed, wholeArguments } from './named-arguments.ts';
import { isEnumeration, type ObjectPhrase, readObjects, searchText } from './phrase.ts';
import type { ToolProfile } from './profile.ts';
import { resolveId } from './resolve-id.ts';
import { fits, type Parameter } from './schema.ts';
import { joinText, type Token } from './tokens.ts';
import { answerValue, choiceIn, listed } from './values.ts';

/** One tool that is to be called for one clause. */
export interface Goal {
  readonly profile: ToolProfile;
  readonly clause: Clause;
}

export interface PlannedCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** What the plan stands on. */
export interface PlanContext {
  readonly profiles: readonly ToolProfile[];
  readonly memory: Memory;
  /** From earlier results, oldest list first. */
  readonly seen: readonly (readonly Item[])[];
  /** What the goal before ended with. */
  readonly chosen: readonly Item[];
  /** What the visitor said when asked, oldest first. */
  readonly answers: readonly Answer[];
}

/** A call of a goal's own tool that came back. */
export interface Finished {
  readonly call: PastCall;
  readonly item: Item | undefined;
  /** How many things fitted the words as well as this one; 0: it fits only in part. */
  readonly among: number;
}

export type GoalState =
  | { readonly kind: 'need'; readonly calls: readonly PlannedCall[] }
  | { readonly kind: 'ask'; readonly profile: ToolProfile; readonly missing: readonly Parameter[] }
  | {
      readonly kind: 'done';
      readonly finished: readonly Finished[];
      /** Why something was left out, in whole sentences. */
      readonly notes: readonly string[];
      readonly failed: boolean;
      readonly chosen: readonly Item[];
    };

/** Goes through one goal with what is known, as far as it gets. Pure: the same memory leads to the same state. */
export function advance(goal: Goal, given: PlanContext): GoalState {
  const context = { ...given, memory: shareWithin(given.memory) };
  const whole = goal.clause.named === undefined ? undefined : wholeArguments(goal.clause.named);
  if (whole !== undefined) {
    const call = { name: goal.profile.tool.name, input: whole };
    return finish(goal, context, [{ call, item: undefined, among: 1 }], []);
  }
  const drafts = draftCalls(goal, context);
  const prepared = drafts.map((draft) => resolveId(draft, goal, context));
  const needed = prepared.flatMap((state) => (state.kind === 'need' ? state.calls : []));
  if (needed.length > 0) return { kind: 'need', calls: distinct(needed) };
  const missing = prepared.find((state) => state.kind === 'missing');
  if (missing?.kind === 'missing') return { kind: 'ask', profile: goal.profile, missing: missing.parameters };
  return finish(
    goal,
    context,
    prepared.flatMap((state) => (state.kind === 'ready' ? state.calls : [])),
    prepared.flatMap((state) => (state.kind === 'failed' ? [state] : [])),
  );
}

/** A call whose id may still have to be found. */
export interface Draft {
  readonly object: ObjectPhrase;
  readonly values: ReadonlyMap<string, unknown>;
  /** Required and not found in the text; an id may still come from a result. */
  readonly missing: readonly Parameter[];
}

export interface ReadyCall {
  readonly call: PlannedCall;
  readonly item: Item | undefined;
  readonly among: number;
}

function finish(
  goal: Goal,
  context: PlanContext,
  ready: readonly ReadyCall[],
  failures: readonly { readonly note: string; readonly call: PastCall | undefined }[],
): GoalState {
  const unique = ready.filter(
    ({ call }, index) => ready.findIndex((other) => sameCall(other.call, call)) === index,
  );
  const past = unique.map(({ call, item, among }) => ({
    planned: call,
    item,
    among,
    call: context.memory.take(call.name, call.input),
  }));
  const open = past.filter(({ call }) => call === undefined);
  if (open.length > 0) return { kind: 'need', calls: open.map(({ planned }) => planned) };
  const finished = past.flatMap(({ call, item, among }) =>
    call === undefined ? [] : [{ call, item, among }],
  );
  const results = finished.flatMap(({ call }) => itemsOf(call));
  const targets = finished.flatMap(({ item }) => (item === undefined ? [] : [item]));
  return {
    kind: 'done',
    finished,
    notes: failures.map(({ note }) => note),
    failed: failures.length > 0 || finished.some(({ call }) => call.result?.isError !== false),
    chosen: goal.profile.reads && results.length > 0 ? results : targets.length > 0 ? targets : results,
  };
}

function sameCall(a: PlannedCall, b: PlannedCall): boolean {
  return a.name === b.name && JSON.stringify(a.input) === JSON.stringify(b.input);
}

function distinct(calls: readonly PlannedCall[]): readonly PlannedCall[] {
  return calls.filter((call, index) => calls.findIndex((other) => sameCall(other, call)) === index);
}

function draftCalls(goal: Goal, context: PlanContext): readonly Draft[] {
  const { profile, clause } = goal;
  const { named } = clause;
  const reading = named === undefined ? readArguments(profile, clause) : readNamed(named, clause);
  const slot = profile.slot;
  if (slot === undefined || reading.values.has(slot.name))
    return [draft(goal, context, reading, NO_OBJECT, undefined)];
  const enumerates =
    slot.schema.kind === 'id' ||
    slot.schema.kind === 'query' ||
    (slot.schema.kind === 'text' && profile.family === 'add' && isEnumeration(reading.rest));
  const objects = readObjects(reading.rest, profile, enumerates);
  if (objects.length === 0) {
    const everything = clause.verb === 'empty' || clause.verb === 'clear';
    return [
      draft(goal, context, reading, everything ? EVERYTHING : NO_OBJECT, everything ? slot : undefined),
    ];
  }
  const own = objects.map((object) => readArguments(profile, { ...clause, tokens: object.tokens }).values);
  return objects.map((object, index) =>
    draft(
      goal,
      context,
      objects.length > 1 ? { ...reading, values: ownValues(reading.values, own, index) } : reading,
      object,
      slot,
    ),
  );
}

const NO_OBJECT: ObjectPhrase = { tokens: [], count: undefined, pointer: undefined };
const EVERYTHING: ObjectPhrase = { ...NO_OBJECT, pointer: { kind: 'all' } };

/** What one of several things says of itself holds for it alone: "red" of "blue mugs and red bowls". */
function ownValues(
  shared: ReadonlyMap<string, unknown>,
  own: readonly ReadonlyMap<string, unknown>[],
  index: number,
): ReadonlyMap<string, unknown> {
  const common = [...shared].filter(([name]) => !own.some((values) => values.has(name)));
  return new Map([...common, ...(own[index] ?? [])]);
}

function draft(
  { profile, clause }: Goal,
  context: PlanContext,
  reading: Reading,
  object: ObjectPhrase,
  slot: Parameter | undefined,
): Draft {
  const values = new Map(reading.values);
  const put = (parameter: Parameter, value: unknown): void => {
    if (value !== undefined && !values.has(parameter.name) && fits(value, parameter.schema))
      values.set(parameter.name, value);
  };
  if (slot !== undefined) put(slot, slotValue(slot, object, reading.rest, profile));
  for (const parameter of profile.parameters) {
    if (isQuantity(parameter)) put(parameter, object.count);
    if (parameter.schema.kind === 'enum')
      put(parameter, choiceIn(object.tokens, parameter.schema.choices)?.value);
    if (parameter.schema.kind === 'text' && clause.family === 'update' && parameter !== slot)
      put(parameter, afterTo(reading.rest));
  }
  putQuotes(profile, reading.rest, values, put);
  putAnswers(profile, context.answers, values, put);
  for (const parameter of profile.parameters.filter(({ required }) => required)) {
    if (parameter.schema.fallback !== undefined) put(parameter, parameter.schema.fallback.value);
    if (parameter.schema.choices.length === 1) put(parameter, parameter.schema.choices[0]);
    if (isQuantity(parameter)) put(parameter, 1);
  }
  return {
    object,
    values,
    missing: profile.parameters.filter(({ required, name }) => required && !values.has(name)),
  };
}

function slotValue(
  slot: Parameter,
  object: ObjectPhrase,
  rest: readonly Token[],
  { nouns }: ToolProfile,
): unknown {
  const { tokens } = object;
  switch (slot.schema.kind) {
    case 'query':
      if (tokens.length > 0)
        return tokens.every(({ stem }) => GENERAL_NOUNS.has(stem)) ? undefined : searchText(tokens);
      return nouns.find((noun) => !GENERAL_NOUNS.has(noun) && rest.some(({ stem }) => stem === noun));
    case 'id':
      return slot.schema.numeric
        ? onlyNumber(tokens)
        : tokens.length === 1 &&
            tokens[0]?.kind === 'quote' &&
            /^[\w-]+$/.test(tokens[0].text) &&
            /\d/.test(tokens[0].text)
          ? tokens[0].text
          : undefined;
    case 'list':
      return listed(tokens);
    default: {
      const quote = tokens.find(({ kind }) => kind === 'quote');
      const text = quote?.text ?? joinText(tokens);
      return text === '' ? undefined : text;
    }
  }
}

function onlyNumber([first, ...others]: readonly Token[]): number | undefined {
  return first?.kind === 'number' && others.length === 0 ? first.amount : undefined;
}

/** "rename it to X". */
function afterTo(rest: readonly Token[]): string | undefined {
  const at = rest.map(({ lower }) => lower).lastIndexOf('to');
  const value = at < 0 ? '' : joinText(rest.slice(at + 1));
  return value === '' ? undefined : value;
}

/** Quoted texts go to the texts that are required, in order. */
function putQuotes(
  profile: ToolProfile,
  rest: readonly Token[],
  values: ReadonlyMap<string, unknown>,
  put: (parameter: Parameter, value: unknown) => void,
): void {
  const taken = new Set(values.values());
  const quotes = rest.filter(({ kind, text }) => kind === 'quote' && !taken.has(text));
  const open = profile.parameters.filter(
    ({ schema, required, name }) => required && schema.kind === 'text' && !values.has(name),
  );
  for (const [index, parameter] of open.entries()) put(parameter, quotes[index]?.text);
}

function putAnswers(
  profile: ToolProfile,
  answers: readonly Answer[],
  values: ReadonlyMap<string, unknown>,
  put: (parameter: Parameter, value: unknown) => void,
): void {
  for (const { text, tokens } of answers) {
    const open = profile.parameters.filter(({ required, name }) => required && !values.has(name));
    const single = open.length === 1;
    for (const parameter of open) {
      const isFree = ['text', 'query', 'id', 'code', 'list', 'colour'].includes(parameter.schema.kind);
      if (
        !isFree ||
        single ||
        parameter === open.find(({ schema }) => schema.kind === 'text' || schema.kind === 'query')
      )
        put(parameter, answerValue(parameter, tokens, text));
    }
  }
}
