import type { Signal } from '@preact/signals';
import type { CommandSource } from '../composer-sources.ts';
import { WidgetError } from '../errors.ts';

/** Adds a source. Returns the undo. Throws `WidgetError` `invalid_option`. */
export function addSource(list: Signal<readonly CommandSource[]>, source: CommandSource): () => void {
  const { trigger, name, search } = source;
  if (!(trigger === '/' || trigger === '@') || typeof name !== 'string' || typeof search !== 'function') {
    throw new WidgetError('invalid_option', 'This is no source of commands.', {
      hint: 'It has a `trigger`, "/" or "@", a `name`, and a function `search`.',
    });
  }
  list.value = [...list.peek(), source];
  return () => {
    list.value = list.peek().filter((other) => other !== source);
  };
}
