import type { EventBody } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { ModelMessage } from '../models/model.ts';
import type { Execution, NewMessage, Store } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import { type Boundary, Superseded } from './event-log.ts';
import {
  answerOpenCalls,
  closeApprovals,
  end,
  expired,
  hasOpenCalls,
  openApprovals,
  resultsOf,
  waitingApprovals,
} from './execution.ts';
import { describeFailure, errorEvent, type Failure, visibleError } from './failure.ts';
import { kindOf, stepFailed } from './flow-run.ts';
import { openCalls } from './history.ts';
import { BY_POLICY, deniedReceipt, openReceipts } from './receipts.ts';
import { approvalComplete } from './tool-call.ts';

/** How an execution ends that did not come to its own end. */
export type Ending =
  | { readonly kind: 'cancelled' }
  /** The visitor said something new. */
  | { readonly kind: 'overtaken' }
  /** Nobody brought the outputs of its calls in time. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What the open turn said until then. Kept in the conversation where the visitor broke into it. */
export interface LastWords {
  readonly closing: readonly EventBody[];
  readonly text: string;
  readonly textId: string | undefined;
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
}

export const NO_WORDS: LastWords = { closing: [], text: '', textId: undefined };

/** Of a server tool that had begun, once nobody waits for it any longer. */
export const UNKNOWN_OUTCOME =
  'The outcome of this call is unknown: it was begun, and its result was lost. Find out what it did before calling it again.';

const OPEN_CALL_WORDS: Readonly<Record<Ending['kind'], string>> = {
  cancelled: 'The visitor stopped this answer. Whether the tool ran is unknown.',
  overtaken: 'The visitor sent a new message instead of waiting. Whether the tool ran is unknown.',
  expired: 'The result of this call never arrived. Whether the tool ran is unknown.',
  failed:
    'The answer ended with an error before the result of this call arrived. Whether the tool ran is unknown.',
};

const STATUS = {
  cancelled: 'cancelled',
  overtaken: 'failed',
  expired: 'expired',
  failed: 'failed',
} as const;

/**
 * The last boundary of an execution that runs or waits: every call gets a result, every block and turn its end, and
 * whoever reads the log sees why it is over.
 */
export async function endingOf(
  execution: Execution,
  ending: Ending,
  words: LastWords,
  deps: Pick<DispatchDeps, 'store' | 'clock' | 'newId'>,
): Promise<Boundary> {
  const at = new Date(deps.clock()).toISOString();
  const callWords = OPEN_CALL_WORDS[ending.kind];
  const answered = answerOpenCalls(execution, callWords);
  const undecided = openApprovals(execution);
  const decision = {
    decision: ending.kind === 'expired' ? 'timeout' : 'denied',
    by: BY_POLICY,
    reason: null,
    decidedAt: at,
  } as const;
  const unanswered = { text: callWords, atMs: Date.parse(at) };
  return {
    execution: end(closeApprovals(answered, decision), STATUS[ending.kind]),
    events: [
      ...words.closing,
      ...undecided.map((approval) => approvalComplete(approval, decision)),
      ...execution.started.map(
        ({ toolCallId, bareName }): EventBody => ({
          type: 'tool_complete',
          toolCallId,
          toolName: bareName,
          success: false,
          error: callWords,
          completedAt: at,
        }),
      ),
      ...(ending.kind === 'failed' ? visibleError(ending.failure, deps.newId(ID_PREFIX.text)) : []),
      ...turnEnd(execution, ending, words, at),
      ...stepFailed(execution, stepWords(ending)),
      lastEvent(ending, execution, at),
    ],
    messages: await lastMessages(execution, answered, ending, words, deps.store),
    receipts: [
      ...openReceipts(execution, unanswered),
      ...waitingApprovals(execution).map((approval) => deniedReceipt(execution, approval, unanswered)),
    ],
  };
}

/**
 * The results of the calls that the conversation ends with, as its next message. Throws `Superseded` where it ends with
 * calls of a later turn: somebody else has moved the execution on since it was read.
 */
export async function resultsMessage(execution: Execution, store: Store): Promise<NewMessage> {
  const calls = openCalls(await store.messages(execution.conversationId));
  const resolved = new Set(execution.resolved.map(({ toolCallId }) => toolCallId));
  if (!calls.every(({ toolCallId }) => resolved.has(toolCallId)))
    throw new Superseded('The conversation has moved on.');
  return { clientId: null, message: { role: 'tool', results: resultsOf(execution, calls) } };
}

async function lastMessages(
  execution: Execution,
  answered: Execution,
  { kind }: Ending,
  { text, textId }: LastWords,
  store: Store,
): Promise<Boundary['messages']> {
  if (hasOpenCalls(execution)) return [await resultsMessage(answered, store)];
  const wasBrokenInto = kind === 'cancelled' || kind === 'overtaken';
  if (!wasBrokenInto || text.trim() === '') return [];
  const message: ModelMessage = { role: 'assistant', text, toolCalls: [] };
  return [{ clientId: textId ?? null, message }];
}

/** A paused turn has no end of its own: its answer had ended with the pause. */
function turnEnd(
  { status, turnId, iteration }: Execution,
  { kind }: Ending,
  { tokens }: LastWords,
  completedAt: string,
): readonly EventBody[] {
  if (status !== 'running' || turnId === null) return [];
  const stopReason = kind === 'failed' ? 'error' : 'unknown';
  const counted = tokens === undefined ? {} : { tokens };
  return [{ type: 'turn_complete', id: turnId, iteration, stopReason, ...counted, completedAt }];
}

function stepWords(ending: Ending): string {
  if (ending.kind === 'failed') return ending.failure.message;
  if (ending.kind === 'expired') return expired().message;
  return ending.kind === 'cancelled' ? 'The answer was stopped.' : 'A new message came instead.';
}

function lastEvent(ending: Ending, execution: Execution, completedAt: string): EventBody {
  const kind = kindOf(execution);
  if (ending.kind === 'failed') return errorEvent(ending.failure, kind, completedAt);
  if (ending.kind === 'expired') return errorEvent(describeFailure(expired()), kind, completedAt);
  return {
    type: 'execution_complete',
    kind,
    success: false,
    stopReason: 'unknown',
    endedBy: ending.kind === 'cancelled' ? 'cancel' : 'new_message',
    ...totalTokens(execution),
    completedAt,
  };
}

/** What an execution cost, its children included. Nothing where its models do not count. */
export function totalTokens({ tokens }: Execution): { readonly totalTokens?: Execution['tokens'] } {
  return tokens.input + tokens.output === 0 ? {} : { totalTokens: tokens };
}
