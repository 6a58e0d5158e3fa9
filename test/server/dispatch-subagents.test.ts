import { describe, expect, test, vi } from 'vitest';
import type { ToolDefinition } from '../../protocol/definition.ts';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ModelEvent, ModelRequest } from '../../server/models/model.ts';
import { startMcpServer } from '../support/mcp-server.ts';
import {
  aServer,
  CONFIG,
  calls,
  eventsOf,
  refusal,
  says,
  type TestServerOptions,
} from '../support/server.ts';

const RESEARCH: ToolDefinition = {
  name: 'research',
  description: 'Researches a topic.',
  toolType: 'subagent',
  parametersSchema: { type: 'object', properties: { task: { type: 'string' } }, required: ['task'] },
  config: { agent: { instructions: 'You are the child.' }, allowedTools: ['builtin:*'] },
};

/** For tools that need some. */
const INPUTS: Readonly<Record<string, unknown>> = {
  builtin__calculator: { expression: '6 * 7' },
  Weather_Lookup: { task: 'Look.' },
};

const isChild = ({ instructions }: ModelRequest) => instructions === 'You are the child.';

function resultsIn({ messages }: ModelRequest): readonly string[] {
  const last = messages.at(-1);
  return last?.role === 'tool' ? last.results.map(({ text }) => text) : [];
}

/** A server whose model plays both: the parent, and the child by its instructions. */
function played(
  parent: (request: ModelRequest) => Iterable<ModelEvent>,
  child: (request: ModelRequest) => Iterable<ModelEvent> | AsyncIterable<ModelEvent>,
  more: TestServerOptions = {},
) {
  return aServer({
    ...more,
    model: (request) => (isChild(request) ? child(request) : parent(request)),
  });
}

/** Calls this once, and reports the results. */
const once =
  (...wanted: readonly { name: string; input?: unknown; id?: string }[]) =>
  (request: ModelRequest) =>
    resultsIn(request).length > 0 ? says(`Read: ${resultsIn(request).join(' | ')}`) : calls(...wanted);

const byType = (events: readonly StreamEvent[], type: StreamEvent['type']) =>
  events.filter((event) => event.type === type);

