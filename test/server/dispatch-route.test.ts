import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import { ModelError } from '../../server/models/model.ts';
import {
  API_KEY,
  aServer,
  callsEachTool,
  eventsOf,
  OTHER_API_KEY,
  POWERLESS_API_KEY,
  refusal,
  SEARCH_TOOL,
  type TestServer,
} from '../support/server.ts';

const CART_TOOL = { ...SEARCH_TOOL, name: 'get_cart' };
const WEATHER_TOOL = {
  name: 'Weather Lookup',
  description: 'Tells the weather.',
  parametersSchema: { type: 'object', properties: {} },
  origin: 'sdk',
} as const;

async function whole(response: Response): Promise<DispatchResponse> {
  expect(response.headers.get('content-type')).toBe('application/json');
  return (await response.json()) as DispatchResponse;
}

describe('a dispatch with an API key', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await aServer({ model: callsEachTool });
  });
  afterEach(() => server.close());

  test.each([
    ['no header', {}, '401 unauthorized'],
    ['an unknown key', { authorization: 'Bearer sk_test_nobody' }, '401 unauthorized'],
    ['a client token', { authorization: 'Bearer ct_test_store' }, '401 unauthorized'],
    ['another scheme', { authorization: `Basic ${API_KEY}` }, '401 unauthorized'],
    ['a key without a scheme', { authorization: API_KEY }, '401 unauthorized'],
    ['two keys', { authorization: `Bearer ${API_KEY} ${API_KEY}` }, '401 unauthorized'],
    ['a key in another header', { 'api-key': API_KEY }, '401 unauthorized'],
    [
      'a key in both headers',
      { authorization: `Bearer ${API_KEY}`, 'x-api-key': API_KEY },
      '400 invalid_request',
    ],
    ['an unknown key in its own header', { 'x-api-key': 'sk_test_nobody' }, '401 unauthorized'],
    ['a key without the scope', { authorization: `Bearer ${POWERLESS_API_KEY}` }, '403 insufficient_scope'],
  ])(
    'is refused with %s, on both routes and before its body is read [R2-40]',
    async (_, headers, expected) => {
      for (const path of ['/v1/dispatch', '/v1/dispatch/resume', `/v1/dispatch?key=${API_KEY}`]) {
        const response = await server.request(path, { method: 'POST', headers, body: 'no JSON' });
        expect(response.headers.get('www-authenticate')).toBe(expected.startsWith('401') ? 'Bearer' : null);
        expect(await refusal(response)).toBe(expected);
      }
    },
  );

  test('says which credential belongs here when it gets a client token [R2-41]', async () => {
    const response = await server.dispatch({}, 'ct_test_store');
    expect(await response.json()).toMatchObject({ hint: expect.stringContaining('/v1/client') });
  });

  test('streams by default, without an Origin and without CORS [R2-02, R2-30]', async () => {
    const response = await server.request('/v1/dispatch', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `bearer ${API_KEY}` },
      body: JSON.stringify({ agent: { id: 'store' }, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    expect((await eventsOf(response)).at(-1)).toMatchObject({ type: 'execution_complete', success: true });
  });

  test('is one JSON answer when no stream is wanted [R2-04]', async () => {
    expect(await whole(await server.dispatch({ streamResponse: false }))).toEqual({
      executionId: expect.stringMatching(/^exec_/),
      conversationId: expect.stringMatching(/^conv_/),
      status: 'complete',
      output: 'No tools.',
      awaiting: [],
      stopReason: 'end_turn',
      tokens: { input: 3, output: 2 },
    });
  });

  test.each([
    ['an agent of the request', { model: 'any', instructions: 'Be brief.', maxToolCalls: 0 }, 'Be brief.'],
    ['an agent of a surface', { id: 'store' }, 'You help customers of the store.'],
  ])('runs %s', async (_, agent, instructions) => {
    await eventsOf(await server.dispatch({ agent }));
    expect(server.asked[0]?.instructions).toContain(instructions);
  });

  test.each([
    ['an unknown agent', { agent: { id: 'nobody' } }, '404 agent_not_found'],
    ['no agent', { agent: undefined }, '400 invalid_request'],
    ['101 tool calls', { agent: { model: 'any', maxToolCalls: 101 } }, '400 invalid_request'],
    ['no messages', { messages: [] }, '400 invalid_request'],
    ['two tools of one name', { clientTools: [SEARCH_TOOL, SEARCH_TOOL] }, '400 duplicate_client_tool'],
    [
      'a pattern that means nothing',
      { clientTools: [SEARCH_TOOL], clientToolsPolicy: { allowlist: ['*_products'] } },
      '400 invalid_request',
    ],
  ])('is refused for %s', async (_, body, expected) => {
    expect(await refusal(await server.dispatch(body))).toBe(expected);
    expect(server.asked).toEqual([]);
  });

  test('says how an agent is named when a request does not', async () => {
    const answer = await server.dispatch({ agent: { agentId: 'store' } });
    expect(((await answer.json()) as { details: string[] }).details).toEqual([
      'agent: Name a configured or saved agent, { "id": "…" }, or describe one, { "model": "…", "instructions": "…" }',
    ]);
  });

  test('waits for the outputs of its tools, and goes on with them', async () => {
    const paused = await whole(
      await server.dispatch({ clientTools: [WEATHER_TOOL, SEARCH_TOOL], streamResponse: false }),
    );
    expect(paused).toMatchObject({
      status: 'awaiting',
      output: '',
      awaiting: [
        { type: 'await', toolName: 'Weather Lookup', origin: 'sdk' },
        { type: 'await', toolName: 'search_products', origin: 'webmcp' },
      ],
    });
    expect(server.asked[0]?.tools.every(({ name }) => /^[A-Za-z0-9_-]{1,64}$/.test(name))).toBe(true);
    const { executionId } = paused;
    const partly = await whole(
      await server.dispatch({
        executionId,
        toolOutputs: { 'Weather Lookup': 'Rain' },
        streamResponse: false,
      }),
    );
    expect(partly).toMatchObject({
      executionId,
      status: 'awaiting',
      awaiting: [{ toolName: 'search_products' }],
    });
    const done = await whole(
      await server.dispatch({ executionId, toolOutputs: { search_products: 'Mugs' }, streamResponse: false }),
    );
    expect(done).toMatchObject({
      executionId,
      status: 'complete',
      output: expect.stringMatching(/Rain.*Mugs/s),
    });
  });

  test.each([
    ['no policy admits every page tool', undefined, ['get_cart', 'search_products', 'Weather Lookup']],
    ['a policy narrows page tools and no others', ['search_*'], ['search_products', 'Weather Lookup']],
    ['an empty policy admits none of them', [], ['Weather Lookup']],
  ])('%s [R2-27, R2-28, R2-31]', async (_, allowlist, expected) => {
    const clientTools = [SEARCH_TOOL, CART_TOOL, WEATHER_TOOL];
    await eventsOf(
      await server.dispatch({
        clientTools,
        ...(allowlist === undefined ? {} : { clientToolsPolicy: { allowlist } }),
      }),
    );
    expect(server.asked[0]?.tools.map(({ bareName }) => bareName).sort()).toEqual([...expected].sort());
  });

  test('cannot be seen with another key', async () => {
    const { executionId } = await whole(
      await server.dispatch({ clientTools: [SEARCH_TOOL], streamResponse: false }),
    );
    const body = { executionId, toolOutputs: { search_products: 'x' } };
    expect(await refusal(await server.dispatch(body, OTHER_API_KEY))).toBe('404 execution_not_found');
    const { sessionId } = await server.init();
    expect(await refusal(await server.resume({ sessionId, ...body }))).toBe('404 execution_not_found');
  });

  test('is cancelled by its key and by no other, and a second cancel answers like the first', async () => {
    const { executionId } = await whole(
      await server.dispatch({ clientTools: [SEARCH_TOOL], streamResponse: false }),
    );
    const cancel = (key: string) =>
      server.post('/v1/dispatch/cancel', { executionId }, { authorization: `Bearer ${key}` });
    expect(await refusal(await cancel(OTHER_API_KEY))).toBe('404 execution_not_found');
    for (let time = 0; time < 2; time += 1) {
      expect(await (await cancel(API_KEY)).json()).toEqual({ executionId, status: 'cancelled' });
    }
    const late = await server.post(
      '/v1/dispatch/resume',
      { executionId, toolOutputs: { search_products: 'x' } },
      { authorization: `Bearer ${API_KEY}` },
    );
    expect(await refusal(late)).toBe('409 execution_not_awaiting');
  });
});

