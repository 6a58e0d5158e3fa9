import { asWidgetError, WidgetError } from '../errors.ts';
import type { Snapshot } from '../tools/page-tools.ts';
import type { EventStream, MessageExtras, Transport } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import { type LastWord, type ListenOptions, listen, wordsOf } from './listen.ts';
import { answerOf } from './local.ts';
import { callsOnHold, untilNextLook } from './on-hold.ts';
import { isQuestion } from './own-tools.ts';
import type { PageCalls, PendingCall } from './page-calls.ts';
import type { Patience } from './patience.ts';
import { type Remedy, remedyFor } from './remedy.ts';
import { messagesUpTo, withMentions } from './transcript.ts';
import type { OpenCall, Turn } from './turn.ts';

export interface RunOptions extends ListenOptions {
  readonly transport: Transport;
  readonly answerCall: PageCalls['answer'];
  readonly patience: Patience;
  readonly clock: Clock;
  /** The bytes of an attachment that was not uploaded, as a data URI. */
  readonly inlineData: (attachmentId: string) => string | undefined;
  /** Opens the session where there is none that is good. */
  readonly open: (signal: AbortSignal) => Promise<void>;
  /** Opens the session too, and reads the tools that a request offers. */
  readonly snapshot: (signal: AbortSignal) => Promise<Snapshot>;
  /** What the page sends along with the turn's message. Rejects with `Stuck` where it does not let it go. */
  readonly extras: (turn: Turn, signal: AbortSignal) => Promise<MessageExtras>;
  /** Whether a session was ever open: then the address is right, and an answer that does not come may come yet. */
  readonly wasOpen: () => boolean;
}

/** A turn that does not go on by itself. */
export class Stuck extends Error {
  declare readonly error: WidgetError;
  declare readonly remedy: Remedy;
  constructor(error: WidgetError, remedy: Remedy) {
    super(error.message);
    Object.assign(this, { name: 'Stuck', error, remedy });
  }
}

/** A server that asks this often in a row only for what it was told already will never be content. */
const MAX_REPEATS = 2;

/** A line that held this long, in milliseconds, was no failed attempt, even if it brought nothing. */
const HELD_MS = 10_000;

/**
 * Runs a turn to its end: request, events, calls, outputs, next request; over every break that mends by itself.
 * Resolves with the last word, or with `undefined` where only somebody else can go on; rejects with `Stuck`.
 */
export async function run(turn: Turn, options: RunOptions): Promise<LastWord | undefined> {
  let repeats = 0;
  let heldSinceMs: number | undefined;
  for (;;) {
    const lastWord = await untilPause(turn, options);
    if (lastWord !== undefined || turn.isStopped) return lastWord;
    if (turn.calls.size === 0) {
      if (!options.canReplay() || turn.isPausedElsewhere) return undefined;
      heldSinceMs ??= options.clock.now();
      const { signal } = turn.controller;
      if (!(await untilNextLook(heldCalls(turn, options), heldSinceMs, options.clock, signal)))
        return undefined;
      turn.next = 'follow';
      continue;
    }
    heldSinceMs = undefined;
    repeats = [...turn.calls.values()].every(({ call }) => turn.answered.has(call.id)) ? repeats + 1 : 0;
    if (repeats > MAX_REPEATS || turn.executionId === undefined) {
      throw new Stuck(unanswerable(), { by: 'nobody' });
    }
    await answerCalls(turn, options);
    if (turn.controller.signal.aborted) return undefined;
    turn.next = 'outputs';
  }
}

/** One stretch of the execution, over as many requests as it takes. */
async function untilPause(turn: Turn, options: RunOptions): Promise<LastWord | undefined> {
  const { patience, clock, hearing } = options;
  const { signal } = turn.controller;
  for (;;) {
    const attempt: Attempt = {
      what: turn.next,
      isOut: false,
      wasOffline: !navigator.onLine,
      openedAtMs: undefined,
    };
    const { seq } = turn;
    turn.hasHeard = false;
    let error: WidgetError | undefined;
    try {
      const stream = await request(attempt, turn, options);
      if (stream === undefined) return undefined;
      attempt.openedAtMs = clock.now();
      if (!signal.aborted && !turn.isStopped) hearing.apply({ type: 'connected' });
      const lastWord = await listen(stream, turn, options);
      if (lastWord !== undefined) return lastWord;
    } catch (cause) {
      if (cause instanceof Stuck) throw cause;
      error = asWidgetError(cause);
    }
    if (signal.aborted || turn.isStopped) return undefined;
    hearing.flush();
    if (isPaused(error, attempt, turn, options)) return undefined;
    if (turn.seq > seq || turn.hasHeard || hasHeld(error, attempt, clock)) patience.progress();
    await recover(error ?? interrupted(), attempt, turn, options);
    if (signal.aborted || turn.isStopped) return undefined;
  }
}

interface Attempt {
  readonly what: Turn['next'];
  /** It has left; what the server did with it may be unknown. */
  isOut: boolean;
  readonly wasOffline: boolean;
  openedAtMs: number | undefined;
}

