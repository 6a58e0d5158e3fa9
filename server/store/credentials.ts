import type { Selectable } from 'kysely';
import type { CredentialStore, StoredApiKey, StoredClientToken } from './credential-store.ts';
import type { Doors } from './doors.ts';
import type { Tables } from './tables.ts';

export function sqlCredentials({ read, write }: Doors): CredentialStore {
  return {
    clientTokens: () =>
      read(async (db) => {
        const rows = await db
          .selectFrom('client_tokens')
          .selectAll()
          .orderBy('created_at_ms')
          .orderBy('id')
          .execute();
        return rows.map(readToken);
      }),
    saveClientToken: (token) =>
      write(async (db) => {
        const row = {
          id: token.id,
          hash: token.hash,
          label: token.label,
          workspace: token.workspace,
          surface_id: token.surfaceId,
          environment: token.environment,
          allowed_origins: JSON.stringify(token.allowedOrigins),
          is_active: token.isActive ? 1 : 0,
          created_at_ms: token.createdAtMs,
        };
        await db
          .insertInto('client_tokens')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }),
    changeClientToken: (workspace, id, { hash, label, allowedOrigins, isActive }) =>
      write(async (db) => {
        const row = await db
          .updateTable('client_tokens')
          .set({
            // Something has to be set, whatever is changed.
            id,
            ...(hash === undefined ? {} : { hash }),
            ...(label === undefined ? {} : { label }),
            ...(allowedOrigins === undefined ? {} : { allowed_origins: JSON.stringify(allowedOrigins) }),
            ...(isActive === undefined ? {} : { is_active: isActive ? 1 : 0 }),
          })
          .where('workspace', '=', workspace)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        return row && readToken(row);
      }),
    removeClientToken: (workspace, id) =>
      write(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('client_tokens')
          .where('workspace', '=', workspace)
          .where('id', '=', id)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    apiKeys: () =>
      read(async (db) => {
        const rows = await db
          .selectFrom('api_keys')
          .selectAll()
          .orderBy('created_at_ms')
          .orderBy('id')
          .execute();
        return rows.map(readKey);
      }),
    saveApiKey: (key) =>
      write(async (db) => {
        const row = {
          id: key.id,
          hash: key.hash,
          label: key.label,
          name: key.name,
          workspace: key.workspace,
          scopes: JSON.stringify(key.scopes),
          created_at_ms: key.createdAtMs,
          expires_at_ms: key.expiresAtMs,
          is_active: key.isActive ? 1 : 0,
        };
        await db
          .insertInto('api_keys')
          .values(row)
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }),
    revokeApiKey: (workspace, id) =>
      write(async (db) => {
        const row = await db
          .updateTable('api_keys')
          .set({ is_active: 0 })
          .where('workspace', '=', workspace)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst();
        return row && readKey(row);
      }),
  };
}

function readToken(row: Selectable<Tables['client_tokens']>): StoredClientToken {
  return {
    id: row.id,
    hash: row.hash,
    label: row.label,
    workspace: row.workspace,
    surfaceId: row.surface_id,
    environment: row.environment as StoredClientToken['environment'],
    allowedOrigins: JSON.parse(row.allowed_origins),
    isActive: row.is_active === 1,
    createdAtMs: row.created_at_ms,
  };
}

function readKey(row: Selectable<Tables['api_keys']>): StoredApiKey {
  return {
    id: row.id,
    hash: row.hash,
    label: row.label,
    name: row.name,
    workspace: row.workspace,
    scopes: JSON.parse(row.scopes),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    isActive: row.is_active === 1,
  };
}
