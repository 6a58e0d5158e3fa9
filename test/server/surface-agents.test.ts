import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { ConfigError } from '../../server/config/config.ts';
import { createLog, createPagehand } from '../../server/index.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  eventsOf,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  STORE_TOKEN,
  says,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const AGENT_ID = 'agent_helper';
const FLOW_ID = 'flow_helper';

const clientTokens = [{ token: STORE_TOKEN, allowedOrigins: [STORE_ORIGIN] }];
const webmcp = { behavior: { webmcp: { enabled: true } } };

let server: TestServer;
afterEach(() => server.close());

async function given(surface: object, options: TestServerOptions = {}): Promise<void> {
  server = await aServer({
    config: {
      surfaces: [{ id: 'store', ...webmcp, clientTokens, ...surface }],
      apiKeys: [{ key: API_KEY, scopes: ['*'] }],
    },
    ...options,
  });
}

async function keep(
  kind: 'agent' | 'flow',
  body: { readonly name: string; readonly [field: string]: unknown },
  workspace = 'default',
) {
  await server.store.definitions.insertDefinition({
    id: kind === 'agent' ? AGENT_ID : FLOW_ID,
    workspace,
    kind,
    name: body.name,
    body,
    lastModifiedSource: 'api',
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  });
}

const byKey = (method: string, path: string, body?: object) =>
  server.request(path, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function chat(body: Record<string, unknown> = {}): Promise<StreamEvent[]> {
  const { sessionId } = await server.init();
  return eventsOf(await server.chat({ sessionId, ...body }));
}

function lastWords({ messages }: ModelRequest): string {
  const last = messages.at(-1);
  if (last?.role !== 'user') return '';
  return last.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

describe('a surface whose saved agent answers', () => {
  const AGENT = { name: 'Helper', instructions: 'You help.', tools: { toolIds: ['builtin:clock'] } };

  test('asks with its instructions, its tools and those of the page', async () => {
    await given({ agentId: AGENT_ID });
    await keep('agent', AGENT);
    const events = await chat({ clientTools: [SEARCH_TOOL] });
    expect(events[0]).toMatchObject({ kind: 'agent', agentId: AGENT_ID, agentName: 'Helper' });
    expect(server.asked[0]?.instructions).toBe('You help.');
    expect(server.asked[0]?.tools.map(({ bareName }) => bareName)).toEqual(['clock', 'search_products']);
  });

  test('tells a widget its id and the name of the surface before anything is looked up', async () => {
    await given({ agentId: AGENT_ID });
    expect(await server.init()).toMatchObject({
      flow: { id: AGENT_ID, description: null },
      targetId: AGENT_ID,
      config: { title: 'store' },
    });
  });

  test('answers the next message as it was changed meanwhile', async () => {
    await given({ agentId: AGENT_ID });
    await keep('agent', AGENT);
    await chat();
    const changed = await byKey('PUT', `/v1/agents/${AGENT_ID}`, { instructions: 'You help in rhymes.' });
    expect(changed.status).toBe(200);
    await chat();
    expect(server.asked.map(({ instructions }) => instructions)).toEqual([
      'You help.',
      'You help in rhymes.',
    ]);
  });

  test('says that nobody answers when it is gone, and the operator reads which one', async () => {
    await given({ agentId: AGENT_ID });
    await keep('agent', AGENT);
    await byKey('DELETE', `/v1/agents/${AGENT_ID}`);
    const { sessionId } = await server.init();
    const answer = await server.chat({ sessionId });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: 'Nobody answers in this chat at the moment.',
      code: 'agent_not_found',
      hint: expect.stringContaining('"store"'),
    });
    expect(server.logged()).toContain(AGENT_ID);
    await keep('agent', AGENT);
    expect((await eventsOf(await server.chat({ sessionId }))).at(-1)).toMatchObject({ success: true });
  });

  test('is not one of another workspace', async () => {
    await given({ agentId: AGENT_ID });
    await keep('agent', AGENT, 'elsewhere');
    const { sessionId } = await server.init();
    expect(await refusal(await server.chat({ sessionId }))).toBe('404 agent_not_found');
  });

  test("is one of the surface's workspace", async () => {
    await given({ agentId: AGENT_ID, workspace: 'elsewhere' });
    await keep('agent', AGENT, 'elsewhere');
    expect((await chat()).at(-1)).toMatchObject({ success: true });
  });

  test('is known to a dispatch only as what is saved [R2-03]', async () => {
    await given({ agentId: AGENT_ID });
    expect(await refusal(await server.dispatch({ agent: { id: AGENT_ID } }))).toBe('404 agent_not_found');
    await keep('agent', AGENT);
    await eventsOf(await server.dispatch({ agent: { id: AGENT_ID } }));
    expect(server.asked[0]?.instructions).toBe('You help.');
  });
});

