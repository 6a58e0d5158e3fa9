import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  AgentsResponse,
  SavedAgentResponse,
  SavedFlowResponse,
} from '../../protocol/saved-definitions.ts';
import { ConfigError } from '../../server/config/config.ts';
import { API_KEY, aServer, CONFIG, refusal, type TestServer } from '../support/server.ts';

const WRITER = 'sk_test_writer';
const READER = 'sk_test_onlyreads';
const ELSEWHERE = 'sk_test_elsewhere';

const config = {
  ...CONFIG,
  apiKeys: [
    { key: API_KEY, scopes: ['DISPATCH:*'] },
    { key: WRITER, scopes: ['AGENTS:*', 'FLOWS:*'] },
    { key: READER, scopes: ['AGENTS:READ', 'FLOWS:READ'] },
    { key: ELSEWHERE, scopes: ['AGENTS:*', 'FLOWS:*'], workspace: 'elsewhere' },
  ],
};

const AGENT = {
  name: 'Researcher',
  model: 'scripted',
  instructions: 'You look things up.',
  maxToolCalls: 5,
  tools: { toolIds: ['builtin:clock'], maxToolCalls: 3 },
};

const FLOW = {
  name: 'Weather report',
  description: 'Says what the weather is.',
  steps: [
    {
      type: 'prompt',
      name: 'look',
      config: { model: 'scripted', userPrompt: 'Weather in {{city}}?', outputVariable: 'weather' },
    },
    { type: 'prompt', config: { userPrompt: 'Report: {{weather}}', responseFormat: 'text' } },
  ],
};

let server: TestServer;
beforeEach(async () => {
  server = await aServer({
    config,
    models: (id) => {
      if (id !== 'scripted') throw new ConfigError(`The model "${id}" is unknown.`);
    },
  });
});
afterEach(() => server.close());

const ask = (method: string, path: string, body?: unknown, key = WRITER) =>
  server.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as T;
}

