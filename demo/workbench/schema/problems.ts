import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import type { JsonSchema } from '../../../protocol/tool.ts';
import { isRecord, resolved } from './field.ts';

/** Messages by JSON pointer of the value they are about; the root's pointer is the empty string. */
export type Problems = ReadonlyMap<string, string>;

export function pointerTo(parent: string, key: string | number): string {
  return `${parent}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Everything in `value` that the schema does not allow, in words that can stand beside a field. */
export function problemsOf(value: unknown, schema: JsonSchema): Problems {
  const problems = new Map<string, string>();
  let errors: readonly OutputUnit[];
  try {
    // JSON has no `undefined`; a form that is still empty is an empty object to the tool.
    errors = new Validator(schema as Schema, '2020-12', false).validate(
      value === undefined ? {} : value,
    ).errors;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new Map([['', `This schema cannot be checked: ${message}`]]);
  }
  for (const error of errors) {
    const at = decodeURIComponent(error.instanceLocation.slice(1));
    const keywords = schemaAt(schema, error.keywordLocation);
    if (error.keyword === 'required') {
      const name = /"(.*)"\.$/.exec(error.error)?.[1];
      if (name !== undefined) set(problems, pointerTo(at, name), 'This is required.');
      continue;
    }
    const words = wordsFor(error, keywords);
    if (words !== undefined) set(problems, at, words);
  }
  return problems;
}

function set(problems: Map<string, string>, pointer: string, message: string): void {
  if (!problems.has(pointer)) problems.set(pointer, message);
}

/** `undefined` for units that only say that something below them is wrong, because that is said there. */
function wordsFor(error: OutputUnit, schema: JsonSchema): string | undefined {
  const limit = String(schema[error.keyword]);
  switch (error.keyword) {
    case 'properties':
    case 'items':
    case 'prefixItems':
    case 'allOf':
    case '$ref':
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return undefined;
    case 'type':
      return TYPE_WORDS[String(schema.type)] ?? `Must be ${listed(schema.type)}.`;
    case 'enum':
      return `Must be one of ${listed(schema.enum)}.`;
    case 'const':
      return `Must be ${JSON.stringify(schema.const)}.`;
    case 'minimum':
      return `Must be ${limit} or more.`;
    case 'maximum':
      return `Must be ${limit} or less.`;
    case 'exclusiveMinimum':
      return `Must be more than ${limit}.`;
    case 'exclusiveMaximum':
      return `Must be less than ${limit}.`;
    case 'multipleOf':
      return `Must be a multiple of ${limit}.`;
    case 'minLength':
      return schema.minLength === 1 ? 'Must not be empty.' : `Must have ${limit} characters or more.`;
    case 'maxLength':
      return `Must have ${limit} characters or fewer.`;
    case 'minItems':
      return `Needs ${limit} or more entries.`;
    case 'maxItems':
      return `May have ${limit} entries at most.`;
    case 'uniqueItems':
      return 'Has the same entry twice.';
    case 'pattern':
      return `Must match the pattern ${limit}.`;
    case 'format':
      return FORMAT_WORDS[limit] ?? `Must have the format "${limit}".`;
    case 'false':
      return 'The schema does not know this property.';
    case 'anyOf':
    case 'oneOf':
      return 'Fits none of the forms that the schema allows.';
    default:
      return error.error;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'Must be text.',
  number: 'Must be a number.',
  integer: 'Must be a whole number.',
  boolean: 'Must be true or false.',
  array: 'Must be a list.',
  object: 'Must be an object.',
  null: 'Must be null.',
};

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  email: 'Must be an e-mail address, such as ada@example.com.',
  date: 'Must be a date, such as 2026-11-20.',
  'date-time': 'Must be a moment, such as 2026-11-20T09:30:00Z.',
  time: 'Must be a time, such as 09:30:00Z.',
  url: 'Must be an address, such as https://example.com/.',
  uri: 'Must be an address, such as https://example.com/.',
};

function listed(value: unknown): string {
  return Array.isArray(value) ? value.map((entry) => JSON.stringify(entry)).join(', ') : String(value);
}

/** The schema object that a keyword stands in. Empty where the path leads out of this document. */
function schemaAt(root: JsonSchema, keywordLocation: string): JsonSchema {
  let current: unknown = root;
  for (const step of decodeURIComponent(keywordLocation).replace(/^#\/?/, '').split('/').slice(0, -1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (key === '$ref' && isRecord(current)) current = resolved(current, root);
    else if (Array.isArray(current)) current = current[Number(key)];
    else if (isRecord(current) && Object.hasOwn(current, key)) current = current[key];
    else return {};
  }
  return isRecord(current) ? current : {};
}
