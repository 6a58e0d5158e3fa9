import { afterEach, describe, expect, test } from 'vitest';
import { createCustomTool } from '../../server/sdk/index.ts';
import { aServer, calls, says, type TestServer } from '../support/server.ts';
import { aClient, carrierTo, WHOLE_CONFIG } from './a-client.ts';

let server: TestServer;
afterEach(() => server.close());

/** Calls these once, and then says what came of it. */
async function calling(...wanted: readonly { name: string; input?: unknown; id?: string }[]) {
  server = await aServer({
    config: WHOLE_CONFIG,
    model: ({ messages }) => {
      const last = messages.at(-1);
      if (last?.role !== 'tool') return calls(...wanted);
      return says(last.results.map(({ text }) => text).join(' | '));
    },
  });
  return aClient(server);
}

const refund = createCustomTool({
  name: 'refund',
  description: 'Pays an order back.',
  parametersSchema: { type: 'object', properties: { order: { type: 'string' } }, required: ['order'] },
  code: 'return "Paid " + order + " back.";',
});
const ASK = { agent: { id: 'store' }, messages: [{ role: 'user' as const, content: 'Refund A1' }] };
const WITH_REFUND = { ...ASK, tools: { runtimeTools: [refund] } };
const CAREFUL = { ...ASK, tools: { runtimeTools: [refund], approval: { require: ['refund'] } } };

describe('tools of the server in a dispatch of the SDK', () => {
  test('are declared in the request and run on the server [R2-01, R2-05, R2-07]', async () => {
    const client = await calling({ name: 'refund', input: { order: 'A1' } });
    const done = await client.dispatch(WITH_REFUND).result();
    expect(done).toMatchObject({ status: 'complete', output: expect.stringContaining('Paid A1 back.') });
    expect((await client.receipts.list()).data).toMatchObject([{ tool: 'refund', outcome: 'success' }]);
  });

  test('run beside tools of this process, in one turn [R2-23]', async () => {
    const client = await calling({ name: 'refund', input: { order: 'A1' } }, { name: 'get_time', id: 'b' });
    const run = await client.runWithLocalTools(WITH_REFUND, {
      get_time: { description: 'Tells the time.', execute: () => 'ten' },
    });
    expect(run.answer).toContain('Paid A1 back.');
    expect(run.answer).toContain('ten');
    expect(run.calls.map(({ name }) => name)).toEqual(['get_time']);
  });

  test('give way to a tool of this process of the same name [R2-29]', async () => {
    const client = await calling({ name: 'refund', input: { order: 'A1' } });
    await client.tools.ensure({ ...refund, description: 'The saved one.' });
    const run = await client.runWithLocalTools(WITH_REFUND, {
      refund: { description: 'Pays here.', execute: () => 'Paid by hand.' },
    });
    expect(run.answer).toContain('Paid by hand.');
    expect(run.answer).not.toContain('Paid A1 back.');
  });
});

describe('a call that needs approval', () => {
  test('is decided with `approve` [R2x-9]', async () => {
    const client = await calling({ name: 'refund', input: { order: 'A1' } });
    const paused = await client.dispatch(CAREFUL).result();
    expect(paused).toMatchObject({ status: 'awaiting', awaiting: [], approvals: [{ toolName: 'refund' }] });
    const [request] = paused.approvals ?? [];
    const approvalId = request?.type === 'approval_start' ? request.approvalId : '';
    const { executionId } = paused;
    const done = await client.approve({ executionId, approvalId, decision: 'approved' }).result();
    expect(done).toMatchObject({ status: 'complete', output: expect.stringContaining('Paid A1 back.') });
  });

  test('is decided by the caller of a run, beside its local tools', async () => {
    const client = await calling(
      { name: 'refund', input: { order: 'A1' }, id: 'a' },
      { name: 'refund', input: { order: 'B2' }, id: 'b' },
      { name: 'get_time', id: 'c' },
    );
    const asked: unknown[] = [];
    const run = await client.runWithLocalTools(
      CAREFUL,
      { get_time: { description: 'Tells the time.', execute: () => 'ten' } },
      {
        onApproval: ({ parameters }) => {
          asked.push(parameters);
          return asked.length === 1 ? 'approved' : { decision: 'denied', reason: 'Not that one.' };
        },
      },
    );
    expect(asked).toEqual([{ order: 'A1' }, { order: 'B2' }]);
    expect(run.status).toBe('complete');
    for (const words of ['Paid A1 back.', 'Not that one.', 'ten']) expect(run.answer).toContain(words);
    expect(run.answer).not.toContain('Paid B2 back.');
  });

  test('ends a run that nobody decides for, with what waits', async () => {
    const client = await calling({ name: 'refund', input: { order: 'A1' } });
    const run = await client.runWithLocalTools(CAREFUL, {});
    expect(run).toMatchObject({ status: 'awaiting', approvals: [{ toolName: 'refund' }], calls: [] });
  });
});

test('secrets that a server has lost are sent again, once, and only then [R2-16, R2-17]', async () => {
  await calling({ name: 'get_time' });
  const carry = carrierTo(server);
  const sent: { path: string; secrets: unknown }[] = [];
  const forgetful = aClient(server, {
    fetch: (url, init) => {
      const { secrets } = JSON.parse(String(init.body));
      sent.push({ path: new URL(url).pathname, secrets });
      const isLost = url.endsWith('/resume') && secrets === undefined;
      if (!isLost) return carry(url, init);
      const body = { error: 'x', code: 'secrets_required', message: 'Gone.', requestId: 'req_1' };
      return Promise.resolve(Response.json(body, { status: 409 }));
    },
  });
  const secrets = { token: 'a-secret-of-the-dispatch' };
  const clock = { get_time: { description: 'Tells the time.', execute: () => 'ten' } };
  const run = await forgetful.runWithLocalTools({ ...ASK, secrets }, clock);
  expect(run.answer).toContain('ten');
  expect(sent).toEqual([
    { path: '/v1/dispatch', secrets },
    { path: '/v1/dispatch/resume', secrets: undefined },
    { path: '/v1/dispatch/resume', secrets },
  ]);
});
