import { signal } from '@preact/signals';
import type { Chat } from '../../chat/chat.ts';
import type { History } from '../../chat/history.ts';
import { asWidgetError, type WidgetError } from '../../errors.ts';
import type { Words } from '../../messages.ts';
import { useView } from '../context.ts';
import { FailureNote } from '../failure-note.tsx';
import type { PanelSlots } from '../panel-slots.ts';
import { useSheet } from '../sheet.ts';
import style from './history.css?inline';
import { HistoryPane } from './history-pane.tsx';

/** Shows the visitor's conversations in the place of the thread. Returns how to go back; `onGone` hears when that happens. */
export function showHistory(chat: Chat, slots: PanelSlots, words: Words, onGone: () => void): () => void {
  const history = signal<History | undefined>(undefined);
  const failure = signal<WidgetError | undefined>(undefined);

  const load = () => {
    failure.value = undefined;
    Promise.all([chat.history(), words.complete()]).then(
      ([found]) => {
        history.value = found;
      },
      (cause: unknown) => {
        failure.value = asWidgetError(cause);
      },
    );
  };
  load();

  const remove = slots.add('instead-of-thread', function Conversations() {
    const { composer } = useView();
    useSheet(style);
    const close = () => {
      remove();
      onGone();
      // What is hidden still takes no focus.
      requestAnimationFrame(() => composer.current?.focus({ preventScroll: true }));
    };
    if (failure.value !== undefined)
      return (
        <div class="history">
          <FailureNote failure={{ ...failure.value, retryable: true, advice: 'connection' }} onRetry={load} />
        </div>
      );
    if (history.value === undefined)
      return (
        <div class="history">
          <span class="pending spinner" />
        </div>
      );
    return <HistoryPane history={history.value} onClose={close} />;
  });
  return () => {
    remove();
    onGone();
  };
}
