import { type ReadonlySignal, signal } from '@preact/signals';
import type { Composing, ComposingOptions } from './composing.ts';

/** Fetched when it is first needed: most who open a chat attach nothing. */
export interface LateComposing {
  /** `undefined` until then. */
  readonly now: ReadonlySignal<Composing | undefined>;
  /** Resolves when it is there; tries until it can be had. */
  load(): Promise<Composing>;
}

/** Under this name a surface keeps what stands in its composer. */
export const DRAFT = 'draft';

/** The files that wait in a composer, for the next page of the same tab. */
export const FILES = 'files';

/** Between two tries, in milliseconds. What waits for it, such as files that were dropped, comes with the next. */
const PAUSE_MS = 3_000;

export function lateComposing(opening: () => Promise<ComposingOptions>): LateComposing {
  const now = signal<Composing | undefined>(undefined);
  let coming: Promise<Composing> | undefined;

  async function fetchNow(): Promise<Composing> {
    for (;;) {
      try {
        const [{ createComposing }, options] = await Promise.all([import('./composing.ts'), opening()]);
        now.value = createComposing(options);
        return now.value;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  return {
    now,
    load() {
      coming ??= fetchNow();
      return coming;
    },
  };
}
