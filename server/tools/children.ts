import { AgentDefinition } from '../../protocol/definition.ts';
import { DEFAULT_MAX_TOOL_CALLS } from '../../protocol/limits.ts';
import { ConfigError } from '../config/config.ts';
import type { Model, ModelResolver } from '../models/model.ts';
import type { DefinitionStore } from '../store/definition-store.ts';
import type { OfferedTool } from '../store/store.ts';
import { type ChildRun, runChild } from './children-loop.ts';
import { isGranted } from './granted-tools.ts';
import type { ChildAnswer, Children, ChildTask } from './kind.ts';
import { narrowedSpawnTool } from './spawn-subagent.ts';
import type { ToolContext } from './tool.ts';
import { ToolError } from './tool-error.ts';
import type { BindScope, Toolbox } from './toolbox.ts';

/** Deepest nesting of children in children. */
const MAX_DEPTH = 5;

/** Most calls that all children of one call make together, those of their own children included. */
const MAX_DESCENDANT_CALLS = 200;

/** What children of one call have in common. */
export interface Lineage {
  /** Ids of the flows that run, outermost first. */
  readonly flows: readonly string[];
  readonly calls: { left: number };
}

/** As a child binds its tools. */
export interface ChildScope extends BindScope {
  readonly lineage?: Lineage;
}

export interface ChildrenParts {
  readonly definitions: DefinitionStore;
  readonly models: ModelResolver;
  readonly bind: (tool: OfferedTool, scope: ChildScope) => ReturnType<Toolbox['bind']>;
  readonly newId: (prefix: string) => string;
  readonly log: { warn(fields: Readonly<Record<string, unknown>>, message: string): void };
}

/** Runs what the tools of one scope delegate. */
export function createChildren(parts: ChildrenParts, scope: ChildScope): Children {
  return {
    agent: (task) => runAgent(task, parts, scope),
    async savedAgent(agentId) {
      const stored = await parts.definitions.definition(scope.workspace, 'agent', agentId);
      const read = AgentDefinition.safeParse(stored?.body);
      return read.success ? read.data : undefined;
    },
  };
}

async function runAgent(task: ChildTask, parts: ChildrenParts, scope: ChildScope): Promise<ChildAnswer> {
  const { agent, prompt, maxTurns, allowedTools, call } = task;
  const inner = innerScope(scope, { model: agent.model ?? scope.model });
  const tools = childTools(scope.tools, allowedTools);
  return runChild({
    ...childRun(parts, { ...inner, tools }, call),
    instructions: agent.instructions ?? '',
    prompt,
    maxTurns,
    maxToolCalls: agent.tools?.maxToolCalls ?? agent.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
  });
}

/** What a child has of its parent's tools. Its own children can have no more than that. */
function childTools(tools: readonly OfferedTool[], patterns: readonly string[]): readonly OfferedTool[] {
  const granted = tools.filter(({ canonicalName: name, origin, binding }) =>
    isGranted({ name, origin, binding }, patterns),
  );
  return granted.flatMap((tool) => {
    if (tool.binding?.kind !== 'spawn_subagent') return [tool];
    const { pool } = tool.binding;
    return pool.allowNesting ? [narrowedSpawnTool(tool, pool, granted)] : [];
  });
}

function innerScope(scope: ChildScope, { model }: { readonly model: string }): ChildScope {
  if (scope.depth >= MAX_DEPTH) {
    throw new ToolError(
      'too_deep',
      `Subagents and flows are nested ${MAX_DEPTH} deep already. Do the task without another one.`,
    );
  }
  const lineage = scope.lineage ?? { flows: [], calls: { left: MAX_DESCENDANT_CALLS } };
  return { ...scope, model, depth: scope.depth + 1, lineage };
}

function childRun(
  parts: ChildrenParts,
  scope: ChildScope,
  call: ToolContext,
): Omit<ChildRun, 'instructions' | 'prompt' | 'maxTurns' | 'maxToolCalls'> {
  const { executionId, toolCallId } = call;
  return {
    model: modelOf(scope.model, parts),
    tools: scope.tools,
    bind: (tool) => parts.bind(tool, scope),
    takeCall: () => takeCall(scope.lineage),
    ledger: scope.ledger,
    call,
    newId: parts.newId,
    onError: (err) => parts.log.warn({ err, executionId, toolCallId }, 'A tool of a subagent failed'),
  };
}

function takeCall(lineage: Lineage | undefined): boolean {
  if (lineage === undefined || lineage.calls.left <= 0) return false;
  lineage.calls.left -= 1;
  return true;
}

function modelOf(id: string, { models }: ChildrenParts): Model {
  try {
    return models(id);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ToolError('child_failed', `The subagent's model \`${id}\` cannot be used on this server.`, {
      cause,
    });
  }
}
