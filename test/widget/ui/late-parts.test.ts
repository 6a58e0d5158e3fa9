import { within } from '@testing-library/preact';
import { afterEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openWords } from '../../../widget/messages.ts';
import { lateParts, latePartsFailed, loadLateParts } from '../../../widget/ui/late-parts.ts';
import {
  ASKING,
  aCall,
  anAnswer,
  aQuestion,
  asking,
  aText,
  drawn,
  fakeChat,
  hideAll,
  show,
} from './fake-chat.ts';

afterEach(hideAll);

test('a chat that is merely opened fetches nothing more; the first letter does', async () => {
  const { view } = show(fakeChat());
  await drawn();
  expect(within(view).getByText('Welcome to the shop.')).toBeVisible();
  await drawn();
  expect(lateParts.value).toBeUndefined();
  await userEvent.type(within(view).getByRole('textbox'), 'a');
  await vi.waitFor(() => expect(lateParts.value).toBeDefined());
});

test('an answer is readable before what draws it is there, and drawn when it is', async () => {
  const parts = lateParts.value;
  lateParts.value = undefined;
  const chat = fakeChat({
    ...asking(aCall(ASKING)),
    entries: [aQuestion(), anAnswer([aText('**Hello**'), aCall(ASKING)])],
  });
  const { view } = show(chat);
  expect(within(view).getByText('**Hello**')).toBeVisible();
  expect(within(view).queryByRole('group')).toBeNull();
  lateParts.value = parts;
  await drawn();
  expect(within(view).getByText('Hello').tagName).toBe('STRONG');
  expect(within(view).getByRole('group', { name: 'Add to cart' })).toBeVisible();
});

test('the first letter also has fetched what drives a turn', async () => {
  const chat = fakeChat();
  const { view } = show(chat);
  expect(chat.calls).toEqual([]);
  await userEvent.type(within(view).getByRole('textbox'), 'a');
  expect(chat.calls).toEqual(['prepare']);
});

test('code that did not come is told of once', async () => {
  const parts = lateParts.value;
  lateParts.value = undefined;
  latePartsFailed.value = true;
  const chat = fakeChat({
    phase: 'failed',
    entries: [aQuestion()],
    failure: {
      code: 'not_loaded',
      message: 'A part of the chat did not load.',
      hint: undefined,
      retryable: true,
    },
  });
  const { view } = show(chat);
  await userEvent.click(within(within(view).getByRole('alert')).getByRole('button', { name: 'Retry' }));
  expect(chat.calls).toEqual(['retry']);
  latePartsFailed.value = false;
  lateParts.value = parts;
});

test('parts that cannot be fetched leave the answer readable, and an alert says how to go on', () => {
  const parts = lateParts.value;
  lateParts.value = undefined;
  latePartsFailed.value = true;
  const { view } = show(fakeChat({ entries: [aQuestion(), anAnswer([aText('Hello')])] }));
  const alert = within(view).getByRole('alert');
  expect(alert).toHaveTextContent('A part of the chat did not load.');
  expect(within(alert).getByRole('button', { name: 'Retry' })).toBeVisible();
  expect(within(view).getByText('Hello')).toBeVisible();
  latePartsFailed.value = false;
  lateParts.value = parts;
});

test.each([
  ['a question whose turn says itself what is wrong', {}],
  ['a wait', { phase: 'reconnecting', wait: { reason: 'offline' } }],
] as const)('code that did not come makes no second message beside %s', (_, conversation) => {
  const parts = lateParts.value;
  lateParts.value = undefined;
  latePartsFailed.value = true;
  const { view } = show(fakeChat({ phase: 'thinking', entries: [aQuestion()], ...conversation }));
  expect(within(view).queryByRole('alert')).toBeNull();
  if ('wait' in conversation) expect(within(view).getByText(/^You are offline/)).toBeVisible();
  latePartsFailed.value = false;
  lateParts.value = parts;
});

test('two chats that need their words at the same time both get them', async () => {
  const both = [await openWords('en'), await openWords('en')];
  for (const words of both) loadLateParts(words);
  await vi.waitFor(() => expect(both.map(({ isComplete }) => isComplete.value)).toEqual([true, true]));
});
