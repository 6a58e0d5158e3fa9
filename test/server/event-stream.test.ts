import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { PING_INTERVAL_MS } from '../../protocol/limits.ts';
import { eventStream } from '../../server/http/event-stream.ts';
import { createLog } from '../../server/log.ts';

const log = createLog({ level: 'silent', secrets: [] });
const parts = { log, requestId: 'req_1' };
const delta = (seq: number, text: string): StreamEvent => ({
  type: 'text_delta',
  executionId: 'exec_1',
  seq,
  id: 't',
  delta: text,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

test('an idle stream sends a comment before proxies lose patience, and nothing after its end', async () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((done) => {
    end = done;
  });
  async function* idle(): AsyncGenerator<StreamEvent> {
    await ended;
    yield delta(1, 'late');
  }
  const text = eventStream(idle(), parts).text();
  await vi.advanceTimersByTimeAsync(2 * PING_INTERVAL_MS);
  end();
  expect(await text).toBe(
    `: ping\n\n: ping\n\nid: 1\nevent: text_delta\ndata: ${JSON.stringify(delta(1, 'late'))}\n\n`,
  );
  expect(vi.getTimerCount()).toBe(0);
});

test('a reader that does not read holds back the log instead of filling memory', async () => {
  let taken = 0;
  async function* endless(): AsyncGenerator<StreamEvent> {
    for (;;) {
      taken += 1;
      yield delta(taken, 'x'.repeat(1_000));
    }
  }
  const response = eventStream(endless(), parts);
  await settled();
  expect(taken).toBeGreaterThan(10);
  expect(taken).toBeLessThan(100);
  const held = taken;
  await vi.advanceTimersByTimeAsync(10 * PING_INTERVAL_MS);
  expect(taken).toBe(held);
  await response.body?.cancel();
});

test('a reader that leaves ends the reading, and the heart stops', async () => {
  let left = false;
  async function* events(): AsyncGenerator<StreamEvent> {
    try {
      for (let seq = 1; ; seq++) yield delta(seq, 'x'.repeat(50_000));
    } finally {
      left = true;
    }
  }
  const reader = eventStream(events(), parts).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(left).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a log that breaks off breaks the answer off without a proper end', async () => {
  async function* broken(): AsyncGenerator<StreamEvent> {
    yield delta(1, 'a');
    throw new Error('disk of the operator, with its path');
  }
  const reader = eventStream(broken(), parts).body?.getReader();
  const read = async () => {
    for (;;) if ((await reader?.read())?.done) return 'ended';
  };
  await expect(read()).rejects.toThrow('The event stream broke off.');
  expect(vi.getTimerCount()).toBe(0);
});
