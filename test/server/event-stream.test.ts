import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { PING_INTERVAL_MS } from '../../protocol/limits.ts';
import { encodeEvent } from '../../protocol/sse.ts';
import {
  createEventStreams,
  type EventStreams,
  MAX_OPEN_STREAMS_PER_SESSION,
} from '../../server/http/event-stream.ts';
import { createLog } from '../../server/log.ts';

const log = createLog({ level: 'silent' });
const delta = (seq: number, text: string): StreamEvent => ({
  type: 'text_delta',
  executionId: 'exec_1',
  seq,
  id: 't',
  delta: text,
});
const complete = (seq: number): StreamEvent => ({
  type: 'execution_complete',
  executionId: 'exec_1',
  seq,
  kind: 'agent',
  success: true,
});
const pause = (seq: number): StreamEvent => ({ type: 'await', executionId: 'exec_1', seq, toolName: 'x' });

let streams: EventStreams;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  streams = createEventStreams({ log });
});
afterEach(() => {
  vi.useRealTimers();
});

const answer = (events: AsyncIterable<StreamEvent>) => streams.answer('req_1', async () => ({ events }));

async function* list(...events: readonly StreamEvent[]): AsyncGenerator<StreamEvent> {
  yield* events;
}

/** Gives its first events and then waits until it is left, as a log does while the model thinks. */
function waiting(...first: readonly StreamEvent[]) {
  const events = [...first];
  let left: () => void = () => undefined;
  const isLeft = new Promise<void>((resolve) => {
    left = resolve;
  });
  const log: AsyncIterable<StreamEvent> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = events.shift();
        if (value !== undefined) return { done: false, value };
        await isLeft;
        return { done: true, value: undefined };
      },
      async return() {
        left();
        return { done: true, value: undefined };
      },
    }),
  };
  return { log, isLeft };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

