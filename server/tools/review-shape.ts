import type * as z from 'zod/mini';
import {
  CustomConfig,
  ExternalConfig,
  FlowConfig,
  GraphqlConfig,
  LocalConfig,
  McpConfig,
  SubagentConfig,
  ToolDefinition,
  ToolType,
} from '../../protocol/definition.ts';
import { nearest } from '../config/nearest.ts';
import { isRecord } from '../is-record.ts';
import type { Finding } from './kind.ts';

export type ReadDefinition =
  | { readonly definition: ToolDefinition; readonly findings: readonly Finding[] }
  | { readonly definition: undefined; readonly findings: readonly Finding[] };

/** Problems that are told at once. */
const MAX_PROBLEMS = 10;

const FIELDS: readonly string[] = ['name', 'description', 'toolType', 'parametersSchema', 'config'];

const CONFIG_FIELDS: Readonly<Record<ToolType, readonly string[]>> = {
  external: Object.keys(ExternalConfig.shape),
  custom: Object.keys(CustomConfig.shape),
  graphql: Object.keys(GraphqlConfig.shape),
  mcp: Object.keys(McpConfig.shape),
  local: Object.keys(LocalConfig.shape),
  flow: Object.keys(FlowConfig.shape),
  subagent: Object.keys(SubagentConfig.shape),
};

/** What a field may look like, for whoever left it out or wrote something else. */
const EXAMPLES: Readonly<Record<string, string>> = {
  name: '"Weather Lookup"',
  description: '"Fetch the current weather for a city"',
  toolType: '"external"',
  parametersSchema: '{ "type": "object", "properties": { "city": { "type": "string" } } }',
  config: '{ "url": "https://api.example.com/weather?q={{city}}", "method": "GET" }',
  'config.url': '"https://api.example.com/weather?q={{city}}"',
  'config.method': '"GET"',
  'config.headers': '{ "authorization": "Bearer {{secret:API_KEY}}" }',
  'config.code': '"return { total: amount * 2 };"',
  'config.timeout': '5000',
  'config.query': '"query ($id: ID!) { order(id: $id) { status } }"',
  'config.variables': '{ "id": "{{orderId}}" }',
  'config.server': '"linear"',
  'config.flowId': '"flow_abc123"',
  'config.agentId': '"agent_abc123"',
  'config.allowedTools': '["builtin:clock"]',
  'config.outputFormat': '"text"',
};

/** Reads a definition as somebody wrote it. What does not fit is said in sentences, field by field. */
export function readDefinition(input: unknown): ReadDefinition {
  if (!isRecord(input)) {
    const message = `A definition is an object with ${FIELDS.map((name) => `\`${name}\``).join(', ')}.`;
    return { definition: undefined, findings: [problem('invalid_definition', message, '')] };
  }
  const result = ToolDefinition.safeParse(input);
  if (result.success) return { definition: result.data, findings: unknownFields(input, result.data) };
  const problems = new Map<string, Finding>();
  for (const issue of result.error.issues) {
    const path = pathOf(issue.path);
    if (!problems.has(path)) problems.set(path, problemOf(issue, input));
  }
  return { definition: undefined, findings: [...problems.values()].slice(0, MAX_PROBLEMS) };
}

function problemOf(issue: z.core.$ZodIssue, input: Readonly<Record<string, unknown>>): Finding {
  const path = pathOf(issue.path);
  const value = issue.path.reduce<unknown>(
    (place, key) =>
      typeof place === 'object' && place !== null ? (place as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
  const isMissing = value === undefined;
  const message = isMissing ? `\`${path}\` is missing.` : `\`${path}\` ${wrongness(issue, value)}`;
  const suggestion = suggestionFor(issue, path, value);
  return {
    ...problem(isMissing ? 'missing_field' : 'invalid_field', message, path),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function wrongness(issue: z.core.$ZodIssue, value: unknown): string {
  const written = (JSON.stringify(value) ?? 'nothing').slice(0, 80);
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${A_KIND[issue.expected] ?? issue.expected}, and is ${kindOf(value)}.`;
    case 'too_big':
      return `is too large: at most ${issue.maximum}${typeof value === 'string' ? ' characters' : ''}.`;
    case 'too_small':
      return value === '' ? 'is empty.' : `is too small: at least ${issue.minimum}.`;
    case 'invalid_value':
      return `is ${written}, and must be one of ${issue.values.map((one) => JSON.stringify(one)).join(', ')}.`;
    case 'invalid_format':
      return `is ${written}, which has a character that cannot stand there.`;
    case 'invalid_union':
      return issue.path.at(-1) === 'toolType' ? `is ${written}, which is no type of tool.` : `is ${written}.`;
    default:
      return `is ${written}: ${issue.message}.`;
  }
}

function suggestionFor(issue: z.core.$ZodIssue, path: string, value: unknown): string | undefined {
  if (path === 'toolType') {
    const meant = typeof value === 'string' ? nearest(value, ToolType.options) : undefined;
    return meant === undefined ? `Write one of ${ToolType.options.join(', ')}.` : `Did you mean "${meant}"?`;
  }
  if (issue.code === 'too_big') return undefined;
  const example = EXAMPLES[path];
  return example === undefined ? undefined : `Write for example ${example}.`;
}

const A_KIND: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return A_KIND[typeof value] ?? typeof value;
}

/** Fields of the definition that nobody reads are left out; those of its config are kept, because its kind may. */
function unknownFields(input: Readonly<Record<string, unknown>>, definition: ToolDefinition): Finding[] {
  const known = CONFIG_FIELDS[definition.toolType];
  return [
    ...Object.keys(input)
      .filter((key) => !FIELDS.includes(key))
      .map((key) => unknownField(key, key, FIELDS, 'is no field of a definition and was left out.')),
    ...Object.keys(definition.config)
      .filter((key) => !known.includes(key))
      .map((key) =>
        unknownField(
          `config.${key}`,
          key,
          known,
          `does nothing for a tool of the type ${definition.toolType}.`,
        ),
      ),
  ];
}

function unknownField(path: string, key: string, known: readonly string[], what: string): Finding {
  const meant = nearest(key, known);
  const list = known.map((name) => `\`${name}\``).join(', ');
  return {
    severity: 'warning',
    code: 'unknown_field',
    message: `\`${path}\` ${what}`,
    suggestion:
      meant !== undefined
        ? `Did you mean \`${meant}\`?`
        : list === ''
          ? 'Leave it out.'
          : `Known here: ${list}.`,
    path,
  };
}

function problem(code: string, message: string, path: string): Finding {
  return { severity: 'error', code, message, ...(path === '' ? {} : { path }) };
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
