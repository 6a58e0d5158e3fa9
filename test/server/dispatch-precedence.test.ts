import { afterEach, describe, expect, test, vi } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import { API_KEY, aServer, CONFIG, calls, eventsOf, says, type TestServer } from '../support/server.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function callsFirst({ tools, messages }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role === 'tool') return says(last.results.map(({ text }) => text).join());
  return calls({ name: tools.find(({ name }) => name === 'price')?.name ?? 'none', id: 'p1' });
}

async function shop(configured: boolean, sdkTools: readonly string[] = []) {
  const run = vi.fn(() => 'of the configuration');
  const [store, ...others] = CONFIG.surfaces ?? [];
  if (store === undefined) throw new Error('There is no surface.');
  const tools = configured ? [{ name: 'price', description: 'Tells a price.', run }] : [];
  const server = await aServer({
    model: callsFirst,
    config: {
      ...CONFIG,
      apiKeys: [{ key: API_KEY, scopes: ['DISPATCH:*', 'TOOLS:*'] }],
      surfaces: [
        {
          ...store,
          agent: { ...store.agent, tools },
          behavior: { ...store.behavior, sdkTools: [...sdkTools] },
        },
        ...others,
      ],
    },
  });
  servers.push(server);
  return { server, run };
}

const priced = (code: string) => ({
  name: 'price',
  description: 'Tells a price.',
  toolType: 'custom',
  config: { code: `return ${JSON.stringify(code)}` },
});
const brought = (origin: 'sdk' | 'webmcp') => ({ name: 'price', description: 'Tells a price.', origin });

async function save(server: TestServer): Promise<string> {
  const answer = await server.post('/v1/tools', priced('saved'), { authorization: `Bearer ${API_KEY}` });
  return ((await answer.json()) as { id: string }).id;
}

async function dispatch(server: TestServer, body: Record<string, unknown>): Promise<DispatchResponse> {
  const answer = await server.dispatch({ agent: { id: 'store' }, streamResponse: false, ...body });
  return (await answer.json()) as DispatchResponse;
}

describe('of tools with one name, an API key gets', () => {
  test('the saved one over the configured one, the runtime one over that [R2-29]', async () => {
    const { server, run } = await shop(true);
    const id = await save(server);
    expect((await dispatch(server, {})).output).toBe('of the configuration');
    expect((await dispatch(server, { tools: { toolIds: [id] } })).output).toBe('saved');
    const both = { toolIds: [id], runtimeTools: [priced('runtime')] };
    expect((await dispatch(server, { tools: both })).output).toBe('runtime');
    expect(run).toHaveBeenCalledTimes(1);
    for (const { tools } of server.asked) expect(tools.map(({ name }) => name)).toEqual(['price']);
  });

  test('its own `sdk` tool over all of them [R2-27, R2-29]', async () => {
    const { server, run } = await shop(true);
    const tools = { toolIds: [await save(server)], runtimeTools: [priced('runtime')] };
    const paused = await dispatch(server, { tools, clientTools: [brought('sdk')] });
    expect(paused).toMatchObject({ status: 'awaiting', awaiting: [{ toolName: 'price', origin: 'sdk' }] });
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['price']);
    expect(run).not.toHaveBeenCalled();
  });

  test('a page’s tool beside them, for it has the prefix of pages [R2-36]', async () => {
    const { server, run } = await shop(true);
    const answer = await dispatch(server, { clientTools: [brought('webmcp')] });
    expect(answer.output).toBe('of the configuration');
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['price', 'webmcp__price']);
    expect(run).toHaveBeenCalledTimes(1);
  });
});

describe('a page', () => {
  test.each(['sdk', 'webmcp'] as const)(
    'never takes the place of a tool of the server, as %s',
    async (origin) => {
      const { server, run } = await shop(true);
      const { sessionId } = await server.init();
      const events = await eventsOf(await server.chat({ sessionId, clientTools: [brought(origin)] }));
      expect(events.some(({ type }) => type === 'await')).toBe(false);
      expect(run).toHaveBeenCalledTimes(1);
    },
  );

  test('may bring no secrets [R2-17]', async () => {
    const { server } = await shop(false);
    const { sessionId } = await server.init();
    const secrets = { key: 'a secret of the page' };
    for (const [path, body] of [
      ['/v1/client/chat', { sessionId, messages: [{ role: 'user', content: 'Hi' }] }],
      ['/v1/client/resume', { sessionId, executionId: 'exec_1', toolOutputs: {} }],
      ['/v1/client/init', { token: 'ct_test_store' }],
    ] as const) {
      const answer = await server.post(path, { ...body, secrets });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'secrets_not_allowed' });
    }
    expect(server.asked).toEqual([]);
  });
});
