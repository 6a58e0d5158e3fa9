import { effect, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Conversation, ToolCallPart } from '../chat/state.ts';
import { copy } from '../copy.ts';
import { useView } from './context.ts';
import { currentCalls } from './current-calls.ts';

/** Says in short sentences what a screen reader's user would otherwise have to look for. Errors are alerts of their own. */
export function Announcer() {
  const { chat } = useView();
  const words = useSignal('');
  useEffect(() => {
    let before = chat.conversation.peek();
    return effect(() => {
      const now = chat.conversation.value;
      const sentences = changes(before, now).join(' ');
      before = now;
      if (sentences === '') return;
      // The same sentence again is a change only if it differs.
      words.value = sentences === words.peek() ? `${sentences}\u00a0` : sentences;
    });
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {words}
    </div>
  );
}

function changes(before: Conversation, now: Conversation): string[] {
  const known = new Map(currentCalls(before).map((part) => [part.id, part]));
  const sentences = currentCalls(now).flatMap((part) => {
    const sentence = known.get(part.id)?.state.status === part.state.status ? undefined : sentenceFor(part);
    return sentence === undefined ? [] : [sentence];
  });
  if (now.wait !== undefined && now.wait.reason !== before.wait?.reason) {
    sentences.push(now.wait.reason === 'offline' ? copy.wait.offline : copy.phase.reconnecting);
  }
  const ended = now.phase === 'idle' && before.phase !== 'idle' && before.phase !== 'failed';
  return ended ? [...sentences, endingOf(now)] : sentences;
}

/** An answer that was cut short says so itself. */
function endingOf({ entries }: Conversation): string {
  const last = entries.at(-1);
  const part = last?.role === 'assistant' ? last.parts.at(-1) : undefined;
  return part?.kind === 'notice' ? copy.notice[part.notice] : copy.announce.answered;
}

function sentenceFor({ title, state }: ToolCallPart): string | undefined {
  switch (state.status) {
    case 'approval':
      return copy.announce.waiting(title);
    case 'done':
      return copy.announce.done(title);
    case 'failed':
      return copy.announce.failed(title);
    case 'unknown':
      return copy.announce.unknown(title);
    case 'refused':
    case 'cancelled':
      return copy.announce.notRun(title);
    default:
      return undefined;
  }
}
