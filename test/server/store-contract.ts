import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  anAppend,
  aSession,
  deltas,
  givenExecution,
  HOSTILE_TEXT,
  userMessage,
} from '../support/store.ts';
import { definitionsContract } from './store-contract-definitions.ts';
import { executionsContract } from './store-contract-executions.ts';
import { filesContract } from './store-contract-files.ts';
import { leasesContract } from './store-contract-leases.ts';
import { limitsContract } from './store-contract-limits.ts';
import { logContract } from './store-contract-log.ts';
import { recordsContract } from './store-contract-records.ts';
import { retentionContract } from './store-contract-retention.ts';
import { sharedContract } from './store-contract-shared.ts';

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

      test('saving a session again replaces it, but for its count: a turn may have counted meanwhile', async () => {
        await store.saveSession(aSession({ messageCount: 4 }));
        const renewed = aSession({ conversationId: 'conv_2', expiresAtMs: 1_900_000_000_123 });
        await store.saveSession({ ...renewed, messageCount: 3 });
        expect(await store.session('session-hash')).toEqual({ ...renewed, messageCount: 4 });
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
        const said = (text: string) => ({ clientId: null, message: userMessage(text) });
        const first = await givenExecution(store, 0, {}, { messages: [said('a')] });
        await store.commit(aCommit({ ...first, version: 2 }, { messages: [said('b'), said('c')] }));
        const end = { ...first, version: 3, status: 'complete' as const };
        await store.commit(aCommit(end, { messages: [said('d')] }));
        const next = { id: 'exec_2', conversationId: 'conv_1' };
        await givenExecution(store, 0, next, { messages: [said('e')] });
        expect(await store.messages('conv_1')).toEqual(
          ['a', 'b', 'c', 'd', 'e'].map((text, position) => ({ position, ...said(text) })),
        );
      });

      test('takes more messages and events at once than one statement does', async () => {
        const execution = await givenExecution(store, 250);
        const messages = Array.from({ length: 250 }, (_, index) => ({
          clientId: `usr_${index}`,
          message: userMessage(`${index}`),
        }));
        const next = { ...execution, version: 2 };
        await store.commit(aCommit(next, { messages, events: deltas('exec_1', 251, 500) }));
        expect(await store.messages('conv_1')).toEqual(
          messages.map((message, position) => ({ position, ...message })),
        );
        expect(await store.eventsAfter('exec_1', 0, 1_000)).toEqual(deltas('exec_1', 1, 500));
      });
    });

    executionsContract(() => store);
    logContract(() => store);
    leasesContract(() => store);
    limitsContract(() => store);
    filesContract(() => store);
    definitionsContract(() => store);
    recordsContract(() => store);
    retentionContract(() => store);

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

    if (openShared !== undefined) sharedContract(openShared);
  });
}
