import { afterEach, describe, expect, test } from 'vitest';
import type { InitResponse } from '../../protocol/request.ts';
import {
  ADDRESS_FILES_PER_MINUTE,
  ADDRESS_REQUESTS_PER_MINUTE,
  ADDRESS_WRONG_KEYS_PER_MINUTE,
  API_KEY_REQUESTS_PER_MINUTE,
  SESSION_FEEDBACK_PER_MINUTE,
  SESSION_RESUMES_PER_MINUTE,
} from '../../server/guard/rate-limits.ts';
import { createTokenBuckets } from '../../server/guard/token-buckets.ts';
import { clientAddress } from '../../server/http/client-address.ts';
import {
  aServer,
  callsEachTool,
  eventsOf,
  framesOf,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  STORE_TOKEN,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';

let server: TestServer;
const opened: TestServer[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function limited(limits: object, options: TestServerOptions = {}): Promise<TestServer> {
  server = await aServer({
    ...options,
    config: {
      surfaces: [
        {
          id: 'store',
          limits,
          behavior: { webmcp: { enabled: true } },
          clientTokens: [{ token: STORE_TOKEN, allowedOrigins: [STORE_ORIGIN] }],
        },
      ],
      apiKeys: [{ key: 'sk_test_local', scopes: ['DISPATCH:*'] }],
    },
  });
  opened.push(server);
  return server;
}

async function statuses(
  count: number,
  request: (index: number) => Promise<Response>,
): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let index = 0; index < count; index++) {
    const response = await request(index);
    await response.body?.cancel();
    counts[response.status] = (counts[response.status] ?? 0) + 1;
  }
  return counts;
}

const says = (text: string) => ({ messages: [{ role: 'user', content: text }] });

describe('messages of a session', () => {
  test('are limited in a minute, and the answer says how long to wait', async () => {
    await limited({ messagesPerMinute: 3 });
    const { sessionId } = await server.init();
    const chat = (index: number) => server.chat({ sessionId, ...says(`${index}`) });
    expect(await statuses(3, chat)).toEqual({ 200: 3 });
    const response = await chat(4);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('20');
    expect(await response.json()).toMatchObject({
      code: 'rate_limited',
      hint: 'Too many messages in a short time. Wait 20 seconds and try again.',
    });
    server.advance(20_000);
    expect((await chat(5)).status).toBe(200);
    expect((await chat(6)).status).toBe(429);
  });

  test('are limited each session on its own', async () => {
    await limited({ messagesPerMinute: 1 });
    for (const name of ['first', 'second']) {
      const { sessionId } = await server.init();
      expect((await server.chat({ sessionId, ...says(name) })).status).toBe(200);
    }
  });

  test('are limited in all, with a word for the visitor', async () => {
    await limited({ messagesPerSession: 2 });
    const { sessionId } = await server.init();
    expect(await statuses(2, (index) => server.chat({ sessionId, ...says(`${index}`) }))).toEqual({ 200: 2 });
    const response = await server.chat({ sessionId, ...says('three') });
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({
      code: 'message_limit_reached',
      hint: 'This chat has reached its limit of 2 messages. Start a new chat to go on.',
    });
    expect(server.asked).toHaveLength(2);
  });

  test('that were refused do not count', async () => {
    await limited({ messagesPerSession: 1 });
    const { sessionId } = await server.init();
    await statuses(5, () => server.chat({ sessionId, messages: [] }));
    expect((await server.chat({ sessionId })).status).toBe(200);
  });
});

test('a resume counts as no message, and has a limit of its own [R2-46]', async () => {
  await limited({ messagesPerMinute: 1, messagesPerSession: 1 }, { model: callsEachTool });
  const { sessionId } = await server.init();
  const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
  const body = { sessionId, executionId: events.at(-1)?.executionId, toolOutputs: { search_products: 'x' } };
  expect(await statuses(SESSION_RESUMES_PER_MINUTE, () => server.resume(body))).toEqual({
    200: SESSION_RESUMES_PER_MINUTE,
  });
  expect(await refusal(await server.resume(body))).toBe('429 rate_limited');
});