describe.each([
  ['agent', '/v1/agents', AGENT],
  ['flow', '/v1/flows', FLOW],
] as const)('a saved %s', (kind, path, definition) => {
  const save = async (change: object = {}, key = WRITER) =>
    json<SavedAgentResponse & SavedFlowResponse>(await ask('POST', path, { ...definition, ...change }, key));

  test('is given back as it was written, under an id of its own', async () => {
    const saved = await save();
    expect(saved).toEqual({
      ...definition,
      id: expect.stringMatching(new RegExp(`^${kind}_`)),
      createdAt: '2026-11-20T10:00:00.000Z',
      updatedAt: '2026-11-20T10:00:00.000Z',
      validation: { warnings: [] },
    });
    const { validation: _, ...kept } = saved;
    expect(await json(await ask('GET', `${path}/${saved.id}`, undefined, READER))).toEqual(kept);
  });

  test('is changed field by field, and keeps its id', async () => {
    const { id } = await save();
    server.advance(60_000);
    expect(await json(await ask('PUT', `${path}/${id}`, { name: 'Another name' }))).toMatchObject({
      ...definition,
      id,
      name: 'Another name',
      createdAt: '2026-11-20T10:00:00.000Z',
      updatedAt: '2026-11-20T10:01:00.000Z',
    });
    const optional = kind === 'agent' ? 'instructions' : 'description';
    expect(await json(await ask('PUT', `${path}/${id}`, { [optional]: null }))).not.toHaveProperty(optional);
  });

  test('that was deleted is gone', async () => {
    const { id } = await save();
    expect(await json(await ask('DELETE', `${path}/${id}`))).toEqual({ id, deleted: true });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { name: 'x' } : undefined;
      expect(await refusal(await ask(method, `${path}/${id}`, body))).toBe(`404 ${kind}_not_found`);
    }
  });

  test('has a name of its own in its workspace', async () => {
    const first = await save();
    expect(await refusal(await ask('POST', path, definition))).toBe('409 name_taken');
    const second = await save({ name: 'Second' });
    expect(await refusal(await ask('PUT', `${path}/${second.id}`, { name: first.name }))).toBe(
      '409 name_taken',
    );
    expect((await save({}, ELSEWHERE)).name).toBe(first.name);
  });

  test('of another workspace is not there', async () => {
    const { id } = await save();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { name: 'x' } : undefined;
      expect(await refusal(await ask(method, `${path}/${id}`, body, ELSEWHERE))).toBe(
        `404 ${kind}_not_found`,
      );
    }
    expect(await json(await ask('GET', path, undefined, ELSEWHERE))).toEqual({ data: [], nextCursor: null });
  });

  test('stands in the list by name, page by page', async () => {
    const names = ['Zebra', 'antelope', 'Bear', 'Čáp', 'wolf'];
    for (const name of names) await save({ name });
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: AgentsResponse = await json(await ask('GET', `${path}?limit=2${query}`, undefined, READER));
      expect(page.data.length).toBeLessThanOrEqual(2);
      listed.push(...page.data.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(listed).toEqual([...names].sort());
  });

  test.each([
    ['a page of nothing', '?limit=0', '400 invalid_request'],
    ['a page that is too long', '?limit=101', '400 invalid_request'],
    ['a cursor of somebody else', '?cursor=%21%21', '400 invalid_cursor'],
  ])('is not listed by %s', async (_, query, expected) => {
    expect(await refusal(await ask('GET', `${path}${query}`))).toBe(expected);
  });

  test.each([
    ['reads only', READER, '403 insufficient_scope'],
    ['dispatches only', API_KEY, '403 insufficient_scope'],
    ['is unknown', 'sk_test_nobody', '401 unauthorized'],
  ])('is not written with a key that %s', async (_, key, expected) => {
    expect(await refusal(await ask('POST', path, definition, key))).toBe(expected);
    const { id } = await save();
    expect(await refusal(await ask('PUT', `${path}/${id}`, { name: 'x' }, key))).toBe(expected);
    expect(await refusal(await ask('DELETE', `${path}/${id}`, undefined, key))).toBe(expected);
  });

  test('is changed once by each of two who write at the same time', async () => {
    const { id } = await save();
    const optional = kind === 'agent' ? { maxToolCalls: 7 } : { description: 'New.' };
    await Promise.all([
      ask('PUT', `${path}/${id}`, { name: 'Renamed' }),
      ask('PUT', `${path}/${id}`, optional),
    ]);
    expect(await json(await ask('GET', `${path}/${id}`))).toMatchObject({ name: 'Renamed', ...optional });
  });

  test('of more than 262144 characters is refused', async () => {
    const long = 'x'.repeat(99_000);
    const step = { type: 'prompt', config: { userPrompt: long, systemPrompt: long } };
    const tool = (name: string) => ({ name, description: long, toolType: 'local' });
    const body =
      kind === 'agent'
        ? { ...AGENT, instructions: long, tools: { runtimeTools: [tool('a'), tool('b')] } }
        : { ...FLOW, steps: [step, step] };
    expect(await refusal(await ask('POST', path, body))).toBe('400 invalid_request');
  });
});

async function details(response: Response): Promise<readonly string[]> {
  const body = (await response.json()) as { code: string; details?: string[] };
  expect(response.status).toBe(400);
  return body.details ?? [];
}

const aStep = (config: object) => ({ name: 'Flow', steps: [{ type: 'prompt', config }] });

