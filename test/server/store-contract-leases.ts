import { beforeEach, describe, expect, test } from 'vitest';
import type { Lease, Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  aNewExecution,
  anAppend,
  anExecution,
  deltas,
  givenExecution,
} from '../support/store.ts';

const HELD: Lease = { owner: 'process-1', forMs: 60_000 };
const OVER: Lease = { owner: 'process-1', forMs: 0 };
const OTHER: Lease = { owner: 'process-2', forMs: 60_000 };

/** What every engine must keep of leases, by its own clock. */
export function leasesContract(current: () => Store): void {
  describe('leases', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    const abandoned = async (limit = 10) => (await store.abandonedExecutions(limit)).map(({ id }) => id);

    test('a running execution is abandoned once its lease is over, and not before', async () => {
      await givenExecution(store, 0, { id: 'exec_held' }, { lease: HELD });
      const over = await givenExecution(store, 3, { id: 'exec_over' }, { lease: OVER });
      await givenExecution(store, 0, { id: 'exec_free' }, { lease: null });
      await givenExecution(store, 0, { id: 'exec_waits', status: 'awaiting' });
      await givenExecution(store, 0, { id: 'exec_done', status: 'complete' });
      expect(await abandoned()).toEqual(['exec_free', 'exec_over']);
      expect(await abandoned(1)).toEqual(['exec_free']);
      expect((await store.abandonedExecutions(10))[1]).toEqual(over);
    });

    test('every commit takes, prolongs or ends the lease', async () => {
      const execution = await givenExecution(store, 0, {}, { lease: OVER });
      await store.commit(aCommit({ ...execution, version: 2 }, { lease: HELD }));
      expect(await abandoned()).toEqual([]);
      await store.commit(aCommit({ ...execution, version: 3 }, { lease: OVER }));
      expect(await abandoned()).toEqual(['exec_1']);
      await store.commit(aCommit({ ...execution, version: 4, status: 'failed' }, { lease: null }));
      expect(await abandoned()).toEqual([]);
      expect(await store.renewLeases(HELD, ['exec_1'])).toEqual(new Set());
    });

    test('a sign of life prolongs the leases that the owner still holds', async () => {
      const ids = ['exec_1', 'exec_2', 'exec_3', 'exec_4'];
      for (const id of ids) await givenExecution(store, 0, { id }, { lease: OVER });
      await store.claim({ id: 'exec_2', version: 1 }, OTHER, false);
      await store.commit(aCommit(anExecution({ id: 'exec_3', version: 2, status: 'complete' })));
      const renewed = await store.renewLeases(HELD, ['exec_1', 'exec_2', 'exec_3', 'exec_none']);
      expect(renewed).toEqual(new Set(['exec_1']));
      expect(await abandoned()).toEqual(['exec_4']);
      expect(await store.renewLeases(HELD, [])).toEqual(new Set());
    });

    test('a sign of life of more executions than one statement takes reaches them all', async () => {
      const ids = Array.from({ length: 520 }, (_, index) => `exec_${index}`);
      for (const id of ids) {
        await store.createConversation(aConversation({ id: `conv_${id}` }));
        const execution = anExecution({ id, conversationId: `conv_${id}` });
        await store.createExecution(aNewExecution(execution, { lease: OVER }));
      }
      expect(await store.renewLeases(HELD, ids)).toEqual(new Set(ids));
      expect(await abandoned()).toEqual([]);
    });

    test('an owner that leaves ends all of its leases and nobody else\u2019s', async () => {
      await givenExecution(store, 0, { id: 'exec_1' }, { lease: HELD });
      await givenExecution(store, 0, { id: 'exec_2' }, { lease: OTHER });
      await givenExecution(store, 0, { id: 'exec_3' }, { lease: HELD });
      await store.releaseLeases('process-1');
      expect((await abandoned()).toSorted()).toEqual(['exec_1', 'exec_3']);
      expect(await store.renewLeases(HELD, ['exec_1', 'exec_3'])).toEqual(new Set());
    });

    test('whoever takes an execution over has its next version, and the one before can write nothing', async () => {
      const execution = await givenExecution(store, 2, {}, { lease: OVER });
      const claimed = await store.claim(execution, OTHER, false);
      expect(claimed).toEqual({ ...execution, version: 2 });
      expect(await store.execution('exec_1')).toEqual(claimed);
      expect(await abandoned()).toEqual([]);
      expect(await store.renewLeases(HELD, ['exec_1'])).toEqual(new Set());
      expect(await store.renewLeases(OTHER, ['exec_1'])).toEqual(new Set(['exec_1']));
      const late = anAppend('exec_1', deltas('exec_1', 3, 3), 1);
      expect(await store.appendEvents([late])).toEqual(new Set(['exec_1']));
      expect(await store.commit(aCommit({ ...execution, version: 2 }))).toBe(false);
      expect(await store.commit(aCommit({ ...execution, version: 3 }, { lease: OTHER }))).toBe(true);
    });

    test('nobody takes over what is held, has moved on, waits or has ended', async () => {
      const held = await givenExecution(store, 0, { id: 'exec_1' }, { lease: HELD });
      expect(await store.claim(held, OTHER, false)).toBeUndefined();
      expect(await store.claim({ ...held, version: 2 }, OTHER, true)).toBeUndefined();
      const waits = await givenExecution(store, 0, { id: 'exec_2', status: 'awaiting' });
      expect(await store.claim(waits, OTHER, true)).toBeUndefined();
      const ended = await givenExecution(store, 0, { id: 'exec_3', status: 'cancelled' });
      expect(await store.claim(ended, OTHER, true)).toBeUndefined();
      expect(await store.claim({ id: 'exec_none', version: 1 }, OTHER, true)).toBeUndefined();
      expect(await store.execution('exec_1')).toEqual(held);
    });

    test('what is held can be taken over by force', async () => {
      const held = await givenExecution(store, 0, {}, { lease: HELD });
      expect(await store.claim(held, OTHER, true)).toEqual({ ...held, version: 2 });
    });

    test('of many that take over at once one wins', async () => {
      for (let round = 0; round < 10; round += 1) {
        const execution = await givenExecution(store, 0, { id: `exec_${round}` }, { lease: OVER });
        const claims = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            store.claim(execution, { owner: `process-${index}`, forMs: 60_000 }, false),
          ),
        );
        expect(claims.filter((claimed) => claimed !== undefined)).toEqual([{ ...execution, version: 2 }]);
      }
    });
  });

  describe('watching', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    test('calls back after each kind of write', async () => {
      const execution = await givenExecution(store, 0, {}, { lease: OVER });
      let calls = 0;
      const stop = store.watch('exec_1', () => {
        calls += 1;
      });
      // Whoever begins to watch is called once in any case.
      await expect.poll(() => calls, { timeout: 5_000 }).toBe(1);
      const called = async (write: () => Promise<unknown>) => {
        const before = calls;
        await write();
        await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(before);
      };
      await called(() => store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 1))]));
      await called(() => store.claim(execution, OVER, false));
      const next = { ...execution, version: 3, status: 'complete' as const };
      await called(() => store.commit(aCommit(next, { events: deltas('exec_1', 2, 2) })));
      stop();
    });

    test('calls nobody who has stopped, not even just now', async () => {
      await givenExecution(store);
      const calls: string[] = [];
      const stops: (() => void)[] = [];
      for (const name of ['first', 'second']) {
        const stop = store.watch('exec_1', () => {
          calls.push(name);
          for (const end of stops) end();
        });
        stops.push(stop);
      }
      await store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 1))]);
      await expect.poll(() => calls).toEqual(['first']);
      await store.commit(aCommit(anExecution({ version: 2, seq: 1 })));
      expect(calls).toEqual(['first']);
    });

    test('a callback that was given twice is taken away once each', async () => {
      await givenExecution(store);
      let calls = 0;
      const count = () => {
        calls += 1;
      };
      const first = store.watch('exec_1', count);
      const second = store.watch('exec_1', count);
      first();
      first();
      await store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 1))]);
      await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(0);
      second();
    });
  });
}