test('a dispatch that is refused leaves no conversation behind', async () => {
  const touched = new Set<string>();
  const server = await aServer({
    maxRunning: 1,
    async *model() {
      yield { type: 'text', delta: 'Hm' } as const;
      await new Promise(() => undefined);
    },
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...given: readonly unknown[]) => {
            if (name === 'latestExecution') touched.add(String(given[0]));
            return Reflect.apply(member, target, given);
          };
        },
      }),
  });
  expect((await server.dispatch({})).status).toBe(200);
  const [first] = touched;
  expect(await refusal(await server.dispatch({}))).toBe('503 overloaded');
  expect(await refusal(await server.dispatch({ messages: [{ role: 'assistant', content: 'Hi' }] }))).toBe(
    '400 invalid_request',
  );
  const left = await Promise.all([...touched].map((id) => server.store.conversation(id)));
  expect(touched.size).toBe(3);
  expect(left.flatMap((conversation) => conversation?.id ?? [])).toEqual([first]);
  await server.close();
});

test('a model that fails makes a JSON answer that says so, and keeps what was said before', async () => {
  const server = await aServer({
    async *model() {
      yield { type: 'text', delta: 'Let me see' } as const;
      throw new ModelError('model_rate_limited', 'The model has too much to do.', { hint: 'Wait a minute.' });
    },
  });
  expect(await whole(await server.dispatch({ streamResponse: false }))).toMatchObject({
    status: 'failed',
    output: 'Let me see',
    awaiting: [],
    error: { code: 'model_rate_limited', message: 'The model has too much to do.', hint: 'Wait a minute.' },
  });
  await server.close();
});
