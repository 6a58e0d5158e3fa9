import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import Database from 'libsql';
import { bindable } from './bindable.ts';
import type { ChangeFeed, SqlEngine } from './engine.ts';
import { migrate } from './migrations.ts';
import { SqlStore } from './sql-store.ts';
import { BUSY_TIMEOUT_MS, codeOf, isBusy, storeError } from './sqlite-errors.ts';
import { type Store, StoreError, type StoreOptions } from './store.ts';
import type { Tables } from './tables.ts';

/** Prepared statements kept. One kind of query is one statement; inserts have one for each number of rows. */
const MAX_STATEMENTS = 250;

/** How often a watched file is asked whether another process has written, in milliseconds. */
const POLL_MS = 250;

type Synchronous = 'FULL' | 'NORMAL';

/**
 * Opens the store in a SQLite file, which is made if it is missing, with its directory. `':memory:'` lives until it is
 * closed. Rejects with `StoreError`: `unavailable`, `newer_schema` or `changed_migration`.
 */
export async function openSqliteStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const engine = await openSqliteEngine(path);
  try {
    await migrate(engine, `The database ${path}`);
  } catch (error) {
    await engine.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError('unavailable', `The database ${path} could not be prepared.`, { cause: error });
  }
  return new SqlStore(engine, options);
}

/** Opens the file as it is, whatever its schema. */
export async function openSqliteEngine(path: string): Promise<SqlEngine> {
  const connection = await SqliteConnection.open(path);
  const relaxed = kysely(connection, 'NORMAL');
  return {
    durable: kysely(connection, 'FULL'),
    told: relaxed,
    relaxed,
    clockMs: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
    locks: { share: sql.raw(''), change: sql.raw(''), changeFree: sql.raw('') },
    beforeMigrating: [],
    changes: changesOf(connection),
    storeError: (error) => storeError(path, error),
    close: () => connection.close(),
  };
}

/** A file tells nobody that it has changed, but it can be asked. */
function changesOf(connection: SqliteConnection): ChangeFeed {
  let last: number | undefined;
  return {
    pollMs: POLL_MS,
    mayHaveChanged: async () => {
      const version = await connection.foreignChanges();
      const isNew = version !== last;
      last = version;
      return isNew;
    },
    announce: () => undefined,
    listen: () => undefined,
  };
}

function kysely(connection: SqliteConnection, synchronous: Synchronous): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(connection, synchronous),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely({ dialect });
}

/** Kysely's side of the one connection. Two of these share it, one for each degree of durability. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #synchronous: Synchronous;

  constructor(connection: SqliteConnection, synchronous: Synchronous) {
    this.#connection = connection;
    this.#synchronous = synchronous;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#connection.lock();
    try {
      await this.#connection.commitWith(this.#synchronous);
      return this.#connection;
    } catch (error) {
      this.#connection.unlock();
      throw error;
    }
  }

  beginTransaction(): Promise<void> {
    return this.#connection.begin();
  }

  commitTransaction(): Promise<void> {
    return this.#connection.commit();
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }

  async releaseConnection(): Promise<void> {
    this.#connection.unlock();
  }

  async destroy(): Promise<void> {}
}

interface Statement {
  readonly prepared: ReturnType<Database.Database['prepare']>;
  readonly reader: boolean;
}

/** One SQLite connection, used by one caller at a time. Everything that it throws is a `StoreError`. */
class SqliteConnection implements DatabaseConnection {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Statement>();
  #synchronous: Synchronous | undefined;
  #locked = false;
  readonly #waiting: (() => void)[] = [];

  static async open(path: string): Promise<SqliteConnection> {
    if (path !== ':memory:') makeRoom(path);
    let database: Database.Database;
    try {
      // An absolute path: libsql would take a URL for a server of its own kind and connect to it.
      database = new Database(path === ':memory:' ? path : resolve(path));
    } catch (error) {
      throw new StoreError(
        'unavailable',
        `The database ${path} could not be opened. Set PAGEHAND_DB to a file in a directory that this process may write to.`,
        { cause: error },
      );
    }
    const connection = new SqliteConnection(path, database);
    try {
      await connection.#prepareFile();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  async #prepareFile(): Promise<void> {
    await this.#patiently(() => this.#database.exec('pragma foreign_keys = on'));
    const tables = await this.#patiently(() =>
      this.#database.prepare("select name from sqlite_master where type = 'table'").all([]),
    );
    const names = tables.map((row) => (row as { readonly name: string }).name);
    if (names.length > 0 && !names.includes('pagehand_migrations')) {
      throw new StoreError(
        'unavailable',
        `The database ${this.#path} belongs to another program. Set PAGEHAND_DB to a file of its own.`,
      );
    }
    // Stays with the file, so it comes after the question whose file it is.
    await this.#patiently(() => this.#database.exec('pragma journal_mode = wal'));
  }

