import { createHash } from 'node:crypto';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { Approval, Execution, OfferedTool, PendingCall } from '../store/store.ts';
import { cut } from '../text.ts';
import { childReceipt, RECEIPT_RESULT_CHARS, toolTypeOf } from '../tools/child-receipt.ts';
import type { ChildCall } from '../tools/toolbox.ts';
import type { RefusedCall } from './tool-call.ts';
import { canonicalName } from './toolset.ts';

/** Whoever let a call run that no person was asked for. */
export const BY_POLICY = 'policy';

/** A call that is over. */
interface EndedCall {
  readonly toolCallId: string;
  readonly bareName: string;
  readonly modelName: string;
  readonly parameters: unknown;
  /** ISO 8601. */
  readonly startedAt: string;
}

interface CallEnd {
  readonly outcome: Receipt['outcome'];
  /** As the model reads it. */
  readonly text: string;
  readonly atMs: number;
}

/** Of a call of a server tool that began, or that waited for a person. */
export function receiptOf(execution: Execution, call: EndedCall, end: CallEnd): Receipt {
  const approval = execution.approvals.find(({ toolCallId }) => toolCallId === call.toolCallId);
  return write(execution, call, end, {
    ...whatItIs(toolOf(execution, call), call.bareName),
    approvedBy: approval?.decision?.by ?? BY_POLICY,
  });
}

/** Of a call that its client ran, or was asked to run. */
export function clientReceipt(execution: Execution, call: PendingCall, end: CallEnd): Receipt {
  const { bareName, origin, pageOrigin, awaitedAt } = call;
  const offered = toolOf(execution, call);
  return write(execution, { ...call, startedAt: awaitedAt }, end, {
    tool: canonicalName(origin, bareName),
    toolType: offered?.binding === undefined ? origin : toolTypeOf(offered),
    pageOrigin,
    approvedBy: origin === 'webmcp' ? 'visitor' : BY_POLICY,
  });
}

/** Of a call that went nowhere. */
export function refusalReceipt(execution: Execution, call: RefusedCall, atMs: number): Receipt {
  const { toolCallId, name, parameters, problem, refusedTool } = call;
  const startedAt = new Date(atMs).toISOString();
  const bareName = refusedTool?.bareName ?? name;
  return write(
    execution,
    { toolCallId, bareName, modelName: name, parameters, startedAt },
    { outcome: 'refused', text: problem, atMs },
    { ...whatItIs(refusedTool, bareName), approvedBy: BY_POLICY },
  );
}

/** Of calls that the children of a call made. They were let run with it. */
export function childReceipts(
  execution: Execution,
  calls: readonly ChildCall[],
  newId: (prefix: string) => string,
): readonly Receipt[] {
  const { id: executionId, conversationId, workspace, surfaceId, approvals } = execution;
  return calls.map((call) => {
    const approval = approvals.find(({ toolCallId }) => toolCallId === call.parentToolCallId);
    const approvedBy = approval?.decision?.by ?? BY_POLICY;
    return childReceipt(call, { executionId, conversationId, workspace, surfaceId, approvedBy }, newId);
  });
}

/** Of all calls that an execution leaves without a result. */
export function openReceipts(execution: Execution, end: Omit<CallEnd, 'outcome'>): readonly Receipt[] {
  const { started, pending } = execution;
  const unknown = { ...end, outcome: 'unknown' } as const;
  return [
    ...started.map((call) => receiptOf(execution, call, unknown)),
    ...pending.map((call) => clientReceipt(execution, call, unknown)),
  ];
}

export function deniedReceipt(
  execution: Execution,
  approval: Approval,
  end: Omit<CallEnd, 'outcome'>,
): Receipt {
  const call = { ...approval, startedAt: approval.requestedAt };
  return receiptOf(execution, call, { ...end, outcome: 'denied' });
}

function whatItIs(
  tool: OfferedTool | undefined,
  bareName: string,
): Pick<Receipt, 'tool' | 'toolType' | 'pageOrigin'> {
  if (tool === undefined) return { tool: bareName, toolType: 'unknown', pageOrigin: null };
  return { tool: tool.canonicalName, toolType: toolTypeOf(tool), pageOrigin: tool.pageOrigin };
}

function toolOf({ tools }: Execution, call: Pick<EndedCall, 'modelName'>): OfferedTool | undefined {
  return tools.find(({ modelName }) => modelName === call.modelName);
}

function write(
  execution: Execution,
  { toolCallId, parameters, startedAt }: EndedCall,
  { outcome, text, atMs }: CallEnd,
  facts: Pick<Receipt, 'tool' | 'toolType' | 'pageOrigin' | 'approvedBy'>,
): Receipt {
  const { id: executionId, conversationId, workspace, surfaceId } = execution;
  const startedAtMs = Date.parse(startedAt);
  return {
    id: receiptId(executionId, toolCallId),
    workspace,
    surfaceId,
    executionId,
    conversationId,
    toolCallId,
    parentToolCallId: null,
    ...facts,
    parameters,
    outcome,
    result: cut(text, RECEIPT_RESULT_CHARS, '…'),
    startedAtMs,
    durationMs: Math.max(0, atMs - startedAtMs),
  };
}

/** The same for each attempt to write it. */
function receiptId(executionId: string, toolCallId: string): string {
  const digest = createHash('sha256').update(`${executionId}\n${toolCallId}`).digest('base64url');
  return `${ID_PREFIX.receipt}${digest.slice(0, 24)}`;
}
