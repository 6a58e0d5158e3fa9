import { signal } from '@preact/signals';
import type { Words } from '../messages.ts';
import { useView } from './context.ts';

type LateParts = typeof import('./conversation-parts.ts')['conversationParts'];

/** Code, not state: shared by every chat of the page. */
export const lateParts = signal<LateParts | undefined>(undefined);
export const latePartsFailed = signal(false);
/** Each chat has words of its own. */
const loading = new WeakSet<Words>();

/** The parts, once a view can draw with them: the code, and the words that it says. */
export function useLateParts(): LateParts | undefined {
  return useView().words.isComplete.value ? lateParts.value : undefined;
}

/** Fetches what a conversation needs, unless it is there or on its way. */
export function loadLateParts(words: Words): void {
  if (loading.has(words) || (lateParts.peek() !== undefined && words.isComplete.peek())) return;
  loading.add(words);
  latePartsFailed.value = false;
  Promise.all([import('./conversation-parts.ts'), words.complete()]).then(
    ([{ conversationParts }]) => {
      loading.delete(words);
      lateParts.value = conversationParts;
    },
    () => {
      loading.delete(words);
      latePartsFailed.value = true;
      if (!navigator.onLine) addEventListener('online', () => loadLateParts(words), { once: true });
    },
  );
}
