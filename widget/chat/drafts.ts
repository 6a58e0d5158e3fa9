import { effect, type Signal } from '@preact/signals';
import type { OwnedStorage } from '../surface-storage.ts';
import type { Clock } from './clock.ts';
import { DRAFT } from './late-composing.ts';

/** A pause of the writer, in milliseconds: never is anything written with a key. */
const PAUSE_MS = 600;

/** Keeps what stands in the composer, for the next page and for other tabs. Returns the undo, which keeps it once more. */
export function keepDraft(draft: Signal<string>, storage: OwnedStorage, clock: Clock): () => void {
  const life = new AbortController();
  let wait = () => {};

  function keep() {
    wait();
    const text = draft.peek();
    if (text !== (storage.read(DRAFT) ?? '')) storage.write(DRAFT, text === '' ? undefined : text);
  }

  /** What another tab made of it meanwhile; whoever wrote here since keeps their own words. */
  async function catchUp() {
    const before = storage.read(DRAFT) ?? '';
    await storage.refresh();
    if (draft.peek() === before) draft.value = storage.read(DRAFT) ?? '';
  }

  const unwatch = effect(() => {
    const text = draft.value;
    wait();
    // Sent, or wiped out: no other tab shall find it.
    if (text === '') keep();
    else wait = clock.after(PAUSE_MS, keep);
  });
  function leave() {
    keep();
    storage.leave();
  }

  addEventListener('pagehide', leave, life);
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : void catchUp()), life);
  return () => {
    unwatch();
    keep();
    life.abort();
  };
}
