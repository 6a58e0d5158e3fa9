import { effect } from '@preact/signals';
import type { UnreadParts } from './unread.ts';

/** Fetches what counts unread answers once an answer goes on while the chat is closed. Returns the undo. */
export function unreadWhenClosed(parts: UnreadParts): () => void {
  let stop = () => {};
  let isFetched = false;
  let isGone = false;
  const stopWaiting = effect(() => {
    const { phase } = parts.conversation.value;
    if (parts.open.value || phase === 'idle' || phase === 'failed' || isFetched) return;
    isFetched = true;
    import('./unread.ts').then(
      ({ watchUnread }) => {
        if (!isGone) stop = watchUnread(parts);
      },
      // The answer stands in the thread all the same.
      () => {},
    );
  });
  return () => {
    isGone = true;
    stopWaiting();
    stop();
  };
}
