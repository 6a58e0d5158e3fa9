import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  aNewExecution,
  anAppend,
  anExecution,
  aSession,
  deltas,
  givenExecution,
  userMessage,
} from '../support/store.ts';

/** What several stores on one database must keep. `openShared` gives a door to a new one. */
export function sharedContract(openShared: () => Promise<() => Promise<Store>>): void {
  describe('two stores on one database', () => {
    let open: () => Promise<Store>;
    let one: Store;
    let two: Store;
    beforeEach(async () => {
      open = await openShared();
      [one, two] = await Promise.all([open(), open()]);
    });
    afterEach(async () => {
      await Promise.all([one.close(), two.close()]);
    });

    test('each sees at once what the other has written', async () => {
      const execution = await givenExecution(one, 2);
      expect(await two.execution('exec_1')).toEqual(execution);
      await two.appendEvents([anAppend('exec_1', deltas('exec_1', 3, 3))]);
      expect(await one.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 3));
    });

    test('of their concurrent commits exactly one wins', async () => {
      const execution = await givenExecution(one);
      for (let version = 2; version < 30; version += 1) {
        const next = { ...execution, version };
        const won = await Promise.all([one, two, one, two].map((store) => store.commit(aCommit(next))));
        expect(won.filter(Boolean)).toHaveLength(1);
      }
    });

    test('what they write at the same time is all kept', async () => {
      const names = Array.from({ length: 10 }, (_, index) => `exec_${index}`);
      for (const id of names) await givenExecution(one, 0, { id });
      await Promise.all(
        names.map(async (id, index) => {
          const store = index % 2 === 0 ? one : two;
          for (let seq = 1; seq <= 20; seq += 1)
            await store.appendEvents([anAppend(id, deltas(id, seq, seq))]);
        }),
      );
      for (const id of names) expect(await one.eventsAfter(id, 0, 100)).toEqual(deltas(id, 1, 20));
    });

    test('each hears what the other writes, when it watches', async () => {
      const execution = await givenExecution(one);
      let calls = 0;
      const stop = two.watch('exec_1', () => {
        calls += 1;
      });
      // Whoever begins to watch is called once in any case.
      await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(0);
      const callsAfter = async (write: () => Promise<unknown>) => {
        const before = calls;
        await write();
        await expect.poll(() => calls, { timeout: 5_000 }).toBeGreaterThan(before);
      };
      await callsAfter(() => one.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 1))]));
      await callsAfter(() =>
        one.commit(aCommit({ ...execution, version: 2 }, { events: deltas('exec_1', 2, 2) })),
      );
      await callsAfter(() => one.claim({ id: 'exec_1', version: 2 }, { owner: 'process-2', forMs: 1 }, true));
      stop();
    });

    test('one takes over what the other has left, and only one does', async () => {
      const held = { owner: 'process-1', forMs: 60_000 };
      const execution = await givenExecution(one, 1, {}, { lease: held });
      expect(await two.abandonedExecutions(10)).toEqual([]);
      await one.releaseLeases('process-1');
      expect(await two.abandonedExecutions(10)).toEqual([execution]);
      const claims = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? one : two).claim(execution, { owner: `process-${index}`, forMs: 60_000 }, false),
        ),
      );
      expect(claims.filter((claimed) => claimed !== undefined)).toHaveLength(1);
    });

    test('a conversation begins one turn, however many ask both', async () => {
      await one.createConversation(aConversation());
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? one : two).createExecution(aNewExecution(anExecution({ id: `exec_${index}` }))),
        ),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'moved_on')).toHaveLength(19);
    });

    test('a turn that ends here while the next one begins there is in nobody’s way', async () => {
      const words = { clientId: null, message: userMessage('Thank you.') };
      for (let round = 0; round < 10; round += 1) {
        const meetings = Array.from({ length: 4 }, async (_, index) => {
          const id = `exec_${round}_${index}`;
          const execution = await givenExecution(one, 0, { id });
          const { conversationId } = execution;
          const next = anExecution({ id: `${id}_next`, conversationId });
          const ending = aCommit({ ...execution, version: 2, status: 'complete' }, { messages: [words] });
          return Promise.all([two.createExecution(aNewExecution(next)), one.commit(ending)]);
        });
        for (const [, isEnded] of await Promise.all(meetings)) expect(isEnded).toBe(true);
      }
    });

    test('they share their buckets', async () => {
      const waits = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          (index % 2 === 0 ? one : two).takeToken('a', 10, 1_750_000_000_000),
        ),
      );
      expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(10);
    });

    test('what was written is there after all have closed', async () => {
      const execution = await givenExecution(one, 3);
      await one.saveSession(aSession());
      await Promise.all([one.close(), two.close()]);
      const again = await open();
      expect(await again.execution('exec_1')).toEqual(execution);
      expect(await again.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 3));
      expect(await again.session('session-hash')).toEqual(aSession());
      await again.close();
    });
  });
}
