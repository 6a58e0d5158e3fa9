import { useLayoutEffect } from 'preact/hooks';
import type { Entry } from '../../chat/state.ts';
import { useView } from '../context.ts';
import { isComposing, take, writeField } from './field-text.ts';

/** ↑ in an empty field brings back what was said before, ↓ goes the other way, Esc empties the field again. */
export function useHistory(): void {
  const { chat, composer } = useView();
  useLayoutEffect(() => {
    const field = composer.current;
    if (field === null) return;
    const life = new AbortController();
    /** What was said before, newest last, as it was when the visitor began to look. */
    let said: readonly string[] = [];
    let at = 0;
    const isLooking = () => at < said.length && field.value === said[at];

    const show = (index: number) => {
      at = index;
      writeField(field, chat.draft, said[index] ?? '');
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const { key } = event;
      if (isComposing(event) || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!isLooking()) {
        if (key !== 'ArrowUp' || field.value !== '') return;
        said = ownMessages(chat.conversation.peek().entries);
        if (said.length === 0) return;
        take(event);
        show(said.length - 1);
      } else if (key === 'Escape') {
        take(event);
        show(said.length);
      } else if (key === 'ArrowUp' && isAtEdge(field, 'first')) {
        take(event);
        show(Math.max(at - 1, 0));
      } else if (key === 'ArrowDown' && isAtEdge(field, 'last')) {
        take(event);
        show(at + 1);
      }
    };
    field.addEventListener('keydown', onKeyDown, { signal: life.signal, capture: true });
    return () => life.abort();
  }, []);
}

function ownMessages(entries: readonly Entry[]): readonly string[] {
  const texts = entries.flatMap((entry) => (entry.role === 'user' && entry.text !== '' ? [entry.text] : []));
  return texts.filter((text, index) => text !== texts[index - 1]);
}

/** In a message of several lines the arrows move the caret until there is no further line. */
function isAtEdge(
  { value, selectionStart, selectionEnd }: HTMLTextAreaElement,
  line: 'first' | 'last',
): boolean {
  if (selectionStart !== selectionEnd) return false;
  return line === 'first'
    ? !value.slice(0, selectionStart).includes('\n')
    : !value.slice(selectionEnd).includes('\n');
}
