import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  sql,
} from 'kysely';
import pg from 'pg';
import { bindable } from './bindable.ts';
import type { SqlEngine } from './engine.ts';
import { migrate } from './migrations.ts';
import { PostgresChanges } from './postgres-changes.ts';
import { isLost, isPassing, nameOf, storeError, unreadableUrl } from './postgres-errors.ts';
import { SqlStore } from './sql-store.ts';
import { type Store, StoreError, type StoreOptions } from './store.ts';
import type { Tables } from './tables.ts';

/** Connections that are opened at most, besides the one that listens. */
const DEFAULT_POOL_SIZE = 10;

/** Longest wait for a connection of the pool, and for the server to answer a new one, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Longest run of one statement, as the server counts, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** Longest wait for an answer, in milliseconds: after it the server's machine is taken for gone. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;

/** How long a transaction may hold its rows while its process says nothing, in milliseconds. Others wait for them to take a turn over. */
const SILENCE_MS = 5_000;

/** One number for all processes: whoever holds it brings the schema up to date. */
const MIGRATION_LOCK = 7_293_518_842;

/** Longest wait for whoever holds the tables while they are prepared, in milliseconds. */
const LOCK_WAIT_MS = 60_000;

export interface PostgresOptions extends StoreOptions {
  /** Connections that the process may open, besides the one that listens. Default 10, at least 2. */
  readonly poolSize?: number;
  /** Longest wait for whoever holds the tables while they are prepared, in milliseconds. Default: 60 000. */
  readonly lockWaitMs?: number;
}

/**
 * Opens the store in a PostgreSQL database, which must exist; its tables are made if they are missing. The certificates
 * that the URL names are read now and not again. Rejects with `StoreError`: `unavailable`, `newer_schema` or
 * `changed_migration`. No error shows the URL's password.
 */
export async function openPostgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  const database = nameOf(url);
  const preparing = openPostgresEngine(url, { ...options, poolSize: 2, isPatient: true });
  try {
    await demandUtf8(preparing, database);
    await migrate(preparing, database);
  } catch (error) {
    throw preparing.storeError(error);
  } finally {
    await preparing.close();
  }
  return new SqlStore(openPostgresEngine(url, options), options);
}

/**
 * Connects when it is first asked. `isPatient`: statements may take as long as they take, but wait no longer than
 * `lockWaitMs` for a lock. Throws `StoreError`.
 */
export function openPostgresEngine(
  url: string,
  options: PostgresOptions & { readonly isPatient?: boolean } = {},
): SqlEngine {
  const { poolSize = DEFAULT_POOL_SIZE, isPatient = false, lockWaitMs = LOCK_WAIT_MS } = options;
  const database = nameOf(url);
  const config = clientConfig(url);
  const relaxedSize = Math.max(1, Math.floor(poolSize / 2));
  const open = (max: number, settings: readonly string[]) => {
    const limit = isPatient
      ? `set lock_timeout = ${lockWaitMs}`
      : `set statement_timeout = ${STATEMENT_TIMEOUT_MS}`;
    return openPool({ ...config, max }, [limit, SILENCE, ...settings], isPatient ? 0 : ANSWER_TIMEOUT_MS);
  };
  const durablePool = open(Math.max(1, poolSize - relaxedSize), DURABLE);
  const relaxedPool = open(relaxedSize, RELAXED);
  const changes = new PostgresChanges(config, (text, values) => relaxedPool.query(text, [...values]));
  const durable = kysely(durablePool);
  return {
    durable,
    // A database that crashes forgets up to 600 ms of commits that did not wait for the disk, and a visitor would go on
    // from words that nobody knows. All words of a process are one commit, so the wait is one for all.
    told: durable,
    relaxed: kysely(relaxedPool),
    // When the statement began: one that waits for a row then takes a lease for over too late, never too early.
    clockMs: sql<number>`cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`,
    locks: {
      share: sql.raw('for share of executions'),
      change: sql.raw('for no key update'),
      changeFree: sql.raw('for update skip locked'),
    },
    beforeMigrating: [`select pg_advisory_xact_lock(${MIGRATION_LOCK})`],
    changes,
    storeError: (error) => storeError(database, error),
    close: async () => {
      await changes.close();
      await Promise.all([durablePool.end(), relaxedPool.end()]);
    },
  };
}

