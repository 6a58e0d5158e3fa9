import { DispatchResponse } from '../../protocol/request.ts';
import type { Answer } from '../dispatch/dispatcher.ts';
import { collectAnswer } from '../http/collect-answer.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { type Call, jsonAnswer } from './route.ts';

export const ANSWER = {
  description:
    'Events up to the end or a pause; with `streamResponse: false`, where the execution stands then.',
  events: true,
  json: DispatchResponse,
} as const;

export async function respond(
  isStreamed: boolean | undefined,
  streams: EventStreams,
  { requestId }: Call,
  begin: () => Promise<Answer>,
): Promise<Response> {
  if (isStreamed === false) return jsonAnswer(await collectAnswer(await begin()));
  return streams.answer(requestId, begin);
}

/** Of a stored hash nothing may be guessed back. */
export function withoutSecrets<Body extends object>(body: Body): object {
  return { ...body, secrets: undefined };
}
