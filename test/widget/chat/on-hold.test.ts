import { expect, test } from 'vitest';
import type { Entry } from '../../../widget/chat/state.ts';
import { aWorld, COMPLETE, type EventBody, log, START, says } from './fakes.ts';

const REPLAY = { capabilities: ['replay', 'cancel'] as const };
const HOUR_MS = 60 * 60_000;
const ASKED: EventBody = {
  type: 'approval_start',
  approvalId: 'appr_1',
  toolCallId: 'call_1',
  toolName: 'pay_back',
  parameters: { cents: 500 },
  timeout: HOUR_MS,
};

function decided(decision: 'approved' | 'denied' | 'timeout', seq = 3): EventBody {
  return { type: 'approval_complete', approvalId: 'appr_1', decision, seq } as EventBody;
}

/** What comes after what was heard. */
function later(...events: readonly EventBody[]): EventBody[] {
  return events.map((event, index) => ({ ...event, seq: index + 3 }));
}

const RUN: readonly EventBody[] = [
  decided('approved'),
  { type: 'tool_start', toolCallId: 'call_1', toolName: 'pay_back', parameters: { cents: 500 } },
  { type: 'tool_complete', toolCallId: 'call_1', success: true, result: 'Paid.', executionTime: 300 },
  { type: 'turn_start', id: 'turn_2' },
  ...says('It is paid.'),
  COMPLETE,
];

test('a call that somebody else approves goes on by itself, as one row', async () => {
  const world = aWorld({ ...REPLAY, script: [log(START, ASKED), [], [], later(...RUN)] });
  const sending = world.chat.send('Pay me back');
  await world.phase('on_hold');
  expect(world.tools()).toMatchObject([
    { id: 'call_1', title: 'Pay back', input: { cents: 500 }, state: { status: 'on_hold' } },
  ]);
  await sending;
  expect(world.requests.slice(1)).toMatchObject(
    [1, 2, 3].map(() => ({ kind: 'follow', executionId: 'exec_1', after: 2 })),
  );
  expect(world.tools()).toMatchObject([
    { id: 'call_1', approvedBy: 'operator', state: { status: 'done', result: 'Paid.' } },
  ]);
  expect(world.answer().parts.at(-1)).toMatchObject({ text: 'It is paid.' });
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test.each([
  ['denied', 'denied'],
  ['timeout', 'undecided'],
] as const)(
  'a call whose approval ended as %s stands as not run, and the answer goes on',
  async (decision, reason) => {
    const rest = later(
      decided(decision),
      { type: 'turn_start', id: 'turn_2' },
      ...says('It was not.'),
      COMPLETE,
    );
    const world = aWorld({ ...REPLAY, script: [log(START, ASKED), rest] });
    await world.chat.send('Pay me back');
    expect(world.tools()).toMatchObject([{ state: { status: 'refused', reason } }]);
    expect(world.answer().parts.at(-1)).toMatchObject({ text: 'It was not.' });
  },
);

test('the looks become rarer the longer it takes, and end where nobody decides any more', async () => {
  const looks = Array.from({ length: 400 }, () => []);
  const world = aWorld({ ...REPLAY, script: [log(START, ASKED), ...looks] });
  await world.chat.send('Pay me back');
  expect(Math.max(...world.pauses)).toBe(30_000);
  expect(world.requests.length).toBeGreaterThan(100);
  expect(world.requests.length).toBeLessThan(250);
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.tools()).toMatchObject([{ state: { status: 'cancelled', reason: 'unanswerable' } }]);
});

test('Stop ends the wait here and on the server', async () => {
  const world = aWorld({ ...REPLAY, manualTime: true, script: [log(START, ASKED)] });
  const sending = world.chat.send('Pay me back');
  await world.phase('on_hold');
  world.chat.stop();
  await sending;
  world.passTime();
  expect(world.requests).toHaveLength(1);
  expect(world.cancelled).toEqual(['exec_1']);
  expect(world.tools()).toMatchObject([{ state: { status: 'cancelled', reason: 'stopped' } }]);
});

test('the next page goes on with the wait', async () => {
  const entries: Entry[] = [
    { role: 'user', id: 'usr_0', text: 'Pay me back' },
    {
      role: 'assistant',
      id: 'ast_0',
      vote: undefined,
      seq: 2,
      parts: [
        {
          kind: 'tool',
          id: 'call_1',
          name: 'pay_back',
          title: 'Pay back',
          description: '',
          runsIn: 'server',
          pageOrigin: '',
          input: {},
          approvedBy: undefined,
          state: { status: 'on_hold', approvalId: 'appr_1', untilMs: undefined },
        },
      ],
    },
  ];
  const kept = { userId: 'usr_0', answerId: 'ast_0', executionId: 'exec_1', seq: 2, calls: [], offered: [] };
  const world = aWorld({ ...REPLAY, entries, kept, script: [[], later(...RUN)] });
  await world.phase('on_hold');
  await world.phase('idle');
  expect(world.requests).toMatchObject([
    { kind: 'follow', after: 2 },
    { kind: 'follow', after: 2 },
  ]);
  expect(world.tools()).toMatchObject([{ state: { status: 'done' } }]);
});

test('a call that was refused while the visitor answered something else is not left open', async () => {
  const question = {
    type: 'await',
    toolName: 'nobodys',
    toolCallId: 'call_2',
    seq: 3,
  } as unknown as EventBody;
  const rest = [{ type: 'turn_start', id: 'turn_2' } as const, ...says('It was not.'), COMPLETE];
  const world = aWorld({
    ...REPLAY,
    script: [[...log(START, ASKED), question], rest.map((event, index) => ({ ...event, seq: index + 6 }))],
  });
  await world.chat.send('Pay me back');
  expect(world.requests[1]).toMatchObject({ kind: 'resume' });
  expect(world.tools()[0]).toMatchObject({ id: 'call_1', state: { status: 'refused', reason: 'denied' } });
});

test('a server that says nothing of the decision is believed by what comes', async () => {
  const [, start, end, ...rest] = RUN;
  const world = aWorld({
    ...REPLAY,
    script: [log(START, ASKED), later(...[start, end].flatMap((event) => event ?? []), ...rest)],
  });
  await world.chat.send('Pay me back');
  expect(world.tools()).toMatchObject([{ id: 'call_1', state: { status: 'done' } }]);
});
