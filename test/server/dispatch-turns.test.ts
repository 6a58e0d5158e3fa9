import { expect, test } from 'vitest';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  only,
  pageTool,
  read,
  shownError,
  spoken,
  types,
  user,
} from '../support/dispatching.ts';
import {
  call,
  finish,
  gate,
  makes,
  reasoning,
  says,
  scriptedModel,
  text,
} from '../support/scripted-model.ts';

test('an answer in words goes from start to end in order, and the log holds what was read', async () => {
  const { say, wholeLog, messages } = await bench(scriptedModel(says('Hel', 'lo', ' there')));
  const events = await say('Hi', { assistantMessageId: 'ast_1' });
  expect(types(events)).toEqual([
    'execution_start',
    'turn_start',
    'text_start',
    'text_delta',
    'text_complete',
    'turn_complete',
    'execution_complete',
  ]);
  expect(events[0]?.seq).toBe(1);
  expect(spoken(events)).toBe('Hello there');
  expect(only(events, 'text_start')[0]?.id).toBe('ast_1');
  expect(only(events, 'turn_complete')[0]).toMatchObject({
    iteration: 1,
    stopReason: 'end_turn',
    tokens: { input: 10, output: 5 },
  });
  expect(only(events, 'execution_complete')[0]).toMatchObject({
    kind: 'agent',
    success: true,
    stopReason: 'end_turn',
  });
  expect(await wholeLog(events[0]?.executionId ?? '')).toEqual(events);
  expect((await messages()).map(({ clientId, message }) => ({ clientId, message }))).toEqual([
    { clientId: null, message: { role: 'user', content: [{ type: 'text', text: 'Hi' }] } },
    { clientId: 'ast_1', message: { role: 'assistant', text: 'Hello there', toolCalls: [] } },
  ]);
});

test('a message while the first is being answered: the reader of the first sees its end', async () => {
  const hang = gate();
  const { start, messages } = await bench(
    scriptedModel([...text('Half an ans'), hang.passed, finish()], says('Second answer')),
  );
  const first = await start({ messages: [user('one', 'usr_1')] });
  const iterator = first.events[Symbol.asyncIterator]();
  for (let seen = await iterator.next(); seen.value?.type !== 'text_delta'; seen = await iterator.next());
  const second = await start({ messages: [user('one', 'usr_1'), user('two', 'usr_2')] });
  expect(spoken(await read(second))).toBe('Second answer');
  const events = await read(first);
  expect(types(events).slice(-3)).toEqual(['text_complete', 'turn_complete', 'execution_complete']);
  expect(only(events, 'execution_complete')[0]).toMatchObject({ success: false, stopReason: 'unknown' });
  expect(shownError(events)).toBe('');
  expectEachCallAnswered(await messages());
  expect((await messages()).map(({ message }) => ('text' in message ? message.text : message.role))).toEqual([
    'user',
    'Half an ans',
    'user',
    'Second answer',
  ]);
});

test('calls of page tools pause: awaits last, the answer ends without the ends of turn and execution', async () => {
  const { say } = await bench(
    scriptedModel([
      reasoning('hm'),
      ...text('Let me look.'),
      ...makes(call('c1', 'webmcp__search', { q: 'mug' }), call('c2', 'webmcp__search', { q: 'cup' })),
    ]),
  );
  const events = await say('find', { admission: admission(pageTool('search')), agent: agent(5) });
  expect(types(events)).toEqual([
    'execution_start',
    'custom',
    'turn_start',
    'reasoning_start',
    'reasoning_delta',
    'reasoning_complete',
    'text_start',
    'text_delta',
    'text_complete',
    'await',
    'await',
  ]);
  expect(only(events, 'await').map(({ executionId: _, seq: __, ...rest }) => rest)[0]).toEqual({
    type: 'await',
    toolCallId: 'c1',
    toolName: 'search',
    toolId: 'webmcp:search',
    origin: 'webmcp',
    pageOrigin: 'https://store.example.com',
    parameters: { q: 'mug' },
    awaitedAt: '2026-03-01T12:00:00.000Z',
  });
});
