import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ConfigInput } from '../../server/config/define-config.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import { only } from '../support/dispatching.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  eventsOf,
  OTHER_API_KEY,
  refusal,
  STORE_TOKEN,
  says,
  type TestServer,
} from '../support/server.ts';

const REFUND = {
  name: 'refund',
  description: 'Pays an order back.',
  parametersSchema: {
    type: 'object',
    properties: { order: { type: 'string' }, cents: { type: 'integer' } },
    required: ['order'],
  },
  idempotent: false,
};
const ASK_STOCK = {
  name: 'ask_stock',
  description: 'Asks the caller how many there are.',
  parametersSchema: { type: 'object', properties: {} },
  origin: 'sdk',
} as const;

/** Calls these in its first turn, and reports their results in the next. */
function callsOnce(...wanted: readonly { name: string; input?: unknown; id?: string }[]) {
  return ({ messages }: ModelRequest) => {
    const last = messages.at(-1);
    return last?.role === 'tool' ? says(last.results.map(({ text }) => text).join(' | ')) : calls(...wanted);
  };
}

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function shop(
  model: (request: ModelRequest) => ReturnType<typeof calls>,
  more: {
    readonly run?: (parameters: object) => unknown;
    readonly apiKeys?: ConfigInput['apiKeys'];
    readonly agent?: object;
  } = {},
) {
  const run = vi.fn(more.run ?? (({ order }: { order?: string }) => `Paid ${order} back.`));
  const [store, ...others] = CONFIG.surfaces ?? [];
  if (store === undefined) throw new Error('There is no surface.');
  const server = await aServer({
    model,
    config: {
      ...CONFIG,
      ...(more.apiKeys === undefined ? {} : { apiKeys: more.apiKeys }),
      surfaces: [
        { ...store, agent: { ...store.agent, ...more.agent, tools: [{ ...REFUND, run }] } },
        ...others,
      ],
    },
  });
  servers.push(server);
  return { server, run };
}

/** A dispatch to the shop's agent whose refunds wait for a person. */
function dispatch(server: TestServer, more: Record<string, unknown> = {}) {
  const { tools = {}, ...rest } = more;
  return server.dispatch({
    agent: { id: 'store' },
    tools: { approval: { require: ['refund'] }, ...(tools as object) },
    ...rest,
  });
}

function approve(
  server: TestServer,
  body: Record<string, unknown>,
  key = API_KEY,
  path = '/v1/dispatch/approve',
) {
  return server.post(path, { decision: 'approved', ...body }, { authorization: `Bearer ${key}` });
}

function asked(events: readonly StreamEvent[]) {
  return only(events, 'approval_start');
}

function idsOf(events: readonly StreamEvent[], at = 0) {
  const request = asked(events)[at];
  return { executionId: request?.executionId ?? '', approvalId: request?.approvalId ?? '' };
}

const ONE = callsOnce({ name: 'refund', input: { order: 'A1', cents: 5 }, id: 'r1' });
const TWO = callsOnce(
  { name: 'refund', input: { order: 'A1' }, id: 'r1' },
  { name: 'refund', input: { order: 'B2' }, id: 'r2' },
);

