import type { Execution } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import { type Boundary, EventLog, Superseded } from './event-log.ts';
import { answerPending, expire, expired, fail, forgetTexts, isOverdue, resultsOf } from './execution.ts';
import { describeFailure, errorEvent } from './failure.ts';
import { type NewMessage, openCalls } from './history.ts';
import { overtakenEvent } from './loop.ts';

const OVERTAKEN = 'The visitor sent a new message instead of waiting. Whether the tool ran is unknown.';
const NEVER_ARRIVED = 'The result of this call never arrived. Whether the tool ran is unknown.';

/** Ends a paused execution because the conversation goes on without it. Whether nobody else was faster. */
export function overtake(execution: Execution, by: 'new' | 'retry', deps: DispatchDeps): Promise<boolean> {
  const words = by === 'new' ? OVERTAKEN : NEVER_ARRIVED;
  const completedAt = new Date(deps.clock()).toISOString();
  return close(execution, words, deps, (state) => ({
    execution: fail(state),
    events: [overtakenEvent(completedAt)],
  }));
}

/** Ends a paused execution whose time is over. Whether it was this call that ended it. */
export async function expireOverdue(executionId: string, deps: DispatchDeps): Promise<boolean> {
  const execution = await deps.store.execution(executionId);
  if (execution === undefined || !isOverdue(execution, deps.clock())) return false;
  const completedAt = new Date(deps.clock()).toISOString();
  return close(execution, NEVER_ARRIVED, deps, (state) => ({
    execution: expire(state),
    events: [errorEvent(describeFailure(expired()), completedAt)],
  }));
}

/** The results of the calls that the conversation ends with, as its next message. */
export async function resultsMessage(execution: Execution, deps: DispatchDeps): Promise<NewMessage> {
  const calls = openCalls(await deps.store.messages(execution.conversationId));
  return { clientId: null, message: { role: 'tool', results: resultsOf(execution, calls) } };
}

/** A result for each call that still waits, then the end. */
async function close(
  execution: Execution,
  words: string,
  deps: DispatchDeps,
  end: (answered: Execution) => Omit<Boundary, 'messages'>,
): Promise<boolean> {
  const answered = answerPending(execution, words);
  const messages = [await resultsMessage(answered, deps)];
  try {
    await new EventLog(deps.store, execution).commit({ ...end(forgetTexts(answered)), messages });
    return true;
  } catch (error) {
    if (error instanceof Superseded) return false;
    throw error;
  }
}