  async lock(): Promise<void> {
    if (this.#locked) await new Promise<void>((granted) => this.#waiting.push(granted));
    this.#locked = true;
  }

  /** A number that changes whenever another connection has written. */
  async foreignChanges(): Promise<number> {
    const row = await this.#patiently(() => this.#statement('pragma data_version').prepared.get([]));
    return (row as { readonly data_version: number }).data_version;
  }

  unlock(): void {
    const next = this.#waiting.shift();
    // The lock goes to whoever waited longest; nobody can come between.
    if (next === undefined) this.#locked = false;
    else next();
  }

  /** How sure what is written from now on is to be. */
  async commitWith(synchronous: Synchronous): Promise<void> {
    if (this.#synchronous === synchronous) return;
    await this.#patiently(() => this.#database.exec(`pragma synchronous = ${synchronous}`));
    this.#synchronous = synchronous;
  }

  async begin(): Promise<void> {
    await this.#patiently(() => this.#database.exec('begin immediate'));
  }

  commit(): Promise<void> {
    return this.#patiently(() => {
      this.#database.exec('commit');
    });
  }

  rollback(): void {
    // SQLite itself has rolled back after a full disk or an input/output error.
    if (this.#database.inTransaction) this.#database.exec('rollback');
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const run = (): QueryResult<Row> => {
      const { prepared, reader } = this.#statement(query.sql);
      const parameters = query.parameters.map(bindable);
      if (reader) return { rows: prepared.all(parameters) as Row[] };
      return { rows: [], numAffectedRows: BigInt(prepared.run(parameters).changes) };
    };
    return this.#patiently(run);
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface has it, and no query of the store streams its rows.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new StoreError('unavailable', 'This store reads rows in pages, not as a stream.');
  }

  async close(): Promise<void> {
    await this.lock();
    try {
      // libsql keeps the file open until its statements are collected, so the last connection tidies up by hand.
      this.#database.exec('pragma wal_checkpoint(truncate)');
    } catch {
      // The log is complete without it; whoever opens the file next reads it.
    }
    this.#statements.clear();
    this.#database.close();
    this.unlock();
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    const statement = { prepared, reader: prepared.reader };
    const oldest = this.#statements.keys().next();
    if (this.#statements.size >= MAX_STATEMENTS && oldest.done !== true)
      this.#statements.delete(oldest.value);
    this.#statements.set(sql, statement);
    return statement;
  }

  /**
   * Waits for another connection's lock without stopping the event loop. SQLite's own `busy_timeout` would stop it, and
   * with two stores on one file in one process the one that holds the lock could then never give it back.
   */
  async #patiently<Result>(run: () => Result): Promise<Result> {
    const deadline = Date.now() + BUSY_TIMEOUT_MS;
    for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, 25)) {
      try {
        return run();
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw storeError(this.#path, error);
      }
      await sleep(delayMs);
    }
  }
}

function makeRoom(path: string): void {
  const file = resolve(path);
  try {
    makeDirectory(dirname(file));
  } catch (error) {
    throw new StoreError(
      'unavailable',
      `The directory of the database ${path} could not be made (${codeOf(error)}). ` +
        'Set PAGEHAND_DB to a file in a directory that this process may write to.',
      { cause: error },
    );
  }
  if (!isDirectory(dirname(file))) {
    throw new StoreError(
      'unavailable',
      `The database ${path} would stand below a file. Set PAGEHAND_DB to a file in a directory.`,
    );
  }
  if (isDirectory(file)) {
    const example = join(path, 'pagehand.db');
    throw new StoreError(
      'unavailable',
      `The database ${path} is a directory. Set PAGEHAND_DB to a file, for example ${example}.`,
    );
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Step by step, because Node's own recursion never ends below a directory such as `/proc` that takes no new ones. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    // Visitors' conversations lie here: nobody else on the machine reads them.
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process made it meanwhile.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
