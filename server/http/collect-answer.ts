import { sumAnswer } from '../../protocol/answer.ts';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { Answer } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';

/**
 * Follows an answer to its pause or end and says where the execution stands then. Rejects with `shutting_down` where
 * it is interrupted before that.
 */
export async function collectAnswer({
  executionId,
  conversationId,
  events,
}: Answer): Promise<DispatchResponse> {
  const answer = sumAnswer();
  for await (const event of events) answer.add(event);
  const { status, ...rest } = answer.read();
  if (status === 'running') throw interrupted(executionId);
  return { executionId, conversationId, status, ...rest };
}

function interrupted(executionId: string): RequestError {
  return new RequestError('shutting_down', `This server stopped running the execution ${executionId}.`, {
    hint: 'Another one goes on with it: send the request again with the same `Idempotency-Key`, or read its events.',
  });
}
