import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { Answer } from '../dispatch/dispatcher.ts';

/** Follows an answer to its pause or end and says where the execution stands then. */
export async function collectAnswer({
  executionId,
  conversationId,
  events,
}: Answer): Promise<DispatchResponse> {
  const awaiting: StreamEvent[] = [];
  const apologies = new Set<string>();
  let output = '';
  let end: Partial<DispatchResponse> = {};
  for await (const event of events) {
    // The failure stands in `error`; its words are in the stream for widgets that read nothing else.
    if (event.type === 'text_start' && event.role === 'error') apologies.add(event.id);
    else if (event.type === 'text_delta' && !apologies.has(event.id)) output += event.delta;
    else if (event.type === 'await') awaiting.push(event);
    else if (event.type === 'execution_complete') end = describeEnd(event);
    else if (event.type === 'execution_error') end = { status: 'failed', error: describeFailure(event) };
  }
  const status = awaiting.length > 0 ? 'awaiting' : 'failed';
  return { executionId, conversationId, status, output, awaiting, ...end };
}

function describeEnd(event: EventOf<'execution_complete'>): Partial<DispatchResponse> {
  return {
    status: event.success ? 'complete' : 'failed',
    awaiting: [],
    ...(event.stopReason === undefined ? {} : { stopReason: event.stopReason }),
    ...(event.totalTokens === undefined ? {} : { tokens: event.totalTokens }),
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