describe('a dispatch with subagents', () => {
  test('declares one like any other tool, and the child answers with its own tools in its own context [R2-09, R2-10]', async () => {
    const server = await played(
      once({ name: 'research', input: { task: 'Compute it.' } }),
      once({ name: 'builtin__calculator', input: { expression: '6 * 7' } }),
    );
    const events = await eventsOf(
      await server.dispatch({
        messages: [{ role: 'user', content: 'A thing between us.' }],
        tools: { toolIds: ['builtin:calculator'], runtimeTools: [RESEARCH] },
      }),
    );
    const result = byType(events, 'tool_complete')[0] as { result?: string };
    expect(result.result).toContain('"result":42');
    const ofChild = server.asked.filter(isChild);
    expect(ofChild).toHaveLength(2);
    expect(JSON.stringify(ofChild)).not.toContain('between us');
    expect(ofChild[0]?.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Compute it.' }] },
    ]);
    expect(ofChild[0]?.tools.map(({ name }) => name)).toEqual(['builtin__calculator']);
    await server.close();
  });

  test('shows each as one call, and nothing of what happens in it [R2-13]', async () => {
    const server = await played(
      once({ name: 'research', input: { task: 'Compute it.' } }),
      once({ name: 'builtin__calculator', input: { expression: '6 * 7' } }),
    );
    const events = await eventsOf(
      await server.dispatch({ tools: { toolIds: ['builtin:calculator'], runtimeTools: [RESEARCH] } }),
    );
    expect(byType(events, 'tool_start')).toMatchObject([{ toolName: 'research' }]);
    expect(byType(events, 'tool_complete')).toMatchObject([{ toolName: 'research', success: true }]);
    expect(byType(events, 'turn_start')).toHaveLength(2);
    expect(byType(events, 'text_start')).toHaveLength(1);
    const conversation = JSON.stringify(
      await server.store.messages((events[0] as { conversationId: string }).conversationId),
    );
    expect(conversation).not.toContain('builtin:calculator');
    await server.close();
  });

  test('counts each as one call of its parent, and what it cost as its own [R2-14]', async () => {
    const server = await played(
      (request) =>
        request.tools.length === 0
          ? says('Enough.')
          : calls(
              { name: 'research', input: { task: '1' }, id: `a${request.messages.length}` },
              { name: 'research', input: { task: '2' }, id: `b${request.messages.length}` },
            ),
      () => says('Child.'),
    );
    const events = await eventsOf(
      await server.dispatch({
        agent: { model: 'scripted', maxToolCalls: 3 },
        tools: { runtimeTools: [RESEARCH] },
      }),
    );
    expect(server.asked.filter(isChild)).toHaveLength(3);
    expect(byType(events, 'tool_complete')).toHaveLength(4);
    // In this script only words count: three times those of a child, and once those of the parent.
    expect(byType(events, 'turn_complete').map((event) => (event as { tokens?: unknown }).tokens)).toEqual([
      { input: 6, output: 4 },
      { input: 3, output: 2 },
      { input: 3, output: 2 },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: 'execution_complete',
      stopReason: 'max_tool_calls',
      totalTokens: { input: 12, output: 8 },
    });
    await server.close();
  });

  test('leaves a receipt of each call that a child made, beneath the call that it worked for', async () => {
    const server = await played(
      once({ name: 'research', input: { task: 'Compute it.' }, id: 'call_of_parent' }),
      once({ name: 'builtin__calculator', input: { expression: '6 * 7' } }),
    );
    const events = await eventsOf(
      await server.dispatch({ tools: { toolIds: ['builtin:calculator'], runtimeTools: [RESEARCH] } }),
    );
    const executionId = events[0]?.executionId;
    const receipts = await server.store.receipts.receipts({ workspace: 'default', executionId, limit: 10 });
    expect(receipts).toHaveLength(2);
    expect(receipts).toContainEqual(
      expect.objectContaining({ tool: 'research', toolCallId: 'call_of_parent', parentToolCallId: null }),
    );
    expect(receipts).toContainEqual(
      expect.objectContaining({
        tool: 'builtin:calculator',
        toolType: 'builtin',
        parentToolCallId: 'call_of_parent',
        outcome: 'success',
      }),
    );
    await server.close();
  });

  test('never gives a child what its parent lacks, whatever it asks for [R2-11]', async () => {
    const server = await played(
      once({ name: 'research', input: { task: 'Look.' } }),
      once({ name: 'builtin__clock' }, { name: 'builtin__calculator', input: { expression: '1' } }),
    );
    const child = {
      ...RESEARCH,
      config: { ...RESEARCH.config, allowedTools: ['builtin:*', 'mcp:*', 'tool_*'] },
    };
    const events = await eventsOf(
      await server.dispatch({ tools: { toolIds: ['builtin:calculator'], runtimeTools: [child] } }),
    );
    expect(byType(events, 'tool_complete')).toMatchObject([
      { result: expect.stringMatching(/^Read: There is no tool named "builtin__clock".*"result":1/) },
    ]);
    await server.close();
  });

  test('keeps the tools of the caller from children [R2-11]', async () => {
    const server = await played(once({ name: 'research', input: { task: 'Look.' } }), () => says('Nothing.'));
    const child = {
      ...RESEARCH,
      config: { ...RESEARCH.config, allowedTools: ['*', 'door', 'webmcp:search'] },
    };
    await eventsOf(
      await server.dispatch({
        tools: { runtimeTools: [child] },
        clientTools: [
          { name: 'door', description: 'Opens the door.', origin: 'sdk' },
          { name: 'search', description: 'Searches.', origin: 'webmcp' },
        ],
      }),
    );
    expect(server.asked.find(isChild)?.tools).toEqual([]);
    await server.close();
  });

  test('lets a model spawn them from a pool, as often as it may [R2-12]', async () => {
    let turn = 0;
    const server = await played(
      (request) => {
        turn += 1;
        const spawn = (id: string, input: object) => ({ name: 'spawn_subagent', id, input });
        if (turn > 2) return says(resultsIn(request).join(' | '));
        const input = { task: `Turn ${turn}.`, instructions: 'You are the child.', tools: ['builtin:clock'] };
        return calls(spawn(`a${turn}`, input), spawn(`b${turn}`, input));
      },
      ({ tools }) => says(tools.map(({ name }) => name).join()),
    );
    const response = await server.dispatch({
      tools: {
        toolIds: ['builtin:clock', 'builtin:calculator'],
        subagentConfig: { toolPool: ['builtin:clock', 'mcp:linear:*'], maxSpawnsPerRun: 3 },
      },
      streamResponse: false,
    });
    const { output } = (await response.json()) as { output: string };
    expect(output).toContain('limit of 3 subagents');
    expect(server.asked.filter(isChild)).toHaveLength(3);
    expect(server.asked.filter(isChild).every(({ tools }) => tools.length === 1)).toBe(true);
    const schema = server.asked[0]?.tools.find(({ name }) => name === 'spawn_subagent')?.parametersSchema;
    expect(schema).toMatchObject({ properties: { tools: { items: { enum: ['builtin:clock'] } } } });
    await server.close();
  });

  test('counts what was spawned before a pause, too [R2-12]', async () => {
    const spawn = (id: string) => ({
      name: 'spawn_subagent',
      id,
      input: { task: 'Look.', instructions: 'You are the child.' },
    });
    let turn = 0;
    const server = await played(
      (request) => {
        turn += 1;
        if (turn === 1) return calls(spawn('a'), { name: 'door', id: 'd' });
        return turn === 2 ? calls(spawn('b')) : says(resultsIn(request).join(' | '));
      },
      () => says('Child.'),
    );
    const events = await eventsOf(
      await server.dispatch({
        tools: { subagentConfig: { toolPool: [], maxSpawnsPerRun: 1 } },
        clientTools: [{ name: 'door', description: 'Opens the door.', origin: 'sdk' }],
      }),
    );
    const executionId = events[0]?.executionId;
    const rest = await eventsOf(await server.dispatch({ executionId, toolOutputs: { d: 'open' } }));
    expect(byType(rest, 'tool_complete')).toMatchObject([
      { success: false, error: expect.stringContaining('limit of 1 subagents') },
    ]);
    await server.close();
  });

  test('ends children with their execution', async () => {
    let isAborted = false;
    const server = await played(
      once({ name: 'research', input: { task: 'Look.' } }),
      async function* ({ signal }) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        isAborted = true;
        yield* says('Too late.');
      },
    );
    const response = await server.dispatch({ tools: { runtimeTools: [RESEARCH] } });
    const reading = eventsOf(response);
    await vi.waitFor(() => expect(server.asked.some(isChild)).toBe(true), { timeout: 10_000 });
    const closing = server.close();
    await vi.waitFor(() => expect(isAborted).toBe(true), { timeout: 10_000 });
    await Promise.all([closing, reading]);
  });

  test('keeps secrets of the dispatch from children that read what tools give', async () => {
    const leak = { name: 'leak', description: 'Echoes.', run: () => 'The key is planted-secret-1.' };
    const server = await played(
      once({ name: 'research', input: { task: 'Look.' } }),
      once({ name: 'leak' }),
      {
        config: {
          surfaces: [{ id: 'store', agent: { tools: [leak] } }],
          apiKeys: [{ key: 'sk_test_local', scopes: ['DISPATCH:*'] }],
        },
      },
    );
    const child = { ...RESEARCH, config: { ...RESEARCH.config, allowedTools: ['leak'] } };
    await eventsOf(
      await server.dispatch({ secrets: { key: 'planted-secret-1' }, tools: { runtimeTools: [child] } }),
    );
    expect(server.asked.filter(isChild)).toHaveLength(2);
    expect(JSON.stringify(server.asked)).not.toContain('planted-secret-1');
    await server.close();
  });
});