/** Like all that follows, set by statement and not in the connection's start packet, which poolers between refuse. */
const SILENCE = `set idle_in_transaction_session_timeout = ${SILENCE_MS}`;

/** Commits wait for the disk, as they do unless the operator has said otherwise; what goes beyond that stays. */
const DURABLE = [
  `select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`,
];
const RELAXED = ['set synchronous_commit = off'];

/**
 * What the URL says, as values. Given the URL, pg reads the certificates anew for every connection, and where a pool
 * makes one from its queue nobody catches what that throws.
 */
function clientConfig(url: string): pg.ClientConfig {
  const read = readByPg(url);
  return {
    ...read,
    // Not enumerable.
    password: read.password,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      // Times and counts fit a number.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
    } as pg.CustomTypesConfig,
  };
}

/** The types leave out what a client made of its configuration. */
function readByPg(url: string): pg.ClientConfig {
  try {
    const client = new pg.Client({ connectionString: url, application_name: 'pagehand' });
    return (client as pg.Client & { readonly connectionParameters: pg.ClientConfig }).connectionParameters;
  } catch (error) {
    throw unreadableUrl(nameOf(url), error);
  }
}

function openPool(config: pg.PoolConfig, settings: readonly string[], answerTimeoutMs: number): pg.Pool {
  // Readers and writers agree on what they see whatever the database's default is.
  const isolation = `set default_transaction_isolation = 'read committed'`;
  const pool = new pg.Pool({
    ...config,
    idleTimeoutMillis: 30_000,
    ...(answerTimeoutMs > 0 ? { query_timeout: answerTimeoutMs } : {}),
    onConnect: async (client) => {
      // Said of a connection that is lost between two queries; the next query finds out by itself.
      client.on('error', () => undefined);
      await client.query([isolation, ...settings].join('; '));
    },
  });
  // The pool has dropped that connection, and makes another when it needs one.
  pool.on('error', () => undefined);
  return pool;
}

function kysely(pool: pg.Pool): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PostgresDriver(pool),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  return new Kysely({ dialect });
}

class PostgresDriver implements Driver {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await patiently(() => this.#pool.connect()));
  }

  async beginTransaction(connection: PostgresConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'));
  }

  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {}
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  #isLost = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const values = query.parameters.map(bindable);
    try {
      const { rows, rowCount } = await this.#client.query(query.sql, values);
      return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
    } catch (error) {
      this.#isLost ||= isLost(error);
      throw error;
    }
  }

  /** The server rolls back itself when its client is gone. What the transaction failed with is the news, not this. */
  async rollback(): Promise<void> {
    if (this.#isLost) return;
    await this.executeQuery(CompiledQuery.raw('rollback')).catch(() => {
      this.#isLost = true;
    });
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface has it, and no query of the store streams its rows.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new StoreError('unavailable', 'This store reads rows in pages, not as a stream.');
  }

  release(): void {
    this.#client.release(this.#isLost);
  }
}

/** Nothing has been asked yet, so a server that restarts is waited for instead of failing whoever comes now. */
async function patiently<Result>(connect: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + CONNECT_TIMEOUT_MS;
  for (let delayMs = 20; ; delayMs = Math.min(delayMs * 2, 500)) {
    try {
      return await connect();
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw error;
    }
    await sleep(delayMs);
  }
}

async function demandUtf8(engine: SqlEngine, database: string): Promise<void> {
  const { rows } = await sql<{ readonly encoding: string }>`
    select current_setting('server_encoding') as encoding`.execute(engine.durable);
  const encoding = rows[0]?.encoding;
  if (encoding === 'UTF8') return;
  throw new StoreError(
    'unavailable',
    `${database} keeps text as ${encoding}, which not every text fits. Make one with ` +
      "`create database pagehand encoding 'UTF8' template template0`, and set PAGEHAND_DB to it.",
  );
}
