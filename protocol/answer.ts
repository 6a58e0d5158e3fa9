import { type EventOf, type StreamEvent, SUPERSEDED_EVENT, Superseded } from './event.ts';
import type { DispatchResponse } from './request.ts';

/** What the events of one answer come to: where the execution stands, as far as it has been told. */
export type AnswerSoFar = Omit<DispatchResponse, 'executionId' | 'conversationId' | 'status'> & {
  /** `running`: neither a pause nor the end has come yet. */
  readonly status: DispatchResponse['status'] | 'running';
};

/** Adds up the events of one answer: those of a dispatch or of a resume, in order. */
export interface AnswerSum {
  add(event: StreamEvent): void;
  read(): AnswerSoFar;
}

export function sumAnswer(): AnswerSum {
  const awaiting: StreamEvent[] = [];
  const approvals: StreamEvent[] = [];
  const apologies = new Set<string>();
  const texts = new Map<string, string>();
  let tokens: DispatchResponse['tokens'];
  let end: Partial<DispatchResponse> | undefined;
  return {
    add(event) {
      // The failure stands in `error`; its words are in the stream for widgets that read nothing else.
      if (event.type === 'text_start' && event.role === 'error') apologies.add(event.id);
      else if (event.type === 'text_delta' && !apologies.has(event.id))
        texts.set(event.id, (texts.get(event.id) ?? '') + event.delta);
      else if (event.type === 'custom' && event.name === SUPERSEDED_EVENT)
        for (const id of Superseded.parse(event.value).blockIds) texts.delete(id);
      // Of a flow, its last step answers.
      else if (event.type === 'step_start') texts.clear();
      else if (event.type === 'await') awaiting.push(event);
      else if (event.type === 'approval_start') approvals.push(event);
      else if (event.type === 'turn_complete') tokens = sum(tokens, event.tokens);
      else if (event.type === 'execution_complete') end = describeEnd(event);
      else if (event.type === 'execution_error') end = { status: 'failed', error: describeFailure(event) };
    },
    read() {
      const status = awaiting.length + approvals.length > 0 ? 'awaiting' : 'running';
      const asked = end === undefined && approvals.length > 0 ? { approvals } : {};
      const counted = tokens === undefined ? {} : { tokens };
      return { status, output: [...texts.values()].join(''), awaiting, ...asked, ...counted, ...end };
    },
  };
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
