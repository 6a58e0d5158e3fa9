import { sql, type Transaction } from 'kysely';
import type { SqlEngine } from './engine.ts';
import { removeExpiredFiles, removeFilesOf, removeSomeFilesOf } from './files.ts';
import type { Retention } from './store.ts';
import type { Tables } from './tables.ts';

/** Files that one batch takes: each may have a dozen pieces of megabytes. */
const FILES_AT_ONCE = 50;

/** Of one surface, or of API keys. */
type OneRetention = Retention & { readonly surfaceId: string | null };

interface Batch {
  readonly db: Transaction<Tables>;
  readonly engine: SqlEngine;
  /** Most rows of one kind. */
  readonly limit: number;
}

/** One batch of everything. Resolves to whether there may be more. */
export async function removeOld(
  engine: SqlEngine,
  retentions: readonly Retention[],
  nowMs: number,
  limit: number,
): Promise<boolean> {
  let isMore = false;
  const inBatch = async (remove: (batch: Batch) => Promise<boolean>) => {
    // Relaxed: what a power cut brings back is removed again.
    const transaction = engine.relaxed.transaction();
    if (await transaction.execute((db) => remove({ db, engine, limit }))) isMore = true;
  };
  await inBatch((batch) => removeExpiredSessions(batch, nowMs));
  await inBatch((batch) => removeExpiredVisitors(batch, nowMs));
  await inBatch((batch) => removeOutcomes(batch, nowMs));
  await inBatch((batch) => removeFullBuckets(batch, nowMs));
  await inBatch(
    async ({ db }) => (await removeExpiredFiles(db, engine, nowMs, FILES_AT_ONCE)) === FILES_AT_ONCE,
  );
  for (const retention of await onePerSurface(engine, retentions)) {
    await inBatch((batch) => removeOldExecutions(batch, retention));
    await inBatch((batch) => removeOldConversations(batch, retention));
  }
  return isMore;
}

async function onePerSurface(
  engine: SqlEngine,
  retentions: readonly Retention[],
): Promise<readonly OneRetention[]> {
  const named = retentions.flatMap(({ surfaceId, ...times }) =>
    surfaceId === undefined ? [] : [{ ...times, surfaceId }],
  );
  const ofOthers = retentions.find(({ surfaceId }) => surfaceId === undefined);
  if (ofOthers === undefined) return named;
  const known = new Set(named.map(({ surfaceId }) => surfaceId));
  const others = (await storedSurfaces(engine)).filter((surfaceId) => !known.has(surfaceId));
  return [...named, ...others.map((surfaceId) => ({ ...ofOthers, surfaceId }))];
}

/** From one entry of the index to the next other one: a `distinct` would read them all. */
async function storedSurfaces({ relaxed }: SqlEngine): Promise<readonly string[]> {
  const surfaceIds: string[] = [];
  for (;;) {
    const { next } = await relaxed
      .selectFrom('conversations')
      .select((column) => column.fn.min('surface_id').as('next'))
      .where('surface_id', '>', surfaceIds.at(-1) ?? '')
      .executeTakeFirstOrThrow();
    if (next === null) return surfaceIds;
    surfaceIds.push(next);
  }
}

async function removeExpiredSessions({ db, engine, limit }: Batch, nowMs: number): Promise<boolean> {
  const rows = await db
    .selectFrom('sessions')
    .select('id_hash')
    .where('expires_at_ms', '<=', nowMs)
    .orderBy('expires_at_ms')
    .limit(limit)
    .modifyEnd(engine.locks.changeFree)
    .execute();
  await deleteSessions(
    db,
    rows.map(({ id_hash }) => id_hash),
  );
  return rows.length === limit;
}

async function removeExpiredVisitors({ db, engine, limit }: Batch, nowMs: number): Promise<boolean> {
  const old = db
    .selectFrom('visitors')
    .select('id')
    .where('expires_at_ms', '<=', nowMs)
    .limit(limit)
    .modifyEnd(engine.locks.changeFree);
  const { numDeletedRows } = await db.deleteFrom('visitors').where('id', 'in', old).executeTakeFirst();
  return numDeletedRows >= limit;
}

async function removeOutcomes({ db, engine, limit }: Batch, nowMs: number): Promise<boolean> {
  const old = db
    .selectFrom('outcomes')
    .select('key_hash')
    .where('expires_at_ms', '<=', nowMs)
    .limit(limit)
    .modifyEnd(engine.locks.changeFree);
  const { numDeletedRows } = await db.deleteFrom('outcomes').where('key_hash', 'in', old).executeTakeFirst();
  return numDeletedRows >= limit;
}

