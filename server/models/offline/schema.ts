import type { JsonSchema } from '../../../protocol/tool.ts';

/** What kind of thing an argument is, which decides where in a sentence it is looked for. */
type ValueKind =
  | 'enum'
  | 'boolean'
  | 'number'
  | 'email'
  | 'url'
  | 'date'
  | 'time'
  | 'datetime'
  | 'id'
  | 'code'
  | 'colour'
  | 'query'
  | 'text'
  | 'list'
  | 'object'
  | 'unknown';

/** The part of a JSON schema that the offline model reads. */
export interface ValueSchema {
  readonly kind: ValueKind;
  readonly numeric: boolean;
  readonly integer: boolean;
  readonly choices: readonly (string | number | boolean)[];
  readonly minimum: number;
  readonly maximum: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly minItems: number;
  readonly maxItems: number;
  readonly fallback: { readonly value: unknown } | undefined;
  readonly examples: readonly unknown[];
  /** Of a list. */
  readonly items: ValueSchema | undefined;
  /** Of an object. */
  readonly parameters: readonly Parameter[];
}

export interface Parameter {
  readonly name: string;
  /** The name's words, lower case: `productId` gives `product`, `id`. */
  readonly words: readonly string[];
  readonly required: boolean;
  readonly schema: ValueSchema;
}

/** Deepest object that is filled from a sentence. */
const MAX_DEPTH = 3;
const MAX_PARAMETERS = 60;
const MAX_CHOICES = 1_000;

/** Names that mean something else to every JavaScript object. Never filled. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Splits a name into its words at case, underscore, dash, dot, slash and colon. */
export function nameWords(name: string): readonly string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * The parameters of an object schema, required ones first. `undefined` when it requires something that cannot be
 * filled from words.
 */
export function readParameters(
  schema: JsonSchema,
  root: JsonSchema = schema,
  depth = 0,
): readonly Parameter[] | undefined {
  const properties = asObject(schema.properties);
  const required = new Set(
    Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === 'string') : [],
  );
  const parameters = Object.entries(properties ?? {})
    .filter(([name]) => !FORBIDDEN_NAMES.has(name))
    .map(([name, value]) => parameterOf(name, value, required.has(name), root, depth));
  parameters.sort((a, b) => Number(b.required) - Number(a.required));
  const known = new Set(parameters.slice(0, MAX_PARAMETERS).map(({ name }) => name));
  const fillable = [...required].every((name) => known.has(name));
  return fillable ? parameters.slice(0, MAX_PARAMETERS) : undefined;
}

function parameterOf(
  name: string,
  value: unknown,
  required: boolean,
  root: JsonSchema,
  depth: number,
): Parameter {
  const words = nameWords(name);
  return { name, words, required, schema: readValue(asObject(value) ?? {}, words, root, depth) };
}

function readValue(
  given: JsonSchema,
  words: readonly string[],
  root: JsonSchema,
  depth: number,
): ValueSchema {
  const schema = resolve(given, root);
  const type = typeOf(schema);
  const choices = choicesOf(schema);
  const nested = type === 'object' && depth < MAX_DEPTH ? readParameters(schema, root, depth + 1) : undefined;
  return {
    kind:
      choices.length > 0
        ? 'enum'
        : type === 'object' && nested === undefined
          ? 'unknown'
          : kindOf(type, schema, words),
    numeric: type === 'integer' || type === 'number',
    integer: type === 'integer',
    choices,
    minimum: exclusive(schema, 'minimum', 'exclusiveMinimum', -Infinity, type === 'integer' ? 1 : 1e-9),
    maximum: exclusive(schema, 'maximum', 'exclusiveMaximum', Infinity, type === 'integer' ? -1 : -1e-9),
    minLength: numberOf(schema.minLength, 0),
    maxLength: numberOf(schema.maxLength, Infinity),
    minItems: numberOf(schema.minItems, 0),
    maxItems: numberOf(schema.maxItems, Infinity),
    fallback: Object.hasOwn(schema, 'default') ? { value: schema.default } : undefined,
    examples: Array.isArray(schema.examples) ? schema.examples.slice(0, 5) : [],
    items:
      type === 'array' && depth < MAX_DEPTH
        ? readValue(asObject(schema.items) ?? { type: 'string' }, words.map(singularWord), root, depth + 1)
        : undefined,
    parameters: nested ?? [],
  };
}

/** Follows local references and takes the first alternative that is not null. */
function resolve(given: JsonSchema, root: JsonSchema): JsonSchema {
  let schema = given;
  for (let hops = 0; hops < 8; hops += 1) {
    const target = typeof schema.$ref === 'string' ? pointed(root, schema.$ref) : firstAlternative(schema);
    if (target === undefined) return schema;
    const { $ref: _ref, anyOf: _anyOf, oneOf: _oneOf, allOf: _allOf, ...own } = schema;
    schema = { ...own, ...target };
  }
  return {};
}

