import { beforeEach, describe, expect, test } from 'vitest';
import type { Outcome, Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  aNewExecution,
  anExecution,
  aSession,
  deltas,
  givenExecution,
  userMessage,
} from '../support/store.ts';

const OUTCOME: Outcome = {
  keyHash: 'key',
  requestHash: 'body',
  executionId: 'exec_1',
  after: 7,
  expiresAtMs: 2_000,
};

const NOW_MS = 1_750_000_000_000;

/** What every engine must keep of outcomes and of shared limits. */
export function limitsContract(current: () => Store): void {
  describe('outcomes', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    test('are kept with what they are the outcome of, until their time is over', async () => {
      await givenExecution(store, 0, {}, { outcome: OUTCOME });
      expect(await store.outcome('key', 1_999)).toEqual(OUTCOME);
      expect(await store.outcome('another', 1_999)).toBeUndefined();
      expect(await store.outcome('key', 2_000)).toBeUndefined();
    });

    test('one whose time is over gives its key back', async () => {
      const execution = await givenExecution(store, 0, {}, { outcome: OUTCOME });
      expect(await store.outcome('key', 2_000)).toBeUndefined();
      const again = { ...OUTCOME, requestHash: 'another', expiresAtMs: 9_000 };
      expect(await store.commit(aCommit({ ...execution, version: 2 }, { outcome: again }))).toBe(true);
      expect(await store.outcome('key', 2_000)).toEqual(again);
    });

    test('a turn whose key is taken does not begin', async () => {
      await givenExecution(store, 0, {}, { outcome: OUTCOME });
      await store.createConversation(aConversation({ id: 'conv_2' }));
      await store.saveSession(aSession());
      const second = aNewExecution(anExecution({ id: 'exec_2', conversationId: 'conv_2' }), {
        outcome: { ...OUTCOME, executionId: 'exec_2' },
        messages: [{ clientId: null, message: userMessage('hello') }],
        count: { sessionIdHash: 'session-hash', limit: 5, expiresAtMs: 1 },
      });
      expect(await store.createExecution(second)).toBe('moved_on');
      expect(await store.execution('exec_2')).toBeUndefined();
      expect(await store.messages('conv_2')).toEqual([]);
      expect(await store.session('session-hash')).toEqual(aSession());
      expect(await store.outcome('key', 0)).toEqual(OUTCOME);
    });

    test('a commit whose key is taken writes nothing', async () => {
      await givenExecution(store, 0, { id: 'exec_2' }, { outcome: OUTCOME });
      const execution = await givenExecution(store, 1);
      const late = aCommit(
        { ...execution, version: 2 },
        { events: deltas('exec_1', 2, 2), outcome: OUTCOME },
      );
      expect(await store.commit(late)).toBe(false);
      expect(await store.execution('exec_1')).toEqual(execution);
      expect(await store.commit(aCommit({ ...execution, version: 2 }))).toBe(true);
    });

    test('of many turns with one key exactly one begins', async () => {
      const ids = Array.from({ length: 10 }, (_, index) => `exec_${index}`);
      for (const id of ids) await store.createConversation(aConversation({ id: `conv_${id}` }));
      const answers = await Promise.all(
        ids.map((id) =>
          store.createExecution(
            aNewExecution(anExecution({ id, conversationId: `conv_${id}` }), {
              outcome: { ...OUTCOME, executionId: id },
            }),
          ),
        ),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      const winner = ids[answers.indexOf('created')];
      expect((await store.outcome('key', 0))?.executionId).toBe(winner);
      const stored = await Promise.all(ids.map((id) => store.execution(id)));
      expect(stored.filter((execution) => execution !== undefined)).toHaveLength(1);
    });
  });

  describe('buckets', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    /** Takes until nothing is left. Resolves to how many there were and how long it is to the next. */
    const empty = async (key: string, perMinute: number, nowMs: number) => {
      for (let taken = 0; ; taken += 1) {
        const waitMs = await store.takeToken(key, perMinute, nowMs);
        if (waitMs > 0) return { taken, waitMs };
        if (taken > 1_000) throw new Error('there is no end');
      }
    };

    test.each([
      [1, 60_000],
      [7, 8_572],
      [29, 2_069],
      [60, 1_000],
      [250, 240],
    ])('hold %i, and the next comes after an even share of the minute', async (perMinute, shareMs) => {
      expect(await empty('a', perMinute, NOW_MS)).toEqual({ taken: perMinute, waitMs: shareMs });
      expect(await store.takeToken('a', perMinute, NOW_MS + shareMs - 2)).toBeGreaterThan(0);
      expect(await store.takeToken('a', perMinute, NOW_MS + shareMs)).toBe(0);
      expect(await store.takeToken('a', perMinute, NOW_MS + shareMs)).toBeGreaterThan(0);
    });

    test('are one for each key', async () => {
      expect(await empty('a', 3, NOW_MS)).toEqual({ taken: 3, waitMs: 20_000 });
      expect(await empty('b', 3, NOW_MS)).toEqual({ taken: 3, waitMs: 20_000 });
    });

    test('fill evenly and never beyond a minute\u2019s worth', async () => {
      await empty('a', 6, NOW_MS);
      expect(await empty('a', 6, NOW_MS + 25_000)).toEqual({ taken: 2, waitMs: 5_000 });
      expect(await empty('a', 6, NOW_MS + 3_600_000)).toEqual({ taken: 6, waitMs: 10_000 });
    });

    test('are not locked by a clock that jumped an hour ahead and back', async () => {
      await empty('a', 6, NOW_MS + 3_600_000);
      expect(await store.takeToken('a', 6, NOW_MS)).toBe(0);
    });

    test('give no more than they hold to many at once', async () => {
      const waits = await Promise.all(Array.from({ length: 30 }, () => store.takeToken('a', 10, NOW_MS)));
      expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(10);
    });
  });
}
