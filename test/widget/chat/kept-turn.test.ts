import { expect, test, vi } from 'vitest';
import { errorOutput } from '../../../protocol/output.ts';
import type { Entry, ToolCallPart } from '../../../widget/chat/state.ts';
import type { CallProgress, CallRecord, TurnRecord } from '../../../widget/chat/turn-record.ts';
import { WidgetError } from '../../../widget/errors.ts';
import { aTool, aWorld, COMPLETE, calls, done, type EventBody, log, START, says } from './fakes.ts';

const REPLAY = { capabilities: ['replay', 'cancel'] as const };
const ADD = { name: 'add', annotations: { readOnlyHint: true } };
const UNASKED = { requireConfirmFor: [], autoApprove: ['add'] };
const QUESTION: Entry = { role: 'user', id: 'usr_0', text: 'Add' };
const TURN: EventBody = { type: 'turn_start', id: 'turn_2' };

function aRecord(rest: Partial<TurnRecord> = {}): TurnRecord {
  return {
    userId: 'usr_0',
    answerId: 'ast_0',
    executionId: 'exec_1',
    seq: 2,
    calls: [],
    offered: [aTool(ADD)],
    ...rest,
  };
}

function aCall(progress: CallProgress): CallRecord {
  return {
    id: 'call_1',
    runId: 'exec_1 call_1',
    key: 'call_1',
    name: 'add',
    isPageCall: true,
    input: {},
    progress,
  };
}

function anAnswer(state: ToolCallPart['state']): Entry {
  return {
    role: 'assistant',
    id: 'ast_0',
    vote: undefined,
    seq: 2,
    parts: [
      {
        kind: 'tool',
        id: 'call_1',
        name: 'add',
        title: 'Add',
        description: '',
        runsIn: 'page',
        pageOrigin: 'https://shop.example.com',
        input: {},
        approvedBy: undefined,
        state,
      },
    ],
  };
}

const ASKED = log(START, calls('add', 'call_1'));
const REST = log(START, calls('add', 'call_1'), TURN, ...says('Added.', 'text_2'), COMPLETE).slice(2);
const RUNNING: ToolCallPart['state'] = { status: 'running', startedAtMs: 0 };

