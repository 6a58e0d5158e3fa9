import { plainText } from './plain-text.ts';
import type { ToolProfile } from './profile.ts';
import { fits, nameWords, type Parameter, type ValueSchema } from './schema.ts';
import { subjectOf } from './wording.ts';

const MAX_CHARS = 200;
/** Tools that an example is looked for, so that a page with hundreds does not hold up a greeting. */
const MAX_TOOLS = 12;

/**
 * A sentence that a visitor could type. `calls`: the name of the tool that a sentence leads to at once, `undefined`
 * when it is only answered.
 */
export function exampleSentence(
  profiles: readonly ToolProfile[],
  calls: (sentence: string) => string | undefined,
): string | undefined {
  for (const profile of profiles.slice(0, MAX_TOOLS)) {
    const sentence = candidatesFor(profile).find(
      (candidate) =>
        candidate.length <= MAX_CHARS &&
        plainText(candidate, MAX_CHARS).replaceAll('\\', '') === candidate &&
        calls(candidate) === profile.tool.name,
    );
    if (sentence !== undefined) return sentence;
  }
  return undefined;
}

function candidatesFor(profile: ToolProfile): readonly string[] {
  const name = nameWords(profile.tool.bareName).join(' ');
  const needed = profile.parameters.filter(({ required }) => required);
  const shown = needed.length > 0 || profile.reads ? needed : profile.parameters.slice(0, 1);
  const names = [name, profile.tool.bareName, `run ${profile.tool.bareName}`];
  return [
    ...spoken(profile, needed.length === 0),
    ...[shown, needed].flatMap((parameters) => names.flatMap((start) => withArguments(start, parameters))),
  ];
}

/** Sentences without the tool's name, where it has a verb to build one with. */
function spoken(profile: ToolProfile, needsNothing: boolean): readonly string[] {
  const { verb, words, parameters, reads, slot } = profile;
  if (verb === undefined) return [];
  if (!reads) return needsNothing && parameters.length === 0 ? [words.join(' ')] : [];
  const choice = parameters
    .flatMap(({ schema }) => schema.choices)
    .find((value) => typeof value === 'string' && value.length > 1);
  const subject = subjectOf(profile);
  return [
    ...(choice === undefined || slot?.schema.kind !== 'query' ? [] : [`find ${choice}`]),
    ...(slot === undefined && subject !== verb ? [`show the ${subject}`] : []),
    ...(needsNothing && slot === undefined
      ? []
      : slot?.schema.kind === 'query'
        ? [`${verb} ${subject}`]
        : []),
  ];
}

function withArguments(name: string, parameters: readonly Parameter[]): readonly string[] {
  const filled = parameters.map((parameter) => ({ parameter, samples: samplesOf(parameter) }));
  if (filled.length === 0) return [name];
  const [only] = filled;
  const bare =
    filled.length === 1 && only !== undefined && only.parameter.schema.kind === 'text'
      ? only.samples.map((value) => `${name} ${written(value)}`)
      : [];
  const labels = filled.map(({ parameter: { words, name: own }, samples }) => {
    const [value] = samples;
    return value === undefined ? undefined : `${words.join(' ') || own} ${written(value)}`;
  });
  const object = Object.fromEntries(
    filled.flatMap(({ parameter, samples }) => (samples.length === 0 ? [] : [[parameter.name, samples[0]]])),
  );
  const complete = filled.every(({ samples }) => samples.length > 0);
  return complete
    ? [...bare, `${name} with ${labels.join(' and ')}`, `${name} ${JSON.stringify(object)}`]
    : [];
}

function written(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(written).join(', ');
  return typeof value === 'string' && !/^\d{4}-\d{2}-\d{2}|^\d{2}:\d{2}|@|^https?:/.test(value)
    ? `"${value}"`
    : String(value);
}

/** Plausible values, best first. What the page wrote is only taken where it is short and plain. */
function samplesOf({ schema, words }: Parameter): readonly unknown[] {
  const given = [...schema.examples, ...(schema.fallback === undefined ? [] : [schema.fallback.value])];
  const values = [...given, ...schema.choices].filter(isPlain);
  // The kind may only be guessed from the name; any text of the right length is better than no example.
  return [...values, ...made(schema, words), longText(schema.minLength)].filter((value) =>
    fits(value, schema),
  );
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} .,@:/_+-]{0,39}$/u.test(value);
}

const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(?:name|author|user|username|person|passenger|guest|recipient)$/, 'Ann Lee'],
  [/^(?:city|place|location|destination|to|where)$/, 'Rome'],
  [/^(?:from|origin|departure)$/, 'Paris'],
  [/^(?:country)$/, 'Italy'],
  [/^(?:title|subject|task|todo)$/, 'Plan the week'],
];
const ANY_TEXTS = ['hello', 'hi', 'h', 'hello world', 'hello world, how are you today?'];

function made(schema: ValueSchema, words: readonly string[]): readonly unknown[] {
  switch (schema.kind) {
    case 'number':
      return numbersFor(schema);
    case 'boolean':
      return [true];
    case 'email':
      return ['ann@example.com'];
    case 'url':
      return ['https://example.com'];
    case 'date':
      return ['2030-01-15'];
    case 'time':
      return ['10:00:00'];
    case 'datetime':
      return ['2030-01-15T10:00:00Z'];
    case 'id':
      return schema.numeric ? numbersFor(schema) : ['A1', 'A1234567', '123e4567-e89b-42d3-a456-426614174000'];
    case 'code':
      return ['ABC1', 'A1'];
    case 'colour':
      return ['blue'];
    case 'query':
    case 'text': {
      const text = TEXTS.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1];
      return [...(text === undefined ? [] : [text]), ...ANY_TEXTS];
    }
    case 'list':
      return listsFor(schema, words);
    case 'object':
      return objectsFor(schema);
    default:
      return [];
  }
}

function longText(length: number): string {
  return 'hello '.repeat(40).slice(0, length).replace(/ $/, 's');
}

function numbersFor({ minimum, maximum }: ValueSchema): readonly number[] {
  return [5, 3, 2, 1, 0, Math.ceil(minimum), Math.floor(maximum), minimum, (minimum + maximum) / 2];
}

function listsFor({ items, minItems }: ValueSchema, words: readonly string[]): readonly unknown[] {
  if (items === undefined) return [];
  const entries = [...new Set([...items.choices, ...made(items, words)])].filter((value) =>
    fits(value, items),
  );
  return entries.length === 0 ? [] : [entries.slice(0, Math.max(1, minItems))];
}

function objectsFor({ parameters }: ValueSchema): readonly unknown[] {
  const needed = parameters.filter(({ required }) => required);
  const fields = needed.map((parameter) => [parameter.name, samplesOf(parameter)[0]] as const);
  return fields.every(([, value]) => value !== undefined) ? [Object.fromEntries(fields)] : [];
}