describe('a subagent that is called by itself', () => {
  const TOOLS = { apiKeys: [{ key: 'sk_test_local', scopes: ['TOOLS:*'] }] };
  const headers = { authorization: 'Bearer sk_test_local' };

  test('has the tools that its definition names by id, and its calls have receipts beneath its own', async () => {
    const server = await aServer({
      config: TOOLS,
      model: once({ name: 'builtin__calculator', input: { expression: '6 * 7' } }),
    });
    const config = { ...RESEARCH.config, allowedTools: ['builtin:calculator', 'builtin:c*', 'door'] };
    const saved = await server.post('/v1/tools', { ...RESEARCH, config }, headers);
    const { id } = (await saved.json()) as { id: string };
    const answer = await server.post(
      `/v1/tools/${id}/execute`,
      { parameters: { task: 'Compute.' } },
      headers,
    );
    expect(await answer.json()).toMatchObject({
      status: 'success',
      result: expect.stringContaining('"result":42'),
    });
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual(['builtin__calculator']);
    const receipts = await server.store.receipts.receipts({ workspace: 'default', limit: 10 });
    const own = receipts.find(({ tool }) => tool === 'research');
    expect(receipts).toHaveLength(2);
    expect(own).toMatchObject({ toolType: 'subagent', parentToolCallId: null, outcome: 'success' });
    expect(receipts.find(({ tool }) => tool === 'builtin:calculator')).toMatchObject({
      toolType: 'builtin',
      parentToolCallId: own?.toolCallId,
      executionId: own?.executionId,
      parameters: { expression: '6 * 7' },
      approvedBy: own?.approvedBy,
    });
    await server.close();
  });

  test('says which of them is not there', async () => {
    const server = await aServer({ config: TOOLS });
    const config = { ...RESEARCH.config, allowedTools: ['tool_gone'] };
    const answer = await server.post(
      '/v1/tools/test',
      { definition: { ...RESEARCH, config }, parameters: { task: 'Compute.' } },
      headers,
    );
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining('tool_gone') });
    expect(server.asked).toEqual([]);
    await server.close();
  });
});

