import type { EventBody } from '../../protocol/event.ts';
import type { Execution, Store } from '../store/store.ts';

/** What the open turn of an execution had written when its process was gone, or somebody else ended it. */
export interface Leftovers {
  /** Ends the blocks that are still open. */
  readonly closing: readonly EventBody[];
  /** Every text and thought of the turn. */
  readonly blockIds: readonly string[];
  /** All text of the turn, blocks joined. */
  readonly text: string;
  readonly firstTextId: string | undefined;
}

const PAGE_EVENTS = 200;

/** Reads them from the log, whose end must not move meanwhile: the caller has claimed the execution. */
export async function leftovers(store: Store, execution: Execution): Promise<Leftovers> {
  const open = new Map<string, EventBody>();
  const blockIds: string[] = [];
  const texts = new Map<string, string>();
  let isInTurn = false;
  for (let after = execution.runAfter; ; ) {
    const page = await store.eventsAfter(execution.id, after, PAGE_EVENTS);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.seq;
    for (const event of page) {
      if (event.type === 'turn_start') isInTurn = event.id === execution.turnId;
      if (!isInTurn) continue;
      if (event.type === 'text_start') {
        texts.set(event.id, '');
        open.set(event.id, { type: 'text_complete', id: event.id });
      } else if (event.type === 'reasoning_start') {
        blockIds.push(event.id);
        open.set(event.id, { type: 'reasoning_complete', id: event.id });
      } else if (event.type === 'text_delta') {
        texts.set(event.id, (texts.get(event.id) ?? '') + event.delta);
      } else if (event.type === 'text_complete' || event.type === 'reasoning_complete') {
        open.delete(event.id);
      }
    }
  }
  const textIds = [...texts.keys()];
  return {
    closing: [...open.values()],
    blockIds: [...textIds, ...blockIds],
    text: [...texts.values()].join('\n\n'),
    firstTextId: textIds[0],
  };
}
