import type { RefusalReason } from '../../protocol/event.ts';
import { MAX_TOOL_SCHEMA_BYTES, MAX_TOOL_SCHEMA_DEPTH } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';

export type ReviewedSchema =
  | { readonly ok: true; readonly schema: JsonSchema; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reason: RefusalReason; readonly message: string };

/**
 * Makes a schema that a stranger wrote safe to validate against and legal for model providers, or refuses it.
 * Regular expressions become words: the model still reads them, and nothing here ever runs them.
 */
export function reviewSchema(submitted: JsonSchema | undefined): ReviewedSchema {
  if (submitted === undefined) {
    return { ok: true, schema: { type: 'object', properties: {} }, notes: [] };
  }
  const tooBig = overSize(submitted);
  if (tooBig !== undefined) return { ok: false, reason: 'schema_too_large', message: tooBig };
  const broken = defect(submitted);
  if (broken !== undefined) return { ok: false, reason: 'invalid_schema', message: broken };
  const notes = new Set<string>();
  const schema = withoutPatterns(submitted, notes);
  if (submitted.type === undefined) notes.add('`type: "object"` was added to its schema.');
  return { ok: true, schema: { ...schema, type: 'object' }, notes: [...notes] };
}

function overSize(schema: JsonSchema): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_TOOL_SCHEMA_BYTES) {
    return `Its schema has ${bytes} bytes; the limit is ${MAX_TOOL_SCHEMA_BYTES}. Shorten descriptions and enums, or split the tool.`;
  }
  if (depthOf(schema) > MAX_TOOL_SCHEMA_DEPTH) {
    return `Its schema is nested more than ${MAX_TOOL_SCHEMA_DEPTH} levels deep. Flatten its parameters.`;
  }
  return undefined;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function defect(schema: JsonSchema): string | undefined {
  const type = schema.type;
  if (type !== undefined && type !== 'object') {
    return `Its schema has \`type: ${JSON.stringify(type)}\`; the parameters of a tool are always an object. Wrap them: \`{ "type": "object", "properties": … }\`.`;
  }
  const properties = schema.properties;
  if (properties !== undefined && !isObject(properties)) {
    return 'The `properties` of its schema are not an object. Give each parameter a name and a schema.';
  }
  const remote = remoteReference(schema);
  if (remote) {
    return 'Its schema refers to another document with `$ref`, and none is ever fetched. Put the definition under `$defs` and refer to `#/$defs/…`.';
  }
  return undefined;
}

function remoteReference(schema: JsonSchema): boolean {
  const own = ['$ref', '$dynamicRef', '$recursiveRef'].some((key) => {
    const target = schema[key];
    return target !== undefined && !(typeof target === 'string' && target.startsWith('#'));
  });
  return own || subschemas(schema).some(remoteReference);
}

/** Keywords by what they hold. Everything else is data, and a property may well be called `pattern`. */
const HOLDS_SCHEMA = [
  'items',
  'additionalItems',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contains',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
];
const HOLDS_LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const HOLDS_MAP = ['properties', '$defs', 'definitions', 'dependentSchemas', 'patternProperties'];

function subschemas(schema: JsonSchema): JsonSchema[] {
  const found = [
    ...HOLDS_SCHEMA.map((key) => schema[key]),
    ...HOLDS_LIST.flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : [])),
    ...HOLDS_MAP.flatMap((key) => (isObject(schema[key]) ? Object.values(schema[key]) : [])),
  ];
  return found.filter(isObject);
}

function withoutPatterns(schema: JsonSchema, notes: Set<string>): JsonSchema {
  const { pattern, patternProperties, ...rest } = schema;
  const clean: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, withoutPatternsIn(key, value, notes)]),
  );
  if (patternProperties !== undefined) {
    notes.add('`patternProperties` was left out of its schema.');
  }
  if (pattern !== undefined) {
    notes.add('`pattern` was turned into words in its schema.');
    const said = typeof rest.description === 'string' ? `${rest.description} ` : '';
    clean.description = `${said}(must match the regular expression ${String(pattern)})`;
  }
  return clean;
}

function withoutPatternsIn(key: string, value: unknown, notes: Set<string>): unknown {
  if (HOLDS_LIST.includes(key) && Array.isArray(value)) {
    return value.map((entry) => (isObject(entry) ? withoutPatterns(entry, notes) : entry));
  }
  if (!isObject(value)) return value;
  if (HOLDS_SCHEMA.includes(key)) return withoutPatterns(value, notes);
  if (!HOLDS_MAP.includes(key)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      isObject(entry) ? withoutPatterns(entry, notes) : entry,
    ]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
