import { expect, test, vi } from 'vitest';
import { WidgetError } from '../../../widget/errors.ts';
import { aWorld, broken, COMPLETE, calls, type EventBody, log, network, START, says } from './fakes.ts';

const REPLAY = { capabilities: ['replay', 'cancel'] as const };
const ADD = { name: 'add', annotations: { readOnlyHint: true } };
const UNASKED = { requireConfirmFor: [], autoApprove: ['add'] };
const TURN: EventBody = { type: 'turn_start', id: 'turn_2' };
const HELLO = log(START, ...says('Hello there.'), COMPLETE);

function refused(code: WidgetError['code'], rest: ConstructorParameters<typeof WidgetError>[2] = {}) {
  return new WidgetError(code, `Refused: ${code}.`, { retryable: false, ...rest });
}

test('an answer that breaks off is asked for from where it stopped, and shows once', async () => {
  const world = aWorld({
    script: [
      { events: HELLO.slice(0, 3), after: broken() },
      // Two events that are known, as a server repeats them that counts another way.
      { events: HELLO.slice(1, 4), after: broken() },
      HELLO.slice(4),
    ],
    ...REPLAY,
  });
  await world.chat.send('Hi');
  expect(world.requests).toMatchObject([
    { kind: 'chat' },
    { kind: 'follow', executionId: 'exec_1', after: 3 },
    { kind: 'follow', executionId: 'exec_1', after: 4 },
  ]);
  expect(world.answer().parts).toMatchObject([{ text: 'Hello there.', streaming: false }]);
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle', failure: undefined });
  expect(world.heard.event?.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(world.heard.error).toBeUndefined();
});

test('a stream that ends without a pause or an end is asked for the rest, too', async () => {
  const world = aWorld({ script: [HELLO.slice(0, 3), HELLO.slice(3)], ...REPLAY });
  await world.chat.send('Hi');
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'follow']);
  expect(world.answer().parts).toMatchObject([{ text: 'Hello there.' }]);
});

test('a message whose answer never began is sent again as it was', async () => {
  const world = aWorld({
    script: [
      new WidgetError('unreachable', 'No answer.'),
      new WidgetError('internal', 'Bad gateway.'),
      HELLO,
    ],
    ...REPLAY,
  });
  await world.chat.send('Hi');
  const [first, second, third] = world.requests;
  expect([second, third]).toEqual([first, first]);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('while it waits the chat says so, and the pauses grow and stay bounded', async () => {
  const world = aWorld({
    script: [HELLO.slice(0, 3), ...Array.from({ length: 12 }, broken), HELLO.slice(3)],
    ...REPLAY,
  });
  const phases: unknown[] = [];
  world.chat.conversation.subscribe(({ phase, wait }) => phases.push(wait === undefined ? phase : wait));
  await world.chat.send('Hi');
  expect(phases).toContainEqual({ reason: 'reconnecting' });
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle', wait: undefined });
  const pauses = world.pauses.filter((ms) => ms !== 2_000);
  expect(pauses).toHaveLength(13);
  expect(pauses.every((ms, index) => ms <= Math.min(15_000, 500 * 2 ** index))).toBe(true);
});

test('what fails for two minutes without a word is given up, and Retry goes on with the same turn', async () => {
  const endless = Array.from({ length: 400 }, () => broken());
  const script = [HELLO.slice(0, 3), ...endless, HELLO.slice(3)];
  const world = aWorld({ script, ...REPLAY });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { code: 'interrupted', retryable: true },
  });
  const tried = world.requests.length;
  expect(tried).toBeGreaterThan(10);
  expect(tried).toBeLessThan(100);
  expect(world.chat.turnRecord()).toMatchObject({ executionId: 'exec_1', seq: 3 });
  world.script.splice(0, world.script.length - 1);
  await world.chat.retry();
  expect(world.answer().parts).toMatchObject([{ text: 'Hello there.', streaming: false }]);
  expect(world.chat.conversation.value.entries).toHaveLength(2);
});

