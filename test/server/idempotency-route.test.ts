import { afterEach, describe, expect, test, vi } from 'vitest';
import { IDEMPOTENCY_LIFETIME_MS } from '../../protocol/limits.ts';
import {
  API_KEY,
  aServer,
  callsEachTool,
  eventsOf,
  OTHER_API_KEY,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

async function opened(options: TestServerOptions = {}) {
  server = await aServer(options);
  return await server.init();
}

const chat = (sessionId: string, key: string, fields: object = {}) =>
  server.post(
    '/v1/client/chat',
    { sessionId, messages: [{ role: 'user', content: 'Hello' }], ...fields },
    { 'idempotency-key': key },
  );
const dispatch = (key: string, fields: object = {}, apiKey = API_KEY) =>
  server.post(
    '/v1/dispatch',
    { agent: { id: 'store' }, messages: [{ role: 'user', content: 'Hello' }], ...fields },
    { authorization: `Bearer ${apiKey}`, 'idempotency-key': key },
  );
const idOf = async (response: Response) => (await eventsOf(response))[0]?.executionId;

describe('a chat under a key', () => {
  test('is started once, and its repetition gets the same events', async () => {
    const { sessionId } = await opened();
    const events = await eventsOf(await chat(sessionId, 'key-1'));
    expect(await eventsOf(await chat(sessionId, 'key-1'))).toEqual(events);
    expect(server.asked).toHaveLength(1);
    expect(await idOf(await chat(sessionId, 'key-2'))).not.toBe(events[0]?.executionId);
    expect(server.asked).toHaveLength(2);
  });

  test('is started once also when both arrive at once', async () => {
    const { sessionId } = await opened();
    const answers = await Promise.all([1, 2, 3, 4].map(() => chat(sessionId, 'key-1')));
    const ids = await Promise.all(answers.map(idOf));
    expect(new Set(ids).size).toBe(1);
    expect(server.asked).toHaveLength(1);
  });

  test('is the same whatever the order of its fields, and under a renewed session', async () => {
    const { sessionId } = await opened();
    const context = { a: { b: 1, c: 2 } };
    const events = await eventsOf(await chat(sessionId, 'key-1', { context }));
    server.advance(23 * 60 * 60_000);
    const renewed = await server.init({ sessionId });
    expect(renewed.sessionId).not.toBe(sessionId);
    const turned = JSON.stringify({
      context: { a: { c: 2, b: 1 } },
      messages: [{ content: 'Hello', role: 'user' }],
      sessionId: renewed.sessionId,
    });
    const again = await server.request('/v1/client/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: STORE_ORIGIN, 'idempotency-key': 'key-1' },
      body: turned,
    });
    expect(await eventsOf(again)).toEqual(events);
  });

  test('with another body is refused', async () => {
    const { sessionId } = await opened();
    await eventsOf(await chat(sessionId, 'key-1'));
    const other = await chat(sessionId, 'key-1', { messages: [{ role: 'user', content: 'Hello!' }] });
    expect(await refusal(other)).toBe('422 idempotency_key_reused');
    expect(server.asked).toHaveLength(1);
  });

  test('counts once, and may be repeated when the session has no message left', async () => {
    const { sessionId } = await opened({
      configure: (config) => ({
        ...config,
        surfaces: config.surfaces.map((surface) => ({
          ...surface,
          limits: { ...surface.limits, messagesPerSession: 1 },
        })),
      }),
    });
    const events = await eventsOf(await chat(sessionId, 'key-1'));
    expect(await eventsOf(await chat(sessionId, 'key-1'))).toEqual(events);
    const second = await chat(sessionId, 'key-2', { messages: [{ role: 'user', content: 'Two' }] });
    expect(await refusal(second)).toBe('429 message_limit_reached');
  });

  test('is another one in another conversation', async () => {
    const { sessionId } = await opened();
    const neighbour = await server.init();
    const ids = [
      await idOf(await chat(sessionId, 'key-1')),
      await idOf(await chat(neighbour.sessionId, 'key-1')),
    ];
    expect(new Set(ids).size).toBe(2);
  });

  test('is forgotten after a day', async () => {
    const { sessionId } = await opened();
    await eventsOf(await chat(sessionId, 'key-1'));
    server.advance(IDEMPOTENCY_LIFETIME_MS + 1);
    const renewed = await server.init({ sessionId });
    const other = await chat(renewed.sessionId, 'key-1', { messages: [{ role: 'user', content: 'Other' }] });
    expect(other.status).toBe(200);
    await other.text();
  });

  test('that was refused may be mended under its key', async () => {
    const { sessionId } = await opened();
    const fields = { clientToolsFingerprint: 'unknown' };
    expect(await refusal(await chat(sessionId, 'key-1', fields))).toBe('409 client_tools_resend_required');
    const whole = await chat(sessionId, 'key-1', { ...fields, clientTools: [SEARCH_TOOL] });
    expect(whole.status).toBe(200);
    await whole.text();
  });
});

