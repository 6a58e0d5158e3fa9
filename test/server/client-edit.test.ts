import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ModelEvent, ModelRequest } from '../../server/models/model.ts';
import {
  aServer,
  calls,
  eventsOf,
  framesOf,
  refusal,
  SEARCH_TOOL,
  says,
  type TestServer,
} from '../support/server.ts';

const user = (id: string, content: string) => ({ id, role: 'user', content });
const assistant = (id: string, content: string) => ({ id, role: 'assistant', content });
const spoken = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => (event.type === 'text_delta' ? [event.delta] : [])).join('');

/** Calls a tool for “search”, stays silent for “wait”, else repeats what it was told last. */
async function* echo({ messages, tools, signal }: ModelRequest): AsyncGenerator<ModelEvent> {
  const last = messages.at(-1);
  if (last?.role === 'tool') return yield* says('Found.');
  const [part] = last?.role === 'user' ? last.content : [];
  const typed = part?.type === 'text' ? part.text : '';
  if (typed === 'search' && tools.length > 0) return yield* calls({ name: tools[0]?.name ?? '' });
  if (typed === 'wait') {
    yield { type: 'text', delta: 'One moment' };
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  yield* says(`You said ${typed}.`);
}

describe('a message that takes the place of an earlier one', () => {
  let server: TestServer;
  let sessionId: string;
  let conversationId: string;
  beforeEach(async () => {
    server = await aServer({ model: echo });
    ({ sessionId, conversationId } = await server.init());
  });
  afterEach(() => server.close());

  const chat = (messages: object[], rest: object = {}) => server.chat({ sessionId, messages, ...rest });
  const said = async (messages: object[], rest: object = {}) =>
    spoken(await eventsOf(await chat(messages, rest)));
  const lastAsked = () =>
    server.asked
      .at(-1)
      ?.messages.map((message) =>
        message.role === 'user'
          ? message.content.map((part) => (part.type === 'text' ? part.text : part.type)).join()
          : message.role === 'assistant'
            ? message.text
            : 'results',
      );
  const one = user('usr_1', 'one');
  const oneAnswer = assistant('ast_1', 'You said one.');
  const given = async () => {
    await said([one], { assistantMessageId: 'ast_1' });
    await said([one, oneAnswer, user('usr_2', 'tow')], { assistantMessageId: 'ast_2' });
  };

  test('is announced', async () => {
    expect((await server.init()).capabilities).toContain('edit');
  });

  test('the model reads it instead, and nothing of what followed the earlier one', async () => {
    await given();
    expect(await said([one, oneAnswer, user('usr_3', 'two')], { replacesMessageId: 'usr_2' })).toBe(
      'You said two.',
    );
    expect(lastAsked()).toEqual(['one', 'You said one.', 'two']);
    await said([
      one,
      oneAnswer,
      user('usr_3', 'two'),
      assistant('x', 'You said two.'),
      user('usr_4', 'three'),
    ]);
    expect(lastAsked()).toEqual(['one', 'You said one.', 'two', 'You said two.', 'three']);
  });

  test('the same words under a new id get another answer', async () => {
    await given();
    await said([one, oneAnswer, user('usr_2b', 'tow')], { replacesMessageId: 'usr_2' });
    expect(lastAsked()).toEqual(['one', 'You said one.', 'tow']);
    expect(server.asked).toHaveLength(3);
  });

  test('the first message can be replaced', async () => {
    await given();
    await said([user('usr_3', 'anew')], { replacesMessageId: 'usr_1' });
    expect(lastAsked()).toEqual(['anew']);
  });

  test('the same request again gets the same answer and starts nothing', async () => {
    await given();
    const request = [one, oneAnswer, user('usr_3', 'two')];
    const first = await eventsOf(await chat(request, { replacesMessageId: 'usr_2' }));
    const again = await eventsOf(await chat(request, { replacesMessageId: 'usr_2' }));
    expect(again).toEqual(first);
    expect(server.asked).toHaveLength(3);
  });

  test('twenty of the same at once start one turn', async () => {
    await given();
    const request = [one, oneAnswer, user('usr_3', 'two')];
    const answers = await Promise.all(
      Array.from({ length: 15 }, async () =>
        spoken(await eventsOf(await chat(request, { replacesMessageId: 'usr_2' }))),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['You said two.']));
    expect(server.asked).toHaveLength(3);
  });

  test('an answer that still runs ends first, and its words go with it', async () => {
    await said([one], { assistantMessageId: 'ast_1' });
    const running = await chat([one, oneAnswer, user('usr_2', 'wait')]);
    const reader = running.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('One moment')) text += (await reader?.read())?.value ?? '';
    await said([one, oneAnswer, user('usr_3', 'two')], { replacesMessageId: 'usr_2' });
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read())
      text += piece.value;
    expect(framesOf(text).at(-1)?.data).toMatchObject({ endedBy: 'new_message' });
    expect(lastAsked()).toEqual(['one', 'You said one.', 'two']);
  });

  test('an answer that waits for a tool ends first, and its call goes with it', async () => {
    const [start] = await eventsOf(
      await chat([user('usr_1', 'search')], { clientTools: [SEARCH_TOOL], clientToolsFingerprint: 'a' }),
    );
    await said([user('usr_2', 'two')], { replacesMessageId: 'usr_1' });
    expect(lastAsked()).toEqual(['two']);
    const late = await server.resume({
      sessionId,
      executionId: start?.executionId,
      toolOutputs: { call_1: 'x' },
    });
    expect(late.status).toBe(409);
  });

  test('a tab that did not hear of it does not bring the earlier message back', async () => {
    await given();
    await said([one, oneAnswer, user('usr_3', 'two')], { replacesMessageId: 'usr_2' });
    await said([
      one,
      oneAnswer,
      user('usr_2', 'tow'),
      assistant('ast_2', 'You said tow.'),
      user('usr_4', 'four'),
    ]);
    expect(lastAsked()).toEqual(['one', 'You said one.', 'two', 'You said two.', 'four']);
  });

  test.each<[string, { replacesMessageId: string; last?: object }, string]>([
    ['that never was', { replacesMessageId: 'usr_9' }, '404 message_not_found'],
    ['of the assistant', { replacesMessageId: 'ast_2' }, '404 message_not_found'],
    [
      'with one that has no id',
      { replacesMessageId: 'usr_2', last: { role: 'user', content: 'x' } },
      '400 invalid_request',
    ],
    ['with nothing', { replacesMessageId: 'usr_2', last: user('usr_3', ' ') }, '400 invalid_request'],
  ])('a message %s is refused, and nothing is lost', async (_, { replacesMessageId, last }, code) => {
    await given();
    const messages = [one, oneAnswer, last ?? user('usr_3', 'two')];
    expect(await refusal(await chat(messages, { replacesMessageId }))).toBe(code);
    expect((await server.store.messages(conversationId)).some(({ isReplaced }) => isReplaced)).toBe(false);
  });

  test('what was replaced before cannot be replaced again', async () => {
    await given();
    await said([one, oneAnswer, user('usr_3', 'two')], { replacesMessageId: 'usr_2' });
    const again = await chat([one, oneAnswer, user('usr_4', 'too')], { replacesMessageId: 'usr_2' });
    expect(await refusal(again)).toBe('404 message_not_found');
  });
});
