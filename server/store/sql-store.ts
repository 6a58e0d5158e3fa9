import type { Kysely, Transaction } from 'kysely';
import type { StreamEvent } from '../../protocol/event.ts';
import { appendEvents } from './append.ts';
import type { CredentialStore } from './credential-store.ts';
import { sqlCredentials } from './credentials.ts';
import type { DefinitionStore } from './definition-store.ts';
import { sqlDefinitions } from './definitions.ts';
import type { Doors } from './doors.ts';
import type { SqlEngine } from './engine.ts';
import {
  insertExecution,
  looks,
  Refusal,
  readExecutions,
  selectExecutions,
  updateExecution,
} from './executions.ts';
import {
  appendPiece,
  createFile,
  file,
  filePiece,
  finishFile,
  removeUnusedFile,
  surfaceFileBytes,
} from './files.ts';
import {
  bindVisitor,
  changeRecord,
  claimRecord,
  createVisitor,
  deleteRecord,
  prolongVisitor,
  record,
  recordedMessages,
  records,
  removeVisitor,
  saveDisplays,
  visitor,
} from './history.ts';
import { abandonedExecutions, claim, releaseLeases, renewLeases } from './leases.ts';
import { outcome, takeToken } from './limits.ts';
import type { ReceiptStore } from './receipt-store.ts';
import { sqlReceipts } from './receipts.ts';
import type { ConversationRecord, RecordedMessage, RecordQuery, StoredVisitor, Whose } from './records.ts';
import { removeOld } from './retention.ts';
import {
  conversationRow,
  feedbackRow,
  readConversation,
  readEvent,
  readExecution,
  readMessage,
  readSession,
  readToolSet,
  sessionRow,
  toolSetRow,
} from './rows.ts';
import type { SecretStore } from './secret-store.ts';
import { sqlSecrets } from './secrets.ts';
import {
  type Append,
  type Commit,
  type Conversation,
  type Execution,
  type Feedback,
  type FileRoom,
  type Lease,
  type NewExecution,
  type Outcome,
  type RefusedStart,
  type Retention,
  type Session,
  type Store,
  type StoredFile,
  type StoredMessage,
  StoreError,
  type StoreOptions,
  type ToolSet,
} from './store.ts';
import type { Tables } from './tables.ts';
import { type Looks, Watchers } from './watchers.ts';

/** Every query of the server, for any engine that Kysely speaks to. */
export class SqlStore implements Store {
  readonly definitions: DefinitionStore;
  readonly secrets: SecretStore;
  readonly credentials: CredentialStore;
  readonly receipts: ReceiptStore;
  readonly #engine: SqlEngine;
  readonly #watchers: Watchers;
  readonly #running = new Set<Promise<unknown>>();
  /** Executions that were told of. */
  readonly #damaged = new Set<string>();
  readonly #onDamage: (executionId: string, error: unknown) => void;
  #closed: Promise<void> | undefined;