describe('a call that needs approval', () => {
  test('waits with exactly its arguments and runs only once it was approved [R2x-9]', async () => {
    const { server, run } = await shop(ONE);
    const events = await eventsOf(await dispatch(server));
    expect(asked(events)).toMatchObject([
      {
        toolName: 'refund',
        toolType: 'configured',
        parameters: { order: 'A1', cents: 5 },
        toolCallId: 'r1',
        approvalId: expect.stringMatching(/^appr_/),
        timeout: expect.any(Number),
      },
    ]);
    expect(events.at(-1)?.type).toBe('approval_start');
    expect(run).not.toHaveBeenCalled();
    const rest = await eventsOf(await approve(server, idsOf(events)));
    expect(rest.slice(0, 3)).toMatchObject([
      { type: 'approval_complete', decision: 'approved', resolvedBy: expect.stringMatching(/^sk_test_/) },
      { type: 'tool_start', toolCallId: 'r1', parameters: { order: 'A1', cents: 5 } },
      { type: 'tool_complete', success: true, result: 'Paid A1 back.' },
    ]);
    expect(rest.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
    expect(run).toHaveBeenCalledTimes(1);
    expect(rest[0]?.seq).toBe((events.at(-1)?.seq ?? 0) + 1);
  });

  test('that is denied never runs, and the model reads why [R2x-9]', async () => {
    const { server, run } = await shop(ONE);
    const events = await eventsOf(await dispatch(server));
    const answer = await approve(server, {
      ...idsOf(events),
      decision: 'denied',
      reason: 'Not this customer.',
      streamResponse: false,
    });
    expect(((await answer.json()) as DispatchResponse).output).toMatch(/refused it.*Not this customer\./);
    expect(run).not.toHaveBeenCalled();
    expect(server.asked[1]?.messages.at(-1)).toMatchObject({
      results: [{ toolCallId: 'r1', isError: true }],
    });
  });

  test('shows in an answer without a stream as what the execution waits for', async () => {
    const { server } = await shop(ONE);
    const paused = (await (await dispatch(server, { streamResponse: false })).json()) as DispatchResponse;
    expect(paused).toMatchObject({
      status: 'awaiting',
      awaiting: [],
      approvals: [{ type: 'approval_start', toolName: 'refund' }],
    });
    const [request] = paused.approvals ?? [];
    const approvalId = request?.type === 'approval_start' ? request.approvalId : '';
    const { executionId } = paused;
    const done = await approve(server, { executionId, approvalId, streamResponse: false });
    expect(await done.json()).toMatchObject({ status: 'complete', output: 'Paid A1 back.', awaiting: [] });
  });

  test('of several in one turn, the last decision goes on; the approved ones run, the others do not', async () => {
    const { server, run } = await shop(TWO);
    const events = await eventsOf(await dispatch(server));
    expect(asked(events)).toHaveLength(2);
    const first = await eventsOf(await approve(server, { ...idsOf(events), decision: 'denied' }));
    expect(first.map(({ type }) => type)).toEqual(['approval_complete', 'approval_start']);
    expect(asked(first)).toMatchObject([{ toolCallId: 'r2' }]);
    expect(run).not.toHaveBeenCalled();
    const rest = await eventsOf(await approve(server, idsOf(events, 1)));
    expect(only(rest, 'tool_complete')).toMatchObject([{ toolCallId: 'r2', success: true }]);
    expect(run).toHaveBeenCalledTimes(1);
    expect(server.asked[1]?.messages.at(-1)).toMatchObject({
      results: [
        { toolCallId: 'r1', isError: true },
        { toolCallId: 'r2', isError: false },
      ],
    });
  });

  test.each(['the output first', 'the approval first'])(
    'beside a call for the caller: both wait, and the last answer goes on, %s',
    async (order) => {
      const { server, run } = await shop(
        callsOnce({ name: 'ask_stock', id: 's1' }, { name: 'refund', input: { order: 'A1' }, id: 'r1' }),
      );
      const events = await eventsOf(await dispatch(server, { clientTools: [ASK_STOCK] }));
      expect(events.slice(-2).map(({ type }) => type)).toEqual(['approval_start', 'await']);
      const ids = idsOf(events);
      const resume = () =>
        server.post(
          '/v1/dispatch/resume',
          { executionId: ids.executionId, toolOutputs: { s1: '7 left' } },
          { authorization: `Bearer ${API_KEY}` },
        );
      const [one, other] =
        order === 'the output first'
          ? [resume, () => approve(server, ids)]
          : [() => approve(server, ids), resume];
      const waiting = await eventsOf(await one());
      expect(waiting.at(-1)?.type).toBe(order === 'the output first' ? 'approval_start' : 'await');
      expect(run).not.toHaveBeenCalled();
      const rest = await eventsOf(await other());
      expect(rest.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
      expect(run).toHaveBeenCalledTimes(1);
      expect(server.asked[1]?.messages.at(-1)).toMatchObject({
        results: [
          { toolCallId: 's1', text: '7 left' },
          { toolCallId: 'r1', text: 'Paid A1 back.' },
        ],
      });
    },
  );

  test('beside a tool that needs none: that one runs at once, then the execution waits', async () => {
    const { server, run } = await shop(
      callsOnce(
        { name: 'refund', input: { order: 'A1' }, id: 'r1' },
        { name: 'builtin__calculator', input: { expression: '6*7' }, id: 'c1' },
      ),
    );
    const events = await eventsOf(await dispatch(server, { tools: { toolIds: ['builtin:calculator'] } }));
    expect(only(events, 'tool_complete')).toMatchObject([{ toolCallId: 'c1', success: true }]);
    expect(events.at(-1)?.type).toBe('approval_start');
    await eventsOf(await approve(server, idsOf(events)));
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('the same decision again gets the same answer, another one is refused, and it ran once', async () => {
    const { server, run } = await shop(ONE);
    const ids = idsOf(await eventsOf(await dispatch(server)));
    const first = await eventsOf(await approve(server, ids));
    expect(await eventsOf(await approve(server, ids))).toEqual(first);
    expect(await refusal(await approve(server, { ...ids, decision: 'denied' }))).toBe('409 already_decided');
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('twenty decisions at once make one', async () => {
    const { server, run } = await shop(ONE);
    const ids = idsOf(await eventsOf(await dispatch(server)));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        approve(server, { ...ids, decision: at % 2 === 0 ? 'approved' : 'denied' }),
      ),
    );
    const streams = answers.filter(({ status }) => status === 200);
    expect(streams).toHaveLength(10);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(await refusal(answer)).toBe('409 already_decided');
    const read = await Promise.all(streams.map(eventsOf));
    for (const events of read) expect(events).toEqual(read[0]);
    expect(run.mock.calls.length).toBeLessThanOrEqual(1);
  });

  test('nobody decides within its time is refused as timed out, and the model goes on', async () => {
    const { server, run } = await shop(ONE);
    const ids = idsOf(
      await eventsOf(await dispatch(server, { tools: { approval: { require: true, timeout: 60_000 } } })),
    );
    server.advance(60_001);
    expect(await refusal(await approve(server, ids))).toBe('409 already_decided');
    await vi.waitFor(
      async () => expect((await server.store.execution(ids.executionId))?.status).toBe('complete'),
      { timeout: 10_000 },
    );
    const log = await server.store.eventsAfter(ids.executionId, 0, 1_000);
    expect(only(log, 'approval_complete')).toMatchObject([{ decision: 'timeout', resolvedBy: 'policy' }]);
    expect(server.asked[1]?.messages.at(-1)).toMatchObject({
      results: [{ text: expect.stringMatching(/nobody approved it in time/) }],
    });
    expect(run).not.toHaveBeenCalled();
  });

  test('of an execution that waited too long is closed with it', async () => {
    const { server, run } = await shop(ONE);
    const ids = idsOf(await eventsOf(await dispatch(server)));
    server.advance(24 * 60 * 60_000 + 1);
    expect(await refusal(await approve(server, ids))).toBe('409 already_decided');
    const log = await server.store.eventsAfter(ids.executionId, 0, 1_000);
    expect(only(log, 'approval_complete')).toMatchObject([{ decision: 'timeout' }]);
    expect(log.at(-1)).toMatchObject({ type: 'execution_error', code: 'execution_expired' });
    expect(run).not.toHaveBeenCalled();
  });

  test('is unknown by another id, to another workspace and under another agent', async () => {
    const { server, run } = await shop(ONE, {
      apiKeys: [
        { key: API_KEY, scopes: ['DISPATCH:*'] },
        { key: OTHER_API_KEY, scopes: ['DISPATCH:*'], workspace: 'elsewhere' },
      ],
    });
    const ids = idsOf(await eventsOf(await dispatch(server)));
    expect(await refusal(await approve(server, { ...ids, approvalId: 'appr_nobody' }))).toBe(
      '404 approval_not_found',
    );
    expect(await refusal(await approve(server, ids, OTHER_API_KEY))).toBe('404 execution_not_found');
    expect(await refusal(await approve(server, ids, API_KEY, '/v1/agents/other/approve'))).toBe(
      '404 execution_not_found',
    );
    expect(await refusal(await approve(server, { ...ids, decision: 'maybe' }))).toBe('400 invalid_request');
    expect(run).not.toHaveBeenCalled();
    const rest = await eventsOf(await approve(server, ids, API_KEY, '/v1/agents/store/approve'));
    expect(rest.at(-1)).toMatchObject({ type: 'execution_complete' });
  });
});

describe('a visitor’s call that needs approval', () => {
  const CAREFUL = { uses: { approval: { require: ['refund'] } } };

  async function visit() {
    const { server, run } = await shop(ONE, { agent: CAREFUL });
    const { sessionId } = await server.init();
    const events = await eventsOf(await server.chat({ sessionId }));
    expect(asked(events)).toMatchObject([{ toolName: 'refund', toolCallId: 'r1' }]);
    expect(run).not.toHaveBeenCalled();
    return { server, run, sessionId, ids: idsOf(events) };
  }

  test('is decided by an API key of the workspace, and the visitor reads what came of it', async () => {
    const { server, run, sessionId, ids } = await visit();
    await eventsOf(await approve(server, ids, API_KEY, '/v1/agents/store/approve'));
    expect(run).toHaveBeenCalledTimes(1);
    const followed = await eventsOf(await server.follow(sessionId, ids.executionId));
    expect(followed.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
  });

  test('is told to the operator, with the ids that decide and without its arguments', async () => {
    const { server, ids } = await visit();
    const lines = server.logged().split('\n');
    const told = lines.filter((line) => line.includes('waits for an approval'));
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { ...ids, tool: 'refund', surfaceId: 'store' },
    ]);
    expect(told.join()).not.toContain('A1');
  });

  test('cannot be decided with the session, nor answered as if it were the page’s', async () => {
    const { server, run, sessionId, ids } = await visit();
    expect(await refusal(await approve(server, { ...ids, sessionId }, STORE_TOKEN))).toBe('401 unauthorized');
    const outputs = { sessionId, executionId: ids.executionId, toolOutputs: { r1: 'Paid.' } };
    expect(await refusal(await server.resume(outputs))).toBe('400 unknown_tool_output');
    expect(run).not.toHaveBeenCalled();
  });

  test.each([
    [
      'a new message',
      (server: TestServer, sessionId: string) =>
        server.chat({ sessionId, messages: [{ role: 'user', content: 'Never mind' }] }),
    ],
    [
      'a cancel',
      (server: TestServer, sessionId: string, executionId: string) =>
        server.cancel({ sessionId, executionId }),
    ],
  ])('is refused by %s, and cannot be approved any more', async (_, overtake) => {
    const { server, run, sessionId, ids } = await visit();
    await (await overtake(server, sessionId, ids.executionId)).text();
    const log = await server.store.eventsAfter(ids.executionId, 0, 1_000);
    expect(only(log, 'approval_complete')).toMatchObject([{ decision: 'denied', resolvedBy: 'policy' }]);
    expect(await refusal(await approve(server, ids))).toBe('409 already_decided');
    expect(run).not.toHaveBeenCalled();
    const { conversationId } = (await server.store.execution(ids.executionId)) ?? { conversationId: '' };
    expect((await server.store.messages(conversationId))[2]?.message).toMatchObject({
      role: 'tool',
      results: [{ toolCallId: 'r1', isError: true }],
    });
  });
});
