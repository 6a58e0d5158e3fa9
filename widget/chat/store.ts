import { type ReadonlySignal, signal } from '@preact/signals';
import { afterEarly, type EarlyEvent } from './local.ts';
import { type Conversation, EMPTY_CONVERSATION } from './state.ts';

/** The one place where the conversation changes. */
export interface ConversationStore {
  readonly conversation: ReadonlySignal<Conversation>;
  /** Applies at once, after all that was heard before. */
  apply(event: EarlyEvent): void;
  change(next: (conversation: Conversation) => Conversation): void;
  /** From now on this comes before each event: what was heard and not applied. */
  flushFirst(flush: () => void): void;
}

export function createStore(initial: Partial<Conversation>): ConversationStore {
  const conversation = signal<Conversation>({ ...EMPTY_CONVERSATION, ...initial });
  let flush = () => {};
  const change: ConversationStore['change'] = (next) => {
    conversation.value = next(conversation.peek());
  };
  return {
    conversation,
    change,
    apply(event) {
      flush();
      change((before) => afterEarly(before, event));
    },
    flushFirst(first) {
      flush = first;
    },
  };
}
