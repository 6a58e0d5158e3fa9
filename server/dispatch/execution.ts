import type { ToolChoice } from '../../protocol/definition.ts';
import { RequestError } from '../errors.ts';
import type { ModelToolCall, ModelToolResult } from '../models/model.ts';
import type {
  Approval,
  ApprovalDecision,
  Execution,
  ExecutionStatus,
  OfferedTool,
  PendingCall,
  ResolvedCall,
  StartedCall,
} from '../store/store.ts';
import type { StartRequest } from './dispatcher.ts';

/*
 * The states of an execution and the ways between them:
 *
 *              ┌──openTurn / startCalls / resolveStarted──┐
 *              ▼                                          │
 *   running ───┴──────────────────────────────────────────┘
 *      │ ├──pause──▶ awaiting ──resolveCalls, decide (the last)──▶ running
 *      │ │             │ ▲ └──resolveCalls, decide (others)──┘
 *      ▼ ▼             ▼
 *     end: complete, failed, cancelled; expired only from a pause
 *
 * While it runs, it either asks the model (`started` is empty) or waits for calls of the server's own. Each function
 * takes one state and gives the next; the log gives it its version when it is written.
 */

/** A new execution, before its first turn. */
export function newExecution(
  id: string,
  request: StartRequest,
  { tools, secretKeys }: Pick<Execution, 'tools' | 'secretKeys'>,
  nowMs: number,
): Execution {
  const { agent, choices = [] } = request;
  const given = request.secrets ?? {};
  return {
    id,
    version: 0,
    status: 'running',
    conversationId: request.conversationId,
    owner: request.owner,
    workspace: request.workspace,
    surfaceId: request.surfaceId,
    agent: { id: agent.id, name: agent.name, model: agent.model, instructions: agent.instructions },
    maxToolCalls: choices.findLast(saysMaxToolCalls)?.maxToolCalls ?? agent.maxToolCalls,
    pauseLifetimeMs: agent.pauseMinutes * 60_000,
    toolCallsUsed: 0,
    iteration: 0,
    seq: 0,
    tools,
    record: request.record ?? {},
    user: request.user ?? {},
    secretKeys: secretKeys.filter((key) => Object.hasOwn(given, key)),
    tokens: { input: 0, output: 0 },
    spawned: 0,
    approvals: [],
    approvalTimeoutMs:
      request.continues?.approvalTimeoutMs ?? choices.findLast(saysApproval)?.approval?.timeout ?? null,
    pauseEndsAtMs: null,
    stopReason: null,
    continues: request.continues?.id ?? null,
    flow: null,
    pending: [],
    started: [],
    resolved: [],
    assistantMessageId: request.assistantMessageId,
    runAfter: 0,
    turnId: null,
    takeovers: 0,
    createdAtMs: nowMs,
    expiresAtMs: null,
  };
}

function saysMaxToolCalls({ maxToolCalls }: ToolChoice): boolean {
  return maxToolCalls !== undefined;
}

function saysApproval({ approval }: ToolChoice): boolean {
  return approval?.timeout !== undefined;
}

/** Begins the next turn. What earlier ones left to recover from is over. */
export function openTurn(execution: Execution, turnId: string): Execution {
  const { iteration } = expectNoOpenCalls(expect(execution, 'running'));
  return { ...forgetTexts(execution), iteration: iteration + 1, turnId, takeovers: 0 };
}

/** Begins the same turn again, because whoever took it first is gone. */
export function reopenTurn(execution: Execution, turnId: string): Execution {
  return { ...expectNoOpenCalls(expect(execution, 'running')), turnId };
}

/** Whether the model has asked for more calls than it may make. It then answers with what it has. */
export function isExhausted(execution: Execution): boolean {
  return execution.toolCallsUsed > execution.maxToolCalls;
}

export function countCalls(execution: Execution, made: number): Execution {
  return { ...expect(execution, 'running'), toolCallsUsed: execution.toolCallsUsed + made };
}

/** Records that the server's own calls of a turn begin. `pending` will be awaited after them. */
export function startCalls(
  execution: Execution,
  started: readonly StartedCall[],
  pending: readonly PendingCall[],
): Execution {
  return { ...expectNoOpenCalls(expect(execution, 'running')), started, pending };
}

