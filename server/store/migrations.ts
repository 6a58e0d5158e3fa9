import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { SqlEngine } from './engine.ts';
import { StoreError } from './store.ts';
import type { Tables } from './tables.ts';

/** One step of the schema. Once released it never changes: its checksum is compared at every start. */
export interface Migration {
  readonly name: string;
  /** SQL that both engines read. */
  readonly statements: readonly string[];
}

/** In order. The version of a schema is how many of these it has. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'conversations and executions',
    statements: [
      `create table sessions (
        id_hash text not null primary key,
        token_hash text not null,
        surface_id text not null,
        origin text not null,
        conversation_id text not null,
        message_count integer not null,
        expires_at_ms bigint not null
      )`,
      `create table conversations (
        id text not null primary key,
        owner_kind text not null,
        owner_hash text not null,
        surface_id text,
        message_count integer not null,
        created_at_ms bigint not null
      )`,
      `create table messages (
        conversation_id text not null references conversations (id),
        position integer not null,
        client_id text,
        message text not null,
        primary key (conversation_id, position)
      )`,
      `create table executions (
        id text not null primary key,
        version integer not null,
        status text not null,
        conversation_id text not null references conversations (id),
        created_at_ms bigint not null,
        expires_at_ms bigint,
        state text not null
      )`,
      'create index executions_of_conversation on executions (conversation_id, created_at_ms)',
      'create index executions_by_expiry on executions (status, expires_at_ms)',
      `create table events (
        execution_id text not null references executions (id),
        seq integer not null,
        event text not null,
        primary key (execution_id, seq)
      )`,
      `create table tool_sets (
        session_id_hash text not null primary key references sessions (id_hash),
        fingerprint text not null,
        tools text not null
      )`,
      `create table feedback (
        id text not null primary key,
        conversation_id text not null,
        body text not null,
        created_at_ms bigint not null
      )`,
      'create index feedback_of_conversation on feedback (conversation_id)',
    ],
  },
  {
    name: 'leases, outcomes and retention',
    statements: [
      'alter table conversations add column updated_at_ms bigint not null default 0',
      `update conversations set updated_at_ms = coalesce(
        (select max(created_at_ms) from executions where conversation_id = conversations.id),
        created_at_ms
      )`,
      'alter table executions add column surface_id text',
      `update executions set surface_id =
        (select surface_id from conversations where id = executions.conversation_id)`,
      'alter table executions add column messages_before integer not null default 0',
      'drop index executions_of_conversation',
      `create index executions_of_conversation
        on executions (conversation_id, messages_before, created_at_ms)`,
      'alter table executions add column lease_owner text',
      'alter table executions add column lease_until_ms bigint not null default 0',
      // Of several open executions of one conversation only the newest goes on; the others say in their logs why not.
      `create table replaced_executions as
        select id, 1 + coalesce((select max(seq) from events where execution_id = earlier.id), 0) as seq
        from executions earlier
        where status in ('running', 'awaiting') and exists (
          select 1 from executions newer
          where newer.conversation_id = earlier.conversation_id and newer.status in ('running', 'awaiting')
          and (newer.created_at_ms > earlier.created_at_ms
            or (newer.created_at_ms = earlier.created_at_ms and newer.id > earlier.id))
        )`,
      `insert into events (execution_id, seq, event)
        select id, seq, '{"type":"execution_error","executionId":"' || id || '","seq":' || cast(seq as text)
          || ',"error":{"code":"execution_failed","message":"A newer turn of this conversation took its place."}}'
        from replaced_executions`,
      `update executions set status = 'failed', version = version + 1, expires_at_ms = null
        where id in (select id from replaced_executions)`,
      'drop table replaced_executions',
      `create unique index open_execution_of_conversation on executions (conversation_id)
        where status in ('running', 'awaiting')`,
      'create index executions_by_lease on executions (status, lease_until_ms)',
      'create index executions_by_age on executions (surface_id, created_at_ms)',
      'create index conversations_by_age on conversations (surface_id, updated_at_ms)',
      'create index sessions_of_conversation on sessions (conversation_id)',
      'create index sessions_by_expiry on sessions (expires_at_ms)',
      `create table outcomes (
        key_hash text not null primary key,
        request_hash text not null,
        execution_id text not null,
        after_seq integer not null,
        expires_at_ms bigint not null
      )`,
      'create index outcomes_by_expiry on outcomes (expires_at_ms)',
      `create table buckets (
        key text not null primary key,
        full_at_ms double precision not null
      )`,
    ],
  },
  {
    name: 'files',
    statements: [
      `create table files (
        id text not null primary key,
        conversation_id text not null,
        surface_id text not null,
        filename text not null,
        size bigint not null,
        received bigint not null,
        mime_type text,
        created_at_ms bigint not null,
        expires_at_ms bigint
      )`,
      'create index files_of_conversation on files (conversation_id, size)',
      'create index files_of_surface on files (surface_id, size)',
      'create index files_by_expiry on files (expires_at_ms)',
      `create table file_pieces (
        file_id text not null references files (id),
        start bigint not null,
        bytes bytea not null,
        primary key (file_id, start)
      )`,
    ],
  },
  {
    name: 'visitors and their history',
    statements: [
      `create table visitors (
        id text not null primary key,
        token_hash text not null unique,
        surface_id text not null,
        end_user_id text,
        created_at_ms bigint not null,
        expires_at_ms bigint not null
      )`,
      'create index visitors_by_expiry on visitors (expires_at_ms)',
      'alter table conversations add column visitor_id text',
      'alter table conversations add column end_user_id text',
      'alter table conversations add column title text',
      'alter table conversations add column title_words text',
      'alter table conversations add column opening text',
      'alter table conversations add column preview text',
      'alter table conversations add column shown_count integer not null default 0',
      'alter table conversations add column revision integer not null default 0',
      'alter table conversations add column is_pinned integer not null default 0',
      'alter table conversations add column is_listed integer not null default 0',
      'alter table conversations add column deleted_at_ms bigint',
      `create index conversations_of_visitor
        on conversations (visitor_id, is_listed, is_pinned, updated_at_ms, id)`,
      `create index conversations_of_end_user
        on conversations (surface_id, end_user_id, is_listed, is_pinned, updated_at_ms, id)`,
      'alter table messages add column words text',
      'alter table messages add column display text',
      'alter table messages add column created_at_ms bigint not null default 0',
      'alter table messages add column is_replaced integer not null default 0',
    ],
  },
  {
    name: 'definitions, secrets, credentials and receipts',
    statements: [
      `create table definitions (
        id text not null primary key,
        workspace text not null,
        kind text not null,
        name text not null,
        body text not null,
        last_modified_source text not null,
        version integer not null,
        created_at_ms bigint not null,
        updated_at_ms bigint not null
      )`,
      'create unique index definitions_by_name on definitions (workspace, kind, name)',
      `create table secrets (
        workspace text not null,
        name text not null,
        key_id text not null,
        sealed text not null,
        version integer not null,
        created_at_ms bigint not null,
        updated_at_ms bigint not null,
        primary key (workspace, name)
      )`,
      `create table client_tokens (
        id text not null primary key,
        hash text not null unique,
        label text not null,
        workspace text not null,
        surface_id text not null,
        environment text not null,
        allowed_origins text not null,
        is_active integer not null,
        created_at_ms bigint not null
      )`,
      `create table api_keys (
        id text not null primary key,
        hash text not null unique,
        label text not null,
        name text not null,
        workspace text not null,
        scopes text not null,
        created_at_ms bigint not null,
        expires_at_ms bigint,
        is_active integer not null
      )`,
      `create table receipts (
        id text not null primary key,
        workspace text not null,
        execution_id text not null,
        started_at_ms bigint not null,
        tool text not null,
        receipt text not null
      )`,
      'create index receipts_by_time on receipts (workspace, started_at_ms, id)',
      'create index receipts_of_execution on receipts (execution_id)',
    ],
  },
  { name: 'definitions kept as code', statements: ['alter table definitions add column managed_by text'] },
];

/**
 * Brings the database to the schema of this release, in one transaction whose lock keeps other processes out.
 * `database` begins the sentence of an error. Throws `newer_schema` and `changed_migration` before anything is written.
 */
