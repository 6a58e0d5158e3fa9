import { type ExpressionBuilder, type Kysely, sql, type Transaction } from 'kysely';
import type { StreamEvent } from '../../protocol/event.ts';
import type { SqlEngine } from './engine.ts';
import { keepFiles } from './files.ts';
import { renewDigest } from './history.ts';
import { insertReceipts } from './receipts.ts';
import { conversationRow, eventRow, executionRow, messageRow, outcomeRow, readExecution } from './rows.ts';
import {
  type Commit,
  type Execution,
  type Lease,
  type NewExecution,
  type RefusedStart,
  StoreError,
} from './store.ts';
import type { Tables } from './tables.ts';
import { digestOf } from './words.ts';

/** Rows of one `insert`. Keeps its bound values under every engine's limit, and the set of prepared statements small. */
export const ROWS_PER_INSERT = 100;

/** Ids of one question for many. */
const IDS_PER_LOOK = 500;

/** Why a transaction takes back what it wrote. */
export class Refusal extends Error {
  readonly reason: RefusedStart;

  constructor(reason: RefusedStart) {
    super(reason);
    this.reason = reason;
  }
}

/** Executions as `readExecution` takes them. */
export function selectExecutions(db: Kysely<Tables>) {
  return db
    .selectFrom('executions')
    .selectAll('executions')
    .select((query) =>
      query
        .selectFrom('events')
        .select((column) => column.fn.max('seq').as('last_seq'))
        .whereRef('events.execution_id', '=', 'executions.id')
        .as('last_seq'),
    );
}

/** The first ones that can be read, at most `limit`. One that cannot is told of, and holds up no other. */
export async function readExecutions(
  query: ReturnType<typeof selectExecutions>,
  limit: number,
  damaged: (executionId: string, error: unknown) => void,
): Promise<readonly Execution[]> {
  const executions: Execution[] = [];
  for (let offset = 0; ; ) {
    const wanted = limit - executions.length;
    const rows = await query.limit(wanted).offset(offset).execute();
    for (const row of rows) {
      try {
        executions.push(readExecution(row));
      } catch (error) {
        damaged(row.id, error);
      }
    }
    if (rows.length < wanted || executions.length === limit) return executions;
    offset += rows.length;
  }
}

/** What tells whether executions have changed. */
export async function looks(
  db: Kysely<Tables>,
  executionIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let start = 0; start < executionIds.length; start += IDS_PER_LOOK) {
    const rows = await db
      .selectFrom('executions')
      .select((query) => [
        'id',
        'version',
        query
          .selectFrom('events')
          .select((column) => column.fn.max('seq').as('last_seq'))
          .whereRef('events.execution_id', '=', 'executions.id')
          .as('last_seq'),
      ])
      .where('id', 'in', executionIds.slice(start, start + IDS_PER_LOOK))
      .execute();
    for (const { id, version, last_seq } of rows) found.set(id, `${version} ${last_seq}`);
  }
  return found;
}

/** Writes a new execution. Throws `Refusal`. */
export async function insertExecution(
  db: Transaction<Tables>,
  engine: SqlEngine,
  commit: NewExecution,
): Promise<void> {
  const { execution, expectedMessages, count, newConversation } = commit;
  if (newConversation !== undefined)
    await db.insertInto('conversations').values(conversationRow(newConversation)).execute();
  // First the conversation's row, if it was there before: whoever else begins a turn of this conversation waits here.
  const conversation = await db
    .updateTable('conversations')
    .set((column) => ({
      ...grown(column, commit.messages),
      updated_at_ms: sql<number>`case when updated_at_ms < ${execution.createdAtMs}
        then ${execution.createdAtMs} else updated_at_ms end`,
    }))
    .where('id', '=', execution.conversationId)
    .where('message_count', '=', expectedMessages)
    .where('deleted_at_ms', 'is', null)
    .returning('surface_id')
    .executeTakeFirst();
  if (conversation === undefined) throw await whyNot(db, execution.conversationId);
  if (count !== undefined) await countTurn(db, count);
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('executions')
    .values({
      ...executionRow(execution),
      surface_id: conversation.surface_id,
      messages_before: expectedMessages,
      ...leaseRow(engine, commit.lease),
    })
    .onConflict((conflict) =>
      conflict
        .column('conversation_id')
        // As the index says it, word for word: engines find it by that.
        .where(sql<boolean>`status in ('running', 'awaiting')`)
        .doNothing(),
    )
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw new Refusal('moved_on');
  if (!(await keepFiles(db, execution.conversationId, commit.files ?? []))) throw new Refusal('moved_on');
  await insertOutcome(db, commit);
  await insertEvents(db, commit);
  await insertReceipts(db, commit.receipts ?? []);
  if (commit.replacesFrom !== undefined) await replaceMessages(db, commit.replacesFrom, commit);
  await insertMessages(db, commit, expectedMessages);
  if (commit.replacesFrom !== undefined) await renewDigest(db, execution.conversationId);
}

async function replaceMessages(
  db: Transaction<Tables>,
  from: number,
  { execution }: NewExecution,
): Promise<void> {
  await db
    .updateTable('messages')
    .set({ is_replaced: 1 })
    .where('conversation_id', '=', execution.conversationId)
    .where('position', '>=', from)
    .execute();
}

