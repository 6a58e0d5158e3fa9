import type { Append, Store } from '../store/store.ts';

/** How long events may gather before they are written and sent, in milliseconds. Below what a reader notices. */
const GROUP_MS = 50;

/** A log that has events to write between two boundaries. */
export interface AppendSource {
  /** Hands over what waits. `done` hears how it went: written, moved on, or the store's error. */
  takeWaiting(): { readonly append: Append; readonly done: (result: AppendResult) => void } | undefined;
}

type AppendResult = 'written' | 'moved_on' | { readonly error: unknown };

/**
 * Writes the words of all executions of this process together. One transaction for each of two hundred streams, twenty
 * times a second, would cost more than all the rest.
 */
export class Appender {
  private readonly store: Store;
  private readonly sources = new Set<AppendSource>();
  private timer: NodeJS.Timeout | undefined;

  constructor(store: Store) {
    this.store = store;
  }

  /** Something waits in this log. It is taken within `GROUP_MS`. */
  add(source: AppendSource): void {
    this.sources.add(source);
    this.timer ??= setTimeout(() => void this.flush(), GROUP_MS);
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    const taken = [...this.sources].flatMap((source) => source.takeWaiting() ?? []);
    this.sources.clear();
    if (taken.length === 0) return;
    try {
      const movedOn = await this.store.appendEvents(taken.map(({ append }) => append));
      for (const { append, done } of taken) done(movedOn.has(append.executionId) ? 'moved_on' : 'written');
    } catch (error) {
      for (const { done } of taken) done({ error });
    }
  }
}
