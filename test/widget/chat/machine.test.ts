import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';
import { goingOn } from '../../../widget/chat/local.ts';
import { type LocalEvent, reduce } from '../../../widget/chat/reduce.ts';
import {
  type AssistantPart,
  type Conversation,
  EMPTY_CONVERSATION,
  type Entry,
} from '../../../widget/chat/state.ts';
import type { TurnRecord } from '../../../widget/chat/turn-record.ts';
import { aServer, type Fault, type Stretch } from './fake-server.ts';
import { aWorld, COMPLETE, done, type EventBody, START, says } from './fakes.ts';

const id = fc.constantFrom('a', 'b', 'c');
const text = fc.constantFrom('', ' ', 'word', '\n\n');
const seq = fc.integer({ min: 0, max: 9 });

/** Events as no server sends them: any kind, in any order, with fields that are missing or wrong. */
const anyEvent: fc.Arbitrary<StreamEvent> = fc
  .record(
    {
      type: fc.constantFrom(
        'execution_start',
        'execution_complete',
        'execution_error',
        'turn_start',
        'turn_complete',
        'text_start',
        'text_delta',
        'text_complete',
        'reasoning_start',
        'reasoning_delta',
        'reasoning_complete',
        'tool_start',
        'tool_input_complete',
        'tool_output_delta',
        'tool_complete',
        'await',
        'approval_start',
        'approval_complete',
        'media_complete',
        'artifact_start',
        'artifact_delta',
        'artifact_complete',
        'transcript_insert',
        'custom',
        'error',
        'ping',
      ),
      seq,
      executionId: fc.constant('exec_1'),
      id,
      toolCallId: id,
      approvalId: id,
      toolName: fc.constantFrom('add', 'webmcp:add', 'search'),
      delta: text,
      text,
      parentToolCallId: fc.option(id, { nil: undefined }),
      hidden: fc.boolean(),
      origin: fc.constantFrom('webmcp', 'sdk', undefined),
      success: fc.boolean(),
      recoverable: fc.boolean(),
      endedBy: fc.constantFrom('cancel', 'new_message', undefined),
      stopReason: fc.constantFrom('end_turn', 'length', 'error', undefined),
      decision: fc.constantFrom('approved', 'denied', 'timeout'),
      name: fc.constantFrom('pagehand.superseded', 'other'),
      value: fc.oneof(fc.record({ blockIds: fc.array(id) }), fc.anything()),
      error: fc.oneof(fc.string(), fc.anything()),
      artifactType: fc.constantFrom('markdown', 'component'),
      message: fc.anything(),
    },
    { requiredKeys: ['type', 'seq', 'executionId', 'id', 'toolCallId', 'approvalId', 'toolName', 'delta'] },
  )
  .map((fields) => fields as unknown as StreamEvent);

const localEvent: fc.Arbitrary<LocalEvent | 'retry'> = fc.oneof(
  fc.record({ type: fc.constant('sent' as const), id, text: fc.constant('Hi'), answerId: fc.uuid() }),
  fc.record({
    type: fc.constant('call_changed' as const),
    id,
    changes: fc.record({
      state: fc.constantFrom(
        { status: 'approval' as const, canRemember: true },
        { status: 'running' as const, startedAtMs: 1 },
        { status: 'done' as const, result: 'ok', durationMs: 1 },
        { status: 'unknown' as const },
      ),
    }),
  }),
  fc.constantFrom<LocalEvent | 'retry'>(
    { type: 'stopped' },
    { type: 'rested' },
    { type: 'connected' },
    { type: 'cut_off' },
    { type: 'held', wait: { reason: 'reconnecting' } },
    { type: 'held', wait: { reason: 'offline' } },
    { type: 'failed', failure: { message: 'No.', hint: undefined, retryable: true } },
    'retry',
  ),
);

function isOpen(part: AssistantPart): boolean {
  if (part.kind === 'tool')
    return ['requested', 'approval', 'on_hold', 'running'].includes(part.state.status);
  return 'streaming' in part && part.streaming;
}

function openIn(entries: readonly Entry[]): Entry[] {
  return entries.filter((entry) => entry.role === 'assistant' && entry.parts.some(isOpen));
}

function expectSound(state: Conversation) {
  const open = openIn(state.entries);
  expect(open.length).toBeLessThanOrEqual(1);
  if (open[0] !== undefined) {
    expect(open[0].id).toBe(state.answerId);
    expect(state.entries.at(-1)).toBe(open[0]);
  }
  const isAtRest = state.phase === 'idle' || state.phase === 'failed';
  if (isAtRest) expect(open).toEqual([]);
  expect(state.failure !== undefined).toBe(state.phase === 'failed');
  expect(state.wait !== undefined).toBe(state.phase === 'reconnecting');
}

