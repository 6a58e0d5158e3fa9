import { effect, type ReadonlySignal } from '@preact/signals';
import type { Conversation, Entry, ToolCallPart } from '../chat/state.ts';
import type { Emit } from '../options.ts';
import { isTool, textOf } from './snapshot.ts';

/** Tells the page what becomes of the conversation from `before` on. Returns the undo. */
export function watchChat(
  conversation: ReadonlySignal<Conversation>,
  before: Conversation,
  emit: Emit,
): () => void {
  let last = before;
  return effect(() => {
    const now = conversation.value;
    const then = last;
    last = now;
    // Later, so that what listeners do to the chat comes after what they were told of.
    queueMicrotask(() => tell(then, now, emit));
  });
}

function tell(before: Conversation, now: Conversation, emit: Emit) {
  const { phase, entries } = now;
  const known = new Map<string, Entry>();
  // Nearly always the whole difference stands at the end.
  entries.forEach((entry, index) => {
    const other = before.entries[index];
    if (other !== entry && other?.id === entry.id) known.set(entry.id, other);
  });
  for (const [index, entry] of entries.entries()) {
    if (entry === before.entries[index]) continue;
    const other = known.get(entry.id);
    if (entry.role === 'assistant') {
      const earlier = other?.role === 'assistant' ? other : undefined;
      for (const call of entry.parts.filter(isTool)) {
        tellCall(
          earlier?.parts.filter(isTool).find(({ id }) => id === call.id),
          call,
          emit,
        );
      }
      if (earlier !== undefined && entry.vote !== undefined && entry.vote !== earlier.vote) {
        emit('vote', { messageId: entry.id, vote: entry.vote });
      }
    } else if (other === undefined && phase === 'thinking' && index === entries.length - 1) {
      emit('message', { kind: 'sent', id: entry.id, text: entry.text });
    }
  }
  const [first] = before.entries;
  if (first !== undefined && phase === 'idle' && entries[0]?.id !== first.id) {
    emit('conversation', { kind: entries.length === 0 ? 'new' : 'opened' });
    return;
  }
  if (phase === before.phase) return;
  emit('phase', { phase, before: before.phase });
  const answer = entries.at(-1);
  const isAnswered = phase === 'idle' && before.phase !== 'failed' && answer?.role === 'assistant';
  if (isAnswered && answer.id === now.answerId && !wasStopped(answer)) {
    emit('message', { kind: 'answered', id: answer.id, text: textOf(answer) });
  }
}

function tellCall(before: ToolCallPart | undefined, call: ToolCallPart, emit: Emit) {
  const was = before?.state.status === 'approval';
  const is = call.state.status === 'approval';
  if (was === is) return;
  const { id: toolCallId, name, title, state } = call;
  const allowed = !/^(declined|refused|cancelled)$/.test(state.status);
  emit('approval', { kind: is ? 'asked' : 'decided', toolCallId, name, title, ...(was && { allowed }) });
}

function wasStopped({ parts }: Extract<Entry, { role: 'assistant' }>): boolean {
  return parts.some((part) => part.kind === 'notice' && part.notice === 'stopped');
}
