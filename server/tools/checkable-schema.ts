import { MAX_TOOL_SCHEMA_DEPTH } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { isRecord } from '../is-record.ts';

export type CheckableSchema =
  | { readonly schema: Readonly<Record<string, unknown>> }
  /** Why nothing can be checked against it, as a sentence. */
  | { readonly problem: string };

/**
 * Most schema nodes after references are written out. A handful of definitions that refer to each other twice
 * doubles with each level; honest schemas of tools stay in the hundreds.
 */
const MAX_NODES = 4_000;

/**
 * Rewrites a stranger's schema into one that is cheap and harmless to validate against: references are written out
 * (none is ever fetched; one that leads back to itself accepts anything), and what runs a regular expression of the
 * stranger's or compares each with each is left out. Where a part became laxer, what would turn it around (`not`,
 * `if`, `oneOf`) becomes laxer too: the page checks again, and a right call must not be refused here.
 */
export function checkableSchema(schema: JsonSchema): CheckableSchema {
  const work: Work = { root: schema, nodes: 0, references: [] };
  try {
    const { result } = rewrite(schema, 0, work);
    return { schema: typeof result === 'boolean' ? {} : result };
  } catch (error) {
    if (error instanceof UnusableSchema) return { problem: error.message };
    throw error;
  }
}

class UnusableSchema extends Error {}

interface Work {
  readonly root: JsonSchema;
  nodes: number;
  /** Being written out right now, outermost first. */
  readonly references: readonly string[];
}

type Schema = Record<string, unknown> | boolean;

interface Rewritten {
  readonly result: Schema;
  /** Nothing was left out: it accepts what the original accepts and nothing more. */
  readonly exact: boolean;
}

type Kind = (value: unknown) => boolean;
const isNumber: Kind = (value) => typeof value === 'number';
const isText: Kind = (value) => typeof value === 'string';
const isTexts: Kind = (value) => Array.isArray(value) && value.every(isText);
const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const isType: Kind = (value) =>
  Array.isArray(value) ? value.every((one) => TYPES.includes(one)) : TYPES.includes(value as string);

/** Keywords that hold no schema, each with what it must be. */
const VALUES: Readonly<Record<string, Kind>> = {
  type: isType,
  enum: Array.isArray,
  const: () => true,
  required: isTexts,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: isNumber,
  minLength: isNumber,
  maxLength: isNumber,
  minItems: isNumber,
  maxItems: isNumber,
  minProperties: isNumber,
  maxProperties: isNumber,
  minContains: isNumber,
};

