import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ModelRequest } from '../../server/models/model.ts';
import { aServer, CONFIG, calls, says, type TestServer } from '../support/server.ts';

const AUTHOR = 'sk_test_author';
const ELSEWHERE = 'sk_test_elsewhere';

let server: TestServer;
beforeEach(async () => {
  const apiKeys = [
    ...(CONFIG.apiKeys ?? []),
    { key: AUTHOR, scopes: ['TOOLS:*', 'DISPATCH:*'] },
    { key: ELSEWHERE, scopes: ['TOOLS:*', 'METRICS:*'], workspace: 'elsewhere' },
  ];
  server = await aServer({ config: { ...CONFIG, apiKeys }, model: callsWithNumbers });
});
afterEach(() => server.close());

function callsWithNumbers({ messages, tools }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role === 'tool') return says(last.results.map(({ text }) => text).join('\n'));
  return calls(...tools.map(({ name }) => ({ name, input: { amount: 80, rate: 25, 'ship-to': 'NL' } })));
}

test('code in a dispatch has its parameters as variables and as `parameters`, and returns its result [R2-07]', async () => {
  const answer = await dispatched(`
    const tax = amount * (rate / 100);
    return { tax: tax.toFixed(2), total: (parameters.amount + tax).toFixed(2), to: parameters['ship-to'] };
  `);
  expect(JSON.parse(answer)).toEqual({ tax: '20.00', total: '100.00', to: 'NL' });
});

test('code that reaches for the server finds nothing of it', async () => {
  expect(await dispatched('return await fetch("http://127.0.0.1/")')).toMatch(
    /fetch is not defined.*no network/,
  );
  expect(await dispatched('return process.env')).toMatch(/process is not defined.*no environment/);
});

test('code has at most 30 seconds, and no more than it says [R2-52]', async () => {
  const tooLong = await server.dispatch({
    tools: { runtimeTools: [custom('return 1', 30_001)] },
    streamResponse: false,
  });
  expect([tooLong.status, await tooLong.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid_tool', error: expect.stringContaining('from 1 to 30000') }),
  ]);
  const saved = await server.post('/v1/tools', custom('return 1', 60_000), {
    authorization: `Bearer ${AUTHOR}`,
  });
  expect([saved.status, await saved.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'invalid_tool' }),
  ]);
  expect(await dispatched('while (true) {}', 300)).toContain('took longer than 300 ms');
});

test('code that cannot be compiled never reaches a model, and the author reads where and why', async () => {
  const answer = await server.dispatch({ tools: { runtimeTools: [custom('const a = 1;\nreturn a b;')] } });
  expect([answer.status, await answer.json()]).toEqual([
    400,
    expect.objectContaining({
      details: [expect.stringMatching(/^config\.code, line 2, column \d+: The code cannot be compiled/)],
    }),
  ]);
  expect(server.asked).toEqual([]);
});

test('what is odd about saved code is said when it is saved, with its line and how to mend it', async () => {
  const saved = await server.post('/v1/tools', custom('const a = 1;\nrequire("x")'), {
    authorization: `Bearer ${AUTHOR}`,
  });
  const { validation } = (await saved.json()) as {
    validation: { warnings: { code: string; line?: number; suggestion: string }[] };
  };
  expect(validation.warnings.map(({ code, line, suggestion }) => [code, line, suggestion])).toEqual([
    ['missing_return', undefined, expect.stringContaining('return')],
    ['not_available', 2, expect.stringContaining('no modules')],
    ['not_a_variable', undefined, expect.stringContaining('parameters["ship-to"]')],
  ]);
});

test('a workspace whose code never ends keeps no other workspace from running its own', async () => {
  const stop = new AbortController();
  const tested = (code: string, key: string) =>
    server.request('/v1/tools/test', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ definition: custom(code, 30_000) }),
      signal: stop.signal,
    });
  const endless = [1, 2, 3].map(() => tested('while (true) {}', AUTHOR));
  await vi.waitFor(
    async () => {
      const headers = { authorization: `Bearer ${ELSEWHERE}` };
      const metrics = await server.request('/metrics', { headers });
      expect(await metrics.text()).toContain('pagehand_sandbox_waiting 1');
    },
    { timeout: 10_000, interval: 50 },
  );
  const other = await tested('return 1', ELSEWHERE);
  expect(await other.json()).toMatchObject({ status: 'success', result: 1 });
  stop.abort();
  await Promise.allSettled(endless);
}, 30_000);

/** What the model read of a tool of this code. */
async function dispatched(code: string, timeout?: number): Promise<string> {
  const answer = await server.dispatch({
    tools: { runtimeTools: [custom(code, timeout)] },
    streamResponse: false,
  });
  const { output } = (await answer.json()) as { output: string };
  return output;
}

function custom(code: string, timeout?: number) {
  const number = { type: 'number' };
  return {
    name: 'calculate_tax',
    description: 'Calculates sales tax.',
    toolType: 'custom',
    parametersSchema: {
      type: 'object',
      properties: { amount: number, rate: number, 'ship-to': { type: 'string' } },
    },
    config: { code, ...(timeout === undefined ? {} : { timeout }) },
  };
}
