import { expect, test, vi } from 'vitest';
import { MAX_MESSAGE_CHARS } from '../../../protocol/limits.ts';
import { WidgetError } from '../../../widget/errors.ts';
import { aWorld, COMPLETE, calls, done, START, says } from './fakes.ts';

const ADD = { name: 'add', annotations: { readOnlyHint: true } };
const UNASKED = { requireConfirmFor: [], autoApprove: ['add'] };
const offline = () => new WidgetError('unreachable', 'You are offline.', { hint: 'Your message is kept.' });

test('a message that cannot be sent stays, says why, and goes out again as it was', async () => {
  const world = aWorld({ script: [offline(), [START, ...says('Hello.'), COMPLETE]] });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: {
      code: 'unreachable',
      advice: 'connection',
      retryable: true,
    },
    entries: [{ role: 'user', text: 'Hi' }],
  });
  expect(world.heard.error).toHaveLength(1);
  await world.chat.retry();
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'idle',
    failure: undefined,
    entries: [{ role: 'user', text: 'Hi' }, { role: 'assistant' }],
  });
  expect(world.requests[1]).toMatchObject({ messages: [{ id: 'usr_1', content: 'Hi' }] });
});

test('outputs that could not be brought back are brought again, and no tool runs twice', async () => {
  const world = aWorld({
    script: [
      [START, calls('add', 'call_1')],
      new WidgetError('internal', 'Bad gateway.'),
      offline(),
      [...says('Added.'), COMPLETE],
    ],
    tools: [ADD],
    rules: UNASKED,
  });
  await world.chat.send('Add');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { message: 'Bad gateway.' },
  });
  expect(world.tools()).toMatchObject([{ state: { status: 'done' } }]);
  await world.chat.retry();
  expect(world.chat.conversation.value.phase).toBe('failed');
  await world.chat.retry();
  expect(world.chat.conversation.value.phase).toBe('idle');
  const [, first, second, third] = world.requests;
  expect([second, third]).toEqual([first, first]);
  expect(world.ran).toHaveLength(1);
  expect(world.answer().parts.map(({ kind }) => kind)).toEqual(['tool', 'text']);
});

test('an answer that broke off after the outputs stays, marked, and the message goes out again below it', async () => {
  const rest = [...says('It is in the cart.'), COMPLETE];
  const world = aWorld({
    script: [
      [START, ...says('I add it.', 'text_0'), calls('add', 'call_1')],
      { events: rest.slice(0, 2), after: new WidgetError('interrupted', 'The connection broke.') },
      rest,
    ],
    tools: [ADD],
    rules: UNASKED,
  });
  await world.chat.send('Add');
  expect(world.answer().parts).toMatchObject([
    { text: 'I add it.' },
    { kind: 'tool', state: { status: 'done' } },
    { text: 'It is in the cart.' },
    { notice: 'interrupted' },
  ]);
  await world.chat.retry();
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'chat']);
  expect(world.answer().parts).toMatchObject([{ text: 'It is in the cart.' }]);
  expect(world.chat.conversation.value.entries).toHaveLength(3);
  expect(world.ran).toHaveLength(1);
});

test('a stream that ends in the middle is a failure with a way out', async () => {
  const world = aWorld({
    script: [
      [START, ...says('Half an')],
      [START, ...says('A whole answer.'), COMPLETE],
    ],
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { code: 'interrupted', retryable: true },
  });
  expect(world.answer().parts).toMatchObject([
    { text: 'Half an', streaming: false },
    { notice: 'interrupted' },
  ]);
  await world.chat.retry();
  const [first, second] = world.requests;
  expect(first?.kind === 'chat' && second?.kind === 'chat' && first.assistantMessageId).not.toBe(
    second?.kind === 'chat' && second.assistantMessageId,
  );
  expect(world.chat.conversation.value.entries).toMatchObject([
    { role: 'user' },
    { role: 'assistant', parts: [{ text: 'Half an' }, { notice: 'interrupted' }] },
    { role: 'assistant', parts: [{ text: 'A whole answer.' }] },
  ]);
});

test('a line that breaks after a call was told does not lose the call', async () => {
  const world = aWorld({
    script: [
      {
        events: [START, calls('add', 'call_1')],
        after: new WidgetError('interrupted', 'The connection broke.'),
      },
      [...says('Added.'), COMPLETE],
    ],
    tools: [ADD],
    rules: UNASKED,
  });
  await world.chat.send('Add');
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.ran).toHaveLength(1);
});

