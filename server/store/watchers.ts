import type { ChangeFeed } from './engine.ts';

/** What an execution's row and log looked like, in one word. */
export type Looks = ReadonlyMap<string, string>;

/**
 * Whoever follows executions, and how they hear of changes: what this store object writes at once, what the feed of
 * the engine says, and a slow look at all that are watched, so that a message that gets lost only delays.
 */
export class Watchers {
  readonly #feed: ChangeFeed;
  readonly #look: (executionIds: readonly string[]) => Promise<Looks>;
  readonly #callbacks = new Map<string, Set<() => void>>();
  readonly #seen = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `look` gives the executions that exist. */
  constructor(feed: ChangeFeed, look: (executionIds: readonly string[]) => Promise<Looks>) {
    this.#feed = feed;
    this.#look = look;
    feed.listen((executionIds) => this.#call(executionIds));
  }

  watch(executionId: string, callback: () => void): () => void {
    const callbacks = this.#callbacks.get(executionId) ?? new Set();
    let isWatching = true;
    const own = () => {
      if (isWatching) callback();
    };
    callbacks.add(own);
    this.#callbacks.set(executionId, callbacks);
    this.#schedule();
    return () => {
      isWatching = false;
      callbacks.delete(own);
      if (callbacks.size > 0 || this.#callbacks.get(executionId) !== callbacks) return;
      this.#callbacks.delete(executionId);
      this.#seen.delete(executionId);
    };
  }

  /** This store object has written these. */
  written(executionIds: Iterable<string>): void {
    const ids = [...executionIds];
    if (ids.length === 0 || this.#isClosed) return;
    this.#feed.announce(ids);
    this.#call(ids);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#callbacks.clear();
  }

  #call(executionIds: Iterable<string>): void {
    for (const id of executionIds) {
      for (const callback of this.#callbacks.get(id) ?? []) queueMicrotask(callback);
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#callbacks.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#poll().finally(() => {
        this.#timer = undefined;
        this.#schedule();
      });
    }, this.#feed.pollMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    try {
      const ids = [...this.#callbacks.keys()];
      const isNews = await this.#feed.mayHaveChanged();
      if (!isNews && ids.every((id) => this.#seen.has(id))) return;
      const looks = await this.#look(ids);
      const changed = ids.filter((id) => this.#seen.get(id) !== (looks.get(id) ?? ''));
      for (const id of changed) this.#seen.set(id, looks.get(id) ?? '');
      this.#call(changed);
    } catch {
      // Whoever follows reads the log too, and hears there what is wrong. The next look begins anew.
      this.#seen.clear();
    }
  }
}
