import { canonicalContent, NotCanonical } from '../../protocol/canonical.ts';
import type { ToolDefinition, ToolType } from '../../protocol/definition.ts';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { RESERVED_TOOL_NAMES } from '../../protocol/saved.ts';
import { BUILT_IN_TOOLS, WEBMCP_PREFIX } from '../../protocol/tool.ts';
import { isRecord } from '../is-record.ts';
import { ownedSandbox } from '../sandbox/owned-sandbox.ts';
import { BUILTIN_PREFIX } from './builtins/builtins.ts';
import type { Finding, ReviewParts } from './kind.ts';
import { kindOf } from './kinds/kinds.ts';
import { reviewParametersSchema } from './review-schema.ts';
import { readDefinition } from './review-shape.ts';
import { placeholdersIn } from './template.ts';
import { MCP_PREFIX, NAMED_PREFIX, SAVED_PREFIX } from './tool-id.ts';

export const SPAWN_TOOL = 'spawn_subagent';

/** What the server keeps where the tool will be. */
export interface Surroundings {
  readonly workspace: string;
  hasSecret(name: string): Promise<boolean>;
  hasDefinition(kind: 'agent' | 'flow', id: string): Promise<boolean>;
}

export interface Review {
  /** As it is kept: unknown fields left out, header names in lower case. `undefined`: it cannot be read. */
  readonly definition: ToolDefinition | undefined;
  readonly findings: readonly Finding[];
}

/** What is wrong or odd about a tool's definition, before anybody runs or keeps it. Runs and reaches nothing. */
export async function reviewDefinition(
  input: unknown,
  parts: ReviewParts,
  around?: Surroundings,
): Promise<Review> {
  const read = readDefinition(input);
  if (read.definition === undefined) return read;
  const sandbox = around === undefined ? parts.sandbox : ownedSandbox(parts.sandbox, around.workspace);
  const limits = reviewSize(read.definition);
  if (limits.length > 0) return { definition: undefined, findings: limits };
  const headers = reviewHeaders(read.definition);
  const definition = headers.definition;
  const findings = [
    ...reviewName(definition),
    ...read.findings,
    ...headers.findings,
    ...reviewDescription(definition),
    ...reviewParametersSchema(definition.parametersSchema),
    ...(await reviewByKind(definition, { ...parts, sandbox })),
    ...(await reviewSecrets(definition, around)),
    ...(await reviewReferences(definition, around)),
  ];
  return { definition, findings };
}

/** Findings as the lines of an error's `details`. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ path, line, column, message, suggestion }) => {
    const lineText = column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
    const place = [path, line === undefined ? undefined : lineText].filter((one) => one !== undefined);
    const isNamed =
      path !== undefined &&
      line === undefined &&
      [path, `\`${path}\``].some((one) => message.startsWith(one));
    const sentence = suggestion === undefined ? message : `${message} ${suggestion}`;
    return place.length === 0 || isNamed ? sentence : `${place.join(', ')}: ${sentence}`;
  });
}

async function reviewByKind(definition: ToolDefinition, parts: ReviewParts): Promise<readonly Finding[]> {
  const kind = kindOf(definition);
  if (kind !== undefined) return kind.review(definition, parts);
  return [
    {
      severity: 'error',
      code: 'type_not_available',
      message: `Tools of the type \`${definition.toolType}\` cannot run on this server.`,
      suggestion: 'Use another type, or a release of the server that has it.',
      path: 'toolType',
    },
  ];
}

/** What only the server calls its tools, in lower case. */
const RESERVED_PREFIXES: readonly string[] = [
  WEBMCP_PREFIX,
  MCP_PREFIX,
  BUILTIN_PREFIX,
  NAMED_PREFIX,
  SAVED_PREFIX,
];
const OWN_NAMES: readonly string[] = [...BUILT_IN_TOOLS, SPAWN_TOOL];

function reviewName({ name }: ToolDefinition): readonly Finding[] {
  const prefix = RESERVED_PREFIXES.find((reserved) => name.toLowerCase().startsWith(reserved));
  if (prefix !== undefined)
    return [reservedName(`Names that begin with \`${prefix}\` belong to the server.`)];
  if (OWN_NAMES.includes(name)) {
    return [reservedName(`\`${name}\` is the name of a tool that Pagehand itself brings along.`)];
  }
  return name.endsWith('*') ? [reservedName('A name with `*` at its end would be read as a pattern.')] : [];
}

