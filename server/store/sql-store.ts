import type { Kysely, Transaction } from 'kysely';
import type { StreamEvent } from '../../protocol/event.ts';
import { appendCommitted, insertEvents } from './append.ts';
import {
  conversationRow,
  executionRow,
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
import {
  type Commit,
  type Conversation,
  type Execution,
  type Feedback,
  type Session,
  type Store,
  type StoredMessage,
  StoreError,
  type ToolSet,
} from './store.ts';
import type { Tables } from './tables.ts';

/** One database, through two doors. */
export interface SqlEngine {
  /** A transaction that has committed here survives a power cut. */
  readonly durable: Kysely<Tables>;
  /** A transaction that has committed here survives a crash of the process. */
  readonly relaxed: Kysely<Tables>;
  close(): Promise<void>;
}

/** Every query of the server, for any engine that Kysely speaks to. */
export class SqlStore implements Store {
  readonly #engine: SqlEngine;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(engine: SqlEngine) {
    this.#engine = engine;
  }

  saveSession(session: Session): Promise<void> {
    return this.#write(async (db) => {
      const row = sessionRow(session);
      await db
        .insertInto('sessions')
        .values(row)
        .onConflict((conflict) => conflict.column('id_hash').doUpdateSet(row))
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

  countMessage(idHash: string, expiresAtMs: number): Promise<number> {
    return this.#write(async (db) => {
      const row = await db
        .updateTable('sessions')
        .set((column) => ({ message_count: column('message_count', '+', 1), expires_at_ms: expiresAtMs }))
        .where('id_hash', '=', idHash)
        .returning('message_count')
        .executeTakeFirst();
      if (row === undefined)
        throw new StoreError('conflict', 'The session whose message is counted is not in the store.');
      return row.message_count;
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
        .select(['position', 'client_id', 'message'])
        .where('conversation_id', '=', conversationId)
        .orderBy('position')
        .execute();
      return rows.map(readMessage);
    });
  }

  createExecution(commit: Commit): Promise<void> {
    return this.#write(async (db) => {
      await db.insertInto('executions').values(executionRow(commit.execution)).execute();
      await appendCommitted(db, commit);
    });
  }

  execution(id: string): Promise<Execution | undefined> {
    return this.#read(async (db) => {
      const row = await executions(db).where('executions.id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : readExecution(row);
    });
  }

  openExecutions(conversationId: string): Promise<readonly Execution[]> {
    return this.#read(async (db) => {
      const rows = await executions(db)
        .where('conversation_id', '=', conversationId)
        .where('status', 'in', ['running', 'awaiting'])
        .orderBy('created_at_ms', 'desc')
        .orderBy('id', 'desc')
        .execute();
      return rows.map(readExecution);
    });
  }

  commit(commit: Commit): Promise<boolean> {
    return this.#write(async (db) => {
      const { id, ...next } = executionRow(commit.execution);
      const result = await db
        .updateTable('executions')
        .set(next)
        .where('id', '=', id)
        .where('version', '=', commit.execution.version - 1)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) return false;
      await appendCommitted(db, commit);
      return true;
    });
  }

  appendEvents(executionId: string, events: readonly StreamEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    return this.#guard(() =>
      this.#engine.relaxed.transaction().execute(async (db) => {
        await insertEvents(db, executionId, events);
      }),
    );
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
    return this.#read(async (db) => {
      const rows = await executions(db)
        .where('status', '=', 'awaiting')
        .where('expires_at_ms', '<=', nowMs)
        .orderBy('expires_at_ms')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(readExecution);
    });
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

  ping(): Promise<void> {
    return this.#write(async (db) => {
      await db.selectFrom('pagehand_migrations').select('version').limit(1).execute();
    });
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#engine.close());
    return this.#closed;
  }

  #read<Result>(query: (db: Kysely<Tables>) => Promise<Result>): Promise<Result> {
    return this.#guard(() => query(this.#engine.durable));
  }

  #write<Result>(query: (db: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#guard(() => this.#engine.durable.transaction().execute(query));
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw new StoreError('unavailable', 'The store is closed.');
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError('unavailable', 'The store could not do what was asked of it.', { cause: error });
    } finally {
      this.#running.delete(running);
    }
  }
}

function executions(db: Kysely<Tables>) {
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
