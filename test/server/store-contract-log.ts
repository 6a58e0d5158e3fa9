import { beforeEach, describe, expect, test } from 'vitest';
import type { Append, Store } from '../../server/store/store.ts';
import { aCommit, anAppend, deltas, givenExecution, HOSTILE_TEXT, userMessage } from '../support/store.ts';

/** What every engine must keep of events. */
export function logContract(current: () => Store): void {
  describe('the log of events', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    test('grows without a gap, and the execution knows its end', async () => {
      const execution = await givenExecution(store, 1);
      await store.appendEvents([anAppend('exec_1', deltas('exec_1', 2, 400))]);
      await store.appendEvents([anAppend('exec_1', [])]);
      await store.appendEvents([anAppend('exec_1', deltas('exec_1', 401, 401))]);
      expect(await store.eventsAfter('exec_1', 0, 1_000)).toEqual(deltas('exec_1', 1, 401));
      expect(await store.execution('exec_1')).toEqual({ ...execution, seq: 401 });
      expect(
        await store.commit(aCommit({ ...execution, version: 2 }, { events: deltas('exec_1', 402, 402) })),
      ).toBe(true);
    });

    test('is read after a cursor, in pages', async () => {
      await givenExecution(store, 10);
      expect(await store.eventsAfter('exec_1', 4, 3)).toEqual(deltas('exec_1', 5, 7));
      expect(await store.eventsAfter('exec_1', 9, 3)).toEqual(deltas('exec_1', 10, 10));
      expect(await store.eventsAfter('exec_1', 10, 3)).toEqual([]);
      expect(await store.eventsAfter('exec_1', 999, 3)).toEqual([]);
      expect(await store.eventsAfter('exec_none', 0, 3)).toEqual([]);
    });

    test.each([
      ['a gap before it', deltas('exec_1', 4, 4)],
      ['a gap inside it', [...deltas('exec_1', 3, 4), ...deltas('exec_1', 6, 6)]],
      ['a position that is taken', deltas('exec_1', 2, 3)],
      ['the same position twice', [...deltas('exec_1', 3, 3), ...deltas('exec_1', 3, 3)]],
      ['an event of another execution', [...deltas('exec_1', 3, 3), ...deltas('exec_2', 4, 4)]],
    ])('refuses a piece with %s and stays as it was', async (_, events) => {
      await givenExecution(store, 2);
      await givenExecution(store, 3, { id: 'exec_2' });
      expect(await store.appendEvents([anAppend('exec_1', events)])).toEqual(new Set(['exec_1']));
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 2));
      await store.appendEvents([anAppend('exec_1', deltas('exec_1', 3, 3))]);
      expect(await store.eventsAfter('exec_1', 2, 10)).toEqual(deltas('exec_1', 3, 3));
    });

    test('refuses events of an execution that is not there', async () => {
      const append = anAppend('exec_none', deltas('exec_none', 1, 1));
      expect(await store.appendEvents([append])).toEqual(new Set(['exec_none']));
    });

    test('takes nothing of whoever has an old version', async () => {
      const execution = await givenExecution(store, 1);
      await store.commit(aCommit({ ...execution, version: 2 }));
      const late = anAppend('exec_1', deltas('exec_1', 2, 3, 'late'), 1);
      expect(await store.appendEvents([late])).toEqual(new Set(['exec_1']));
      expect(await store.eventsAfter('exec_1', 1, 10)).toEqual([]);
      const own = anAppend('exec_1', deltas('exec_1', 2, 3), 2);
      expect(await store.appendEvents([own])).toEqual(new Set());
      expect(await store.eventsAfter('exec_1', 1, 10)).toEqual(deltas('exec_1', 2, 3));
    });

    test('takes pieces of many executions at once, and leaves out only the bad ones', async () => {
      const ids = Array.from({ length: 40 }, (_, index) => `exec_${index}`);
      for (const id of ids) await givenExecution(store, 1, { id });
      const bad: Readonly<Record<string, Append>> = {
        exec_3: anAppend('exec_3', deltas('exec_3', 3, 4)),
        exec_7: anAppend('exec_7', deltas('exec_7', 2, 4), 9),
        exec_11: anAppend('exec_11', [...deltas('exec_11', 2, 2), ...deltas('exec_11', 4, 4)]),
        exec_13: anAppend('exec_13', deltas('exec_14', 2, 4)),
        exec_17: anAppend('exec_17', deltas('exec_17', 4, 300)),
      };
      const appends = ids.map((id) => bad[id] ?? anAppend(id, deltas(id, 2, id === 'exec_20' ? 350 : 9)));
      const nobody = anAppend('exec_none', deltas('exec_none', 1, 1));
      const hostile = anAppend('exec_1\0', deltas('exec_1\0', 2, 2));
      expect(await store.appendEvents([...appends, nobody, hostile])).toEqual(
        new Set([...Object.keys(bad), 'exec_none', 'exec_1\0']),
      );
      for (const id of ids) {
        const last = id === 'exec_20' ? 350 : 9;
        expect(await store.eventsAfter(id, 1, 1_000)).toEqual(id in bad ? [] : deltas(id, 2, last));
      }
    });

    test('takes two pieces for one log as one', async () => {
      await givenExecution(store);
      const pieces = [anAppend('exec_1', deltas('exec_1', 1, 2)), anAppend('exec_1', deltas('exec_1', 3, 4))];
      expect(await store.appendEvents(pieces)).toEqual(new Set());
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 4));
    });

    test('of concurrent pieces at one position exactly one is kept', async () => {
      await givenExecution(store);
      await givenExecution(store, 0, { id: 'exec_2' });
      const movedOn = await Promise.all(
        ['a', 'b', 'c'].map((delta) =>
          store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 5, delta))]),
        ),
      );
      expect(movedOn.filter(({ size }) => size === 0)).toHaveLength(1);
      expect(await store.eventsAfter('exec_1', 0, 10)).toHaveLength(5);
    });

    test('keeps any text and any size of event and message', async () => {
      const execution = await givenExecution(store);
      const large = '€'.repeat(350_000);
      await store.appendEvents([
        anAppend('exec_1', [
          ...deltas('exec_1', 1, 1, HOSTILE_TEXT),
          ...deltas('exec_1', 2, 2, large),
          {
            type: 'custom',
            executionId: 'exec_1',
            seq: 3,
            name: HOSTILE_TEXT,
            value: { ['__proto__']: [HOSTILE_TEXT, -0.1] },
          },
        ]),
      ]);
      await store.commit(
        aCommit(
          { ...execution, version: 2, seq: 3 },
          { messages: [{ clientId: null, message: userMessage(large) }] },
        ),
      );
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual([
        ...deltas('exec_1', 1, 1, HOSTILE_TEXT),
        ...deltas('exec_1', 2, 2, large),
        {
          type: 'custom',
          executionId: 'exec_1',
          seq: 3,
          name: HOSTILE_TEXT,
          value: { ['__proto__']: [HOSTILE_TEXT, -0.1] },
        },
      ]);
      expect((await store.messages('conv_1'))[0]?.message).toEqual(userMessage(large));
    });
  });
}
