import type { EventBody } from '../../protocol/event.ts';
import type { ToolOrigin } from '../../protocol/tool.ts';
import { isRecord } from '../is-record.ts';
import type { ModelToolCall } from '../models/model.ts';
import type {
  Approval,
  ApprovalDecision,
  Execution,
  OfferedTool,
  PendingCall,
  ResolvedCall,
} from '../store/store.ts';
import { toolTypeOf } from '../tools/child-receipt.ts';
import { checkInput } from '../tools/tool-input.ts';
import { openApprovals } from './execution.ts';
import { canonicalName, findTool } from './toolset.ts';

interface Call {
  readonly toolCallId: string;
  /** As the model wrote it, made legal: it stands in the history, and providers refuse a history with odd names. */
  readonly name: string;
  /** Always an object: providers refuse a history with anything else. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What becomes of a call that the model made: it goes to its tool, or the model hears why not. */
export type JudgedCall =
  | (Call & { readonly tool: OfferedTool })
  | (Call & { readonly problem: string; readonly refusedTool: OfferedTool | undefined });

export type AllowedCall = Extract<JudgedCall, { tool: OfferedTool }>;
/** A call for a tool of the client. */
export type ClientCall = AllowedCall & { readonly tool: OfferedTool & { readonly origin: ToolOrigin } };
export type RefusedCall = Extract<JudgedCall, { problem: string }>;

/** Judges the calls of one turn, in their order. Each gets an id that the conversation has not seen. */
export function judgeCalls(
  execution: Execution,
  calls: readonly ModelToolCall[],
  ids: { readonly taken: Set<string>; readonly newId: () => string },
): readonly JudgedCall[] {
  const left = execution.maxToolCalls - execution.toolCallsUsed;
  return calls.map((call, index) => {
    const base: Call = {
      toolCallId: takeId(call.toolCallId, ids),
      name: call.name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed',
      parameters: isRecord(call.input) ? call.input : {},
    };
    const tool = findTool(execution.tools, call.name);
    if (index >= left) return { ...base, problem: limitReached(execution), refusedTool: tool };
    if (tool === undefined) {
      return { ...base, problem: unknownTool(base.name, execution), refusedTool: undefined };
    }
    const input = checkInput(tool, call.input);
    if (!input.ok) return { ...base, problem: input.problem, refusedTool: tool };
    return { ...base, parameters: input.parameters, tool };
  });
}

export function isClientCall(call: AllowedCall): call is ClientCall {
  return call.tool.origin !== 'server';
}

/** Whether a person has to let it run first. */
export function needsApproval({ tool }: AllowedCall): boolean {
  return tool.needsApproval === true;
}

export function toPending(call: ClientCall, awaitedAt: string): PendingCall {
  const { tool, toolCallId, parameters } = call;
  const { bareName, modelName, origin, pageOrigin } = tool;
  return { toolCallId, bareName, modelName, origin, pageOrigin, parameters, awaitedAt };
}

export function toResolved(call: RefusedCall, acceptedSeq: number): ResolvedCall {
  const { toolCallId, name, problem, refusedTool } = call;
  const bareName = refusedTool?.bareName ?? name;
  return { toolCallId, bareName, modelName: name, text: problem, isError: true, hash: '', acceptedSeq };
}

/** A call that a person has to let run. */
export function toApproval(call: AllowedCall, approvalId: string, requestedAt: string): Approval {
  const { tool, toolCallId, parameters } = call;
  const { bareName, modelName } = tool;
  return {
    approvalId,
    toolCallId,
    bareName,
    modelName,
    parameters,
    requestedAt,
    expiresAtMs: null,
    decision: null,
  };
}

/** All that a paused execution waits for, as its client and whoever may approve read it. */
export function pauseEvents(execution: Execution): readonly EventBody[] {
  return [
    ...openApprovals(execution).map((approval) => approvalEvent(approval, execution)),
    ...execution.pending.map(awaitEvent),
  ];
}

function approvalEvent(approval: Approval, { tools, pauseLifetimeMs }: Execution): EventBody {
  const { approvalId, toolCallId, bareName, modelName, parameters, requestedAt, expiresAtMs } = approval;
  const tool = findTool(tools, modelName);
  return {
    type: 'approval_start',
    approvalId,
    toolName: bareName,
    ...(tool === undefined ? {} : { toolType: toolTypeOf(tool), description: tool.description }),
    parameters,
    toolCallId,
    timeout: expiresAtMs === null ? pauseLifetimeMs : Math.max(0, expiresAtMs - Date.parse(requestedAt)),
  };
}

/** That an approval is over, and who ended it. */
export function approvalComplete(
  { approvalId }: Approval,
  { decision, by }: Pick<ApprovalDecision, 'decision' | 'by'>,
): EventBody {
  return { type: 'approval_complete', approvalId, decision, resolvedBy: by };
}

/** The pause for one call, as the client reads it: the bare name, and where it belongs. */
function awaitEvent(call: PendingCall): EventBody {
  const { toolCallId, bareName, origin, pageOrigin, parameters, awaitedAt } = call;
  return {
    type: 'await',
    toolCallId,
    toolName: bareName,
    toolId: canonicalName(origin, bareName),
    origin,
    ...(pageOrigin === null ? {} : { pageOrigin }),
    parameters,
    awaitedAt,
  };
}

/** A call that went nowhere, for people to see. */
export function refusalEvents(call: RefusedCall, iteration: number, at: string): readonly EventBody[] {
  const { toolCallId, parameters, problem, refusedTool } = call;
  const toolName = refusedTool?.bareName ?? call.name;
  return [
    {
      type: 'tool_start',
      toolCallId,
      toolName,
      parameters,
      iteration,
      startedAt: at,
      ...(refusedTool === undefined ? {} : { origin: refusedTool.origin }),
      ...(refusedTool?.pageOrigin == null ? {} : { pageOrigin: refusedTool.pageOrigin }),
    },
    { type: 'tool_complete', toolCallId, toolName, success: false, error: problem, completedAt: at },
  ];
}

/** What every provider takes back in a history, and no object key of a reader trips over. */
const PORTABLE_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Small models number their calls anew in each turn, and some leave ids out. */
function takeId(wanted: string, ids: { readonly taken: Set<string>; readonly newId: () => string }): string {
  const isGood = PORTABLE_ID.test(wanted) && !ids.taken.has(wanted) && wanted !== '__proto__';
  const id = isGood ? wanted : ids.newId();
  ids.taken.add(id);
  return id;
}

function limitReached({ maxToolCalls }: Execution): string {
  return `The limit of ${maxToolCalls} tool calls is reached, so this call was not made. Answer with what you have.`;
}

function unknownTool(name: string, { tools }: Execution): string {
  const names = tools.map(({ modelName }) => modelName).join(', ');
  return names === ''
    ? `There is no tool named "${name}": no tools are offered. Answer in words.`
    : `There is no tool named "${name}". These are offered: ${names}.`;
}