/** Takes in the results of the server's own calls. */
export function resolveStarted(execution: Execution, results: readonly ResolvedCall[]): Execution {
  const done = new Set(results.map(({ toolCallId }) => toolCallId));
  return {
    ...expect(execution, 'running'),
    started: execution.started.filter(({ toolCallId }) => !done.has(toolCallId)),
    resolved: [...execution.resolved, ...results],
  };
}

/** Records calls of this turn that a person has to let run. They are asked for with the next pause. */
export function requestApprovals(execution: Execution, approvals: readonly Approval[]): Execution {
  return { ...expect(execution, 'running'), approvals: [...execution.approvals, ...approvals] };
}

/** Those that nobody has decided. */
export function openApprovals({ approvals }: Execution): readonly Approval[] {
  return approvals.filter(({ decision }) => decision === null);
}

/** Waits for the pending calls and for approvals. `answered` are calls of the same turn that never left the server. */
export function pause(
  execution: Execution,
  pending: readonly PendingCall[],
  answered: readonly ResolvedCall[],
  nowMs: number,
): Execution {
  expect(execution, 'running');
  const { approvalTimeoutMs, started } = execution;
  if (pending.length + openApprovals(execution).length === 0 || started.length > 0) {
    throw new Error('An execution pauses for calls of the client, for approvals, and for nothing else.');
  }
  const expiresAtMs = approvalTimeoutMs === null ? null : nowMs + approvalTimeoutMs;
  return withExpiry({
    ...execution,
    status: 'awaiting',
    pending,
    approvals: execution.approvals.map((one) => (one.decision === null ? { ...one, expiresAtMs } : one)),
    resolved: [...execution.resolved, ...answered],
    takeovers: 0,
    pauseEndsAtMs: nowMs + execution.pauseLifetimeMs,
  });
}

function withExpiry(execution: Execution): Execution {
  const ends = openApprovals(execution).flatMap(({ expiresAtMs }) => expiresAtMs ?? []);
  const { pauseEndsAtMs } = execution;
  return { ...execution, expiresAtMs: Math.min(pauseEndsAtMs ?? execution.expiresAtMs ?? Infinity, ...ends) };
}

/** Takes in outputs. With the last answer that it waits for the execution runs again. */
export function resolveCalls(execution: Execution, outputs: readonly ResolvedCall[]): Execution {
  expect(execution, 'awaiting');
  const answered = new Set(outputs.map(({ toolCallId }) => toolCallId));
  const pending = execution.pending.filter(({ toolCallId }) => !answered.has(toolCallId));
  return goOn({ ...execution, pending, resolved: [...execution.resolved, ...outputs] });
}

/** Takes in what was decided about one approval. With the last answer that it waits for the execution runs again. */
export function decide(execution: Execution, approvalId: string, decision: ApprovalDecision): Execution {
  expect(execution, 'awaiting');
  const approval = openApprovals(execution).find((one) => one.approvalId === approvalId);
  if (approval === undefined) throw new Error(`The approval ${approvalId} is not open.`);
  const approvals = execution.approvals.map((one) => (one === approval ? { ...one, decision } : one));
  const refusal =
    decision.decision === 'approved' ? [] : [ownWords(approval, refusalWords(decision), execution.seq)];
  return goOn({ ...execution, approvals, resolved: [...execution.resolved, ...refusal] });
}

/** What the model reads of a call that was not let run. */
export function refusalWords({ decision, reason }: ApprovalDecision): string {
  if (decision === 'timeout') return 'This call was not made: nobody approved it in time.';
  const why = reason === null ? '' : ` The reason given: ${reason}`;
  return `This call was not made: a person refused it.${why}`;
}

function goOn(execution: Execution): Execution {
  if (execution.pending.length + openApprovals(execution).length > 0) return withExpiry(execution);
  return {
    ...execution,
    status: 'running',
    started: waitingApprovals(execution).map(begun),
    runAfter: execution.seq,
    pauseEndsAtMs: null,
    expiresAtMs: null,
  };
}

/** Calls that needed approval and have neither begun nor a result. */
export function waitingApprovals({ approvals, started, resolved }: Execution): readonly Approval[] {
  const known = new Set([...started, ...resolved].map(({ toolCallId }) => toolCallId));
  return approvals.filter(({ toolCallId }) => !known.has(toolCallId));
}

function begun({
  toolCallId,
  bareName,
  modelName,
  parameters,
  requestedAt,
  decision,
}: Approval): StartedCall {
  return { toolCallId, bareName, modelName, parameters, startedAt: decision?.decidedAt ?? requestedAt };
}

