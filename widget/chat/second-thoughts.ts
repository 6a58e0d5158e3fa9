import type { ReadonlySignal, Signal } from '@preact/signals';
import type { Transport } from '../transport/transport.ts';
import type { Chat } from './chat.ts';
import { type Conversation, EMPTY_CONVERSATION, type Entry, type UserEntry } from './state.ts';
import type { ConversationStore } from './store.ts';
import type { TurnIds } from './turn.ts';

export interface SecondThoughtsOptions {
  readonly store: ConversationStore;
  readonly capabilities: ReadonlySignal<readonly string[]>;
  readonly draft: Signal<string>;
  readonly transport: Transport;
  readonly newId: (prefix: string) => string;
  /** Whether this can be sent in the place of that; says so where it cannot. */
  readonly isFit: (text: string, entry: UserEntry) => boolean;
  /** Ends what is under way, for the message that follows. */
  readonly overtake: () => void;
  readonly begin: (ids: TurnIds) => Promise<void>;
}

/** What a visitor does with what stands in the thread. Fetched when it is first done. */
export type SecondThoughts = Pick<Chat, 'edit' | 'regenerate' | 'rate'>;

export function createSecondThoughts(options: SecondThoughtsOptions): SecondThoughts {
  const { store, capabilities, draft, transport, newId, isFit, overtake, begin } = options;
  const entries = () => store.conversation.peek().entries;

  async function edit(entryId: string, text: string) {
    const old = entries().find(({ id }) => id === entryId);
    if (old?.role !== 'user') return;
    if (!capabilities.peek().includes('edit')) {
      draft.value = text;
      return;
    }
    if (!isFit(text, old)) return;
    overtake();
    const ids = { userId: newId('usr_'), answerId: newId('ast_'), replaces: entryId };
    store.change((before) => edited(before, { ...old, id: ids.userId, text }, ids));
    await begin(ids);
  }

  return {
    edit,
    async regenerate(entryId) {
      const index = entries().findIndex(({ id }) => id === entryId);
      const asked = entries()
        .filter((entry, at) => at < index && entry.role === 'user')
        .at(-1);
      if (asked?.role === 'user' && capabilities.peek().includes('edit')) await edit(asked.id, asked.text);
    },
    async rate(rating, comment) {
      if (rating !== undefined) {
        await transport.feedback({ type: 'csat', rating, ...(comment !== '' && { comment }) });
      }
      store.change(rated);
    },
  };
}

/** A message in the place of an earlier one and of all that followed it. */
function edited(
  { entries }: Conversation,
  message: UserEntry,
  { replaces, answerId }: TurnIds,
): Conversation {
  const index = entries.findIndex(({ id }) => id === replaces);
  return {
    ...EMPTY_CONVERSATION,
    phase: 'thinking',
    entries: [...entries.slice(0, index), message],
    answerId,
  };
}

function rated(conversation: Conversation): Conversation {
  const last = conversation.entries.map(({ role }) => role).lastIndexOf('assistant');
  const mark = (entry: Entry, at: number) => (at === last ? ({ ...entry, rated: true } as Entry) : entry);
  return { ...conversation, entries: conversation.entries.map(mark) };
}
