import {
  type EventBody,
  SUPERSEDED_EVENT,
  type Superseded as SupersededValue,
} from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Execution, StartedCall } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import { endingOf } from './ending.ts';
import type { Boundary } from './event-log.ts';
import { reopenTurn, resolveStarted } from './execution.ts';
import type { Failure } from './failure.ts';
import { leftovers } from './leftovers.ts';
import { afterCalls, turnStart } from './loop.ts';
import { startEvent, unknownOutcome } from './server-calls.ts';

/** A turn that this many processes died of is more likely their cause than their victim. */
const MAX_TAKEOVERS = 3;

const POISONOUS: Failure = {
  code: 'internal',
  message: 'The server stopped several times in the middle of this answer.',
  hint: 'Send the message again, or ask for less at once.',
};

type Deps = Pick<DispatchDeps, 'store' | 'clock' | 'newId' | 'tools'>;

/**
 * The first boundary of whoever has claimed an execution from a process that is gone. From the last one that was
 * stored: a model is asked again and its words so far are taken back; calls that were begun run again only where that
 * does no harm, and of all others the outcome is unknown. The execution may pause or end with it.
 */
export async function takeoverOf(claimed: Execution, deps: Deps): Promise<Boundary> {
  const execution = { ...claimed, takeovers: claimed.takeovers + 1 };
  if (execution.takeovers > MAX_TAKEOVERS) {
    const { closing } = await leftovers(deps.store, execution);
    const words = { closing, text: '', textId: undefined };
    return endingOf(execution, { kind: 'failed', failure: POISONOUS }, words, deps);
  }
  return execution.started.length > 0 ? callsAgain(execution, deps) : turnAgain(execution, deps);
}

async function turnAgain(execution: Execution, deps: Deps): Promise<Boundary> {
  const { turnId, iteration } = execution;
  const left = await leftovers(deps.store, execution);
  const nextId = deps.newId(ID_PREFIX.turn);
  const again = reopenTurn(execution, nextId);
  const isIdTaken = left.blockIds.includes(execution.assistantMessageId ?? '');
  const completedAt = new Date(deps.clock()).toISOString();
  return {
    execution: isIdTaken ? { ...again, assistantMessageId: null } : again,
    events: [
      ...left.closing,
      ...(turnId === null ? [] : superseded(turnId, left.blockIds)),
      ...(turnId === null ? [] : [{ type: 'turn_complete' as const, id: turnId, iteration, completedAt }]),
      turnStart(again, nextId),
    ],
    messages: [],
  };
}

function superseded(turnId: string, blockIds: readonly string[]): readonly EventBody[] {
  if (blockIds.length === 0) return [];
  const value: SupersededValue = { turnId, blockIds: [...blockIds] };
  return [{ type: 'custom', name: SUPERSEDED_EVENT, value }];
}

async function callsAgain(execution: Execution, deps: Deps): Promise<Boundary> {
  const tools = deps.tools?.(execution.agent.id) ?? [];
  const mayRunAgain = ({ bareName }: StartedCall) =>
    tools.some(({ name, idempotent }) => name === bareName && idempotent);
  const lost = execution.started
    .filter((call) => !mayRunAgain(call))
    .map((call) => unknownOutcome(call, execution.seq, deps.clock()));
  const settled = resolveStarted(
    execution,
    lost.map(({ resolved }) => resolved),
  );
  const events = lost.map(({ event }) => event);
  if (settled.started.length === 0) return afterCalls(settled, events, undefined, deps);
  // The same start once more: it also takes the position that a process which only seemed dead would write to.
  const again = settled.started.map((call) => startEvent(call, settled.iteration));
  return { execution: settled, events: [...events, ...again], messages: [] };
}
