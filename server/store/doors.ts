import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** How a part of the store reads and writes. What fails becomes a `StoreError`. */
export interface Doors {
  read<Result>(query: (db: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** Durable when it resolves. */
  write<Result>(query: (db: Transaction<Tables>) => Promise<Result>): Promise<Result>;
}
