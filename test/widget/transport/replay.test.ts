import { expect, test, vi } from 'vitest';
import { NO_STORAGE } from '../../../widget/surface-storage.ts';
import { createTransport } from '../../../widget/transport/http-transport.ts';
import { API, answerWith, collect, frames, HELLO, json, session, sessionBody, streamed } from './wire.ts';

const NEVER = new AbortController().signal;
const EVENTS = 'executions/exec_1/events';
const FROM_3 = { executionId: 'exec_1', after: 3 };

function transport() {
  return createTransport({ api: API, token: 'ct_test_store', storage: NO_STORAGE });
}

test('what the server can do beyond the public wire is what it announced', async () => {
  answerWith({ init: session({ capabilities: ['replay', 'brand_new', 7] }) });
  expect((await transport().init(NEVER)).capabilities).toEqual(['replay', 'brand_new']);
  answerWith({ init: session() });
  expect((await transport().init(NEVER)).capabilities).toEqual([]);
});

test('the rest of an execution is asked for by its position, in the name of the session', async () => {
  const asked = answerWith({ init: session(), [EVENTS]: () => streamed([frames(HELLO.slice(3))]) });
  expect(await collect(await transport().follow(FROM_3, NEVER))).toEqual(HELLO.slice(3));
  expect(asked[1]).toMatchObject({ headers: { authorization: 'Bearer cs_1' }, body: {}, query: '?after=3' });
  expect(vi.mocked(window.fetch).mock.calls[1]?.[1]).toMatchObject({
    credentials: 'omit',
    cache: 'no-store',
  });
  expect(vi.mocked(window.fetch).mock.calls[1]?.[1]?.method ?? 'GET').toBe('GET');
});

test('an id from elsewhere cannot change the address', async () => {
  const asked = answerWith({ init: session() });
  const following = transport().follow({ executionId: '../../x?y#z', after: 0 }, NEVER);
  await expect(following).rejects.toMatchObject({ code: 'unreachable' });
  expect(asked[1]?.path).toBe('executions/..%2F..%2Fx%3Fy%23z/events');
});

test('a session that ended meanwhile is opened again, once, and the rest is asked for in its name', async () => {
  const asked = answerWith({
    init: (_, count) => json(sessionBody({ sessionId: `cs_${count}` })),
    [EVENTS]: (_, count) =>
      count === 1 ? json({ error: 'session_expired' }, 401) : streamed([frames(HELLO.slice(3))]),
  });
  expect(await collect(await transport().follow(FROM_3, NEVER))).toHaveLength(2);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer cs_1',
    undefined,
    'Bearer cs_2',
  ]);
});

test.each([
  [404, 'execution_not_found', false],
  [400, 'invalid_cursor', false],
  [410, 'execution_expired', false],
  [503, 'shutting_down', true],
])('a refusal with %i %s is told of', async (status, code, retryable) => {
  answerWith({ init: session(), [EVENTS]: () => json({ error: 'No.', code, message: 'No.' }, status) });
  await expect(transport().follow(FROM_3, NEVER)).rejects.toMatchObject({ code, retryable });
});

test('a cancel outlives its page', async () => {
  const asked = answerWith({
    init: session(),
    cancel: () => json({ executionId: 'exec_1', status: 'cancelled' }),
  });
  await transport().cancel('exec_1');
  expect(asked[1]).toMatchObject({ path: 'cancel', body: { sessionId: 'cs_1', executionId: 'exec_1' } });
  expect(vi.mocked(window.fetch).mock.calls[1]?.[1]).toMatchObject({ method: 'POST', keepalive: true });
});

test('a cancel that did not arrive is told of', async () => {
  answerWith({ init: session(), cancel: () => json({ error: 'Down.' }, 503, { 'retry-after': '2' }) });
  await expect(transport().cancel('exec_1')).rejects.toMatchObject({
    code: 'internal',
    retryable: true,
    retryAfterMs: 2_000,
  });
});
