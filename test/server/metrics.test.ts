import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelRequest } from '../../server/models/model.ts';
import { ModelError } from '../../server/models/model.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  eventsOf,
  SEARCH_TOOL,
  STORE_ORIGIN,
  STORE_TOKEN,
  says,
  type TestServer,
} from '../support/server.ts';

const WATCHER = 'sk_test_watcher';
const AUTHOR = 'sk_test_author';
const KEYS = [
  ...(CONFIG.apiKeys ?? []),
  { key: WATCHER, scopes: ['METRICS:READ'] },
  { key: AUTHOR, scopes: ['TOOLS:*'] },
];

let server: TestServer;
beforeEach(async () => {
  server = await aServer({ config: { ...CONFIG, apiKeys: KEYS }, model: answer });
});
afterEach(() => server.close());

function answer({ messages, tools }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role === 'tool') return says('Done.');
  if (JSON.stringify(last).includes('fail')) throw new ModelError('model_rate_limited', 'Slow down.');
  return tools.length === 0
    ? says('Hello.')
    : calls(...tools.map(({ name }, at) => ({ name, id: `call_${at}` })));
}

test('runs, answers of models and tokens are counted', async () => {
  const { sessionId } = await server.init();
  await eventsOf(await server.chat({ sessionId }));
  await eventsOf(await server.chat({ sessionId, messages: [{ role: 'user', content: 'fail' }] }));
  const counted = await metrics();
  expect(counted.of('pagehand_runs_total')).toEqual({
    'cause="start",status="complete",error=""': 1,
    'cause="start",status="failed",error="model_rate_limited"': 1,
  });
  expect(counted.of('pagehand_model_calls_total')).toEqual({
    'model="scripted",outcome="end_turn"': 1,
    'model="scripted",outcome="model_rate_limited"': 1,
  });
  expect(counted.of('pagehand_model_tokens_total')).toEqual({
    'model="scripted",direction="input"': 3,
    'model="scripted",direction="output"': 2,
  });
  expect(counted.of('pagehand_runs_active')).toEqual({ '': 0 });
  expect(counted.of('pagehand_run_duration_seconds_count')).toEqual({ 'cause="start"': 2 });
});

test('a pause and what follows it are two runs', async () => {
  const { sessionId } = await server.init();
  const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
  const { executionId } = events.at(-1) ?? {};
  await eventsOf(
    await server.resume({ sessionId, executionId, toolOutputs: { call_0: { result: 'A mug' } } }),
  );
  expect((await metrics()).of('pagehand_runs_total')).toEqual({
    'cause="start",status="awaiting",error=""': 1,
    'cause="resume",status="complete",error=""': 1,
  });
});

test('calls of tools are counted by their type, and never by names that somebody chose', async () => {
  const tool = (name: string, code: string) => ({
    name,
    description: 'Calculates.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: {} },
    config: { code },
  });
  const runtimeTools = [tool('secret_name_one', 'return 1'), tool('secret_name_two', 'return one.two')];
  const toolIds = ['builtin:clock'];
  await server.dispatch({ tools: { runtimeTools, toolIds }, streamResponse: false });
  const { sessionId } = await server.init();
  await eventsOf(
    await server.chat({ sessionId, clientTools: [{ ...SEARCH_TOOL, name: 'secret_name_three' }] }),
  );
  const counted = await metrics();
  expect(counted.of('pagehand_tool_calls_total')).toEqual({
    'type="custom",outcome="success"': 1,
    'type="custom",outcome="code_failed"': 1,
    'type="builtin",outcome="success"': 1,
  });
  expect(counted.text).not.toContain('secret_name');
});

test('a tool that is called by itself counts too', async () => {
  const definition = { name: 'one', description: 'One.', toolType: 'custom', config: { code: 'return 1' } };
  await server.post('/v1/tools/test', { definition }, { authorization: `Bearer ${AUTHOR}` });
  expect((await metrics()).of('pagehand_tool_calls_total')).toEqual({ 'type="custom",outcome="success"': 1 });
});

test('requests are counted by the routes of the table, and whatever else is asked for is one', async () => {
  await server.init();
  await server.request('/v1/client/conversations/conv_somebody', { headers: { origin: STORE_ORIGIN } });
  await server.request('/made/up/by-somebody');
  await server.request('/v1/dispatch', { method: 'POST' });
  const counted = await metrics();
  expect(counted.of('pagehand_http_requests_total')).toEqual({
    'method="POST",route="/v1/client/init",status="200"': 1,
    'method="GET",route="/v1/client/conversations/{conversationId}",status="400"': 1,
    'method="GET",route="other",status="404"': 1,
    'method="POST",route="/v1/dispatch",status="401"': 1,
  });
  expect(counted.text).not.toMatch(/somebody/);
  expect(counted.text).not.toContain(STORE_TOKEN);
});

test('whatever models callers name, the count of labels stays small', async () => {
  for (let index = 0; index < 70; index++) {
    await server.dispatch({ agent: { model: `made/up-${index}` }, streamResponse: false });
  }
  const models = Object.entries((await metrics()).of('pagehand_model_calls_total'));
  expect(models).toHaveLength(51);
  expect(models.at(-1)).toEqual(['model="other",outcome="end_turn"', 20]);
});

test('what waits for the sandbox, and the process itself, are measured', async () => {
  const counted = await metrics();
  expect(counted.of('pagehand_sandbox_waiting')).toEqual({ '': 0 });
  expect(counted.of('pagehand_process_resident_memory_bytes')['']).toBeGreaterThan(1e6);
});

test('only a key that may read them does', async () => {
  const ask = (key: string) => server.request('/metrics', { headers: { authorization: `Bearer ${key}` } });
  expect((await server.request('/metrics')).status).toBe(401);
  expect((await ask(API_KEY)).status).toBe(403);
  expect((await ask('sk_test_unknown')).status).toBe(401);
  const answered = await ask(WATCHER);
  expect(answered.status).toBe(200);
  expect(answered.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
});

interface Counted {
  readonly text: string;
  /** Values of a metric by their labels. */
  of(name: string): Readonly<Record<string, number>>;
}

async function metrics(): Promise<Counted> {
  const response = await server.request('/metrics', { headers: { authorization: `Bearer ${WATCHER}` } });
  expect(response.status).toBe(200);
  const text = await response.text();
  return {
    text,
    of(name) {
      const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))];
      return Object.fromEntries(lines.map(([, labels = '', value]) => [labels, Number(value)]));
    },
  };
}