test('what the server says of its failure is shown once', async () => {
  const world = aWorld({
    script: [
      [
        START,
        { type: 'text_start', id: 'text_1', role: 'error' },
        { type: 'text_delta', id: 'text_1', delta: 'The model is busy.' },
        { type: 'text_complete', id: 'text_1' },
        {
          type: 'execution_error',
          error: { code: 'model_rate_limited', message: 'The model is busy.', retryable: true },
        },
      ],
      [START, ...says('Hello.'), COMPLETE],
    ],
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { code: 'model_rate_limited', message: 'The model is busy.', retryable: true },
    entries: [{ role: 'user' }],
  });
  expect(world.heard.error).toMatchObject([{ code: 'model_rate_limited' }]);
  await world.chat.retry();
  expect(world.requests[1]?.kind).toBe('chat');
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('an execution that failed after a call keeps the receipt and starts anew below it', async () => {
  const world = aWorld({
    script: [
      [START, calls('add', 'call_1')],
      [{ type: 'execution_error', error: 'The model gave up.' }],
      [START, ...says('It is there already.'), COMPLETE],
    ],
    tools: [ADD],
    rules: UNASKED,
  });
  await world.chat.send('Add');
  await world.chat.retry();
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'chat']);
  expect(world.chat.conversation.value.entries).toMatchObject([
    { role: 'user' },
    { role: 'assistant', parts: [{ kind: 'tool', state: { status: 'done' } }] },
    { role: 'assistant', parts: [{ kind: 'text' }] },
  ]);
  const last = world.requests[2];
  expect(last?.kind === 'chat' && last.messages.map(({ role }) => role)).toEqual(['user']);
});

test('a question whose turn failed does not stand without a word once the next is asked', async () => {
  const world = aWorld({ script: [offline(), [START, ...says('Here.'), COMPLETE]] });
  await world.chat.send('First');
  await world.chat.send('Second');
  expect(world.chat.conversation.value.entries).toMatchObject([
    { role: 'user', text: 'First' },
    { role: 'assistant', parts: [{ kind: 'notice', notice: 'error' }] },
    { role: 'user', text: 'Second' },
    { role: 'assistant', parts: [{ text: 'Here.' }] },
  ]);
});

test('an error that the server calls final ends the turn with its words', async () => {
  const world = aWorld({
    script: [[START, { type: 'error', error: 'The shop is closed.', recoverable: false }]],
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { message: 'The shop is closed.' },
  });
});

test('a failure that trying again cannot mend says so', async () => {
  const world = aWorld({
    script: [
      [
        START,
        { type: 'execution_error', error: { code: 'model_refused', message: 'No.', retryable: false } },
      ],
    ],
  });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value.failure).toMatchObject({ retryable: false });
});

test('stop in the middle of an answer keeps what arrived and frees the chat', async () => {
  const world = aWorld({
    script: [{ events: [START, ...says('Once upon a').slice(0, 2)], after: 'nothing' }],
  });
  const sending = world.chat.send('Tell me');
  await world.phase('answering');
  world.chat.stop();
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.answer().parts).toMatchObject([
    { kind: 'text', text: 'Once upon a', streaming: false },
    { kind: 'notice', notice: 'stopped' },
  ]);
  await sending;
  expect(world.heard.error).toBeUndefined();
});

test('stop in the middle of a tool asks the tool to stop and sends nothing', async () => {
  let asked = false;
  const world = aWorld({
    script: [[START, calls('add', 'call_1'), calls('pay', 'call_2')]],
    tools: [ADD, { name: 'pay' }],
    rules: UNASKED,
    run: (_call, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          asked = true;
          resolve({
            status: 'cancelled',
            output: { content: [{ type: 'text', text: 'It was stopped.' }] },
            durationMs: 1,
          });
        });
      }),
  });
  const sending = world.chat.send('Add and pay');
  await world.phase('waiting');
  await vi.waitFor(() => expect(world.ran).toHaveLength(1));
  world.chat.stop();
  await sending;
  expect(asked).toBe(true);
  expect(world.requests).toHaveLength(1);
  expect(world.tools().map(({ state }) => state.status)).toEqual(['cancelled', 'cancelled']);
  expect(world.chat.conversation.value.phase).toBe('idle');
  world.chat.decide('call_2', 'once');
  expect(world.ran).toHaveLength(1);
});

