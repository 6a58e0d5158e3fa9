import { Validator } from '@cfworker/json-schema';
import { MAX_JSON_DEPTH } from '../../protocol/limits.ts';
import type { OfferedTool } from '../store/store.ts';
import { checkableSchema } from './checkable-schema.ts';
import { cut } from './text.ts';

/** Largest arguments of one call, in characters of JSON. Forms that a person reads before allowing them are far below. */
const MAX_TOOL_INPUT_CHARS = 64_000;

export type ToolInput =
  | { readonly ok: true; readonly parameters: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/**
 * Checks the arguments that a model wrote before the call leaves the server. Undeclared properties are left where
 * they are: the schema alone says whether they are allowed, and the page reads what it knows.
 * `problem` is written for the model, to let it call again.
 */
export function checkInput(tool: OfferedTool, input: unknown): ToolInput {
  const parameters = input === undefined || input === null || input === '' ? {} : input;
  if (typeof parameters === 'string') {
    return refuse(`The arguments are not valid JSON: ${cut(parameters, 200, '…')}`);
  }
  if (!isRecord(parameters)) return refuse('The arguments must be one JSON object.');
  if (isDeeperThan(parameters, MAX_JSON_DEPTH)) {
    return refuse(`The arguments are nested more than ${MAX_JSON_DEPTH} levels deep.`);
  }
  if (JSON.stringify(parameters).length > MAX_TOOL_INPUT_CHARS) {
    return refuse(`The arguments are longer than ${MAX_TOOL_INPUT_CHARS} characters. Send less.`);
  }
  const schema = checkableSchema(tool.parametersSchema);
  if ('problem' in schema) {
    return refuse(`The tool's own schema cannot be used: ${schema.problem} Do not call this tool again.`);
  }
  const problems = validate(schema.schema, parameters);
  if (problems.length === 0) return { ok: true, parameters };
  return refuse(`The arguments do not fit the tool's schema. ${problems.join(' ')}`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(problem: string): ToolInput {
  return { ok: false, problem };
}

function validate(schema: Readonly<Record<string, unknown>>, parameters: unknown): readonly string[] {
  // Without short circuit: a model mends all its mistakes at once when it hears of all.
  const { errors } = new Validator(schema, '2019-09', false).validate(parameters);
  // Of a chain of errors only the innermost names the field; the ones above it say that something below is wrong.
  const innermost = errors.filter(
    (error) =>
      !errors.some(
        (other) => other !== error && other.keywordLocation.startsWith(`${error.keywordLocation}/`),
      ),
  );
  const sentences = innermost.map(
    ({ instanceLocation, error }) => `${instanceLocation.replace(/^#\/?/, '') || 'arguments'}: ${error}`,
  );
  return [...new Set(sentences)].slice(0, 5).map((sentence) => cut(sentence, 300, '…'));
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
