import { effect, type ReadonlySignal } from '@preact/signals';
import type { Conversation } from '../chat/state.ts';
import type { Words } from '../messages.ts';
import styles from './unread.css?inline';

export interface UnreadParts {
  readonly root: ShadowRoot;
  readonly conversation: ReadonlySignal<Conversation>;
  readonly open: ReadonlySignal<boolean>;
  readonly words: Words;
  /** Called with each change of the count. */
  readonly onCount?: (count: number) => void;
}

/**
 * Counts on the launcher, and in its name, the answers that ended while the chat was closed, and says there when one
 * waits for the visitor. Begins with the answer that is under way. Returns the undo.
 */
export function watchUnread({ root, conversation, open, words, onCount }: UnreadParts): () => void {
  const button = root.querySelector<HTMLButtonElement>('#l');
  if (button === null) return () => {};
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  void words.complete().catch(() => {});
  let count = 0;
  let told = 0;
  let wasBusy = true;
  let isMarked = false;
  const stop = effect(() => {
    const { phase } = conversation.value;
    const isBusy = phase !== 'idle' && phase !== 'failed';
    if (open.value) count = 0;
    else if (wasBusy && !isBusy) count += 1;
    wasBusy = isBusy;
    if (count !== told) onCount?.(count);
    told = count;
    const waits = phase === 'waiting' && !open.value;
    // Read here, so that the name is said again when its words have come.
    const hasWords = words.isComplete.value;
    if (count === 0 && !waits) {
      if (isMarked) unmark();
      return;
    }
    isMarked = true;
    button.dataset.unread = waits ? '!' : count.toLocaleString(words.language);
    if (hasWords) button.ariaLabel = words.say(waits ? 'launcher.waiting' : 'launcher.unread', { count });
  });

  function unmark() {
    isMarked = false;
    delete button?.dataset.unread;
    // Unless it says something else by now.
    if (button && !open.peek()) button.ariaLabel = button.name;
  }
  return () => {
    stop();
    unmark();
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}
