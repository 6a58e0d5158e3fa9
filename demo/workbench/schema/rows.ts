import type { JsonSchema } from '../../../protocol/tool.ts';
import { isRecord, propertiesOf, resolved } from './field.ts';

export interface SchemaRow {
  /** `address.lines[]`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** `one of a, b`, `≥ 1`, `default 1` … */
  readonly rules: readonly string[];
  readonly description: string;
}

const DEEPEST = 8;

/** The schema as a table: one row for each property, nested ones under their path. */
export function schemaRows(schema: JsonSchema): readonly SchemaRow[] {
  return rowsBelow(resolved(schema, schema), schema, '', 0);
}

function rowsBelow(schema: JsonSchema, root: JsonSchema, path: string, depth: number): readonly SchemaRow[] {
  if (depth > DEEPEST) return [];
  return propertiesOf(schema).flatMap((property) => {
    const own = resolved(property.schema, root);
    const ownPath = path === '' ? property.name : `${path}.${property.name}`;
    const items = isRecord(own.items) ? resolved(own.items, root) : undefined;
    return [
      {
        path: ownPath,
        type: typeWords(own, items),
        required: property.required,
        rules: rulesOf(own),
        description: typeof own.description === 'string' ? own.description : '',
      },
      ...rowsBelow(own, root, ownPath, depth + 1),
      ...(items === undefined ? [] : rowsBelow(items, root, `${ownPath}[]`, depth + 1)),
    ];
  });
}

function typeWords(schema: JsonSchema, items: JsonSchema | undefined): string {
  const type = [schema.type ?? 'any'].flat().join(' or ');
  return items === undefined ? type : `${type} of ${[items.type ?? 'any'].flat().join(' or ')}`;
}

function rulesOf(schema: JsonSchema): readonly string[] {
  const said = (key: string, words: (value: string) => string) =>
    schema[key] === undefined
      ? []
      : [words(typeof schema[key] === 'string' ? schema[key] : JSON.stringify(schema[key]))];
  return [
    ...(Array.isArray(schema.enum) ? [`one of ${schema.enum.map((value) => String(value)).join(', ')}`] : []),
    ...said('const', (value) => `always ${value}`),
    ...said('format', (value) => value),
    ...said('pattern', (value) => `matches ${value}`),
    ...said('minimum', (value) => `≥ ${value}`),
    ...said('exclusiveMinimum', (value) => `> ${value}`),
    ...said('maximum', (value) => `≤ ${value}`),
    ...said('exclusiveMaximum', (value) => `< ${value}`),
    ...said('multipleOf', (value) => `multiple of ${value}`),
    ...said('minLength', (value) => `${value} characters or more`),
    ...said('maxLength', (value) => `${value} characters or fewer`),
    ...said('minItems', (value) => `${value} entries or more`),
    ...said('maxItems', (value) => `${value} entries or fewer`),
    ...said('default', (value) => `default ${value}`),
  ];
}
