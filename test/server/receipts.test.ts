import { afterEach, describe, expect, test } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import type { Receipt } from '../../server/store/receipt-store.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  eventsOf,
  SEARCH_TOOL,
  STORE_ORIGIN,
  says,
  type TestServer,
} from '../support/server.ts';

const REFUND = {
  name: 'refund',
  description: 'Pays an order back.',
  parametersSchema: { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] },
  run: ({ order }: { order?: string }) => {
    if (order === 'gone') throw new Error('There is no such order.');
    return `Paid ${order} back.`;
  },
};

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function shop(...wanted: readonly { name: string; input?: unknown; id?: string }[]) {
  const [store, ...others] = CONFIG.surfaces ?? [];
  if (store === undefined) throw new Error('There is no surface.');
  const server = await aServer({
    config: {
      ...CONFIG,
      surfaces: [{ ...store, agent: { ...store.agent, tools: [REFUND] } }, ...others],
    },
    model: ({ messages }: ModelRequest) =>
      messages.at(-1)?.role === 'tool' ? says('Done.') : calls(...wanted),
  });
  servers.push(server);
  const receipts = async () =>
    Object.fromEntries(
      (await server.store.receipts.receipts({ workspace: 'default', limit: 100 })).map((receipt) => [
        receipt.toolCallId,
        receipt,
      ]),
    ) as Record<string, Receipt>;
  const dispatch = async (body: Record<string, unknown> = {}) =>
    (await (
      await server.dispatch({ agent: { id: 'store' }, streamResponse: false, ...body })
    ).json()) as DispatchResponse;
  const post = async (path: string, body: object) =>
    (await (
      await server.post(path, { streamResponse: false, ...body }, { authorization: `Bearer ${API_KEY}` })
    ).json()) as DispatchResponse;
  return { server, receipts, dispatch, post };
}

describe('every call leaves one receipt:', () => {
  test('one that ran, one that failed, and those that went nowhere', async () => {
    const { receipts, dispatch } = await shop(
      { name: 'refund', input: { order: 'A1' }, id: 'ran' },
      { name: 'refund', input: { order: 'gone' }, id: 'failed' },
      { name: 'refund', input: {}, id: 'unfit' },
      { name: 'nobody', input: { a: 1 }, id: 'unknown' },
    );
    const { executionId, conversationId } = await dispatch();
    const found = await receipts();
    expect(Object.keys(found).sort()).toEqual(['failed', 'ran', 'unfit', 'unknown']);
    expect(found.ran).toEqual({
      id: expect.stringMatching(/^rcpt_/),
      workspace: 'default',
      surfaceId: null,
      executionId,
      conversationId,
      toolCallId: 'ran',
      parentToolCallId: null,
      tool: 'refund',
      toolType: 'configured',
      pageOrigin: null,
      parameters: { order: 'A1' },
      outcome: 'success',
      result: 'Paid A1 back.',
      approvedBy: 'policy',
      startedAtMs: Date.parse('2026-11-20T10:00:00Z'),
      durationMs: 0,
    });
    expect(found.failed).toMatchObject({ outcome: 'error', result: 'There is no such order.' });
    expect(found.unfit).toMatchObject({ outcome: 'refused', tool: 'refund' });
    expect(found.unknown).toMatchObject({ outcome: 'refused', tool: 'nobody', toolType: 'unknown' });
  });

  test('a call of the page, with its page, how long it took and that the visitor let it run', async () => {
    const { server, receipts } = await shop({
      name: 'webmcp__search_products',
      input: { query: 'mug' },
      id: 's1',
    });
    const { sessionId } = await server.init();
    const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
    expect(await receipts()).toEqual({});
    server.advance(4_000);
    await eventsOf(
      await server.resume({
        sessionId,
        executionId: events[0]?.executionId,
        toolOutputs: { s1: 'one mug' },
      }),
    );
    expect((await receipts()).s1).toMatchObject({
      surfaceId: 'store',
      tool: 'webmcp:search_products',
      toolType: 'webmcp',
      pageOrigin: STORE_ORIGIN,
      parameters: { query: 'mug' },
      outcome: 'success',
      result: 'one mug',
      approvedBy: 'visitor',
      durationMs: 4_000,
    });
  });

  test('an approved call names the key that approved it, a denied one the key that did not', async () => {
    const { receipts, dispatch, post } = await shop(
      { name: 'refund', input: { order: 'A1' }, id: 'yes' },
      { name: 'refund', input: { order: 'B2' }, id: 'no' },
    );
    const { executionId, approvals = [] } = await dispatch({ tools: { approval: { require: true } } });
    const [yes, no] = approvals.map((event) => (event.type === 'approval_start' ? event.approvalId : ''));
    await post('/v1/dispatch/approve', { executionId, approvalId: no, decision: 'denied' });
    expect(Object.keys(await receipts())).toEqual(['no']);
    await post('/v1/dispatch/approve', { executionId, approvalId: yes, decision: 'approved' });
    const found = await receipts();
    expect(found.yes).toMatchObject({
      outcome: 'success',
      approvedBy: expect.stringMatching(/^sk_test_/),
      parameters: { order: 'A1' },
    });
    expect(found.no).toMatchObject({
      outcome: 'denied',
      approvedBy: expect.stringMatching(/^sk_test_/),
      parameters: { order: 'B2' },
    });
  });

  test('a call whose outcome nobody knows, because the visitor stopped', async () => {
    const { server, receipts } = await shop({ name: 'webmcp__search_products', id: 's1' });
    const { sessionId } = await server.init();
    const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
    await server.cancel({ sessionId, executionId: events[0]?.executionId });
    expect((await receipts()).s1).toMatchObject({ outcome: 'unknown', approvedBy: 'visitor' });
  });
});
