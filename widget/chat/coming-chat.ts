import { computed, type Signal, signal } from '@preact/signals';
import type { WholeChat } from './conversations.ts';
import { type Conversation, EMPTY_CONVERSATION } from './state.ts';

/** What a chat shows that is not there yet. It is no state of its own: the first real one is no change. */
export const COMING: Conversation = { ...EMPTY_CONVERSATION };

/**
 * A chat that can be shown and written to while what it kept is still being read. What is asked of it meanwhile is done
 * when it is there. `draft` is that of the chat that comes.
 */
export function comingChat(coming: Promise<WholeChat>, draft: Signal<string>): WholeChat {
  const chat = signal<WholeChat | undefined>(undefined);
  const there = coming.then((arrived) => {
    chat.value = arrived;
    return arrived;
  });
  const now = () => chat.peek();
  const later = (act: (chat: WholeChat) => void) => void there.then(act);
  return {
    conversation: computed(() => chat.value?.conversation.value ?? COMING),
    surface: computed(() => chat.value?.surface.value),
    capabilities: computed(() => chat.value?.capabilities.value ?? []),
    draft,
    connect: async () => (await there).connect(),
    prepare: () => later(({ prepare }) => prepare()),
    send: async (...given) => (await there).send(...given),
    edit: async (...given) => (await there).edit(...given),
    regenerate: async (id) => (await there).regenerate(id),
    rate: async (...given) => (await there).rate(...given),
    retry: async () => (await there).retry(),
    resume: async () => (await there).resume(),
    become: (entries) => later(({ become }) => become(entries)),
    enter: async (...given) => (await there).enter(...given),
    startNew: async () => (await there).startNew(),
    forget: async () => (await there).forget(),
    history: async () => (await there).history(),
    stop: () => later(({ stop }) => stop()),
    suspend: () => later(({ suspend }) => suspend()),
    destroy: () => later(({ destroy }) => destroy()),
    decide: (...given) => now()?.decide(...given),
    reply: (...given) => now()?.reply(...given),
    copied: (id) => now()?.copied(id),
    overtaken: () => now()?.overtaken(),
    vote: (...given) => now()?.vote(...given),
    turnRecord: () => now()?.turnRecord(),
    thread: () => now()?.thread(),
  };
}