test('a message that the server may not have is sent again, as it was', async () => {
  const world = aWorld({
    script: [log(START, ...says('Hello.'), COMPLETE)],
    entries: [QUESTION],
    kept: aRecord({ executionId: undefined, seq: 0 }),
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.requests).toMatchObject([
    { kind: 'chat', assistantMessageId: 'ast_0', messages: [{ id: 'usr_0' }] },
  ]);
  expect(world.chat.conversation.value.entries).toMatchObject([
    QUESTION,
    { id: 'ast_0', parts: [{ text: 'Hello.' }] },
  ]);
  await vi.waitFor(() => expect(world.records.at(-1)).toBeUndefined());
});

test('an answer goes on in the middle of a word, from where the kept words end', async () => {
  const [begin, ...rest] = says('Hello th');
  const all = log(
    START,
    ...(begin === undefined ? [] : [begin]),
    ...rest.slice(0, 1),
    { type: 'text_delta', id: 'text_1', delta: 'ere.' },
    COMPLETE,
  );
  const world = aWorld({
    script: [all.slice(3)],
    entries: [
      QUESTION,
      {
        role: 'assistant',
        id: 'ast_0',
        vote: undefined,
        seq: 3,
        parts: [{ kind: 'text', id: 'text_1', text: 'Hello th', streaming: true }],
      },
    ],
    // Kept a little earlier than the words: the words count.
    kept: aRecord({ seq: 1 }),
    ...REPLAY,
  });
  expect(world.chat.conversation.value).toMatchObject({ phase: 'reconnecting' });
  await world.phase('idle');
  expect(world.requests).toMatchObject([{ kind: 'follow', executionId: 'exec_1', after: 3 }]);
  expect(world.answer().parts).toEqual([
    { kind: 'text', id: 'text_1', text: 'Hello there.', streaming: false },
  ]);
});

test('words that were not kept are asked for again', async () => {
  const world = aWorld({
    script: [log(START, ...says('Hello.'), COMPLETE)],
    entries: [QUESTION],
    kept: aRecord({ seq: 3 }),
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.requests).toMatchObject([{ kind: 'follow', after: 0 }]);
  expect(world.answer().parts).toMatchObject([{ text: 'Hello.' }]);
});

test('an output that may not have arrived is brought, and nothing runs again', async () => {
  const world = aWorld({
    script: [[], REST],
    entries: [QUESTION, anAnswer({ status: 'done', result: 'ok', durationMs: 5 })],
    kept: aRecord({ calls: [aCall({ status: 'answered', output: 'It is in the cart.' })] }),
    tools: [ADD],
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.requests).toMatchObject([
    { kind: 'follow', after: 2 },
    { kind: 'resume', toolOutputs: { call_1: 'It is in the cart.' } },
  ]);
  expect(world.ran).toEqual([]);
  expect(world.answer().parts).toMatchObject([
    { kind: 'tool', state: { status: 'done' } },
    { text: 'Added.' },
  ]);
});

test('an output that had arrived is not brought again', async () => {
  const world = aWorld({
    script: [REST],
    entries: [QUESTION, anAnswer({ status: 'done', result: 'ok', durationMs: 5 })],
    kept: aRecord({ calls: [aCall({ status: 'answered', output: 'It is in the cart.' })] }),
    tools: [ADD],
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.requests).toHaveLength(1);
});

test('a call that ran when its page was left is never begun again: its outcome is unknown, and both are told', async () => {
  const world = aWorld({
    script: [[], REST],
    entries: [QUESTION, anAnswer(RUNNING)],
    kept: aRecord({ calls: [aCall({ status: 'started' })] }),
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.ran).toEqual([]);
  expect(world.tools()).toMatchObject([{ title: 'Add', state: { status: 'unknown' } }]);
  expect(world.requests[1]).toMatchObject({
    kind: 'resume',
    toolOutputs: { call_1: { isError: true, content: [{ text: expect.stringContaining('is unknown') }] } },
  });
});

test('a call that led to this page has this page as its result', async () => {
  document.title = 'Your cart';
  const world = aWorld({
    script: [[], REST],
    entries: [QUESTION, anAnswer(RUNNING)],
    kept: aRecord({ calls: [aCall({ status: 'navigating' })] }),
    tools: [ADD],
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.tools()).toMatchObject([{ state: { status: 'done' } }]);
  const resume = world.requests[1];
  const words = JSON.stringify(resume?.kind === 'resume' && resume.toolOutputs);
  expect(words).toContain(location.pathname);
  expect(words).toContain('Your cart');
});

test('a pending approval survives, and works', async () => {
  const world = aWorld({
    script: [[], REST],
    entries: [QUESTION, anAnswer({ status: 'approval', canRemember: true })],
    kept: aRecord({ calls: [aCall({ status: 'asked' })], offered: [aTool({ name: 'add' })] }),
    tools: [{ name: 'add' }],
    ...REPLAY,
  });
  // Not before somebody hears the answer.
  expect(world.tools()).toMatchObject([{ state: { status: 'requested' } }]);
  await world.phase('waiting');
  world.chat.decide('call_1', 'once');
  await world.phase('idle');
  expect(world.ran).toEqual([{ toolCallId: 'exec_1 call_1', name: 'add', input: {} }]);
  expect(world.tools()).toMatchObject([{ approvedBy: 'visitor_once', state: { status: 'done' } }]);
});

test('a call that stands in the record alone gets its row back', async () => {
  const world = aWorld({
    script: [[], REST],
    entries: [QUESTION],
    kept: aRecord({ calls: [aCall({ status: 'asked' })] }),
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
  });
  await world.phase('idle');
  expect(world.tools()).toMatchObject([{ name: 'add', state: { status: 'done' } }]);
});

test('without replay what was asked for is still brought', async () => {
  const world = aWorld({
    script: [[...says('Added.', 'text_2'), COMPLETE]],
    entries: [QUESTION, anAnswer(RUNNING)],
    kept: aRecord({ calls: [aCall({ status: 'asked' })] }),
    tools: [ADD],
    rules: UNASKED,
  });
  await world.phase('idle');
  expect(world.requests).toMatchObject([{ kind: 'resume' }]);
});

test.each([
  ['an answer', aRecord({ seq: 2 }), [{ kind: 'tool' }, { notice: 'interrupted' }]],
  ['a message', aRecord({ executionId: undefined }), [{ kind: 'tool' }]],
])('without replay %s is not asked for again by the chat itself', async (_, kept, parts) => {
  const world = aWorld({
    script: [[START, ...says('Once more.'), COMPLETE]],
    entries: [QUESTION, anAnswer({ status: 'done', result: 'ok', durationMs: 5 })],
    kept,
  });
  await world.phase('failed');
  expect(world.requests).toEqual([]);
  expect(world.chat.conversation.value.failure).toMatchObject({ code: 'interrupted', retryable: true });
  expect(world.answer().parts).toMatchObject(parts);
  await world.chat.retry();
  expect(world.requests).toMatchObject([{ kind: 'chat' }]);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('a turn that is gone on the server says so, and can be sent again', async () => {
  const world = aWorld({
    script: [new WidgetError('execution_not_found', 'Unknown.', { retryable: false })],
    entries: [QUESTION],
    kept: aRecord(),
    ...REPLAY,
  });
  await world.phase('failed');
  expect(world.chat.conversation.value.failure).toMatchObject({
    code: 'execution_not_found',
    retryable: true,
  });
});

test('a new message while an earlier turn is found again ends that turn', async () => {
  const world = aWorld({
    script: [
      { events: [], after: 'nothing' },
      log({ ...START, executionId: 'exec_2' }, ...says('Sure.')).map((event) => ({
        executionId: 'exec_2',
        ...event,
      })),
      [],
    ],
    entries: [QUESTION],
    kept: aRecord(),
    ...REPLAY,
  });
  await vi.waitFor(() => expect(world.requests).toHaveLength(1));
  void world.chat.send('Something else');
  await vi.waitFor(() => expect(world.requests.length).toBeGreaterThan(1));
  expect(world.requests[1]).toMatchObject({ kind: 'chat' });
  // It ends there with the message that follows, and not by a stop of the visitor's.
  expect(world.cancelled).toEqual([]);
  world.chat.destroy();
});

test('the turn is kept before a call begins, with its output before that leaves, and not at each word', async () => {
  const order: string[] = [];
  const world = aWorld({
    script: [
      log(START, ...says('I add it.', 'text_0'), calls('add', 'call_1')),
      log(
        START,
        ...says('I add it.', 'text_0'),
        calls('add', 'call_1'),
        TURN,
        ...says('Added.'),
        COMPLETE,
      ).slice(5),
    ],
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
    run: async () => {
      order.push('ran');
      return done('ok');
    },
    remember: async (record) => {
      await Promise.resolve();
      order.push(record === undefined ? 'over' : (record.calls[0]?.progress.status ?? `at ${record.seq}`));
    },
  });
  const sending = world.chat.send('Add');
  await sending;
  await vi.waitFor(() => expect(order.at(-1)).toBe('over'));
  expect(order).toEqual(['at 0', 'at 1', 'asked', 'started', 'ran', 'answered', 'at 6', 'over']);
  expect(world.records.find((record) => record?.calls[0]?.progress.status === 'answered')).toMatchObject({
    executionId: 'exec_1',
    userId: 'usr_1',
    seq: 5,
    calls: [
      {
        id: 'call_1',
        key: 'call_1',
        runId: 'exec_1 call_1',
        progress: { output: { content: [{ text: 'ok' }] } },
      },
    ],
    offered: [{ name: 'add', fingerprint: 'f:add' }],
  });
});

test('the question goes when it is answered, not when that is kept', async () => {
  let kept = () => {};
  const world = aWorld({
    script: [ASKED, REST],
    tools: [{ name: 'add' }],
    ...REPLAY,
    manualTime: true,
    remember: (record) =>
      record?.calls[0]?.progress.status === 'started'
        ? new Promise<void>((resolve) => {
            kept = resolve;
          })
        : Promise.resolve(),
  });
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  world.chat.decide('call_1', 'once');
  await world.phase('acting');
  expect(world.tools()).toMatchObject([{ approvedBy: 'visitor_once', state: { status: 'requested' } }]);
  expect(world.ran).toEqual([]);
  kept();
  await sending;
  expect(world.ran).toHaveLength(1);
});

test('a storage that fails or hangs does not hold the chat up', async () => {
  for (const remember of [() => Promise.reject(new Error('full')), () => new Promise<void>(() => {})]) {
    const world = aWorld({
      script: [ASKED, REST],
      tools: [ADD],
      rules: UNASKED,
      ...REPLAY,
      remember,
    });
    await world.chat.send('Add');
    expect(world.chat.conversation.value.phase).toBe('idle');
  }
});

test('the turn as it stands can be asked for at any moment, words and position of one moment', async () => {
  const world = aWorld({
    script: [{ events: log(START, ...says('Half an').slice(0, 2)), after: 'nothing' }],
    ...REPLAY,
    manualFrames: true,
  });
  void world.chat.send('Hi');
  await vi.waitFor(() => expect(world.heard.event).toHaveLength(3));
  expect(world.chat.turnRecord()).toMatchObject({ executionId: 'exec_1', seq: 3 });
  expect(world.answer()).toMatchObject({ seq: 3, parts: [{ text: 'Half an' }] });
  world.chat.stop();
  expect(world.chat.turnRecord()).toBeUndefined();
});

test('a call that leads the page away leaves its end to the next page; should the page stay, it ends here', async () => {
  const world = aWorld({
    script: [ASKED, REST],
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
    run: async () => ({ status: 'navigated', output: errorOutput('Gone.'), durationMs: 1 }),
  });
  await world.chat.send('Add');
  expect(world.records.map((record) => record?.calls[0]?.progress.status)).toContain('navigating');
  expect(world.tools()).toMatchObject([{ state: { status: 'done' } }]);
  expect(world.chat.conversation.value.phase).toBe('idle');
});
