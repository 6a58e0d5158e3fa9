import { beforeEach, describe, expect, test } from 'vitest';
import type { Execution, Retention, Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  anExecution,
  aSession,
  deltas,
  givenExecution,
  userMessage,
} from '../support/store.ts';

const SAID = { clientId: null, message: userMessage('hello') };

/** What every engine must keep when it removes. */
export function retentionContract(current: () => Store): void {
  describe('removing what is old', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    const retention = (fields: Partial<Retention> = {}) => ({
      surfaceId: 'store',
      conversationsBeforeMs: 0,
      executionsBeforeMs: 0,
      ...fields,
    });

    /** Removes in batches of `limit` until there is no more. Resolves to how many batches it took. */
    const removeAll = async (retentions: readonly Retention[], nowMs = 0, limit = 100) => {
      let batches = 1;
      while (await store.removeOld(retentions, nowMs, limit)) batches += 1;
      return batches;
    };

    const ended = async (fields: Partial<Execution>, events = 1, surfaceId: string | null = 'store') => {
      const { id = 'exec_1' } = fields;
      const conversationId = fields.conversationId ?? id.replace('exec', 'conv');
      if ((await store.conversation(conversationId)) === undefined) {
        const createdAtMs = fields.createdAtMs ?? 0;
        await store.createConversation(aConversation({ id: conversationId, surfaceId, createdAtMs }));
      }
      return givenExecution(
        store,
        events,
        { status: 'complete', ...fields, conversationId },
        { messages: [SAID] },
      );
    };

    test('an execution that has ended goes with its log; its conversation and messages stay', async () => {
      await ended({ id: 'exec_1', createdAtMs: 999 }, 300);
      await ended({ id: 'exec_2', createdAtMs: 1_000 });
      expect(await removeAll([retention({ executionsBeforeMs: 1_000 })])).toBe(1);
      expect(await store.execution('exec_1')).toBeUndefined();
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual([]);
      expect(await store.messages('conv_1')).toHaveLength(1);
      expect(await store.execution('exec_2')).toBeDefined();
      expect(await store.eventsAfter('exec_2', 0, 10)).toEqual(deltas('exec_2', 1, 1));
    });

    test.each(['running', 'awaiting'] as const)('nothing of a turn that is %s goes', async (status) => {
      await ended({ id: 'exec_1', status, createdAtMs: 1 });
      await removeAll([retention({ executionsBeforeMs: 1_000, conversationsBeforeMs: 1_000 })]);
      expect(await store.execution('exec_1')).toBeDefined();
      expect(await store.conversation('conv_1')).toBeDefined();
      expect(await store.messages('conv_1')).toHaveLength(1);
    });

    test('a conversation goes with all that belongs to it, and nothing of another does', async () => {
      for (const index of [1, 2]) {
        await ended({ id: `exec_${index}`, createdAtMs: index * 1_000 }, 3);
        const session = aSession({
          idHash: `session-${index}`,
          conversationId: `conv_${index}`,
          expiresAtMs: 9_000,
        });
        await store.saveSession(session);
        await store.saveToolSet(session.idHash, { fingerprint: '1:a', tools: [] });
        const feedback = { id: `fb_${index}`, conversationId: `conv_${index}`, type: 'csat', createdAtMs: 1 };
        await store.saveFeedback({ ...feedback, messageId: null, rating: 5, comment: null });
      }
      await removeAll([retention({ conversationsBeforeMs: 2_000 })]);
      expect(await store.conversation('conv_1')).toBeUndefined();
      expect(await store.messages('conv_1')).toEqual([]);
      expect(await store.execution('exec_1')).toBeUndefined();
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual([]);
      expect(await store.session('session-1')).toBeUndefined();
      expect(await store.toolSet('session-1')).toBeUndefined();
      expect(await store.conversation('conv_2')).toBeDefined();
      expect(await store.messages('conv_2')).toHaveLength(1);
      expect(await store.eventsAfter('exec_2', 0, 10)).toEqual(deltas('exec_2', 1, 3));
      expect(await store.toolSet('session-2')).toBeDefined();
      const feedback = {
        conversationId: 'conv_1',
        type: 'csat',
        messageId: null,
        rating: 5,
        comment: null,
        createdAtMs: 1,
      };
      await store.saveFeedback({ ...feedback, id: 'fb_1' });
      await expect(store.saveFeedback({ ...feedback, id: 'fb_2' })).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('a conversation is as old as its latest turn', async () => {
      await ended({ id: 'exec_1', conversationId: 'conv_1', createdAtMs: 1_000 });
      await ended({ id: 'exec_2', conversationId: 'conv_1', createdAtMs: 3_000 });
      await removeAll([retention({ conversationsBeforeMs: 3_000 })]);
      expect(await store.conversation('conv_1')).toBeDefined();
      await removeAll([retention({ conversationsBeforeMs: 3_001 })]);
      expect(await store.conversation('conv_1')).toBeUndefined();
      expect(await store.execution('exec_2')).toBeUndefined();
    });

    test('surfaces that nobody names have one time for all of them, and API keys do not have it', async () => {
      const surfaces = ['a', 'gone', 'store', 'store-2', 'Étoile', null];
      for (const [index, surfaceId] of surfaces.entries())
        await ended({ id: `exec_${index}`, createdAtMs: 500 }, 1, surfaceId);
      await ended({ id: 'exec_later', createdAtMs: 1_500 }, 1, 'gone');
      const others = { conversationsBeforeMs: 1_000, executionsBeforeMs: 2_000 };
      await removeAll([retention(), retention({ surfaceId: 'a' }), others]);
      const left = await Promise.all(surfaces.map((_, index) => store.conversation(`conv_${index}`)));
      expect(left.flatMap((conversation) => (conversation ? [conversation.surfaceId] : []))).toEqual([
        'a',
        'store',
        null,
      ]);
      expect(await store.conversation('conv_later')).toBeDefined();
      expect(await store.execution('exec_later')).toBeUndefined();
    });

    test('each surface has its own times, and API keys have theirs', async () => {
      await ended({ id: 'exec_1', createdAtMs: 500 }, 1, 'store');
      await ended({ id: 'exec_2', createdAtMs: 500 }, 1, 'docs');
      await ended({ id: 'exec_3', createdAtMs: 500 }, 1, null);
      await removeAll([
        retention({ surfaceId: 'docs', executionsBeforeMs: 1_000 }),
        retention({ surfaceId: 'store', conversationsBeforeMs: 400 }),
      ]);
      expect(await store.execution('exec_1')).toBeDefined();
      expect(await store.execution('exec_2')).toBeUndefined();
      expect(await store.execution('exec_3')).toBeDefined();
      await removeAll([retention({ surfaceId: null, conversationsBeforeMs: 1_000 })]);
      expect(await store.conversation('conv_1')).toBeDefined();
      expect(await store.conversation('conv_2')).toBeDefined();
      expect(await store.conversation('conv_3')).toBeUndefined();
    });

    test('sessions and outcomes go when their time is over, buckets when they are full', async () => {
      for (const [idHash, expiresAtMs] of [
        ['old', 1_000],
        ['new', 1_001],
      ] as const) {
        await store.saveSession(aSession({ idHash, expiresAtMs }));
        await store.saveToolSet(idHash, { fingerprint: '1:a', tools: [] });
        const outcome = {
          keyHash: idHash,
          requestHash: 'body',
          executionId: 'exec_1',
          after: 0,
          expiresAtMs,
        };
        await givenExecution(store, 0, { id: `exec_${idHash}` }, { outcome });
      }
      for (let taken = 0; taken < 3; taken += 1) await store.takeToken('kept', 3, 500);
      await removeAll([], 1_000);
      expect(await store.session('old')).toBeUndefined();
      expect(await store.toolSet('old')).toBeUndefined();
      expect(await store.outcome('old', 0)).toBeUndefined();
      expect(await store.session('new')).toBeDefined();
      expect(await store.toolSet('new')).toBeDefined();
      expect(await store.outcome('new', 0)).toBeDefined();
      expect(await store.takeToken('kept', 3, 1_000)).toBeGreaterThan(0);
      await removeAll([], 60_500);
      expect(await store.takeToken('kept', 3, 500)).toBe(0);
    });

    test('a batch is small, and what is left comes with the next', async () => {
      for (let index = 0; index < 7; index += 1) await ended({ id: `exec_${index}`, createdAtMs: index }, 4);
      const old = retention({ executionsBeforeMs: 1_000 });
      const left = async () => {
        const found = await Promise.all(
          Array.from({ length: 7 }, (_, index) => store.execution(`exec_${index}`)),
        );
        return found.flatMap((execution) => (execution === undefined ? [] : [execution.id]));
      };
      // Two logs of four events fit ten rows; the oldest go first.
      expect(await store.removeOld([old], 0, 10)).toBe(true);
      expect(await left()).toEqual(['exec_2', 'exec_3', 'exec_4', 'exec_5', 'exec_6']);
      expect(await store.removeOld([old], 0, 2)).toBe(true);
      expect(await left()).toEqual(['exec_3', 'exec_4', 'exec_5', 'exec_6']);
      expect(await removeAll([old], 0, 3)).toBe(4);
      expect(await left()).toEqual([]);
      const conversations = retention({ conversationsBeforeMs: 1_000 });
      expect(await store.removeOld([conversations], 0, 3)).toBe(true);
      expect(await removeAll([conversations], 0, 3)).toBe(2);
      expect(await store.conversation('conv_6')).toBeUndefined();
    });

    test('a large conversation goes piece by piece, its own row last', async () => {
      for (let index = 0; index < 6; index += 1) {
        const createdAtMs = index;
        await ended({ id: `exec_${index}`, conversationId: 'conv_1', createdAtMs }, 5);
      }
      const old = retention({ conversationsBeforeMs: 1_000 });
      expect(await store.removeOld([old], 0, 10)).toBe(true);
      expect(await store.conversation('conv_1')).toBeDefined();
      expect(await removeAll([old], 0, 10)).toBe(2);
      expect(await store.conversation('conv_1')).toBeUndefined();
      expect(await store.messages('conv_1')).toEqual([]);
    });

    test('while others write, what is new stays whole', async () => {
      await store.createConversation(aConversation({ createdAtMs: 1 }));
      const begun = async () => {
        const execution = anExecution({ createdAtMs: 5_000 });
        const commit = { execution, events: [], messages: [SAID], lease: null, expectedMessages: 0, atMs: 1 };
        return store.createExecution(commit).catch(() => 'gone' as const);
      };
      const [answer] = await Promise.all([begun(), removeAll([retention({ conversationsBeforeMs: 1_000 })])]);
      const isThere = (await store.conversation('conv_1')) !== undefined;
      expect(isThere).toBe(answer === 'created');
      expect(await store.messages('conv_1')).toHaveLength(answer === 'created' ? 1 : 0);
      if (answer === 'created') {
        const end = aCommit(anExecution({ version: 2, status: 'complete' }));
        expect(await store.commit(end)).toBe(true);
      }
    });
  });
}
