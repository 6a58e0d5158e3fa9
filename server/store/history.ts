import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { ModelMessage } from '../models/model.ts';
import type { SqlEngine } from './engine.ts';
import type {
  ConversationRecord,
  RecordedMessage,
  RecordQuery,
  RecordStore,
  StoredVisitor,
  Whose,
} from './records.ts';
import { deleteContents } from './retention.ts';
import { StoreError } from './store.ts';
import type { Tables } from './tables.ts';
import { digestOf, searchable, searchableWords } from './words.ts';

type Db = Kysely<Tables>;

export async function createVisitor(db: Db, visitor: StoredVisitor): Promise<void> {
  await db
    .insertInto('visitors')
    .values({
      id: visitor.id,
      token_hash: visitor.tokenHash,
      surface_id: visitor.surfaceId,
      end_user_id: visitor.endUserId,
      created_at_ms: visitor.createdAtMs,
      expires_at_ms: visitor.expiresAtMs,
    })
    .execute();
}

export async function visitor(db: Db, tokenHash: string, nowMs: number): Promise<StoredVisitor | undefined> {
  const row = await db
    .selectFrom('visitors')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    id: row.id,
    tokenHash: row.token_hash,
    surfaceId: row.surface_id,
    endUserId: row.end_user_id,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

export async function prolongVisitor(db: Db, visitorId: string, expiresAtMs: number): Promise<void> {
  await db
    .updateTable('visitors')
    .set({ expires_at_ms: expiresAtMs })
    .where('id', '=', visitorId)
    .where('expires_at_ms', '<', expiresAtMs)
    .execute();
}

export async function bindVisitor(
  db: Transaction<Tables>,
  visitorId: string,
  endUserId: string,
): Promise<boolean> {
  // Of two proofs at once the second waits here, and then finds whose the visitor is.
  const { numUpdatedRows } = await db
    .updateTable('visitors')
    .set({ end_user_id: endUserId })
    .where('id', '=', visitorId)
    .where((column) => column.or([column('end_user_id', 'is', null), column('end_user_id', '=', endUserId)]))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await db
    .updateTable('conversations')
    .set({ end_user_id: endUserId })
    .where('visitor_id', '=', visitorId)
    .where('end_user_id', 'is', null)
    .execute();
  return true;
}

export async function removeVisitor(db: Db, tokenHash: string): Promise<void> {
  await db.deleteFrom('visitors').where('token_hash', '=', tokenHash).execute();
}

export async function record(db: Db, id: string): Promise<ConversationRecord | undefined> {
  const row = await db.selectFrom('conversations').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : readRecord(row);
}

export async function claimRecord(
  db: Transaction<Tables>,
  id: string,
  { visitorId, endUserId }: Parameters<RecordStore['claimRecord']>[1],
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('conversations')
    .set({ visitor_id: visitorId, end_user_id: endUserId })
    .where('id', '=', id)
    .where('visitor_id', 'is', null)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  // An earlier release may have stored messages and no word of them for lists.
  await renewDigest(db, id);
  return true;
}

export async function records(
  db: Db,
  whose: Whose,
  { limit, after, words = [] }: RecordQuery,
): Promise<readonly ConversationRecord[]> {
  const ofOne = db.selectFrom('conversations').select(COLUMNS).where('is_listed', '=', 1);
  let query =
    'visitorId' in whose
      ? ofOne.where('visitor_id', '=', whose.visitorId)
      : ofOne.where('surface_id', '=', whose.surfaceId).where('end_user_id', '=', whose.endUserId);
  if (after !== undefined) {
    const { isPinned, updatedAtMs, id } = after;
    query = query.where(
      sql<boolean>`(is_pinned, updated_at_ms, id)
        < (${isPinned ? 1 : 0}, cast(${updatedAtMs} as bigint), ${id})`,
    );
  }
  for (const word of words) {
    const pattern = `%${searchable(word).replace(/[\\%_]/g, '\\$&')}%`;
    query = query.where(
      sql<boolean>`(title_words like ${pattern} escape '\\' or exists (
        select 1 from messages where conversation_id = conversations.id and is_replaced = 0
          and words like ${pattern} escape '\\'))`,
    );
  }
  const rows = await query
    .orderBy('is_pinned', 'desc')
    .orderBy('updated_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(readRecord);
}

export async function recordedMessages(
  db: Db,
  conversationId: string,
  before: number,
  limit: number,
): Promise<readonly RecordedMessage[]> {
  const rows = await db
    .selectFrom('messages')
    .select(['position', 'client_id', 'message', 'display', 'created_at_ms'])
    .where('conversation_id', '=', conversationId)
    .where('position', '<', before)
    .where('is_replaced', '=', 0)
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse().map((row) => ({
    position: row.position,
    clientId: row.client_id,
    message: JSON.parse(row.message) as ModelMessage,
    display: row.display === null ? null : (JSON.parse(row.display) as string),
    createdAtMs: row.created_at_ms === 0 ? null : row.created_at_ms,
  }));
}

export async function changeRecord(
  db: Db,
  id: string,
  { title, isPinned }: Parameters<RecordStore['changeRecord']>[1],
): Promise<void> {
  const named = title === undefined ? {} : { title: title || null, title_words: searchable(title) || null };
  const pinned = isPinned === undefined ? {} : { is_pinned: isPinned ? 1 : 0 };
  if (title === undefined && isPinned === undefined) return;
  await db
    .updateTable('conversations')
    .set({ ...named, ...pinned })
    .where('id', '=', id)
    .where('deleted_at_ms', 'is', null)
    .execute();
}

export async function saveDisplays(
  db: Transaction<Tables>,
  id: string,
  displays: Parameters<RecordStore['saveDisplays']>[1],
): Promise<number> {
  // The conversation's row before the messages', as turns take them.
  const { revision } = await db
    .updateTable('conversations')
    .set((column) => ({ revision: column('revision', '+', 1) }))
    .where('id', '=', id)
    .returning('revision')
    .executeTakeFirstOrThrow(() => new StoreError('conflict', `There is no conversation ${id}.`));
  for (const { clientId, display } of displays) {
    await db
      .updateTable('messages')
      .set({ display: JSON.stringify(display) })
      .where('conversation_id', '=', id)
      .where('client_id', '=', clientId)
      .execute();
  }
  return revision;
}

export async function deleteRecord(
  db: Transaction<Tables>,
  { locks }: SqlEngine,
  id: string,
  nowMs: number,
): Promise<'deleted' | 'gone' | 'open'> {
  // First the conversation's row: a turn that begins meanwhile waits here, and then finds it gone.
  const found = await db
    .selectFrom('conversations')
    .select('deleted_at_ms')
    .where('id', '=', id)
    .modifyEnd(locks.change)
    .executeTakeFirst();
  if (found === undefined || found.deleted_at_ms !== null) return 'gone';
  const open = await db
    .selectFrom('executions')
    .select('id')
    .where('conversation_id', '=', id)
    .where(sql<boolean>`status in ('running', 'awaiting')`)
    .executeTakeFirst();
  if (open !== undefined) return 'open';
  const executions = db.selectFrom('executions').select('id').where('conversation_id', '=', id);
  await db.deleteFrom('events').where('execution_id', 'in', executions).execute();
  await db.deleteFrom('executions').where('conversation_id', '=', id).execute();
  await deleteContents(db, [id]);
  await db
    .updateTable('conversations')
    .set((column) => ({
      // Nor whose it was.
      visitor_id: null,
      end_user_id: null,
      title: null,
      title_words: null,
      opening: null,
      preview: null,
      shown_count: 0,
      is_pinned: 0,
      is_listed: 0,
      revision: column('revision', '+', 1),
      deleted_at_ms: nowMs,
    }))
    .where('id', '=', id)
    .execute();
  return 'deleted';
}

/** What lists say of a conversation, after its messages have changed otherwise than by growing. */
export async function renewDigest(db: Transaction<Tables>, conversationId: string): Promise<void> {
  const rows = await db
    .selectFrom('messages')
    .select(['position', 'message', 'words'])
    .where('conversation_id', '=', conversationId)
    .where('is_replaced', '=', 0)
    .orderBy('position')
    .execute();
  const messages = rows.map(({ message }) => JSON.parse(message) as ModelMessage);
  const { opening, preview, shownCount } = digestOf(messages);
  await db
    .updateTable('conversations')
    .set({ opening, preview, shown_count: shownCount, is_listed: shownCount > 0 ? 1 : 0 })
    .where('id', '=', conversationId)
    .execute();
  for (const [index, { position, words }] of rows.entries()) {
    const message = messages[index];
    const missing = words === null && message !== undefined ? searchableWords(message) : null;
    if (missing === null) continue;
    await db
      .updateTable('messages')
      .set({ words: missing })
      .where('conversation_id', '=', conversationId)
      .where('position', '=', position)
      .execute();
  }
}

const COLUMNS = [
  'id',
  'surface_id',
  'visitor_id',
  'end_user_id',
  'title',
  'opening',
  'preview',
  'is_pinned',
  'shown_count',
  'created_at_ms',
  'updated_at_ms',
  'revision',
  'deleted_at_ms',
] as const;

function readRecord(
  row: Pick<Selectable<Tables['conversations']>, (typeof COLUMNS)[number]>,
): ConversationRecord {
  return {
    id: row.id,
    surfaceId: row.surface_id,
    visitorId: row.visitor_id,
    endUserId: row.end_user_id,
    title: row.title,
    opening: row.opening,
    preview: row.preview,
    isPinned: row.is_pinned === 1,
    messageCount: row.shown_count,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    revision: row.revision,
    isDeleted: row.deleted_at_ms !== null,
  };
}
