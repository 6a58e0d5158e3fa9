import { expect, test } from 'vitest';
import type { ConversationSummary, DisplayMessage } from '../../../protocol/history.ts';
import { createHistory } from '../../../widget/chat/history.ts';
import type { Entry } from '../../../widget/chat/state.ts';
import { WidgetError } from '../../../widget/errors.ts';
import type { HistoryTransport } from '../../../widget/transport/transport.ts';

function aConversation(id: string, changes: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    id,
    title: `Title of ${id}`,
    targetId: null,
    flowId: null,
    preview: null,
    messageCount: 2,
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-01T00:00:00Z',
    pinned: false,
    ...changes,
  };
}

/** A server with these conversations, two on a page, and one message on a page of each. */
function aServer(conversations: ConversationSummary[], messages: readonly DisplayMessage[] = []) {
  const failing = new Set<keyof HistoryTransport>();
  const asked: string[] = [];
  const fail = (what: keyof HistoryTransport) => {
    if (failing.has(what)) throw new WidgetError('internal', 'It broke.');
  };
  const transport: HistoryTransport = {
    async list({ cursor, query }) {
      asked.push(`list ${query ?? ''} ${cursor ?? ''}`.trim());
      fail('list');
      const found = conversations.filter(({ title }) => title?.includes(query ?? ''));
      const from = Number(cursor ?? 0);
      return {
        data: found.slice(from, from + 2),
        nextCursor: from + 2 < found.length ? String(from + 2) : null,
      };
    },
    async conversation(id, cursor) {
      fail('conversation');
      const at = Number(cursor ?? messages.length - 1);
      return {
        ...aConversation(id),
        messages: messages.slice(at, at + 1),
        nextMessageCursor: at > 0 ? String(at - 1) : null,
        conversationRevision: '1',
      };
    },
    async change(id, changes) {
      asked.push(`change ${id} ${JSON.stringify(changes)}`);
      fail('change');
    },
    async remove(id) {
      asked.push(`remove ${id ?? 'all'}`);
      fail('remove');
    },
  };
  return { transport, failing, asked };
}

function open(server: ReturnType<typeof aServer>, current = 'conv_1') {
  const entered: (readonly [string | undefined, readonly Entry[]])[] = [];
  const history = createHistory({
    transport: server.transport,
    current: () => current,
    enter: async (id, entries) => void entered.push([id, entries]),
  });
  return { history, entered, ids: () => history.conversations.value?.map(({ id }) => id) };
}

test('conversations come page by page, each once', async () => {
  const server = aServer([1, 2, 3].map((n) => aConversation(`conv_${n}`)));
  const { history, ids } = open(server);
  expect(ids()).toBeUndefined();
  await history.load();
  expect([ids(), history.hasMore.value]).toEqual([['conv_1', 'conv_2'], true]);
  await history.more();
  expect([ids(), history.hasMore.value]).toEqual([['conv_1', 'conv_2', 'conv_3'], false]);
  await history.more();
  expect(server.asked).toHaveLength(2);
});

test('a later search overtakes an earlier one, however late that answers', async () => {
  const server = aServer([
    aConversation('conv_1', { title: 'Mugs' }),
    aConversation('conv_2', { title: 'Lamps' }),
  ]);
  const { transport } = server;
  let answerFirst = () => {};
  const slow: HistoryTransport = {
    ...transport,
    async list(page, signal) {
      if (page.query === 'Mug') await new Promise<void>((resolve) => (answerFirst = resolve));
      return transport.list(page, signal);
    },
  };
  const { history, ids } = open({ ...server, transport: slow });
  const first = history.load('Mug');
  await history.load('Lamp');
  answerFirst();
  await first;
  expect(ids()).toEqual(['conv_2']);
  expect(history.isLoading.value).toBe(false);
});

test('a conversation is shown with all its pages, in order, with what its tools did', async () => {
  const server = aServer(
    [],
    [
      { id: 'usr_1', role: 'user', content: 'Add a mug', displayAvailable: true },
      {
        id: 'ast_1',
        role: 'assistant',
        content: 'Added.',
        displayAvailable: true,
        calls: [{ toolCallId: 'call_1', name: 'add', input: { n: 1 }, result: 'ok', isError: false }],
      },
      { id: 'usr_2', role: 'user', content: 'raw', displayContent: 'Thanks', displayAvailable: true },
    ],
  );
  const { history, entered } = open(server);
  expect(await history.open('conv_9')).toBe(true);
  expect(entered).toMatchObject([
    [
      'conv_9',
      [
        { role: 'user', id: 'usr_1', text: 'Add a mug' },
        {
          id: 'ast_1',
          parts: [
            { kind: 'tool', name: 'add', state: { status: 'done', result: 'ok' } },
            { kind: 'text', text: 'Added.' },
          ],
        },
        { role: 'user', id: 'usr_2', text: 'Thanks' },
      ],
    ],
  ]);
});

test('one that cannot be opened leaves the chat as it is and says so', async () => {
  const server = aServer([aConversation('conv_1')]);
  server.failing.add('conversation');
  const { history, entered } = open(server);
  expect(await history.open('conv_1')).toBe(false);
  expect(entered).toEqual([]);
  expect(history.failure.value).toMatchObject({ code: 'internal' });
});

test('a name and a pin show at once, and are taken back where the server does not take them', async () => {
  const server = aServer([aConversation('conv_1')]);
  const { history } = open(server);
  await history.load();
  await history.rename('conv_1', 'Mugs');
  expect(history.conversations.value).toMatchObject([{ title: 'Mugs' }]);
  server.failing.add('change');
  const pinning = history.pin('conv_1', true);
  expect(history.conversations.value).toMatchObject([{ pinned: true }]);
  await pinning;
  expect(history.conversations.value).toMatchObject([{ title: 'Mugs', pinned: false }]);
  expect(history.failure.value).toMatchObject({ code: 'internal' });
});

test('deleting the conversation of the chat empties the chat; deleting another one does not', async () => {
  const server = aServer([aConversation('conv_1'), aConversation('conv_2')]);
  const { history, entered, ids } = open(server, 'conv_1');
  await history.load();
  await history.remove('conv_2');
  expect([ids(), entered]).toEqual([['conv_1'], []]);
  await history.remove('conv_1');
  expect(entered).toEqual([[undefined, []]]);
});

test('what could not be deleted stands there again, and the chat is not emptied', async () => {
  const server = aServer([aConversation('conv_1')]);
  server.failing.add('remove');
  const { history, entered, ids } = open(server);
  await history.load();
  await history.removeAll();
  expect([ids(), entered]).toEqual([['conv_1'], []]);
});
