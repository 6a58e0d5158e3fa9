import { effect, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { COMING } from '../chat/coming-chat.ts';
import type { Conversation, ToolCallPart, Wait } from '../chat/state.ts';
import type { Say, Words } from '../messages.ts';
import { useView } from './context.ts';
import { currentCalls } from './current-calls.ts';
import { followAnswer, PAUSE_MS } from './spoken-answer.ts';
import { waitWords } from './wait-note.tsx';

/**
 * Says what a screen reader's user would otherwise have to look for: what happens, in short sentences, and an answer
 * as it comes, by whole sentences. Errors are alerts of their own.
 */
export function Announcer() {
  const { chat, open, words } = useView();
  const spoken = useSignal('');
  useEffect(() => {
    let before = chat.conversation.peek();
    /** What was told of the wait that goes on. */
    const told = new Set(before.wait === undefined ? [] : [before.wait.reason]);
    let answer = followAnswer(before, words.locale);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const say = (sentences: string) => {
      if (sentences === '') return;
      // The same sentence again is a change only if it differs.
      spoken.value = sentences === spoken.peek() ? `${sentences}\u00a0` : sentences;
    };
    /** Of a closed chat only that there is an answer. */
    const fresh = (isComplete: boolean) => {
      const sentences = answer.take(chat.conversation.peek(), isComplete);
      return open.peek() ? sentences : '';
    };
    const stop = effect(() => {
      const now = chat.conversation.value;
      // What was kept is no news.
      if (before === COMING) {
        before = now;
        if (now.wait !== undefined) told.add(now.wait.reason);
        answer = followAnswer(now, words.locale);
        return;
      }
      const isOver = now.phase === 'idle' || now.phase === 'failed';
      // Another conversation, or what another tab heard, is there to be read.
      if (isOver && (before.phase === 'idle' || before.phase === 'failed'))
        answer = followAnswer(now, words.locale);
      const news = [
        ...changes(before, now, words.say),
        ...newWait(now.wait, told, words),
        ...ending(before, now, words.say),
      ];
      before = now;
      if (news.length > 0 || isOver) {
        clearTimeout(timer);
        timer = undefined;
        say([fresh(isOver || now.phase === 'waiting'), ...news].filter((words) => words !== '').join(' '));
      } else if (timer === undefined && answer.hasMore(now)) {
        timer = setTimeout(() => {
          timer = undefined;
          say(fresh(false));
        }, PAUSE_MS);
      }
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {spoken}
    </div>
  );
}

function changes(before: Conversation, now: Conversation, say: Say): string[] {
  const known = new Map(currentCalls(before).map((part) => [part.id, part]));
  return currentCalls(now).flatMap((part) => {
    const sentence =
      known.get(part.id)?.state.status === part.state.status ? undefined : sentenceFor(part, say);
    return sentence === undefined ? [] : [sentence];
  });
}

/** Each reason once, however often it is tried again. */
function newWait(wait: Wait | undefined, told: Set<Wait['reason']>, words: Words): string[] {
  if (wait === undefined) told.clear();
  if (wait === undefined || told.has(wait.reason)) return [];
  // The attempt after a wait that the server asked for.
  if (wait.reason === 'reconnecting' && (told.has('too_many') || told.has('busy'))) return [];
  told.add(wait.reason);
  return [wait.reason === 'reconnecting' ? words.say('phase.reconnecting') : waitWords(wait, words)];
}

function ending(before: Conversation, now: Conversation, say: Say): string[] {
  return now.phase === 'idle' && before.phase !== 'idle' && before.phase !== 'failed'
    ? [endingOf(now, say)]
    : [];
}

/** An answer that was cut short says so itself. */
function endingOf({ entries }: Conversation, say: Say): string {
  const last = entries.at(-1);
  const part = last?.role === 'assistant' ? last.parts.at(-1) : undefined;
  return part?.kind === 'notice' ? say(`notice.${part.notice}`) : say('announce.answered');
}

function sentenceFor({ title, state, runsIn }: ToolCallPart, say: Say): string | undefined {
  if (runsIn === 'widget' && state.status !== 'refused') {
    return state.status === 'asking' ? say('announce.asking') : undefined;
  }
  switch (state.status) {
    case 'approval':
      return say(state.elsewhere ? 'announce.waitingElsewhere' : 'announce.waiting', { title });
    case 'on_hold':
      return say('announce.onHold', { title });
    case 'done':
      return say('announce.done', { title });
    case 'failed':
      return say('announce.failed', { title });
    case 'unknown':
      return say('announce.unknown', { title });
    case 'refused':
      return say('announce.notRun', { title });
    case 'cancelled':
      return say('announce.stopped', { title });
    default:
      return undefined;
  }
}
