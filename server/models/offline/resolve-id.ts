import { readArguments } from './fill-arguments.ts';
import type { PastCall } from './history.ts';
import { type Item, itemId, itemLabel, itemsOf, matchItems, pickItems } from './items.ts';
import { conceptOf, singular, type VerbFamily } from './lexicon.ts';
import { headWord, type ObjectPhrase, searchText } from './phrase.ts';
import { plainText } from './plain-text.ts';
import type { Draft, Goal, PlanContext, PlannedCall, ReadyCall } from './plan.ts';
import type { ToolProfile } from './profile.ts';
import { wasDeclined } from './report.ts';
import { fits, type Parameter } from './schema.ts';
import { joinText } from './tokens.ts';

/** A draft with its id found, or what it takes to find it. */
export type Resolved =
  | { readonly kind: 'ready'; readonly calls: readonly ReadyCall[] }
  | { readonly kind: 'need'; readonly calls: readonly PlannedCall[] }
  | { readonly kind: 'missing'; readonly parameters: readonly Parameter[] }
  | { readonly kind: 'failed'; readonly note: string; readonly call: PastCall | undefined };

/** Fills a missing id from earlier results, or by calling a tool that looks things up. */
export function resolveId(draft: Draft, goal: Goal, context: PlanContext): Resolved {
  const id = draft.missing.find(({ schema }) => schema.kind === 'id');
  const others = draft.missing.filter((parameter) => parameter !== id);
  if (id === undefined)
    return others.length > 0
      ? { kind: 'missing', parameters: others }
      : ready(goal, draft, [undefined], undefined, 1);
  const search = findItems(draft.object, id, goal, context);
  if (search.kind !== 'found') return search;
  const items = search.items.filter((item) => itemId(item, id) !== undefined);
  if (items.length === 0) return { kind: 'missing', parameters: [id, ...others] };
  return others.length > 0
    ? { kind: 'missing', parameters: others }
    : ready(goal, draft, items, id, search.among);
}

function ready(
  { profile }: Goal,
  { values }: Draft,
  items: readonly (Item | undefined)[],
  id: Parameter | undefined,
  among: number,
): Resolved {
  return {
    kind: 'ready',
    calls: items.map((item) => {
      const input = new Map(values);
      if (item !== undefined && id !== undefined) input.set(id.name, itemId(item, id));
      return { call: { name: profile.tool.name, input: inOrder(profile, input) }, item, among };
    }),
  };
}

/** Arguments in the schema's order, so that equal calls are equal text. */
function inOrder({ parameters }: ToolProfile, values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    parameters.flatMap(({ name }) => (values.has(name) ? [[name, values.get(name)]] : [])),
  );
}

interface Picked {
  readonly items: readonly Item[];
  /** How many fitted as well as the one that was picked; 0: it fits only in part. */
  readonly among: number;
}

function picked(items: readonly Item[], object: ObjectPhrase): Picked {
  return { items: pickItems(items, object), among: object.pointer === undefined ? items.length : 1 };
}

type Search = ({ readonly kind: 'found' } & Picked) | Exclude<Resolved, { kind: 'ready' }>;

const ON_EXISTING: ReadonlySet<VerbFamily> = new Set<VerbFamily>([
  'remove',
  'update',
  'complete',
  'unsubscribe',
]);

function isOnExisting({ family }: ToolProfile): boolean {
  return family !== undefined && ON_EXISTING.has(family);
}

function findItems(object: ObjectPhrase, id: Parameter, goal: Goal, context: PlanContext): Search {
  const lookups = lookupsFor(goal.profile, id, context.profiles);
  const known = fromMemory(object, id, lookups, context, goal);
  if (known.items.length > 0) return { kind: 'found', ...known };
  const pointsBack =
    object.tokens.length === 0 && (object.pointer === undefined || object.pointer.kind === 'that');
  if (
    pointsBack &&
    !(object.pointer === undefined && goal.profile.family === 'remove' && lookups.length === 0)
  )
    return { kind: 'missing', parameters: [id] };
  let outcome: Search = { kind: 'missing', parameters: [id] };
  // What is to be changed is in the one list it belongs to; what is to be added may be found in two ways.
  for (const lookup of lookups.slice(0, isOnExisting(goal.profile) ? 1 : 2)) {
    const next = lookUp(lookup, id, object, goal, context);
    if (next.kind !== 'missing' || outcome.kind !== 'failed') outcome = next;
    if (outcome.kind === 'found' || outcome.kind === 'need') return outcome;
    if (outcome.kind === 'failed' && outcome.call?.result?.isError !== false) return outcome;
  }
  return outcome;
}

/** What earlier results already named. For changes to something that exists, only a result that speaks of exactly that. */
function fromMemory(
  object: ObjectPhrase,
  id: Parameter,
  lookups: readonly ToolProfile[],
  context: PlanContext,
  { profile }: Goal,
): Picked {
  const existing = isOnExisting(profile);
  if (object.tokens.length === 0) {
    if (
      object.pointer === undefined ||
      (existing && object.pointer.kind === 'all' && lookups.length > 0 && context.chosen.length === 0)
    )
      return NOTHING;
    return { items: pickItems(pointedList(context), object), among: 1 };
  }
  const source = lookups[0]?.tool.name;
  const usable = [...context.seen]
    .reverse()
    .map((list) => list.filter((item) => item.source === source || Object.hasOwn(item.fields, id.name)));
  for (const list of [context.chosen, ...usable]) {
    const match = matchItems(list, object.tokens);
    if (list.length > 0 && match.full && match.items.length > 0) return picked(match.items, object);
  }
  return NOTHING;
}

