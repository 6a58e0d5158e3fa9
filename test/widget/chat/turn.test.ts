import { expect, test } from 'vitest';
import { WidgetError } from '../../../widget/errors.ts';
import { aWorld, COMPLETE, calls, done, START, says } from './fakes.ts';

const ADD = { name: 'add', title: 'Add to cart' };
const SEARCH = { name: 'search' };

test('a message is shown at once and answered', async () => {
  const world = aWorld({ script: [[START, ...says('Hello there.'), COMPLETE]] });
  const sending = world.chat.send('Hi');
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'thinking',
    entries: [{ role: 'user', text: 'Hi' }],
  });
  await sending;
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'idle',
    failure: undefined,
    entries: [
      { role: 'user', id: 'usr_1', text: 'Hi' },
      { role: 'assistant', id: 'ast_2', parts: [{ kind: 'text', text: 'Hello there.', streaming: false }] },
    ],
  });
});

test('the whole thread goes out with every message, words only', async () => {
  const world = aWorld({
    script: [
      [START, ...says('One.'), calls('add', 'call_1')],
      [...says('Two.', 'text_2'), COMPLETE],
      [START, ...says('Again.'), COMPLETE],
    ],
    tools: [{ ...ADD, annotations: { readOnlyHint: true } }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
  });
  await world.chat.send('Hi');
  await world.chat.send('And now?');
  expect(world.requests[2]).toMatchObject({
    kind: 'chat',
    assistantMessageId: 'ast_4',
    messages: [
      { id: 'usr_1', role: 'user', content: 'Hi' },
      { id: 'ast_2', role: 'assistant', content: 'One.\n\nTwo.' },
      { id: 'usr_3', role: 'user', content: 'And now?' },
    ],
  });
});

test('one call: asked, allowed, run, sent back, answered, and kept as a receipt', async () => {
  const world = aWorld({
    script: [
      [START, ...says('I add it.'), calls('add', 'call_1', { sku: 'mug' })],
      [{ type: 'turn_start', id: 'turn_2', iteration: 2 }, ...says('Added.', 'text_2'), COMPLETE],
    ],
    tools: [ADD],
  });
  const sending = world.chat.send('Add a mug');
  await world.phase('waiting');
  expect(world.tools()).toMatchObject([
    {
      id: 'call_1',
      title: 'Add to cart',
      description: 'Does add.',
      state: { status: 'approval', canRemember: true },
    },
  ]);
  expect(world.ran).toEqual([]);
  world.chat.decide('call_1', 'once');
  await sending;
  expect(world.requests[1]).toMatchObject({
    kind: 'resume',
    executionId: 'exec_1',
    toolOutputs: { call_1: { content: [{ type: 'text', text: 'add ran' }] } },
  });
  expect(world.answer().parts).toMatchObject([
    { kind: 'text', text: 'I add it.' },
    {
      kind: 'tool',
      name: 'add',
      input: { sku: 'mug' },
      pageOrigin: 'https://shop.example.com',
      approvedBy: 'visitor_once',
      state: { status: 'done', result: 'add ran', durationMs: 5 },
    },
    { kind: 'text', text: 'Added.' },
  ]);
  expect(world.heard.call).toMatchObject([
    {
      toolCallId: 'call_1',
      name: 'add',
      input: { sku: 'mug' },
      approvedBy: 'visitor_once',
      outcome: { status: 'done' },
    },
  ]);
});

test('parallel calls of one tool each have their card, and their outputs go back together', async () => {
  const world = aWorld({
    script: [[START, calls('add', 'call_1', { n: 1 }), calls('add', 'call_2', { n: 2 })], [COMPLETE]],
    tools: [ADD],
  });
  const sending = world.chat.send('Add both');
  await world.phase('waiting');
  world.chat.decide('call_2', 'once');
  await Promise.resolve();
  expect(world.requests).toHaveLength(1);
  world.chat.decide('call_1', 'decline');
  await sending;
  expect(world.requests).toHaveLength(2);
  expect(world.requests[1]).toMatchObject({
    toolOutputs: { call_1: { isError: true }, call_2: { content: [{ text: 'add ran' }] } },
  });
  expect(world.tools().map(({ state }) => state.status)).toEqual(['declined', 'done']);
});

test('a chain of calls runs to its end, over one request each', async () => {
  const world = aWorld({
    script: [
      [START, calls('search', 'call_1')],
      [calls('add', 'call_2')],
      [calls('add', 'call_3')],
      [...says('All done.'), COMPLETE],
    ],
    tools: [ADD, SEARCH].map((tool) => ({ ...tool, annotations: { readOnlyHint: true } })),
    rules: { requireConfirmFor: [], autoApprove: ['*'] },
  });
  await world.chat.send('Find and add');
  expect(world.requests.map(({ kind }) => kind)).toEqual(['chat', 'resume', 'resume', 'resume']);
  expect(world.tools().map(({ approvedBy }) => approvedBy)).toEqual(['site_rule', 'site_rule', 'site_rule']);
  expect(world.ran.map(({ name }) => name)).toEqual(['search', 'add', 'add']);
});

test('a declined call is not run, and the model is told', async () => {
  const world = aWorld({ script: [[START, calls('add', 'call_1')], [COMPLETE]], tools: [ADD] });
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  world.chat.decide('call_1', 'decline');
  await sending;
  expect(world.ran).toEqual([]);
  expect(world.requests[1]).toMatchObject({
    toolOutputs: { call_1: { isError: true, content: [{ text: expect.stringContaining('declined') }] } },
  });
  expect(world.heard.call).toMatchObject([{ outcome: { status: 'declined' } }]);
});

test('what is always allowed is not asked for again, until the tool is another one', async () => {
  const world = aWorld({
    script: [
      [START, calls('add', 'call_1'), calls('add', 'call_2')],
      [calls('add', 'call_3')],
      [calls('search', 'call_4')],
      [COMPLETE],
    ],
    tools: [ADD, SEARCH],
  });
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  world.chat.decide('call_1', 'always');
  await world.phase('acting');
  await world.phase('waiting');
  expect(world.tools().map(({ state, approvedBy }) => [state.status, approvedBy])).toEqual([
    ['done', 'visitor_always'],
    ['done', 'visitor_always'],
    ['done', 'visitor_always'],
    ['approval', undefined],
  ]);
  world.chat.decide('call_4', 'once');
  await sending;
});

test('always does not hold where the surface wants every call confirmed', async () => {
  const world = aWorld({
    script: [[START, calls('add', 'call_1')], [calls('add', 'call_2')], [COMPLETE]],
    tools: [ADD],
    surface: { requireConfirmFor: ['ad*'] },
  });
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  expect(world.tools()[0]?.state).toEqual({ status: 'approval', canRemember: false });
  world.chat.decide('call_1', 'always');
  await world.phase('acting');
  await world.phase('waiting');
  expect(world.tools()[0]?.approvedBy).toBe('visitor_once');
  world.chat.decide('call_2', 'once');
  await sending;
});

test('a decision about a call that does not wait is nothing', async () => {
  const world = aWorld({ script: [[START, calls('add', 'call_1')], [COMPLETE]], tools: [ADD] });
  world.chat.decide('call_1', 'once');
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  world.chat.decide('call_2', 'once');
  world.chat.decide('call_1', 'once');
  world.chat.decide('call_1', 'decline');
  await sending;
  expect(world.ran).toHaveLength(1);
});

test.each([
  ['an SDK tool', { type: 'await', toolName: 'order_pizza', toolCallId: 'call_1', origin: 'sdk' }],
  ['a tool that this page does not have', calls('nothing', 'call_1')],
  ['a local tool without an origin', { type: 'await', toolName: 'local', toolCallId: 'call_1' }],
] as const)('%s gets an output that says so, and the turn goes on', async (_, event) => {
  const world = aWorld({
    script: [
      [START, event],
      [...says('Never mind.'), COMPLETE],
    ],
    tools: [ADD],
  });
  await world.chat.send('Go');
  expect(world.requests[1]).toMatchObject({ toolOutputs: { call_1: { isError: true } } });
  expect(world.tools()).toMatchObject([{ state: { status: 'refused' } }]);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('a call without an id is answered by its name, as often as it comes', async () => {
  const event = { type: 'await', toolName: 'webmcp:add', parameters: { n: 1 } } as const;
  const world = aWorld({
    script: [[START, event], [event], [COMPLETE]],
    tools: [{ ...ADD, annotations: { readOnlyHint: true } }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
  });
  await world.chat.send('Add twice');
  expect(
    world.requests.slice(1).map((request) => 'toolOutputs' in request && Object.keys(request.toolOutputs)),
  ).toEqual([['webmcp:add'], ['webmcp:add']]);
  expect(world.ran).toHaveLength(2);
  expect(new Set(world.ran.map(({ toolCallId }) => toolCallId)).size).toBe(2);
});

test('a server that counts its calls anew at every turn gets every call run', async () => {
  const world = aWorld({
    script: [[START, calls('add', 'call_0', { n: 1 })], [calls('add', 'call_0', { n: 2 })], [COMPLETE]],
    tools: [{ ...ADD, annotations: { readOnlyHint: true } }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
  });
  await world.chat.send('Add');
  expect(world.ran.map(({ input }) => input)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(world.tools().map(({ input }) => input)).toEqual([{ n: 1 }, { n: 2 }]);
});

test('a server that asks again for what it was told gets the same output, and at last a failure', async () => {
  const again = [calls('add', 'call_1', { n: 1 })];
  const world = aWorld({
    script: [[START, ...again], again, again, again, again],
    tools: [{ ...ADD, annotations: { readOnlyHint: true } }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
  });
  await world.chat.send('Add');
  expect(world.ran).toHaveLength(1);
  expect(world.chat.conversation.value).toMatchObject({ phase: 'failed', failure: { retryable: false } });
});

test('a pause that only somebody else can end is said, and without replay the chat is free', async () => {
  const world = aWorld({
    script: [
      [START, { type: 'approval_start', approvalId: 'a_1', toolName: 'refund', parameters: { amount: 5 } }],
    ],
  });
  await world.chat.send('Refund me');
  expect(world.chat.conversation.value.phase).toBe('idle');
  expect(world.tools()).toMatchObject([
    { name: 'refund', input: { amount: 5 }, state: { status: 'cancelled', reason: 'unanswerable' } },
  ]);
});

test('the page\u2019s tools stay at home when the surface or the page says so', async () => {
  const offered = [{ clientTools: [], fingerprint: '' }];
  for (const world of [
    aWorld({ script: [[COMPLETE]], tools: [ADD], surface: { enabled: false } }),
    aWorld({ script: [[COMPLETE]], tools: [ADD], withoutPageTools: true }),
  ]) {
    await world.chat.send('Hi');
    expect(world.requests).toMatchObject(offered.map((tools) => ({ tools })));
  }
});

test('every request carries the tools of its moment, and the page hears of them', async () => {
  const tools = [ADD];
  const world = aWorld({
    script: [[START, calls('add', 'call_1')], [COMPLETE]],
    tools,
    rules: { requireConfirmFor: [], autoApprove: [] },
    run: async () => {
      tools.push({ name: 'checkout', title: '' });
      return done('ok');
    },
  });
  const sending = world.chat.send('Add');
  await world.phase('waiting');
  world.chat.decide('call_1', 'once');
  await sending;
  expect(world.requests).toMatchObject([
    { tools: { fingerprint: '1:add' } },
    { tools: { fingerprint: '2:add,checkout' } },
  ]);
  expect(world.heard.snapshot).toHaveLength(2);
});

test.each([
  ['timed_out', 'failed'],
  ['failed', 'failed'],
  ['navigated', 'done'],
  ['cancelled', 'cancelled'],
] as const)(
  'a call that ended as %s stands in the thread as %s, and the model reads it',
  async (status, state) => {
    const output = { content: [{ type: 'text' as const, text: `it ${status}` }] };
    const world = aWorld({
      script: [[START, calls('add', 'call_1')], [COMPLETE]],
      tools: [{ ...ADD, annotations: { readOnlyHint: true } }],
      rules: { requireConfirmFor: [], autoApprove: ['add'] },
      run: async () => ({ status, output, durationMs: 3 }),
    });
    await world.chat.send('Add');
    expect(world.tools()[0]?.state.status).toBe(state);
    expect(JSON.stringify(world.tools()[0]?.state)).toContain(`it ${status}`);
    expect(world.requests[1]).toMatchObject({ toolOutputs: { call_1: output } });
  },
);

test('a flood of deltas is drawn once a frame', async () => {
  const deltas = Array.from({ length: 10_000 }, (_, index) => ({
    type: 'text_delta' as const,
    id: 'text_1',
    delta: `${index} `,
  }));
  const world = aWorld({
    script: [[START, { type: 'text_start', id: 'text_1' }, ...deltas, COMPLETE]],
    manualFrames: true,
  });
  const before = world.commits();
  await world.chat.send('Count');
  expect(world.commits() - before).toBeLessThan(5);
  expect(world.answer().parts).toMatchObject([{ text: deltas.map(({ delta }) => delta).join('') }]);
});

test('a vote goes to the server, and back when the server does not take it', async () => {
  let isUp = true;
  const world = aWorld({
    script: [[START, ...says('Hello.'), COMPLETE]],
    feedback: () => (isUp ? Promise.resolve() : Promise.reject(new WidgetError('internal', 'No.'))),
  });
  await world.chat.send('Hi');
  const { id } = world.answer();
  world.chat.vote(id, 'up');
  expect(world.answer().vote).toBe('up');
  isUp = false;
  world.chat.vote(id, 'down');
  expect(world.answer().vote).toBe('down');
  await Promise.resolve();
  await Promise.resolve();
  expect(world.answer().vote).toBe('up');
  expect(world.heard.error).toHaveLength(1);
});