/** What a kept tool may not be called beside that. */
export function reviewKeptName(name: string): readonly Finding[] {
  if (RESERVED_TOOL_NAMES.includes(name.toLowerCase())) {
    return [reservedName(`"${name}" is a word of the addresses below \`/v1/tools\`.`)];
  }
  if (name === name.trim()) return [];
  const message =
    '`name` begins or ends with white space, which nobody sees, and it would be a part of its identity.';
  const suggestion = `Write ${JSON.stringify(name.trim())}.`;
  return [{ severity: 'error', code: 'invalid_field', message, suggestion, path: 'name' }];
}

function reservedName(message: string): Finding {
  const suggestion = 'Give the tool another name.';
  return { severity: 'error', code: 'reserved_name', message, suggestion, path: 'name' };
}

function reviewSize(definition: ToolDefinition): readonly Finding[] {
  try {
    canonicalContent(definition);
    return [];
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    return [{ severity: 'error', code: 'not_canonical', message: error.message }];
  }
}

/** Two spellings of one header are one header, and a request has it once. */
function reviewHeaders(definition: ToolDefinition): {
  definition: ToolDefinition;
  findings: readonly Finding[];
} {
  const headers = 'headers' in definition.config ? definition.config.headers : undefined;
  if (!isRecord(headers)) return { definition, findings: [] };
  const names = Object.keys(headers);
  const seen = new Set<string>();
  const twice = names.filter((name) => seen.size === seen.add(name.toLowerCase()).size);
  if (twice.length > 0) {
    const findings = twice.map((name): Finding => {
      const message = `\`config.headers\` has "${name.toLowerCase()}" twice, in different cases.`;
      const suggestion = 'Keep one of them.';
      return {
        severity: 'error',
        code: 'duplicate_header',
        message,
        suggestion,
        path: `config.headers.${name}`,
      };
    });
    return { definition, findings };
  }
  const changed = names.filter((name) => name !== name.toLowerCase());
  if (changed.length === 0) return { definition, findings: [] };
  const kept = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const message = `Header names are kept in lower case: ${changed.map((name) => `\`${name}\` as \`${name.toLowerCase()}\``).join(', ')}.`;
  return {
    definition: { ...definition, config: { ...definition.config, headers: kept } } as ToolDefinition,
    findings: [{ severity: 'warning', code: 'header_lower_cased', message, path: 'config.headers' }],
  };
}

function reviewDescription({ description }: ToolDefinition): readonly Finding[] {
  if (description.trim() === '') {
    return [
      {
        severity: 'warning',
        code: 'empty_description',
        message: 'The tool has no description, so a model can only guess from its name when to call it.',
        suggestion: 'Say what it does and when to use it.',
        path: 'description',
      },
    ];
  }
  if (description.length <= MAX_TOOL_DESCRIPTION_CHARS) return [];
  const message = `A model reads the first ${MAX_TOOL_DESCRIPTION_CHARS} characters of the description, and it has ${description.length}.`;
  return [
    {
      severity: 'warning',
      code: 'long_description',
      message,
      suggestion: 'Shorten it.',
      path: 'description',
    },
  ];
}

/** Types whose config is a template. */
const TEMPLATED: readonly ToolType[] = ['external', 'graphql', 'mcp'];

async function reviewSecrets(
  definition: ToolDefinition,
  around: Surroundings | undefined,
): Promise<readonly Finding[]> {
  if (around === undefined) return [];
  const named = TEMPLATED.includes(definition.toolType) ? placeholdersIn(definition.config) : [];
  const names = named.flatMap((placeholder) => (placeholder.root === 'secret' ? [placeholder.name] : []));
  const findings = [...new Set(names)].map(async (name): Promise<readonly Finding[]> => {
    if (await around.hasSecret(name)) return [];
    const message = `{{secret:${name}}} is not stored yet. Until it is, every call of the tool fails.`;
    const suggestion = `Store it, for example with \`pagehand secrets set ${name}\`.`;
    return [{ severity: 'warning', code: 'secret_not_found', message, suggestion, path: 'config' }];
  });
  return (await Promise.all(findings)).flat();
}

/** Ids belong to one workspace of one server: a definition that was made elsewhere brings along those of elsewhere. */
async function reviewReferences(
  { toolType, config }: ToolDefinition,
  around: Surroundings | undefined,
): Promise<readonly Finding[]> {
  const [kind, id, path] =
    toolType === 'flow'
      ? (['flow', config.flowId, 'config.flowId'] as const)
      : toolType === 'subagent'
        ? (['agent', config.agentId, 'config.agentId'] as const)
        : ([] as const);
  if (kind === undefined || id === undefined || around === undefined) return [];
  if (await around.hasDefinition(kind, id)) return [];
  const message = `There is no ${kind} \`${id}\` in this workspace. Until there is, every call of the tool fails.`;
  const suggestion = `Write the id of one that \`GET /v1/${kind}s\` lists.`;
  return [{ severity: 'warning', code: `${kind}_not_found`, message, suggestion, path }];
}
