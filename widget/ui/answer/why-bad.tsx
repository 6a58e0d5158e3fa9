import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useView } from '../context.ts';

export interface WhyBadProps {
  readonly entryId: string;
  readonly onDone: (isSent: boolean) => void;
}

/** After a bad vote: what was wrong, for who wants to say. */
export function WhyBad({ entryId, onDone }: WhyBadProps) {
  const { chat, words } = useView();
  const { say } = words;
  const [comment, setComment] = useState('');
  const isEmpty = comment.trim() === '';
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.scrollIntoView({ block: 'nearest' }), []);
  return (
    <form
      class="why-bad"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isEmpty) return;
        chat.vote(entryId, 'down', comment.trim());
        onDone(true);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onDone(false);
      }}
    >
      <input
        type="text"
        class="comment"
        maxLength={4000}
        dir="auto"
        aria-label={say('vote.why')}
        placeholder={say('vote.why')}
        value={comment}
        onInput={({ currentTarget }) => setComment(currentTarget.value)}
      />
      <div class="edit-answers">
        <button type="button" class="quiet" onClick={() => onDone(false)}>
          {say('rating.skip')}
        </button>
        <button type="submit" aria-disabled={isEmpty}>
          {say('rating.send')}
        </button>
      </div>
    </form>
  );
}
