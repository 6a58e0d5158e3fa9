import { useComputed } from '@preact/signals';
import { readSuggestions, SUGGEST } from '../../chat/own-tool-input.ts';
import type { Conversation } from '../../chat/state.ts';
import { useView } from '../context.ts';
import { Rating } from './rating.tsx';

/** What stands below the last answer and goes with the next message. */
export function AfterThread() {
  return (
    <>
      <FollowUps />
      <Rating />
    </>
  );
}

const NONE: readonly string[] = [];

function FollowUps() {
  const { chat, words } = useView();
  const replies = useComputed(() => suggestedReplies(chat.conversation.value)).value;
  if (replies.length === 0) return null;
  return (
    <ul class="suggestions follow-ups" aria-label={words.say('thread.suggestions')}>
      {replies.map((text) => (
        <li key={text}>
          <button
            type="button"
            dir="auto"
            onClick={({ currentTarget }) => {
              // It goes with the press, and the focus must not go with it.
              currentTarget.closest<HTMLElement>('.scroller')?.focus({ preventScroll: true });
              void chat.send(text);
            }}
          >
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Those of the last answer's last call. None while an answer grows. */
function suggestedReplies({ phase, entries }: Conversation): readonly string[] {
  const last = entries.at(-1);
  if (phase !== 'idle' || last?.role !== 'assistant') return NONE;
  for (let index = last.parts.length - 1; index >= 0; index -= 1) {
    const part = last.parts[index];
    const isSuggestion = part?.kind === 'tool' && part.runsIn === 'widget' && part.name === SUGGEST;
    if (isSuggestion && part.state.status === 'done') return readSuggestions(part.input);
  }
  return NONE;
}
