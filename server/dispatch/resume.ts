import type { EventBody } from '../../protocol/event.ts';
import { RequestError } from '../errors.ts';
import type { Execution } from '../store/store.ts';
import { missingSecrets } from './bound-tools.ts';
import type { Desk } from './desk.ts';
import type { Answer, ResumeExecution } from './dispatcher.ts';
import { resultsMessage } from './ending.ts';
import { type Boundary, Superseded } from './event-log.ts';
import { replaceTools, resolveCalls } from './execution.ts';
import { keepClientTools } from './flow-run.ts';
import { nextTurn } from './loop.ts';
import { newOutcome, rememberedAnswer } from './outcome.ts';
import { toolsReport } from './start.ts';
import { awaitEvent } from './tool-call.ts';
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
  const resolved = resolveCalls(
    execution,
    accepted.map((call) => ({ ...call, text: log.scrub(call.text) })),
  );
  if (resolved.status === 'running') requireSecrets(execution, desk);
  const next = withTools(request, resolved);
  const outcome = newOutcome(request.idempotency, execution, deps.clock());
  const giveBack =
    resolved.status === 'running' ? runs.reserve(execution.owner, request.maxRunning) : undefined;
  try {
    await log.commit({ ...(await boundaryOf(next, desk)), outcome });
    if (log.execution.status === 'running') runs.launch(log);
    else log.end();
  } catch (error) {
    if (error instanceof Superseded) return undefined;
    throw error;
  } finally {
    giveBack?.();
  }
  return desk.read(execution, execution.seq, 'answer');
}

/** Takes in secrets that came once more. */
function keepSecrets(
  execution: Execution,
  secrets: Readonly<Record<string, string>> | undefined,
  { deps: { vault } }: Desk,
): void {
  vault.keep(execution.id, secrets ?? {});
  vault.note(execution);
}

/** Before anything goes on, so that nothing is lost where one is missing. */
function requireSecrets(execution: Execution, { deps }: Desk): void {
  const missing = missingSecrets(execution, execution.tools, deps);
  if (missing.length === 0) return;
  throw new RequestError('secrets_required', 'The server no longer has the secrets of this dispatch.', {
    hint: 'Send the same request again with `secrets`, holding the keys in `details`. Nothing is lost.',
    details: missing.map((key) => `secrets.${key}: is needed by a tool of this execution`),
  });
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

/** Asks again for what is missing, or goes on with the next turn. */
async function boundaryOf({ execution, reports }: Resumed, { deps }: Desk): Promise<Boundary> {
  if (execution.status === 'awaiting') {
    return { execution, events: [...reports, ...execution.pending.map(awaitEvent)], messages: [] };
  }
  const results = await resultsMessage(execution, deps.store);
  const turn = nextTurn(execution, deps);
  return { execution: turn.execution, events: [turn.event, ...reports], messages: [results] };
}
