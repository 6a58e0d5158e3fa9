import type { JsonSchema } from '../../../protocol/tool.ts';
import { fieldOf, isRecord, resolved } from './field.ts';

/** Deepest value that is made up. A schema may refer to itself. */
const DEEPEST = 6;

/** What a form starts with: the schema's defaults, and nothing that nobody said. */
export function startingValue(schema: JsonSchema, root: JsonSchema = schema, depth = 0): unknown {
  const own = resolved(schema, root);
  if (Object.hasOwn(own, 'default')) return own.default;
  const field = fieldOf(own, root);
  if (field.kind !== 'object' || depth === DEEPEST) return undefined;
  const entries = field.properties
    .filter((property) => property.required || Object.hasOwn(resolved(property.schema, root), 'default'))
    .map((property) => [property.name, startingValue(property.schema, root, depth + 1)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

/** A value that fits the schema as far as one can guess, for a quick try. */
export function sampleValue(schema: JsonSchema, root: JsonSchema = schema, depth = 0, name = ''): unknown {
  const own = resolved(schema, root);
  if (Object.hasOwn(own, 'default')) return own.default;
  if (Array.isArray(own.examples) && own.examples.length > 0) return own.examples[0];
  const field = fieldOf(own, root);
  switch (field.kind) {
    case 'text':
      return sampleText(own, field.input, name);
    case 'number':
      return sampleNumber(own);
    case 'boolean':
      return true;
    case 'choice':
      return field.choices[0]?.value;
    case 'several':
      return field.choices.slice(0, 1).map((choice) => choice.value);
    case 'list':
      return depth < DEEPEST ? [sampleValue(field.items, root, depth + 1)] : [];
    case 'object':
      return Object.fromEntries(
        field.properties
          .filter((property) => property.required || depth < 2)
          .filter(() => depth < DEEPEST)
          .map((property) => [property.name, sampleValue(property.schema, root, depth + 1, property.name)]),
      );
    case 'json':
      return own.type === 'array' ? [] : {};
  }
}

/** The object with one property set, or taken out for `undefined`. Other properties keep their place. */
export function withProperty(value: unknown, name: string, next: unknown): Record<string, unknown> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  const index = entries.findIndex(([key]) => key === name);
  if (next === undefined) return Object.fromEntries(entries.filter(([key]) => key !== name));
  if (index === -1) return Object.fromEntries([...entries, [name, next]]);
  return Object.fromEntries(entries.map((entry, at) => (at === index ? [name, next] : entry)));
}

function sampleText(schema: JsonSchema, input: 'text' | 'email' | 'url' | 'date', name: string): string {
  // Schemas that browsers make from forms leave the format of an e-mail control out.
  if (input === 'email' || /^e-?mail/i.test(name)) return 'ada@example.com';
  if (input === 'url') return 'https://example.com/';
  if (input === 'date') return new Date().toISOString().slice(0, 10);
  const quoted =
    typeof schema.description === 'string' ? /["“]([^"”]{1,80})["”]/.exec(schema.description) : null;
  const sample = quoted?.[1] ?? 'sample';
  const shortest = typeof schema.minLength === 'number' ? schema.minLength : 0;
  const longest = typeof schema.maxLength === 'number' ? schema.maxLength : Number.POSITIVE_INFINITY;
  return sample.padEnd(Math.min(shortest, 1_000), '.').slice(0, longest);
}

function sampleNumber(schema: JsonSchema): number {
  const number = (key: string) => (typeof schema[key] === 'number' ? schema[key] : undefined);
  const step = number('multipleOf') ?? 1;
  const above = number('exclusiveMinimum');
  const lowest = number('minimum') ?? (above === undefined ? undefined : above + step);
  const highest = number('maximum');
  if (lowest !== undefined) return Math.ceil(lowest / step) * step;
  return highest !== undefined && highest < step ? Math.floor(highest / step) * step : step;
}
