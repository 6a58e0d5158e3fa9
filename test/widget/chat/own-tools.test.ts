import { expect, test, vi } from 'vitest';
import { readQuestions, readReplies, readSuggestions } from '../../../widget/chat/own-tool-input.ts';
import { aWorld, COMPLETE, calls, type EventBody, log, START, says } from './fakes.ts';

const BOTH = ['suggest_replies', 'ask_user_question'];

const SIZE = { question: 'Which size?', options: [{ label: 'Small' }, { label: 'Large' }] };
const COLOURS = { question: 'Which colours?', options: ['Red', 'Blue'], multiSelect: true };

function asks(questions: unknown, toolCallId = 'q_1'): EventBody {
  return {
    type: 'await',
    toolName: 'ask_user_question',
    toolCallId,
    origin: 'sdk',
    parameters: { questions },
  };
}

function offered(request: unknown): string[] {
  const { tools } = request as { tools: { clientTools: { name: string; origin: string }[] } };
  return tools.clientTools.map(({ name, origin }) => `${origin} ${name}`);
}

test('what the surface admits of the own tools is offered in front of those of the page', async () => {
  const world = aWorld({
    script: [[START, COMPLETE]],
    builtInTools: ['ask_user_question', 'something_else'],
    tools: [{ name: 'add' }],
  });
  await world.chat.send('Hi');
  expect(offered(world.requests[0])).toEqual(['sdk ask_user_question', 'webmcp add']);
});

test('a surface that admits none is offered none, and another set has another fingerprint', async () => {
  const script = [[START, COMPLETE]];
  const bare = aWorld({ script, tools: [{ name: 'add' }] });
  const full = aWorld({ script, tools: [{ name: 'add' }], builtInTools: BOTH, withoutPageTools: false });
  await bare.chat.send('Hi');
  await full.chat.send('Hi');
  expect(offered(bare.requests[0])).toEqual(['webmcp add']);
  const [a, b] = [bare, full].map(({ requests }) => requests[0] as { tools: { fingerprint: string } });
  expect(a?.tools.fingerprint).not.toBe(b?.tools.fingerprint);
  expect(b?.tools.fingerprint.length).toBeLessThanOrEqual(128);
});

test('they are offered where the tools of the page are left alone, too', async () => {
  const world = aWorld({ script: [[START, COMPLETE]], builtInTools: BOTH, withoutPageTools: true });
  await world.chat.send('Hi');
  expect(offered(world.requests[0])).toEqual(['sdk suggest_replies', 'sdk ask_user_question']);
});

test('suggestions are answered at once', async () => {
  const suggests = {
    type: 'await',
    toolName: 'suggest_replies',
    toolCallId: 's_1',
    parameters: { suggestions: ['Yes, please', 'No'] },
  } as const;
  const world = aWorld({ script: [[START, ...says('Shall I?'), suggests], [COMPLETE]], builtInTools: BOTH });
  await world.chat.send('Hi');
  expect(world.requests[1]).toMatchObject({
    kind: 'resume',
    toolOutputs: { s_1: { content: [{ type: 'text', text: 'Suggestions shown to the user.' }] } },
  });
  expect(world.tools()).toMatchObject([{ runsIn: 'widget', state: { status: 'done' } }]);
  expect(world.ran).toEqual([]);
});

test.each([
  ['one choice', [SIZE], ['Large'], 'Large'],
  ['own words', [SIZE], ['Something between'], 'Something between'],
  ['several choices', [COLOURS], [['Red', 'Blue']], { 'Which colours?': ['Red', 'Blue'] }],
  [
    'two questions',
    [SIZE, COLOURS],
    ['Small', ['Red']],
    { 'Which size?': 'Small', 'Which colours?': ['Red'] },
  ],
  [
    'one of two skipped',
    [SIZE, COLOURS],
    [undefined, ['Red']],
    { 'Which size?': '(dismissed)', 'Which colours?': ['Red'] },
  ],
  ['nothing at all', [SIZE, COLOURS], [undefined, undefined], '(dismissed)'],
] as const)(
  'a question waits for the visitor, and %s goes to the server',
  async (_, questions, replies, output) => {
    const world = aWorld({ script: [[START, asks(questions)], [COMPLETE]], builtInTools: BOTH });
    const sending = world.chat.send('Hi');
    await world.phase('waiting');
    expect(world.tools()).toMatchObject([{ state: { status: 'asking' } }]);
    expect(world.requests).toHaveLength(1);
    world.chat.reply('q_1', replies);
    await sending;
    expect(world.requests[1]).toMatchObject({ toolOutputs: { ask_user_question: output } });
    expect(world.tools()[0]?.state.status).toBe('done');
  },
);

