import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';
import { NO_STORAGE } from '../../../widget/surface-storage.ts';
import { readEvents } from '../../../widget/transport/event-stream.ts';
import { createTransport } from '../../../widget/transport/http-transport.ts';
import { watchOver } from '../../../widget/transport/watch.ts';
import { API, answerWith, collect, frames, HELLO, json, session, streamed } from './wire.ts';

const NEVER = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

function chat(signal: AbortSignal = NEVER) {
  return createTransport({ api: API, token: 'ct_test_store', storage: NO_STORAGE }).chat(
    { messages: [], assistantMessageId: 'ast_1', tools: { clientTools: [], fingerprint: '' } },
    signal,
  );
}

async function eventsOf(answer: () => Response) {
  answerWith({ init: session(), chat: answer });
  return collect(await chat());
}

test.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('frames with %s are read', async (_, newline) => {
  expect(await eventsOf(() => streamed([frames(HELLO, newline)]))).toEqual(HELLO);
});

test('frames are read wherever the network cuts them, also within a letter', async () => {
  const bytes = new TextEncoder().encode(frames(HELLO, '\r\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
      const pieces = edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
      answerWith({ init: session(), chat: () => streamed(pieces) });
      expect(await collect(await chat())).toEqual(HELLO);
    }),
    { numRuns: 40 },
  );
});

test('the last frame counts without its blank line', async () => {
  expect(await eventsOf(() => streamed([frames(HELLO).trimEnd()]))).toEqual(HELLO);
});

test('the type may stand in the frame alone', async () => {
  const answer = () => streamed(['event: ping\ndata: {"executionId":"exec_1","seq":1}\n\n']);
  expect(await eventsOf(answer)).toEqual([{ type: 'ping', executionId: 'exec_1', seq: 1 }]);
});

test('unknown events, broken frames and comments cost themselves and not the stream', async () => {
  const noise = ': hello\n\nevent: brand_new\ndata: {"type":"brand_new"}\n\ndata: {"type":\n\nretry: x\n\n';
  expect(await eventsOf(() => streamed([noise, frames(HELLO), noise]))).toEqual(HELLO);
});

test('a stream that the server ends after heartbeats alone has no events', async () => {
  expect(await eventsOf(() => streamed([': ping\n\n']))).toEqual([]);
});

test.each([
  ['a page of HTML', '<!doctype html><title>Sign in</title>'],
  ['plain JSON', '{"answer":"hello"}'],
])('%s instead of events is told of', async (_, body) => {
  await expect(eventsOf(() => streamed([body]))).rejects.toMatchObject({ code: 'unintelligible' });
});

test('a connection that breaks is told of after what arrived', async () => {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO.slice(0, 3))], 'breaks') });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const event of await chat()) seen.push(event);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'interrupted', retryable: true });
  expect(seen).toEqual(HELLO.slice(0, 3));
});

test('a stream that falls silent is given up after a minute and a half; a heartbeat is no silence', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let heartbeat = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      heartbeat = () => controller.enqueue(new TextEncoder().encode(': ping\n\n'));
    },
  });
  const asked = answerWith({ init: session(), chat: () => new Response(body) });
  const reading = expect(collect(await chat())).rejects.toMatchObject({ code: 'timed_out' });
  await vi.advanceTimersByTimeAsync(80_000);
  heartbeat();
  await vi.waitFor(() => expect(asked[1]?.signal.aborted).toBe(false));
  await vi.advanceTimersByTimeAsync(80_000);
  expect(asked[1]?.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(11_000);
  expect(asked[1]?.signal.aborted).toBe(true);
  await reading;
});

test('while words flow the browser gathers them, and they are taken together; what is no word is taken at once', async () => {
  const word = { type: 'text_delta', executionId: 'exec_1', seq: 2, id: 't', delta: 'word ' } as const;
  let send = (..._: StreamEvent[]) => {};
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (...events) => controller.enqueue(new TextEncoder().encode(frames(events)));
      end = () => controller.close();
    },
  });
  const rests: (() => void)[] = [];
  const rest = () => new Promise<void>((resolve) => void rests.push(resolve));
  const seen: StreamEvent[] = [];
  const reading = (async () => {
    for await (const event of readEvents(API, body, watchOver(new AbortController().signal), rest)) {
      seen.push(event);
    }
  })();
  send(HELLO[0] as StreamEvent);
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  expect(rests).toHaveLength(0);
  send(word);
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  expect(rests).toHaveLength(1);
  for (const _ of Array(5)) send(word);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toHaveLength(2);
  rests.shift()?.();
  await vi.waitFor(() => expect(seen).toHaveLength(7));
  expect(rests).toHaveLength(1);
  send(HELLO.at(-1) as StreamEvent);
  rests.shift()?.();
  await vi.waitFor(() => expect(seen).toHaveLength(8));
  expect(rests).toHaveLength(0);
  end();
  await reading;
});

