import { effect, type ReadonlySignal, type Signal } from '@preact/signals';
import type { OwnedStorage } from '../surface-storage.ts';
import type { Clock } from './clock.ts';
import { DRAFT } from './late-composing.ts';
import type { Conversation } from './state.ts';

/** A pause of the writer, in milliseconds: never is anything written with a key. */
const PAUSE_MS = 600;

export interface DraftOptions {
  readonly draft: Signal<string>;
  readonly storage: OwnedStorage;
  readonly clock: Clock;
  readonly conversation: ReadonlySignal<Conversation>;
  /** `undefined` while it has no name yet. */
  readonly conversationId: () => string | undefined;
}

/**
 * Keeps what stands in the composer, for the next page and for other tabs, and for each conversation its own. Returns
 * the undo, which keeps it once more.
 */
export function keepDraft({ draft, storage, clock, ...options }: DraftOptions): () => void {
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
  let at = options.conversationId();
  let first = options.conversation.peek().entries[0]?.id;

  /** Another conversation has another first word; one that was only just named has not. */
  function follow({ entries }: Conversation) {
    const [before, now] = [at, options.conversationId()];
    const isOther = entries[0]?.id !== first;
    at = now ?? (isOther ? undefined : before);
    first = entries[0]?.id;
    if (!isOther || before === undefined || now === before) return;
    storage.write(`${DRAFT}:${before}`, draft.peek() || undefined);
    draft.value = (now && storage.read(`${DRAFT}:${now}`)) ?? '';
    if (now !== undefined) storage.write(`${DRAFT}:${now}`, undefined);
  }

  function leave() {
    keep();
    storage.leave();
  }

  const unfollow = options.conversation.subscribe(follow);
  addEventListener('pagehide', leave, life);
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : void catchUp()), life);
  return () => {
    unwatch();
    unfollow();
    keep();
    life.abort();
  };
}
