import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal, type StreamEvent } from '../../protocol/event.ts';
import { ModelError } from '../../server/models/model.ts';
import {
  admission,
  agent,
  type Bench,
  bench,
  expectEachCallAnswered,
  expectWellFormed,
  only,
  pageTool,
  read,
  user,
} from '../support/dispatching.ts';
import {
  call,
  finish,
  reasoning,
  type ScriptedTurn,
  scriptedModel,
  text,
} from '../support/scripted-model.ts';

const TOOLS = admission(
  pageTool('search', { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] }),
  pageTool('cart'),
);

const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).map((delta) => text(delta)) },
  { weight: 2, arbitrary: fc.string({ maxLength: 8 }).map((delta) => [reasoning(delta)]) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', 'c1', 'c2', '__proto__', 'search'),
        fc.constantFrom('webmcp__search', 'webmcp__cart', 'search', 'nope'),
        fc.constantFrom<unknown>({ q: 'mug' }, {}, '{"q":', null, { q: 7 }),
      )
      .map(([id, name, input]) => [call(id, name, input)]),
  },
);

const anyTurn: fc.Arbitrary<ScriptedTurn> = fc
  .tuple(
    fc.array(anyStep, { maxLength: 6 }),
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .constantFrom('end_turn', 'tool_calls', 'length', 'unknown')
          .map((reason) => [finish(reason as 'end_turn')]),
      },
      { weight: 1, arbitrary: fc.constant([new ModelError('model_failed', 'Cut.')]) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
  )
  .map(([steps, end]) => [...steps.flat(), ...end]);

/** What a client does at a pause, as a number for each call: its output, left out for now, or answered by name. */
const anyClient = fc.record({
  /** How many of the pending outputs each resume brings, in turn. */
  portions: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 }),
  /** Sends each resume twice at once. */
  isNervous: fc.boolean(),
  /** Says something new instead of the resume of this number. */
  interruptAt: fc.integer({ min: 0, max: 8 }),
});

type Client = typeof anyClient extends fc.Arbitrary<infer T> ? T : never;

test('whatever model and client do: gapless logs, one end, one result for each call, and readers saw the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTurn, { maxLength: 12 }),
      anyClient,
      fc.integer({ min: 0, max: 6 }),
      async (turns, client, maxToolCalls) => {
        const made = await bench(scriptedModel(...turns));
        const seen = await converse(made, client, maxToolCalls);
        for (const [executionId, events] of seen) {
          const log = await made.wholeLog(executionId);
          expectWellFormed(log);
          expect(log.slice(0, events.length)).toEqual(events);
          expect(log.filter(isTerminal)).toHaveLength(1);
          expect(isTerminal(log.at(-1) as StreamEvent)).toBe(true);
          expect(only(log, 'execution_start')).toHaveLength(1);
          const iterations = only(log, 'turn_start').map(({ iteration }) => iteration);
          expect(iterations).toEqual(iterations.map((_, index) => index + 1));
        }
        expectEachCallAnswered(await made.messages());
        expect((await made.store.latestExecution('conv_1'))?.status).not.toMatch(/running|awaiting/);
        await made.store.close();
      },
    ),
    { numRuns: 150 },
  );
});

/** Talks until nothing is open. What was read of each execution, in order. */
async function converse(
  made: Bench,
  client: Client,
  maxToolCalls: number,
): Promise<Map<string, StreamEvent[]>> {
  const seen = new Map<string, StreamEvent[]>();
  const note = (events: readonly StreamEvent[]) => {
    const executionId = events[0]?.executionId ?? '';
    seen.set(executionId, [...(seen.get(executionId) ?? []), ...events]);
  };
  const start = async (id: string) => {
    const answer = await made.start({
      messages: [user('go', id)],
      admission: TOOLS,
      agent: agent(maxToolCalls),
    });
    note(await read(answer));
    return answer.executionId;
  };
  let executionId = await start('usr_1');
  for (let step = 0; ; step++) {
    const { status, pending } = (await made.store.execution(executionId)) ?? {
      status: 'failed',
      pending: [],
    };
    if (status !== 'awaiting') return seen;
    if (step === client.interruptAt) {
      executionId = await start('usr_2');
      continue;
    }
    const portion = client.portions[step % client.portions.length] ?? 1;
    const outputs = Object.fromEntries(
      pending.slice(-portion).map(({ toolCallId }) => [toolCallId, `output of ${toolCallId}`]),
    );
    const tries = client.isNervous ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: tries }, () => made.resume(executionId, outputs)));
    const [first = [], second = first] = await Promise.all(answers.map(read));
    expect(second).toEqual(first);
    note(first);
  }
}
