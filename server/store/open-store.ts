import { isPostgresUrl } from '../config/database.ts';
import { openPostgresStore, type PostgresOptions } from './postgres.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

/**
 * Opens the store that `database` names: a URL that starts with `postgres://` or `postgresql://`, or else the path of a
 * SQLite file. Rejects with `StoreError`.
 */
export function openStore(database: string, options: PostgresOptions = {}): Promise<Store> {
  return isPostgresUrl(database) ? openPostgresStore(database, options) : openSqliteStore(database, options);
}
