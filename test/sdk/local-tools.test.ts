import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import { PagehandTimeoutError } from '../../server/sdk/index.ts';
import { aServer, calls, says, type TestServer } from '../support/server.ts';
import { aClient, carrierTo, failureOf } from './a-client.ts';

let server: TestServer;
afterEach(() => server.close());

type Turn = (request: ModelRequest) => ReturnType<typeof says>;

/** A model that plays these turns, one after the other. */
async function playing(...turns: Turn[]) {
  let turn = 0;
  server = await aServer({
    model: (request) => {
      const play = turns[turn];
      turn += 1;
      return play === undefined ? says('Nothing left.') : play(request);
    },
  });
  return aClient(server);
}

const ASK = { agent: { id: 'store' }, messages: [{ role: 'user' as const, content: 'What time is it?' }] };

/** What the model read of the calls of the turn before. */
const report: Turn = ({ messages }) => {
  const last = messages.at(-1);
  return says(last?.role === 'tool' ? last.results.map(({ text }) => text).join(' | ') : 'No results.');
};

describe('a run with local tools', () => {
  test('offers them as tools of the SDK, runs what is called, and gives the answer [R2-23, R2-25, R2-27]', async () => {
    const client = await playing(() => calls({ name: 'get_time' }), report);
    const events: StreamEvent[] = [];
    const run = await client.runWithLocalTools(
      ASK,
      {
        get_time: {
          description: 'Return the current ISO time',
          parametersSchema: { type: 'object', properties: {} },
          execute: async () => '2026-11-20T10:00:00Z',
        },
      },
      { scope: 'turn', onEvent: (event) => events.push(event) },
    );
    expect(run).toMatchObject({ status: 'complete', stopReason: 'end_turn' });
    expect(run.answer).toContain('2026-11-20T10:00:00Z');
    expect(run.calls).toMatchObject([
      { name: 'get_time', parameters: {}, output: '2026-11-20T10:00:00Z', isError: false },
    ]);
    expect(run.conversationId).toMatch(/^conv_/);
    expect(run.tokens).toEqual({ input: 3, output: 2 });
    expect(server.asked[0]?.tools).toMatchObject([
      { name: 'get_time', description: expect.stringContaining('Return the current ISO time') },
    ]);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type)).toContain('await');
  });

  test('makes calls of one turn side by side, and each gets its own parameters [R2-45]', async () => {
    const client = await playing(
      () =>
        calls(
          { name: 'add', input: { a: 1, b: 2 }, id: 'x' },
          { name: 'add', input: { a: 3, b: 4 }, id: 'y' },
        ),
      report,
    );
    let running = 0;
    let most = 0;
    const run = await client.runWithLocalTools(ASK, {
      add: {
        description: 'Adds two numbers.',
        parametersSchema: {
          type: 'object',
          properties: { a: { type: 'number' }, b: { type: 'number' } },
          required: ['a', 'b'],
        },
        execute: async ({ a, b }) => {
          expectTypeOf(a).toEqualTypeOf<number>();
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 20));
          running -= 1;
          return { sum: a + b };
        },
      },
    });
    expect(most).toBe(2);
    expect(run.calls.map(({ output }) => output)).toEqual([{ sum: 3 }, { sum: 7 }]);
    expect(run.answer).toContain('"sum":3');
    expect(run.answer).toContain('"sum":7');
  });

  test('goes on over as many turns as the model wants, and sends its tools once [R2-26, R2-47]', async () => {
    await playing(
      () => calls({ name: 'next', id: 'a' }),
      () => calls({ name: 'next', id: 'b' }),
      () => calls({ name: 'next', id: 'c' }),
      report,
    );
    const carry = carrierTo(server);
    const sent: string[][] = [];
    const client = aClient(server, {
      fetch: (url, init) => {
        sent.push(Object.keys(JSON.parse(String(init.body))));
        return carry(url, init);
      },
    });
    let count = 0;
    const run = await client.runWithLocalTools(ASK, {
      next: {
        description: 'Counts.',
        execute: () => {
          count += 1;
          return count;
        },
      },
    });
    expect(run.calls.map(({ output }) => output)).toEqual([1, 2, 3]);
    expect(run.answer).toContain('3');
    expect(server.asked).toHaveLength(4);
    expect(sent.map((keys) => keys.includes('clientTools'))).toEqual([true, false, false, false]);
  });

  test.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('The shelf is empty.');
      },
      'The shelf is empty.',
    ],
    ['rejects with what is no error', () => Promise.reject('gone'), 'gone'],
    ['gives what is no JSON', () => 10n, 'no JSON'],
    ['gives a circle', circle, 'no JSON'],
    ['gives a function', () => () => undefined, 'no JSON'],
  ])('tells the model of a tool that %s, and goes on', async (_, execute, sentence) => {
    const client = await playing(() => calls({ name: 'shelf' }), report);
    const run = await client.runWithLocalTools(ASK, { shelf: { description: 'Looks.', execute } });
    expect(run).toMatchObject({ status: 'complete', calls: [{ name: 'shelf', isError: true }] });
    expect(run.answer).toContain(sentence);
  });

  test('tells the model of a tool that takes too long, and stops it', async () => {
    const client = await playing(() => calls({ name: 'slow' }), report);
    let stopped: AbortSignal | undefined;
    const run = await client.runWithLocalTools(ASK, {
      slow: {
        description: 'Sleeps.',
        timeoutMs: 30,
        execute: (__, { signal }) => {
          stopped = signal;
          return new Promise(() => undefined);
        },
      },
    });
    expect(run.calls).toMatchObject([{ isError: true }]);
    expect(run.answer).toContain('30 ms');
    expect(stopped?.aborted).toBe(true);
  });

  test('answers a call of a tool that it was not given', async () => {
    const client = await playing(() => calls({ name: 'other' }), report);
    const other = { name: 'other', description: 'Somebody else\u2019s.', origin: 'sdk' as const };
    const run = await client.runWithLocalTools({ ...ASK, clientTools: [other] }, {});
    expect(run.calls).toMatchObject([{ name: 'other', isError: true }]);
    expect(run.answer).toContain('There is no tool "other" here');
  });

  test('gives a tool that returns nothing an empty output', async () => {
    const client = await playing(() => calls({ name: 'quiet' }), report);
    const run = await client.runWithLocalTools(ASK, { quiet: { description: 'Hushes.', execute: () => {} } });
    expect(run.calls).toMatchObject([{ output: '', isError: false }]);
    expect(run.status).toBe('complete');
  });

  test('hands the caller\u2019s signal to its tools and ends with its reason', async () => {
    const client = await playing(() => calls({ name: 'slow' }), report);
    const leaving = new AbortController();
    const reason = new Error('Enough.');
    let seen: AbortSignal | undefined;
    const run = client.runWithLocalTools(
      ASK,
      {
        slow: {
          description: 'Sleeps.',
          execute: (_, { signal }) => {
            seen = signal;
            leaving.abort(reason);
            return new Promise(() => undefined);
          },
        },
      },
      { signal: leaving.signal },
    );
    await expect(run).rejects.toBe(reason);
    expect(seen?.reason).toBe(reason);
    expect(server.asked).toHaveLength(1);
  });

  test('that is given up is cancelled on the server too', async () => {
    const client = await playing(() => calls({ name: 'slow' }), report);
    const leaving = new AbortController();
    let executionId = '';
    const run = client.runWithLocalTools(
      ASK,
      { slow: { description: 'Sleeps.', execute: () => leaving.abort(new Error('Enough.')) } },
      { signal: leaving.signal, onEvent: (event) => (executionId = event.executionId) },
    );
    await expect(run).rejects.toThrow('Enough.');
    await vi.waitFor(
      async () => expect((await server.store.execution(executionId))?.status).toBe('cancelled'),
      10_000,
    );
    expect(await client.cancel(executionId)).toBe('cancelled');
  });

  test('has a time limit over all its turns', async () => {
    const client = await playing(() => calls({ name: 'slow' }), report);
    const slow = { description: 'Sleeps.', execute: () => new Promise(() => undefined) };
    const failure = await failureOf(client.runWithLocalTools(ASK, { slow }, { timeoutMs: 400 }));
    expect(failure).toBeInstanceOf(PagehandTimeoutError);
  });

  test('makes each call once, also when the answer to its output is lost', async () => {
    await playing(() => calls({ name: 'pay' }), report);
    const carry = carrierTo(server);
    let lost = 0;
    const careless = aClient(server, {
      fetch: async (url, init) => {
        const answer = await carry(url, init);
        if (!url.endsWith('/resume') || lost > 0) return answer;
        lost += 1;
        throw new TypeError('fetch failed');
      },
    });
    let paid = 0;
    const execute = () => {
      paid += 1;
      return `Paid ${paid} times`;
    };
    const run = await careless.runWithLocalTools(ASK, { pay: { description: 'Pays.', execute } });
    expect(run.answer).toContain('Paid 1 times');
    expect([paid, lost, server.asked.length]).toEqual([1, 1, 2]);
  });
});

function circle(): unknown {
  const round: { self?: unknown } = {};
  round.self = round;
  return round;
}