describe('a resume under a key', () => {
  test('is done once, gives the same events again, and takes no other body', async () => {
    const { sessionId } = await opened({ model: callsEachTool });
    const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
    const executionId = events[0]?.executionId;
    const resume = (output: string) =>
      server.post(
        '/v1/client/resume',
        { sessionId, executionId, toolOutputs: { search_products: output } },
        { 'idempotency-key': 'key-1' },
      );
    const rest = await eventsOf(await resume('a mug'));
    expect(await eventsOf(await resume('a mug'))).toEqual(rest);
    expect(await refusal(await resume('a cup'))).toBe('422 idempotency_key_reused');
    expect(server.asked).toHaveLength(2);
  });

  test('may have the key of its chat: that was for something else', async () => {
    const { sessionId } = await opened({ model: callsEachTool });
    const events = await eventsOf(await chat(sessionId, 'key-1', { clientTools: [SEARCH_TOOL] }));
    const resumed = await server.post(
      '/v1/client/resume',
      { sessionId, executionId: events[0]?.executionId, toolOutputs: { search_products: 'x' } },
      { 'idempotency-key': 'key-1' },
    );
    expect((await eventsOf(resumed)).at(-1)?.type).toBe('execution_complete');
  });
});

describe('a dispatch under a key', () => {
  test('is done once for each API key, as a stream or as one answer', async () => {
    await opened();
    const events = await eventsOf(await dispatch('key-1'));
    expect(await eventsOf(await dispatch('key-1'))).toEqual(events);
    expect(server.asked).toHaveLength(1);
    expect(await idOf(await dispatch('key-1', {}, OTHER_API_KEY))).not.toBe(events[0]?.executionId);
    const whole = async () => await (await dispatch('key-2', { streamResponse: false })).json();
    expect(await whole()).toEqual(await whole());
    expect(server.asked).toHaveLength(3);
    expect(await refusal(await dispatch('key-1', { agent: { id: 'other' } }))).toBe(
      '422 idempotency_key_reused',
    );
  });

  test('is started once also when both arrive at once, although each would open a conversation', async () => {
    await opened();
    const answers = await Promise.all([1, 2, 3].map(() => dispatch('key-1')));
    expect(new Set(await Promise.all(answers.map(idOf))).size).toBe(1);
    expect(server.asked).toHaveLength(1);
  });

  test('opens one conversation, however often it comes again', async () => {
    await opened();
    const latest = vi.spyOn(server.store, 'latestExecution');
    await Promise.all([1, 2, 3].map(async () => eventsOf(await dispatch('key-1'))));
    await eventsOf(await dispatch('key-1'));
    const ids = new Set(latest.mock.calls.map(([id]) => id));
    const there = await Promise.all([...ids].map((id) => server.store.conversation(id)));
    expect(there.filter((conversation) => conversation !== undefined)).toHaveLength(1);
  });

  test('resumes once', async () => {
    await opened({ model: callsEachTool });
    const events = await eventsOf(await dispatch('key-1', { clientTools: [SEARCH_TOOL] }));
    const resume = (output: string) =>
      server.post(
        '/v1/dispatch/resume',
        { executionId: events[0]?.executionId, toolOutputs: { search_products: output } },
        { authorization: `Bearer ${API_KEY}`, 'idempotency-key': 'key-1' },
      );
    const rest = await eventsOf(await resume('x'));
    expect(await eventsOf(await resume('x'))).toEqual(rest);
    expect(await refusal(await resume('y'))).toBe('422 idempotency_key_reused');
  });
});

describe('a key', () => {
  test.each(['', ' ', 'x'.repeat(256), 'sch\u00f6n', 'tab\there', '\u00a0'])('%.20j is none', async (key) => {
    const { sessionId } = await opened();
    const body = { sessionId, executionId: 'exec_1', toolOutputs: {} };
    const answers = [
      await chat(sessionId, key),
      await server.post('/v1/client/resume', body, { 'idempotency-key': key }),
      await server.post('/v1/client/cancel', body, { 'idempotency-key': key }),
      await dispatch(key),
    ];
    for (const answer of answers) expect(await refusal(answer)).toBe('400 invalid_request');
    expect(server.asked).toHaveLength(0);
  });

  test('may have 255 printable characters', async () => {
    const { sessionId } = await opened();
    for (const key of ['x'.repeat(255), "'; DROP TABLE outcomes; --", '{"a": [1]}', '~']) {
      expect((await chat(sessionId, key)).status).toBe(200);
    }
  });

  test('does no harm where it is not needed', async () => {
    const { sessionId } = await opened({ model: callsEachTool });
    const ids = [];
    for (const content of ['One', 'Two']) {
      const messages = [{ role: 'user', content }];
      const [start] = await eventsOf(await server.chat({ sessionId, messages, clientTools: [SEARCH_TOOL] }));
      ids.push(start?.executionId);
    }
    for (const executionId of ids) {
      const cancel = () =>
        server.post('/v1/client/cancel', { sessionId, executionId }, { 'idempotency-key': 'key-1' });
      const first = await (await cancel()).json();
      expect(first).toMatchObject({ executionId });
      expect(await (await cancel()).json()).toEqual(first);
    }
  });

  test('stands nowhere in clear', async () => {
    const { sessionId } = await opened();
    await eventsOf(await chat(sessionId, 'canary-key'));
    expect(server.logged()).not.toContain('canary-key');
  });
});