/** Replaces the tools for the turns to come. Calls that wait already are not touched. */
export function replaceTools(execution: Execution, tools: readonly OfferedTool[]): Execution {
  if (!isOpen(execution)) throw new Error(`An execution that is ${execution.status} takes no turns to come.`);
  return { ...execution, tools };
}

/** The results of a turn's calls, one for each, in the order of the calls. */
export function resultsOf(execution: Execution, calls: readonly ModelToolCall[]): readonly ModelToolResult[] {
  const byId = new Map(execution.resolved.map((call) => [call.toolCallId, call]));
  return calls.map(({ toolCallId, name }) => {
    const call = byId.get(toolCallId);
    if (call === undefined) throw new Error(`The call ${toolCallId} has no result.`);
    const untrusted = call.hash !== '' && call.isVisitors !== true;
    return { toolCallId, name, text: call.text, isError: call.isError, untrusted };
  });
}

/** Drops the texts of outputs that stand in the conversation by now. Their hashes stay, to know them again. */
export function forgetTexts(execution: Execution): Execution {
  return {
    ...execution,
    resolved: execution.resolved.map((call) => ({ ...call, text: '' })),
    approvals: execution.approvals.map((approval) => ({ ...approval, parameters: {} })),
  };
}

/** Answers every call that has no result yet with words of our own, because nobody else will. */
export function answerOpenCalls(execution: Execution, words: string): Execution {
  const { pending, started, seq } = execution;
  const open = [...pending, ...started, ...waitingApprovals(execution)];
  const answered = open.map((call) => ownWords(call, words, seq));
  return { ...execution, pending: [], started: [], resolved: [...execution.resolved, ...answered] };
}

/** Closes what nobody will decide any more. */
export function closeApprovals(
  execution: Execution,
  decision: Omit<ApprovalDecision, 'acceptedSeq'>,
): Execution {
  const closed = { ...decision, acceptedSeq: execution.seq };
  const approvals = execution.approvals.map((one) =>
    one.decision === null ? { ...one, decision: closed } : one,
  );
  return { ...execution, approvals };
}

function ownWords(
  { toolCallId, bareName, modelName }: Pick<ResolvedCall, 'toolCallId' | 'bareName' | 'modelName'>,
  text: string,
  acceptedSeq: number,
): ResolvedCall {
  return { toolCallId, bareName, modelName, text, isError: true, hash: '', acceptedSeq };
}

/** Ends an execution that runs or waits. All its calls have results by then. */
export function end(
  execution: Execution,
  status: Exclude<ExecutionStatus, 'running' | 'awaiting'>,
): Execution {
  if (!isOpen(execution)) throw new Error(`An execution that is ${execution.status} cannot end again.`);
  return {
    ...forgetTexts(expectNoOpenCalls(execution)),
    status,
    turnId: null,
    pauseEndsAtMs: null,
    expiresAtMs: null,
  };
}

/** Whether it runs or waits. */
export function isOpen({ status }: Pick<Execution, 'status'>): boolean {
  return status === 'running' || status === 'awaiting';
}

export function isOverdue(execution: Execution, nowMs: number): boolean {
  return execution.status === 'awaiting' && execution.expiresAtMs !== null && execution.expiresAtMs <= nowMs;
}

/** What a late output hears. */
export function expired(): RequestError {
  return new RequestError('execution_expired', 'This answer waited too long for the page and has ended.', {
    hint: 'Send the message again.',
  });
}

/** Whether a call of the turn has no result yet. */
export function hasOpenCalls(execution: Execution): boolean {
  const { pending, started } = execution;
  return pending.length + started.length + waitingApprovals(execution).length > 0;
}

/** Nothing goes on past a call that has no result: it would be forgotten, and every later turn refused by the model. */
function expectNoOpenCalls(execution: Execution): Execution {
  if (!hasOpenCalls(execution)) return execution;
  throw new Error('An execution cannot go on while a call has no result.');
}

function expect(execution: Execution, status: 'running' | 'awaiting'): Execution {
  if (execution.status === status) return execution;
  if (execution.status === 'expired') throw expired();
  if (status === 'awaiting') {
    throw new RequestError('execution_not_awaiting', 'This execution waits for no tool output.', {
      hint: 'Resume only after an `await` event, and once for each call.',
    });
  }
  throw new RequestError('execution_conflict', `This execution is ${execution.status} and cannot run on.`);
}
