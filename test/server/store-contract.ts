import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Execution, Store } from '../../server/store/store.ts';
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

/** What a text may hold that visitors, pages and models really send. */
const HOSTILE_TEXT = `NUL \0, lone \ud800 and \udc00 surrogates, emoji 👩‍👩‍👧, \u2028 "quotes" \\ '; drop table events; --`;

/**
 * What every engine must keep. `open` gives a new, empty store. `openShared` gives a door to one database that can be
 * opened several times, for engines that have such a thing.
 */
export function storeContract(
  name: string,
  open: () => Promise<Store>,
  openShared?: () => Promise<() => Promise<Store>>,
): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    describe('sessions', () => {
      test('gives back a session as it was saved, and nothing for an unknown one', async () => {
        await store.saveSession(aSession());
        expect(await store.session('session-hash')).toEqual(aSession());
        expect(await store.session('another-hash')).toBeUndefined();
      });

      test('saving a session again replaces it', async () => {
        await store.saveSession(aSession());
        const renewed = aSession({
          conversationId: 'conv_2',
          messageCount: 4,
          expiresAtMs: 1_900_000_000_123,
        });
        await store.saveSession(renewed);
        expect(await store.session('session-hash')).toEqual(renewed);
      });

      test('keeps the tools that a session sent last', async () => {
        await store.saveSession(aSession());
        expect(await store.toolSet('session-hash')).toBeUndefined();
        const tool = {
          name: 'search',
          description: HOSTILE_TEXT,
          parametersSchema: { type: 'object' },
          origin: 'webmcp',
        };
        await store.saveToolSet('session-hash', {
          fingerprint: '1:abc',
          tools: [{ ...tool, origin: 'webmcp' }],
        });
        expect(await store.toolSet('session-hash')).toEqual({ fingerprint: '1:abc', tools: [tool] });
        await store.saveToolSet('session-hash', { fingerprint: '0:def', tools: [] });
        expect(await store.toolSet('session-hash')).toEqual({ fingerprint: '0:def', tools: [] });
      });
    });

    describe('conversations', () => {
      test('gives back a conversation with its owner, and nothing for an unknown one', async () => {
        const ownedByKey = aConversation({
          id: 'conv_key',
          owner: { kind: 'api_key', hash: 'key' },
          surfaceId: null,
        });
        await store.createConversation(ownedByKey);
        expect(await store.conversation('conv_key')).toEqual(ownedByKey);
        expect(await store.conversation('conv_none')).toBeUndefined();
        expect(await store.messages('conv_none')).toEqual([]);
      });

      test('refuses a second conversation with the same id', async () => {
        await store.createConversation(aConversation());
        await expect(store.createConversation(aConversation())).rejects.toMatchObject({ code: 'conflict' });
      });

      test('keeps feedback, and refuses the same id twice', async () => {
        const feedback = {
          id: 'fb_1',
          conversationId: 'conv_1',
          type: 'csat',
          messageId: null,
          rating: 5,
          comment: HOSTILE_TEXT,
          createdAtMs: 1,
        };
        await store.saveFeedback(feedback);
        await expect(store.saveFeedback(feedback)).rejects.toMatchObject({ code: 'conflict' });
      });

      test('gives messages positions from 0 on, across commits and executions', async () => {
        const first = await givenExecution(store);
        const second = await givenExecution(store, 0, { id: 'exec_2' });
        const said = (text: string) => ({ clientId: null, message: userMessage(text) });
        await store.commit(aCommit({ ...first, version: 2 }, { messages: [said('a'), said('b')] }));
        await store.commit(aCommit({ ...second, version: 2 }, { messages: [said('c')] }));
        await store.commit(aCommit({ ...first, version: 3 }, { messages: [said('d')] }));
        expect(await store.messages('conv_1')).toEqual(
          ['a', 'b', 'c', 'd'].map((text, position) => ({ position, ...said(text) })),
        );
      });

      test('gives each of many concurrent commits its own positions', async () => {
        const executions = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            givenExecution(store, 0, { id: `exec_${index}`, conversationId: `conv_${index % 2}` }).catch(() =>
              givenExecution(store, 0, { id: `exec_${index}`, conversationId: `conv_${index % 2}` }),
            ),
          ),
        );
        const messages = ['one', 'two'].map((text) => ({ clientId: text, message: userMessage(text) }));
        await Promise.all(executions.map((e) => store.commit(aCommit({ ...e, version: 2 }, { messages }))));
        for (const conversationId of ['conv_0', 'conv_1']) {
          const stored = await store.messages(conversationId);
          expect(stored.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
          expect(stored.map(({ clientId }) => clientId)).toEqual(Array(4).fill(['one', 'two']).flat());
        }
      });
    });

    describe('executions', () => {
      test('gives back an execution as it was stored', async () => {
        const execution = anExecution({
          status: 'awaiting',
          owner: { kind: 'api_key', hash: 'key-hash' },
          tools: [
            {
              bareName: 'search',
              canonicalName: 'webmcp:search',
              modelName: 'webmcp__search',
              origin: 'webmcp',
              pageOrigin: 'https://store.example.com',
              description: HOSTILE_TEXT,
              parametersSchema: { type: 'object', properties: { q: { type: 'string' } } },
            },
          ],
          pending: [
            {
              toolCallId: 'call_1',
              bareName: 'search',
              modelName: 'webmcp__search',
              origin: 'webmcp',
              pageOrigin: null,
              parameters: { q: HOSTILE_TEXT, n: 1.5, deep: [null, true, { ['__proto__']: 1 }] },
              awaitedAt: '2025-06-15T12:00:00.000Z',
            },
          ],
          resolved: [
            {
              toolCallId: 'call_0',
              bareName: 'x',
              modelName: 'x',
              text: HOSTILE_TEXT,
              isError: true,
              hash: 'h',
              acceptedSeq: 3,
            },
          ],
          assistantMessageId: 'ast_1',
          expiresAtMs: 1_750_086_400_001,
        });
        await store.createConversation(aConversation());
        await store.createExecution(aNewExecution(execution));
        expect(await store.execution('exec_1')).toEqual(execution);
        expect(await store.execution('exec_none')).toBeUndefined();
      });

      test('stores a new execution with its first events and messages, or nothing of it', async () => {
        await store.createConversation(aConversation());
        const messages = [{ clientId: 'usr_1', message: userMessage('hello') }];
        const gap = [...deltas('exec_1', 1, 2), ...deltas('exec_1', 4, 4)];
        await expect(
          store.createExecution(aNewExecution(anExecution(), { events: gap, messages })),
        ).rejects.toMatchObject({
          code: 'conflict',
        });
        expect(await store.execution('exec_1')).toBeUndefined();
        expect(await store.messages('conv_1')).toEqual([]);

        await store.createExecution(
          aNewExecution(anExecution(), { events: deltas('exec_1', 1, 3), messages }),
        );
        expect(await store.execution('exec_1')).toEqual(anExecution({ seq: 3 }));
        expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 3));
        expect(await store.messages('conv_1')).toEqual([{ position: 0, ...messages[0] }]);
      });

      test('refuses an execution id twice, and one of an unknown conversation', async () => {
        await givenExecution(store);
        await expect(store.createExecution(aNewExecution(anExecution()))).rejects.toMatchObject({
          code: 'conflict',
        });
        const orphan = anExecution({ id: 'exec_2', conversationId: 'conv_none' });
        await expect(store.createExecution(aNewExecution(orphan))).rejects.toMatchObject({
          code: 'conflict',
        });
      });

      test('a commit writes the next state, its events and its messages', async () => {
        const execution = await givenExecution(store, 2);
        const next: Execution = {
          ...execution,
          version: 2,
          status: 'awaiting',
          iteration: 2,
          expiresAtMs: 5,
        };
        const commit = aCommit(next, {
          events: deltas('exec_1', 3, 4),
          messages: [{ clientId: null, message: { role: 'assistant', text: HOSTILE_TEXT, toolCalls: [] } }],
        });
        expect(await store.commit(commit)).toBe(true);
        expect(await store.execution('exec_1')).toEqual({ ...next, seq: 4 });
        expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 4));
        expect(await store.messages('conv_1')).toEqual([{ position: 0, ...commit.messages[0] }]);
      });

      test('a commit of an old version or of nothing writes nothing and says so', async () => {
        const execution = await givenExecution(store);
        expect(await store.commit(aCommit({ ...execution, version: 2 }))).toBe(true);
        const late = aCommit(
          { ...execution, version: 2, status: 'failed' },
          { events: deltas('exec_1', 1, 1), messages: [{ clientId: null, message: userMessage('late') }] },
        );
        expect(await store.commit(late)).toBe(false);
        expect(await store.commit(aCommit(anExecution({ id: 'exec_none', version: 2 })))).toBe(false);
        expect(await store.execution('exec_1')).toEqual({ ...execution, version: 2 });
        expect(await store.eventsAfter('exec_1', 0, 10)).toEqual([]);
        expect(await store.messages('conv_1')).toEqual([]);
      });

      test('of many concurrent commits to one version exactly one wins', async () => {
        const execution = await givenExecution(store);
        const won = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            store.commit(
              aCommit(
                { ...execution, version: 2, iteration: index },
                { events: deltas('exec_1', 1, 1, `${index}`) },
              ),
            ),
          ),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        const winner = won.indexOf(true);
        expect(await store.execution('exec_1')).toMatchObject({ version: 2, iteration: winner });
        expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 1, `${winner}`));
      });

      test.each([
        ['a gap', deltas('exec_1', 3, 3), 3],
        ['a repeated position', deltas('exec_1', 1, 1), 1],
        ['an event of another execution', deltas('exec_2', 2, 2), 2],
        ['a wrong end of the log', deltas('exec_1', 2, 2), 7],
      ])('a commit with %s is refused and writes nothing', async (_, events, seq) => {
        const execution = await givenExecution(store, 1);
        await givenExecution(store, 1, { id: 'exec_2' });
        const messages = [{ clientId: null, message: userMessage('lost') }];
        const commit = { execution: { ...execution, version: 2, seq }, events, messages, lease: null };
        await expect(store.commit(commit)).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
        expect(await store.execution('exec_1')).toEqual(execution);
        expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 1));
        expect(await store.messages('conv_1')).toEqual([]);
        expect(
          await store.commit(aCommit({ ...execution, version: 2 }, { events: deltas('exec_1', 2, 2) })),
        ).toBe(true);
      });

      test('gives the newest execution of a conversation, whatever the clocks said', async () => {
        const first = await givenExecution(store, 1, { createdAtMs: 1_700_000_000_002 });
        const end = aCommit(
          { ...first, version: 2, status: 'complete' },
          { messages: [{ clientId: null, message: userMessage('hello') }] },
        );
        await store.commit(end);
        expect(await store.latestExecution('conv_1')).toEqual(await store.execution('exec_1'));
        await givenExecution(store, 2, { id: 'exec_2', createdAtMs: 1_700_000_000_001 });
        await givenExecution(store, 0, { id: 'exec_else', conversationId: 'conv_else' });
        expect(await store.latestExecution('conv_1')).toEqual(await store.execution('exec_2'));
        expect(await store.latestExecution('conv_none')).toBeUndefined();
      });

      test('lists paused executions whose time is over, oldest first', async () => {
        const paused = (id: string, expiresAtMs: number | null, status: Execution['status'] = 'awaiting') =>
          givenExecution(store, 0, { id, expiresAtMs, status });
        await paused('exec_b', 2_000);
        await paused('exec_a', 1_000);
        await paused('exec_now', 3_000);
        await paused('exec_later', 3_001);
        await paused('exec_never', null);
        await paused('exec_over', 500, 'expired');
        expect((await store.overdueExecutions(3_000, 10)).map(({ id }) => id)).toEqual([
          'exec_a',
          'exec_b',
          'exec_now',
        ]);
        expect((await store.overdueExecutions(3_000, 2)).map(({ id }) => id)).toEqual(['exec_a', 'exec_b']);
        expect(await store.overdueExecutions(999, 10)).toEqual([]);
      });
    });

    describe('the log of events', () => {
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

      test('of concurrent pieces at one position exactly one is kept', async () => {
        await givenExecution(store);
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

    describe('ids that no engine can keep as they are', () => {
      test.each(['exec_1\0', 'exec_1\ud800'])(
        'refuses %j instead of taking it for another one',
        async (id) => {
          await givenExecution(store);
          await expect(store.execution(id)).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
          expect(await store.execution('exec_1')).toBeDefined();
        },
      );
    });

    test('says that it is ready, and after closing that it is not', async () => {
      await store.ping();
      await store.close();
      await store.close();
      const closed = { name: 'StoreError', code: 'unavailable', message: 'The store is closed.' };
      await expect(store.ping()).rejects.toMatchObject(closed);
      await expect(store.session('x')).rejects.toMatchObject(closed);
      await expect(store.appendEvents([anAppend('exec_1', deltas('exec_1', 1, 1))])).rejects.toMatchObject(
        closed,
      );
    });

    test('closing waits for what was asked before', async () => {
      await givenExecution(store);
      const writes = Array.from({ length: 5 }, (_, index) =>
        store.appendEvents([anAppend('exec_1', deltas('exec_1', index + 1, index + 1))]),
      );
      await store.close();
      await Promise.all(writes);
    });

    if (openShared !== undefined) sharedStores(openShared);
  });
}

function sharedStores(openShared: () => Promise<() => Promise<Store>>): void {
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
