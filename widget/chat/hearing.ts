import type { StreamEvent } from '../../protocol/event.ts';
import type { Clock } from './clock.ts';
import { type LocalEvent, reduce } from './reduce.ts';
import type { Conversation } from './state.ts';
import type { ConversationStore } from './store.ts';

/** The way of a turn's events into the conversation. */
export interface Hearing {
  conversation(): Conversation;
  /** Applies at once, after all that was heard before. */
  apply(event: LocalEvent): void;
  /** Applies with the next frame, so that a flood of deltas is reduced and drawn once a frame. */
  hear(event: StreamEvent): void;
  /** Applies what was heard now. */
  flush(): void;
  /** Forgets what was heard and not applied. */
  destroy(): void;
}

export function createHearing(store: ConversationStore, clock: Clock): Hearing {
  let heard: StreamEvent[] = [];
  let unschedule: (() => void) | undefined;

  function flush() {
    unschedule?.();
    unschedule = undefined;
    const events = joined(heard);
    heard = [];
    const nowMs = clock.now();
    if (events.length > 0) {
      store.change((before) => events.reduce((state, event) => reduce(state, event, nowMs), before));
    }
  }

  store.flushFirst(flush);
  return {
    conversation: () => store.conversation.peek(),
    flush,
    destroy() {
      unschedule?.();
      heard = [];
    },
    hear(event) {
      heard.push(event);
      unschedule ??= clock.nextFrame(flush);
    },
    apply(event) {
      flush();
      store.change((before) => reduce(before, event, clock.now()));
    },
  };
}

/** Deltas that follow each other in one text, as one delta: joining is cheaper than reducing. */
function joined(events: readonly StreamEvent[]): StreamEvent[] {
  const result: StreamEvent[] = [];
  let run: string[] = [];
  for (const [index, event] of events.entries()) {
    if (event.type !== 'text_delta' && event.type !== 'reasoning_delta') {
      result.push(event);
      continue;
    }
    run.push(event.delta);
    const next = events[index + 1];
    const goesOn =
      next?.type === event.type && next.id === event.id && next.parentToolCallId === event.parentToolCallId;
    if (goesOn) continue;
    result.push({ ...event, delta: run.join('') });
    run = [];
  }
  return result;
}
