import type { CredentialStore, StoredApiKey, StoredClientToken } from './credential-store.ts';
import type { Doors } from './doors.ts';

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
        return rows.map(
          (row): StoredClientToken => ({
            id: row.id,
            hash: row.hash,
            label: row.label,
            workspace: row.workspace,
            surfaceId: row.surface_id,
            environment: row.environment as StoredClientToken['environment'],
            allowedOrigins: JSON.parse(row.allowed_origins),
            isActive: row.is_active === 1,
            createdAtMs: row.created_at_ms,
          }),
        );
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
    apiKeys: () =>
      read(async (db) => {
        const rows = await db
          .selectFrom('api_keys')
          .selectAll()
          .orderBy('created_at_ms')
          .orderBy('id')
          .execute();
        return rows.map(
          (row): StoredApiKey => ({
            id: row.id,
            hash: row.hash,
            label: row.label,
            name: row.name,
            workspace: row.workspace,
            scopes: JSON.parse(row.scopes),
            createdAtMs: row.created_at_ms,
            expiresAtMs: row.expires_at_ms,
            isActive: row.is_active === 1,
          }),
        );
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
  };
}
