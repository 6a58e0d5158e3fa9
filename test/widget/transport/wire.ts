import { onTestFinished, vi } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';

export const API = 'https://chat.example.com';

/** One request as it left the widget. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Of any other body. */
  readonly bytes?: Blob;
  readonly signal: AbortSignal;
}

export type Answer = (sent: Sent, count: number) => Response | Promise<Response>;

/** Stands in for the network: answers each path by its function, and keeps what was asked. */
export function answerWith(routes: Readonly<Record<string, Answer>>): Sent[] {
  const asked: Sent[] = [];
  const original = window.fetch;
  window.fetch = vi.fn(async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const path = pathname.replace('/v1/client/', '');
    const sent: Sent = {
      method: init?.method ?? 'GET',
      path,
      query: search,
      headers: Object.fromEntries(new Headers(init?.headers)),
      ...(init?.body instanceof Blob
        ? { body: {}, bytes: init.body }
        : { body: JSON.parse(String(init?.body ?? '{}')) as Record<string, unknown> }),
      signal: init?.signal ?? new AbortController().signal,
    };
    asked.push(sent);
    const answer = routes[path];
    if (answer === undefined) throw new TypeError('Failed to fetch');
    const count = asked.filter((other) => other.path === path).length;
    return breakable(await untilAborted(Promise.resolve(answer(sent, count)), sent.signal), sent.signal);
  });
  onTestFinished(() => {
    window.fetch = original;
  });
  return asked;
}

/** A body breaks when the request's signal fires, and its source learns when the reader leaves. */
function breakable({ body, status, headers }: Response, signal: AbortSignal): Response {
  const reader = body?.getReader();
  if (reader === undefined) return new Response(null, { status, headers });
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      signal.addEventListener('abort', () => controller.error(signal.reason));
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => reader.cancel(),
  });
  return new Response(stream, { status, headers });
}

/** `fetch` rejects when its signal fires, whatever the server does. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
  ]);
}

export function session(fields: Readonly<Record<string, unknown>> = {}): Answer {
  return () => json(sessionBody(fields));
}

export function sessionBody(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    sessionId: 'cs_1',
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    flow: { id: 'store', name: 'Store', description: null },
    conversationId: 'conv_1',
    config: {
      title: 'Store help',
      welcomeMessage: 'Hello',
      placeholder: null,
      suggestions: ['Where is my order?'],
      theme: null,
      webmcp: { enabled: true, requireConfirmFor: [], autoApprove: [] },
    },
    ...fields,
  };
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export const HELLO = [
  { type: 'execution_start', executionId: 'exec_1', seq: 1, kind: 'agent' },
  { type: 'text_start', executionId: 'exec_1', seq: 2, id: 'text_1' },
  { type: 'text_delta', executionId: 'exec_1', seq: 3, id: 'text_1', delta: 'Grüße, 世界 👋' },
  { type: 'text_complete', executionId: 'exec_1', seq: 4, id: 'text_1' },
  { type: 'execution_complete', executionId: 'exec_1', seq: 5, kind: 'agent', success: true },
] satisfies StreamEvent[];

export function frames(events: readonly object[], newline = '\n'): string {
  return events
    .map((event) => {
      const { type, seq } = event as { type: string; seq: number };
      return [`id: ${seq}`, `event: ${type}`, `data: ${JSON.stringify(event)}`, '', ''].join(newline);
    })
    .join('');
}

/** A body that arrives in these pieces, and then ends, stays open, or breaks. */
export function streamed(
  pieces: readonly (string | Uint8Array<ArrayBuffer>)[],
  end: 'ends' | 'hangs' | 'breaks' = 'ends',
): Response {
  const encoder = new TextEncoder();
  const rest = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift();
      if (piece !== undefined) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      else if (end === 'ends') controller.close();
      else if (end === 'breaks') controller.error(new TypeError('network error'));
      else return new Promise(() => {});
      return undefined;
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