test('feedback has a limit of its own', async () => {
  await limited({});
  const { sessionId } = await server.init();
  const rate = () => server.post('/v1/client/feedback', { sessionId, type: 'nps', rating: 9 });
  expect(await statuses(SESSION_FEEDBACK_PER_MINUTE + 2, rate)).toEqual({
    200: SESSION_FEEDBACK_PER_MINUTE,
    429: 2,
  });
});

test('the requests of a token are limited for all its visitors together', async () => {
  await limited({ requestsPerMinute: 4 });
  const { sessionId } = await server.init();
  const init = (index: number) =>
    server.post('/v1/client/init', { token: STORE_TOKEN }, {}, `203.0.113.${index}`);
  expect(await statuses(5, init)).toEqual({ 200: 3, 429: 2 });
  expect(await refusal(await server.chat({ sessionId }))).toBe('429 rate_limited');
});

describe('addresses', () => {
  const guess = (address: string, headers: Record<string, string> = {}) =>
    server.post('/v1/client/init', { token: 'ct_test_guess' }, headers, address);

  test('are limited however many tokens they try, each on its own', async () => {
    await limited({});
    expect(await statuses(ADDRESS_REQUESTS_PER_MINUTE + 3, () => guess('203.0.113.1'))).toEqual({
      401: ADDRESS_REQUESTS_PER_MINUTE,
      429: 3,
    });
    expect((await guess('203.0.113.2')).status).toBe(401);
  });

  test('begin so many files a minute, in however many sessions', async () => {
    await limited({});
    const begin = async (address: string) => {
      const init = await server.post(
        '/v1/client/init',
        { token: 'ct_test_store' },
        { origin: STORE_ORIGIN },
        address,
      );
      const { sessionId } = (await init.json()) as InitResponse;
      return server.post(
        '/v1/client/files',
        { sessionId, filename: 'a.txt', size: 1 },
        { origin: STORE_ORIGIN },
        address,
      );
    };
    expect(await statuses(ADDRESS_FILES_PER_MINUTE + 2, () => begin('203.0.113.1'))).toEqual({
      200: ADDRESS_FILES_PER_MINUTE,
      429: 2,
    });
    expect((await begin('203.0.113.2')).status).toBe(200);
  });

  test('cannot be made up with X-Forwarded-For', async () => {
    await limited({});
    const counts = await statuses(ADDRESS_REQUESTS_PER_MINUTE + 1, (index) =>
      guess('203.0.113.1', { 'x-forwarded-for': `10.0.${index >> 8}.${index & 255}` }),
    );
    expect(counts[429]).toBe(1);
  });

  test('are read from the far end of X-Forwarded-For behind as many proxies as the operator says', async () => {
    await limited({}, { trustedProxies: 1 });
    const counts = await statuses(ADDRESS_REQUESTS_PER_MINUTE + 1, (index) =>
      guess('10.0.0.1', { 'x-forwarded-for': `made.up.${index}, 203.0.113.7` }),
    );
    expect(counts[429]).toBe(1);
    expect((await guess('10.0.0.1', { 'x-forwarded-for': '203.0.113.8' })).status).toBe(401);
  });

  test.each([
    ['192.0.2.1', null, 0, '192.0.2.1'],
    ['::ffff:192.0.2.1', null, 0, '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', null, 0, '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', null, 0, '2001:db8:1:2::/64'],
    ['2001:0db8::1', null, 0, '2001:db8:0:0::/64'],
    ['::1', null, 0, '0:0:0:0::/64'],
    ['fe80::1%eth0', null, 0, 'fe80:0:0:0::/64'],
    [undefined, null, 0, undefined],
    ['10.0.0.1', '203.0.113.9', 0, '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2', 2, '203.0.113.9'],
    ['10.0.0.1', '203.0.113.9', 2, '10.0.0.1'],
    ['10.0.0.1', 'unknown', 1, '10.0.0.1'],
    ['10.0.0.1', '', 1, '10.0.0.1'],
    ['10.0.0.1', null, 1, '10.0.0.1'],
  ])('%s with %s behind %i is %s', (socket, forwarded, hops, expected) => {
    expect(clientAddress(socket, forwarded, hops)).toBe(expected);
  });
});