describe('a dispatch with flows as tools', () => {
  test('runs a saved flow with its mapped parameters and gives its variable [R2-08]', async () => {
    const server = await aServer({
      model: (request) => {
        const first = request.messages[0];
        const prompt =
          first?.role === 'user' && first.content[0]?.type === 'text' ? first.content[0].text : '';
        if (prompt.startsWith('Sentiment of')) return says(`positive (${prompt})`);
        return once({ name: 'analyze_sentiment', input: { text: 'I love mugs' } })(request);
      },
    });
    await server.store.definitions.insertDefinition({
      id: 'flow_abc123',
      workspace: 'default',
      kind: 'flow',
      name: 'Sentiment',
      body: {
        name: 'Sentiment',
        steps: [
          {
            type: 'prompt',
            config: { userPrompt: 'Sentiment of {{input_text}}', outputVariable: 'sentiment' },
          },
          { type: 'prompt', config: { userPrompt: 'Sentiment of nothing: {{sentiment}}' } },
        ],
      },
      lastModifiedSource: 'api',
      version: 1,
      createdAtMs: 0,
      updatedAtMs: 0,
    });
    const events = await eventsOf(
      await server.dispatch({
        tools: {
          runtimeTools: [
            {
              name: 'analyze_sentiment',
              description: 'Run sentiment analysis on text',
              toolType: 'flow',
              parametersSchema: {
                type: 'object',
                properties: { text: { type: 'string' } },
                required: ['text'],
              },
              config: {
                flowId: 'flow_abc123',
                parameterMapping: { input_text: 'text' },
                outputMapping: 'sentiment',
              },
            },
          ],
        },
      }),
    );
    expect(byType(events, 'tool_complete')).toMatchObject([
      { toolName: 'analyze_sentiment', success: true, result: 'positive (Sentiment of I love mugs)' },
    ]);
    await server.close();
  });
});