test('words that came before a break are told before it', async () => {
  const words = [1, 2, 3].map(
    (seq) => ({ type: 'text_delta', executionId: 'exec_1', seq, id: 't', delta: 'w' }) as const,
  );
  const pieces = words.map((word) => new TextEncoder().encode(frames([word])));
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.error(new TypeError('network error'));
        else controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  const seen: StreamEvent[] = [];
  const reading = (async () => {
    for await (const event of readEvents(API, body, watchOver(new AbortController().signal)))
      seen.push(event);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'interrupted' });
  expect(seen).toEqual(words);
});

test('a server that never answers is given up after half a minute', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asked = answerWith({ init: session(), chat: () => new Promise<Response>(() => {}) });
  const waiting = expect(chat()).rejects.toMatchObject({ code: 'timed_out' });
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  await vi.advanceTimersByTimeAsync(30_000);
  await waiting;
});

test.each([
  ['that leaves in the middle ends the request', 'execution_start', true],
  ['that has heard the last word lets the request end by itself', 'execution_complete', false],
])('a reader %s', async (_what, last, isCancelled) => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(frames(isCancelled ? HELLO.slice(0, 1) : HELLO)));
    },
    cancel() {
      cancelled = true;
    },
  });
  answerWith({ init: session(), chat: () => new Response(body) });
  for await (const event of await chat()) {
    if (event.type === last) break;
  }
  expect(cancelled).toBe(isCancelled);
});

test.each([
  [
    403,
    {
      error: 'Origin not allowed',
      code: 'origin_not_allowed',
      message: 'This page is not on the list.',
      hint: 'Add it.',
    },
    {
      code: 'origin_not_allowed',
      message: 'This page is not on the list.',
      hint: 'Add it.',
      retryable: false,
    },
  ],
  [
    403,
    { error: 'Domain is not registered.' },
    { code: 'origin_not_allowed', message: 'Domain is not registered.', retryable: false },
  ],
  [409, { error: 'execution_conflict' }, { code: 'execution_conflict', retryable: true }],
  [
    410,
    { error: 'conversation_deleted' },
    { code: 'conversation_deleted', message: 'This conversation no longer exists.', retryable: false },
  ],
  [
    429,
    { hint: 'Message limit reached.' },
    { code: 'rate_limited', hint: 'Message limit reached.', retryable: true },
  ],
  [
    429,
    { error: 'Enough for today.', code: 'message_limit_reached' },
    { code: 'message_limit_reached', retryable: false },
  ],
  [418, { error: { nested: true } }, { code: 'invalid_request', retryable: false }],
  [500, null, { code: 'internal', message: 'The chat server has a problem.', retryable: true }],
  [408, null, { code: 'timed_out', retryable: true }],
  [503, [], { code: 'internal', message: 'The chat server is busy.', retryable: true }],
  [503, { error: 'Full.', code: 'overloaded' }, { code: 'overloaded', retryable: true }],
])('status %i with %j becomes one clear error', async (status, body, expected) => {
  answerWith({ init: session(), chat: () => json(body, status) });
  await expect(chat()).rejects.toMatchObject(expected);
});

test('a proxy\u2019s page of HTML is an error of its status, without the page', async () => {
  answerWith({ init: session(), chat: () => new Response('<h1>Bad gateway</h1>', { status: 502 }) });
  await expect(chat()).rejects.toMatchObject({ code: 'internal', message: 'The chat server has a problem.' });
});

test.each([
  ['seconds', () => '7', 7_000],
  ['a date', () => new Date(Date.now() + 60_000).toUTCString(), 60_000],
])('a wait that the server asks for in %s is passed on', async (_, header, wait) => {
  answerWith({
    init: session(),
    chat: () => json({ error: 'Slow down.' }, 429, { 'retry-after': header() }),
  });
  const error = await chat().then(
    () => undefined,
    (cause: unknown) => cause as { retryAfterMs: number; hint: string },
  );
  expect(Math.abs((error?.retryAfterMs ?? 0) - wait)).toBeLessThan(2_000);
  expect(error?.hint).toMatch(/^Try again in \d+ s\.$/);
});

test('no answer at all is told apart from being offline', async () => {
  answerWith({ init: session() });
  await expect(chat()).rejects.toMatchObject({
    code: 'unreachable',
    message: 'The chat server cannot be reached.',
  });
  const offline = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
  await expect(chat()).rejects.toMatchObject({ code: 'unreachable', message: 'You are offline.' });
  offline.mockRestore();
});