function firstAlternative(schema: JsonSchema): JsonSchema | undefined {
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const list = schema[keyword];
    if (!Array.isArray(list) || list.length === 0) continue;
    const options = list.map(asObject).filter((option) => option !== undefined && option.type !== 'null');
    const constants = options.flatMap((option) =>
      option !== undefined && 'const' in option ? [option.const] : [],
    );
    if (constants.length > 0 && constants.length === options.length) return { enum: constants };
    const first = options[0];
    if (first !== undefined) return first;
  }
  return undefined;
}

function pointed(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let at: JsonSchema | undefined = root;
  for (const key of reference.slice(2, 500).split('/')) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    at = at !== undefined && Object.hasOwn(at, name) ? asObject(at[name]) : undefined;
  }
  return at;
}

function typeOf(schema: JsonSchema): string {
  const type = schema.type;
  if (typeof type === 'string') return type;
  if (Array.isArray(type))
    return type.find((entry): entry is string => typeof entry === 'string' && entry !== 'null') ?? 'string';
  if (schema.properties !== undefined) return 'object';
  if (schema.items !== undefined) return 'array';
  return 'string';
}

function choicesOf(schema: JsonSchema): readonly (string | number | boolean)[] {
  const listed = 'const' in schema ? [schema.const] : schema.enum;
  if (!Array.isArray(listed)) return [];
  return listed
    .slice(0, MAX_CHOICES)
    .filter((choice): choice is string | number | boolean =>
      ['string', 'number', 'boolean'].includes(typeof choice),
    );
}

const FORMATS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ['email', 'email'],
  ['idn-email', 'email'],
  ['uri', 'url'],
  ['url', 'url'],
  ['iri', 'url'],
  ['date', 'date'],
  ['time', 'time'],
  ['date-time', 'datetime'],
  ['uuid', 'id'],
]);

const KINDS_BY_WORD: readonly (readonly [ValueKind, RegExp])[] = [
  ['email', /^e?mail$/],
  ['url', /^(?:url|link|website|href)$/],
  ['id', /^(?:id|ids|sku|uuid|guid|asin|isbn)$/],
  ['code', /^(?:code|coupon|voucher|promo|postcode|zip|zipcode|postal)$/],
  ['datetime', /^(?:datetime|timestamp)$/],
  ['time', /^(?:time|hour)$/],
  ['date', /^(?:date|day|deadline|due|when|checkin|checkout|birthday|until|start|starts|end|ends|begin)$/],
  ['colour', /^colou?r$/],
  ['query', /^(?:query|q|search|term|terms|keyword|keywords|filter)$/],
];

function kindOf(type: string, schema: JsonSchema, words: readonly string[]): ValueKind {
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return 'list';
  if (type === 'object') return 'object';
  const named = [...words]
    .reverse()
    .flatMap((word) => KINDS_BY_WORD.find(([, pattern]) => pattern.test(word)) ?? [])[0];
  if (type === 'integer' || type === 'number') return named === 'id' ? 'id' : 'number';
  if (type !== 'string') return 'unknown';
  const format = typeof schema.format === 'string' ? FORMATS.get(schema.format) : undefined;
  return format ?? (named as ValueKind | undefined) ?? 'text';
}

function exclusive(
  schema: JsonSchema,
  keyword: string,
  strict: string,
  otherwise: number,
  step: number,
): number {
  const bound = schema[strict];
  return typeof bound === 'number' ? bound + step : numberOf(schema[keyword], otherwise);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function asObject(value: unknown): JsonSchema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonSchema)
    : undefined;
}

function singularWord(word: string): string {
  return word.length > 3 && word.endsWith('s') ? word.slice(0, -1) : word;
}

/** Whether a value keeps what the schema says of types, choices, ranges and lengths. Patterns are left to the validator: they come from the page and may be made to hang. */
export function fits(value: unknown, schema: ValueSchema): boolean {
  switch (schema.kind) {
    case 'enum':
      return schema.choices.includes(value as string);
    case 'boolean':
      return typeof value === 'boolean';
    case 'number':
      return isNumberWithin(value, schema);
    case 'list':
      return Array.isArray(value) && value.length >= schema.minItems && value.length <= schema.maxItems;
    case 'object':
      return typeof value === 'object' && value !== null;
    case 'unknown':
      return false;
    default:
      if (schema.numeric) return isNumberWithin(value, schema);
      return typeof value === 'string' && isWithin(schema, [...value].length);
  }
}

function isNumberWithin(value: unknown, schema: ValueSchema): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return value >= schema.minimum && value <= schema.maximum && (!schema.integer || Number.isInteger(value));
}

/** JSON Schema counts characters, of which some are two units of a JavaScript string. */
function isWithin(
  { minLength, maxLength }: { minLength: number; maxLength: number },
  length: number,
): boolean {
  return length >= minLength && length <= maxLength;
}
