import { Validator } from '@cfworker/json-schema';
import { MAX_JSON_DEPTH } from '../../protocol/limits.ts';
import { isRecord } from '../is-record.ts';
import type { OfferedTool } from '../store/store.ts';
import { cut } from '../text.ts';
import { checkableSchema } from './checkable-schema.ts';

/** Largest arguments of one call, in characters of JSON. Forms that a person reads before allowing them are far below. */
const MAX_TOOL_INPUT_CHARS = 64_000;

/**
 * Most work of one check: values of the schema, its references written out, times values of the arguments. Both come
 * from strangers, and 64 000 characters of zeros against a hundred alternatives would keep the process for minutes.
 * A table of three hundred rows and six columns is within it.
 */
const MAX_CHECKS = 100_000;

/** Characters of a text that take about as long to check as another value. */
const CHARS_OF_A_VALUE = 500;

/** Problems that are looked at. A list may break one rule once for each of its items; the first few tell. */
const MAX_PROBLEMS = 1_000;

export type ToolInput =
  | { readonly ok: true; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/**
 * Checks the arguments that a model wrote before the call leaves the server. Undeclared properties are left where
 * they are: the schema alone says whether they are allowed, and the page reads what it knows.
 * `problem` is written for the model, to let it call again.
 */
export function checkInput(tool: Pick<OfferedTool, 'parametersSchema'>, input: unknown): ToolInput {
  const parameters = input === undefined || input === null || input === '' ? {} : input;
  if (typeof parameters === 'string') {
    return refuse(`The arguments are not valid JSON: ${cut(parameters, 200, '…')}`);
  }
  if (!isRecord(parameters)) return refuse('The arguments must be one JSON object.');
  if (isDeeperThan(parameters, MAX_JSON_DEPTH)) {
    return refuse(`The arguments are nested more than ${MAX_JSON_DEPTH} levels deep.`);
  }
  const name = dangerousName(parameters);
  if (name !== undefined) {
    return refuse(`The arguments use the name \`${name}\`, which no call may use. Leave it out.`);
  }
  if (JSON.stringify(parameters).length > MAX_TOOL_INPUT_CHARS) {
    return refuse(`The arguments are longer than ${MAX_TOOL_INPUT_CHARS} characters. Send less.`);
  }
  const schema = checkableSchema(tool.parametersSchema);
  if ('problem' in schema) {
    return refuse(`The tool's own schema cannot be used: ${schema.problem} Do not call this tool again.`);
  }
  const checks = sizeOf(parameters, MAX_CHECKS) * sizeOf(schema.schema, MAX_CHECKS);
  if (checks > MAX_CHECKS) {
    return refuse(
      'The arguments hold too many values to be checked against the schema of the tool. Send fewer.',
    );
  }
  const problems = validate(schema.schema, parameters);
  if (problems.length === 0) return { ok: true, parameters };
  return refuse(`The arguments do not fit the tool's schema. ${problems.join(' ')}`);
}

function refuse(problem: string): ToolInput {
  return { ok: false, problem };
}

function validate(schema: Readonly<Record<string, unknown>>, parameters: unknown): readonly string[] {
  // Without short circuit: a model mends all its mistakes at once when it hears of all.
  const { errors } = new Validator(schema, '2019-09', false).validate(parameters);
  const first = errors.slice(0, MAX_PROBLEMS);
  // Of a chain of errors only the innermost names the field; the ones above it say that something below is wrong.
  const above = new Set(first.flatMap(({ keywordLocation }) => ancestorsOf(keywordLocation)));
  const innermost = first.filter(({ keywordLocation }) => !above.has(keywordLocation));
  const sentences = innermost.map(
    ({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'arguments'}: ${error}`,
  );
  return [...new Set(sentences)].slice(0, 5).map((sentence) => cut(sentence, 300, '…'));
}

/** The places that a JSON pointer lies in, without its own. */
function ancestorsOf(pointer: string): readonly string[] {
  return [...pointer.matchAll(/\//g)].map(({ index }) => pointer.slice(0, index));
}

/** Counts the values in a value, itself included, long texts as many, and stops above the limit. What stands twice counts twice. */
function sizeOf(value: unknown, limit: number): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && count <= limit) {
    const next = open.pop();
    count += 1;
    if (typeof next === 'string') count += Math.floor(next.length / CHARS_OF_A_VALUE);
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, child] of Object.entries(next)) {
      count += Math.floor(key.length / CHARS_OF_A_VALUE);
      open.push(child);
    }
  }
  return count;
}

/** The names that no request may use either: whoever copies such an object key by key changes prototypes. */
function dangerousName(value: unknown): string | undefined {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, child] of Object.entries(next)) {
      if (key === '__proto__') return key;
      if (key === 'constructor' && isRecord(child) && Object.hasOwn(child, 'prototype'))
        return 'constructor.prototype';
      open.push(child);
    }
  }
  return undefined;
}

/** Walks without recursion: what it measures may be deep enough to overflow the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > limit) return true;
    for (const child of Object.values(next.value)) open.push({ value: child, depth: next.depth + 1 });
  }
  return false;
}
