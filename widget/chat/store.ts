import { type ReadonlySignal, signal } from '@preact/signals';
import type { StreamEvent } from '../../protocol/event.ts';
import type { Clock } from './clock.ts';
import { type LocalEvent, reduce } from './reduce.ts';
import { type Conversation, EMPTY_CONVERSATION, type Entry } from './state.ts';

/** The one place where the conversation changes. */
export interface ConversationStore {
  readonly conversation: ReadonlySignal<Conversation>;
  /** Applies at once, after all that was heard before. */
  apply(event: LocalEvent): void;
  /** Applies with the next frame, so that a flood of deltas is reduced and drawn once a frame. */
  hear(event: StreamEvent): void;
  /** Applies what was heard now. */
  flush(): void;
  /** Forgets what was heard and not applied. */
  destroy(): void;
}

export function createStore(clock: Clock, entries: readonly Entry[]): ConversationStore {
  const conversation = signal<Conversation>({ ...EMPTY_CONVERSATION, entries });
  let heard: StreamEvent[] = [];
  let unschedule: (() => void) | undefined;

  function flush() {
    unschedule?.();
    unschedule = undefined;
    const events = heard;
    heard = [];
    const nowMs = clock.now();
    conversation.value = joined(events).reduce(
      (state, event) => reduce(state, event, nowMs),
      conversation.peek(),
    );
  }

  return {
    conversation,
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
      conversation.value = reduce(conversation.peek(), event, clock.now());
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
