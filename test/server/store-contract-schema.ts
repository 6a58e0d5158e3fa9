import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { StreamEvent } from '../../protocol/event.ts';
import type { SqlEngine } from '../../server/store/engine.ts';
import { MIGRATIONS, type Migration, migrate } from '../../server/store/migrations.ts';
import { SqlStore } from '../../server/store/sql-store.ts';
import { anExecution, deltas } from '../support/store.ts';

/** What every engine must keep when its schema grows. `newDatabase` gives a door to an empty one. */
export function schemaContract(name: string, newDatabase: () => Promise<() => Promise<SqlEngine>>): void {
  describe(`${name}, a schema that has grown`, () => {
    const first = {
      name: 'notes',
      statements: ['create table notes (note text not null)', "insert into notes values ('kept')"],
    };
    const second = {
      name: 'authors',
      statements: ["alter table notes add column author text not null default 'nobody'"],
    };
    const broken = {
      name: 'broken',
      statements: ["insert into notes values ('lost', 'me')", 'create tabel x (y text)'],
    };

    async function migrated(
      open: () => Promise<SqlEngine>,
      ...steps: readonly (readonly Migration[])[]
    ): Promise<readonly unknown[]> {
      const engine = await open();
      try {
        for (const migrations of steps) await migrate(engine, 'The database', migrations);
        return (await sql`select * from notes`.execute(engine.durable)).rows;
      } finally {
        await engine.close();
      }
    }

    test('gets only the steps that it lacks, and keeps what is in it', async () => {
      const open = await newDatabase();
      expect(await migrated(open, [first])).toEqual([{ note: 'kept' }]);
      expect(await migrated(open, [first, second], [first, second])).toEqual([
        { note: 'kept', author: 'nobody' },
      ]);
    });

    test('is as it was when a step fails', async () => {
      const open = await newDatabase();
      await migrated(open, [first]);
      await expect(migrated(open, [first, second, broken])).rejects.toThrow();
      expect(await migrated(open)).toEqual([{ note: 'kept' }]);
      expect(await migrated(open, [first, second])).toEqual([{ note: 'kept', author: 'nobody' }]);
    });

    test('does not notice other white space in a step, and notices everything else', async () => {
      const open = await newDatabase();
      await migrated(open, [first]);
      const spaced = {
        ...first,
        statements: first.statements.map((statement) => statement.replaceAll(' ', '\n  ')),
      };
      expect(await migrated(open, [spaced])).toEqual([{ note: 'kept' }]);
      const changed = { ...first, statements: first.statements.slice(0, 1) };
      await expect(migrated(open, [changed])).rejects.toMatchObject({ code: 'changed_migration' });
    });

    test('is made once when several processes start at the same time', async () => {
      const open = await newDatabase();
      const rows = await Promise.all([1, 2, 3, 4, 5, 6].map(() => migrated(open, [first, second])));
      expect(rows).toEqual(Array(6).fill([{ note: 'kept', author: 'nobody' }]));
    });

    test('executions of the first schema go on, and of several open ones of a conversation the newest', async () => {
      const open = await newDatabase();
      const engine = await open();
      await migrate(engine, 'The database', MIGRATIONS.slice(0, 1));
      await givenFirstSchema(engine);
      await migrate(engine, 'The database');
      const store = new SqlStore(engine);
      expect(await store.execution('exec_new')).toEqual(
        anExecution({ id: 'exec_new', version: 3, status: 'running', createdAtMs: 3_000, seq: 2 }),
      );
      expect((await store.latestExecution('conv_1'))?.id).toBe('exec_new');
      for (const [id, seq] of [
        ['exec_old', 3],
        ['exec_mid', 1],
      ] as const) {
        expect(await store.execution(id)).toMatchObject({
          status: 'failed',
          version: 4,
          seq,
          expiresAtMs: null,
        });
        const end = (await store.eventsAfter(id, seq - 1, 10)).at(-1);
        expect(StreamEvent.parse(end)).toEqual(end);
        expect(end).toMatchObject({ type: 'execution_error', executionId: id, seq });
      }
      expect(await store.execution('exec_done')).toMatchObject({ status: 'complete', version: 3, seq: 2 });
      expect(await store.execution('exec_else')).toMatchObject({ status: 'awaiting', version: 3, seq: 2 });
      expect((await store.abandonedExecutions(10)).map(({ id }) => id)).toEqual(['exec_new']);
      const retention = { surfaceId: 'store', conversationsBeforeMs: 0, executionsBeforeMs: 4_001 };
      await store.removeOld([{ ...retention, conversationsBeforeMs: 4_000 }], 0, 100);
      expect(await store.execution('exec_done')).toBeUndefined();
      expect(await store.conversation('conv_1')).toBeDefined();
      expect(await store.conversation('conv_idle')).toBeUndefined();
      await store.close();
    });
  });
}

/** What the first release may have left: several open executions of one conversation. */
async function givenFirstSchema({ durable }: SqlEngine): Promise<void> {
  for (const id of ['conv_1', 'conv_2', 'conv_idle']) {
    await sql`insert into conversations (id, owner_kind, owner_hash, surface_id, message_count, created_at_ms)
      values (${id}, 'client_token', 'token-hash', 'store', 0, 1000)`.execute(durable);
  }
  const executions = [
    ['exec_old', 'awaiting', 'conv_1', 1_000],
    ['exec_mid', 'running', 'conv_1', 2_000],
    ['exec_new', 'running', 'conv_1', 3_000],
    ['exec_done', 'complete', 'conv_1', 2_500],
    ['exec_else', 'awaiting', 'conv_2', 1_000],
  ] as const;
  for (const [id, status, conversationId, createdAtMs] of executions) {
    const { owner, agent, maxToolCalls, pauseLifetimeMs, toolCallsUsed, iteration } = anExecution();
    const seq = id === 'exec_mid' ? 0 : 2;
    const state = { owner, agent, maxToolCalls, pauseLifetimeMs, toolCallsUsed, iteration, seq };
    const rest = { tools: [], pending: [], resolved: [], assistantMessageId: null };
    await sql`insert into executions (id, version, status, conversation_id, created_at_ms, expires_at_ms, state)
      values (${id}, 3, ${status}, ${conversationId}, ${createdAtMs}, ${status === 'awaiting' ? 9_000 : null},
        ${JSON.stringify({ ...state, ...rest })})`.execute(durable);
    for (const event of deltas(id, 1, seq)) {
      await sql`insert into events values (${id}, ${event.seq}, ${JSON.stringify(event)})`.execute(durable);
    }
  }
}
