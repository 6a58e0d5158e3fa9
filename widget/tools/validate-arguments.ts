import { type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import type { JsonSchema } from '../../protocol/tool.ts';

/** Most problems that are named; the first ones tell what is wrong. */
const MAX_PROBLEMS = 3;

/** More references than a form needs. They can multiply into more checks than a page has time for. */
const MAX_REFERENCES = 32;

/** Most values of the schema times values of the arguments. The page stands still while they are checked. */
const MAX_CHECKS = 100_000;

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** Keywords whose value maps names to schemas. */
const SCHEMAS_BY_NAME = ['properties', '$defs', 'definitions', 'dependentSchemas'];

/** Keywords whose value is data and no schema. */
const DATA = ['enum', 'const', 'default', 'examples'];

/**
 * What is wrong with the arguments, as a sentence for the model, or `undefined`. A schema that cannot be used finds
 * nothing wrong: the tool itself is the judge then.
 */
export function argumentProblem(input: object, schema: JsonSchema): string | undefined {
  try {
    const checkable = withoutPatterns(schema) as Schema;
    const json = JSON.stringify(checkable);
    if (json.split('"$ref":').length > MAX_REFERENCES) return undefined;
    if (json.split(',').length * JSON.stringify(input).split(',').length > MAX_CHECKS) return undefined;
    const { valid, errors } = new Validator(checkable, draftOf(schema), false).validate(input);
    if (valid) return undefined;
    const problems = errors
      .filter(({ keyword }) => !['properties', 'items', 'prefixItems', '$ref'].includes(keyword))
      .slice(0, MAX_PROBLEMS)
      .map(({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'input'}: ${error}`);
    return problems.join(' ') || 'They do not fit the schema.';
  } catch {
    return undefined;
  }
}

/** Regular expressions of a stranger can take for ever, and `pattern` is one. What depends on them goes with them. */
function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (typeof schema !== 'object' || schema === null) return schema;
  const open = 'patternProperties' in schema ? ['additionalProperties', 'unevaluatedProperties'] : [];
  const gone = ['pattern', 'patternProperties', ...open];
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !gone.includes(key) && !(key === 'type' && isNoType(value)))
      // The library's check of this one takes exponential time.
      .filter(([key, value]) => key !== 'format' || value !== 'url')
      .map(([key, value]) => {
        if (DATA.includes(key)) return [key, value];
        return [
          key,
          SCHEMAS_BY_NAME.includes(key) ? mapValues(value, withoutPatterns) : withoutPatterns(value),
        ];
      }),
  );
}

/** A type that there is not would refuse every value. */
function isNoType(value: unknown): boolean {
  return ![value].flat().every((type) => TYPES.includes(String(type)));
}

function mapValues(value: unknown, change: (part: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}

function draftOf({ $schema }: JsonSchema): SchemaDraft {
  const named = typeof $schema === 'string' ? /draft-0?[3-7]|2019-09/.exec($schema)?.[0] : undefined;
  if (named === '2019-09') return '2019-09';
  if (named === undefined) return '2020-12';
  return named.endsWith('7') ? '7' : '4';
}
