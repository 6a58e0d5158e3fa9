import type { ToolChoice, ToolDefinition } from '../../protocol/definition.ts';
import { MAX_RUNTIME_TOOLS, MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import type { JsonSchema } from '../../protocol/tool.ts';
import { RequestError } from '../errors.ts';
import { reviewSchema } from '../guard/tool-schema.ts';
import { ownedSandbox } from '../sandbox/owned-sandbox.ts';
import type { DefinitionStore, StoredDefinition } from '../store/definition-store.ts';
import { cut, withoutHidden } from '../text.ts';
import type { BuiltinParts } from './builtins/builtin.ts';
import { BUILTIN_NAMES, builtin } from './builtins/builtins.ts';
import type { Finding, McpTool, ToolBinding, ToolParts } from './kind.ts';
import { kindOf } from './kinds/kinds.ts';
import { type McpPick, mcpPicks } from './mcp-picks.ts';
import { needsApproval } from './needs-approval.ts';
import { findingLines, reviewDefinition } from './review.ts';
import { readDefinition } from './review-shape.ts';
import { spawnTool } from './spawn-subagent.ts';
import { ToolError } from './tool-error.ts';
import { mcpName, readToolId, type ToolId } from './tool-id.ts';
import { matchesAny } from './tool-pattern.ts';
import type { ResolvedTool, ToolScope } from './toolbox.ts';

export interface ResolveParts extends Pick<ToolParts, 'mcp' | 'sandbox'>, BuiltinParts {
  readonly definitions: DefinitionStore;
}

/** Most tools that `saved:*` brings. */
const MAX_SAVED_TOOLS = 100;

type Found = Omit<ResolvedTool, 'needsApproval'>;

/** As `Toolbox.resolve`. The operator's own come first, in their order; then all others by name, `spawn_subagent` last. */
export async function resolveTools(
  choices: readonly ToolChoice[],
  scope: ToolScope,
  parts: ResolveParts,
): Promise<readonly ResolvedTool[]> {
  const sandbox = ownedSandbox(parts.sandbox, scope.workspace);
  const runtime = await runtimeTools(choices, { ...parts, sandbox });
  const saved = await savedTools(choices, scope, parts);
  const configured = scope.configured.map(configuredTool);
  const merged = new Map<string, Found>();
  for (const tool of [...configured, ...[...saved, ...runtime].sort(byName)]) {
    // Of one name, the runtime tool stands last: a sort keeps the order of equals.
    merged.set(tool.name, tool);
  }
  const tools = [...merged.values()];
  const pool = choices.findLast(({ subagentConfig }) => subagentConfig !== undefined)?.subagentConfig;
  const all = pool === undefined ? tools : [...tools, spawnTool(pool, tools)];
  return all.map((tool) => ({ ...tool, needsApproval: needsApproval(tool.name, choices) }));
}

function configuredTool({ name, description, parametersSchema }: ToolScope['configured'][number]): Found {
  return { name, description, parametersSchema, origin: 'server', binding: { kind: 'configured' } };
}

async function runtimeTools(choices: readonly ToolChoice[], parts: ResolveParts): Promise<readonly Found[]> {
  const count = choices.reduce((sum, { runtimeTools = [] }) => sum + runtimeTools.length, 0);
  if (count > MAX_RUNTIME_TOOLS) {
    throw new RequestError(
      'too_many_runtime_tools',
      `The request has ${count} runtime tools, and the limit is ${MAX_RUNTIME_TOOLS}.`,
      { hint: 'Save the tools that you use often with `POST /v1/tools`, and name them in `toolIds`.' },
    );
  }
  for (const { runtimeTools: definitions = [] } of choices) requireDistinct(definitions);
  const definitions = choices.flatMap(({ runtimeTools = [] }) => runtimeTools);
  return Promise.all(
    definitions.map(async (definition) => {
      const { findings } = await reviewDefinition(definition, parts);
      requireSound(`runtime tool \`${definition.name}\``, findings);
      return definedTool(definition, null);
    }),
  );
}

function requireDistinct(definitions: readonly ToolDefinition[]): void {
  const names = definitions.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice === undefined) return;
  throw new RequestError('invalid_tool', `Two runtime tools are named \`${twice}\`.`, {
    hint: 'Give each tool its own name.',
  });
}

function requireSound(what: string, findings: readonly Finding[]): void {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const details = findingLines(errors);
  throw new RequestError('invalid_tool', `The ${what} cannot be used: ${details[0]}`, {
    hint: 'Mend what `details` names.',
    details,
  });
}

function definedTool(definition: ToolDefinition, id: string | null): Found {
  return {
    name: definition.name,
    description: shortened(definition.description),
    parametersSchema: soundSchema(definition),
    origin: definition.toolType === 'local' ? 'sdk' : 'server',
    binding: { kind: 'defined', definition, id },
  };
}

function soundSchema({ parametersSchema }: ToolDefinition): JsonSchema {
  const reviewed = reviewSchema(parametersSchema);
  return 'schema' in reviewed ? reviewed.schema : { type: 'object' };
}

async function savedTools(
  choices: readonly ToolChoice[],
  scope: ToolScope,
  parts: ResolveParts,
): Promise<readonly Found[]> {
  const wanted = [...new Set(choices.flatMap(({ toolIds = [] }) => toolIds))];
  const ids = wanted.map(requireToolId);
  const picks = mcpPicks(choices, ids);
  const found = await Promise.all([
    ...ids.map((id) => ownTool(id, scope, parts)),
    ...picks.map((pick) => mcpTools(pick, scope, parts)),
  ]);
  return found.flat();
}