test('offline nothing is tried; the first network is used at once', async () => {
  network(false);
  const world = aWorld({ script: [HELLO.slice(0, 3), HELLO.slice(3)], ...REPLAY });
  const sending = world.chat.send('Hi');
  await world.phase('reconnecting');
  expect(world.chat.conversation.value.wait).toEqual({ reason: 'offline' });
  expect(world.requests).toHaveLength(1);
  network(true);
  await sending;
  expect(world.requests).toHaveLength(2);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test.each([
  ['the network comes back', () => window.dispatchEvent(new Event('online'))],
  ['the tab is looked at', () => document.dispatchEvent(new Event('visibilitychange'))],
])('a pause ends when %s', async (_, wake) => {
  const world = aWorld({ script: [HELLO.slice(0, 3), HELLO.slice(3)], ...REPLAY, manualTime: true });
  const sending = world.chat.send('Hi');
  await world.phase('reconnecting');
  wake();
  await sending;
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('a server that names a time is asked then and not before', async () => {
  const world = aWorld({
    script: [refused('rate_limited', { retryable: true, retryAfterMs: 12_000 }), HELLO],
    manualTime: true,
  });
  const sending = world.chat.send('Hi');
  await world.phase('reconnecting');
  expect(world.chat.conversation.value.wait).toEqual({ reason: 'too_many', untilMs: 13_000 });
  window.dispatchEvent(new Event('online'));
  await Promise.resolve();
  expect(world.requests).toHaveLength(1);
  world.passTime();
  await sending;
  expect(world.requests).toHaveLength(2);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('a server that names a time too far away is not waited for', async () => {
  const world = aWorld({ script: [refused('rate_limited', { retryable: true, retryAfterMs: 3_600_000 })] });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({ phase: 'failed', failure: { retryable: true } });
});

test('outputs that were lost on the way are brought again, and what they led to shows once', async () => {
  const all = log(START, calls('add', 'call_1'), TURN, ...says('Added.', 'text_2'), COMPLETE);
  const world = aWorld({
    script: [
      all.slice(0, 2),
      new WidgetError('internal', 'Bad gateway.'),
      { events: all.slice(2, 5), after: broken() },
      all.slice(5),
    ],
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
  });
  await world.chat.send('Add');
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'resume', 'follow']);
  expect(world.ran).toHaveLength(1);
  expect(world.answer().parts).toMatchObject([{ kind: 'tool' }, { text: 'Added.' }]);
});

test('a line that breaks between two calls is asked for the second', async () => {
  const all = log(START, calls('add', 'call_1'), calls('add', 'call_2'), TURN, ...says('Both.'), COMPLETE);
  const world = aWorld({
    script: [{ events: all.slice(0, 2), after: broken() }, all.slice(2, 3), all.slice(3)],
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
  });
  await world.chat.send('Add');
  expect(world.requests).toMatchObject([
    { kind: 'chat' },
    { kind: 'follow', after: 2 },
    { kind: 'resume', toolOutputs: { call_1: {}, call_2: {} } },
  ]);
  expect(world.ran).toHaveLength(2);
});

test('outputs that another tab brought are not brought again: the answer goes on', async () => {
  const all = log(START, calls('add', 'call_1'), TURN, ...says('Done.'), COMPLETE);
  const world = aWorld({
    script: [all.slice(0, 2), refused('already_resolved'), all.slice(2)],
    tools: [ADD],
    rules: UNASKED,
    ...REPLAY,
  });
  await world.chat.send('Add');
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'follow']);
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle', failure: undefined });
});

test.each([
  ['execution_not_found', 'restarts'],
  ['execution_expired', 'restarts'],
  ['already_resolved', 'restarts'],
  ['execution_not_awaiting', 'restarts'],
  ['conversation_deleted', 'again'],
] as const)('%s ends the turn, and Retry sends the message as another turn', async (code, advice) => {
  const world = aWorld({
    script: [[START, calls('add', 'call_1')], refused(code), [START, ...says('Again.'), COMPLETE]],
    tools: [ADD],
    rules: UNASKED,
  });
  await world.chat.send('Add');
  const { failure, phase } = world.chat.conversation.value;
  expect(phase).toBe('failed');
  expect(failure).toMatchObject({ code, advice, retryable: true });
  expect(world.chat.turnRecord()).toBeUndefined();
  await world.chat.retry();
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'chat']);
  expect(world.chat.conversation.value.entries).toMatchObject([
    { text: 'Add' },
    { parts: [{ kind: 'tool' }] },
    { parts: [{ text: 'Again.' }] },
  ]);
});

