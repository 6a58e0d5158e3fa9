import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { SqlEngine } from './engine.ts';
import type { FileRoom, StoredFile } from './store.ts';
import type { Tables } from './tables.ts';

/** Begins a file unless its conversation or its surface has no room for it. */
export async function createFile(
  db: Transaction<Tables>,
  file: StoredFile,
  room: FileRoom,
): Promise<'created' | 'conversation_full' | 'surface_full'> {
  const ofConversation = await usage(db, file.conversationId);
  const isFull =
    ofConversation.files >= room.conversationFiles ||
    ofConversation.bytes + file.size > room.conversationBytes;
  if (isFull) return 'conversation_full';
  // What is only announced takes up nothing: who announces much must not keep everybody else out.
  if ((await surfaceFileBytes(db, file.surfaceId)) + file.size > room.surfaceBytes) return 'surface_full';
  await db
    .insertInto('files')
    .values({
      id: file.id,
      conversation_id: file.conversationId,
      surface_id: file.surfaceId,
      filename: file.filename,
      size: file.size,
      received: file.received,
      mime_type: file.mimeType,
      created_at_ms: file.createdAtMs,
      expires_at_ms: file.expiresAtMs,
    })
    .execute();
  return 'created';
}

export async function file(db: Kysely<Tables>, id: string): Promise<StoredFile | undefined> {
  const row = await db.selectFrom('files').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : readFile(row);
}

/** Whether the piece went in: the file ended where it begins, and has room for it. */
export async function appendPiece(
  db: Transaction<Tables>,
  fileId: string,
  start: number,
  bytes: Uint8Array,
): Promise<boolean> {
  const end = start + bytes.byteLength;
  // The row first: of two pieces for one position the second waits here, and then finds that the file has gone on.
  const { numUpdatedRows } = await db
    .updateTable('files')
    .set({ received: end })
    .where('id', '=', fileId)
    .where('received', '=', start)
    .where('size', '>=', end)
    .where('mime_type', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await db.insertInto('file_pieces').values({ file_id: fileId, start, bytes }).execute();
  return true;
}

/** The piece that begins there. */
export async function filePiece(
  db: Kysely<Tables>,
  fileId: string,
  start: number,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('file_pieces')
    .select('bytes')
    .where('file_id', '=', fileId)
    .where('start', '=', start)
    .executeTakeFirst();
  return row === undefined ? undefined : readBytes(row.bytes);
}

/** Says what a file is whose bytes are all there. Whether it still was to be said. */
export async function finishFile(
  db: Transaction<Tables>,
  fileId: string,
  { filename, mimeType }: { readonly filename: string; readonly mimeType: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('files')
    .set({ filename, mime_type: mimeType })
    .where('id', '=', fileId)
    .where('mime_type', 'is', null)
    .whereRef('received', '=', 'size')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Keeps files for as long as their conversation: a message names them. Whether they were all there. */
export async function keepFiles(
  db: Transaction<Tables>,
  conversationId: string,
  fileIds: readonly string[],
): Promise<boolean> {
  if (fileIds.length === 0) return true;
  const { numUpdatedRows } = await db
    .updateTable('files')
    .set({ expires_at_ms: null })
    .where('id', 'in', fileIds)
    .where('conversation_id', '=', conversationId)
    .where('mime_type', 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows >= fileIds.length;
}

/** Removes a file that no message names. Whether there was one. */
export async function removeUnusedFile(db: Transaction<Tables>, fileId: string): Promise<boolean> {
  const row = await db
    .updateTable('files')
    .set({ expires_at_ms: 0 })
    .where('id', '=', fileId)
    .where('expires_at_ms', 'is not', null)
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await deleteFiles(db, [fileId]);
  return true;
}

/** Removes files that no message has named in time, at most `limit`. Resolves to how many went. */
export async function removeExpiredFiles(
  db: Transaction<Tables>,
  { locks }: SqlEngine,
  nowMs: number,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('files')
    .select('id')
    .where('expires_at_ms', '<=', nowMs)
    .orderBy('expires_at_ms')
    .limit(limit)
    .modifyEnd(locks.changeFree)
    .execute();
  await deleteFiles(
    db,
    rows.map(({ id }) => id),
  );
  return rows.length;
}

/** Removes files of conversations, at most `limit`. Resolves to the conversations that still have some. */
export async function removeSomeFilesOf(
  db: Transaction<Tables>,
  conversationIds: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const ofThese = db.selectFrom('files').where('conversation_id', 'in', conversationIds);
  const rows = await ofThese.select('id').limit(limit).execute();
  await deleteFiles(
    db,
    rows.map(({ id }) => id),
  );
  if (rows.length < limit) return [];
  const left = await ofThese.select('conversation_id').distinct().execute();
  return left.map(({ conversation_id }) => conversation_id);
}

/** Removes all files of conversations. */
export async function removeFilesOf(
  db: Transaction<Tables>,
  conversationIds: readonly string[],
): Promise<void> {
  const rows = await db
    .selectFrom('files')
    .select('id')
    .where('conversation_id', 'in', conversationIds)
    .execute();
  await deleteFiles(
    db,
    rows.map(({ id }) => id),
  );
}

async function deleteFiles(db: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.deleteFrom('file_pieces').where('file_id', 'in', ids).execute();
  await db.deleteFrom('files').where('id', 'in', ids).execute();
}

/** What the files of a conversation will take up once they are whole. */
async function usage(
  db: Kysely<Tables>,
  conversationId: string,
): Promise<{ readonly files: number; readonly bytes: number }> {
  return await db
    .selectFrom('files')
    .select([
      sql<number>`cast(count(*) as bigint)`.as('files'),
      sql<number>`cast(coalesce(sum(size), 0) as bigint)`.as('bytes'),
    ])
    .where('conversation_id', '=', conversationId)
    .executeTakeFirstOrThrow();
}

/** The bytes of a surface's files that are there. */
export async function surfaceFileBytes(db: Kysely<Tables>, surfaceId: string): Promise<number> {
  const { bytes } = await db
    .selectFrom('files')
    .select(sql<number>`cast(coalesce(sum(received), 0) as bigint)`.as('bytes'))
    .where('surface_id', '=', surfaceId)
    .executeTakeFirstOrThrow();
  return bytes;
}

/** One engine gives a `Buffer`, the other an `ArrayBuffer`. */
function readBytes(value: Uint8Array | ArrayBuffer): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(value);
}

function readFile(row: Selectable<Tables['files']>): StoredFile {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    surfaceId: row.surface_id,
    filename: row.filename,
    size: row.size,
    received: row.received,
    mimeType: row.mime_type,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
