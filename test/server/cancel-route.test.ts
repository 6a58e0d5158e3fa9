import { afterEach, expect, test } from 'vitest';
import { SESSION_CANCELS_PER_MINUTE } from '../../server/guard/rate-limits.ts';
import {
  aServer,
  callsEachTool,
  eventsOf,
  framesOf,
  OTHER_ORIGIN,
  OTHER_TOKEN,
  refusal,
  SEARCH_TOOL,
  type TestServer,
} from '../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

const answerOf = async (response: Response) => [response.status, await response.json()];

async function paused() {
  server = await aServer({ model: callsEachTool });
  const { sessionId } = await server.init();
  const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
  return { sessionId, executionId: events[0]?.executionId ?? '' };
}

test('a run ends at once, also for whoever reads it, and the model is no longer asked', async () => {
  let isAborted = false;
  server = await aServer({
    async *model({ signal }) {
      yield { type: 'text', delta: 'Once upon' } as const;
      await new Promise((_, fail) => {
        signal.addEventListener('abort', () => {
          isAborted = true;
          fail(new Error('aborted'));
        });
      });
    },
  });
  const { sessionId } = await server.init();
  const response = await server.chat({ sessionId });
  const reader = response.body?.getReader();
  let text = new TextDecoder().decode((await reader?.read())?.value);
  const executionId = framesOf(text)[0]?.data.executionId ?? '';
  expect(await answerOf(await server.cancel({ sessionId, executionId }))).toEqual([
    200,
    { executionId, status: 'cancelled' },
  ]);
  expect(isAborted).toBe(true);
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  expect(framesOf(text).at(-1)?.data).toMatchObject({ type: 'execution_complete', endedBy: 'cancel' });
  expect(text).not.toContain('interrupted');
});

test('a call that waits is closed, and its result comes too late', async () => {
  const { sessionId, executionId } = await paused();
  const cancel = () => server.cancel({ sessionId, executionId });
  const first = await answerOf(await cancel());
  expect(first).toEqual([200, { executionId, status: 'cancelled' }]);
  expect(await answerOf(await cancel())).toEqual(first);
  const late = await server.resume({ sessionId, executionId, toolOutputs: { search_products: 'x' } });
  expect(late.status).toBe(409);
});

test('what has ended before says how', async () => {
  server = await aServer();
  const { sessionId } = await server.init();
  const [start] = await eventsOf(await server.chat({ sessionId }));
  const executionId = start?.executionId ?? '';
  const cancelled = await server.cancel({ sessionId, executionId });
  expect(await answerOf(cancelled)).toEqual([200, { executionId, status: 'complete' }]);
});

test('nobody cancels what is not theirs', async () => {
  const { sessionId, executionId } = await paused();
  const neighbour = await server.init();
  const stranger = await server.init({ token: OTHER_TOKEN }, OTHER_ORIGIN);
  const refusals = [
    await server.cancel({ sessionId: neighbour.sessionId, executionId }),
    await server.cancel({ sessionId: stranger.sessionId, executionId }, OTHER_ORIGIN),
    await server.cancel({ sessionId, executionId: "exec_'OR'1'='1" }),
    await server.cancel({ sessionId, executionId }, OTHER_ORIGIN),
    await server.cancel({ sessionId: 'cs_unknown', executionId }),
    await server.cancel({ sessionId, executionId: 'x'.repeat(10_000) }),
    await server.cancel({ sessionId, executionId: 7 }),
  ];
  expect(await Promise.all(refusals.map(refusal))).toEqual([
    '404 execution_not_found',
    '404 execution_not_found',
    '404 execution_not_found',
    '403 origin_not_allowed',
    '401 session_expired',
    '400 invalid_request',
    '400 invalid_request',
  ]);
  expect((await server.cancel({ sessionId, executionId })).status).toBe(200);
});

test('has a limit of its own', async () => {
  const { sessionId, executionId } = await paused();
  for (let request = 0; request < SESSION_CANCELS_PER_MINUTE; request++) {
    expect((await server.cancel({ sessionId, executionId })).status).toBe(200);
  }
  expect(await refusal(await server.cancel({ sessionId, executionId }))).toBe('429 rate_limited');
  expect((await server.chat({ sessionId })).status).toBe(200);
});