describe('a surface whose saved flow answers', () => {
  const FLOW = {
    name: 'Two steps',
    steps: [
      {
        type: 'prompt',
        config: { userPrompt: 'For {{city}}: what is meant?', outputVariable: 'meant' },
      },
      { type: 'prompt', name: 'answer', config: { userPrompt: 'SECRET RECIPE. Answer to {{meant}}.' } },
    ],
  };

  test('runs its steps with what the page says in `inputs`, for every step the words of the visitor', async () => {
    await given({ flowId: FLOW_ID }, { model: (request) => says(lastWords(request).toUpperCase()) });
    await keep('flow', FLOW);
    const events = await chat({
      messages: [{ id: 'usr_1', role: 'user', content: 'Weather?' }],
      inputs: { city: 'Rome' },
      assistantMessageId: 'ast_1',
    });
    expect(events[0]).toMatchObject({ kind: 'flow', flowId: FLOW_ID, flowName: 'Two steps', totalSteps: 2 });
    expect(events.filter(({ type }) => type === 'text_start')).toMatchObject([{ id: 'ast_1' }, {}]);
    expect(events.at(-1)).toMatchObject({
      kind: 'flow',
      finalOutput: 'SECRET RECIPE. ANSWER TO FOR ROME: WHAT IS MEANT?.',
    });
    expect(server.asked.map(({ messages }) => messages.length)).toEqual([2, 2]);
    expect(server.asked[1]?.messages[0]).toMatchObject({ content: [{ text: 'Weather?' }] });
    // What the page said of itself stands with the newest message, which is the prompt.
    expect(server.asked[1]?.messages[1]).toMatchObject({ pageContext: '{"inputs":{"city":"Rome"}}' });
  });

  test('keeps its prompts out of what the visitor finds again', async () => {
    await given({ flowId: FLOW_ID }, { model: () => says('Sunny.') });
    await keep('flow', FLOW);
    const { sessionId: first, visitor } = await server.init({ visitorHistory: true });
    const visitorToken = visitor?.token ?? '';
    const { sessionId, conversationId } = await server.init({
      visitorHistory: true,
      visitorToken,
      sessionId: first,
    });
    const events = await eventsOf(await server.chat({ sessionId, inputs: { city: 'Rome' } }));
    expect(JSON.stringify(events)).not.toContain('SECRET RECIPE');
    const found = await server.request(`/v1/client/conversations/${conversationId}?sessionId=${sessionId}`, {
      headers: { origin: STORE_ORIGIN, 'x-visitor-token': visitorToken },
    });
    expect(found.status).toBe(200);
    const record = await found.text();
    expect(record).toContain('Sunny.');
    expect(record).not.toContain('SECRET RECIPE');
  });

  test('hides from the visitor what its steps say to one another', async () => {
    await given({ flowId: FLOW_ID }, { model: (request) => says(`<${lastWords(request)}>`) });
    const [sort, answer] = FLOW.steps;
    const hidden = { ...sort, config: { ...sort?.config, userPrompt: 'Sort.', streamOutput: false } };
    await keep('flow', {
      ...FLOW,
      steps: [hidden, { ...answer, config: { userPrompt: 'Answer {{meant}} in words.' } }],
    });
    const events = await chat({ assistantMessageId: 'ast_1' });
    expect(events.filter(({ type }) => type === 'text_start')).toMatchObject([{ id: 'ast_1' }]);
    expect(events.filter(({ type }) => type === 'step_complete')[0]).not.toHaveProperty('result');
    expect(server.asked.map(({ messages }) => messages.length)).toEqual([2, 2]);
  });

  test('refuses a message that lacks what its prompts need', async () => {
    await given({ flowId: FLOW_ID });
    await keep('flow', FLOW);
    const { sessionId } = await server.init();
    expect(await refusal(await server.chat({ sessionId }))).toBe('400 unresolved_variable');
  });

  test('uses the tools of the page in the middle of a step, and goes on after them', async () => {
    await given(
      { flowId: FLOW_ID },
      {
        model: ({ messages, tools }) => {
          const last = messages.at(-1);
          if (last?.role === 'tool') return says(`Found ${last.results[0]?.text}.`);
          return calls({ name: tools[0]?.name ?? '', id: `call_${server.asked.length}` });
        },
      },
    );
    await keep('flow', { ...FLOW, steps: [{ type: 'prompt', config: {} }, ...FLOW.steps.slice(0, 1)] });
    const { sessionId } = await server.init();
    const first = await eventsOf(
      await server.chat({ sessionId, clientTools: [SEARCH_TOOL], inputs: { city: 'Rome' } }),
    );
    const { executionId } = first[0] as StreamEvent;
    expect(first.at(-1)).toMatchObject({ type: 'await', toolName: 'search_products' });
    const output = (text: string) => ({
      sessionId,
      executionId,
      toolOutputs: { search_products: { content: [{ type: 'text', text }] } },
    });
    const second = await eventsOf(await server.resume(output('a mug')));
    expect(second.at(-1)).toMatchObject({ type: 'await', toolName: 'search_products' });
    // The page has other tools by now: the step that waits and those behind it go by the new ones.
    const last = await eventsOf(await server.resume({ ...output('a cup'), clientTools: [] }));
    expect(last.at(-1)).toMatchObject({ kind: 'flow', finalOutput: 'Found a cup.' });
    expect(server.asked.at(-1)?.tools).toEqual([]);
  });

  test('says that nobody answers when it is gone', async () => {
    await given({ flowId: FLOW_ID });
    const { sessionId } = await server.init();
    expect(await refusal(await server.chat({ sessionId }))).toBe('404 flow_not_found');
    expect(server.logged()).toContain(FLOW_ID);
  });

  test('takes no more of a session than one message for all its steps', async () => {
    await given({ flowId: FLOW_ID, limits: { messagesPerSession: 1 } }, { model: () => says('Sunny.') });
    await keep('flow', FLOW);
    const { sessionId } = await server.init();
    const inputs = { city: 'Rome' };
    expect((await eventsOf(await server.chat({ sessionId, inputs }))).at(-1)).toMatchObject({
      success: true,
    });
    const messages = [{ role: 'user', content: 'More' }];
    expect(await refusal(await server.chat({ sessionId, inputs, messages }))).toBe(
      '429 message_limit_reached',
    );
  });
});

