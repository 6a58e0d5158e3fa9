import type { Transaction } from 'kysely';
import type { StreamEvent } from '../../protocol/event.ts';
import { eventRow, messageRow } from './rows.ts';
import { type Commit, StoreError } from './store.ts';
import type { Tables } from './tables.ts';

/** Rows of one `insert`. Keeps its bound values under every engine's limit, and the set of prepared statements small. */
const ROWS_PER_INSERT = 100;

/** Writes what a boundary adds to the log and the conversation. Throws `conflict` when it does not follow what is there. */
export async function appendCommitted(
  db: Transaction<Tables>,
  { execution, events, messages }: Commit,
): Promise<void> {
  const seq = await insertEvents(db, execution.id, events);
  if (seq !== execution.seq) {
    throw new StoreError(
      'conflict',
      `The log of ${execution.id} ends at ${seq}, and the commit says ${execution.seq}.`,
    );
  }
  await insertMessages(db, execution.conversationId, messages);
}

/** Adds events to a log without a gap. Resolves to its last position. */
export async function insertEvents(
  db: Transaction<Tables>,
  executionId: string,
  events: readonly StreamEvent[],
): Promise<number> {
  const end = await db
    .selectFrom('events')
    .select((column) => column.fn.max('seq').as('seq'))
    .where('execution_id', '=', executionId)
    .executeTakeFirst();
  // Two writers may both read this end; the primary key then refuses the second.
  let seq = end?.seq ?? 0;
  for (const event of events) {
    seq += 1;
    if (event.seq !== seq || event.executionId !== executionId) {
      throw new StoreError(
        'conflict',
        `The log of ${executionId} goes on at ${seq}, and event ${event.seq} of ${event.executionId} came.`,
      );
    }
  }
  for (const rows of batches(events.map(eventRow))) await db.insertInto('events').values(rows).execute();
  return seq;
}

async function insertMessages(
  db: Transaction<Tables>,
  conversationId: string,
  messages: Commit['messages'],
): Promise<void> {
  if (messages.length === 0) return;
  // Counting in the conversation's row makes two executions of one conversation wait for each other.
  const counted = await db
    .updateTable('conversations')
    .set((column) => ({ message_count: column('message_count', '+', messages.length) }))
    .where('id', '=', conversationId)
    .returning('message_count')
    .executeTakeFirst();
  if (counted === undefined) throw new StoreError('conflict', `There is no conversation ${conversationId}.`);
  const first = counted.message_count - messages.length;
  const rows = messages.map((entry, index) => messageRow(conversationId, first + index, entry));
  for (const batch of batches(rows)) await db.insertInto('messages').values(batch).execute();
}

function batches<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / ROWS_PER_INSERT);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * ROWS_PER_INSERT, (index + 1) * ROWS_PER_INSERT),
  );
}
