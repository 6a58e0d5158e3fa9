import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { SqlEngine } from '../../server/store/engine.ts';
import { migrate } from '../../server/store/migrations.ts';
import { SqlStore } from '../../server/store/sql-store.ts';
import type { StoreError } from '../../server/store/store.ts';
import { givenExecution } from '../support/store.ts';

const OVER = { owner: 'process-1', forMs: -1_000 };

/** What every engine must keep when rows are not as they were written. `newDatabase` gives a door to an empty one. */
export function damageContract(name: string, newDatabase: () => Promise<() => Promise<SqlEngine>>): void {
  describe(`${name}, rows that cannot be read`, () => {
    test.each(['{"owner":', '', 'null', '7'])(
      'state %j stops the upkeep of no other execution',
      async (state) => {
        const engine = await (await newDatabase())();
        await migrate(engine, 'The database');
        const told: StoreError[] = [];
        const store = new SqlStore(engine, { onDamage: (error) => told.push(error) });
        for (const id of ['exec_1', 'exec_2', 'exec_3', 'exec_4'])
          await givenExecution(store, 0, { id }, { lease: OVER });
        for (const id of ['exec_5', 'exec_6', 'exec_7', 'exec_8'])
          await givenExecution(store, 0, { id, status: 'awaiting', expiresAtMs: 1_000 }, { lease: null });
        await sql`update executions set state = ${state}
        where id in ('exec_1', 'exec_2', 'exec_5', 'exec_7')`.execute(engine.durable);

        const ids = (executions: readonly { readonly id: string }[]) => executions.map(({ id }) => id);
        for (let round = 0; round < 2; round += 1) {
          expect(ids(await store.abandonedExecutions(10))).toEqual(['exec_3', 'exec_4']);
          // Those that cannot be read are the oldest, and take no place of those that can.
          expect(ids(await store.abandonedExecutions(1))).toEqual(['exec_3']);
          expect(ids(await store.overdueExecutions(1_000, 10))).toEqual(['exec_6', 'exec_8']);
          expect(ids(await store.overdueExecutions(1_000, 2))).toEqual(['exec_6', 'exec_8']);
        }
        expect(told.map(({ message }) => /exec_\d/.exec(message)?.[0]).toSorted()).toEqual([
          'exec_1',
          'exec_2',
          'exec_5',
          'exec_7',
        ]);
        expect(told[0]).toMatchObject({
          name: 'StoreError',
          code: 'unavailable',
          message: expect.stringMatching(
            /^The execution "exec_\d" is damaged and goes no further\. Restore it from a backup, or end it with `update executions set status = 'failed' where id = 'exec_\d'`\.$/,
          ),
        });
        await expect(store.execution('exec_1')).rejects.toMatchObject({ code: 'unavailable' });
        await store.close();
      },
    );
  });
}
