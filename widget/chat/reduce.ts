import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import { closed, noticed, partsAfter } from './answer.ts';
import { ended, isOpenCall, sealed, toolOf, withTool } from './parts.ts';
import { fieldsOf, textOf } from './reading.ts';
import type {
  AssistantEntry,
  AssistantPart,
  Conversation,
  Entry,
  Failure,
  Phase,
  ToolCallPart,
} from './state.ts';

/** What happens on this side of the wire. */
export type LocalEvent =
  | { readonly type: 'sent'; readonly id: string; readonly text: string; readonly answerId: string }
  /** The turn goes out again. `entries` is the thread as it stood when it went out first. */
  | { readonly type: 'retried'; readonly entries: readonly Entry[]; readonly answerId: string }
  | {
      readonly type: 'call_changed';
      readonly id: string;
      readonly changes: Partial<Omit<ToolCallPart, 'kind' | 'id'>>;
    }
  | { readonly type: 'stopped' }
  | { readonly type: 'failed'; readonly failure: Failure }
  /** The stream ended in a pause that only somebody else can end. */
  | { readonly type: 'paused_elsewhere' }
  | { readonly type: 'voted'; readonly id: string; readonly vote: AssistantEntry['vote'] };

type Parts = readonly AssistantPart[];

/**
 * The next state of a conversation. Pure; never throws, in whatever order and shape events come. What an event does
 * not touch keeps its identity. `nowMs` dates what begins.
 */
export function reduce(
  conversation: Conversation,
  event: StreamEvent | LocalEvent,
  nowMs: number,
): Conversation {
  switch (event.type) {
    case 'sent': {
      // A question whose turn failed does not stand there without a word.
      const { entries } =
        conversation.phase === 'failed'
          ? withAnswer(conversation, (parts) => noticed(parts, 'error'))
          : conversation;
      return {
        ...conversation,
        phase: 'thinking',
        entries: [...entries, { role: 'user', id: event.id, text: event.text }],
        executionId: undefined,
        answerId: event.answerId,
        failure: undefined,
      };
    }
    case 'retried':
      return {
        ...conversation,
        phase: 'thinking',
        entries: event.entries,
        answerId: event.answerId,
        failure: undefined,
      };
    case 'call_changed': {
      return withParts(conversation, (parts) => {
        const call = toolOf(parts, event.id);
        return call === undefined ? parts : withTool(parts, { ...call, ...event.changes });
      });
    }
    case 'stopped':
      return atRest(
        withAnswer(conversation, (parts) => noticed(closed(parts, 'You stopped this turn.'), 'stopped')),
        'idle',
      );
    case 'failed':
      return failed(conversation, event.failure);
    case 'paused_elsewhere':
      return atRest(withAnswer(conversation, sealed), 'idle');
    case 'voted':
      return {
        ...conversation,
        entries: conversation.entries.map((entry) =>
          entry.role === 'assistant' && entry.id === event.id ? { ...entry, vote: event.vote } : entry,
        ),
      };
    case 'execution_start':
      return { ...conversation, executionId: textOf(event.executionId) };
    case 'execution_complete':
      return completed(conversation, event);
    case 'execution_error':
      return failed(conversation, failureOf(event.error));
    case 'error':
      return event.recoverable === false ? failed(conversation, failureOf(event.error)) : conversation;
    default:
      return withParts(conversation, (parts) => partsAfter(parts, event, nowMs));
  }
}

/** What went wrong, from the `error` of an event. */
export function failureOf(error: unknown): Failure {
  const fields = fieldsOf(error);
  const message =
    textOf(error) ?? textOf(fields.message) ?? 'The server ended this answer without saying why.';
  const code = textOf(fields.code);
  return {
    ...(code === undefined ? {} : { code }),
    message,
    hint: textOf(fields.hint),
    retryable: fields.retryable !== false,
  };
}

function completed(conversation: Conversation, event: EventOf<'execution_complete'>): Conversation {
  const { stopReason, success } = event;
  if (success === false && (stopReason === undefined || stopReason === 'error' || stopReason === 'unknown')) {
    return failed(conversation, failureOf(undefined));
  }
  const whole = textOf(event.finalOutput);
  return atRest(
    withAnswer(conversation, (parts) => {
      const closedParts = closed(parts, 'Its result was not reported.');
      const hasText = closedParts.some((part) => part.kind === 'text');
      const full = hasText || whole === undefined ? closedParts : ended(closedParts, 'text', 'final', whole);
      const isPlain = stopReason === undefined || stopReason === 'end_turn' || stopReason === 'unknown';
      return isPlain && full.length > 0 ? full : noticed(full, isPlain ? 'unknown' : stopReason);
    }),
    'idle',
  );
}

/** A failure is said once: the server's own sentence about it leaves the thread. */
function failed(conversation: Conversation, failure: Failure): Conversation {
  const before = withAnswer(conversation, (parts) => {
    const isTheFailure = (part: AssistantPart, index: number) =>
      part.kind === 'text' &&
      (part.role === 'error' || (index === parts.length - 1 && part.text.trim() === failure.message.trim()));
    const others = parts.some(isTheFailure)
      ? parts.filter((part, index) => !isTheFailure(part, index))
      : parts;
    return closed(others, 'The turn failed before this ended.');
  });
  return { ...atRest(before, 'failed'), failure };
}

function atRest(conversation: Conversation, phase: Phase): Conversation {
  return { ...conversation, phase, failure: undefined };
}

/** Changes the answer and says what the chat is doing now. */
function withParts(conversation: Conversation, change: (parts: Parts) => Parts): Conversation {
  const next = withAnswer(conversation, change);
  const isBusy = next.phase !== 'idle' && next.phase !== 'failed';
  const phase = isBusy ? phaseOf(answerOf(next)?.parts ?? []) : next.phase;
  return phase === next.phase ? next : { ...next, phase };
}

function phaseOf(parts: Parts): Phase {
  const calls = parts.filter(isOpenCall);
  if (calls.some((call) => call.state.status === 'approval')) return 'waiting';
  if (calls.length > 0) return 'acting';
  const last = parts.at(-1);
  return last?.kind === 'text' && last.streaming ? 'answering' : 'thinking';
}

function answerOf({ entries, answerId }: Conversation): AssistantEntry | undefined {
  const last = entries.at(-1);
  return last?.role === 'assistant' && last.id === answerId ? last : undefined;
}

/** The answer is always the last entry: nothing is sent while it grows. */
function withAnswer(conversation: Conversation, change: (parts: Parts) => Parts): Conversation {
  const { entries, answerId } = conversation;
  if (answerId === undefined) return conversation;
  const answer = answerOf(conversation);
  const before = answer?.parts ?? [];
  const parts = change(before);
  if (parts === before) return conversation;
  const others = answer === undefined ? entries : entries.slice(0, -1);
  if (parts.length === 0) return { ...conversation, entries: others };
  const entry: AssistantEntry = { role: 'assistant', id: answerId, vote: answer?.vote, parts };
  return { ...conversation, entries: [...others, entry] };
}
