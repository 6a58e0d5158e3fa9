import { IDEMPOTENCY_LIFETIME_MS } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';
import type { Execution, Outcome } from '../store/store.ts';
import type { Desk } from './desk.ts';
import type { Answer, IdempotencyKey } from './dispatcher.ts';

/**
 * The answer that a request with this key got when it came first. Only what changed something is remembered: a request
 * that was refused may be mended and sent again under its key. Throws `idempotency_key_reused` for another body.
 */
export async function rememberedAnswer(
  key: IdempotencyKey | undefined,
  desk: Desk,
): Promise<Answer | undefined> {
  if (key === undefined) return undefined;
  const { store, clock } = desk.deps;
  const outcome = await store.outcome(key.keyHash, clock());
  if (outcome === undefined) return undefined;
  if (outcome.requestHash !== key.requestHash) {
    throw new RequestError('idempotency_key_reused', 'This `Idempotency-Key` was used for another request.', {
      hint: 'Give each request a key of its own, and repeat a request with the very same body.',
    });
  }
  const execution = await store.execution(outcome.executionId);
  return execution === undefined ? undefined : desk.read(execution, outcome.after, 'answer');
}

/** What a request with this key leads to: the events of the execution from here on. */
export function newOutcome(
  key: IdempotencyKey | undefined,
  { id, seq }: Execution,
  nowMs: number,
): Outcome | undefined {
  if (key === undefined) return undefined;
  return { ...key, executionId: id, after: seq, expiresAtMs: nowMs + IDEMPOTENCY_LIFETIME_MS };
}