  constructor(engine: SqlEngine, { onDamage }: StoreOptions = {}) {
    this.#engine = engine;
    this.#onDamage = (executionId, error) => {
      if (this.#damaged.has(executionId)) return;
      this.#damaged.add(executionId);
      onDamage?.(engine.storeError(error));
    };
    this.#watchers = new Watchers(engine.changes, (executionIds) => this.#look(executionIds));
    const doors: Doors = { read: (query) => this.#read(query), write: (query) => this.#write(query) };
    this.definitions = sqlDefinitions(doors);
    this.secrets = sqlSecrets(doors);
    this.credentials = sqlCredentials(doors);
    this.receipts = sqlReceipts(doors);
  }

  saveSession(session: Session): Promise<void> {
    return this.#write(async (db) => {
      const row = sessionRow(session);
      const { message_count, ...renewal } = row;
      await db
        .insertInto('sessions')
        .values(row)
        .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(renewal))
        .execute();
    });
  }

  session(idHash: string): Promise<Session | undefined> {
    return this.#read(async (db) => {
      const row = await db
        .selectFrom('sessions')
        .selectAll()
        .where('id_hash', '=', idHash)
        .executeTakeFirst();
      return row === undefined ? undefined : readSession(row);
    });
  }

  createConversation(conversation: Conversation): Promise<void> {
    return this.#write(async (db) => {
      await db.insertInto('conversations').values(conversationRow(conversation)).execute();
    });
  }

  conversation(id: string): Promise<Conversation | undefined> {
    return this.#read(async (db) => {
      const row = await db.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : readConversation(row);
    });
  }

  messages(conversationId: string): Promise<readonly StoredMessage[]> {
    return this.#read(async (db) => {
      const rows = await db
        .selectFrom('messages')
        .select(['position', 'client_id', 'message', 'is_replaced'])
        .where('conversation_id', '=', conversationId)
        .orderBy('position')
        .execute();
      return rows.map(readMessage);
    });
  }

  async createExecution(commit: NewExecution): Promise<'created' | RefusedStart> {
    const refusal = await this.#writeUnlessRefused((db) => insertExecution(db, this.#engine, commit));
    if (refusal === undefined) this.#watchers.written([commit.execution.id]);
    return refusal ?? 'created';
  }

  execution(id: string): Promise<Execution | undefined> {
    return this.#read(async (db) => {
      const row = await selectExecutions(db).where('executions.id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : readExecution(row);
    });
  }

  latestExecution(conversationId: string): Promise<Execution | undefined> {
    return this.#read(async (db) => {
      const row = await selectExecutions(db)
        .where('conversation_id', '=', conversationId)
        .orderBy('messages_before', 'desc')
        .orderBy('created_at_ms', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : readExecution(row);
    });
  }

  async commit(commit: Commit): Promise<boolean> {
    const refusal = await this.#writeUnlessRefused((db) => updateExecution(db, this.#engine, commit));
    if (refusal === undefined) this.#watchers.written([commit.execution.id]);
    return refusal === undefined;
  }

  async appendEvents(appends: readonly Append[]): Promise<ReadonlySet<string>> {
    const movedOn = await this.#guard(() => appendEvents(this.#engine, appends));
    this.#watchers.written(appends.map(({ executionId }) => executionId).filter((id) => !movedOn.has(id)));
    return movedOn;
  }

  eventsAfter(executionId: string, after: number, limit: number): Promise<readonly StreamEvent[]> {
    return this.#read(async (db) => {
      const rows = await db
        .selectFrom('events')
        .select('event')
        .where('execution_id', '=', executionId)
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(readEvent);
    });
  }

  overdueExecutions(nowMs: number, limit: number): Promise<readonly Execution[]> {
    return this.#read((db) => {
      const overdue = selectExecutions(db)
        .where('status', '=', 'awaiting')
        .where('expires_at_ms', '<=', nowMs)
        .orderBy('expires_at_ms')
        .orderBy('id');
      return readExecutions(overdue, limit, this.#onDamage);
    });
  }

  renewLeases(lease: Lease, executionIds: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#guard(() => renewLeases(this.#engine, lease, executionIds));
  }

  releaseLeases(owner: string): Promise<void> {
    return this.#guard(() => releaseLeases(this.#engine, owner));
  }

  abandonedExecutions(limit: number): Promise<readonly Execution[]> {
    return this.#guard(() => readExecutions(abandonedExecutions(this.#engine), limit, this.#onDamage));
  }

  async claim(
    execution: Pick<Execution, 'id' | 'version'>,
    lease: Lease,
    evenIfHeld: boolean,
  ): Promise<Execution | undefined> {
    const claimed = await this.#write((db) => claim(db, this.#engine, execution, lease, evenIfHeld));
    if (claimed !== undefined) this.#watchers.written([claimed.id]);
    return claimed;
  }

  watch(executionId: string, callback: () => void): () => void {
    return this.#watchers.watch(executionId, callback);
  }

  outcome(keyHash: string, nowMs: number): Promise<Outcome | undefined> {
    return this.#guard(() => outcome(this.#engine, keyHash, nowMs));
  }

  takeToken(key: string, perMinute: number, nowMs: number): Promise<number> {
    return this.#guard(() => takeToken(this.#engine, key, perMinute, nowMs));
  }

  removeOld(retentions: readonly Retention[], nowMs: number, limit: number): Promise<boolean> {
    return this.#guard(() => removeOld(this.#engine, retentions, nowMs, limit));
  }

  saveToolSet(sessionIdHash: string, set: ToolSet): Promise<void> {
    return this.#write(async (db) => {
      const row = toolSetRow(sessionIdHash, set);
      await db
        .insertInto('tool_sets')
        .values(row)
        .onConflict((conflict) => conflict.column('session_id_hash').doUpdateSet(row))
        .execute();
    });
  }

  toolSet(sessionIdHash: string): Promise<ToolSet | undefined> {
    return this.#read(async (db) => {
      const row = await db
        .selectFrom('tool_sets')
        .select(['fingerprint', 'tools'])
        .where('session_id_hash', '=', sessionIdHash)
        .executeTakeFirst();
      return row === undefined ? undefined : readToolSet(row);
    });
  }

  saveFeedback(feedback: Feedback): Promise<void> {
    return this.#write(async (db) => {
      await db.insertInto('feedback').values(feedbackRow(feedback)).execute();
    });
  }

  createFile(begun: StoredFile, room: FileRoom): Promise<'created' | 'conversation_full' | 'surface_full'> {
    return this.#write((db) => createFile(db, begun, room));
  }

  file(id: string): Promise<StoredFile | undefined> {
    return this.#read((db) => file(db, id));
  }

  surfaceFileBytes(surfaceId: string): Promise<number> {
    return this.#read((db) => surfaceFileBytes(db, surfaceId));
  }

  appendPiece(fileId: string, start: number, bytes: Uint8Array): Promise<boolean> {
    return this.#write((db) => appendPiece(db, fileId, start, bytes));
  }

  filePiece(fileId: string, start: number): Promise<Uint8Array | undefined> {
    return this.#read((db) => filePiece(db, fileId, start));
  }

  finishFile(fileId: string, facts: { filename: string; mimeType: string }): Promise<boolean> {
    return this.#write((db) => finishFile(db, fileId, facts));
  }

  removeFile(fileId: string): Promise<boolean> {
    return this.#write((db) => removeUnusedFile(db, fileId));
  }

  createVisitor(created: StoredVisitor): Promise<void> {
    return this.#write((db) => createVisitor(db, created));
  }

  visitor(tokenHash: string, nowMs: number): Promise<StoredVisitor | undefined> {
    return this.#read((db) => visitor(db, tokenHash, nowMs));
  }

  prolongVisitor(visitorId: string, expiresAtMs: number): Promise<void> {
    return this.#write((db) => prolongVisitor(db, visitorId, expiresAtMs));
  }

  bindVisitor(visitorId: string, endUserId: string): Promise<boolean> {
    return this.#write((db) => bindVisitor(db, visitorId, endUserId));
  }

  removeVisitor(tokenHash: string): Promise<void> {
    return this.#write((db) => removeVisitor(db, tokenHash));
  }

  record(conversationId: string): Promise<ConversationRecord | undefined> {
    return this.#read((db) => record(db, conversationId));
  }

  claimRecord(conversationId: string, owner: Parameters<Store['claimRecord']>[1]): Promise<boolean> {
    return this.#write((db) => claimRecord(db, conversationId, owner));
  }

  records(whose: Whose, query: RecordQuery): Promise<readonly ConversationRecord[]> {
    return this.#read((db) => records(db, whose, query));
  }

  recordedMessages(
    conversationId: string,
    before: number,
    limit: number,
  ): Promise<readonly RecordedMessage[]> {
    return this.#read((db) => recordedMessages(db, conversationId, before, limit));
  }

  changeRecord(conversationId: string, change: Parameters<Store['changeRecord']>[1]): Promise<void> {
    return this.#write((db) => changeRecord(db, conversationId, change));
  }

  saveDisplays(conversationId: string, displays: Parameters<Store['saveDisplays']>[1]): Promise<number> {
    return this.#write((db) => saveDisplays(db, conversationId, displays));
  }

  deleteRecord(conversationId: string, nowMs: number): Promise<'deleted' | 'gone' | 'open'> {
    return this.#write((db) => deleteRecord(db, this.#engine, conversationId, nowMs));
  }

  ping(): Promise<void> {
    return this.#write(async (db) => {
      await db.selectFrom('pagehand_migrations').select('version').limit(1).execute();
    });
  }

  close(): Promise<void> {
    this.#watchers.close();
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#engine.close());
    return this.#closed;
  }

  #look(executionIds: readonly string[]): Promise<Looks> {
    return this.#read((db) => looks(db, executionIds));
  }

  #read<Result>(query: (db: Kysely<Tables>) => Promise<Result>): Promise<Result> {
    return this.#guard(() => query(this.#engine.relaxed));
  }

  #write<Result>(query: (db: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#guard(() => this.#engine.durable.transaction().execute(query));
  }

  async #writeUnlessRefused(
    query: (db: Transaction<Tables>) => Promise<void>,
  ): Promise<Refusal['reason'] | undefined> {
    try {
      await this.#write(query);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.reason;
      throw error;
    }
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw new StoreError('unavailable', 'The store is closed.');
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw error instanceof Refusal ? error : this.#engine.storeError(error);
    } finally {
      this.#running.delete(running);
    }
  }
}
