import { useComputed } from '@preact/signals';
import { MAX_MESSAGE_CHARS } from '../../../protocol/limits.ts';
import { useView } from '../context.ts';

/** So many characters before the limit it is spoken of. */
const NEAR = 2_000;

/** Says how much room there is, before there is none. */
export function LengthNote() {
  const { chat, words } = useView();
  const left = useComputed(() => MAX_MESSAGE_CHARS - chat.draft.value.trim().length).value;
  if (left > NEAR) return null;
  return (
    <p class={left < 0 ? 'compose-note bad' : 'compose-note'} role="status">
      {left < 0 ? words.say('composer.over', { count: -left }) : words.say('composer.left', { count: left })}
    </p>
  );
}
