import { AgentDefinition } from '../../protocol/definition.ts';
import { DEFAULT_MAX_TOOL_CALLS } from '../../protocol/limits.ts';
import type { OfferedTool } from '../store/store.ts';
import { runFlow } from './children-flow.ts';
import { runChild } from './children-loop.ts';
import { type ChildrenParts, type ChildScope, childRun, innerScope } from './children-scope.ts';
import { isGranted } from './granted-tools.ts';
import type { ChildAnswer, Children, ChildTask } from './kind.ts';
import { needsApproval } from './needs-approval.ts';
import { narrowedSpawnTool } from './spawn-subagent.ts';

/** Runs what the tools of one scope delegate. */
export function createChildren(parts: ChildrenParts, scope: ChildScope): Children {
  return {
    agent: (task) => runAgent(task, parts, scope),
    flow: (flowId, inputs, call) => runFlow({ flowId, inputs, call }, parts, scope),
    async savedAgent(agentId) {
      const stored = await parts.definitions.definition(scope.workspace, 'agent', agentId);
      const read = AgentDefinition.safeParse(stored?.body);
      return read.success ? read.data : undefined;
    },
  };
}

async function runAgent(task: ChildTask, parts: ChildrenParts, scope: ChildScope): Promise<ChildAnswer> {
  const { agent, prompt, maxTurns, allowedTools, call } = task;
  const inner: ChildScope = {
    ...innerScope(scope, call),
    model: agent.model ?? scope.model,
    tools: childTools(scope.tools, allowedTools).map((tool) => withApproval(tool, agent)),
  };
  return runChild({
    ...childRun(parts, inner, call),
    agent: { id: agent.id ?? '', name: agent.name ?? 'subagent' },
    instructions: agent.instructions ?? '',
    prompt,
    maxTurns,
    maxToolCalls: agent.tools?.maxToolCalls ?? agent.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
  });
}

/** What its own definition would ask a person for is not run for it either. */
function withApproval(tool: OfferedTool, { tools = {} }: ChildTask['agent']): OfferedTool {
  return needsApproval(tool.canonicalName, [tools]) ? { ...tool, needsApproval: true } : tool;
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
