import type { SendOptions } from './chat.ts';
import { closed, noticed } from './closing.ts';
import {
  type AssistantEntry,
  type AssistantPart,
  type Conversation,
  EMPTY_CONVERSATION,
  type Entry,
  type Failure,
  type Phase,
  type Wait,
} from './state.ts';

type Parts = readonly AssistantPart[];

/** What happens on this side of the wire and needs nothing that is fetched late. */
export type EarlyEvent =
  | {
      readonly type: 'sent';
      readonly id: string;
      readonly text: string;
      readonly sending?: SendOptions;
      readonly answerId: string;
    }
  /** A message that the server does not take leaves the thread. */
  | { readonly type: 'unsent'; readonly id: string }
  /** By the visitor; `isOvertaken`: by another message of theirs. */
  /** Another thread takes the place of this one. */
  | { readonly type: 'entered'; readonly entries: readonly Entry[] }
  | { readonly type: 'stopped'; readonly isOvertaken?: boolean }
  | { readonly type: 'failed'; readonly failure: Failure }
  /** Nothing is under way here; what the answer waits for comes from somewhere else, if it comes. */
  | { readonly type: 'rested' }
  /** What failed goes on, before anything of it was sent. */
  | { readonly type: 'again' }
  /** A turn waits, and goes on by itself. */
  | { readonly type: 'held'; readonly wait: Wait }
  | { readonly type: 'voted'; readonly id: string; readonly vote: AssistantEntry['vote'] };

/** The next state after something that happened here. Pure. */
export function afterEarly(conversation: Conversation, event: EarlyEvent): Conversation {
  switch (event.type) {
    case 'sent': {
      // A question whose turn failed does not stand there without a word, and no answer grows above another.
      const { entries } = withAnswer(conversation, (parts) => {
        if (conversation.phase === 'failed') return noticed(parts, 'error');
        return isAtRest(conversation) ? parts : overtaken(parts);
      });
      return {
        ...conversation,
        phase: 'thinking',
        entries: [...entries, { ...event.sending, role: 'user', id: event.id, text: event.text }],
        executionId: undefined,
        answerId: event.answerId,
        failure: undefined,
        wait: undefined,
      };
    }
    case 'unsent': {
      const { answerId: _, ...rest } = conversation;
      return { ...rest, entries: conversation.entries.filter(({ id }) => id !== event.id) };
    }
    case 'entered':
      return { ...EMPTY_CONVERSATION, entries: event.entries };
    case 'stopped':
      return atRest(
        withAnswer(conversation, (parts) =>
          event.isOvertaken ? overtaken(parts) : noticed(closed(parts, 'stopped'), 'stopped'),
        ),
        'idle',
      );
    case 'failed':
      return failed(conversation, event.failure);
    case 'rested':
      return atRest(
        withAnswer(conversation, (parts) => closed(parts, 'unanswerable')),
        'idle',
      );
    case 'again':
      return atRest(conversation, 'thinking');
    case 'held':
      return isAtRest(conversation)
        ? conversation
        : { ...conversation, phase: 'reconnecting', wait: event.wait };
    case 'voted':
      return {
        ...conversation,
        entries: conversation.entries.map((entry) =>
          entry.role === 'assistant' && entry.id === event.id ? { ...entry, vote: event.vote } : entry,
        ),
      };
  }
}

function overtaken(parts: Parts): Parts {
  return noticed(closed(parts, 'new_message'), 'new_message');
}

/** A conversation whose turn an earlier page left in the middle. */
export function goingOn(
  entries: readonly Entry[],
  { answerId, executionId }: { readonly answerId: string; readonly executionId: string | undefined },
): Conversation {
  const conversation: Conversation = {
    phase: 'reconnecting',
    wait: { reason: 'reconnecting' },
    entries,
    answerId,
    executionId,
    failure: undefined,
  };
  // Nobody asks yet, and an answer to nobody's question would be lost.
  return withAnswer(conversation, (parts) =>
    parts.map((part) =>
      part.kind === 'tool' && (part.state.status === 'approval' || part.state.status === 'asking')
        ? { ...part, state: { status: 'requested' } }
        : part,
    ),
  );
}

/** A failure is said once: the server's own sentence about it leaves the thread. */
export function failed(conversation: Conversation, failure: Failure): Conversation {
  const before = withAnswer(conversation, (parts) => {
    const isTheFailure = (part: AssistantPart, index: number) =>
      part.kind === 'text' &&
      (part.role === 'error' || (index === parts.length - 1 && part.text.trim() === failure.message.trim()));
    const others = parts.some(isTheFailure)
      ? parts.filter((part, index) => !isTheFailure(part, index))
      : parts;
    return closed(others, 'failed');
  });
  return { ...atRest(before, 'failed'), failure };
}

export function atRest(conversation: Conversation, phase: Phase): Conversation {
  return { ...conversation, phase, failure: undefined, wait: undefined };
}

export function isAtRest({ phase }: Conversation): boolean {
  return phase === 'idle' || phase === 'failed';
}

export function answerOf({ entries, answerId }: Conversation): AssistantEntry | undefined {
  const last = entries.at(-1);
  return last?.role === 'assistant' && last.id === answerId ? last : undefined;
}

/** The answer is always the last entry: nothing is sent while it grows. */
export function withAnswer(
  conversation: Conversation,
  change: (parts: Parts) => Parts,
  seq?: number,
): Conversation {
  const { entries, answerId } = conversation;
  if (answerId === undefined) return conversation;
  const answer = answerOf(conversation);
  const before = answer?.parts ?? [];
  const parts = change(before);
  if (parts === before) return conversation;
  const others = answer === undefined ? entries : entries.slice(0, -1);
  const at = seq ?? answer?.seq;
  if (parts.length === 0) return { ...conversation, entries: others };
  const entry: AssistantEntry = {
    role: 'assistant',
    id: answerId,
    ...answer,
    vote: answer?.vote,
    parts,
    ...(at !== undefined && { seq: at }),
  };
  return { ...conversation, entries: [...others, entry] };
}