test('a message while the chat is busy ends the turn early, in those words, and is answered', async () => {
  const world = aWorld({
    script: [
      { events: [START, ...says('Well').slice(0, 2)], after: 'nothing' },
      [START, ...says('Sure.'), COMPLETE],
    ],
  });
  const first = world.chat.send('One');
  await world.phase('answering');
  await world.chat.send('Two');
  await first;
  expect(world.chat.conversation.value.entries).toMatchObject([
    { text: 'One' },
    { parts: [{ text: 'Well' }, { notice: 'new_message' }] },
    { text: 'Two' },
    { parts: [{ text: 'Sure.' }] },
  ]);
});

test('a blank message is none', async () => {
  const world = aWorld({ script: [] });
  await world.chat.send('  \n ');
  expect(world.chat.conversation.value.entries).toEqual([]);
});

test('a message that is too long for the server goes back to where it was typed', async () => {
  const world = aWorld({ script: [[START, ...says('Hello.'), COMPLETE]] });
  const text = 'x'.repeat(MAX_MESSAGE_CHARS + 1);
  await world.chat.send(text);
  expect(world.chat.draft.value).toBe(text);
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    entries: [],
    failure: { retryable: false },
  });
  await world.chat.send('short');
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('a session that cannot be opened shows, and opens on retry', async () => {
  let isUp = false;
  const world = aWorld({ script: [], init: () => (isUp ? Promise.resolve() : Promise.reject(offline())) });
  await world.chat.connect();
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'failed',
    failure: { message: 'You are offline.' },
  });
  isUp = true;
  await world.chat.retry();
  expect(world.chat.conversation.value).toMatchObject({ phase: 'idle', failure: undefined });
  expect(world.chat.surface.value?.title).toBe('Store');
});

test('a page tool that breaks every promise ends the turn, visibly', async () => {
  const world = aWorld({
    script: [[START, calls('add', 'call_1')]],
    tools: [ADD],
    rules: UNASKED,
    run: () => Promise.reject(new Error('bug')),
  });
  await world.chat.send('Add');
  expect(world.chat.conversation.value).toMatchObject({ phase: 'failed', failure: { code: 'internal' } });
  expect(world.tools()).toMatchObject([{ state: { status: 'cancelled' } }]);
});

test('a destroyed chat changes no more', async () => {
  const world = aWorld({
    script: [[START, calls('add', 'call_1')], [COMPLETE]],
    tools: [ADD],
    rules: UNASKED,
    run: async (_call, signal) => {
      world.chat.destroy();
      expect(signal.aborted).toBe(true);
      return done('late');
    },
  });
  await world.chat.send('Add');
  expect(world.requests).toHaveLength(1);
  await world.chat.send('More');
  expect(world.requests).toHaveLength(1);
});

test('a server that stays busy is told of with what is kept and when to press', async () => {
  const busy = new WidgetError('shutting_down', 'The process got SIGTERM.', { retryAfterMs: 300_000 });
  const world = aWorld({ script: [busy] });
  await world.chat.send('Hi');
  expect(world.chat.conversation.value.failure).toMatchObject({
    code: 'shutting_down',
    advice: 'wait',
    waitMs: 300_000,
    retryable: true,
  });
});

test('a message that is not taken says where it is now, whatever the server says', async () => {
  const refused = new WidgetError('invalid_request', 'No.', { hint: 'Write in English.', retryable: false });
  const world = aWorld({ script: [refused] });
  await world.chat.send('Hi');
  expect(world.chat.draft.value).toBe('Hi');
  expect(world.chat.conversation.value.failure).toMatchObject({
    message: 'No.',
    hint: 'Write in English.',
    advice: 'rewrite',
  });
});

test('what a tool brought is not called the message of the visitor', async () => {
  const tooLarge = new WidgetError('body_too_large', 'This message is too large.', { retryable: false });
  const world = aWorld({ script: [[START, calls('add', 'call_1')], tooLarge], tools: [ADD], rules: UNASKED });
  await world.chat.send('Add');
  expect(world.chat.draft.value).toBe('');
  expect(world.chat.conversation.value.failure).toMatchObject({
    says: 'output_too_large',
    retryable: true,
  });
});
