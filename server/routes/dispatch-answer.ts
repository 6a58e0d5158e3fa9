import { MAX_PAGE_CONTEXT_CHARS } from '../../protocol/limits.ts';
import { DispatchResponse } from '../../protocol/request.ts';
import type { Answer } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
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

/** What the model reads with the newest message. Throws where it is too much. */
export function contextOf(inputs: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (inputs === undefined || Object.keys(inputs).length === 0) return undefined;
  const json = JSON.stringify({ inputs });
  if (json.length <= MAX_PAGE_CONTEXT_CHARS) return json;
  throw unfit('inputs', `has ${json.length} characters, and the limit is ${MAX_PAGE_CONTEXT_CHARS}`);
}

export function unfit(field: string, problem: string): RequestError {
  return new RequestError('invalid_request', `The request does not fit this route: ${field}: ${problem}.`, {
    details: [`${field}: ${problem}`],
  });
}