function next(state: Conversation, event: StreamEvent | LocalEvent | 'retry'): Conversation {
  if (event !== 'retry') return reduce(state, event, 1);
  const { phase, entries, answerId } = state;
  return phase === 'failed' && answerId !== undefined
    ? reduce(state, { type: 'retried', entries, answerId }, 1)
    : state;
}

test('no interleaving of events, local ones and others, breaks what a conversation is', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: anyEvent }, localEvent), { maxLength: 60 }),
      (events) => {
        let state: Conversation = EMPTY_CONVERSATION;
        for (const event of events) {
          state = next(state, event);
          expectSound(state);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

/** One turn of a model as our server tells it. Ids are unique, blocks do not nest. */
const block = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), deltas: fc.array(text, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('reasoning' as const), deltas: fc.array(text, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('tool' as const), success: fc.boolean() }),
  fc.record({
    kind: fc.constant('superseded' as const),
    deltas: fc.array(text, { minLength: 1, maxLength: 3 }),
  }),
);
type Block = typeof block extends fc.Arbitrary<infer B> ? B : never;

function eventsOf(blocks: readonly Block[], prefix: string): EventBody[] {
  return [
    { type: 'turn_start', id: `${prefix}turn` },
    ...blocks.flatMap((each, index): EventBody[] => {
      const own = `${prefix}${index}`;
      switch (each.kind) {
        case 'tool':
          return [
            { type: 'tool_start', toolCallId: own, toolName: 'search', parameters: {} },
            {
              type: 'tool_complete',
              toolCallId: own,
              success: each.success,
              result: 'ok',
              error: each.success ? undefined : 'The outcome is unknown.',
            },
          ];
        case 'superseded':
          return [
            { type: 'text_start', id: own },
            ...each.deltas.map((delta) => ({ type: 'text_delta' as const, id: own, delta })),
            {
              type: 'custom',
              name: 'pagehand.superseded',
              value: { turnId: `${prefix}turn`, blockIds: [own] },
            },
            { type: 'turn_start', id: `${prefix}turn${index}` },
          ];
        default:
          return [
            { type: `${each.kind}_start`, id: own },
            ...each.deltas.map((delta): EventBody => ({ type: `${each.kind}_delta`, id: own, delta })),
            { type: `${each.kind}_complete`, id: own },
          ];
      }
    }),
  ];
}

function numbered(events: readonly EventBody[]): StreamEvent[] {
  return events.map(
    (event, index) => ({ executionId: 'exec_1', ...event, seq: index + 1 }) as unknown as StreamEvent,
  );
}

const BEGUN = reduce(EMPTY_CONVERSATION, { type: 'sent', id: 'u', text: 'Hi', answerId: 'ans' }, 1);

test('a log that is read in pieces, over breaks, repetitions and reloads, tells what it tells in one', () => {
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 6 }),
      fc.array(
        fc.record({
          at: fc.nat({ max: 40 }),
          back: fc.nat({ max: 5 }),
          how: fc.constantFrom('break', 'reload'),
        }),
        {
          maxLength: 6,
        },
      ),
      (blocks, breaks) => {
        const log = numbered([START, ...eventsOf(blocks, 't'), COMPLETE]);
        const whole = log.reduce((state, event) => reduce(state, event, 1), BEGUN);
        let state = BEGUN;
        let known = 0;
        const hear = (event: StreamEvent) => {
          if (event.seq <= known) return;
          known = event.seq;
          state = reduce(state, event, 1);
          expectSound(state);
        };
        let position = 0;
        for (const { at, back, how } of [...breaks].sort((a, b) => a.at - b.at)) {
          const end = Math.min(at, log.length - 1);
          for (const event of log.slice(Math.max(0, Math.min(position, known) - back), end)) hear(event);
          position = end;
          if (how === 'reload') {
            const kept = JSON.parse(JSON.stringify(state.entries)) as Entry[];
            const last = kept.at(-1);
            state = goingOn(kept, { answerId: 'ans', executionId: 'exec_1' });
            // What the answer holds says where to go on.
            known = last?.role === 'assistant' ? (last.seq ?? 0) : 0;
          } else if (how === 'break') {
            state = reduce(state, { type: 'held', wait: { reason: 'reconnecting' } }, 1);
            state = reduce(state, { type: 'connected' }, 1);
          }
          expectSound(state);
        }
        for (const event of log) hear(event);
        expect(withoutSeq(state)).toEqual(withoutSeq(whole));
      },
    ),
    { numRuns: 2_000 },
  );
});

function withoutSeq({ entries, phase }: Conversation): unknown {
  return {
    phase,
    entries: entries.map((entry) => {
      if (entry.role === 'user') return entry;
      const { seq: _, ...rest } = entry;
      return JSON.parse(JSON.stringify(rest));
    }),
  };
}

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom<Fault>('none', 'lost', 'unanswered', 'refused'),
  fc.record({ after: fc.nat({ max: 12 }), how: fc.constantFrom('breaks' as const, 'ends' as const) }),
);

