import type { EventBody } from '../../protocol/event.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { Execution, ResolvedCall } from '../store/store.ts';
import { keepSecrets, requireSecrets, storeAnswered } from './answered.ts';
import type { Desk } from './desk.ts';
import type { Answer, ResumeExecution } from './dispatcher.ts';
import { replaceTools, resolveCalls } from './execution.ts';
import { keepClientTools } from './flow-run.ts';
import { rememberedAnswer } from './outcome.ts';
import { clientReceipt } from './receipts.ts';
import { toolsReport } from './start.ts';
import { matchOutputs } from './tool-output.ts';
import { frozenTools, offerTools, winnerOf } from './toolset.ts';

/** Takes outputs in, or finds what the same outputs led to before. Nothing: look again, others were faster. */
export async function resumeOnce(
  request: ResumeExecution,
  execution: Execution,
  desk: Desk,
): Promise<Answer | undefined> {
  const { deps, runs } = desk;
  const remembered = await rememberedAnswer(request.idempotency, desk);
  if (remembered !== undefined) return remembered;
  const { accepted, repeated } = matchOutputs(execution, request.toolOutputs);
  if (accepted.length === 0) {
    const after = Math.max(...repeated.map(({ acceptedSeq }) => acceptedSeq));
    return desk.read(execution, after, 'answer');
  }
  keepSecrets(execution, request.secrets, desk);
  const log = runs.newLog(execution);
  const outputs = accepted.map((call) => ({ ...call, text: log.scrub(call.text) }));
  const resolved = resolveCalls(execution, outputs);
  if (resolved.status === 'running') requireSecrets(resolved, desk);
  const receipts = outputs.flatMap((output) => receiptOfOutput(execution, output, deps.clock()));
  const next = { before: execution, log, events: [], receipts, ...withTools(request, resolved) };
  if (!(await storeAnswered(next, request, desk))) return undefined;
  return desk.read(execution, execution.seq, 'answer');
}

function receiptOfOutput(
  execution: Execution,
  { toolCallId, text, isError }: ResolvedCall,
  atMs: number,
): readonly Receipt[] {
  const call = execution.pending.find((one) => one.toolCallId === toolCallId);
  if (call === undefined) return [];
  return [clientReceipt(execution, call, { outcome: isError ? 'error' : 'success', text, atMs })];
}

interface Resumed {
  readonly execution: Execution;
  readonly reports: readonly EventBody[];
}

function withTools({ admission }: ResumeExecution, execution: Execution): Resumed {
  if (admission === undefined) return { execution, reports: [] };
  const offered = offerTools({
    admitted: admission.admitted,
    serverTools: frozenTools(execution.tools),
    wins: winnerOf(execution.owner),
    before: execution.tools,
  });
  const next = keepClientTools(replaceTools(execution, offered), admission.admitted);
  return { execution: next, reports: toolsReport(admission, next) };
}
