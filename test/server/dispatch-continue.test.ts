import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import {
  API_KEY,
  aServer,
  calls,
  OTHER_API_KEY,
  refusal,
  SEARCH_TOOL,
  says,
  type TestServer,
} from '../support/server.ts';

/** Calls the calculator as long as it may, and reports. */
function counts({ tools, messages }: ModelRequest) {
  const calculator = tools.find(({ name }) => name === 'builtin__calculator');
  const at = messages.length;
  if (calculator === undefined) return says(`Stopped after ${at} messages.`);
  return calls({ name: calculator.name, input: { expression: `${at} + 1` }, id: `c${at}` });
}

describe('an ended execution', () => {
  let server: TestServer;
  let model: (request: ModelRequest) => ReturnType<typeof calls>;
  beforeEach(async () => {
    model = () => says('Hello.');
    server = await aServer({ model: (request) => model(request) });
  });
  afterEach(() => server.close());

  async function ended(body: Record<string, unknown> = {}): Promise<DispatchResponse> {
    return (await (await server.dispatch({ streamResponse: false, ...body })).json()) as DispatchResponse;
  }

  function goOn(body: Record<string, unknown>, key = API_KEY, headers: Record<string, string> = {}) {
    return server.post(
      '/v1/dispatch/continue',
      { streamResponse: false, ...body },
      { authorization: `Bearer ${key}`, ...headers },
    );
  }

  test('goes on with a new message, in the same conversation and with the agent and tools as they were [R2x-9]', async () => {
    const first = await ended({
      agent: { model: 'any', instructions: 'Be brief.' },
      tools: { toolIds: ['builtin:calculator'] },
      clientTools: [SEARCH_TOOL],
    });
    const answer = await goOn({
      executionId: first.executionId,
      continuation: { messages: [{ role: 'user', content: 'And now?' }], inputs: { mood: 'curious' } },
    });
    const second = (await answer.json()) as DispatchResponse;
    expect(second).toMatchObject({ status: 'complete', conversationId: first.conversationId });
    expect(second.executionId).not.toBe(first.executionId);
    const [before, after] = server.asked;
    expect(after?.instructions).toBe(before?.instructions);
    expect(after?.tools).toEqual(before?.tools);
    expect(after?.tools.map(({ name }) => name)).toEqual(['builtin__calculator', 'webmcp__search_products']);
    expect(after?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(after?.messages.at(-1)).toMatchObject({
      content: [{ text: 'And now?' }],
      pageContext: expect.stringContaining('curious'),
    });
  });

  test('that used up its calls goes on by itself, with as many more', async () => {
    model = counts;
    const first = await ended({ tools: { toolIds: ['builtin:calculator'], maxToolCalls: 2 } });
    expect(first).toMatchObject({ stopReason: 'max_tool_calls' });
    const second = (await (await goOn({ executionId: first.executionId })).json()) as DispatchResponse;
    expect(second).toMatchObject({ status: 'complete', stopReason: 'max_tool_calls' });
    expect(second.output).not.toBe(first.output);
    const again = (await (await goOn({ executionId: first.executionId })).json()) as DispatchResponse;
    expect(again.executionId).toBe(second.executionId);
  });

  test('that simply ended needs something new to go on with', async () => {
    const { executionId } = await ended();
    expect(await refusal(await goOn({ executionId }))).toBe('400 invalid_request');
    expect(await refusal(await goOn({ executionId, continuation: { messages: [] } }))).toBe(
      '400 invalid_request',
    );
  });

  test('is its own key’s alone, and must have ended and be the newest', async () => {
    const { executionId } = await ended();
    const continuation = { messages: [{ role: 'user', content: 'More.' }] };
    expect(await refusal(await goOn({ executionId, continuation }, OTHER_API_KEY))).toBe(
      '404 execution_not_found',
    );
    expect(await refusal(await goOn({ executionId: 'exec_nobody', continuation }))).toBe(
      '404 execution_not_found',
    );
    model = ({ tools }) => calls({ name: tools[0]?.name ?? '', input: {} });
    const waiting = await ended({ clientTools: [SEARCH_TOOL] });
    expect(waiting.status).toBe('awaiting');
    expect(await refusal(await goOn({ executionId: waiting.executionId, continuation }))).toBe(
      '409 execution_conflict',
    );
    model = () => says('More.');
    expect((await goOn({ executionId, continuation })).status).toBe(200);
    expect(await refusal(await goOn({ executionId, continuation }))).toBe('409 execution_conflict');
  });

  test('continued twice under one idempotency key is continued once', async () => {
    const { executionId } = await ended();
    const body = { executionId, continuation: { messages: [{ role: 'user', content: 'More.' }] } };
    const headers = { 'idempotency-key': 'once' };
    const one = (await (await goOn(body, API_KEY, headers)).json()) as DispatchResponse;
    const other = (await (await goOn(body, API_KEY, headers)).json()) as DispatchResponse;
    expect(other).toEqual(one);
    expect(server.asked).toHaveLength(2);
  });
});
