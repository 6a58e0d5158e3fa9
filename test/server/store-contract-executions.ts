import { beforeEach, describe, expect, test } from 'vitest';
import type { Execution, Store } from '../../server/store/store.ts';
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

/** What every engine must keep of executions. */
export function executionsContract(current: () => Store): void {
  describe('executions', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

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

    test('stores a new conversation with its first execution, or neither', async () => {
      const newConversation = aConversation({
        owner: { kind: 'api_key', hash: 'key-hash' },
        surfaceId: null,
      });
      const outcome = { keyHash: 'key', requestHash: 'request', after: 0, expiresAtMs: 1_000 };
      await givenExecution(store, 0, { id: 'exec_0' }, { outcome: { ...outcome, executionId: 'exec_0' } });
      const messages = [{ clientId: 'usr_1', message: userMessage('hello') }];
      const taken = { newConversation, messages, outcome: { ...outcome, executionId: 'exec_1' } };
      expect(await store.createExecution(aNewExecution(anExecution(), taken))).toBe('moved_on');
      const gap = [...deltas('exec_1', 1, 2), ...deltas('exec_1', 4, 4)];
      await expect(
        store.createExecution(aNewExecution(anExecution(), { newConversation, events: gap })),
      ).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.conversation('conv_1')).toBeUndefined();

      const commit = aNewExecution(anExecution(), { newConversation, messages });
      expect(await store.createExecution(commit)).toBe('created');
      expect(await store.conversation('conv_1')).toEqual(newConversation);
      expect(await store.messages('conv_1')).toHaveLength(1);
      expect(await store.latestExecution('conv_1')).toEqual(commit.execution);
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

      await store.createExecution(aNewExecution(anExecution(), { events: deltas('exec_1', 1, 3), messages }));
      expect(await store.execution('exec_1')).toEqual(anExecution({ seq: 3 }));
      expect(await store.eventsAfter('exec_1', 0, 10)).toEqual(deltas('exec_1', 1, 3));
      expect(await store.messages('conv_1')).toEqual([{ position: 0, ...messages[0] }]);
    });

    test('refuses an execution id twice, and one of an unknown conversation', async () => {
      await givenExecution(store);
      await store.createConversation(aConversation({ id: 'conv_2' }));
      const again = aNewExecution(anExecution({ conversationId: 'conv_2' }));
      await expect(store.createExecution(again)).rejects.toMatchObject({ code: 'conflict' });
      const orphan = anExecution({ id: 'exec_2', conversationId: 'conv_none' });
      await expect(store.createExecution(aNewExecution(orphan))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('begins no second turn while one runs or waits', async () => {
      const first = await givenExecution(store, 1);
      const second = anExecution({ id: 'exec_2' });
      expect(await store.createExecution(aNewExecution(second))).toBe('moved_on');
      await store.commit(aCommit({ ...first, version: 2, status: 'awaiting' }));
      expect(await store.createExecution(aNewExecution(second))).toBe('moved_on');
      expect(await store.execution('exec_2')).toBeUndefined();
      await store.commit(aCommit({ ...first, version: 3, status: 'complete' }));
      expect(await store.createExecution(aNewExecution(second))).toBe('created');
    });

    test('begins no turn that was planned for other messages', async () => {
      const messages = [{ clientId: null, message: userMessage('hello') }];
      const first = await givenExecution(store, 0, {}, { messages });
      await store.commit(aCommit({ ...first, version: 2, status: 'complete' }));
      const second = (expectedMessages: number) =>
        store.createExecution(aNewExecution(anExecution({ id: 'exec_2' }), { expectedMessages, messages }));
      expect(await second(0)).toBe('moved_on');
      expect(await second(2)).toBe('moved_on');
      expect(await store.messages('conv_1')).toHaveLength(1);
      expect(await second(1)).toBe('created');
    });

    test('of many turns begun at once in one conversation exactly one begins, and is counted', async () => {
      await store.createConversation(aConversation());
      await store.saveSession(aSession());
      const count = { sessionIdHash: 'session-hash', limit: 100, expiresAtMs: 1_800_000_000_000 };
      const messages = [{ clientId: null, message: userMessage('hello') }];
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => {
          const execution = anExecution({ id: `exec_${index}` });
          const events = deltas(execution.id, 1, 2);
          return store.createExecution(aNewExecution(execution, { events, messages, count }));
        }),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'moved_on')).toHaveLength(19);
      expect(await store.messages('conv_1')).toHaveLength(1);
      expect(await store.session('session-hash')).toEqual(
        aSession({ messageCount: 1, expiresAtMs: 1_800_000_000_000 }),
      );
      const winner = `exec_${answers.indexOf('created')}`;
      expect((await store.latestExecution('conv_1'))?.id).toBe(winner);
    });

    test('a session starts as many turns as it may, also at once', async () => {
      await store.saveSession(aSession({ messageCount: 2 }));
      const count = { sessionIdHash: 'session-hash', limit: 5, expiresAtMs: 1_800_000_000_000 };
      const ids = Array.from({ length: 8 }, (_, index) => `exec_${index}`);
      for (const id of ids) await store.createConversation(aConversation({ id: `conv_${id}` }));
      const answers = await Promise.all(
        ids.map((id) =>
          store.createExecution(aNewExecution(anExecution({ id, conversationId: `conv_${id}` }), { count })),
        ),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(3);
      expect(answers.filter((answer) => answer === 'limit_reached')).toHaveLength(5);
      expect((await store.session('session-hash'))?.messageCount).toBe(5);
      const stored = await Promise.all(ids.map((id) => store.execution(id)));
      expect(stored.filter((execution) => execution !== undefined)).toHaveLength(3);
    });

    test('refuses to count for a session that is not there', async () => {
      await store.createConversation(aConversation());
      const count = { sessionIdHash: 'nobody', limit: 5, expiresAtMs: 1 };
      await expect(store.createExecution(aNewExecution(anExecution(), { count }))).rejects.toMatchObject({
        name: 'StoreError',
        code: 'conflict',
      });
      expect(await store.execution('exec_1')).toBeUndefined();
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
      const commit = { execution: { ...execution, version: 2, seq }, events, messages, lease: null, atMs: 1 };
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
      const next = { id: 'exec_2', conversationId: 'conv_1', createdAtMs: 1_700_000_000_001 };
      await givenExecution(store, 2, next);
      await givenExecution(store, 0, { id: 'exec_else' });
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
}
