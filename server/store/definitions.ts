import type { Insertable, Kysely, Selectable } from 'kysely';
import type { DefinitionKind, DefinitionStore, StoredDefinition, WriteSource } from './definition-store.ts';
import type { Doors } from './doors.ts';
import type { Tables } from './tables.ts';

export function sqlDefinitions({ read, write }: Doors): DefinitionStore {
  return {
    definition: (workspace, kind, id) =>
      read(async (db) => {
        const row = await ofKind(db, workspace, kind).where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : readDefinition(row);
      }),
    definitionByName: (workspace, kind, name) =>
      read(async (db) => {
        const row = await ofKind(db, workspace, kind).where('name', '=', name).executeTakeFirst();
        return row === undefined ? undefined : readDefinition(row);
      }),
    definitions: (workspace, kind, { after = '', limit }) =>
      read(async (db) => {
        const rows = await ofKind(db, workspace, kind)
          .where('name', '>', after)
          .orderBy('name')
          .limit(limit)
          .execute();
        return rows.map(readDefinition);
      }),
    insertDefinition: (definition) =>
      write(async (db) => {
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('definitions')
          .values(definitionRow(definition))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return numInsertedOrUpdatedRows !== 0n;
      }),
    updateDefinition: (definition) =>
      write(async (db) => {
        const { id, workspace, kind, created_at_ms, ...next } = definitionRow(definition);
        const namesake = await ofKind(db, workspace, definition.kind)
          .where('name', '=', definition.name)
          .where('id', '<>', id)
          .executeTakeFirst();
        if (namesake !== undefined) return false;
        const { numUpdatedRows } = await db
          .updateTable('definitions')
          .set(next)
          .where('id', '=', id)
          .where('workspace', '=', workspace)
          .where('kind', '=', kind)
          .where('version', '=', definition.version - 1)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    removeDefinition: (workspace, kind, id) =>
      write(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('definitions')
          .where('id', '=', id)
          .where('workspace', '=', workspace)
          .where('kind', '=', kind)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function ofKind(db: Kysely<Tables>, workspace: string, kind: DefinitionKind) {
  return db.selectFrom('definitions').selectAll().where('workspace', '=', workspace).where('kind', '=', kind);
}

function definitionRow(definition: StoredDefinition): Insertable<Tables['definitions']> {
  return {
    id: definition.id,
    workspace: definition.workspace,
    kind: definition.kind,
    name: definition.name,
    body: JSON.stringify(definition.body),
    last_modified_source: definition.lastModifiedSource,
    managed_by: definition.managedBy ?? null,
    version: definition.version,
    created_at_ms: definition.createdAtMs,
    updated_at_ms: definition.updatedAtMs,
  };
}

function readDefinition(row: Selectable<Tables['definitions']>): StoredDefinition {
  return {
    id: row.id,
    workspace: row.workspace,
    kind: row.kind as DefinitionKind,
    name: row.name,
    body: JSON.parse(row.body),
    lastModifiedSource: row.last_modified_source as WriteSource,
    ...(row.managed_by === null ? {} : { managedBy: 'ensure' as const }),
    version: row.version,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}
