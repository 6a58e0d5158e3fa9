import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import { partsAfter } from './answer.ts';
import { closed, isOpenCall, noticed } from './closing.ts';
import { afterEarly, answerOf, atRest, type EarlyEvent, failed, isAtRest, withAnswer } from './local.ts';
import { ended, toolOf, withTool } from './parts.ts';
import { fieldsOf, numberOf, textOf } from './reading.ts';
import type { AssistantPart, Conversation, Entry, Failure, Phase, ToolCallPart } from './state.ts';

/** What happens on this side of the wire. */
export type LocalEvent =
  | EarlyEvent
  /** The page changed a message before it was sent. */
  | { readonly type: 'reworded'; readonly id: string; readonly text: string }
  /** The turn goes out again, with what of the thread stays. */
  | { readonly type: 'retried'; readonly entries: readonly Entry[]; readonly answerId: string }
  /** The server listens again. */
  | { readonly type: 'connected' }
  /** The line broke for good, and what arrived is all that there is. */
  | { readonly type: 'cut_off' }
  | {
      readonly type: 'call_changed';
      readonly id: string;
      readonly changes: Partial<Omit<ToolCallPart, 'kind' | 'id'>>;
    };

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
    case 'sent':
    case 'unsent':
    case 'entered':
    case 'stopped':
    case 'failed':
    case 'rested':
    case 'again':
    case 'held':
    case 'voted':
      return afterEarly(conversation, event);
    case 'reworded':
      return {
        ...conversation,
        entries: conversation.entries.map((entry) =>
          entry.role === 'user' && entry.id === event.id ? { ...entry, text: event.text } : entry,
        ),
      };
    case 'retried':
      return {
        ...conversation,
        phase: 'thinking',
        entries: event.entries,
        answerId: event.answerId,
        failure: undefined,
        wait: undefined,
      };
    case 'connected':
      return withParts(conversation, (parts) => parts);
    case 'cut_off':
      return withAnswer(conversation, (parts) =>
        parts.length === 0 ? parts : noticed(parts, 'interrupted'),
      );
    case 'call_changed': {
      return withParts(conversation, (parts) => {
        const call = toolOf(parts, event.id);
        if (call === undefined) return parts;
        const changed = { ...call, ...event.changes };
        // A check that took longer than the turn opens nothing any more.
        return isAtRest(conversation) && isOpenCall(changed) ? parts : withTool(parts, changed);
      });
    }
    case 'execution_start':
      return { ...conversation, executionId: textOf(event.executionId) };
    case 'execution_complete':
      return completed(conversation, event);
    case 'execution_error':
      return failed(conversation, failureOf(event.error));
    case 'error':
      return event.recoverable === false ? failed(conversation, failureOf(event.error)) : conversation;
    default:
      // Behind the last word, or behind a Stop.
      if (isAtRest(conversation)) return conversation;
      return withParts(conversation, (parts) => partsAfter(parts, event, nowMs), numberOf(event.seq));
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
  const { stopReason, success, endedBy } = event;
  if (endedBy === 'cancel' || endedBy === 'new_message') {
    const notice = endedBy === 'cancel' ? 'stopped' : endedBy;
    return atRest(
      withAnswer(conversation, (parts) =>
        noticed(closed(parts, endedBy === 'cancel' ? 'stopped' : 'new_message'), notice),
      ),
      'idle',
    );
  }
  if (success === false && (stopReason === undefined || stopReason === 'error' || stopReason === 'unknown')) {
    return failed(conversation, failureOf(undefined));
  }
  const whole = textOf(event.finalOutput);
  return atRest(
    withAnswer(conversation, (parts) => {
      const closedParts = closed(parts, 'turn_ended');
      const hasText = closedParts.some((part) => part.kind === 'text');
      const full = hasText || whole === undefined ? closedParts : ended(closedParts, 'text', 'final', whole);
      const isPlain = stopReason === undefined || stopReason === 'end_turn' || stopReason === 'unknown';
      return isPlain && full.length > 0 ? full : noticed(full, isPlain ? 'unknown' : stopReason);
    }),
    'idle',
  );
}

/** Changes the answer and says what the chat is doing now. */
function withParts(conversation: Conversation, change: (parts: Parts) => Parts, seq?: number): Conversation {
  const next = withAnswer(conversation, change, seq);
  const phase = isAtRest(next) ? next.phase : phaseOf(answerOf(next)?.parts ?? []);
  return phase === next.phase ? next : { ...next, phase, wait: undefined };
}

function phaseOf(parts: Parts): Phase {
  const calls = parts.filter(isOpenCall);
  if (calls.some(({ state }) => state.status === 'approval' || state.status === 'asking')) return 'waiting';
  if (calls.some(({ state }) => state.status !== 'on_hold')) return 'acting';
  if (calls.length > 0) return 'on_hold';
  const last = parts.filter(({ kind }) => kind !== 'source').at(-1);
  return last?.kind === 'text' && last.streaming ? 'answering' : 'thinking';
}
