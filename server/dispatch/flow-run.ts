import type { EventBody, StopReason } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { DEFAULT_MAX_TOOL_CALLS } from '../../protocol/limits.ts';
import { type PlannedStep, promptOf, readAnswer } from '../flows/flow-steps.ts';
import type { ModelMessage } from '../models/model.ts';
import type { AdmittedTool } from '../policy.ts';
import type { Execution, FlowRun, StoredMessage } from '../store/store.ts';
import type { ResolvedTool } from '../tools/toolbox.ts';
import { currentMessages } from './history.ts';
import { offerTools, winnerOf } from './toolset.ts';

/** A flow that an execution is to run. */
export interface FlowToRun {
  readonly id: string;
  readonly name: string;
  readonly steps: readonly (PlannedStep & { readonly model: string })[];
  /** What its prompts read by name. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What a flow begins with, beside itself. */
export interface FlowParts {
  /** Of the server, step by step. */
  readonly serverTools: readonly (readonly ResolvedTool[])[];
  readonly admitted: readonly AdmittedTool[];
  /** Position behind the messages that every step sees. */
  readonly conversationEnd: number;
  /** Where the first step's own messages begin. */
  readonly stepStart: number;
  readonly newId: (prefix: string) => string;
}

/** A new execution as one of a flow, at its first step. */
export function beginFlow(execution: Execution, flow: FlowToRun, parts: FlowParts): Execution {
  const { serverTools, admitted, conversationEnd, stepStart, newId } = parts;
  const run: FlowRun = {
    id: flow.id,
    name: flow.name,
    steps: flow.steps.map(({ tools, ...step }, index) => ({
      ...step,
      tools: serverTools[index] ?? [],
      maxToolCalls: tools.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
    })),
    inputs: flow.inputs,
    answers: {},
    clientTools: admitted.map(({ tool }) => tool),
    at: 0,
    stepId: newId(ID_PREFIX.step),
    conversationEnd,
    stepStart,
  };
  return enterStep({ ...execution, flow: run });
}

/** Client tools that a resume brought stay for the steps to come. */
export function keepClientTools(execution: Execution, admitted: readonly AdmittedTool[]): Execution {
  const { flow } = execution;
  if (flow === null) return execution;
  return { ...execution, flow: { ...flow, clientTools: admitted.map(({ tool }) => tool) } };
}

/**
 * An answer taken in, and the next step entered; `undefined`: there is none. Throws where the answer is not what the
 * step asks for.
 */
export function nextStep(
  execution: Execution,
  answer: string,
  { stepStart, newId }: { readonly stepStart: number; readonly newId: (prefix: string) => string },
): Execution | undefined {
  const { flow } = execution;
  if (flow === null) return undefined;
  const step = stepOf(flow);
  const value = readAnswer(step, answer);
  if (flow.at + 1 >= flow.steps.length) return undefined;
  const answers = { ...flow.answers, [step.outputVariable]: value };
  const next = { ...flow, answers, at: flow.at + 1, stepId: newId(ID_PREFIX.step), stepStart };
  return enterStep({ ...execution, flow: next });
}

/** Each step asks its own model, with its own tools and its own number of calls. */
function enterStep(execution: Execution): Execution {
  const { flow, agent, owner, tools } = execution;
  if (flow === null) throw new Error('An execution of an agent has no steps.');
  const { model, instructions, maxToolCalls, tools: serverTools } = stepOf(flow);
  return {
    ...execution,
    agent: { ...agent, model, instructions },
    maxToolCalls,
    toolCallsUsed: 0,
    tools: offerTools({
      admitted: flow.clientTools.map((tool) => ({ tool, notes: [] })),
      serverTools,
      wins: winnerOf(owner),
      before: tools,
    }),
  };
}

/** Of the conversation, what its model sees now: with a flow, all up to the dispatch, and of the open step its own. */
export function visibleMessages(
  { flow }: Pick<Execution, 'flow'>,
  stored: readonly StoredMessage[],
): readonly StoredMessage[] {
  const messages = currentMessages(stored);
  if (flow === null) return messages;
  return messages.filter(({ position }) => position < flow.conversationEnd || position >= flow.stepStart);
}

/** What its model reads, the prompt of the open step in its place. Rejects where that cannot be written. */
export async function messagesForModel(
  execution: Pick<Execution, 'flow' | 'record' | 'user'>,
  stored: readonly StoredMessage[],
): Promise<readonly ModelMessage[]> {
  const { flow, record, user } = execution;
  const visible = visibleMessages(execution, stored);
  if (flow === null) return visible.map(({ message }) => message);
  const { id, name, inputs, answers } = flow;
  const prompt = await promptOf(stepOf(flow), { flow: { id, name }, inputs, answers, record, user });
  const isBefore = ({ position }: StoredMessage) => position < flow.conversationEnd;
  const conversation = visible.filter(isBefore).map(({ message }) => message);
  const own = visible.filter((message) => !isBefore(message)).map(({ message }) => message);
  return [...conversation, ...(prompt === null ? [] : [asMessage(prompt, conversation)]), ...own];
}

/** It is the newest message then, so it carries what the page said of itself. */
function asMessage(prompt: string, conversation: readonly ModelMessage[]): ModelMessage {
  const pageContext = conversation.findLast(({ role }) => role === 'user');
  const said = pageContext?.role === 'user' ? pageContext.pageContext : undefined;
  return {
    role: 'user',
    content: [{ type: 'text', text: prompt }],
    ...(said === undefined ? {} : { pageContext: said }),
  };
}

export function kindOf({ flow }: Pick<Execution, 'flow'>): 'agent' | 'flow' {
  return flow === null ? 'agent' : 'flow';
}

export function stepStarted({ flow }: Execution): readonly EventBody[] {
  if (flow === null) return [];
  return [{ type: 'step_start', stepId: flow.stepId, stepType: 'prompt', name: stepOf(flow).name }];
}

/** Whether what its model says now is for whoever reads, and not for later steps alone. */
export function showsWords({ flow }: Pick<Execution, 'flow'>): boolean {
  return flow === null || stepOf(flow).isShown;
}

/** What the last step of a flow answered, for its end. */
export function finalOutput(
  execution: Pick<Execution, 'flow' | 'owner'>,
  output: string,
): { readonly finalOutput?: string } {
  return execution.flow !== null && isTold(execution) ? { finalOutput: output } : {};
}

/** In a browser, what is not shown is not to be found either. */
function isTold({ flow, owner }: Pick<Execution, 'flow' | 'owner'>): boolean {
  return owner.kind === 'api_key' || showsWords({ flow });
}

export function stepComplete(
  { flow, owner }: Execution,
  response: string,
  stopReason: StopReason,
): readonly EventBody[] {
  if (flow === null) return [];
  const { stepId } = flow;
  const result = isTold({ flow, owner }) ? { result: { response } } : {};
  return [{ type: 'step_complete', stepId, stepType: 'prompt', success: true, stopReason, ...result }];
}

/** The end of a step that did not come to its own. */
export function stepFailed({ flow }: Execution, error: string): readonly EventBody[] {
  if (flow === null) return [];
  return [{ type: 'step_complete', stepId: flow.stepId, stepType: 'prompt', success: false, error }];
}

function stepOf({ steps, at }: FlowRun): FlowRun['steps'][number] {
  const step = steps[at];
  if (step === undefined) throw new Error(`The flow has no step ${at}.`);
  return step;
}