test.each(['origin_not_allowed', 'invalid_client_token', 'message_limit_reached'] as const)(
  '%s is final until the visitor tries again, and the message stays',
  async (code) => {
    const world = aWorld({ script: [refused(code), HELLO], ...REPLAY });
    await world.chat.send('Hi');
    expect(world.requests).toHaveLength(1);
    expect(world.chat.conversation.value).toMatchObject({
      phase: 'failed',
      failure: { code, retryable: true },
      entries: [{ text: 'Hi' }],
    });
    await world.chat.retry();
    expect(world.chat.conversation.value.phase).toBe('idle');
  },
);

test.each(['body_too_large', 'invalid_request', 'idempotency_key_reused'] as const)(
  'a message that is refused as %s goes back to where it was written',
  async (code) => {
    const world = aWorld({ script: [refused(code), HELLO] });
    await world.chat.send('Hi');
    expect(world.chat.draft.value).toBe('Hi');
    expect(world.chat.conversation.value).toMatchObject({
      phase: 'failed',
      failure: { code, retryable: false },
    });
    expect(world.chat.conversation.value.entries).toEqual([]);
    await world.chat.send('Hello');
    expect(world.requests[1]).toMatchObject({ messages: [{ content: 'Hello' }] });
    expect(world.chat.conversation.value.phase).toBe('idle');
  },
);

test('a server without replay is never asked a second time by the chat itself', async () => {
  const world = aWorld({
    script: [{ events: [START, ...says('Half').slice(0, 2)], after: broken() }],
  });
  await world.chat.send('Hi');
  expect(world.requests).toHaveLength(1);
  expect(world.answer().parts).toMatchObject([{ text: 'Half' }, { notice: 'interrupted' }]);
  expect(world.chat.conversation.value.failure).toMatchObject({
    retryable: true,
    says: 'cut_off',
    advice: 'again',
  });
});

test.each([
  ['words', says('Half').slice(0, 2)],
  ['nothing but its name', []],
])('an answer that was cut off after %s is the next page’s to say, too', async (_, heard) => {
  const world = aWorld({ script: [{ events: [START, ...heard], after: broken() }] });
  await world.chat.send('Hi');
  const kept = world.chat.turnRecord();
  if (kept === undefined) throw new Error('The turn is not kept.');
  expect(world.records.at(-1)).toBeDefined();
  const next = aWorld({ script: [HELLO], entries: world.chat.conversation.value.entries, kept });
  await next.phase('failed');
  expect(next.requests).toEqual([]);
  expect(next.chat.conversation.value.failure).toMatchObject({ code: 'interrupted', retryable: true });
  await next.chat.retry();
  expect(next.requests).toMatchObject([{ kind: 'chat', messages: [{ content: 'Hi' }] }]);
  expect(next.chat.turnRecord()).toBeUndefined();
});

test('words that the server takes back go, with what replaces them in their place', async () => {
  const world = aWorld({
    script: [
      log(
        START,
        ...says('Once upon', 'text_1').slice(0, 2),
        { type: 'custom', name: 'pagehand.superseded', value: { turnId: 'turn_1', blockIds: ['text_1'] } },
        ...says('There was', 'text_9'),
        COMPLETE,
      ),
    ],
    ...REPLAY,
  });
  await world.chat.send('Hi');
  expect(world.answer().parts).toMatchObject([{ text: 'There was' }]);
});

