import type { JsonSchema } from '../../../protocol/tool.ts';

export interface Choice {
  readonly value: unknown;
  readonly label: string;
}

export interface Property {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** What a person gets to fill in for a schema. `json` stands for everything that no simpler control can say. */
export type Field =
  | { readonly kind: 'text'; readonly input: 'text' | 'email' | 'url' | 'date'; readonly multiline: boolean }
  | { readonly kind: 'number'; readonly integer: boolean }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly choices: readonly Choice[] }
  | { readonly kind: 'several'; readonly choices: readonly Choice[] }
  | { readonly kind: 'list'; readonly items: JsonSchema }
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  | { readonly kind: 'json' };

/** More choices than this make a list, not a row of boxes. */
const MOST_BOXES = 12;

/** A longer text gets more than one line. */
const LINE_CHARS = 120;

export function fieldOf(given: JsonSchema, root: JsonSchema): Field {
  const schema = resolved(given, root);
  const choices = choicesOf(schema);
  if (choices !== undefined) return { kind: 'choice', choices };
  switch (typeOf(schema)) {
    case 'string':
      return {
        kind: 'text',
        input: textInput(schema.format),
        multiline: typeof schema.maxLength === 'number' && schema.maxLength > LINE_CHARS,
      };
    case 'number':
      return { kind: 'number', integer: false };
    case 'integer':
      return { kind: 'number', integer: true };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return listField(schema, root);
    case 'object':
      return isRecord(schema.properties)
        ? { kind: 'object', properties: propertiesOf(schema) }
        : { kind: 'json' };
    default:
      return { kind: 'json' };
  }
}

/** The properties of an object's schema, in the order in which the page wrote them. */
export function propertiesOf(schema: JsonSchema): readonly Property[] {
  const properties = schema.properties;
  if (!isRecord(properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: isRecord(property) ? property : {},
    required: required.includes(name),
  }));
}

/** Follows a `$ref` into the same document, as far as it leads. What cannot be followed is left as it is. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let current = schema;
  const seen = new Set<JsonSchema>();
  while (typeof current.$ref === 'string' && !seen.has(current)) {
    seen.add(current);
    const target = pointed(root, current.$ref);
    if (target === undefined) return current;
    const { $ref: _, ...beside } = current;
    current = { ...target, ...beside };
  }
  return current;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listField(schema: JsonSchema, root: JsonSchema): Field {
  if (!isRecord(schema.items)) return { kind: 'json' };
  const items = resolved(schema.items, root);
  const choices = choicesOf(items);
  if (choices !== undefined && choices.length <= MOST_BOXES && schema.uniqueItems !== false) {
    return { kind: 'several', choices };
  }
  return { kind: 'list', items };
}

function choicesOf(schema: JsonSchema): readonly Choice[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [choice(schema.const)];
  for (const key of ['oneOf', 'anyOf']) {
    const branches = schema[key];
    if (!Array.isArray(branches) || branches.length === 0) continue;
    if (!branches.every((branch) => isRecord(branch) && Object.hasOwn(branch, 'const'))) continue;
    return branches.map((branch) => ({
      value: branch.const,
      label: typeof branch.title === 'string' ? branch.title : choice(branch.const).label,
    }));
  }
  return Array.isArray(schema.enum) && schema.enum.length > 0 ? schema.enum.map(choice) : undefined;
}

function choice(value: unknown): Choice {
  return { value, label: typeof value === 'string' ? value : (JSON.stringify(value) ?? '') };
}

/** The one type that a control is drawn for; `null` beside another type is not worth one. */
function typeOf(schema: JsonSchema): string | undefined {
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((type) => type !== 'null');
  if (types.length === 1 && typeof types[0] === 'string') return types[0];
  return types.length === 0 && isRecord(schema.properties) ? 'object' : undefined;
}

function textInput(format: unknown): 'text' | 'email' | 'url' | 'date' {
  if (format === 'email' || format === 'date') return format;
  return format === 'url' || format === 'uri' ? 'url' : 'text';
}

function pointed(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let current: unknown = root;
  for (const step of ref.slice(2).split('/')) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isRecord(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return isRecord(current) ? current : undefined;
}
