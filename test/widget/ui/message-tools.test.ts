import { within } from '@testing-library/preact';
import axe from 'axe-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { anAnswer, aQuestion, aText, drawn, fakeChat, hideAll, partsLoaded, show } from './fake-chat.ts';

beforeAll(partsLoaded);
afterEach(hideAll);

async function aThread(capabilities: readonly string[] = ['edit']) {
  const chat = fakeChat({
    entries: [
      aQuestion('First', 'u1'),
      anAnswer([aText('One.')], 'a1'),
      aQuestion('Second', 'u2'),
      anAnswer([aText('Two.', false, 't2')], 'a2'),
    ],
  });
  chat.capabilities.value = capabilities;
  const shown = show(chat);
  await drawn();
  return { chat, ...shown, buttons: (name: string) => within(shown.view).queryAllByRole('button', { name }) };
}

test('a message is edited in its place and sent with Enter', async () => {
  const { chat, view, buttons } = await aThread();
  await userEvent.click(buttons('Edit message')[0] as Element);
  const field = within(view).getByRole('textbox', { name: 'Edit message' });
  expect((field as HTMLTextAreaElement).value).toBe('First');
  await userEvent.keyboard(', but better{Enter}');
  expect(chat.calls).toContain('edit u1 First, but better');
});

test('Escape leaves the message as it was, keeps the panel open, and the focus on the pencil', async () => {
  const { chat, view, root, buttons } = await aThread();
  await userEvent.click(buttons('Edit message')[1] as Element);
  await userEvent.keyboard(' and more{Escape}');
  await drawn();
  expect(chat.calls.filter((call) => call.startsWith('edit'))).toEqual([]);
  expect(within(view).getByRole('dialog')).toBeVisible();
  expect(within(view).getByText('Second')).toBeVisible();
  expect(root.activeElement).toBe(buttons('Edit message')[1]);
});

test('an empty message is not sent', async () => {
  const { chat, view, buttons } = await aThread();
  await userEvent.click(buttons('Edit message')[0] as Element);
  await userEvent.fill(within(view).getByRole('textbox', { name: 'Edit message' }), ' ');
  await userEvent.keyboard('{Enter}');
  expect(chat.calls.filter((call) => call.startsWith('edit'))).toEqual([]);
});

test('where the server edits none, the words go back to the composer, and no answer is asked for again', async () => {
  const { chat, root, buttons } = await aThread([]);
  expect(buttons('Edit message')).toHaveLength(0);
  expect(buttons('Answer again')).toHaveLength(0);
  await userEvent.click(buttons('Write this again')[0] as Element);
  expect(chat.calls).toContain('edit u1 First');
  expect(root.activeElement?.getAttribute('aria-label')).toBe('Message');
});

test('only the last answer can be asked for again', async () => {
  const { chat, buttons } = await aThread();
  expect(buttons('Answer again')).toHaveLength(1);
  await userEvent.click(buttons('Answer again')[0] as Element);
  expect(chat.calls).toContain('regenerate a2');
});

test('nothing stands in the way of a screen reader while a message is edited', async () => {
  const { root, view, buttons } = await aThread();
  await userEvent.click(buttons('Edit message')[0] as Element);
  await drawn();
  await Promise.all(view.getAnimations({ subtree: true }).map(({ finished }) => finished));
  const { violations } = await axe.run(root.host as HTMLElement, { resultTypes: ['violations'] });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});
