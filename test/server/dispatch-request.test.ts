import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  OTHER_API_KEY,
  refusal,
  SEARCH_TOOL,
  says,
  type TestServer,
} from '../support/server.ts';

const custom = (name: string) => ({
  name,
  description: `Does ${name}.`,
  toolType: 'custom',
  config: { code: 'return 1' },
});
const many = (count: number, prefix = 't') =>
  Array.from({ length: count }, (_, index) => custom(`${prefix}${index}`));
const local = {
  name: 'Local Clock',
  description: 'Tells the time where the caller is.',
  toolType: 'local',
  parametersSchema: { type: 'object', properties: { zone: { type: 'string' } } },
};

describe('a dispatch', () => {
  let server: TestServer;
  let model: (request: ModelRequest) => ReturnType<typeof calls>;
  beforeEach(async () => {
    model = () => says('Hello.');
    server = await aServer({
      model: (request) => model(request),
      config: {
        ...CONFIG,
        apiKeys: [
          { key: API_KEY, scopes: ['DISPATCH:*', 'TOOLS:*', 'AGENTS:*'] },
          { key: OTHER_API_KEY, scopes: ['DISPATCH:*'], workspace: 'elsewhere' },
        ],
      },
    });
  });
  afterEach(() => server.close());

  const whole = async (answer: Promise<Response>) => (await (await answer).json()) as DispatchResponse;

  test.each([
    ['neither agent nor flow', { agent: undefined }],
    ['both agent and flow', { flow: { id: 'flow_1' } }],
    ['an agent by id and by description', { agent: { id: 'store', model: 'any' } }],
    ['an agent that says nothing', { agent: {} }],
    ['no message for its agent', { messages: undefined }],
    ['a secret under no name', { secrets: { 'a-b': 'x' } }],
    ['a secret that is no text', { secrets: { key: 7 } }],
    [
      '51 secrets',
      { secrets: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v'])) },
    ],
    [
      'six MCP servers',
      {
        tools: {
          mcpServers: Array.from({ length: 6 }, (_, i) => ({ name: `s${i}`, url: 'https://x.example' })),
        },
      },
    ],
    ['101 calls', { tools: { maxToolCalls: 101 } }],
    ['inputs that no model would read', { inputs: { text: 'x'.repeat(40_000) } }],
  ])('with %s is refused [R2-03]', async (_, body) => {
    expect(await refusal(await server.dispatch(body))).toBe('400 invalid_request');
    expect(server.asked).toEqual([]);
  });

  test.each([
    ['of the request', { tools: { runtimeTools: many(50) } }, { tools: { runtimeTools: many(51) } }],
    [
      'of the agent and the request together',
      {
        agent: { model: 'any', tools: { runtimeTools: many(25, 'a') } },
        tools: { runtimeTools: many(25, 'b') },
      },
      {
        agent: { model: 'any', tools: { runtimeTools: many(26, 'a') } },
        tools: { runtimeTools: many(25, 'b') },
      },
    ],
    [
      'of all steps together',
      undefined,
      {
        agent: undefined,
        flow: {
          steps: [many(26, 'a'), many(25, 'b')].map((runtimeTools) => ({
            type: 'prompt',
            config: { userPrompt: 'Go', tools: { runtimeTools } },
          })),
        },
      },
    ],
  ])('takes 50 runtime tools %s and not 51 [R2-48]', async (_, good, bad) => {
    if (good !== undefined)
      expect((await server.dispatch({ ...good, streamResponse: false })).status).toBe(200);
    const asked = server.asked.length;
    expect(await refusal(await server.dispatch(bad))).toBe('400 too_many_runtime_tools');
    expect(server.asked).toHaveLength(asked);
  });

  test('describes its own agent, its tools and what the model reads beside the message [R2-01, R2-04, R2-05]', async () => {
    await whole(
      server.dispatch({
        agent: {
          name: 'Clerk',
          model: 'any',
          instructions: 'Be brief.',
          tools: { toolIds: ['builtin:clock'] },
        },
        tools: { runtimeTools: [custom('price')] },
        inputs: { basket: ['mug'] },
        streamResponse: false,
      }),
    );
    expect(server.asked[0]).toMatchObject({ instructions: expect.stringContaining('Be brief.') });
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['builtin__clock', 'price']);
    expect(server.asked[0]?.messages.at(-1)).toMatchObject({ pageContext: '{"inputs":{"basket":["mug"]}}' });
  });

  test('runs a runtime tool in its turn, under a name that every model takes [R2-07]', async () => {
    const tool = {
      ...custom('Sales Tax'),
      parametersSchema: { type: 'object', properties: { amount: { type: 'number' } } },
      config: { code: 'return { total: amount * 2 }' },
    };
    model = ({ tools, messages }) => {
      const last = messages.at(-1);
      if (last?.role === 'tool') return says(last.results.map(({ text }) => text).join());
      return calls({ name: tools[0]?.name ?? '', input: { amount: 21 } });
    };
    const answer = await whole(server.dispatch({ tools: { runtimeTools: [tool] }, streamResponse: false }));
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['Sales_Tax']);
    expect(answer).toMatchObject({ status: 'complete', output: '{"total":42}' });
  });

  test('names an agent that its workspace keeps, and no other’s', async () => {
    const post = (path: string, body: object, key = API_KEY) =>
      server.post(path, body, { authorization: `Bearer ${key}` });
    const saved = (await (
      await post('/v1/agents', {
        name: 'Clerk',
        instructions: 'Be brief.',
        tools: { toolIds: ['builtin:clock'] },
      })
    ).json()) as { id: string };
    await whole(server.dispatch({ agent: { id: saved.id }, streamResponse: false }));
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['builtin__clock']);
    const foreign = { agent: { id: saved.id } };
    expect(await refusal(await server.dispatch(foreign, OTHER_API_KEY))).toBe('404 agent_not_found');
  });

  test('the calls that its tools allow count, whoever says how many', async () => {
    model = ({ tools, messages }) =>
      tools.length === 0
        ? says(`After ${messages.length}.`)
        : calls({ name: 'builtin__calculator', input: { expression: '1' }, id: `c${messages.length}` });
    const answer = await whole(
      server.dispatch({
        agent: { model: 'any', maxToolCalls: 9, tools: { maxToolCalls: 8, toolIds: ['builtin:calculator'] } },
        tools: { maxToolCalls: 1 },
        streamResponse: false,
      }),
    );
    expect(answer).toMatchObject({ stopReason: 'max_tool_calls' });
    expect(server.asked).toHaveLength(3);
  });

  test('a tool of the type `local` is asked of the caller, and its output goes on [R2-26]', async () => {
    model = ({ tools, messages }) => {
      const last = messages.at(-1);
      if (last?.role === 'tool') return says(last.results.map(({ text }) => text).join());
      return calls({ name: tools[0]?.name ?? '', input: { zone: 'UTC' }, id: 'l1' });
    };
    const paused = await whole(
      server.dispatch({
        tools: { runtimeTools: [local] },
        clientTools: [SEARCH_TOOL],
        streamResponse: false,
      }),
    );
    expect(paused.awaiting).toMatchObject([
      { toolName: 'Local Clock', toolId: 'Local Clock', origin: 'sdk', parameters: { zone: 'UTC' } },
    ]);
    const done = await server.post(
      '/v1/dispatch/resume',
      { executionId: paused.executionId, toolOutputs: { 'Local Clock': '12:00' }, streamResponse: false },
      { authorization: `Bearer ${API_KEY}` },
    );
    expect(await done.json()).toMatchObject({ status: 'complete', output: '12:00' });
  });

  test('what a tool is named after decides nothing of whose it is', async () => {
    const agent = { instructions: 'Help.' };
    const other = await server.dispatch({ agent, tools: { toolIds: ['tool_nobody'] } }, OTHER_API_KEY);
    expect(await refusal(other)).toBe('404 tool_not_found');
  });
});

test('an MCP server that cannot be asked is named, with what to look at', async () => {
  const server = await aServer({
    config: { ...CONFIG, mcpServers: { gone: { command: '/nowhere/a-program' } } },
  });
  const answer = await server.dispatch({ tools: { toolIds: ['mcp:gone:*'] } });
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({
    code: 'mcp_server_failed',
    message: expect.stringContaining('`gone`'),
    hint: expect.stringContaining('Check its address'),
  });
  await server.close();
});
