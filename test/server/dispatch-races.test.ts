import { expect, test } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { Store } from '../../server/store/store.ts';
import {
  admission,
  bench,
  expectEachCallAnswered,
  pageTool,
  read,
  spoken,
  user,
} from '../support/dispatching.ts';
import { call, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

/** The same store, for a process that is held up once in the middle of looking at a conversation. */
function heldUp(
  store: Store,
  method: 'messages' | 'latestExecution',
  meanwhile: () => Promise<unknown>,
): Store {
  let isFirst = true;
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== method) return value.bind(target);
      return async (...parameters: readonly unknown[]) => {
        const result: unknown = await value.apply(target, parameters);
        if (isFirst) {
          isFirst = false;
          await meanwhile();
        }
        return result;
      };
    },
  });
}

test.each(['messages', 'latestExecution'] as const)(
  'one message that comes to two processes at once is one answer, whoever starts it (between reading %s and the next look)',
  async (method) => {
    const store = await openSqliteStore(':memory:');
    const { passed, open } = gate();
    const message = { messages: [user('two', 'usr_2')] };
    const first = await bench(scriptedModel(says('One'), [...text('Hel'), passed, ...says('lo')]), store);
    await first.say('one');
    let started: Awaited<ReturnType<typeof first.start>> | undefined;
    const second = await bench(
      scriptedModel(says('Again')),
      heldUp(store, method, async () => {
        started = await first.start(message);
      }),
    );
    const again = await second.start(message);
    expect(again.executionId).toBe(started?.executionId);
    open();
    expect(spoken(await read(again))).toBe('Hello');
  },
);

test('one message that comes again while its whole answer is given elsewhere gets that answer', async () => {
  const store = await openSqliteStore(':memory:');
  const message = { messages: [user('one', 'usr_1')] };
  const first = await bench(scriptedModel(says('Hello')), store);
  const second = await bench(
    scriptedModel(says('Again')),
    heldUp(store, 'latestExecution', async () => read(await first.start(message))),
  );
  expect(spoken(await read(await second.start(message)))).toBe('Hello');
});

test('one message that comes again while the next one is answered elsewhere does not get the answer to that', async () => {
  const store = await openSqliteStore(':memory:');
  const message = { messages: [user('one', 'usr_1')] };
  const first = await bench(scriptedModel(says('To one'), says('To two')), store);
  await read(await first.start(message));
  const second = await bench(
    scriptedModel(),
    heldUp(store, 'messages', async () => first.say('two', { messages: [user('two', 'usr_2')] })),
  );
  await expect(second.start(message)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('a new message that meets a pause, while the answer goes on elsewhere to its next pause, ends it there', async () => {
  const store = await openSqliteStore(':memory:');
  const model = scriptedModel(makes(call('c1', 'webmcp__search')), makes(call('c2', 'webmcp__search')));
  const first = await bench(model, store);
  const paused = await first.say('find', { admission: admission(pageTool('search')) });
  const executionId = paused[0]?.executionId ?? '';
  const second = await bench(
    scriptedModel(says('Now this.')),
    heldUp(store, 'latestExecution', async () => read(await first.resume(executionId, { c1: 'mug' }))),
  );
  expect(spoken(await second.say('two'))).toBe('Now this.');
  expect((await first.wholeLog(executionId)).at(-1)).toMatchObject({ endedBy: 'new_message' });
  expectEachCallAnswered(await first.messages());
});

test.each([
  ['of the process', { maxRunning: 3 }, {}],
  ['of one token', {}, { maxRunning: 3 }],
])('messages that come at the same time find the room %s, and no more', async (_, process, share) => {
  const store = await openSqliteStore(':memory:');
  const { passed, open } = gate();
  const model = scriptedModel(...Array.from({ length: 10 }, () => [passed, ...says('Hello')]));
  const { start, dispatcher } = await bench(model, store, process);
  const ids = Array.from({ length: 10 }, (_, index) => `conv_busy_${index}`);
  const conversation = await store.conversation('conv_1');
  for (const id of ids)
    if (conversation !== undefined) await store.createConversation({ ...conversation, id });
  const answers = await Promise.allSettled(
    ids.map((conversationId) => start({ conversationId, messages: [user('one', 'usr_1')], ...share })),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  open();
  await dispatcher.close(1_000);
});

test('outputs that come at the same time find the room of the token, and no more', async () => {
  const store = await openSqliteStore(':memory:');
  const { passed, open } = gate();
  const calls = Array.from({ length: 5 }, (_, index) => makes(call(`c${index}`, 'webmcp__search')));
  const words = Array.from({ length: 5 }, () => [passed, ...says('Hello')]);
  const { start, resume, dispatcher } = await bench(scriptedModel(...calls, ...words), store);
  const conversation = await store.conversation('conv_1');
  const paused: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    const conversationId = `conv_busy_${index}`;
    if (conversation !== undefined) await store.createConversation({ ...conversation, id: conversationId });
    const answer = await start({ conversationId, admission: admission(pageTool('search')) });
    await read(answer);
    paused.push(answer.executionId);
  }
  const bring = (executionId: string, index: number) =>
    resume(executionId, { [`c${index}`]: 'mug' }, { conversationId: `conv_busy_${index}`, maxRunning: 2 });
  const answers = await Promise.allSettled(paused.map(bring));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  open();
  await dispatcher.close(1_000);
});