function requireToolId(id: string): ToolId {
  const read = readToolId(id);
  if (read !== undefined) return read;
  throw new RequestError('invalid_tool', `\`${cut(id, 200, '…')}\` is no id of a tool.`, {
    hint: 'Write `tool_…`, `saved:<name>`, `saved:*`, `builtin:<name>`, `mcp:<server>:<tool>` or `mcp:<server>:*`.',
  });
}

async function ownTool(id: ToolId, scope: ToolScope, parts: ResolveParts): Promise<readonly Found[]> {
  if (id.kind === 'mcp') return [];
  if (id.kind === 'builtin') return [builtinTool(id, parts)];
  const stored = await storedTools(id, scope, parts);
  return stored.map(savedTool);
}

async function storedTools(
  id: Extract<ToolId, { kind: 'saved' | 'named' }>,
  { workspace }: ToolScope,
  { definitions }: ResolveParts,
): Promise<readonly StoredDefinition[]> {
  if (id.kind === 'named' && id.name === '*') {
    const all = await definitions.definitions(workspace, 'tool', { limit: MAX_SAVED_TOOLS });
    // Nobody named those that cannot run here, so they stop nothing.
    return all.filter(isRunnable);
  }
  const stored =
    id.kind === 'saved'
      ? await definitions.definition(workspace, 'tool', id.id)
      : await definitions.definitionByName(workspace, 'tool', id.name);
  if (stored !== undefined) return [stored];
  throw toolNotFound(id.id, 'It may have been deleted: `GET /v1/tools` lists them.');
}

function isRunnable({ body }: StoredDefinition): boolean {
  const { definition } = readDefinition(body);
  return definition !== undefined && kindOf(definition) !== undefined;
}

function savedTool({ id, body }: StoredDefinition): Found {
  const read = readDefinition(body);
  if (read.definition === undefined) requireSound(`saved tool \`${id}\``, read.findings);
  // It was reviewed when it was saved; a server of another release may have other types.
  else if (kindOf(read.definition) !== undefined) return definedTool(read.definition, id);
  throw new RequestError('invalid_tool', `The saved tool \`${id}\` is of a type that cannot run here.`);
}

function builtinTool({ id, name }: Extract<ToolId, { kind: 'builtin' }>, parts: ResolveParts): Found {
  const tool = builtin(name, parts);
  if (tool === undefined) {
    throw toolNotFound(id, `There are ${BUILTIN_NAMES.map((known) => `\`builtin:${known}\``).join(', ')}.`);
  }
  const { description, parametersSchema } = tool;
  return { name: id, description, parametersSchema, origin: 'server', binding: { kind: 'builtin', name } };
}

async function mcpTools(pick: McpPick, scope: ToolScope, parts: ResolveParts): Promise<readonly Found[]> {
  const listed = await list(pick, scope, parts);
  const let_in = listed.filter(({ name }) => pick.lets === undefined || matchesAny(pick.lets, name));
  if (pick.tools === '*') return let_in.map((tool) => mcpTool(pick, tool));
  return pick.tools.map((name) => {
    const tool = let_in.find((one) => one.name === name);
    if (tool !== undefined) return mcpTool(pick, tool);
    throw toolNotFound(mcpName(pick.server, name), 'Its MCP server lists no such tool.');
  });
}

async function list(
  { server, target }: McpPick,
  { variables, signal }: ToolScope,
  { mcp }: ResolveParts,
): Promise<readonly McpTool[]> {
  try {
    // A server may tell what it was sent, and the model reads what it tells of its tools.
    return variables.scrub(await mcp.list(target, variables, signal));
  } catch (cause) {
    if (!(cause instanceof ToolError)) throw cause;
    const code = LIST_FAILURES[cause.code] ?? 'mcp_server_failed';
    throw new RequestError(
      code,
      `The tools of the MCP server \`${server}\` cannot be listed: ${variables.scrub(cause.message)}`,
      { cause, ...(code === 'mcp_server_failed' ? { hint: LIST_HINT } : {}) },
    );
  }
}

const LIST_HINT =
  'Check its address, its headers and that it runs, or leave it out to go on without its tools.';

const LIST_FAILURES = {
  tool_not_found: 'tool_not_found',
  unresolved_variable: 'unresolved_variable',
  secrets_required: 'secrets_required',
  egress_blocked: 'invalid_request',
} as const satisfies Partial<Record<ToolError['code'], string>> as Partial<
  Record<ToolError['code'], 'tool_not_found' | 'unresolved_variable' | 'secrets_required' | 'invalid_request'>
>;

function mcpTool({ server, target }: McpPick, tool: McpTool): Found {
  const { name, description, parametersSchema, isIdempotent, hash } = tool;
  const binding: ToolBinding = { kind: 'mcp', target, tool: name, offered: hash, isIdempotent };
  return {
    name: mcpName(server, name),
    description: shortened(withoutHidden(description)),
    parametersSchema,
    origin: 'server',
    binding,
  };
}

function shortened(description: string): string {
  return cut(description, MAX_TOOL_DESCRIPTION_CHARS, ' … (cut)');
}

function toolNotFound(id: string, hint: string): RequestError {
  return new RequestError('tool_not_found', `There is no tool \`${cut(id, 300, '…')}\`.`, { hint });
}

function byName(a: Found, b: Found): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
