import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReceiptsResponse } from '../../protocol/receipt.ts';
import type { Receipt } from '../../server/store/receipt-store.ts';
import { API_KEY, aServer, CONFIG, calls, OTHER_API_KEY, says, type TestServer } from '../support/server.ts';

const BEGAN_MS = Date.parse('2026-03-01T10:00:00Z');
const AUDITOR = 'sk_test_auditor';

let server: TestServer;
beforeEach(async () => {
  server = await aServer({
    model: ({ messages, tools }) => {
      const last = messages.at(-1);
      if (last?.role === 'tool' || tools.length === 0) return says('Done.');
      const said =
        last?.role === 'user' ? last.content.map((part) => ('text' in part ? part.text : '')).join('') : '';
      return calls({ name: 'repeat', input: { text: said } });
    },
    config: {
      ...CONFIG,
      apiKeys: [
        ...(CONFIG.apiKeys ?? []),
        { key: AUDITOR, scopes: ['RECEIPTS:READ'] },
        { key: 'sk_test_elsewhere', scopes: ['*'], workspace: 'elsewhere' },
      ],
    },
  });
});
afterEach(() => server.close());

test('an auditor reads who did what, page by page, in the order of time', async () => {
  await keep(12);
  const seen: string[] = [];
  let cursor: string | null = '';
  let pages = 0;
  while (cursor !== null) {
    const page: ReceiptsResponse = await read(`limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor;
    pages += 1;
  }
  expect([seen, pages]).toEqual([Array.from({ length: 12 }, (_, index) => idOf(index)), 3]);
  const { data } = await read('limit=1');
  expect(data).toEqual([
    {
      id: idOf(0),
      surfaceId: 'store',
      executionId: 'exec_0',
      conversationId: 'conv_1',
      toolCallId: 'call_0',
      parentToolCallId: null,
      tool: 'get_order',
      toolType: 'external',
      pageOrigin: null,
      parameters: { id: 0 },
      outcome: 'success',
      result: 'It is on its way.',
      approvedBy: 'policy',
      startedAt: '2026-03-01T10:00:00.000Z',
      durationMs: 12,
    },
  ]);
});

test('a call of a dispatch leaves one, without the secrets that it was given', async () => {
  const secret = 'a-secret-of-this-dispatch';
  const tool = {
    name: 'repeat',
    description: 'Repeats.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: { text: { type: 'string' } } },
    config: { code: 'return "You said " + text' },
  };
  const answer = await server.dispatch({
    messages: [{ role: 'user', content: secret }],
    tools: { runtimeTools: [tool] },
    secrets: { key: secret },
    streamResponse: false,
  });
  const { executionId, conversationId } = (await answer.json()) as {
    executionId: string;
    conversationId: string;
  };
  const { data } = await read(`executionId=${executionId}`);
  expect(data).toEqual([
    expect.objectContaining({
      conversationId,
      tool: 'repeat',
      toolType: 'custom',
      parameters: { text: '[redacted]' },
      outcome: 'success',
      result: 'You said [redacted]',
      surfaceId: null,
    }),
  ]);
  expect(Date.parse(data[0]?.startedAt ?? '')).toBeGreaterThan(0);
});

test('receipts are found by execution, tool and time', async () => {
  await keep(6);
  await server.store.receipts.addReceipts([aReceipt(9, { id: 'rcpt_refund', tool: 'refund' })]);
  expect(ids(await read('executionId=exec_2'))).toEqual([idOf(2)]);
  expect(ids(await read('tool=refund'))).toEqual(['rcpt_refund']);
  expect(ids(await read('from=2026-03-01T10:00:02Z&until=2026-03-01T12:00:04%2B02:00'))).toEqual([
    idOf(2),
    idOf(3),
  ]);
  expect(ids(await read('executionId=exec_nobody'))).toEqual([]);
});

test('all of them come as lines, whatever their number', async () => {
  await keep(1_203);
  const answer = await get('', { accept: 'application/x-ndjson' });
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await answer.text()).trimEnd().split('\n');
  expect(lines).toHaveLength(1_203);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ id: idOf(1_202), tool: 'get_order' });
  const some = await get('format=ndjson&from=2026-03-01T10:20:00Z');
  expect((await some.text()).trimEnd().split('\n')).toHaveLength(3);
  expect(await (await get('format=ndjson&tool=nothing')).text()).toBe('');
  expect((await get('format=json', { accept: 'application/x-ndjson' })).headers.get('content-type')).toMatch(
    /json$/,
  );
});

test('lines that break off are no whole answer', async () => {
  await keep(600);
  const { receipts } = server.store;
  const read = receipts.receipts.bind(receipts);
  receipts.receipts = async (query) => {
    if (query.after !== undefined) throw new Error('The disk is gone.');
    return read(query);
  };
  const answer = await get('format=ndjson');
  await expect(answer.text()).rejects.toThrow();
  expect(server.logged()).toContain('Receipts could not be read to their end');
});

test('what another workspace did is not there', async () => {
  await keep(3);
  const answer = await get('', {}, 'sk_test_elsewhere');
  expect(await answer.json()).toEqual({ data: [], nextCursor: null });
});

test('only a key that may read receipts does', async () => {
  expect((await get('', {}, API_KEY)).status).toBe(403);
  expect((await get('', {}, OTHER_API_KEY)).status).toBe(403);
  expect((await get('', {}, 'sk_test_unknown')).status).toBe(401);
});

test.each([
  ['limit=0', 'invalid_request', 'limit'],
  ['limit=501', 'invalid_request', 'limit'],
  ['limit=ten', 'invalid_request', 'limit'],
  ['from=yesterday', 'invalid_request', 'from'],
  ['until=1', 'invalid_request', 'until'],
  ['until=2026-13-01', 'invalid_request', 'until'],
  ['format=xml', 'invalid_request', 'format'],
  ['cursor=abc', 'invalid_cursor', 'cursor'],
  [`cursor=${Buffer.from('1 x\n').toString('base64url')}`, 'invalid_cursor', 'cursor'],
  ['tool=a&tool=b', 'invalid_request', 'tool'],
])('%s is refused in words', async (query, code, word) => {
  const answer = await get(query);
  expect(answer.status).toBe(400);
  const failure = (await answer.json()) as { code: string; error: string };
  expect(failure.code).toBe(code);
  expect(failure.error).toContain(word);
});

function keep(count: number): Promise<void> {
  return server.store.receipts.addReceipts(Array.from({ length: count }, (_, index) => aReceipt(index)));
}

function idOf(index: number): string {
  return `rcpt_${String(index).padStart(5, '0')}`;
}

function aReceipt(index: number, fields: Partial<Receipt> = {}): Receipt {
  return {
    id: idOf(index),
    workspace: 'default',
    surfaceId: 'store',
    executionId: `exec_${index}`,
    conversationId: 'conv_1',
    toolCallId: `call_${index}`,
    parentToolCallId: null,
    tool: 'get_order',
    toolType: 'external',
    pageOrigin: null,
    parameters: { id: index },
    outcome: 'success',
    result: 'It is on its way.',
    approvedBy: 'policy',
    startedAtMs: BEGAN_MS + index * 1_000,
    durationMs: 12,
    ...fields,
  };
}

function get(query: string, headers: Record<string, string> = {}, key = AUDITOR): Promise<Response> {
  return server.request(`/v1/receipts?${query}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
}

async function read(query: string): Promise<ReceiptsResponse> {
  const answer = await get(query);
  expect(answer.status).toBe(200);
  return (await answer.json()) as ReceiptsResponse;
}

function ids({ data }: ReceiptsResponse): readonly string[] {
  return data.map(({ id }) => id);
}