/** Formats whose check takes time in proportion to the text. The library's `url` takes exponential time. */
const FORMATS = ['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];

/** Words about the value that decide nothing. */
const REMARKS = [
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentMediaType',
  'contentEncoding',
];

function rewrite(schema: unknown, depth: number, work: Work): Rewritten {
  if (typeof schema === 'boolean') return { result: schema, exact: true };
  if (!isRecord(schema)) throw new UnusableSchema('a part of it is not a schema.');
  if (depth > 2 * MAX_TOOL_SCHEMA_DEPTH) throw new UnusableSchema('it is nested too deep.');
  work.nodes += 1;
  if (work.nodes > MAX_NODES) throw new UnusableSchema('its references multiply without end.');
  const rewriting = new Rewriting(depth, work);
  for (const [key, value] of Object.entries(schema)) rewriting.take(key, value, schema);
  return rewriting.finish();
}

/** One schema object on its way from the stranger's form to ours. */
class Rewriting {
  private readonly depth: number;
  private readonly work: Work;
  private readonly kept: Record<string, unknown> = {};
  private readonly conjuncts: Schema[] = [];
  private exact = true;

  constructor(depth: number, work: Work) {
    this.depth = depth;
    this.work = work;
  }

  take(key: string, value: unknown, whole: JsonSchema): void {
    const isRightKind = Object.hasOwn(VALUES, key) ? VALUES[key] : undefined;
    if (isRightKind !== undefined) this.takeValue(key, value, isRightKind);
    else if (key === 'format') this.takeFormat(value);
    else if (key === '$ref') this.conjuncts.push(this.reference(value));
    else if (key === 'allOf') this.conjuncts.push(...this.list(key, value));
    else if (key === 'anyOf') this.kept.anyOf = this.list(key, value);
    else if (key === 'oneOf') this.takeOneOf(value);
    else if (key === 'not') this.takeNot(value);
    else if (key === 'if') this.takeIf(value, whole);
    else if (key === 'properties') this.kept.properties = this.map(key, value);
    else if (key === 'dependentSchemas') this.kept.dependentSchemas = this.map(key, value);
    else if (key === 'prefixItems') this.kept.prefixItems = this.list(key, value);
    else if (key === 'items')
      this.kept.items = Array.isArray(value) ? this.list(key, value) : this.one(value);
    else if (['additionalItems', 'contains', 'propertyNames'].includes(key)) this.kept[key] = this.one(value);
    else if (key === 'additionalProperties') this.takeAdditional(value, whole);
    else if (key !== 'then' && key !== 'else' && !REMARKS.includes(key)) this.exact = false;
  }

  finish(): Rewritten {
    if (this.conjuncts.length > 0) this.kept.allOf = this.conjuncts;
    return { result: this.kept, exact: this.exact };
  }

  private takeValue(key: string, value: unknown, isRightKind: Kind): void {
    if (isRightKind(value)) this.kept[key] = value;
    // Draft 4 wrote `exclusiveMinimum: true` beside the number.
    else if (typeof value === 'boolean' && key.startsWith('exclusive')) this.exact = false;
    else throw new UnusableSchema(`\`${key}\` is ${JSON.stringify(value)?.slice(0, 80)}.`);
  }

  private takeFormat(value: unknown): void {
    if (FORMATS.includes(value as string)) this.kept.format = value;
    else this.exact = false;
  }

  private takeOneOf(value: unknown): void {
    const { results, exact } = this.each('oneOf', value);
    this.kept[exact ? 'oneOf' : 'anyOf'] = results;
    if (!exact) this.exact = false;
  }

  private takeNot(value: unknown): void {
    const { result, exact } = this.descend(value);
    if (exact) this.kept.not = result;
    else this.exact = false;
  }

  private takeIf(value: unknown, whole: JsonSchema): void {
    const condition = this.descend(value);
    if (!condition.exact) {
      this.exact = false;
      return;
    }
    this.kept.if = condition.result;
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema, in an object that is never awaited.
    if (whole.then !== undefined) this.kept.then = this.one(whole.then);
    if (whole.else !== undefined) this.kept.else = this.one(whole.else);
  }

  /** What `patternProperties` would have allowed must not be refused as undeclared. */
  private takeAdditional(value: unknown, whole: JsonSchema): void {
    if (whole.patternProperties === undefined) this.kept.additionalProperties = this.one(value);
  }

  private reference(value: unknown): Schema {
    if (typeof value !== 'string' || !/^#($|\/)/.test(value)) {
      throw new UnusableSchema('it refers to another document, and none is fetched.');
    }
    if (this.work.references.includes(value)) {
      this.exact = false;
      return true;
    }
    const inner: Work = { ...this.work, references: [...this.work.references, value] };
    const { result, exact } = rewrite(target(this.work.root, value), this.depth + 1, inner);
    this.work.nodes = inner.nodes;
    if (!exact) this.exact = false;
    return result;
  }

  private one(value: unknown): Schema {
    const { result, exact } = this.descend(value);
    if (!exact) this.exact = false;
    return result;
  }

  private list(key: string, value: unknown): Schema[] {
    const { results, exact } = this.each(key, value);
    if (!exact) this.exact = false;
    return results;
  }

  private map(key: string, value: unknown): Record<string, Schema> {
    if (!isRecord(value)) throw new UnusableSchema(`\`${key}\` is not an object.`);
    // fromEntries defines own properties, so a parameter called `__proto__` stays a parameter.
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.one(part)]));
  }

  private each(key: string, value: unknown): { results: Schema[]; exact: boolean } {
    if (!Array.isArray(value)) throw new UnusableSchema(`\`${key}\` is not a list.`);
    const parts = value.map((part) => this.descend(part));
    return { results: parts.map(({ result }) => result), exact: parts.every(({ exact }) => exact) };
  }

  private descend(value: unknown): Rewritten {
    return rewrite(value, this.depth + 1, this.work);
  }
}

/** What a JSON pointer within the document leads to. */
function target(root: JsonSchema, reference: string): unknown {
  let place: unknown = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeStep(step);
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) {
      throw new UnusableSchema(`\`${reference.slice(0, 80)}\` leads nowhere.`);
    }
    place = (place as Record<string, unknown>)[key];
  }
  return place;
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    throw new UnusableSchema(`\`${step.slice(0, 80)}\` is no part of a pointer.`);
  }
}
