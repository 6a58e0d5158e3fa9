import { beforeEach, describe, expect, test } from 'vitest';
import type { ModelMessage } from '../../server/models/model.ts';
import type { StoredVisitor } from '../../server/store/records.ts';
import type { Execution, NewMessage, Store } from '../../server/store/store.ts';
import {
  aCommit,
  aConversation,
  aNewExecution,
  anExecution,
  aSession,
  deltas,
  givenExecution,
  HOSTILE_TEXT,
  userMessage,
} from '../support/store.ts';

const said = (text: string, clientId: string | null = null): NewMessage => ({
  clientId,
  message: userMessage(text),
});
const answered = (text: string, clientId: string | null = null): NewMessage => ({
  clientId,
  message: { role: 'assistant', text, toolCalls: [] },
});
const TOOL: ModelMessage = {
  role: 'tool',
  results: [{ toolCallId: 'c1', name: 'x', text: 'secret result', isError: false, untrusted: true }],
};

const aVisitor = (fields: Partial<StoredVisitor> = {}): StoredVisitor => ({
  id: 'vis_1',
  tokenHash: 'visitor-hash',
  surfaceId: 'store',
  endUserId: null,
  createdAtMs: 1_000,
  expiresAtMs: 9_000,
  ...fields,
});

/** What every engine must keep for visitors who come back. */
export function recordsContract(current: () => Store): void {
  describe('records', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    /** A conversation of a visitor with one turn that has ended. */
    const given = async (
      id: string,
      messages: readonly NewMessage[],
      { updatedAtMs = 1_000, visitorId = 'vis_1', endUserId = null as string | null } = {},
    ): Promise<Execution> => {
      await store.createConversation(
        aConversation({ id, createdAtMs: 500, visitorId, ...(endUserId === null ? {} : { endUserId }) }),
      );
      const execution = anExecution({
        id: `exec_${id}`,
        conversationId: id,
        createdAtMs: updatedAtMs,
        status: 'complete',
      });
      const commit = aNewExecution(execution, { messages, events: deltas(execution.id, 1, 2) });
      expect(await store.createExecution(commit)).toBe('created');
      return commit.execution;
    };
    const ids = async (query: Partial<Parameters<Store['records']>[1]> = {}, visitorId = 'vis_1') =>
      (await store.records({ visitorId }, { limit: 100, ...query })).map(({ id }) => id);

    test('a visitor is found by the hash of the secret, until it expires or is voided', async () => {
      await store.createVisitor(aVisitor());
      expect(await store.visitor('visitor-hash', 8_999)).toEqual(aVisitor());
      expect(await store.visitor('visitor-hash', 9_000)).toBeUndefined();
      expect(await store.visitor('another', 1)).toBeUndefined();
      await store.prolongVisitor('vis_1', 12_000);
      await store.prolongVisitor('vis_1', 11_000);
      expect(await store.visitor('visitor-hash', 9_000)).toEqual(aVisitor({ expiresAtMs: 12_000 }));
      await store.removeVisitor('visitor-hash');
      expect(await store.visitor('visitor-hash', 1)).toBeUndefined();
      await expect(
        Promise.all([store.createVisitor(aVisitor()), store.createVisitor(aVisitor({ id: 'vis_2' }))]),
      ).rejects.toMatchObject({ code: 'conflict' });
    });

    test('a visitor becomes one end user, with what nobody else has of theirs', async () => {
      await store.createVisitor(aVisitor());
      await given('conv_a', [said('mine')]);
      await given('conv_b', [said('of somebody')], { endUserId: 'other' });
      await store.createConversation(aConversation({ id: 'conv_new', visitorId: 'vis_1' }));
      expect(await store.bindVisitor('vis_1', 'ada')).toBe(true);
      expect(await store.bindVisitor('vis_1', 'ada')).toBe(true);
      expect(await store.bindVisitor('vis_1', 'bob')).toBe(false);
      expect(await store.bindVisitor('vis_none', 'bob')).toBe(false);
      expect(await store.visitor('visitor-hash', 1)).toMatchObject({ endUserId: 'ada' });
      const whose = { surfaceId: 'store', endUserId: 'ada' };
      expect((await store.records(whose, { limit: 10 })).map(({ id }) => id)).toEqual(['conv_a']);
      expect(await store.record('conv_new')).toMatchObject({ endUserId: 'ada' });
      expect(await store.record('conv_b')).toMatchObject({ endUserId: 'other' });
      expect(await store.records({ surfaceId: 'else', endUserId: 'ada' }, { limit: 10 })).toEqual([]);
    });

    test('of two end users at once a visitor becomes one', async () => {
      await store.createVisitor(aVisitor());
      const bound = await Promise.all(['a', 'b', 'c', 'd'].map((user) => store.bindVisitor('vis_1', user)));
      expect(bound.filter(Boolean)).toHaveLength(1);
    });

    test('a record is claimed once, with the words that were said before', async () => {
      await store.createConversation(aConversation());
      await givenExecution(store, 0, {}, { messages: [said('Where is my order?')] });
      expect(await store.record('conv_1')).toMatchObject({ visitorId: null, endUserId: null });
      expect(await store.claimRecord('conv_1', { visitorId: 'vis_1', endUserId: 'ada' })).toBe(true);
      expect(await store.claimRecord('conv_1', { visitorId: 'vis_2', endUserId: null })).toBe(false);
      expect(await store.claimRecord('conv_none', { visitorId: 'vis_2', endUserId: null })).toBe(false);
      expect(await store.record('conv_1')).toMatchObject({
        visitorId: 'vis_1',
        endUserId: 'ada',
        opening: 'Where is my order?',
        messageCount: 1,
      });
      expect(await ids()).toEqual(['conv_1']);
    });

    test('says what was said first and last, how often, and changes its revision with every message', async () => {
      const first = await given('conv_a', [said(`  Hello\n there ${'x'.repeat(200)}`, 'usr_1')]);
      const one = await store.record('conv_a');
      expect(one).toMatchObject({
        opening: `Hello there ${'x'.repeat(67)}…`,
        title: null,
        isPinned: false,
        messageCount: 1,
        createdAtMs: 500,
        updatedAtMs: 1_000,
        isDeleted: false,
      });
      const calls = [{ toolCallId: 'c1', name: 'x', input: {} }];
      await store.commit(
        aCommit(
          { ...first, version: 2 },
          {
            messages: [
              { clientId: null, message: { role: 'assistant', text: '', toolCalls: calls } },
              { clientId: null, message: TOOL },
              answered(`Here ${HOSTILE_TEXT}`, 'ast_1'),
            ],
          },
        ),
      );
      const two = await store.record('conv_a');
      expect(two).toMatchObject({ messageCount: 2, preview: expect.stringMatching(/^Here NUL , lone/) });
      expect(two?.opening).toBe(one?.opening);
      expect(two?.revision).not.toBe(one?.revision);
      await store.commit(aCommit({ ...first, version: 3 }));
      expect((await store.record('conv_a'))?.revision).toBe(two?.revision);
      expect(await store.record('conv_none')).toBeUndefined();
    });

    test('lists those with messages: pinned ones first, then the latest, page by page', async () => {
      await given('conv_1', [said('a')], { updatedAtMs: 1_000 });
      await given('conv_2', [said('b')], { updatedAtMs: 3_000 });
      await given('conv_3', [said('c')], { updatedAtMs: 2_000 });
      await given('conv_4', [said('d')], { updatedAtMs: 2_000 });
      await given('conv_x', [said('not mine')], { visitorId: 'vis_2' });
      await store.createConversation(aConversation({ id: 'conv_empty', visitorId: 'vis_1' }));
      await store.changeRecord('conv_1', { isPinned: true });
      const all = ['conv_1', 'conv_2', 'conv_4', 'conv_3'];
      expect(await ids()).toEqual(all);
      const paged: string[] = [];
      for (let after: Awaited<ReturnType<Store['records']>>[number] | undefined; ; ) {
        const [next] = await store.records({ visitorId: 'vis_1' }, { limit: 1, after });
        if (next === undefined) break;
        paged.push(next.id);
        after = next;
      }
      expect(paged).toEqual(all);
    });

    test('finds words of titles and of what was said, in whatever case, and nothing of tools', async () => {
      await given('conv_a', [said('Ein BLAUER Krug, 100%'), answered('Gewiß, der krug_1')]);
      const b = await given('conv_b', [said('A mug')], { updatedAtMs: 900 });
      await store.commit(aCommit({ ...b, version: 2 }, { messages: [{ clientId: null, message: TOOL }] }));
      await store.changeRecord('conv_b', { title: 'Früchte & ÄPFEL' });
      expect(await ids({ words: ['blauer', 'KRUG'] })).toEqual(['conv_a']);
      expect(await ids({ words: ['gewiß'] })).toEqual(['conv_a']);
      expect(await ids({ words: ['äpfel'] })).toEqual(['conv_b']);
      expect(await ids({ words: ['äpfel', 'mug'] })).toEqual(['conv_b']);
      expect(await ids({ words: ['blauer', 'mug'] })).toEqual([]);
      expect(await ids({ words: ['secret'] })).toEqual([]);
      expect(await ids({ words: ['100%'] })).toEqual(['conv_a']);
      expect(await ids({ words: ['krug_'] })).toEqual(['conv_a']);
      expect(await ids({ words: ['mu_'] })).toEqual([]);
      expect(await ids({ words: [HOSTILE_TEXT] })).toEqual([]);
    });

    test('takes a name and gives it back', async () => {
      await given('conv_a', [said('Hello')]);
      await store.changeRecord('conv_a', { title: 'My order', isPinned: true });
      expect(await store.record('conv_a')).toMatchObject({ title: 'My order', isPinned: true });
      await store.changeRecord('conv_a', { title: '' });
      expect(await store.record('conv_a')).toMatchObject({ title: null, isPinned: true });
      await store.changeRecord('conv_a', { isPinned: false });
      await store.changeRecord('conv_a', {});
      expect(await store.record('conv_a')).toMatchObject({ title: null, isPinned: false, opening: 'Hello' });
    });

    test('gives messages back in order, the last ones first, with what was shown for them', async () => {
      const execution = await given('conv_a', [
        { ...said('one', 'usr_1'), display: HOSTILE_TEXT },
        answered('two', 'ast_1'),
        said('three', 'usr_2'),
      ]);
      const all = await store.recordedMessages('conv_a', 1_000, 10);
      expect(all.map(({ position, clientId, display }) => [position, clientId, display])).toEqual([
        [0, 'usr_1', HOSTILE_TEXT],
        [1, 'ast_1', null],
        [2, 'usr_2', null],
      ]);
      expect(all[0]).toMatchObject({ message: userMessage('one'), createdAtMs: 1_750_000_000_000 });
      expect((await store.recordedMessages('conv_a', 2, 1)).map(({ position }) => position)).toEqual([1]);
      const before = await store.record('conv_a');
      const revision = await store.saveDisplays('conv_a', [
        { clientId: 'ast_1', display: 'shown two' },
        { clientId: 'nobody', display: 'x' },
      ]);
      expect(revision).not.toBe(before?.revision);
      expect(revision).toBe((await store.record('conv_a'))?.revision);
      const [message] = await store.recordedMessages('conv_a', 2, 1);
      expect(message?.display).toBe('shown two');
      expect(await store.messages('conv_a')).toHaveLength(3);
      expect(execution.conversationId).toBe('conv_a');
    });

    test('a message takes the place of an earlier one and of all after it, with its turn or not at all', async () => {
      await given('conv_a', [
        said('keep', 'usr_1'),
        answered('kept', 'ast_1'),
        said('tpyo', 'usr_2'),
        answered('what?', 'ast_2'),
      ]);
      const next = (expectedMessages: number) =>
        store.createExecution(
          aNewExecution(anExecution({ id: 'exec_next', conversationId: 'conv_a' }), {
            expectedMessages,
            replacesFrom: 2,
            messages: [said('typo', 'usr_3')],
          }),
        );
      expect(await next(3)).toBe('moved_on');
      expect(await store.recordedMessages('conv_a', 99, 99)).toHaveLength(4);
      expect(await next(4)).toBe('created');
      expect(
        (await store.messages('conv_a')).map(({ position, clientId, isReplaced }) => [
          position,
          clientId,
          isReplaced ?? false,
        ]),
      ).toEqual([
        [0, 'usr_1', false],
        [1, 'ast_1', false],
        [2, 'usr_2', true],
        [3, 'ast_2', true],
        [4, 'usr_3', false],
      ]);
      expect((await store.recordedMessages('conv_a', 99, 99)).map(({ clientId }) => clientId)).toEqual([
        'usr_1',
        'ast_1',
        'usr_3',
      ]);
      expect(await store.record('conv_a')).toMatchObject({
        opening: 'keep',
        preview: 'typo',
        messageCount: 3,
      });
      expect((await store.latestExecution('conv_a'))?.id).toBe('exec_next');
      expect(await ids({ words: ['tpyo'] })).toEqual([]);
    });

    test('the first message replaced gives the conversation another beginning', async () => {
      await given('conv_a', [said('wrong', 'usr_1'), answered('oh', 'ast_1')]);
      const execution = anExecution({ id: 'exec_next', conversationId: 'conv_a' });
      const parts = { expectedMessages: 2, replacesFrom: 0, messages: [said('right', 'usr_2')] };
      expect(await store.createExecution(aNewExecution(execution, parts))).toBe('created');
      expect(await store.record('conv_a')).toMatchObject({
        opening: 'right',
        preview: 'right',
        messageCount: 1,
      });
    });

    test('a deleted conversation keeps nothing but that it is gone, and takes no more turns', async () => {
      const execution = await given('conv_a', [said('forget me', 'usr_1')]);
      await given('conv_b', [said('keep me')]);
      await store.saveSession(aSession({ conversationId: 'conv_a' }));
      await store.changeRecord('conv_a', { title: 'Secret', isPinned: true });
      await store.saveFeedback({
        id: 'fb_1',
        conversationId: 'conv_a',
        type: 'csat',
        messageId: null,
        rating: 1,
        comment: 'forget',
        createdAtMs: 1,
      });
      expect(await store.deleteRecord('conv_a', 7_000)).toBe('deleted');
      expect(await store.deleteRecord('conv_a', 8_000)).toBe('gone');
      expect(await store.deleteRecord('conv_none', 8_000)).toBe('gone');
      expect(await ids()).toEqual(['conv_b']);
      expect(await store.record('conv_a')).toMatchObject({
        isDeleted: true,
        visitorId: null,
        endUserId: null,
        title: null,
        opening: null,
        preview: null,
        messageCount: 0,
      });
      expect(await store.messages('conv_a')).toEqual([]);
      expect(await store.execution(execution.id)).toBeUndefined();
      expect(await store.eventsAfter(execution.id, 0, 10)).toEqual([]);
      expect(await store.session('session-hash')).toBeDefined();
      const late = anExecution({ id: 'exec_late', conversationId: 'conv_a' });
      expect(await store.createExecution(aNewExecution(late, { expectedMessages: 1 }))).toBe('deleted');
      expect(await store.createExecution(aNewExecution(late, { expectedMessages: 0 }))).toBe('deleted');
      expect(await store.claimRecord('conv_a', { visitorId: 'vis_2', endUserId: null })).toBe(false);
    });

    test.each(['running', 'awaiting'] as const)('nothing is deleted while a turn is %s', async (status) => {
      await givenExecution(store, 1, { status }, { messages: [said('hello')] });
      expect(await store.deleteRecord('conv_1', 7_000)).toBe('open');
      expect(await store.messages('conv_1')).toHaveLength(1);
    });

    test('of a deletion and a turn that begin at once, one comes too late', async () => {
      for (let round = 0; round < 10; round += 1) {
        const id = `conv_r${round}`;
        await given(id, [said('hello')]);
        const execution = anExecution({ id: `exec_n${round}`, conversationId: id });
        const [begun, deleted] = await Promise.all([
          store.createExecution(aNewExecution(execution, { expectedMessages: 1 })),
          store.deleteRecord(id, 1),
        ]);
        expect([
          ['created', 'open'],
          ['deleted', 'deleted'],
        ]).toContainEqual([begun, deleted]);
      }
    });

    test('retention takes expired visitors, and deleted conversations with the others', async () => {
      await store.createVisitor(aVisitor({ expiresAtMs: 2_000 }));
      await store.createVisitor(aVisitor({ id: 'vis_2', tokenHash: 'other', expiresAtMs: 2_001 }));
      await given('conv_a', [said('hello')]);
      await store.deleteRecord('conv_a', 1_500);
      const retention = { surfaceId: 'store', conversationsBeforeMs: 5_000, executionsBeforeMs: 5_000 };
      while (await store.removeOld([retention], 2_000, 1));
      expect(await store.visitor('visitor-hash', 0)).toBeUndefined();
      expect(await store.visitor('other', 0)).toBeDefined();
      expect(await store.record('conv_a')).toBeUndefined();
    });
  });
}
