import type { ModelTool } from '../model.ts';
import { conceptOf, FILLERS, READING_FAMILIES, singular, type VerbFamily, verbFamily } from './lexicon.ts';
import { spellingsOf } from './naming.ts';
import { nameWords, type Parameter, readParameters } from './schema.ts';

/** A tool as the offline model understands it. */
export interface ToolProfile {
  readonly tool: ModelTool;
  readonly words: readonly string[];
  /** Sticky patterns that find its name in a text. */
  readonly spellings: readonly RegExp[];
  /** The verb of its name, in its base form. */
  readonly verb: string | undefined;
  readonly family: VerbFamily | undefined;
  /** The other words of its name, as concepts. */
  readonly nouns: readonly string[];
  readonly descriptionConcepts: ReadonlySet<string>;
  readonly parameters: readonly Parameter[];
  /** It only looks, as far as its name says. */
  readonly reads: boolean;
  /** What a request's main object becomes: `query`, `title`, `productId`. */
  readonly slot: Parameter | undefined;
}

const NAME_STOPS: ReadonlySet<string> = new Set(
  'to from in on of for the a an by with all and my current page'.split(' '),
);
const MAX_DESCRIPTION_WORDS = 300;

/** Reads every tool that can be called with arguments taken from words. */
export function profileTools(tools: readonly ModelTool[]): readonly ToolProfile[] {
  return tools.flatMap((tool) => {
    const parameters = readParameters(tool.parametersSchema);
    return parameters === undefined ? [] : [profileOf(tool, parameters)];
  });
}

function profileOf(tool: ModelTool, parameters: readonly Parameter[]): ToolProfile {
  const words = joinVerbs(nameWords(tool.bareName));
  const [first] = words;
  const verb =
    first !== undefined && verbFamily(first) !== undefined
      ? first
      : words.filter((word) => verbFamily(word) !== undefined).at(-1);
  const family = verb === undefined ? undefined : verbFamily(verb);
  const nouns = words
    .filter((word) => word !== verb && !NAME_STOPS.has(word))
    .map((word) => conceptOf(singular(word)));
  return {
    tool,
    words,
    spellings: spellingsOf(tool.bareName),
    verb,
    family,
    nouns: [...new Set(nouns)],
    descriptionConcepts: conceptsOf(tool.description),
    parameters,
    reads: family === undefined ? readsByDescription(tool.description) : READING_FAMILIES.has(family),
    slot: slotOf(parameters, family),
  };
}

function joinVerbs(words: readonly string[]): readonly string[] {
  const joined = words
    .join(' ')
    .replace(/\bcheck out\b/, 'checkout')
    .replace(/\bsign up\b/, 'signup')
    .replace(/\blook up\b/, 'lookup')
    .replace(/\bto do\b/, 'todo');
  return joined === '' ? [] : joined.split(' ');
}

function conceptsOf(text: string): ReadonlySet<string> {
  const words =
    text
      .slice(0, 4_000)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const content = words
    .slice(0, MAX_DESCRIPTION_WORDS)
    .filter((word) => word.length > 2 && !FILLERS.has(word) && !NAME_STOPS.has(word));
  return new Set(content.map((word) => conceptOf(singular(word))));
}

/** For a name without a verb ("weather") the description's first word decides. */
function readsByDescription(description: string): boolean {
  const first = /^\s*(\p{L}+)/u.exec(description)?.[1]?.toLowerCase() ?? '';
  const family = [first, first.replace(/s$/, ''), first.replace(/es$/, '')]
    .map(verbFamily)
    .find((found) => found !== undefined);
  return family !== undefined && READING_FAMILIES.has(family);
}

const TEXT_SLOTS =
  'query q search title subject task name text item product todo message body content comment note topic question summary description'.split(
    ' ',
  );

function slotOf(parameters: readonly Parameter[], family: VerbFamily | undefined): Parameter | undefined {
  const required = parameters.filter((parameter) => parameter.required);
  const id = required.find(({ schema }) => schema.kind === 'id');
  const texts = parameters.filter(
    ({ schema }) => schema.kind === 'query' || (schema.kind === 'text' && schema.maxLength > 3),
  );
  const free = texts.filter(({ words }) => TEXT_SLOTS.some((slot) => words.at(-1) === slot));
  const ranked = free.sort((a, b) => Number(b.required) - Number(a.required) || rankOf(a) - rankOf(b));
  const list = required.find(({ schema }) => schema.kind === 'list' && schema.items?.kind === 'text');
  const anyText =
    family === 'send' ? undefined : texts.find(({ required: needed, words }) => needed && !isPlace(words));
  const code = required.find(({ schema }) => schema.kind === 'code' || schema.kind === 'colour');
  return (
    id ??
    list ??
    ranked[0] ??
    anyText ??
    code ??
    required.find(({ schema, words }) => schema.kind === 'text' && !isPlace(words))
  );
}

function rankOf({ words }: Parameter): number {
  return TEXT_SLOTS.indexOf(words.at(-1) ?? '');
}

function isPlace(words: readonly string[]): boolean {
  return words.some((word) =>
    /^(?:from|to|origin|destination|departure|arrival|in|at|with|recipient)$/.test(word),
  );
}
