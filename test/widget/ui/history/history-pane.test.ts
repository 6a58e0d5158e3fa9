import { signal } from '@preact/signals';
import { within } from '@testing-library/preact';
import { afterEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { ConversationSummary } from '../../../../protocol/history.ts';
import type { History } from '../../../../widget/chat/history.ts';
import type { WidgetError } from '../../../../widget/errors.ts';
import { drawn, fakeChat, hideAll, partsLoaded, show } from '../fake-chat.ts';

afterEach(hideAll);

const AGO = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

function aConversation(id: string, changes: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id,
    title: `Title of ${id}`,
    targetId: null,
    flowId: null,
    preview: 'What was said last',
    messageCount: 2,
    createdAt: AGO(0),
    updatedAt: AGO(0),
    pinned: false,
    ...changes,
  };
}

function aHistory(found: ConversationSummary[]) {
  const asked: unknown[][] = [];
  const conversations = signal<readonly ConversationSummary[] | undefined>(found);
  const ask =
    <T>(name: string, answer: T) =>
    async (...given: unknown[]) => {
      asked.push([name, ...given]);
      return answer;
    };
  const history: History = {
    conversations,
    isLoading: signal(false),
    hasMore: signal(false),
    failure: signal<WidgetError | undefined>(undefined),
    current: () => 'now',
    load: ask('load', undefined),
    more: ask('more', undefined),
    open: ask('open', true),
    rename: ask('rename', undefined),
    pin: ask('pin', undefined),
    remove: ask('remove', undefined),
    removeAll: ask('removeAll', undefined),
    destroy() {},
  };
  return { history, asked, conversations };
}

async function opened(found: ConversationSummary[]) {
  await partsLoaded();
  const { history, asked } = aHistory(found);
  const chat = { ...fakeChat({}), history: async () => history };
  const surface = { ...chat.surface.peek(), history: true };
  chat.surface.value = surface as NonNullable<typeof chat.surface.value>;
  const shown = show(chat);
  await drawn();
  await userEvent.click(within(shown.view).getByRole('button', { name: 'Earlier conversations' }));
  await vi.waitFor(() => expect(within(shown.view).getByRole('searchbox')).toBeVisible(), { timeout: 5_000 });
  return { ...shown, asked, pane: within(within(shown.view).getByRole('region', { name: 'Conversations' })) };
}

test('conversations stand under their time, the pinned ones first, and the one of the chat is marked', async () => {
  const { pane } = await opened([
    aConversation('old', { updatedAt: AGO(40) }),
    aConversation('now'),
    aConversation('pinned', { pinned: true, updatedAt: AGO(90) }),
  ]);
  expect(pane.getAllByRole('heading', { level: 4 }).map(({ textContent }) => textContent)).toEqual([
    'Pinned',
    'Today',
    'Earlier',
  ]);
  expect(pane.getByRole('button', { current: true })).toHaveTextContent('Title of now');
});

test('what is typed is looked for after a pause, and opening goes back to the thread', async () => {
  const { pane, asked, view } = await opened([aConversation('one')]);
  await userEvent.fill(pane.getByRole('searchbox'), 'mugs');
  await vi.waitFor(() => expect(asked).toContainEqual(['load', 'mugs']), { timeout: 5_000 });
  expect(asked.filter(([name]) => name === 'load')).toHaveLength(2);
  await userEvent.click(pane.getByRole('button', { name: /^Title of one/ }));
  expect(asked).toContainEqual(['open', 'one']);
  await vi.waitFor(() => expect(within(view).getByRole('log')).toBeVisible(), { timeout: 5_000 });
});

test('a conversation is renamed by keyboard alone, and the focus comes back', async () => {
  const { pane, asked, root } = await opened([aConversation('one')]);
  pane.getByRole('button', { name: 'Rename Title of one' }).focus();
  await userEvent.keyboard('{Enter}');
  await vi.waitFor(() =>
    expect(root.activeElement).toBe(pane.getByRole('textbox', { name: 'Name of the conversation' })),
  );
  await userEvent.keyboard('Mugs{Enter}');
  expect(asked).toContainEqual(['rename', 'one', 'Mugs']);
  await vi.waitFor(() => expect(root.activeElement).toHaveAccessibleName('Rename Title of one'));
});

test('nothing is deleted without a second word, and Escape keeps', async () => {
  const { pane, asked } = await opened([aConversation('one')]);
  await userEvent.click(pane.getByRole('button', { name: 'Delete Title of one' }));
  await drawn();
  await userEvent.keyboard('{Escape}');
  await drawn();
  expect(asked.filter(([name]) => name === 'remove')).toEqual([]);
  await userEvent.click(pane.getByRole('button', { name: 'Delete Title of one' }));
  await userEvent.click(await pane.findByRole('button', { name: 'Delete' }));
  expect(asked).toContainEqual(['remove', 'one']);
});

test('Escape goes back to the chat and to where the visitor writes', async () => {
  const { pane, view, root, open } = await opened([]);
  pane.getByRole('searchbox').focus();
  await userEvent.keyboard('{Escape}');
  await vi.waitFor(() => expect(within(view).getByRole('log')).toBeVisible(), { timeout: 5_000 });
  expect(open.value).toBe(true);
  const field = within(view).getByRole('textbox', { name: 'Message' });
  await vi.waitFor(() => expect(root.activeElement).toBe(field), { timeout: 5_000 });
});