describe('an open stream', () => {
  test('that is idle sends a comment before proxies lose patience, and nothing after its end', async () => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((done) => {
      end = done;
    });
    async function* idle(): AsyncGenerator<StreamEvent> {
      await ended;
      yield complete(1);
    }
    const text = (await answer(idle())).text();
    await vi.advanceTimersByTimeAsync(2 * PING_INTERVAL_MS);
    end();
    expect(await text).toBe(`: ping\n\n: ping\n\n${encodeEvent(complete(1))}`);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that is idle for hours stays open as long as it is read', async () => {
    const { log: events } = waiting(delta(1, 'a'));
    const reader = (await answer(events)).body?.getReader();
    let pings = 0;
    const read = (async () => {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done) return;
        if (new TextDecoder().decode(value) === ': ping\n\n') pings += 1;
      }
    })();
    for (let beat = 0; beat < 400; beat++) await vi.advanceTimersByTimeAsync(PING_INTERVAL_MS);
    expect(pings).toBe(400);
    await reader?.cancel();
    await read;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('holds back the log while its reader does not read, instead of filling memory', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<StreamEvent> {
      for (;;) {
        taken += 1;
        yield delta(taken, 'x'.repeat(1_000));
      }
    }
    const response = await answer(endless());
    await settled();
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(100);
    const held = taken;
    await vi.advanceTimersByTimeAsync(3 * PING_INTERVAL_MS);
    expect(taken).toBe(held);
    await response.body?.cancel();
  });

  test('leaves a reader that has read nothing for a minute, and the run goes on without it', async () => {
    const { log: events, isLeft } = waiting(delta(1, 'a'));
    const response = await answer(events);
    await settled();
    await vi.advanceTimersByTimeAsync(4 * PING_INTERVAL_MS);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(2 * PING_INTERVAL_MS);
    await isLeft;
    expect(vi.getTimerCount()).toBe(0);
    await expect(response.text()).rejects.toThrow('The reader reads nothing.');
  });

  test('keeps a reader that reads one event a minute', async () => {
    async function* endless(): AsyncGenerator<StreamEvent> {
      for (let seq = 1; ; seq++) yield delta(seq, 'x'.repeat(50_000));
    }
    const reader = (await answer(endless())).body?.getReader();
    for (let minute = 0; minute < 10; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await reader?.read())?.done).toBe(false);
    }
    await reader?.cancel();
  });

  test('that its reader leaves ends the reading, and the heart stops', async () => {
    let left = false;
    async function* events(): AsyncGenerator<StreamEvent> {
      try {
        for (let seq = 1; ; seq++) yield delta(seq, 'x'.repeat(50_000));
      } finally {
        left = true;
      }
    }
    const reader = (await answer(events())).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await settled();
    expect(left).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('whose log breaks off breaks off too, without a proper end', async () => {
    async function* broken(): AsyncGenerator<StreamEvent> {
      yield delta(1, 'a');
      throw new Error('disk of the operator, with its path');
    }
    const reader = (await answer(broken())).body?.getReader();
    const read = async () => {
      for (;;) if ((await reader?.read())?.done) return 'ended';
    };
    await expect(read()).rejects.toThrow('The event stream broke off.');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the last word of a stream', () => {
  const text = async (...events: readonly StreamEvent[]) => (await answer(list(...events))).text();

  test('is the end of the execution, or its pause, where it had one', async () => {
    expect(await text(delta(1, 'a'), complete(2))).toBe(
      encodeEvent(delta(1, 'a')) + encodeEvent(complete(2)),
    );
    expect(await text(pause(1), pause(2))).toBe(encodeEvent(pause(1)) + encodeEvent(pause(2)));
    expect(await text({ type: 'execution_error', executionId: 'e', seq: 9, error: 'x' })).not.toContain(
      ': int',
    );
  });

  test('is where to go on, where the log was left before that', async () => {
    expect(await text(delta(1, 'a'), delta(2, 'b'))).toBe(
      `${encodeEvent(delta(1, 'a'))}${encodeEvent(delta(2, 'b'))}: interrupted, go on with after=2\n\n`,
    );
  });

  test('is nothing, where there was nothing new', async () => {
    expect(await text()).toBe('');
  });
});

describe('closing', () => {
  test('waits for streams that end by themselves', async () => {
    const text = (await answer(list(delta(1, 'a'), complete(2)))).text();
    await streams.close(60_000);
    expect(await text).not.toContain('interrupted');
    await streams.close(60_000);
  });

  test('ends the others with the place to go on, although their logs are silent', async () => {
    const spoken = waiting(delta(7, 'a'));
    const silent = waiting();
    const texts = [(await answer(spoken.log)).text(), (await answer(silent.log)).text()];
    await settled();
    await streams.close(0);
    expect(await Promise.all(texts)).toEqual([
      `${encodeEvent(delta(7, 'a'))}: interrupted, go on with after=7\n\n`,
      ': interrupted\n\n',
    ]);
    await Promise.all([spoken.isLeft, silent.isLeft]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('room', () => {
  test('is for so many streams, and beyond it nothing is begun', async () => {
    streams = createEventStreams({ log, maxOpen: 2 });
    const begun: number[] = [];
    const open = (index: number) =>
      streams.answer('req_1', async () => {
        begun.push(index);
        return { events: waiting(delta(1, 'a')).log };
      });
    const [first] = await Promise.all([open(1), open(2)]);
    await expect(open(3)).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 5_000 });
    expect(begun).toEqual([1, 2]);
    await first?.body?.cancel();
    await expect(open(4)).resolves.toBeInstanceOf(Response);
    await streams.close(0);
  });

  test('is for so many streams of one session, whatever others have', async () => {
    const begun: string[] = [];
    const open = (sessionIdHash?: string) =>
      streams.answer(
        'req_1',
        async () => {
          begun.push(sessionIdHash ?? 'API key');
          return { events: waiting(delta(1, 'a')).log };
        },
        sessionIdHash,
      );
    const all = Array.from({ length: MAX_OPEN_STREAMS_PER_SESSION }, () => open('one'));
    const [first] = await Promise.all(all);
    await expect(open('one')).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 5_000 });
    expect(begun).toHaveLength(MAX_OPEN_STREAMS_PER_SESSION);
    await open('two');
    for (const _ of all) await open();
    await first?.body?.cancel();
    await expect(open('one')).resolves.toBeInstanceOf(Response);
    await expect(open('one')).rejects.toMatchObject({ code: 'overloaded' });
    await streams.close(0);
    await expect(open('one')).resolves.toBeInstanceOf(Response);
    await streams.close(0);
  });

  test('of a session is free again after what could not begin', async () => {
    const refused = () => Promise.reject(new Error('refused'));
    for (let index = 0; index <= MAX_OPEN_STREAMS_PER_SESSION; index++)
      await expect(streams.answer('req_1', refused, 'one')).rejects.toThrow('refused');
  });

  test('is free again after what could not begin', async () => {
    streams = createEventStreams({ log, maxOpen: 1 });
    const refused = streams.answer('req_1', () => Promise.reject(new Error('refused')));
    await expect(refused).rejects.toThrow('refused');
    expect(await (await answer(list(complete(1)))).text()).toBe(encodeEvent(complete(1)));
    expect(await (await answer(list(complete(1)))).text()).toBe(encodeEvent(complete(1)));
  });
});
