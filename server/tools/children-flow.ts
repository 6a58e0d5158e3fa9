import { FlowDefinition } from '../../protocol/definition.ts';
import { DEFAULT_MAX_TOOL_CALLS } from '../../protocol/limits.ts';
import { offerTools } from '../dispatch/toolset.ts';
import { RequestError } from '../errors.ts';
import {
  type FlowScope,
  type PlannedStep,
  planSteps,
  promptOf,
  readAnswer,
  requireRunnable,
} from '../flows/flow-steps.ts';
import { runChild } from './children-loop.ts';
import { type ChildrenParts, type ChildScope, childRun, innerScope } from './children-scope.ts';
import type { Children } from './kind.ts';
import type { ToolContext } from './tool.ts';
import { ToolError } from './tool-error.ts';

interface FlowCall {
  readonly flowId: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly call: ToolContext;
}

/** As `Children.flow`: one step after the other, each with its own prompt and tools. */
export async function runFlow(
  { flowId, inputs, call }: FlowCall,
  parts: ChildrenParts,
  scope: ChildScope,
): ReturnType<Children['flow']> {
  const inner = innerScope(scope, call);
  const flows = [...inner.lineage.flows, flowId];
  if (inner.lineage.flows.includes(flowId)) {
    throw new ToolError('too_deep', `The flow runs itself: ${flows.join(' → ')}.`);
  }
  const definition = await savedFlow(flowId, parts, scope);
  const flow = { id: flowId, name: definition.name ?? flowId };
  const within: ChildScope = {
    ...inner,
    lineage: { ...inner.lineage, flows },
    configured: [],
    variables: { ...scope.variables, flow },
  };
  const { record, user } = scope.variables;
  const steps = planSteps(definition);
  const answers: Record<string, unknown> = {};
  let last = '';
  try {
    requireRunnable(steps, { flow, inputs, record, user });
    for (const step of steps) {
      const flowScope: FlowScope = { flow, inputs, record, user, answers: { ...answers } };
      const text = await runStep(step, flowScope, { parts, within, call });
      answers[step.outputVariable] = readAnswer(step, text);
      last = step.outputVariable;
    }
  } catch (error) {
    throw asFailure(error, flow.name);
  }
  return { variables: { ...inputs, ...answers }, last };
}

async function savedFlow(
  flowId: string,
  { definitions }: ChildrenParts,
  { workspace }: ChildScope,
): Promise<FlowDefinition> {
  const stored = await definitions.definition(workspace, 'flow', flowId);
  const read = FlowDefinition.safeParse(stored?.body);
  if (read.success) return read.data;
  throw new ToolError('child_failed', `There is no flow \`${flowId}\` to run.`);
}

async function runStep(
  step: PlannedStep,
  flowScope: FlowScope,
  { parts, within, call }: { parts: ChildrenParts; within: ChildScope; call: ToolContext },
): Promise<string> {
  const { workspace, configured, variables } = within;
  const toolScope = { workspace, configured, variables, signal: call.signal };
  const serverTools = await parts.toolbox.resolve([step.tools], toolScope);
  const tools = offerTools({ admitted: [], serverTools, wins: 'server' }).filter(
    ({ origin }) => origin === 'server',
  );
  const scope: ChildScope = { ...within, tools, model: step.model ?? within.model };
  const maxToolCalls = step.tools.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS;
  const { lastMessage } = await runChild({
    ...childRun(parts, scope, call),
    agent: { id: within.lineage?.flows.at(-1) ?? '', name: step.name },
    instructions: step.instructions,
    prompt: (await promptOf(step, flowScope)) ?? promptFrom(flowScope),
    maxTurns: maxToolCalls + 1,
    maxToolCalls,
  });
  return lastMessage;
}

/** There is no conversation here, so a step without a prompt reads what there is. */
function promptFrom({ inputs, answers }: FlowScope): string {
  const values = Object.values({ ...inputs, ...answers });
  const [only] = values;
  return values.length === 1 && typeof only === 'string' ? only : JSON.stringify({ ...inputs, ...answers });
}

function asFailure(error: unknown, name: string): unknown {
  if (!(error instanceof RequestError)) return error;
  const code = error.code === 'unresolved_variable' ? 'unresolved_variable' : 'child_failed';
  return new ToolError(code, `The flow "${name}" could not run: ${error.message}`, { cause: error });
}
