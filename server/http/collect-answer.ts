import { type EventOf, type StreamEvent, SUPERSEDED_EVENT, Superseded } from '../../protocol/event.ts';
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
  const awaiting: StreamEvent[] = [];
  const apologies = new Set<string>();
  const texts = new Map<string, string>();
  let tokens: DispatchResponse['tokens'];
  let end: Partial<DispatchResponse> | undefined;
  for await (const event of events) {
    // The failure stands in `error`; its words are in the stream for widgets that read nothing else.
    if (event.type === 'text_start' && event.role === 'error') apologies.add(event.id);
    else if (event.type === 'text_delta' && !apologies.has(event.id))
      texts.set(event.id, (texts.get(event.id) ?? '') + event.delta);
    else if (event.type === 'custom' && event.name === SUPERSEDED_EVENT)
      for (const id of Superseded.parse(event.value).blockIds) texts.delete(id);
    else if (event.type === 'await') awaiting.push(event);
    else if (event.type === 'turn_complete') tokens = sum(tokens, event.tokens);
    else if (event.type === 'execution_complete') end = describeEnd(event);
    else if (event.type === 'execution_error') end = { status: 'failed', error: describeFailure(event) };
  }
  if (end === undefined && awaiting.length === 0) throw interrupted(executionId);
  const output = [...texts.values()].join('');
  const counted = tokens === undefined ? {} : { tokens };
  return { executionId, conversationId, status: 'awaiting', output, awaiting, ...counted, ...end };
}

function interrupted(executionId: string): RequestError {
  return new RequestError('shutting_down', `This server stopped running the execution ${executionId}.`, {
    hint: 'Another one goes on with it: send the request again with the same `Idempotency-Key`, or read its events.',
  });
}

function sum(a: DispatchResponse['tokens'], b: DispatchResponse['tokens']): DispatchResponse['tokens'] {
  if (a === undefined || b === undefined) return a ?? b;
  return { input: a.input + b.input, output: a.output + b.output };
}

function describeEnd(event: EventOf<'execution_complete'>): Partial<DispatchResponse> {
  return {
    status: event.success ? 'complete' : 'failed',
    awaiting: [],
    ...(event.stopReason === undefined ? {} : { stopReason: event.stopReason }),
  };
}

function describeFailure({
  error,
  code,
}: EventOf<'execution_error'>): NonNullable<DispatchResponse['error']> {
  if (typeof error === 'string') return { code: code ?? 'internal', message: error };
  const { hint } = error;
  return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }) };
}
