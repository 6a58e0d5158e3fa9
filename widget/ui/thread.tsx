import { useComputed } from '@preact/signals';
import type { RefObject, VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { AssistantEntry, Entry, UserEntry, Wait } from '../chat/state.ts';
import { useView } from './context.ts';
import { FailureNote, PARTS_MISSING } from './failure-note.tsx';
import { useFollowing } from './following.ts';
import { Icon } from './icon.tsx';
import { latePartsFailed, useLateParts } from './late-parts.ts';
import { ARROW_DOWN } from './panel-icons.ts';

export function Thread() {
  const { chat, words, loadLateParts } = useView();
  const { say } = words;
  const name = say('thread.name');
  const AfterThread = useLateParts()?.AfterThread;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { entries, failure, phase, wait } = chat.conversation.value;
  const newest = [entries.at(-1), failure, wait];
  const { following, newBelow, jump } = useFollowing({ scroller, content, newest });
  const running = phase !== 'idle' && phase !== 'failed';
  // A failure's *Retry* fetches them too; a wait goes first; and a question alone misses nothing.
  const isMissingParts =
    latePartsFailed.value &&
    failure === undefined &&
    wait === undefined &&
    entries.at(-1)?.role === 'assistant';

  const questions = entries.reduce((count, entry) => count + (entry.role === 'user' ? 1 : 0), 0);
  useLayoutEffect(() => {
    if (entries.length > 0 || failure !== undefined) loadLateParts();
  }, [entries.length > 0, failure !== undefined]);
  // Whoever writes wants to see what is written, wherever they had scrolled to. Who is at the end stays there anyway.
  useLayoutEffect(() => {
    if (!following.peek()) jump();
  }, [questions]);

  const onJump = () => {
    jump();
    scroller.current?.focus({ preventScroll: true });
  };
  const onRetry = () => {
    loadLateParts();
    void chat.retry();
  };
  return (
    <div class="thread" part="thread">
      {/* The announcer speaks for the thread: read aloud as it grows, an answer would stutter word by word. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach it */}
      <div class="scroller" role="log" aria-live="off" aria-label={name} tabIndex={0} ref={scroller}>
        <div class="content" lang={words.locale} ref={content}>
          <Welcome empty={entries.length === 0} />
          <Entries entries={entries} running={running} scroller={scroller} />
          {AfterThread && <AfterThread />}
          {phase === 'thinking' && <span class="pending spinner" />}
          {wait !== undefined && <WaitLine wait={wait} />}
          {failure !== undefined && <FailureNote failure={failure} onRetry={onRetry} />}
          {isMissingParts && <FailureNote failure={PARTS_MISSING} onRetry={loadLateParts} />}
        </div>
      </div>
      {!following.value && (
        <button type="button" class="jump" onClick={onJump}>
          {newBelow.value && <span class="unseen">{say('thread.newBelow')} </span>}
          {say('thread.jumpToLatest')}
          {newBelow.value && <span class="dot" />}
          <Icon path={ARROW_DOWN} />
        </button>
      )}
    </div>
  );
}

/** Before the late parts are there, what is waited for is mostly the network that they come by. */
function WaitLine({ wait }: { readonly wait: Wait }) {
  const { words } = useView();
  const WaitNote = useLateParts()?.WaitNote;
  if (WaitNote !== undefined) return <WaitNote wait={wait} />;
  return wait.reason === 'offline' ? <p class="notice wait">{words.say('wait.offline')}</p> : null;
}

function Welcome({ empty }: { readonly empty: boolean }) {
  const { chat, composer, words } = useView();
  const surface = useComputed(() => chat.surface.value).value;
  const suggestions = empty ? (surface?.suggestions ?? []) : [];
  return (
    <>
      {surface?.welcomeMessage && <WelcomeMessage text={surface.welcomeMessage} />}
      {suggestions.length > 0 && (
        <ul class="suggestions" aria-label={words.say('thread.suggestions')}>
          {suggestions.map((text) => (
            <li key={text}>
              <button
                type="button"
                dir="auto"
                onClick={() => {
                  // It goes with the press, and the focus must not go with it.
                  composer.current?.focus({ preventScroll: true });
                  void chat.send(text);
                }}
              >
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Whether a text has anything in it that Markdown might read. */
const MARKED = /[*_`~#[\]<>|&\\\n]|:\/\/|www\.|^[-+\d]/;

function WelcomeMessage({ text }: { readonly text: string }) {
  const { loadLateParts } = useView();
  const Markdown = useLateParts()?.Markdown;
  useLayoutEffect(() => {
    if (MARKED.test(text)) loadLateParts();
  }, [text]);
  return (
    <div class="entry answer welcome" part="message answer">
      {Markdown === undefined ? <AsWritten text={text} /> : <Markdown text={text} streaming={false} />}
    </div>
  );
}

function AsWritten({ text }: { readonly text: string }) {
  return (
    <p class="as-written" dir="auto">
      {text}
    </p>
  );
}

function VisitorMessage({ entry }: { readonly entry: UserEntry }) {
  const { words, drawings } = useView();
  const late = useLateParts();
  const standard = (
    <>
      {late !== undefined && <late.SentFiles entry={entry} />}
      {entry.text !== '' && <p dir="auto">{entry.text}</p>}
    </>
  );
  return (
    <div class="entry visitor" part="message visitor">
      <span class="unseen">{words.say('thread.visitorSaid')}</span>
      {drawings?.value?.draw(entry, standard) ?? standard}
      {late !== undefined && <late.MessageTools entry={entry} />}
    </div>
  );
}

export interface AnswerProps {
  readonly entry: AssistantEntry;
  readonly finished: boolean;
  /** Nothing follows it. */
  readonly isLast: boolean;
}

/** An answer; its bare words until what draws them is there. */
function AnswerEntry(props: AnswerProps) {
  const Answer = useLateParts()?.Answer;
  if (Answer !== undefined) return <Answer {...props} />;
  return (
    <div class="entry answer" part="message answer">
      {props.entry.parts.map((part) => part.kind === 'text' && <AsWritten key={part.id} text={part.text} />)}
    </div>
  );
}

/** So many entries at the end are drawn before the late parts are there. */
const FIRST_DRAWN = 16;

/** An entry that did not change keeps its node of the virtual tree, and Preact passes it over. */
function Entries({
  entries,
  running,
  scroller,
}: {
  readonly entries: readonly Entry[];
  readonly running: boolean;
  readonly scroller: RefObject<HTMLElement | null>;
}) {
  const nodes = useMemo(
    () =>
      new WeakMap<Entry, { readonly node: VNode; readonly finished: boolean; readonly isLast: boolean }>(),
    [],
  );
  const nodeOf = (entry: Entry, i: number) => {
    const isLast = i === entries.length - 1;
    const finished = !running || !isLast;
    const known = nodes.get(entry);
    if (known?.finished === finished && known.isLast === isLast) return known.node;
    const key = `${entry.role} ${entry.id}`;
    const node =
      entry.role === 'user' ? (
        <VisitorMessage key={key} entry={entry} />
      ) : (
        <AnswerEntry key={key} entry={entry} finished={finished} isLast={isLast} />
      );
    nodes.set(entry, { node, finished, isLast });
    return node;
  };
  const EntryGroups = useLateParts()?.EntryGroups;
  if (EntryGroups !== undefined) return <EntryGroups entries={entries} scroller={scroller} nodeOf={nodeOf} />;
  // More than a screenful. What draws the rest is on its way.
  const from = Math.max(0, entries.length - FIRST_DRAWN);
  return <>{entries.slice(from).map((entry, i) => nodeOf(entry, from + i))}</>;
}
