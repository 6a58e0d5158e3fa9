import { useComputed } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Entry, Failure } from '../chat/state.ts';
import { copy } from '../copy.ts';
import { Answer, VisitorMessage } from './answer.tsx';
import { useView } from './context.ts';
import { useFollowing } from './following.ts';
import { Icon } from './icon.tsx';
import { Markdown } from './markdown/markdown.tsx';

export function Thread() {
  const { chat, locale } = useView();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { following, newBelow, jump } = useFollowing({ scroller, content });
  const { entries, failure, phase } = chat.conversation.value;
  const running = phase !== 'idle' && phase !== 'failed';

  const questions = entries.reduce((count, entry) => count + (entry.role === 'user' ? 1 : 0), 0);
  // Whoever writes wants to see what is written, wherever they had scrolled to.
  useLayoutEffect(jump, [questions]);

  const onJump = () => {
    jump();
    scroller.current?.focus({ preventScroll: true });
  };
  return (
    <div class="thread">
      {/* The announcer speaks for the thread: read aloud as it grows, an answer would stutter word by word. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it */}
      <div class="scroller" role="log" aria-live="off" aria-label={copy.thread} tabIndex={0} ref={scroller}>
        <div class="content" lang={locale} ref={content}>
          <Welcome empty={entries.length === 0} />
          <Entries entries={entries} running={running} />
          {phase === 'thinking' && <span class="pending spinner" />}
          {failure !== undefined && <FailureNote failure={failure} />}
        </div>
      </div>
      {!following.value && (
        <button type="button" class="jump" onClick={onJump}>
          {newBelow.value && <span class="unseen">{copy.newBelow} </span>}
          {copy.jumpToLatest}
          {newBelow.value && <span class="dot" />}
          <Icon name="arrowDown" />
        </button>
      )}
    </div>
  );
}

function Welcome({ empty }: { readonly empty: boolean }) {
  const { chat } = useView();
  const surface = useComputed(() => chat.surface.value).value;
  const suggestions = empty ? (surface?.suggestions ?? []) : [];
  return (
    <>
      {surface?.welcomeMessage && (
        <div class="entry answer">
          <Markdown text={surface.welcomeMessage} streaming={false} />
        </div>
      )}
      {suggestions.length > 0 && (
        <ul class="suggestions" aria-label={copy.suggestions}>
          {suggestions.map((text) => (
            <li key={text}>
              <button type="button" dir="auto" onClick={() => void chat.send(text)}>
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** An entry that did not change keeps its node of the virtual tree, and Preact passes it over. */
function Entries({ entries, running }: { readonly entries: readonly Entry[]; readonly running: boolean }) {
  const nodes = useMemo(() => new WeakMap<Entry, { readonly node: VNode; readonly finished: boolean }>(), []);
  const nodeOf = (entry: Entry, i: number) => {
    const finished = !running || i < entries.length - 1;
    const known = nodes.get(entry);
    if (known?.finished === finished) return known.node;
    const key = `${entry.role} ${entry.id}`;
    const node =
      entry.role === 'user' ? (
        <VisitorMessage key={key} entry={entry} />
      ) : (
        <Answer key={key} entry={entry} finished={finished} />
      );
    nodes.set(entry, { node, finished });
    return node;
  };
  return <>{entries.map(nodeOf)}</>;
}

function FailureNote({ failure }: { readonly failure: Failure }) {
  const { chat } = useView();
  return (
    <div class="failure" role="alert" lang={copy.language}>
      <p>
        <strong>{failure.message}</strong>
        {failure.hint !== undefined && <span> {failure.hint}</span>}
      </p>
      {failure.retryable && (
        <button type="button" onClick={() => void chat.retry()}>
          {copy.retry}
        </button>
      )}
    </div>
  );
}
