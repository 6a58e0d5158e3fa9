import type { Kysely, RawBuilder } from 'kysely';
import type { StoreError } from './store.ts';
import type { Tables } from './tables.ts';

/** One database, through doors of different care, and what its SQL says differently from the other engine's. */
export interface SqlEngine {
  /** A transaction that has committed here survives a power cut. */
  readonly durable: Kysely<Tables>;
  /**
   * For what visitors have read when it is stored. What has committed here survives a crash of this process, and of a
   * database that is a process of its own.
   */
  readonly told: Kysely<Tables>;
  /** What has committed here survives a crash of this process. */
  readonly relaxed: Kysely<Tables>;
  /** Milliseconds since 1970 by the database's clock, the one clock that all processes share. */
  readonly clockMs: RawBuilder<number>;
  /** What ends a `select` so that its rows stay as they are until the transaction ends. */
  readonly locks: RowLocks;
  /** Statements at the start of the transaction that brings the schema up to date: no other process is in it then. */
  readonly beforeMigrating: readonly string[];
  /** How this engine's processes hear of each other's writes. */
  readonly changes: ChangeFeed;
  /** What a query failed with, in the store's words. */
  storeError(error: unknown): StoreError;
  close(): Promise<void>;
}

/** Empty where only one transaction writes at a time. */
interface RowLocks {
  /** Others may read and share the row, and not change it. */
  readonly share: RawBuilder<unknown>;
  /** Nobody else may change or share the row. */
  readonly change: RawBuilder<unknown>;
  /** The same for rows that nobody holds; held ones are left out. */
  readonly changeFree: RawBuilder<unknown>;
}

export interface ChangeFeed {
  /** How often watched executions are looked at, in milliseconds. */
  readonly pollMs: number;
  /** Whether another process may have written since this was asked last. */
  mayHaveChanged(): Promise<boolean>;
  /** Tells the other processes which executions were written, soon after. */
  announce(executionIds: Iterable<string>): void;
  /** Calls back with the ids of executions that another process says it has written. Called once. */
  listen(heard: (executionIds: readonly string[]) => void): void;
}