/** Writes the next state of an execution. Throws `Refusal`. */
export async function updateExecution(
  db: Transaction<Tables>,
  engine: SqlEngine,
  commit: Commit,
): Promise<void> {
  const { id, ...next } = executionRow(commit.execution);
  // The conversation's row before the execution's, as a new turn takes them, or the two wait for each other in a circle.
  const first = commit.messages.length > 0 ? await countMessages(db, commit) : 0;
  const { numUpdatedRows } = await db
    .updateTable('executions')
    .set({ ...next, ...leaseRow(engine, commit.lease) })
    .where('id', '=', id)
    .where('version', '=', commit.execution.version - 1)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Refusal('moved_on');
  await insertOutcome(db, commit);
  await insertEvents(db, commit);
  await insertReceipts(db, commit.receipts ?? []);
  await insertMessages(db, commit, first);
}

/** What a lease puts into an execution's row. */
export function leaseRow({ clockMs }: SqlEngine, lease: Lease | null) {
  if (lease === null) return { lease_owner: null, lease_until_ms: 0 };
  const duration = sql<number>`cast(${lease.forMs} as bigint)`;
  return { lease_owner: lease.owner, lease_until_ms: sql<number>`${clockMs} + ${duration}` };
}

async function countTurn(
  db: Transaction<Tables>,
  { sessionIdHash, limit, expiresAtMs }: NonNullable<NewExecution['count']>,
): Promise<void> {
  const counted = await db
    .updateTable('sessions')
    .set((column) => ({ message_count: column('message_count', '+', 1), expires_at_ms: expiresAtMs }))
    .where('id_hash', '=', sessionIdHash)
    .where('message_count', '<', limit)
    .executeTakeFirst();
  if (counted.numUpdatedRows > 0n) return;
  const session = await db
    .selectFrom('sessions')
    .select('id_hash')
    .where('id_hash', '=', sessionIdHash)
    .executeTakeFirst();
  if (session === undefined)
    throw new StoreError('conflict', 'The session whose turn is counted is not in the store.');
  throw new Refusal('limit_reached');
}

async function insertOutcome(db: Transaction<Tables>, { outcome }: Commit): Promise<void> {
  if (outcome === undefined) return;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('outcomes')
    .values(outcomeRow(outcome))
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw new Refusal('moved_on');
}

/** Adds a boundary's events to its log. Throws `conflict` when they do not follow what is there. */
async function insertEvents(db: Transaction<Tables>, { execution, events }: Commit): Promise<void> {
  const end = await db
    .selectFrom('events')
    .select((column) => column.fn.max('seq').as('seq'))
    .where('execution_id', '=', execution.id)
    .executeTakeFirst();
  const last = checkSequence(execution.id, end?.seq ?? 0, events);
  if (last !== execution.seq) {
    throw new StoreError(
      'conflict',
      `The log of ${execution.id} ends at ${last}, and the commit says ${execution.seq}.`,
    );
  }
  for (const rows of batches(events.map(eventRow))) await db.insertInto('events').values(rows).execute();
}

/** Gives the last position of events that go on after `seq`. Throws `conflict` for others. */
export function checkSequence(executionId: string, seq: number, events: readonly StreamEvent[]): number {
  let last = seq;
  for (const event of events) {
    last += 1;
    if (event.seq !== last || event.executionId !== executionId) {
      throw new StoreError(
        'conflict',
        `The log of ${executionId} goes on at ${last}, and event ${event.seq} of ${event.executionId} came.`,
      );
    }
  }
  return last;
}

/** Makes room for a commit's messages. Resolves to the position of the first. */
async function countMessages(db: Transaction<Tables>, { execution, messages }: Commit): Promise<number> {
  const counted = await db
    .updateTable('conversations')
    .set((column) => grown(column, messages))
    .where('id', '=', execution.conversationId)
    .returning('message_count')
    .executeTakeFirst();
  // Its execution went with it.
  if (counted === undefined) throw new Refusal('moved_on');
  return counted.message_count - messages.length;
}

async function insertMessages(
  db: Transaction<Tables>,
  { execution, messages, atMs }: Commit,
  first: number,
): Promise<void> {
  const rows = messages.map((entry, index) =>
    messageRow(execution.conversationId, first + index, entry, atMs),
  );
  for (const batch of batches(rows)) await db.insertInto('messages').values(batch).execute();
}

/** What messages at its end make of a conversation's row. */
function grown(column: ExpressionBuilder<Tables, 'conversations'>, messages: Commit['messages']) {
  const { opening, preview, shownCount } = digestOf(messages.map(({ message }) => message));
  const counted = {
    message_count: column('message_count', '+', messages.length),
    ...(messages.length === 0 ? {} : { revision: column('revision', '+', 1) }),
  };
  if (shownCount === 0) return counted;
  return {
    ...counted,
    shown_count: column('shown_count', '+', shownCount),
    is_listed: 1,
    preview,
    ...(opening === null ? {} : { opening: column.fn.coalesce('opening', sql<string>`${opening}`) }),
  };
}

async function whyNot(db: Transaction<Tables>, id: string): Promise<Refusal | StoreError> {
  const found = await db
    .selectFrom('conversations')
    .select('deleted_at_ms')
    .where('id', '=', id)
    .executeTakeFirst();
  if (found === undefined) return noConversation(id);
  return new Refusal(found.deleted_at_ms === null ? 'moved_on' : 'deleted');
}

function noConversation(id: string): StoreError {
  return new StoreError('conflict', `There is no conversation ${id}.`);
}

export function batches<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / ROWS_PER_INSERT);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(index * ROWS_PER_INSERT, (index + 1) * ROWS_PER_INSERT),
  );
}