describe('what cannot work is not saved', () => {
  test.each([
    ['a model that is unknown', { model: 'nobody/knows' }, 'model: The model "nobody/knows" is unknown.'],
    ['an id that is none', { tools: { toolIds: ['clock'] } }, 'tools.toolIds[0]: is no id of a tool.'],
    ['101 tool calls', { maxToolCalls: 101 }, 'maxToolCalls: '],
    ['a name of nothing', { name: '' }, 'name: '],
  ])('an agent with %s', async (_, change, expected) => {
    const problems = await details(await ask('POST', '/v1/agents', { ...AGENT, ...change }));
    expect(problems[0]).toContain(expected);
  });

  test.each([
    ['no step', { name: 'Flow', steps: [] }, 'steps: '],
    ['21 steps', { name: 'Flow', steps: Array(21).fill(FLOW.steps[0]) }, 'steps: '],
    [
      'a model that is unknown',
      aStep({ model: 'gone' }),
      'steps[0].config.model: The model "gone" is unknown.',
    ],
    [
      'a secret of the dispatch in a prompt',
      aStep({ userPrompt: 'Use {{secrets.key}}.' }),
      'steps[0].config.userPrompt: {{secrets.key}} is a secret',
    ],
    [
      'a secret of the server in a prompt',
      aStep({ userPrompt: 'Use {{secret:KEY}}.' }),
      'steps[0].config.userPrompt: {{secret:KEY}} is a secret',
    ],
    ['a placeholder without an end', aStep({ userPrompt: 'Use {{city.' }), 'steps[0].config.userPrompt: '],
    [
      'a variable that stands for something else',
      aStep({ outputVariable: '_record' }),
      'steps[0].config.outputVariable: ',
    ],
    [
      'an id that is none',
      aStep({ tools: { toolIds: ['mcp:linear'] } }),
      'steps[0].config.tools.toolIds[0]: ',
    ],
  ])('a flow with %s', async (_, flow, expected) => {
    expect((await details(await ask('POST', '/v1/flows', flow)))[0]).toContain(expected);
  });

  test('a flow whose steps have 51 runtime tools together [R2-48]', async () => {
    const tools = (from: number, count: number) => ({
      runtimeTools: Array.from({ length: count }, (_, at) => ({
        name: `do_${from + at}`,
        description: 'x',
        toolType: 'custom',
        config: { code: 'return 1' },
      })),
    });
    const flow = (count: number) => ({
      name: `Flow ${count}`,
      steps: [
        { type: 'prompt', config: { userPrompt: 'x', tools: tools(0, 30) } },
        { type: 'prompt', config: { userPrompt: 'x', tools: tools(30, count - 30) } },
      ],
    });
    expect(await refusal(await ask('POST', '/v1/flows', flow(51)))).toBe('400 too_many_runtime_tools');
    expect((await ask('POST', '/v1/flows', flow(50))).status).toBe(200);
  });

  test('nor is what it was changed to, and the old one stays', async () => {
    const { id } = await json<{ id: string }>(await ask('POST', '/v1/agents', AGENT));
    expect(await refusal(await ask('PUT', `/v1/agents/${id}`, { model: 'gone' }))).toBe(
      '400 invalid_request',
    );
    expect(await json(await ask('GET', `/v1/agents/${id}`))).toMatchObject({ model: 'scripted' });
  });
});

test('a flow with a placeholder in its instructions is told that nothing is put in', async () => {
  const { validation } = await json<SavedFlowResponse>(
    await ask('POST', '/v1/flows', aStep({ systemPrompt: 'You are {{who}}.' })),
  );
  expect(validation.warnings).toEqual([
    expect.objectContaining({
      severity: 'warning',
      code: 'placeholder_in_instructions',
      path: 'steps[0].config.systemPrompt',
    }),
  ]);
});

test('the flow that the documentation shows is saved as it stands there, without a warning', async () => {
  const page = readFileSync('docs/tools.md', 'utf8');
  const [, example = ''] = /## Agents and flows[\s\S]*?```json\n([\s\S]*?)```/.exec(page) ?? [];
  const { steps, ...rest } = JSON.parse(example.replace('anthropic/claude-sonnet-5', 'scripted')) as {
    steps: unknown[];
  };
  const saved = await json<SavedFlowResponse>(await ask('POST', '/v1/flows', { ...rest, steps }));
  expect(saved).toMatchObject({ steps, validation: { warnings: [] } });
});