describe('a configured agent', () => {
  test('has what it uses beside its functions: built-in tools and tools of the file', async () => {
    await given(
      {
        agent: {
          uses: {
            toolIds: ['builtin:clock'],
            runtimeTools: [
              {
                name: 'double',
                description: 'Doubles.',
                toolType: 'custom',
                parametersSchema: { type: 'object', properties: { n: { type: 'number' } } },
                config: { code: 'return n * 2' },
              },
            ],
          },
        },
      },
      {
        model: ({ messages }) => {
          const last = messages.at(-1);
          return last?.role === 'tool'
            ? says(`It is ${last.results[0]?.text}.`)
            : calls({ name: 'double', input: { n: 21 } });
        },
      },
    );
    const events = await chat({ clientTools: [SEARCH_TOOL] });
    expect(server.asked[0]?.tools.map(({ bareName }) => bareName)).toEqual([
      'clock',
      'double',
      'search_products',
    ]);
    expect(events.filter(({ type }) => type === 'text_delta')).toMatchObject([{ delta: 'It is 42.' }]);
    await eventsOf(await server.dispatch({ agent: { id: 'store' } }));
    expect(server.asked.at(-2)?.tools.map(({ bareName }) => bareName)).toEqual(['clock', 'double']);
  });

  test('keeps its tools: a page cannot put its own in their place', async () => {
    await given({
      agent: { uses: { toolIds: ['builtin:clock'] } },
      behavior: { sdkTools: ['builtin_clock'] },
    });
    await chat({ clientTools: [{ ...SEARCH_TOOL, name: 'builtin_clock', origin: 'sdk' }] });
    const names = server.asked[0]?.tools.map(({ name }) => name) ?? [];
    expect(new Set(names).size).toBe(names.length);
    expect(server.asked[0]?.tools[0]?.bareName).toBe('clock');
  });
});

