import type { EventBody, StreamEvent } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Execution, Store } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import { EventLog, Superseded } from './event-log.ts';
import { fail } from './execution.ts';
import { describeFailure, errorEvent, visibleError } from './failure.ts';

/**
 * Ends an execution that says it is running though no run has it: its process died in the middle. Whatever was left
 * open in its log is closed, so that a reader who comes back sees an end.
 */
export async function closeOrphan(execution: Execution, deps: DispatchDeps): Promise<void> {
  const open = await leftOpen(deps.store, execution.id);
  const failure = {
    ...describeFailure(undefined),
    message: 'The server stopped in the middle of this answer.',
  };
  const completedAt = new Date(deps.clock()).toISOString();
  const events: EventBody[] = [
    ...open.blocks,
    ...visibleError(failure, deps.newId(ID_PREFIX.text)),
    ...(open.turnId === undefined
      ? []
      : [{ type: 'turn_complete' as const, id: open.turnId, stopReason: 'error' as const, completedAt }]),
    errorEvent(failure, completedAt),
  ];
  deps.log.warn({ executionId: execution.id }, 'An execution was left running by a process that is gone');
  try {
    await new EventLog(deps.store, execution).commit({ execution: fail(execution), events, messages: [] });
  } catch (error) {
    // Whoever was faster has ended it.
    if (!(error instanceof Superseded)) throw error;
  }
}

async function leftOpen(
  store: Store,
  executionId: string,
): Promise<{ blocks: readonly EventBody[]; turnId: string | undefined }> {
  const blocks = new Map<string, EventBody>();
  let turnId: string | undefined;
  for await (const event of wholeLog(store, executionId)) {
    if (event.type === 'turn_start') turnId = event.id;
    if (event.type === 'turn_complete') turnId = undefined;
    if (event.type === 'text_start') blocks.set(event.id, { type: 'text_complete', id: event.id });
    if (event.type === 'reasoning_start') blocks.set(event.id, { type: 'reasoning_complete', id: event.id });
    if (event.type === 'text_complete' || event.type === 'reasoning_complete') blocks.delete(event.id);
  }
  return { blocks: [...blocks.values()], turnId };
}

async function* wholeLog(store: Store, executionId: string): AsyncGenerator<StreamEvent> {
  for (let after = 0; ; ) {
    const page = await store.eventsAfter(executionId, after, 200);
    const last = page.at(-1);
    if (last === undefined) return;
    yield* page;
    after = last.seq;
  }
}
