import { RequestError } from '../errors.ts';
import type { Approval, ApprovalDecision, Execution } from '../store/store.ts';
import { keepSecrets, requireSecrets, storeAnswered } from './answered.ts';
import type { Desk } from './desk.ts';
import type { Answer, ApproveExecution } from './dispatcher.ts';
import { decide, openApprovals, refusalWords } from './execution.ts';
import { rememberedAnswer } from './outcome.ts';
import { BY_POLICY, deniedReceipt } from './receipts.ts';
import { scrubberOf } from './secret-vault.ts';
import { approvalComplete } from './tool-call.ts';

/** Takes a decision in, or finds what the same one led to before. Nothing: look again, others were faster. */
export async function approveOnce(
  request: ApproveExecution,
  execution: Execution,
  desk: Desk,
): Promise<Answer | undefined> {
  const { deps } = desk;
  const { approvalId, decision, by } = request;
  const remembered = await rememberedAnswer(request.idempotency, desk);
  if (remembered !== undefined) return remembered;
  const approval = execution.approvals.find((one) => one.approvalId === approvalId);
  if (approval === undefined) throw noApproval();
  if (approval.decision !== null) {
    if (approval.decision.decision !== decision) throw decided(approval.decision);
    return desk.read(execution, approval.decision.acceptedSeq, 'answer');
  }
  if (execution.status !== 'awaiting') throw notYetAsked();
  keepSecrets(execution, request.secrets, desk);
  const reason = scrubberOf(execution.id, deps).scrubValue(request.reason);
  const decidedAt = new Date(deps.clock()).toISOString();
  const made = { decision, by, reason, decidedAt, acceptedSeq: execution.seq };
  const isStored = await takeDecisions(execution, [{ approval, made }], request, desk);
  return isStored ? desk.read(execution, execution.seq, 'answer') : undefined;
}

/** Refuses what nobody approved in time. Whether it was this call that did. */
export async function timeOutApprovals(execution: Execution, nowMs: number, desk: Desk): Promise<boolean> {
  const decidedAt = new Date(nowMs).toISOString();
  const { seq: acceptedSeq } = execution;
  const overdue = openApprovals(execution)
    .filter(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs)
    .map((approval) => ({
      approval,
      made: { decision: 'timeout', by: BY_POLICY, reason: null, decidedAt, acceptedSeq } as const,
    }));
  return takeDecisions(execution, overdue, 'timeout', desk);
}

async function takeDecisions(
  before: Execution,
  decisions: readonly { readonly approval: Approval; readonly made: ApprovalDecision }[],
  request: ApproveExecution | 'timeout',
  desk: Desk,
): Promise<boolean> {
  const execution = decisions.reduce(
    (state, { approval, made }) => decide(state, approval.approvalId, made),
    before,
  );
  const isAsked = request !== 'timeout';
  // Where nobody asks, nobody could send them again: the call that lacks one says so.
  if (isAsked && execution.status === 'running') requireSecrets(execution, desk);
  const atMs = desk.deps.clock();
  return storeAnswered(
    {
      before,
      execution,
      log: desk.runs.newLog(before),
      events: decisions.map(({ approval, made }) => approvalComplete(approval, made)),
      reports: [],
      receipts: decisions
        .filter(({ made }) => made.decision !== 'approved')
        .map(({ approval, made }) => deniedReceipt(execution, approval, { text: refusalWords(made), atMs })),
    },
    isAsked ? request : {},
    desk,
  );
}

function noApproval(): RequestError {
  return new RequestError('approval_not_found', 'This execution asks for no such approval.', {
    hint: 'Send the `approvalId` of its `approval_start` event.',
  });
}

function notYetAsked(): RequestError {
  return new RequestError('execution_not_awaiting', 'This execution waits for no approval now.', {
    hint: 'Approve after its `approval_start` event.',
  });
}

function decided({ decision }: ApprovalDecision): RequestError {
  const how = { approved: 'approved', denied: 'refused', timeout: 'refused, because nobody decided in time' };
  return new RequestError('already_decided', `This call was ${how[decision]} already.`, {
    hint: 'A decision counts once. To change course, send a message.',
  });
}