async function request(attempt: Attempt, turn: Turn, options: RunOptions): Promise<EventStream | undefined> {
  const { transport, hearing, canReplay } = options;
  const { executionId, answerId, userId, replaces } = turn;
  const { signal } = turn.controller;
  if (attempt.what === 'follow' && executionId !== undefined) {
    await options.open(signal);
    if (!canReplay()) return withoutReplay(turn);
    attempt.isOut = true;
    return transport.follow({ executionId, after: turn.seq }, signal);
  }
  turn.offered = await options.snapshot(signal);
  // Left by another page, and a server that may not know it for the same message would answer it twice.
  if (turn.isKept && !canReplay() && attempt.what === 'message') throw new Stuck(interrupted(), AGAIN);
  const extras = attempt.what === 'message' ? await options.extras(turn, signal) : {};
  turn.isKept = false;
  attempt.isOut = true;
  turn.isOut = true;
  // Outputs are kept one by one, as they come.
  if (attempt.what === 'message') await options.remember();
  return attempt.what === 'message' || executionId === undefined
    ? transport.chat(
        {
          messages: messagesUpTo(hearing.conversation().entries, userId, options.inlineData),
          assistantMessageId: answerId,
          ...(replaces !== undefined && { replacesMessageId: replaces }),
          tools: turn.offered,
          ...withMentions(extras, hearing.conversation().entries, userId),
        },
        signal,
      )
    : transport.resume({ executionId, toolOutputs: outputsOf(turn), tools: turn.offered }, signal);
}

const AGAIN: Remedy = { by: 'visitor', next: 'message' };

/** A turn of an earlier page whose server cannot tell what came since: what was asked for can still be brought. */
function withoutReplay(turn: Turn): undefined {
  if (turn.calls.size > 0) return undefined;
  throw new Stuck(interrupted(), { by: 'visitor', next: 'anew', isCutOff: true });
}

function outputsOf({ calls }: Turn): Record<string, unknown> {
  const questions = [...calls.values()].filter(({ call }) => isQuestion(call)).length;
  // The wire's own key for an answered question is the tool's name, which says enough where there is one.
  const keyOf = (call: PendingCall) => (questions === 1 && isQuestion(call) ? call.name : call.key);
  return Object.fromEntries(
    [...calls.values()].flatMap(({ call, progress }) =>
      progress.status === 'answered' ? [[keyOf(call), progress.output]] : [],
    ),
  );
}

/** Whether the answer ended as it should, in a pause, or told of one before the line broke and cannot tell more. */
function isPaused(
  error: WidgetError | undefined,
  { what }: Attempt,
  turn: Turn,
  options: RunOptions,
): boolean {
  const { calls, isPausedElsewhere, hasHeard } = turn;
  if (error !== undefined) return hasHeard && calls.size > 0 && !options.canReplay();
  const isAwaited = calls.size > 0 || isPausedElsewhere || heldCalls(turn, options).length > 0;
  return isAwaited && (hasHeard || what === 'follow');
}

/** What somebody else has to decide, as the thread shows it: so the next page knows it, too. */
function heldCalls({ answerId }: Turn, { hearing }: RunOptions) {
  const answer = answerOf(hearing.conversation());
  return answer?.id === answerId ? callsOnHold(answer.parts) : [];
}

function hasHeld(error: WidgetError | undefined, { openedAtMs }: Attempt, clock: Clock): boolean {
  return error?.code !== 'timed_out' && openedAtMs !== undefined && clock.now() - openedAtMs > HELD_MS;
}

/** Waits until what failed can be tried again; rejects where that is not for this side to decide. */
async function recover(error: WidgetError, attempt: Attempt, turn: Turn, options: RunOptions) {
  turn.isOut = false;
  const remedy = remedyFor(error, {
    what: attempt.what,
    next: turn.next,
    isOut: attempt.isOut,
    hasHeard: turn.hasHeard,
    wasOpen: options.wasOpen(),
    canReplay: options.canReplay(),
    wasOffline: attempt.wasOffline,
  });
  if (remedy.by !== 'itself') throw new Stuck(error, remedy);
  turn.next = remedy.next;
  // Somebody else brought the outputs: the rest tells what came of it.
  if (remedy.isSettled) turn.calls.clear();
  const goesOn = await options.patience.wait(error, turn.controller.signal);
  if (!goesOn) throw new Stuck(error, { by: 'visitor', next: turn.next });
}

/**
 * Answers what was asked for. Where the visitor has a question to think about, the outputs of all else go out first:
 * the server asks again for what is missing, and the question goes on standing.
 */
async function answerCalls(turn: Turn, options: RunOptions): Promise<void> {
  const open = [...turn.calls.values()].filter(({ progress }) => progress.status !== 'answered');
  const isAsked = ({ call }: OpenCall) => isQuestion(call) && !turn.answered.has(call.id);
  const questions = Promise.all(open.filter(isAsked).map((call) => answerCall(call, turn, options)));
  const others = open.filter((call) => !isAsked(call));
  await Promise.all(others.map((call) => answerCall(call, turn, options)));
  if (others.length === 0) await questions;
}

async function answerCall(open: OpenCall, turn: Turn, options: RunOptions): Promise<void> {
  const { call, progress } = open;
  const { signal } = turn.controller;
  const output =
    turn.answered.get(call.id)?.output ??
    (await options.answerCall(call, progress, turn.offered, signal, async (reached) => {
      open.progress = reached;
      await options.remember();
    }));
  if (signal.aborted) return;
  turn.answered.set(call.id, { call: wordsOf(call), output });
  open.progress = { status: 'answered', output };
  await options.remember();
}

function interrupted(): WidgetError {
  return new WidgetError('interrupted', 'The connection broke before the answer was complete.');
}

function unanswerable(): WidgetError {
  return new WidgetError(
    'unintelligible',
    'The chat server asks for a tool in a way that cannot be answered.',
  );
}
