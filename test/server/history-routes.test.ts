import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import type {
  ConversationResponse,
  ConversationSummary,
  ConversationsResponse,
} from '../../protocol/history.ts';
import { SESSION_HISTORY_PER_MINUTE } from '../../server/guard/rate-limits.ts';
import type { ModelEvent, ModelRequest } from '../../server/models/model.ts';
import {
  aServer,
  calls,
  eventsOf,
  framesOf,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  says,
  type TestServer,
} from '../support/server.ts';

/** Calls the tool that it is offered for “search”, never ends for “wait”, else repeats what it was told. */
async function* echo({ messages, tools, signal }: ModelRequest): AsyncGenerator<ModelEvent> {
  const last = messages.at(-1);
  if (last?.role === 'tool') return yield* says('Found a mug.');
  const part = last?.role === 'user' ? last.content.findLast(({ type }) => type === 'text') : undefined;
  const typed = part?.type === 'text' ? part.text : '';
  if (typed === 'search')
    return yield* calls({ name: tools[0]?.name ?? '', input: { query: 'mug' }, id: 'c1' });
  if (typed === 'wait') {
    yield { type: 'text', delta: 'One moment' };
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
  yield* says(`You said ${typed}.`);
}

describe('the history of a visitor', () => {
  let server: TestServer;
  let visitorToken: string;
  let sessionId: string;
  let conversationId: string;
  beforeEach(async () => {
    server = await aServer({ model: echo });
    const first = await server.init({ visitorHistory: true });
    visitorToken = first.visitor?.token ?? '';
    ({ sessionId, conversationId } = await server.init({ visitorToken, sessionId: first.sessionId }));
  });
  afterEach(() => server.close());

  const ask = (
    path = '',
    { method = 'GET', body, query = '' }: { method?: string; body?: object; query?: string } = {},
  ) =>
    server.request(`/v1/client/conversations${path}?sessionId=${sessionId}${query}`, {
      method,
      headers: {
        origin: STORE_ORIGIN,
        'x-visitor-token': visitorToken,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const json = async <T>(answer: Promise<Response>): Promise<T> => {
    const settled = await answer;
    if (settled.status !== 200) throw new Error(`Answered ${settled.status}: ${await settled.text()}`);
    expect(settled.headers.get('x-history-identity-status')).toBe('not_provided');
    return (await settled.json()) as T;
  };
  const list = (query = '') => json<ConversationsResponse>(ask('', { query }));
  const read = (id = conversationId, query = '') => json<ConversationResponse>(ask(`/${id}`, { query }));
  let said = 0;
  const say = async (content: unknown, rest: object = {}, session = sessionId): Promise<StreamEvent[]> => {
    said += 1;
    const message = { id: `usr_${said}`, role: 'user', content };
    return eventsOf(
      await server.chat({
        sessionId: session,
        messages: [message],
        assistantMessageId: `ast_${said}`,
        ...rest,
      }),
    );
  };
  /** Another conversation of the same visitor. */
  const another = async (content: string) => {
    server.advance(1_000);
    const opened = await server.init({ visitorToken });
    await say(content, {}, opened.sessionId);
    return opened.conversationId;
  };

  test('lists conversations by their latest turn, with what was said first and last', async () => {
    await say('First   words');
    const second = await another('second');
    await server.init({ visitorToken });
    expect(await list()).toEqual({
      data: [
        expect.objectContaining({ id: second, title: 'second' }),
        {
          id: conversationId,
          title: 'First words',
          targetId: 'store',
          flowId: 'store',
          preview: 'You said First words.',
          messageCount: 2,
          createdAt: '2026-11-20T10:00:00.000Z',
          updatedAt: '2026-11-20T10:00:00.000Z',
          pinned: false,
        },
      ],
      nextCursor: null,
    });
    server.advance(1_000);
    await say('again');
    expect((await list()).data.map(({ id }) => id)).toEqual([conversationId, second]);
  });

  test('goes on from page to page, and narrows to an agent', async () => {
    await say('zero');
    const ids = [conversationId];
    for (const words of ['one', 'two', 'three', 'four']) ids.unshift(await another(words));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: ConversationsResponse = await list(`&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(ids);
    expect((await list('&targetId=store')).data).toHaveLength(5);
    expect((await list('&targetId=another')).data).toEqual([]);
  });

  test('finds what was said and how it was called', async () => {
    await say('Where is my BLUE mug?');
    const other = await another('Opening hours');
    await json(ask(`/${other}`, { method: 'PATCH', body: { title: 'Besuch im Café' } }));
    const search = (body: object) => json<ConversationsResponse>(ask('/search', { method: 'POST', body }));
    const found = async (q: string) => (await search({ q })).data.map(({ id }) => id);
    expect(await found('blue')).toEqual([conversationId]);
    expect(await found('mug blue')).toEqual([conversationId]);
    expect(await found('CAFÉ')).toEqual([other]);
    expect(await found('café opening')).toEqual([other]);
    expect(await found('you said')).toHaveLength(2);
    expect(await found('%')).toEqual([]);
    expect(await found(' ')).toHaveLength(2);
    expect(await found('nothing of that')).toEqual([]);
  });

  test('takes names and pins', async () => {
    await say('hello');
    const newer = await another('newer');
    const changed = await json<ConversationSummary>(
      ask(`/${conversationId}`, { method: 'PATCH', body: { title: '  My\u0000 order\n', pinned: true } }),
    );
    expect(changed).toMatchObject({ id: conversationId, title: 'My order', pinned: true });
    expect((await list()).data.map(({ id }) => id)).toEqual([conversationId, newer]);
    await json(ask(`/${conversationId}`, { method: 'PATCH', body: { title: '' } }));
    await json(ask(`/${conversationId}`, { method: 'PATCH', body: { pinned: false } }));
    expect((await list()).data.map(({ id, title }) => [id, title])).toEqual([
      [newer, 'newer'],
      [conversationId, 'hello'],
    ]);
  });

  test('gives messages back with the receipts of calls and what was attached', async () => {
    const tools = { clientTools: [SEARCH_TOOL], clientToolsFingerprint: 'a' };
    const [start] = await say('search', tools);
    await eventsOf(
      await server.resume({
        sessionId,
        executionId: start?.executionId,
        toolOutputs: { c1: { content: [{ type: 'text', text: '1 mug' }] } },
      }),
    );
    await say([
      { type: 'image', image: 'data:image/png;base64,iVBORw0KGgo=', alt: 'mug.png' },
      { type: 'file', data: 'data:text/plain;base64,YQ==', mimeType: 'text/plain', filename: 'a.txt' },
      { type: 'text', text: 'this one' },
    ]);
    const answer = await read();
    const timestamp: string = expect.stringMatching(/^2026-11-20T10:00:00\.00\dZ$/);
    expect(answer).toMatchObject({
      id: conversationId,
      title: 'search',
      messageCount: 4,
      nextMessageCursor: null,
    });
    expect(answer.messages).toEqual([
      { id: `usr_${said - 1}`, role: 'user', content: 'search', displayAvailable: true, timestamp },
      {
        id: expect.any(String),
        role: 'assistant',
        content: 'Found a mug.',
        displayAvailable: true,
        timestamp,
        calls: [
          {
            toolCallId: 'c1',
            name: 'search_products',
            input: { query: 'mug' },
            result: '1 mug',
            isError: false,
          },
        ],
      },
      {
        id: `usr_${said}`,
        role: 'user',
        content: 'this one',
        displayAvailable: true,
        timestamp,
        attachments: [
          { filename: 'mug.png', mimeType: 'image/png' },
          { filename: 'a.txt', mimeType: 'text/plain' },
        ],
      },
      {
        id: `ast_${said}`,
        role: 'assistant',
        content: 'You said this one.',
        displayAvailable: true,
        timestamp,
      },
    ]);
  });

  test('shows a call that waits to nobody, and one that nobody answered as what it was', async () => {
    await say('search', { clientTools: [SEARCH_TOOL], clientToolsFingerprint: 'a' });
    expect((await read()).messages.map(({ role }) => role)).toEqual(['user']);
    await say('never mind');
    const [, call] = (await read()).messages;
    expect(call).toMatchObject({
      role: 'assistant',
      content: '',
      displayAvailable: false,
      calls: [{ name: 'search_products', isError: true }],
    });
  });

  test('gives long conversations page by page, each beginning with a message of the visitor', async () => {
    for (let turn = 0; turn < 70; turn += 1) {
      await say(`turn ${turn}`);
      server.advance(61_000 / 20);
    }
    const texts: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages += 1) {
      const page: ConversationResponse = await read(conversationId, cursor && `&messageCursor=${cursor}`);
      expect(page.messages[0]?.role).toBe('user');
      texts.unshift(...page.messages.map(({ content }) => content));
      cursor = page.nextMessageCursor;
    }
    expect(pages).toBe(2);
    expect(texts).toEqual(
      Array.from({ length: 70 }, (_, turn) => [`turn ${turn}`, `You said turn ${turn}.`]).flat(),
    );
  });

  test('says with its revision whether anything has changed', async () => {
    const revision = async () => (await read()).conversationRevision;
    await say('one');
    const first = await revision();
    expect(await revision()).toBe(first);
    expect((await server.init({ visitorToken, sessionId })).conversationRevision).toBe(first);
    await say('two');
    expect(await revision()).not.toBe(first);
  });

  test('shows what a message was replaced with, and not the earlier one', async () => {
    await say('tpyo');
    const replaced = `usr_${said}`;
    await say('typo', { replacesMessageId: replaced });
    expect((await read()).messages.map(({ content }) => content)).toEqual(['typo', 'You said typo.']);
    expect((await list()).data).toMatchObject([{ title: 'typo', messageCount: 2 }]);
  });

  test('keeps what the widget showed instead of the words', async () => {
    await say('hello');
    const { conversationRevision: before } = await read();
    const project = (messages: object[]) =>
      ask(`/${conversationId}/display-projections`, { method: 'PATCH', body: { messages } });
    const { conversationRevision } = await json<{ conversationRevision: string }>(
      project([
        { id: `ast_${said}`, displayContent: 'A card' },
        { id: 'ast_unknown', displayContent: 'x' },
      ]),
    );
    expect(conversationRevision).not.toBe(before);
    expect((await read()).messages[1]).toMatchObject({
      content: 'You said hello.',
      displayContent: 'A card',
    });
    const most = 'x'.repeat(32_768);
    expect((await project([{ id: 'a', displayContent: most }])).status).toBe(200);
    expect(await refusal(await project([{ id: 'a', displayContent: `${most}x` }]))).toBe(
      '400 invalid_request',
    );
    const both = [
      { id: 'a', displayContent: most },
      { id: 'b', displayContent: 'x'.repeat(49_152 - 32_768) },
    ];
    expect((await project(both)).status).toBe(200);
    expect(await refusal(await project([...both, { id: 'c', displayContent: 'x' }]))).toBe(
      '400 invalid_request',
    );
    const many = Array.from({ length: 1_001 }, (_, index) => ({ id: `m${index}`, displayContent: '' }));
    expect(await refusal(await project(many))).toBe('400 invalid_request');
  });

  test('keeps what the visitor was shown of their own message', async () => {
    await eventsOf(
      await server.chat({
        sessionId,
        messages: [{ id: 'usr_d', role: 'user', content: 'context and words', displayContent: 'words' }],
      }),
    );
    expect((await read()).messages[0]).toMatchObject({
      content: 'context and words',
      displayContent: 'words',
    });
  });

  test('forgets a conversation for good, and its session takes no more', async () => {
    await say('forget me');
    const other = await another('keep me');
    expect(await json(ask(`/${conversationId}`, { method: 'DELETE' }))).toEqual({ deleted: 1 });
    expect((await list()).data.map(({ id }) => id)).toEqual([other]);
    expect(await server.store.messages(conversationId)).toEqual([]);
    for (const method of ['GET', 'DELETE']) {
      expect(await refusal(await ask(`/${conversationId}`, { method }))).toBe('404 not_found');
    }
    const late = await server.chat({ sessionId });
    expect(late.status).toBe(410);
    expect(await late.json()).toMatchObject({ error: 'conversation_deleted' });
    const resume = await server.resume({ sessionId, executionId: 'exec_1', toolOutputs: { a: 1 } });
    expect(await refusal(resume)).toBe('410 conversation_deleted');
    const reopened = await server.post('/v1/client/init', {
      token: 'ct_test_store',
      visitorToken,
      conversationId,
    });
    expect(await refusal(reopened)).toBe('404 not_found');
    const fresh = await server.init({ visitorToken, sessionId });
    expect(fresh.conversationId).not.toBe(conversationId);
    expect((await server.init({ sessionId })).conversationId).not.toBe(conversationId);
  });

  test('ends an answer that runs before it forgets it, and whoever reads along is let go', async () => {
    const running = await server.chat({
      sessionId,
      messages: [{ id: 'usr_w', role: 'user', content: 'wait' }],
    });
    const reader = running.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('One moment')) text += (await reader?.read())?.value ?? '';
    expect(await json(ask(`/${conversationId}`, { method: 'DELETE' }))).toEqual({ deleted: 1 });
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read())
      text += piece.value;
    const executionId = framesOf(text).at(-1)?.data.executionId ?? '';
    expect(await server.store.execution(executionId)).toBeUndefined();
    expect(await refusal(await server.follow(sessionId, executionId))).toBe('410 conversation_deleted');
    expect(await refusal(await server.cancel({ sessionId, executionId }))).toBe('410 conversation_deleted');
    expect(await server.store.messages(conversationId)).toEqual([]);
  });

  test('forgets a call that waits, whose output then comes too late', async () => {
    const [start] = await say('search', { clientTools: [SEARCH_TOOL], clientToolsFingerprint: 'a' });
    await json(ask(`/${conversationId}`, { method: 'DELETE' }));
    const late = await server.resume({
      sessionId,
      executionId: start?.executionId,
      toolOutputs: { c1: 'x' },
    });
    expect(await refusal(late)).toBe('410 conversation_deleted');
  });

  test('forgets all conversations at once, of one agent or of all', async () => {
    await say('one');
    await another('two');
    await another('three');
    expect(await json(ask('', { method: 'DELETE', query: '&targetId=another' }))).toEqual({ deleted: 0 });
    expect(await json(ask('', { method: 'DELETE' }))).toEqual({ deleted: 3 });
    expect((await list()).data).toEqual([]);
    expect(await json(ask('', { method: 'DELETE' }))).toEqual({ deleted: 0 });
  });

  test.each([
    ['a page of nothing', '', '&limit=0', '400 invalid_request'],
    ['a page without end', '', '&limit=101', '400 invalid_request'],
    ['a page that is no number', '', '&limit=x', '400 invalid_request'],
    ['a cursor of somebody else', '', '&cursor=abc', '400 invalid_cursor'],
    ['a cursor of messages that is none', '/conv_1', '&messageCursor=-1', '404 not_found'],
    ['two sessions', '', '&sessionId=cs_other', '400 invalid_request'],
  ])('%s is refused', async (_, path, query, code) => {
    expect(await refusal(await ask(path, { query }))).toBe(code);
  });

  test.each([{ q: 'x'.repeat(201) }, { q: 7 }, {}])('a search for %j is refused', async (body) => {
    expect(await refusal(await ask('/search', { method: 'POST', body }))).toBe('400 invalid_request');
  });

  test('a cursor of messages that is none is refused', async () => {
    expect(await refusal(await ask(`/${conversationId}`, { query: '&messageCursor=x' }))).toBe(
      '400 invalid_cursor',
    );
  });

  test('what changes nothing changes nothing, and what is no change is refused', async () => {
    await say('hello');
    expect((await ask(`/${conversationId}`, { method: 'PATCH', body: {} })).status).toBe(200);
    for (const body of [{ pinned: 'yes' }, { title: 7 }, { title: 'x'.repeat(201) }, []]) {
      expect(await refusal(await ask(`/${conversationId}`, { method: 'PATCH', body }))).toBe(
        '400 invalid_request',
      );
    }
  });

  test('a session looks only so often', async () => {
    const answers: Response[] = [];
    for (let look = 0; look <= SESSION_HISTORY_PER_MINUTE; look += 1) answers.push(await ask());
    expect(answers.at(-2)?.status).toBe(200);
    expect(answers.at(-1)?.status).toBe(429);
    expect(answers.at(-1)?.headers.get('retry-after')).toMatch(/^[1-9]/);
  });

  test('a page of the server’s own origin may look, whose browser names no origin', async () => {
    await say('hello');
    const looks = (headers: Record<string, string>) =>
      server.request(`/v1/client/conversations?sessionId=${sessionId}`, { headers });
    expect((await looks({ 'x-visitor-token': visitorToken, 'sec-fetch-site': 'same-origin' })).status).toBe(
      200,
    );
    expect(await refusal(await looks({ 'sec-fetch-site': 'same-origin' }))).toBe('403 origin_not_allowed');
    expect(
      await refusal(await looks({ 'x-visitor-token': visitorToken, 'sec-fetch-site': 'cross-site' })),
    ).toBe('403 origin_not_allowed');
  });
});
