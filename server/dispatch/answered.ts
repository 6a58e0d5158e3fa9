import type { EventBody } from '../../protocol/event.ts';
import { RequestError } from '../errors.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { Execution } from '../store/store.ts';
import type { Desk } from './desk.ts';
import type { IdempotencyKey } from './dispatcher.ts';
import { type EventLog, Superseded } from './event-log.ts';
import { afterAnswers } from './next-boundary.ts';
import { newOutcome } from './outcome.ts';

/** A paused execution that has taken something in. */
export interface Answered {
  /** As it was. */
  readonly before: Execution;
  readonly execution: Execution;
  readonly log: EventLog;
  readonly events: readonly EventBody[];
  readonly reports: readonly EventBody[];
  readonly receipts: readonly Receipt[];
}

/** Takes in secrets that came once more. */
export function keepSecrets(
  execution: Execution,
  secrets: Readonly<Record<string, string>> | undefined,
  { deps: { vault } }: Desk,
): void {
  vault.keep(execution.id, secrets ?? {});
  vault.note(execution);
}

/** Before anything goes on, so that nothing is lost where one is missing. Throws `secrets_required`. */
export function requireSecrets(execution: Execution, { deps }: Pick<Desk, 'deps'>): void {
  const { id, secretKeys } = execution;
  const missing = secretKeys.filter((key) => deps.vault.secret(id, key) === undefined);
  if (missing.length > 0) throw secretsRequired(missing);
}

export function secretsRequired(missing: readonly string[]): RequestError {
  return new RequestError('secrets_required', 'The server no longer has the secrets of this dispatch.', {
    hint: 'Send the same request again with `secrets`, holding the keys in `details`. Nothing is lost.',
    details: missing.map((key) => `secrets.${key}: is needed by a tool of this execution`),
  });
}

/** Stores it, and lets the execution run where nothing is missing any more. `false`: others were faster. */
export async function storeAnswered(
  { before, execution, log, ...ended }: Answered,
  request: { readonly idempotency?: IdempotencyKey | undefined; readonly maxRunning?: number | undefined },
  { deps, runs }: Desk,
): Promise<boolean> {
  const outcome = newOutcome(request.idempotency, before, deps.clock());
  const giveBack =
    execution.status === 'running' ? runs.reserve(before.owner, request.maxRunning) : undefined;
  try {
    await log.commit({ ...(await afterAnswers(execution, ended, deps)), outcome });
    if (log.execution.status === 'running') runs.launch(log, 'resume');
    else log.end();
    return true;
  } catch (error) {
    if (error instanceof Superseded) return false;
    throw error;
  } finally {
    giveBack?.();
  }
}
