import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import type { EventStream } from '../transport/transport.ts';
import type { Hearing } from './hearing.ts';
import type { PendingCall } from './page-calls.ts';
import { numberOf, textOf } from './reading.ts';
import type { Turn } from './turn.ts';

export interface ListenOptions {
  readonly hearing: Hearing;
  readonly onEvent: (event: StreamEvent) => void;
  /** Keeps the turn as it stands. */
  readonly remember: () => Promise<void>;
  readonly newId: (prefix: string) => string;
  /** Whether the server tells the rest of an execution to whoever asks, and counts its events for that. */
  readonly canReplay: () => boolean;
}

/** The last word of an execution. */
export interface LastWord {
  readonly failure: EventOf<'execution_error' | 'error'>['error'] | undefined;
}

/**
 * Takes in the events of one answer: words into the conversation, calls into the turn. Resolves at its end, with the
 * last word if that was said; rejects where the line breaks. What came before is not taken in twice.
 */
export async function listen(
  stream: EventStream,
  turn: Turn,
  options: ListenOptions,
): Promise<LastWord | undefined> {
  const { hearing, onEvent } = options;
  const { signal } = turn.controller;
  for await (const event of stream) {
    if (signal.aborted) return undefined;
    if (!isNews(event, turn, options)) continue;
    if (turn.isStopped) return undefined;
    onEvent(event);
    noteProgress(event, turn);
    // Once an answer, and not at each of its words: words that come together are drawn together.
    if (!turn.hasHeard) await takeFirst(turn, options);
    const lastWord = lastWordOf(event);
    if (event.type === 'await') await takeCall(event, turn, options);
    else hearing.hear(event);
    if (lastWord !== undefined) {
      hearing.flush();
      return lastWord;
    }
  }
  return undefined;
}

/** Moves the turn's position on. Without replay the numbers are nobody's promise, and all that comes is new. */
function isNews(event: StreamEvent, turn: Turn, { canReplay }: ListenOptions): boolean {
  const executionId = textOf(event.executionId) ?? turn.executionId;
  const isOther = executionId !== turn.executionId;
  turn.executionId = executionId;
  const seq = numberOf(event.seq);
  if (seq === undefined) return true;
  if (canReplay() && !isOther && seq <= turn.seq) return false;
  turn.seq = seq;
  return true;
}

function noteProgress(event: StreamEvent, turn: Turn) {
  // A pause is over when the next turn begins, whoever ended it.
  if (event.type === 'turn_start') settle(turn);
}

/** The answer has begun: what was sent has arrived, and the rest can be asked for. */
async function takeFirst(turn: Turn, { canReplay, remember }: ListenOptions) {
  turn.hasHeard = true;
  if (turn.next === 'outputs') turn.calls.clear();
  if (canReplay()) turn.next = 'follow';
  await remember();
}

function settle(turn: Turn) {
  turn.calls.clear();
  turn.isPausedElsewhere = false;
}

function lastWordOf(event: StreamEvent): LastWord | undefined {
  if (event.type === 'execution_complete') return { failure: undefined };
  const isFailure =
    event.type === 'execution_error' || (event.type === 'error' && event.recoverable === false);
  return isFailure ? { failure: event.error } : undefined;
}

async function takeCall(event: EventOf<'await'>, turn: Turn, { hearing, remember, newId }: ListenOptions) {
  const call = pendingCall(event, turn, newId);
  if (call === undefined) {
    turn.isPausedElsewhere = true;
    hearing.hear(event);
    return;
  }
  if (turn.calls.has(call.key)) return;
  turn.calls.set(call.key, { call, progress: { status: 'asked' } });
  hearing.hear({ ...event, toolCallId: call.id });
  await remember();
}

function pendingCall(
  event: EventOf<'await'>,
  { executionId, answered, offered }: Turn,
  newId: ListenOptions['newId'],
): PendingCall | undefined {
  const wireName = textOf(event.toolName);
  if (wireName === undefined) return undefined;
  const name = wireName.replace(/^webmcp:/, '');
  const isNamed = event.origin === 'webmcp' || name !== wireName;
  const wireId = textOf(event.toolCallId) ?? textOf(event.toolId);
  const words = wordsOf({ name, input: event.parameters });
  // Some servers count their calls anew at every turn: the same id for something else is another call.
  const isTaken = wireId !== undefined && (answered.get(wireId)?.call ?? words) !== words;
  const id = wireId === undefined || isTaken ? newId('call_') : wireId;
  return {
    id,
    runId: `${executionId} ${id}`,
    key: wireId ?? (isNamed ? `webmcp:${name}` : name),
    name,
    isPageCall: isNamed || (event.origin === undefined && offered.tools.has(name)),
    input: event.parameters,
  };
}

/** What makes two calls of one id the same call. */
export function wordsOf({ name, input }: Pick<PendingCall, 'name' | 'input'>): string {
  return JSON.stringify([name, input]);
}
