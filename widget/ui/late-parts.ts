import { signal } from '@preact/signals';

type LateParts = typeof import('./conversation-parts.ts')['conversationParts'];

/** Code, not state: shared by every chat of the page. */
export const lateParts = signal<LateParts | undefined>(undefined);
export const latePartsFailed = signal(false);
let loading = false;

/** Fetches what a conversation needs, unless it is there or on its way. */
export function loadLateParts(): void {
  if (loading) return;
  loading = true;
  latePartsFailed.value = false;
  import('./conversation-parts.ts').then(
    ({ conversationParts }) => {
      lateParts.value = conversationParts;
    },
    () => {
      loading = false;
      latePartsFailed.value = true;
      if (!navigator.onLine) addEventListener('online', loadLateParts, { once: true });
    },
  );
}