test('a surface of the configuration without any of these answers as before', async () => {
  server = await aServer({ config: CONFIG });
  expect((await chat())[0]).toMatchObject({ kind: 'agent', agentId: 'store' });
});

test('`{{_user.id}}` is whom a proof made known, and of nobody else', async () => {
  const secret = 'a secret of the site with forty characters';
  await given({ flowId: FLOW_ID, identity: { secret } }, { model: (request) => says(lastWords(request)) });
  await keep('flow', {
    name: 'Greets',
    steps: [{ type: 'prompt', config: { userPrompt: 'Greet {{_user.id}}.' } }],
  });
  const signed = `${Buffer.from('ada').toString('base64url')}.${Date.parse('2026-11-20T11:00:00Z') / 1000}`;
  const proof = `${signed}.${createHmac('sha256', secret).update(signed).digest('hex')}`;
  const { sessionId } = await server.init({ visitorHistory: true, identityProof: proof });
  const claimed = await eventsOf(await server.chat({ sessionId }));
  expect(claimed.at(-1)).toMatchObject({ finalOutput: 'Greet ada.' });
  const { sessionId: nobody } = await server.init();
  expect(await refusal(await server.chat({ sessionId: nobody, inputs: { _user: { id: 'ada' } } }))).toBe(
    '400 unresolved_variable',
  );
});

test.each([
  [
    'a tool of the file that cannot work',
    { runtimeTools: [{ name: 'x', description: 'x', toolType: 'custom', config: { code: 'return (' } }] },
    'surfaces[0].agent.uses.runtimeTools[0]',
  ],
  ['an id that is none', { toolIds: ['clock'] }, 'surfaces[0].agent.uses.toolIds[0]: is no id of a tool'],
  [
    'a built-in tool that there is not',
    { toolIds: ['builtin:time_machine'] },
    'surfaces[0].agent.uses.toolIds[0]: there is no built-in tool "time_machine". These are: `builtin:',
  ],
])('%s stops the start of the server', async (_, uses, expected) => {
  server = await aServer();
  const cwd = temporaryDirectory();
  writeFileSync(
    join(cwd, 'pagehand.config.json'),
    JSON.stringify({ surfaces: [{ id: 'store', agent: { uses } }] }),
  );
  const started = createPagehand({
    cwd,
    log: createLog({ level: 'silent' }),
    env: { PAGEHAND_DB: ':memory:' },
  });
  await expect(started).rejects.toThrow(ConfigError);
  await expect(started).rejects.toThrow(expected);
});