const plan: fc.Arbitrary<Stretch[]> = fc
  .array(fc.record({ blocks: fc.array(block, { maxLength: 3 }), calls: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 3,
  })
  .map((pauses) => [
    ...pauses.map(({ blocks, calls }, index) => ({
      events: [...(index === 0 ? [START] : []), ...eventsOf(blocks, `s${index}.`)],
      calls: Array.from({ length: calls }, (_, call) => `call_${index}.${call}`),
    })),
    {
      events: [
        ...(pauses.length === 0 ? [START] : []),
        { type: 'turn_start', id: 'last' },
        ...says('The end.', 'end'),
        COMPLETE,
      ],
      calls: [],
    },
  ]);

interface Kept {
  readonly entries: readonly Entry[];
  readonly turn: TurnRecord | undefined;
}

/** Lets a whole turn run over pages that come and go. Each number is after how many looks at it a page dies. */
async function throughPages(
  server: ReturnType<typeof aServer>,
  deaths: readonly { readonly after: number; readonly isCrash: boolean }[],
) {
  const ran: string[] = [];
  let kept: Kept = { entries: [], turn: undefined };
  for (let page = 0; ; page += 1) {
    const death = deaths[page];
    let looks = 0;
    let die = () => {};
    const dead = new Promise<void>((resolve) => {
      die = resolve;
    });
    const look = () => {
      looks += 1;
      if (looks === death?.after) die();
    };
    let stored = kept;
    let onEnd = () => {};
    const world = aWorld({
      script: [],
      server,
      capabilities: ['replay', 'cancel'],
      tools: [{ name: 'add', annotations: { readOnlyHint: true } }],
      rules: { requireConfirmFor: [], autoApprove: ['add'] },
      entries: kept.entries,
      kept: kept.turn,
      run: async ({ toolCallId }) => {
        ran.push(toolCallId);
        look();
        await Promise.resolve();
        look();
        return done('ok');
      },
      remember: async (turn) => {
        stored = asJson({ entries: world.chat.conversation.value.entries, turn });
        look();
      },
    });
    const isOver = await new Promise<boolean>((resolve) => {
      void dead.then(() => resolve(false));
      if (page === 0) void world.chat.send('Hi');
      onEnd = world.chat.conversation.subscribe((state) => {
        expectSound(state);
        if (state.phase === 'idle' || state.phase === 'failed') resolve(true);
        look();
      });
    });
    onEnd();
    if (isOver) return { world, ran };
    const now = { entries: world.chat.conversation.value.entries, turn: world.chat.turnRecord() };
    kept = death?.isCrash ? stored : asJson(now);
    world.chat.destroy();
  }
}

function asJson(value: Kept): Kept {
  return JSON.parse(JSON.stringify(value)) as Kept;
}

test('whatever the network does, a turn ends, shows everything once, and no call runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.array(fault, { maxLength: 10 }), async (stretches, faults) => {
      const server = aServer(stretches, faults);
      const { world, ran } = await throughPages(server, []);
      const { phase, failure, entries } = world.chat.conversation.value;
      expect({ phase, failure }).toEqual({ phase: 'idle', failure: undefined });
      expect(server.started()).toBe(1);
      expect(server.isOver()).toBe(true);
      expect(new Set(ran).size).toBe(ran.length);
      const asked = stretches.flatMap(({ calls }) => calls);
      expect(ran).toHaveLength(asked.length);
      expect([...server.outputs.keys()].sort()).toEqual([...asked].sort());
      expect(entries).toHaveLength(2);
      expect(world.answer().parts.at(-1)).toMatchObject({ text: 'The end.', streaming: false });
      expect(world.chat.turnRecord()).toBeUndefined();
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('whenever pages die, a turn ends on the next one, and no call runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      plan,
      fc.array(fault, { maxLength: 5 }),
      fc.array(fc.record({ after: fc.integer({ min: 1, max: 40 }), isCrash: fc.boolean() }), {
        maxLength: 3,
      }),
      async (stretches, faults, deaths) => {
        const server = aServer(stretches, faults);
        const { world, ran } = await throughPages(server, deaths);
        const { phase, failure, entries } = world.chat.conversation.value;
        expect({ phase, failure }).toEqual({ phase: 'idle', failure: undefined });
        expect(new Set(ran).size).toBe(ran.length);
        // A page that dies before it has kept that a message was sent has sent nothing.
        if (server.started() === 0) return;
        expect(server.started()).toBe(1);
        expect(server.isOver()).toBe(true);
        expect([...server.outputs.keys()].sort()).toEqual(stretches.flatMap(({ calls }) => calls).sort());
        expect(entries).toHaveLength(2);
        expect(
          world.answer().parts.filter((part) => part.kind === 'text' && part.text === 'The end.'),
        ).toHaveLength(1);
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);
