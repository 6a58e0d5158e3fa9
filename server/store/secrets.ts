import type { Insertable, Selectable } from 'kysely';
import type { Doors } from './doors.ts';
import type { SecretStore, StoredSecret } from './secret-store.ts';
import type { Tables } from './tables.ts';

export function sqlSecrets({ read, write }: Doors): SecretStore {
  return {
    secret: (workspace, name) =>
      read(async (db) => {
        const row = await db
          .selectFrom('secrets')
          .selectAll()
          .where('workspace', '=', workspace)
          .where('name', '=', name)
          .executeTakeFirst();
        return row === undefined ? undefined : readSecret(row);
      }),
    secrets: (workspace) =>
      read(async (db) => {
        const all = db.selectFrom('secrets').selectAll().orderBy('workspace').orderBy('name');
        const rows = await (workspace === undefined ? all : all.where('workspace', '=', workspace)).execute();
        return rows.map(readSecret);
      }),
    saveSecret: (secret) =>
      write(async (db) => {
        const { workspace, name, created_at_ms, ...next } = secretRow(secret);
        const { numInsertedOrUpdatedRows = 0n } = await (secret.version === 1
          ? db
              .insertInto('secrets')
              .values(secretRow(secret))
              .onConflict((conflict) => conflict.doNothing())
              .executeTakeFirst()
          : db
              .updateTable('secrets')
              .set(next)
              .where('workspace', '=', workspace)
              .where('name', '=', name)
              .where('version', '=', secret.version - 1)
              .executeTakeFirst()
              .then(({ numUpdatedRows }) => ({ numInsertedOrUpdatedRows: numUpdatedRows })));
        return numInsertedOrUpdatedRows > 0n;
      }),
    removeSecret: (workspace, name) =>
      write(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('secrets')
          .where('workspace', '=', workspace)
          .where('name', '=', name)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function secretRow(secret: StoredSecret): Insertable<Tables['secrets']> {
  return {
    workspace: secret.workspace,
    name: secret.name,
    key_id: secret.keyId,
    sealed: secret.sealed,
    version: secret.version,
    created_at_ms: secret.createdAtMs,
    updated_at_ms: secret.updatedAtMs,
  };
}

function readSecret(row: Selectable<Tables['secrets']>): StoredSecret {
  return {
    workspace: row.workspace,
    name: row.name,
    keyId: row.key_id,
    sealed: row.sealed,
    version: row.version,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