async function removeFullBuckets({ db, engine, limit }: Batch, nowMs: number): Promise<boolean> {
  const full = db
    .selectFrom('buckets')
    .select('key')
    .where('full_at_ms', '<=', nowMs)
    .limit(limit)
    .modifyEnd(engine.locks.changeFree);
  const { numDeletedRows } = await db.deleteFrom('buckets').where('key', 'in', full).executeTakeFirst();
  return numDeletedRows >= limit;
}

async function removeOldExecutions(batch: Batch, retention: OneRetention): Promise<boolean> {
  const { db, engine, limit } = batch;
  const old = await endedExecutions(db)
    .where('surface_id', 'is not distinct from', retention.surfaceId)
    .where('created_at_ms', '<', retention.executionsBeforeMs)
    .orderBy('created_at_ms')
    .limit(limit)
    .modifyEnd(engine.locks.changeFree)
    .execute();
  const removed = await deleteExecutions(batch, old);
  return removed < old.length || old.length === limit;
}

/** Conversations without a turn that runs or waits, with all that belongs to them. */
async function removeOldConversations(batch: Batch, retention: OneRetention): Promise<boolean> {
  const { db, engine, limit } = batch;
  const old = await db
    .selectFrom('conversations')
    .select(['id', 'message_count'])
    .where('surface_id', 'is not distinct from', retention.surfaceId)
    .where('updated_at_ms', '<', retention.conversationsBeforeMs)
    .where(
      sql<boolean>`not exists (select 1 from executions
        where conversation_id = conversations.id and status in ('running', 'awaiting'))`,
    )
    .orderBy('updated_at_ms')
    .limit(limit)
    .modifyEnd(engine.locks.changeFree)
    .execute();
  if (old.length === 0) return false;
  const ids = old.map(({ id }) => id);
  const executions = await endedExecutions(db).where('conversation_id', 'in', ids).limit(limit).execute();
  await deleteExecutions(batch, executions);
  const left = await db
    .selectFrom('executions')
    .select('conversation_id')
    .distinct()
    .where('conversation_id', 'in', ids)
    .execute();
  const withFiles = await removeSomeFilesOf(db, ids, FILES_AT_ONCE);
  const busy = new Set([...left.map(({ conversation_id }) => conversation_id), ...withFiles]);
  const empty = old.filter(({ id }) => !busy.has(id));
  const fitting = empty.slice(
    0,
    fittingCount(empty, ({ message_count }) => message_count, limit),
  );
  await deleteConversations(
    db,
    fitting.map(({ id }) => id),
  );
  return fitting.length < old.length || old.length === limit;
}

function endedExecutions(db: Transaction<Tables>) {
  return db
    .selectFrom('executions')
    .select((query) => [
      'id',
      query
        .selectFrom('events')
        .select((column) => column.fn.max('seq').as('last_seq'))
        .whereRef('events.execution_id', '=', 'executions.id')
        .as('last_seq'),
    ])
    .where('status', 'not in', ['running', 'awaiting']);
}

/** An execution goes with its whole log at once, so that nobody reads half of it. Resolves to how many went. */
async function deleteExecutions(
  { db, limit }: Batch,
  executions: readonly { readonly id: string; readonly last_seq: number | null }[],
): Promise<number> {
  const count = fittingCount(executions, ({ last_seq }) => last_seq ?? 0, limit);
  const ids = executions.slice(0, count).map(({ id }) => id);
  if (ids.length === 0) return 0;
  await db.deleteFrom('events').where('execution_id', 'in', ids).execute();
  await db.deleteFrom('executions').where('id', 'in', ids).execute();
  return ids.length;
}

async function deleteConversations(db: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const sessions = await db
    .selectFrom('sessions')
    .select('id_hash')
    .where('conversation_id', 'in', ids)
    .execute();
  await deleteSessions(
    db,
    sessions.map(({ id_hash }) => id_hash),
  );
  await deleteContents(db, ids);
  await db.deleteFrom('conversations').where('id', 'in', ids).execute();
}

/** What was said and attached in conversations, and what was thought of it. */
export async function deleteContents(db: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  await removeFilesOf(db, ids);
  await db.deleteFrom('feedback').where('conversation_id', 'in', ids).execute();
  await db.deleteFrom('messages').where('conversation_id', 'in', ids).execute();
}

async function deleteSessions(db: Transaction<Tables>, idHashes: readonly string[]): Promise<void> {
  if (idHashes.length === 0) return;
  await db.deleteFrom('tool_sets').where('session_id_hash', 'in', idHashes).execute();
  await db.deleteFrom('sessions').where('id_hash', 'in', idHashes).execute();
}

/** How many of the first items have at most `limit` rows together; one has room whatever its size. */
function fittingCount<Item>(items: readonly Item[], rowsOf: (item: Item) => number, limit: number): number {
  let rows = 0;
  let count = 0;
  for (const item of items) {
    rows += rowsOf(item);
    if (rows > limit && count > 0) break;
    count += 1;
  }
  return count;
}