test.each([
  ['cancel', 'stopped'],
  ['new_message', 'new_message'],
] as const)('an execution that ended by %s has not failed', async (endedBy, notice) => {
  const world = aWorld({
    script: [log(START, ...says('Well').slice(0, 2), { ...COMPLETE, success: false, endedBy })],
    ...REPLAY,
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle', failure: undefined });
  expect(world.answer().parts).toMatchObject([{ text: 'Well', streaming: false }, { notice }]);
});

test('Stop tells the server, again if it does not hear', async () => {
  let attempts = 0;
  const world = aWorld({
    script: [{ events: HELLO.slice(0, 3), after: 'nothing' }],
    ...REPLAY,
    cancel: async () => {
      attempts += 1;
      if (attempts < 3) throw new WidgetError('unreachable', 'No answer.');
    },
  });
  const sending = world.chat.send('Hi');
  await world.phase('answering');
  world.chat.stop();
  await sending;
  await vi.waitFor(() => expect(world.cancelled).toEqual(['exec_1', 'exec_1', 'exec_1']));
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.records.at(-1)).toBeUndefined();
});

test('Stop gives up on a server that never hears', async () => {
  const world = aWorld({
    script: [{ events: HELLO.slice(0, 3), after: 'nothing' }],
    ...REPLAY,
    cancel: () => Promise.reject(new WidgetError('unreachable', 'No answer.')),
  });
  const sending = world.chat.send('Hi');
  await world.phase('answering');
  world.chat.stop();
  await sending;
  await vi.waitFor(() => expect(world.cancelled.length).toBe(5));
  await new Promise((resolve) => setTimeout(resolve));
  expect(world.cancelled).toHaveLength(5);
});

test('Stop before the server has named the turn ends it as soon as it does', async () => {
  let begin = () => {};
  const world = aWorld({
    script: [{ events: HELLO, after: 'nothing', before: new Promise<void>((resolve) => (begin = resolve)) }],
    ...REPLAY,
  });
  const sending = world.chat.send('Hi');
  await vi.waitFor(() => expect(world.requests).toHaveLength(1));
  world.chat.stop();
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.cancelled).toEqual([]);
  begin();
  await sending;
  expect(world.cancelled).toEqual(['exec_1']);
  expect(world.answer().parts).toMatchObject([{ notice: 'stopped' }]);
});

test('Stop of a message that never got there tells nobody', async () => {
  const world = aWorld({ script: [broken(), HELLO], ...REPLAY, manualTime: true });
  const sending = world.chat.send('Hi');
  await world.phase('reconnecting');
  world.chat.stop();
  await sending;
  expect(world.cancelled).toEqual([]);
  expect(world.requests).toHaveLength(1);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('Stop works while the chat waits for the network', async () => {
  network(false);
  const world = aWorld({ script: [HELLO.slice(0, 3)], ...REPLAY });
  const sending = world.chat.send('Hi');
  await world.phase('reconnecting');
  world.chat.stop();
  await sending;
  expect(world.cancelled).toEqual(['exec_1']);
  network(true);
  await Promise.resolve();
  expect(world.requests).toHaveLength(1);
});

test('a server that cannot be told is not told', async () => {
  const world = aWorld({ script: [{ events: [START, ...says('Well')], after: 'nothing' }] });
  const sending = world.chat.send('Hi');
  await vi.waitFor(() => expect(world.answer().parts).toHaveLength(1));
  world.chat.stop();
  await sending;
  expect(world.cancelled).toEqual([]);
});

test('what drives a turn is fetched late; should it not come, the message stays and Retry sends it', async () => {
  let isUp = false;
  const world = aWorld({
    script: [HELLO],
    prepare: () => (isUp ? Promise.resolve() : Promise.reject(new TypeError('Failed to fetch'))),
  });
  world.chat.prepare();
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { code: 'not_loaded', retryable: true },
    entries: [{ text: 'Hi' }],
  });
  expect(world.chat.turnRecord()).toMatchObject({ userId: 'usr_1', executionId: undefined });
  isUp = true;
  await world.chat.retry();
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle' });
  expect(world.answer().parts).toMatchObject([{ text: 'Hello there.' }]);
});

test('without a network it comes with the network, and the message goes out', async () => {
  network(false);
  const world = aWorld({
    script: [HELLO],
    prepare: () => (navigator.onLine ? Promise.resolve() : Promise.reject(new TypeError('Failed to fetch'))),
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({ phase: 'reconnecting', wait: { reason: 'offline' } });
  network(true);
  await world.phase('idle');
  expect(world.answer().parts).toMatchObject([{ text: 'Hello there.' }]);
});
