import { useComputed } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../chat/state.ts';
import { useView } from '../context.ts';

/** How long after the last answer the visitor is asked how it was, in milliseconds. */
const QUIET_MS = 5 * 60_000;

/** Fewer answers are no conversation that anybody could judge. */
const FEWEST_ANSWERS = 2;

const STARS = [1, 2, 3, 4, 5] as const;

/**
 * Asks how it was, once a conversation: when nothing was said for a while, or when the visitor comes back after closing
 * the chat. Nothing stands in the way of closing it.
 */
export function Rating() {
  const { chat, open } = useView();
  const due = useComputed(() => chat.surface.value?.csat === true && isDue(chat.conversation.value)).value;
  const last = useComputed(() => chat.conversation.value.entries.at(-1)?.id).value;
  const [asks, setAsks] = useState(false);
  useLayoutEffect(() => {
    setAsks(false);
    if (!due) return;
    const ask = () => setAsks(true);
    const timer = setTimeout(ask, QUIET_MS);
    const stop = open.subscribe((isOpen) => !isOpen && ask());
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [due, last]);
  return asks && due ? <RatingForm /> : null;
}

function isDue({ phase, entries }: Conversation): boolean {
  const answers = entries.filter((entry) => entry.role === 'assistant');
  return phase === 'idle' && answers.length >= FEWEST_ANSWERS && !answers.some(({ rated }) => rated === true);
}

function RatingForm() {
  const { chat, words } = useView();
  const { say } = words;
  const [stars, setStars] = useState(0);
  const [comment, setComment] = useState('');
  const [state, setState] = useState<'open' | 'sending' | 'failed'>('open');
  const form = useRef<HTMLFormElement>(null);
  const name = useRef(`rating-${Math.random().toString(36).slice(2)}`).current;

  const thread = () => form.current?.closest<HTMLElement>('.scroller');
  const send = async () => {
    if (stars === 0 || state === 'sending') return;
    setState('sending');
    // Asked for now: once it is rated the form is gone.
    const around = thread();
    try {
      await chat.rate(stars, comment.trim());
      around?.focus({ preventScroll: true });
    } catch {
      setState('failed');
    }
  };
  return (
    <form
      class="rating"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset>
        <legend>{say('rating.question')}</legend>
        <div class="stars">
          {STARS.map((value) => (
            <label key={value} class={value <= stars ? 'star lit' : 'star'}>
              <input
                type="radio"
                name={name}
                class="unseen"
                checked={stars === value}
                onChange={() => setStars(value)}
              />
              <span class="unseen">{say('rating.stars', { count: value })}</span>
              <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
                <path d="M10 3l2.2 4.5 4.9.7-3.6 3.5.9 4.9-4.4-2.3-4.4 2.3.9-4.9L2.9 8.2l4.9-.7z" />
              </svg>
            </label>
          ))}
        </div>
      </fieldset>
      {stars > 0 && (
        <input
          type="text"
          class="comment"
          maxLength={4000}
          dir="auto"
          aria-label={say('rating.comment')}
          placeholder={say('rating.comment')}
          value={comment}
          onInput={({ currentTarget }) => setComment(currentTarget.value)}
        />
      )}
      {state === 'failed' && (
        <p class="muted" role="status">
          {say('rating.failed')}
        </p>
      )}
      <div class="edit-answers">
        <button
          type="button"
          class="quiet"
          onClick={() => {
            thread()?.focus({ preventScroll: true });
            void chat.rate(undefined, '');
          }}
        >
          {say('rating.skip')}
        </button>
        {stars > 0 && (
          <button type="submit" class="primary" aria-disabled={state === 'sending'}>
            {say('rating.send')}
          </button>
        )}
      </div>
    </form>
  );
}
