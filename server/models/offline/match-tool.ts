import type { Clause } from './clauses.ts';
import { areRelated, conceptOf, FILLERS, GENERAL_NOUNS, PRONOUNS } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import type { Parameter, ValueSchema } from './schema.ts';
import type { Token } from './tokens.ts';
import { choiceIn } from './values.ts';

const THRESHOLD = 2.5;
const THRESHOLD_WITHOUT_VERB = 2;

/** The tool that a clause asks for, or `undefined` when none is meant clearly enough. `context`: tokens of the clause before. */
export function matchTool(
  given: Clause,
  profiles: readonly ToolProfile[],
  context: readonly Token[],
): ToolProfile | undefined {
  const clause = asMeant(given, profiles);
  // "Remind me to …" names its tool by the verb alone.
  const concepts = new Set([...conceptsIn(clause.tokens), ...(clause.verb === 'remind' ? ['todo'] : [])]);
  const refersBack = clause.tokens.some(({ lower }) => PRONOUNS.has(lower));
  const background = refersBack ? conceptsIn(context) : new Set<string>();
  let best: { readonly profile: ToolProfile; readonly score: number } | undefined;
  for (const profile of profiles) {
    const score = scoreOf(profile, clause, concepts, background);
    const needed = clause.verb === undefined ? THRESHOLD_WITHOUT_VERB : THRESHOLD;
    if (score >= needed && (best === undefined || score > best.score)) best = { profile, score };
  }
  return best?.profile;
}

function conceptsIn(tokens: readonly Token[]): ReadonlySet<string> {
  const words = tokens.filter(
    ({ kind, lower }) => (kind === 'word' || kind === 'code') && !FILLERS.has(lower),
  );
  return new Set(
    words.flatMap(({ lower, stem }) => [
      conceptOf(stem),
      ...(lower.includes('-') ? lower.split('-').map(conceptOf) : []),
    ]),
  );
}

function scoreOf(
  profile: ToolProfile,
  clause: Clause,
  concepts: ReadonlySet<string>,
  background: ReadonlySet<string>,
): number {
  const verb = verbScore(profile, clause);
  const named = profile.nouns.filter((noun) => concepts.has(noun)).length;
  const implied = profile.nouns.filter((noun) => !concepts.has(noun) && background.has(noun)).length;
  if (!profile.reads && !isAskedFor(profile, clause, verb, named + implied)) return 0;
  const missing = Math.min(0.5, 0.25 * (profile.nouns.length - named - implied));
  const evidence = evidenceFor(profile, clause, concepts);
  const stray =
    verb > 0 &&
    named + implied === 0 &&
    evidence === 0 &&
    profile.slot === undefined &&
    hasContent(clause.tokens)
      ? 1.5
      : 0;
  return verb + 3 * named + 1.5 * implied - missing + evidence - stray;
}

function verbScore({ verb, family }: ToolProfile, clause: Clause): number {
  if (clause.family === undefined) return clause.verb !== undefined && clause.verb === verb ? 4 : 0;
  if (family === undefined) return 0;
  if (clause.verb === verb) return 4;
  if (clause.family === family) return clause.verb === undefined ? 2 : 3;
  return areRelated(clause.family, family) ? 1.5 : -3;
}

/**
 * What changes something is only called for a verb that means it; no noun, description or enum of a page is enough.
 * What takes money or ends something for good needs its own verb.
 */
function isAskedFor(profile: ToolProfile, clause: Clause, verb: number, nouns: number): boolean {
  if (clause.verb === undefined) return false;
  if (profile.verb === undefined)
    return (
      profile.words.includes(clause.verb) ||
      (nouns > 0 && clause.family !== 'get' && clause.family !== 'search')
    );
  if (profile.family === 'checkout') return clause.family === 'checkout';
  if (profile.family === 'remove' || profile.family === 'unsubscribe') return verb >= 3;
  return verb >= 3 || (verb > 0 && nouns > 0);
}

/** "Order two mugs" puts them into the cart where nothing orders single things; "buy now" pays. */
function asMeant(clause: Clause, profiles: readonly ToolProfile[]): Clause {
  const empty = !hasContent(clause.tokens);
  if (clause.verb === 'take' && clause.tokens.some(({ lower }) => lower === 'out' || lower === 'off'))
    return { ...clause, verb: 'remove', family: 'remove' };
  if (clause.verb === 'buy' && empty) return { ...clause, verb: 'checkout', family: 'checkout' };
  if ((clause.verb !== 'order' && clause.verb !== 'purchase') || empty) return clause;
  const adder = profiles.find(({ family, slot }) => family === 'add' && slot?.schema.kind === 'id');
  const direct = profiles.some(({ words, slot }) => words.includes(clause.verb ?? '') && slot !== undefined);
  const named = adder?.nouns.some((noun) => conceptsIn(clause.tokens).has(noun)) === true;
  return adder === undefined || direct || named ? clause : { ...clause, verb: 'add', family: 'add' };
}

function hasContent(tokens: readonly Token[]): boolean {
  return tokens.some(({ kind, lower }) => kind !== 'mark' && !FILLERS.has(lower));
}

/** What speaks for a tool besides its name. That it takes any words counts only beside something else, or with a verb. */
function evidenceFor(profile: ToolProfile, clause: Clause, concepts: ReadonlySet<string>): number {
  const described = [...concepts].filter(
    (concept) =>
      concept.length > 2 && !GENERAL_NOUNS.has(concept) && profile.descriptionConcepts.has(concept),
  ).length;
  // Its own nouns were counted with its name.
  const named = new Set([...concepts].filter((concept) => !profile.nouns.includes(concept)));
  const parameters = profile.parameters.reduce(
    (sum, parameter) => sum + parameterEvidence(parameter, clause.tokens, named),
    0,
  );
  const evidence = Math.min(2.25, described * 0.75) + Math.min(3.5, parameters);
  const searches = profile.parameters.some(({ schema }) => schema.kind === 'query');
  const open = searches && hasContent(clause.tokens) && (clause.verb !== undefined || evidence > 0);
  return evidence + (open ? 0.75 : 0);
}

function parameterEvidence(
  { schema, words }: Parameter,
  tokens: readonly Token[],
  concepts: ReadonlySet<string>,
): number {
  const byName = words.some((word) => word.length > 2 && concepts.has(conceptOf(word))) ? 0.75 : 0;
  return byName + kindEvidence(schema, tokens);
}

/** Tokens that may become a value of a kind with another name. */
const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['id', ['code', 'number']],
  ['datetime', ['date', 'time', 'datetime']],
  ['date', ['date', 'datetime']],
]);

function kindEvidence(schema: ValueSchema, tokens: readonly Token[]): number {
  if (schema.kind === 'enum') return choiceIn(tokens, schema.choices) === undefined ? 0 : 1.5;
  const kinds = KINDS.get(schema.kind) ?? [schema.kind];
  return tokens.some(({ kind }) => kinds.includes(kind)) ? 1 : 0;
}