test('two questions of one answer go out by their calls, not by the name that both have', async () => {
  const world = aWorld({ script: [[START, asks([SIZE], 'q_1'), asks([COLOURS], 'q_2')], [COMPLETE]] });
  const sending = world.chat.send('Hi');
  await world.phase('waiting');
  world.chat.reply('q_1', ['Small']);
  world.chat.reply('q_2', [['Red']]);
  await sending;
  expect(world.requests[1]).toMatchObject({
    toolOutputs: { q_1: 'Small', q_2: { 'Which colours?': ['Red'] } },
  });
});

test('beside a question, what the page did goes out at once, and the question goes on standing', async () => {
  const world = aWorld({
    script: [[START, asks([SIZE]), calls('add', 'call_1')], [asks([SIZE])], [...says('Fine.'), COMPLETE]],
    tools: [{ name: 'add', annotations: { readOnlyHint: true } }],
    rules: { requireConfirmFor: [], autoApprove: ['add'] },
  });
  const states: string[] = [];
  world.chat.conversation.subscribe(() => {
    const status = world.tools().find(({ id }) => id === 'q_1')?.state.status;
    if (status !== undefined && status !== states.at(-1)) states.push(status);
  });
  const sending = world.chat.send('Hi');
  await vi.waitFor(() => expect(world.requests).toHaveLength(2), 5_000);
  expect(world.requests[1]).toMatchObject({ toolOutputs: { call_1: { content: [{ text: 'add ran' }] } } });
  expect(Object.keys((world.requests[1] as { toolOutputs: object }).toolOutputs)).toEqual(['call_1']);
  await new Promise((resolve) => setTimeout(resolve));
  world.chat.reply('q_1', ['Large']);
  await sending;
  expect(world.requests[2]).toMatchObject({ toolOutputs: { ask_user_question: 'Large' } });
  expect(states).toEqual(['requested', 'asking', 'done']);
});

test('a question that an earlier page left is asked again', async () => {
  const world = aWorld({
    script: [[], [...says('Fine.'), COMPLETE]],
    capabilities: ['replay'],
    entries: [{ role: 'user', id: 'usr_1', text: 'Hi' }],
    kept: {
      userId: 'usr_1',
      answerId: 'ast_1',
      executionId: 'exec_1',
      seq: 2,
      offered: [],
      calls: [
        {
          id: 'q_1',
          runId: 'exec_1 q_1',
          key: 'q_1',
          name: 'ask_user_question',
          isPageCall: false,
          input: { questions: [SIZE] },
          progress: { status: 'asked' },
        },
      ],
    },
  });
  await world.phase('waiting');
  world.chat.reply('q_1', ['Small']);
  await world.phase('idle');
  expect(world.requests[1]).toMatchObject({ toolOutputs: { ask_user_question: 'Small' } });
});

test('a question without questions is refused, and the model is told what is missing', async () => {
  const world = aWorld({ script: [[START, asks([])], [COMPLETE]] });
  await world.chat.send('Hi');
  expect(world.requests[1]).toMatchObject({ toolOutputs: { ask_user_question: { isError: true } } });
  expect(world.tools()).toMatchObject([{ state: { status: 'refused' } }]);
});

test('a stop takes the question away, and sends no answer to it', async () => {
  const world = aWorld({ script: [log(START, asks([SIZE]))] });
  const sending = world.chat.send('Hi');
  await world.phase('waiting');
  world.chat.stop();
  await sending;
  expect(world.requests).toHaveLength(1);
  expect(world.tools()).toMatchObject([{ state: { status: 'cancelled' } }]);
});

test('whatever a model sends as questions and suggestions is read, and never more than can be shown', () => {
  expect(readQuestions({ question: 'Why?' })).toMatchObject([{ question: 'Why?', freeText: true }]);
  expect(readQuestions({ questions: ['Why?', 'Why?'] }).map(({ question }) => question)).toEqual([
    'Why?',
    'Why? (2)',
  ]);
  expect(readQuestions({ questions: [{ ...SIZE, allowFreeText: false }] })).toMatchObject([
    { options: [{ label: 'Small' }, { label: 'Large' }], freeText: false, multiple: false },
  ]);
  expect(readQuestions({ questions: Array.from({ length: 20 }, (_, at) => `Question ${at}`) })).toHaveLength(
    8,
  );
  for (const input of [undefined, null, 7, {}, { questions: 'Why?' }, { questions: [{}, null, ' '] }]) {
    expect(readQuestions(input)).toEqual([]);
  }
  expect(readSuggestions({ suggestions: ['Yes', ' Yes ', 'No', '', 7, { text: 'Perhaps' }] })).toEqual([
    'Yes',
    'No',
    'Perhaps',
  ]);
  expect(readSuggestions(undefined)).toEqual([]);
  expect(readReplies('["Large",["Red","Blue"],null]')).toEqual([['Large'], ['Red', 'Blue'], undefined]);
});