describe('the tools of a dispatch', () => {
  test('are saved ones, built-in ones, single ones of an MCP server and all of another, each called by its name [R2-15]', async () => {
    const [issues, notes] = await Promise.all([
      startMcpServer([{ name: 'create' }, { name: 'delete' }]),
      startMcpServer([{ name: 'read' }, { name: 'write' }]),
    ]);
    const server = await aServer({
      config: {
        ...CONFIG,
        egress: { internal: [issues.host, notes.host] },
      },
      model: (request) => {
        if (resultsIn(request).length > 0) return says(resultsIn(request).join(' | '));
        return calls(
          ...request.tools.map(({ name }, at) => ({ name, id: `c${at}`, input: INPUTS[name] ?? {} })),
        );
      },
    });
    await server.store.definitions.insertDefinition({
      id: 'tool_abc123',
      workspace: 'default',
      kind: 'tool',
      name: 'Weather Lookup',
      body: { ...RESEARCH, name: 'Weather Lookup' },
      lastModifiedSource: 'api',
      version: 1,
      createdAtMs: 0,
      updatedAtMs: 0,
    });
    const events = await eventsOf(
      await server.dispatch({
        tools: {
          toolIds: [
            'mcp:notes:*',
            'mcp:notes:read',
            'mcp:issues:create',
            'builtin:calculator',
            'tool_abc123',
          ],
          mcpServers: [
            { name: 'issues', url: issues.url },
            { name: 'notes', url: notes.url },
          ],
        },
      }),
    );
    expect(server.asked[0]?.tools.map(({ name }) => name)).toEqual([
      'Weather_Lookup',
      'builtin__calculator',
      'mcp__issues__create',
      'mcp__notes__read',
      'mcp__notes__write',
    ]);
    expect(byType(events, 'tool_start').map((event) => (event as { toolName: string }).toolName)).toEqual([
      'Weather Lookup',
      'builtin:calculator',
      'mcp:issues:create',
      'mcp:notes:read',
      'mcp:notes:write',
    ]);
    expect(byType(events, 'tool_complete').every((event) => (event as { success: boolean }).success)).toBe(
      true,
    );
    expect(issues.called).toEqual(['create']);
    expect([...notes.called].sort()).toEqual(['read', 'write']);
    await Promise.all([server.close(), issues.close(), notes.close()]);
  });

  test('are refused where they cannot be what they say [R2-05, R2-15, R2-48, R2-51, R2-53]', async () => {
    const server = await aServer();
    const local = (name: string, more = {}) => ({
      name,
      description: '',
      toolType: 'local',
      config: {},
      ...more,
    });
    const answer = async (tools: object) => refusal(await server.dispatch({ tools }));
    expect(await answer({ toolIds: ['tool_gone'] })).toBe('404 tool_not_found');
    expect(await answer({ toolIds: ['builtin:gone'] })).toBe('404 tool_not_found');
    expect(await answer({ toolIds: ['mcp:gone:*'] })).toBe('404 tool_not_found');
    expect(await answer({ toolIds: ['gone'] })).toBe('400 invalid_tool');
    const broken = { type: 'object', properties: { a: { type: 'nothing' } } };
    expect(await answer({ runtimeTools: [local('a', { parametersSchema: broken })] })).toBe(
      '400 invalid_tool',
    );
    expect(await answer({ runtimeTools: [local('a'), local('a')] })).toBe('400 invalid_tool');
    expect(await answer({ runtimeTools: [local('a', { toolType: 'magic' })] })).toMatch(/^400 /);
    const many = Array.from({ length: 51 }, (_, at) => local(`t${at}`));
    expect(await answer({ runtimeTools: many })).toMatch(/^400 /);
    expect((await server.dispatch({ tools: { runtimeTools: many.slice(1) } })).status).toBe(200);
    const servers = Array.from({ length: 6 }, (_, at) => ({
      name: `s${at}`,
      url: 'https://mcp.example.com',
    }));
    expect(await answer({ mcpServers: servers })).toMatch(/^400 /);
    await server.close();
  });
});