export async function migrate(
  engine: SqlEngine,
  database: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await engine.durable.transaction().execute(async (transaction) => {
    for (const statement of engine.beforeMigrating) await sql.raw(statement).execute(transaction);
    await sql`create table if not exists pagehand_migrations (
      version integer not null primary key,
      name text not null,
      checksum text not null,
      applied_at_ms bigint not null
    )`.execute(transaction);
    const applied = await transaction
      .selectFrom('pagehand_migrations')
      .select(['version', 'name', 'checksum'])
      .orderBy('version')
      .execute();
    verify(applied, database, migrations);
    for (const [index, migration] of migrations.entries()) {
      if (index >= applied.length) await apply(transaction, index + 1, migration);
    }
  });
}

function verify(
  applied: readonly { readonly version: number; readonly name: string; readonly checksum: string }[],
  database: string,
  migrations: readonly Migration[],
): void {
  const found = applied.at(-1)?.version ?? 0;
  if (found > migrations.length) {
    throw new StoreError(
      'newer_schema',
      `${database} has schema version ${found}, and this release knows versions up to ${migrations.length}. ` +
        'Start the newer release that wrote it, or set PAGEHAND_DB to another database.',
    );
  }
  for (const [index, row] of applied.entries()) {
    const migration = migrations[index];
    if (row.version === index + 1 && migration !== undefined && row.checksum === checksum(migration))
      continue;
    throw new StoreError(
      'changed_migration',
      `${database} was made with another version of migration ${row.version} ("${row.name}") than this ` +
        'release has. Start the release that made it, or set PAGEHAND_DB to another database.',
    );
  }
}

async function apply(transaction: Transaction<Tables>, version: number, migration: Migration): Promise<void> {
  for (const statement of migration.statements) await sql.raw(statement).execute(transaction);
  await transaction
    .insertInto('pagehand_migrations')
    .values({ version, name: migration.name, checksum: checksum(migration), applied_at_ms: Date.now() })
    .execute();
}

/** White space does not count, so that a formatter cannot lock anyone out of their data. */
function checksum(migration: Migration): string {
  const words = migration.statements.map((statement) => statement.replace(/\s+/g, ' ').trim());
  return createHash('sha256').update(words.join(';\n')).digest('hex');
}
