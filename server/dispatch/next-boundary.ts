import type { EventBody, StopReason } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { Execution } from '../store/store.ts';
import type { DeskDeps } from './dispatcher.ts';
import { resultsMessage } from './ending.ts';
import type { Boundary } from './event-log.ts';
import { openApprovals, openTurn, pause } from './execution.ts';
import { startEvent } from './server-calls.ts';
import { pauseEvents } from './tool-call.ts';
import type { ModelAnswer } from './turn.ts';

type Deps = Pick<DeskDeps, 'store' | 'clock' | 'newId'>;

/**
 * Opens the next turn of a running execution in a boundary of its own or of somebody else's: the state and the event
 * belong into the same commit.
 */
export function nextTurn(
  execution: Execution,
  deps: Pick<DeskDeps, 'newId'>,
): { readonly execution: Execution; readonly event: EventBody } {
  const turnId = deps.newId(ID_PREFIX.turn);
  const next = openTurn(execution, turnId);
  return { execution: next, event: turnStart(next, turnId) };
}

export function turnStart({ iteration }: Execution, turnId: string): EventBody {
  return { type: 'turn_start', id: turnId, iteration, role: 'assistant' };
}

/** Without a stop reason where the turn only hands over to the next: a widget would show it as the end. */
export function turnEnd(
  { turnId, iteration }: Execution,
  stopReason: StopReason | undefined,
  tokens: ModelAnswer['tokens'],
  completedAt: string,
): EventBody {
  return {
    type: 'turn_complete',
    id: turnId ?? '',
    iteration,
    ...(stopReason === undefined ? {} : { stopReason }),
    ...(tokens === undefined ? {} : { tokens }),
    completedAt,
  };
}

/** What stands before the events of a boundary, and what it ends. */
export interface Ended {
  readonly events: readonly EventBody[];
  readonly receipts: readonly Receipt[];
}

/**
 * The boundary behind the last result of a turn's server calls: the pause for the calls of the client and for
 * approvals, or the next turn.
 */
export async function afterCalls(
  execution: Execution,
  { events, receipts }: Ended,
  tokens: ModelAnswer['tokens'],
  deps: Deps,
): Promise<Boundary> {
  const { pending } = execution;
  if (pending.length + openApprovals(execution).length > 0) {
    const paused = pause(execution, pending, [], deps.clock());
    return { execution: paused, events: [...events, ...pauseEvents(paused)], messages: [], receipts };
  }
  const results = await resultsMessage(execution, deps.store);
  const next = nextTurn(execution, deps);
  const at = new Date(deps.clock()).toISOString();
  return {
    execution: next.execution,
    events: [...events, turnEnd(execution, undefined, tokens, at), next.event],
    messages: [results],
    receipts,
  };
}

/**
 * The boundary behind answers that a paused execution has taken in: it asks again for what is missing, begins the calls
 * that were approved, or goes on with the next turn. `reports` stand within the new turn, where there is one.
 */
export async function afterAnswers(
  execution: Execution,
  { events, receipts, reports }: Ended & { readonly reports: readonly EventBody[] },
  deps: Deps,
): Promise<Boundary> {
  if (execution.status === 'awaiting') {
    const asked = [...events, ...reports, ...pauseEvents(execution)];
    return { execution, events: asked, messages: [], receipts };
  }
  if (execution.started.length > 0) {
    const begun = execution.started.map((call) => startEvent(call, execution));
    return { execution, events: [...events, ...reports, ...begun], messages: [], receipts };
  }
  const results = await resultsMessage(execution, deps.store);
  const turn = nextTurn(execution, deps);
  return {
    execution: turn.execution,
    events: [...events, turn.event, ...reports],
    messages: [results],
    receipts,
  };
}
