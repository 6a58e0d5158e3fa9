import {
  type EventBody,
  SUPERSEDED_EVENT,
  type Superseded as SupersededValue,
} from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Execution, StartedCall } from '../store/store.ts';
import { bindCall } from './bound-tools.ts';
import type { DeskDeps } from './dispatcher.ts';
import { endingOf } from './ending.ts';
import type { Boundary } from './event-log.ts';
import { reopenTurn, resolveStarted } from './execution.ts';
import type { Failure } from './failure.ts';
import { type Leftovers, leftovers } from './leftovers.ts';
import { afterCalls, turnStart } from './next-boundary.ts';
import { RunLedger } from './run-ledger.ts';
import { startEvent, unknownOutcome } from './server-calls.ts';

/** A turn that this many processes died of, at last alone, is their cause and not their victim. */
const MAX_TAKEOVERS = 5;

/**
 * How many executions of the same suspicion may run in one process, by the processes that died of each so far. Most of
 * what dies together is innocent, and the fewer run beside the guilty one, the fewer are taken for it.
 */
const PLACES = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 50, 5];

const POISONOUS: Failure = {
  code: 'internal',
  message: 'The server stopped several times in the middle of this answer.',
  hint: 'Send the message again, or ask for less at once.',
};

/** Of executions to take over, those that may go on here now, beside what runs here already. */
export function mayGoOn(
  abandoned: readonly Execution[],
  running: readonly Pick<Execution, 'takeovers'>[],
): readonly Execution[] {
  const isSuspect = ({ takeovers }: Pick<Execution, 'takeovers'>) => placesFor(takeovers) < Infinity;
  const suspects = running.filter(isSuspect);
  // The most suspicious first: while they run, those with less against them wait.
  return abandoned
    .toSorted((a, b) => b.takeovers - a.takeovers)
    .filter((execution) => {
      if (!isSuspect(execution)) return true;
      const places = Math.min(...[...suspects, execution].map(({ takeovers }) => placesFor(takeovers)));
      if (suspects.length >= places) return false;
      suspects.push(execution);
      return true;
    });
}

function placesFor(takeovers: number): number {
  return PLACES[takeovers] ?? 1;
}

/**
 * For widgets that do not know that words can be taken back. They keep what they had, and one that comes back to the
 * stream writes its next text right behind it. All others take these words back with the rest.
 */
const BEGINS_AGAIN = '\n\n(The answer broke off here. It begins again.)\n\n';

type Deps = DeskDeps;

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
      ...(turnId === null ? [] : superseded(turnId, left, deps)),
      ...(turnId === null ? [] : [{ type: 'turn_complete' as const, id: turnId, iteration, completedAt }]),
      turnStart(again, nextId),
    ],
    messages: [],
  };
}

function superseded(
  turnId: string,
  { blockIds, text }: Leftovers,
  { newId }: Pick<Deps, 'newId'>,
): readonly EventBody[] {
  if (blockIds.length === 0) return [];
  const markId = newId(ID_PREFIX.text);
  const mark: readonly EventBody[] =
    text.trim() === ''
      ? []
      : [
          { type: 'text_start', id: markId },
          { type: 'text_delta', id: markId, delta: BEGINS_AGAIN },
          { type: 'text_complete', id: markId },
        ];
  const value: SupersededValue = {
    turnId,
    blockIds: mark.length === 0 ? [...blockIds] : [...blockIds, markId],
  };
  return [...mark, { type: 'custom', name: SUPERSEDED_EVENT, value }];
}

async function callsAgain(execution: Execution, deps: Deps): Promise<Boundary> {
  const mayRunAgain = (call: StartedCall) =>
    bindCall(execution, call, deps, { ledger: new RunLedger(execution) }).tool?.idempotent === true;
  const lost = execution.started
    .filter((call) => !mayRunAgain(call))
    .map((call) => unknownOutcome(execution, call, deps.clock()));
  const settled = resolveStarted(
    execution,
    lost.map(({ resolved }) => resolved),
  );
  const events = lost.map(({ event }) => event);
  const receipts = lost.map(({ receipt }) => receipt);
  if (settled.started.length === 0) return afterCalls(settled, { events, receipts }, undefined, deps);
  // The same start once more: it also takes the position that a process which only seemed dead would write to.
  const again = settled.started.map((call) => startEvent(call, settled));
  return { execution: settled, events: [...events, ...again], messages: [], receipts };
}
