import { signal } from '@preact/signals';
import type { ConversationSummary } from '../../protocol/history.ts';
import type { Chat } from '../../widget/chat/chat.ts';
import { createHistory } from '../../widget/chat/history.ts';
import { type Conversation, EMPTY_CONVERSATION } from '../../widget/chat/state.ts';

type Surface = NonNullable<Chat['surface']['value']>;

const SURFACE: Surface = {
  title: 'Mug shop',
  welcomeMessage: 'Hello! I know every mug in this shop, and I can put them into your cart.',
  placeholder: 'Ask about mugs…',
  suggestions: ['Show me blue mugs', 'Where is my order?', 'Do you ship abroad?'],
  theme: null,
  webmcp: { enabled: true, requireConfirmFor: [], autoApprove: [] },
};

const CONVERSATIONS: readonly ConversationSummary[] = [
  summary('conv_1', 'A present for my sister', 'The green one comes with a box.', 0, true),
  summary('conv_2', 'Two blue mugs', 'They are in your cart.', 3),
  summary('conv_3', null, 'We ship to 31 countries.', 30),
  summary('conv_4', 'A broken handle', 'A new one is on its way to you.', 400),
];

/** A chat that stands still in one state: it remembers votes and drafts, and sends nothing. */
export function scriptedChat(conversation: Partial<Conversation>, surface: Partial<Surface> = {}): Chat {
  const state = signal<Conversation>({ ...EMPTY_CONVERSATION, ...conversation });
  return {
    conversation: state,
    surface: signal({ ...SURFACE, ...surface }),
    capabilities: signal(['edit', 'history']),
    draft: signal(''),
    prepare() {},
    async send() {},
    async edit() {},
    async regenerate() {},
    stop() {},
    async retry() {},
    decide() {},
    reply() {},
    vote(entryId, vote) {
      const entries = state
        .peek()
        .entries.map((entry) =>
          entry.role === 'assistant' && entry.id === entryId ? { ...entry, vote } : entry,
        );
      state.value = { ...state.peek(), entries };
    },
    copied() {},
    async startNew() {},
    async forget() {},
    history: async () =>
      createHistory({
        transport: {
          list: async ({ query = '' }) => ({
            data: CONVERSATIONS.filter((one) => `${one.title} ${one.preview}`.includes(query)),
            nextCursor: null,
          }),
          conversation: () => Promise.reject(new Error('Nothing is opened here.')),
          change: async () => {},
          remove: async () => {},
        },
        current: () => 'conv_2',
        enter: async () => {},
      }),
    async rate() {},
    destroy() {},
  };
}

function summary(
  id: string,
  title: string | null,
  preview: string,
  daysAgo: number,
  pinned = false,
): ConversationSummary {
  const time = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  return {
    id,
    title,
    targetId: null,
    flowId: null,
    preview,
    messageCount: 4,
    createdAt: time,
    updatedAt: time,
    pinned,
  };
}
