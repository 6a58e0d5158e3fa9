import { ownedSandbox } from '../sandbox/owned-sandbox.ts';
import type { OfferedTool } from '../store/store.ts';
import { builtin } from './builtins/builtins.ts';
import { createChildren } from './children.ts';
import type { ChildrenParts, ChildScope } from './children-scope.ts';
import { DEFAULT_SERVER_TOOL_TIMEOUT_MS } from './define-server-tool.ts';
import type { ToolBinding, ToolParts } from './kind.ts';
import { kindOf } from './kinds/kinds.ts';
import { type ResolveParts, resolveTools } from './resolve-tools.ts';
import { reviewDefinition } from './review.ts';
import { openSpawn } from './spawn-subagent.ts';
import { placeholdersIn } from './template.ts';
import type { ServerTool } from './tool.ts';
import type { ResolvedTool, Toolbox } from './toolbox.ts';

export interface CreateToolboxParts extends ResolveParts, Omit<ChildrenParts, 'toolbox'> {}

export function createToolbox(parts: CreateToolboxParts): Toolbox {
  const toolbox: Toolbox = {
    resolve: (choices, scope) => resolveTools(choices, scope, parts),
    bind,
    secretKeys,
    review: (definition, around) => reviewDefinition(definition, parts, around),
  };
  const childrenParts: ChildrenParts = { ...parts, toolbox };
  return toolbox;

  function bind(tool: OfferedTool, scope: ChildScope): ServerTool | undefined {
    const { canonicalName: name, description, parametersSchema, binding = CONFIGURED } = tool;
    if (binding.kind === 'configured') return scope.configured.find((one) => one.name === name);
    const opened = open(binding, scope);
    return opened === undefined ? undefined : { ...opened, name, description, parametersSchema };
  }

  function open(
    binding: Exclude<ToolBinding, { kind: 'configured' }>,
    scope: ChildScope,
  ): Pick<ServerTool, 'run' | 'idempotent' | 'timeoutMs' | 'givesData'> | undefined {
    const { egress, mcp } = parts;
    const { variables, ledger, workspace } = scope;
    const sandbox = ownedSandbox(parts.sandbox, workspace);
    const children = createChildren(childrenParts, scope);
    if (binding.kind === 'builtin') return builtin(binding.name, parts);
    if (binding.kind === 'spawn_subagent') return openSpawn(binding.pool, children, ledger);
    if (binding.kind === 'mcp') return openMcp(binding, { mcp, variables });
    const { definition } = binding;
    return kindOf(definition)?.open(definition, { egress, sandbox, mcp, children, variables });
  }
}

/** Of executions that began when there were no others. */
const CONFIGURED: ToolBinding = { kind: 'configured' };

function openMcp(
  { target, tool, offered, isIdempotent }: Extract<ToolBinding, { kind: 'mcp' }>,
  { mcp, variables }: Pick<ToolParts, 'mcp' | 'variables'>,
): Pick<ServerTool, 'run' | 'idempotent' | 'timeoutMs'> {
  const timeoutMs = DEFAULT_SERVER_TOOL_TIMEOUT_MS;
  return {
    idempotent: isIdempotent,
    timeoutMs,
    run: (parameters, { signal }) =>
      mcp.call(target, { tool, parameters, offered, variables, signal, timeoutMs }),
  };
}

function secretKeys(tools: readonly ResolvedTool[]): readonly string[] {
  const sources = tools.map(({ binding }) => {
    if (binding.kind === 'defined') return binding.definition.config;
    return binding.kind === 'mcp' ? binding.target : null;
  });
  const keys = placeholdersIn(sources).flatMap((placeholder) =>
    placeholder.root === 'secrets' ? [placeholder.key] : [],
  );
  return [...new Set(keys)].sort();
}