const NOTHING = { items: [], among: 0 };

/** What "it" and "the second one" point into: what was just handled, else the last list that was looked up. */
function pointedList({ chosen, seen, profiles }: PlanContext): readonly Item[] {
  if (chosen.length > 0) return chosen;
  const reading = new Set(profiles.filter(({ reads }) => reads).map(({ tool }) => tool.name));
  return (
    seen.filter(([first]) => first !== undefined && reading.has(first.source)).at(-1) ?? seen.at(-1) ?? []
  );
}

function lookUp(
  lookup: ToolProfile,
  id: Parameter,
  object: ObjectPhrase,
  goal: Goal,
  context: PlanContext,
): Search {
  const phrase = joinText(object.tokens);
  const queries =
    lookup.slot?.schema.kind === 'query' || lookup.slot?.schema.kind === 'text'
      ? [...new Set([searchText(object.tokens), headWord(object.tokens) ?? ''])].filter(
          (query) => query !== '',
        )
      : [''];
  let last: PastCall | undefined;
  let others: readonly Item[] = [];
  for (const query of queries) {
    const input = lookupInput(lookup, query, object, goal);
    if (input === undefined) continue;
    const call = context.memory.take(lookup.tool.name, input);
    if (call === undefined) return { kind: 'need', calls: [{ name: lookup.tool.name, input }] };
    last = call;
    if (call.result?.isError !== false) break;
    const items = itemsOf(call);
    const match = matchItems(items, object.tokens);
    const found = match.full
      ? picked(match.items, object)
      : { items: pickItems(match.items, object), among: 0 };
    if (found.items.length > 0) return { kind: 'found', ...found };
    others = items;
  }
  if (last === undefined) return { kind: 'missing', parameters: [id] };
  return { kind: 'failed', note: notFound(phrase, last, others), call: last };
}

function notFound(phrase: string, call: PastCall, others: readonly Item[]): string {
  if (wasDeclined(call))
    return `You declined to let me look for “${plainText(phrase)}”, so nothing was changed.`;
  if (call.result?.isError !== false)
    return `I could not look for “${plainText(phrase)}”: the page answered “${plainText(call.result?.text ?? 'nothing')}”.`;
  if (phrase === '') return 'There is nothing there that I could do this with.';
  const names = others.slice(0, 5).map((item) => plainText(itemLabel(item)));
  const instead =
    names.length === 0 ? '' : ` What there is: ${names.join(', ')}${others.length > 5 ? ', …' : ''}.`;
  return `I found nothing that fits “${plainText(phrase)}”.${instead}`;
}

/** The lookup's arguments, or `undefined` when it needs something that the phrase does not say. */
function lookupInput(
  lookup: ToolProfile,
  query: string,
  object: ObjectPhrase,
  { clause }: Goal,
): Record<string, unknown> | undefined {
  const bounds = clause.tokens.filter(
    (token, index) =>
      /^(?:under|over)$/.test(token.lower) || /^(?:under|over)$/.test(clause.tokens[index - 1]?.lower ?? ''),
  );
  const reading = readArguments(lookup, {
    ...clause,
    tokens: [...object.tokens, ...bounds],
    family: lookup.family,
  });
  const values = new Map(reading.values);
  if (lookup.slot !== undefined && query !== '' && fits(query, lookup.slot.schema))
    values.set(lookup.slot.name, query);
  const complete = lookup.parameters.every(({ required, name, schema }) => {
    if (required && !values.has(name) && schema.fallback !== undefined)
      values.set(name, schema.fallback.value);
    return !required || values.has(name);
  });
  return complete ? inOrder(lookup, values) : undefined;
}

/** Reading tools that may know the id, the likeliest first. */
function lookupsFor(
  target: ToolProfile,
  id: Parameter,
  profiles: readonly ToolProfile[],
): readonly ToolProfile[] {
  const existing = isOnExisting(target);
  const named = id.words
    .filter((word) => !/^(?:id|sku|uuid)$/.test(word))
    .map((word) => conceptOf(singular(word)));
  const subject = named.length > 0 ? named : target.nouns;
  const score = (profile: ToolProfile): number => {
    const about =
      overlap(profile.nouns, subject) +
      0.5 * Number(subject.some((noun) => profile.descriptionConcepts.has(noun)));
    const beside = overlap(profile.nouns, target.nouns);
    const searches = profile.family === 'search' || profile.slot?.schema.kind === 'query' ? 1 : 0;
    return existing
      ? about + 2 * beside + (profile.family === 'get' ? 0.5 : 0) + searches * 0.25
      : 2 * about + 0.5 * beside + searches;
  };
  return profiles
    .filter(
      (profile) =>
        profile !== target &&
        profile.reads &&
        profile.family !== 'check' &&
        !profile.parameters.some(({ required, schema }) => required && schema.kind === 'id'),
    )
    .map((profile) => ({ profile, score: score(profile) }))
    .filter(({ score: value }) => value >= 1)
    .sort((a, b) => b.score - a.score)
    .map(({ profile }) => profile);
}

function overlap(a: readonly string[], b: readonly string[]): number {
  return a.filter((noun) => b.includes(noun)).length;
}