describe('API keys', () => {
  test('may be guessed a few times in a minute, and good ones still work', async () => {
    await limited({});
    const guess = () => server.dispatch({}, 'sk_test_guess');
    expect(await statuses(ADDRESS_WRONG_KEYS_PER_MINUTE + 2, guess)).toEqual({
      401: ADDRESS_WRONG_KEYS_PER_MINUTE,
      429: 2,
    });
    expect((await server.dispatch({})).status).toBe(200);
  });

  test('have a limit of their own', async () => {
    await limited({});
    const counts = await statuses(API_KEY_REQUESTS_PER_MINUTE + 1, () => server.dispatch({ agent: 7 }));
    expect(counts).toEqual({ 400: API_KEY_REQUESTS_PER_MINUTE, 429: 1 });
  });
});

describe('several processes', () => {
  test('limit together what comes to all of them, and share no address and no token in clear', async () => {
    const buckets = createTokenBuckets(() => 0);
    const keys = new Set<string>();
    const takeShared = async (key: string, perMinute: number) => {
      keys.add(key);
      return buckets.take(key, perMinute);
    };
    const first = await limited({ messagesPerMinute: 2 }, { takeShared });
    const second = await limited({ messagesPerMinute: 2 }, { takeShared, wrapStore: () => first.store });
    const { sessionId } = await first.init();
    const chat = (index: number) =>
      (index % 2 === 0 ? first : second).chat({ sessionId, ...says(`${index}`) });
    expect(await statuses(4, chat)).toEqual({ 200: 2, 429: 2 });
    expect((await chat(5)).headers.get('retry-after')).toBe('30');
    await first.dispatch({}, 'sk_test_guess');
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(keys.size).toBe(4);
  });

  test('refuse a flood on their own, without asking each other', async () => {
    let asked = 0;
    const takeShared = async () => {
      asked += 1;
      return 0;
    };
    await limited({}, { takeShared });
    const guess = () => server.post('/v1/client/init', { token: 'ct_test_guess' });
    expect(await statuses(ADDRESS_REQUESTS_PER_MINUTE + 50, guess)).toMatchObject({ 429: 50 });
    expect(asked).toBe(ADDRESS_REQUESTS_PER_MINUTE);
  });
});

describe('executions at once', () => {
  const held = () => ({
    async *model() {
      await new Promise(() => undefined);
    },
  });
  const chat = async () => await server.chat({ sessionId: (await server.init()).sessionId });

  test('are bounded for each token, and others still get theirs', async () => {
    await limited({ concurrentRuns: 2 }, held());
    expect([await chat(), await chat()].map(({ status }) => status)).toEqual([200, 200]);
    const refused = await chat();
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refusal(refused)).toBe('503 overloaded');
    expect((await server.dispatch({})).status).toBe(200);
  });

  test('are bounded for the process, and a refused message may be sent again', async () => {
    await limited({ messagesPerSession: 1 }, { ...held(), maxRunning: 1 });
    const first = await server.init();
    const second = await server.init();
    const events = await server.chat({ sessionId: first.sessionId });
    const [start] = framesOf(new TextDecoder().decode((await events.body?.getReader().read())?.value));
    expect(await refusal(await server.chat({ sessionId: second.sessionId }))).toBe('503 overloaded');
    await server.cancel({ sessionId: first.sessionId, executionId: start?.data.executionId });
    expect((await server.chat({ sessionId: second.sessionId })).status).toBe(200);
  });
});

describe('a bucket', () => {
  test('fills evenly and holds one minute', () => {
    let nowMs = 0;
    const buckets = createTokenBuckets(() => nowMs);
    const take = () => buckets.take('a', 2);
    expect([take(), take(), take()]).toEqual([0, 0, 30_000]);
    nowMs = 29_999;
    expect(take()).toBe(1);
    nowMs = 30_000;
    expect([take(), take()]).toEqual([0, 30_000]);
    nowMs = 60 * 60_000;
    expect([take(), take(), take()]).toEqual([0, 0, 30_000]);
  });

  test('does not mind a clock that is set back', () => {
    let nowMs = 60 * 60_000;
    const buckets = createTokenBuckets(() => nowMs);
    expect(buckets.take('a', 1)).toBe(0);
    nowMs = 0;
    expect(buckets.take('a', 1)).toBe(60_000);
    nowMs = 60_000;
    expect(buckets.take('a', 1)).toBe(0);
  });
});
