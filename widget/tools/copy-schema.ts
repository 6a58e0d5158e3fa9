import { MAX_TOOL_SCHEMA_BYTES, MAX_TOOL_SCHEMA_DEPTH } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { plainText } from './plain-text.ts';
import { Unfit } from './unfit.ts';

/**
 * A plain copy of a tool's schema without characters that nobody sees. Throws `Unfit` for one that is too large, too
 * deep or no schema of an object: cut to size it would lie about what the tool takes.
 */
export function copySchema(schema: unknown): JsonSchema | undefined {
  if (schema === undefined || schema === null || schema === '') return undefined;
  const json = toJson(schema);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > MAX_TOOL_SCHEMA_BYTES) {
    throw new Unfit(
      'schema_too_large',
      `Its schema has ${bytes} bytes; at most ${MAX_TOOL_SCHEMA_BYTES} are offered.`,
    );
  }
  const copy = { type: 'object', ...(clean(JSON.parse(json), 1) as JsonSchema) };
  if (!json.startsWith('{') || copy.type !== 'object') {
    throw new Unfit('invalid_schema', 'Its schema must be an object with `"type": "object"`.');
  }
  return copy;
}

/** Older implementations list the schema as JSON already. */
function toJson(schema: unknown): string {
  try {
    return JSON.stringify(typeof schema === 'string' ? JSON.parse(schema) : schema) ?? '';
  } catch (error) {
    throw error instanceof RangeError
      ? tooDeep()
      : new Unfit('invalid_schema', 'Its schema cannot be written as JSON.');
  }
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_TOOL_SCHEMA_DEPTH) throw tooDeep();
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const copy = clean(part, depth + 1);
      // What the tool compares with must reach it letter by letter, so it cannot be cleaned, only refused.
      const isExact = key === 'enum' || key === 'const';
      if (plainText(key) !== key || (isExact && JSON.stringify(copy) !== JSON.stringify(part))) {
        throw new Unfit(
          'invalid_schema',
          'Its schema has invisible characters in the name or value of a property.',
        );
      }
      return [key, copy];
    }),
  );
}

function tooDeep(): Unfit {
  return new Unfit('schema_too_deep', `Its schema is nested more than ${MAX_TOOL_SCHEMA_DEPTH} levels deep.`);
}
