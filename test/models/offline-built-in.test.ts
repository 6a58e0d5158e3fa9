import { expect, test } from 'vitest';
import type { ModelMessage, ModelTool } from '../../server/models/model.ts';
import { createOfflineModel } from '../../server/models/offline/offline-model.ts';
import { SHOP } from '../support/provider-toolsets.ts';

const model = createOfflineModel({ clock: () => new Date('2026-11-20T10:00:00Z'), wordMs: 0 });

const OWN: readonly ModelTool[] = ['suggest_replies', 'ask_user_question'].map((bareName) => ({
  name: `own_${bareName}`,
  bareName,
  description: '',
  parametersSchema: { type: 'object' },
}));

async function answer(text: string, result?: string, tools: readonly ModelTool[] = [...SHOP, ...OWN]) {
  const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text }] }];
  const first = await stepOf(messages, tools);
  const [call] = first.calls;
  if (result === undefined || call === undefined) return first;
  const { toolCallId, name } = call;
  messages.push(
    { role: 'assistant', text: '', toolCalls: [call] },
    { role: 'tool', results: [{ toolCallId, name, text: result, isError: false, untrusted: false }] },
  );
  return stepOf(messages, tools);
}

async function stepOf(messages: readonly ModelMessage[], tools: readonly ModelTool[]) {
  const calls = [];
  let text = '';
  const { signal } = new AbortController();
  for await (const event of model.stream({ instructions: '', messages, tools, signal })) {
    if (event.type === 'tool_call') calls.push(event.call);
    if (event.type === 'text') text += event.delta;
  }
  return { calls, text };
}

test('"ask me" puts the questions that it names to the visitor', async () => {
  const { calls } = await answer(
    'Ask me which size: small, medium or large; which colours (several): red, blue',
  );
  expect(calls).toMatchObject([
    {
      name: 'own_ask_user_question',
      input: {
        questions: [
          {
            question: 'Which size?',
            options: [{ label: 'small' }, { label: 'medium' }, { label: 'large' }],
            multiSelect: false,
          },
          { question: 'Which colours?', options: [{ label: 'red' }, { label: 'blue' }], multiSelect: true },
        ],
      },
    },
  ]);
});

test.each([
  ['Large', 'You said: “Large”.'],
  ['{"Which size?":"Large","Which colours?":["red","blue"]}', 'You said: “Large”, “red”, “blue”.'],
  ['(dismissed)', 'All right, I will not ask.'],
])('what came of it is told: %s', async (result, text) => {
  expect((await answer('ask me something', result)).text).toBe(text);
});

test('"suggest" shows the replies that it names, or some that this page has an answer to', async () => {
  const named = await answer('Suggest: yes, no, or later');
  expect(named.calls).toMatchObject([
    { name: 'own_suggest_replies', input: { suggestions: ['yes', 'no', 'later'] } },
  ]);
  const free = await answer('suggest something');
  expect(free.calls).toMatchObject([{ input: { suggestions: [expect.any(String), 'What can you do?'] } }]);
});

test('where they are not offered, no such call is made', async () => {
  expect((await answer('Ask me which size: small or large', undefined, SHOP)).calls).toEqual([]);
});
