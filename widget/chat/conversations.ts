import type { Transport } from '../transport/transport.ts';
import type { Chat } from './chat.ts';
import type { History } from './history.ts';
import type { SharedChat } from './tabs.ts';

/** A chat whose visitor can go from one conversation to another. */
export interface WholeChat extends SharedChat, Chat {}

const { signal: NEVER } = new AbortController();

/** All tabs go along: they show one conversation. */
export function withConversations(chat: SharedChat, transport: Transport): WholeChat {
  let opened: Promise<History> | undefined;

  const open = async (): Promise<History> => {
    const [{ createHistory }, requests] = await Promise.all([import('./history.ts'), transport.history()]);
    return createHistory({
      transport: requests,
      current: transport.conversationId,
      enter: (id, entries, signal) => chat.enter(() => transport.enter(id, signal), entries),
    });
  };

  return {
    ...chat,
    startNew: () => chat.enter(() => transport.enter(undefined, NEVER), []),
    async forget() {
      chat.draft.value = '';
      await chat.enter(transport.forgetVisitor, []);
    },
    history() {
      opened ??= open().catch((cause: unknown) => {
        opened = undefined;
        throw cause;
      });
      return opened;
    },
    destroy() {
      chat.destroy();
      void opened?.then(
        (history) => history.destroy(),
        () => {},
      );
    },
  };
}
