import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import type { InitResponse } from '../../protocol/request.ts';
import type { ModelEvent, ModelRequest } from '../../server/models/model.ts';
import { bench } from '../support/dispatching.ts';
import { scriptedModel } from '../support/scripted-model.ts';
import {
  aServer,
  CONFIG,
  calls,
  eventsOf,
  framesOf,
  STORE_ORIGIN,
  STORE_TOKEN,
  says,
  type TestServer,
} from '../support/server.ts';

// The bodies are those that the open widget of this wire, version 4.17.0, sent from a browser, with ids made short.

const HEADERS = { 'x-persona-version': '4.17.0' };

const ASK = {
  name: 'ask_user_question',
  description:
    "Ask the user multiple-choice questions and wait for their answers. Use only when blocked on a decision that is the user's to make.",
  parametersSchema: {
    type: 'object',
    properties: {
      questions: {
        type: 'array',
        minItems: 1,
        maxItems: 8,
        items: {
          type: 'object',
          properties: {
            question: { type: 'string' },
            header: { type: 'string', maxLength: 12 },
            options: {
              type: 'array',
              minItems: 2,
              maxItems: 4,
              items: {
                type: 'object',
                properties: { label: { type: 'string' }, description: { type: 'string' } },
                required: ['label'],
                additionalProperties: false,
              },
            },
            multiSelect: { type: 'boolean' },
            allowFreeText: { type: 'boolean' },
          },
          required: ['question', 'options'],
          additionalProperties: false,
        },
      },
    },
    required: ['questions'],
    additionalProperties: false,
  },
  origin: 'sdk',
  annotations: { readOnlyHint: true },
};

const SUGGEST = {
  name: 'suggest_replies',
  description: 'Offer the user tappable quick-reply suggestions for their next message.',
  parametersSchema: {
    type: 'object',
    properties: {
      suggestions: {
        type: 'array',
        minItems: 1,
        maxItems: 4,
        items: {
          type: 'object',
          properties: {
            label: { type: 'string', minLength: 1, maxLength: 80 },
            prompt: { type: 'string', minLength: 1, maxLength: 500 },
          },
          required: ['label'],
          additionalProperties: false,
        },
      },
    },
    required: ['suggestions'],
    additionalProperties: false,
  },
  origin: 'sdk',
  annotations: { readOnlyHint: true },
};

const pageTool = (name: string) => ({
  name,
  description: `Does ${name} in this page.`,
  origin: 'webmcp',
  pageOrigin: STORE_ORIGIN,
  parametersSchema: { type: 'object', properties: { n: { type: 'integer' } } },
});

/** A page tool that was registered without a schema comes without one. */
const BARE_TOOL = { name: 'reload', description: 'Reloads.', origin: 'webmcp', pageOrigin: STORE_ORIGIN };

const CLIENT_TOOLS = [ASK, SUGGEST, pageTool('note'), pageTool('find'), BARE_TOOL];
const FINGERPRINT = '5:22hie1f67ce.zcb8pv4ib9';

const QUESTION = {
  questions: [
    { question: 'Which colour?', options: [{ label: 'Red' }, { label: 'Blue' }] },
    { question: 'Which size?', options: [{ label: 'Small' }, { label: 'Large' }], multiSelect: true },
  ],
};

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

/** What the model does with what was typed last, step by step. */
const SCRIPT: Record<string, readonly (() => Iterable<ModelEvent>)[]> = {
  hello: [() => says('Hello there.')],
  'hello again': [() => says('And again.')],
  note: [() => calls({ name: 'webmcp__note', input: { n: 1 }, id: 'c1' }), () => says('Noted.')],
  'note two': [
    () =>
      calls(
        { name: 'webmcp__note', input: { n: 1 }, id: 'c1' },
        { name: 'webmcp__note', input: { n: 2 }, id: 'c2' },
      ),
    () => says('Noted both.'),
  ],
  chain: [
    () => calls({ name: 'webmcp__find', input: { n: 7 }, id: 'c1' }),
    () => calls({ name: 'webmcp__note', input: { n: 7 }, id: 'c2' }),
    () => says('Found and noted.'),
  ],
  ask: [() => calls({ name: 'ask_user_question', input: QUESTION, id: 'c1' }), () => says('You chose well.')],
  mixed: [
    () =>
      calls(
        { name: 'webmcp__note', input: { n: 5 }, id: 'c1' },
        { name: 'ask_user_question', input: QUESTION, id: 'c2' },
      ),
    () => says('Mixed is done.'),
  ],
  suggest: [
    function* () {
      yield { type: 'text', delta: 'Here is my answer.' };
      yield* calls({ name: 'suggest_replies', input: { suggestions: [{ label: 'More' }] }, id: 'c1' });
    },
    () => [{ type: 'finish', reason: 'end_turn' }],
  ],
};

function scripted({ messages }: ModelRequest): Iterable<ModelEvent> {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  const said = messages[last];
  const typed =
    said?.role === 'user' ? said.content.flatMap((part) => (part.type === 'text' ? part.text : [])) : [];
  const step = messages.slice(last).filter(({ role }) => role === 'assistant').length;
  return SCRIPT[typed.join('')]?.[step]?.() ?? says(`I have no words for “${typed.join('')}”.`);
}

const types = (events: readonly StreamEvent[]) => events.map(({ type }) => type);
const awaits = (events: readonly StreamEvent[]) =>
  events.filter((event): event is EventOf<'await'> => event.type === 'await');
const spoken = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => (event.type === 'text_delta' ? [event.delta] : [])).join('');
async function untilText(response: Response): Promise<readonly StreamEvent[]> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: text_delta')) text += (await reader?.read())?.value ?? '';
  await reader?.cancel();
  return framesOf(text).map(({ data }) => data);
}

const output = (text: string) => ({ content: [{ type: 'text', text }] });

const ONE_TEXT = [
  'turn_start',
  'text_start',
  'text_delta',
  'text_complete',
  'turn_complete',
  'execution_complete',
];

describe('the open widget of this wire', () => {
  let server: TestServer;
  let sessionId: string;
  beforeEach(async () => {
    server = await aServer({ model: scripted });
    ({ sessionId } = await server.init({ flowId: 'agent_01test' }));
  });
  afterEach(() => server.close());

  const post = (route: string, body: object) => server.post(`/v1/client/${route}`, body, HEADERS);
  const firstChat = (text: string) => ({
    sessionId,
    messages: [{ id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: text }],
    assistantMessageId: 'ast_mwouvkxj_y2dppdci',
    clientTools: CLIENT_TOOLS,
    clientToolsFingerprint: FINGERPRINT,
  });
  const resume = async (executionId: string, toolOutputs: Record<string, unknown>) =>
    eventsOf(
      await post('resume', {
        executionId,
        toolOutputs,
        streamResponse: true,
        sessionId,
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
  const pause = async (text: string) => {
    const events = await eventsOf(await post('chat', firstChat(text)));
    return { events, executionId: events[0]?.executionId ?? '' };
  };

  test.each(['init', 'chat', 'resume', 'feedback'])('may send its headers to %s', async (route) => {
    const preflight = await server.request(`/v1/client/${route}`, {
      method: 'OPTIONS',
      headers: {
        origin: STORE_ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-persona-version',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(STORE_ORIGIN);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-persona-version');
  });

  test('opens a session that it takes for good, and the same one after a reload', async () => {
    const answer = await server.init({ sessionId });
    expect(answer).toMatchObject({ sessionId, config: {}, flow: { id: expect.any(String) } });
    expect(Date.parse(answer.expiresAt) - Date.parse('2026-11-20T10:00:00Z')).toBeGreaterThan(60_000);
  });

  test('hears that there is no history, in the word that it compares, and opens again without', async () => {
    const [store, ...others] = CONFIG.surfaces ?? [];
    const closed = await aServer({
      config: { ...CONFIG, surfaces: [{ ...store, id: 'store', history: false }, ...others] },
    });
    const init = (body: object) => closed.post('/v1/client/init', { token: STORE_TOKEN, ...body }, HEADERS);
    const refused = await init({ visitorHistory: true });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: 'visitor_history_disabled' });
    expect((await init({})).status).toBe(200);
    await closed.close();
  });

  test('gets the first text under the id that it chose, once, and sends its tools once', async () => {
    const first = await eventsOf(await post('chat', firstChat('hello')));
    expect(types(first)).toEqual(['execution_start', 'custom', ...ONE_TEXT]);
    expect(first.find(({ type }) => type === 'text_start')).toMatchObject({ id: 'ast_mwouvkxj_y2dppdci' });
    const second = await eventsOf(
      await post('chat', {
        sessionId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'hello' },
          { id: 'ast_mwouvkxj_y2dppdci', role: 'assistant', content: 'Hello there.' },
          { id: 'usr_mwouvm4p_mdyyvlxi', role: 'user', content: 'hello again' },
        ],
        assistantMessageId: 'ast_mwouvm4p_9pxfyaet',
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
    expect(spoken(second)).toBe('And again.');
    expect(server.asked[1]?.tools.map(({ name }) => name)).toEqual(
      server.asked[0]?.tools.map(({ name }) => name),
    );
    expect(server.asked[1]?.messages).toHaveLength(3);
  });

  test('is asked for its tools again in the word that it compares', async () => {
    const { clientTools: _, ...known } = firstChat('hello');
    const refused = await post('chat', known);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: 'client_tools_resend_required' });
    expect(spoken(await eventsOf(await post('chat', firstChat('hello'))))).toBe('Hello there.');
  });

  test('runs a call of the page and gets the answer on a stream without a second start [R2x-5]', async () => {
    const { events, executionId } = await pause('note');
    expect(types(events)).toEqual(['execution_start', 'custom', 'turn_start', 'await']);
    expect(events.at(-1)).toMatchObject({
      toolName: 'note',
      origin: 'webmcp',
      toolCallId: 'c1',
      parameters: { n: 1 },
    });
    const rest = await resume(executionId, { c1: output('{"noted":1}') });
    expect(types(rest)).toEqual(['turn_start', 'custom', ...ONE_TEXT.slice(1)]);
    expect(rest[0]).toMatchObject({ iteration: 2 });
  });

  test('brings two parallel calls of one tool together', async () => {
    const { events, executionId } = await pause('note two');
    expect(awaits(events).map(({ toolCallId }) => toolCallId)).toEqual(['c1', 'c2']);
    const rest = await resume(executionId, { c1: output('{"noted":1}'), c2: output('{"noted":2}') });
    expect(spoken(rest)).toBe('Noted both.');
  });

  test('follows a chain, and tells the model what the visitor denied', async () => {
    const { executionId } = await pause('chain');
    const second = await resume(executionId, { c1: output('{"id":"item-7"}') });
    expect(awaits(second)).toMatchObject([{ toolName: 'note', toolCallId: 'c2', executionId }]);
    const denied = { isError: true, content: [{ type: 'text', text: 'User declined the tool call.' }] };
    expect(spoken(await resume(executionId, { c2: denied }))).toBe('Found and noted.');
    expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({
      results: [{ isError: true, untrusted: true, text: 'User declined the tool call.' }],
    });
  });

  test('goes on after a tool, with an answer whose id it made up', async () => {
    const { executionId } = await pause('note');
    await resume(executionId, { c1: output('{"noted":1}') });
    const next = await eventsOf(
      await post('chat', {
        sessionId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'note' },
          { id: 'assistant-1795171705541-21de7a50705df', role: 'assistant', content: 'Noted.' },
          { id: 'usr_mwouvu7d_t4zfzbgo', role: 'user', content: 'hello' },
        ],
        assistantMessageId: 'ast_mwouvu7d_e8js8i1h',
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
    expect(spoken(next)).toBe('Hello there.');
    expect(server.asked.at(-1)?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
    ]);
  });

  test.each([
    ['one answer', 'Blue', 'Blue'],
    [
      'several answers',
      { 'Which colour?': 'Blue', 'Which size?': ['Small', 'Large'] },
      '"Which size?":["Small","Large"]',
    ],
    ['a dismissal', '(dismissed)', '(dismissed)'],
  ])(
    'brings %s to a question under the name of its tool, as the words of the visitor',
    async (_, answer, told) => {
      const { events, executionId } = await pause('ask');
      expect(awaits(events)).toMatchObject([
        { toolName: 'ask_user_question', origin: 'sdk', parameters: QUESTION },
      ]);
      expect(spoken(await resume(executionId, { ask_user_question: answer }))).toBe('You chose well.');
      expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({
        results: [{ text: expect.stringContaining(told), isError: false, untrusted: false }],
      });
    },
  );

  test('sends questions and answers along as messages of a dialogue, which are nothing new', async () => {
    const { executionId } = await pause('ask');
    await resume(executionId, { ask_user_question: 'Blue' });
    await eventsOf(
      await post('chat', {
        sessionId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'ask' },
          { id: 'ask-user-q-c1-0', role: 'assistant', content: 'Which colour?' },
          { id: 'ask-user-a-c1-0', role: 'user', content: 'Blue' },
          { id: 'assistant-1795171790078-93c9cd83fc1898', role: 'assistant', content: 'You chose well.' },
          { id: 'usr_mwouxnfr_zzavecvv', role: 'user', content: 'hello' },
        ],
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
    expect(server.asked.at(-1)?.messages.filter(({ role }) => role === 'user')).toHaveLength(2);
  });

  test('brings the result of the page first and is asked its question again', async () => {
    const { executionId } = await pause('mixed');
    const partial = await resume(executionId, { c1: output('{"noted":5}') });
    expect(types(partial)).toEqual(['custom', 'await']);
    expect(partial.at(-1)).toMatchObject({ toolName: 'ask_user_question', toolCallId: 'c2', executionId });
    expect(spoken(await resume(executionId, { ask_user_question: 'Large' }))).toBe('Mixed is done.');
    expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({
      results: [
        { text: '{"noted":5}', untrusted: true },
        { text: 'Large', untrusted: false },
      ],
    });
  });

  test('shows suggestions at once and needs no more words after them [R2x-15]', async () => {
    const { events, executionId } = await pause('suggest');
    expect(types(events).slice(-2)).toEqual(['text_complete', 'await']);
    const rest = await resume(executionId, { c1: output('Suggestions shown to the user.') });
    expect(types(rest)).toEqual(['turn_start', 'custom', 'turn_complete', 'execution_complete']);
    expect(rest.at(-1)).toMatchObject({ success: true });
  });

  test('sends a picture before the words', async () => {
    const content = [
      { type: 'image', image: PNG, mimeType: 'image/png', alt: 'a.png' },
      { type: 'text', text: 'hello' },
    ];
    const message = { id: 'usr_mwouxfyk_4rvk91pt', role: 'user', content };
    expect(spoken(await eventsOf(await post('chat', { sessionId, messages: [message] })))).toBe(
      'Hello there.',
    );
    expect(server.asked[0]?.messages).toMatchObject([{ role: 'user', content }]);
  });

  test('goes on after its visitor stopped it in the middle of a call', async () => {
    await pause('note');
    const next = await eventsOf(
      await post('chat', {
        sessionId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'note' },
          { id: 'usr_mwoux8px_8mca3bf7', role: 'user', content: 'hello' },
        ],
        assistantMessageId: 'ast_mwoux8px_4qf3nqqi',
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
    expect(spoken(next)).toBe('Hello there.');
  });

  test('goes on with what never arrived, and without its own apology for that', async () => {
    await eventsOf(await post('chat', firstChat('hello')));
    await eventsOf(
      await post('chat', {
        sessionId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'hello' },
          { id: 'ast_mwouvkxj_y2dppdci', role: 'assistant', content: 'Hello there.' },
          { id: 'usr_mwov4oqv_44si3xwz', role: 'user', content: 'lost on its way' },
          {
            id: 'ast_mwov4oqv_mz9tqva9',
            role: 'assistant',
            content: "Sorry: I couldn't reach the assistant.\n\n_Details: Failed to fetch_",
          },
          { id: 'usr_mwov4rfx_p5uxjrw2', role: 'user', content: 'hello again' },
        ],
        assistantMessageId: 'ast_mwov4rfx_l2opk3af',
        clientToolsFingerprint: FINGERPRINT,
      }),
    );
    const told = JSON.stringify(server.asked.at(-1)?.messages);
    expect(told).toContain('lost on its way');
    expect(told).not.toContain('Sorry');
  });

  test('comes back to an answer whose process died, and reads the new attempt apart from the old one', async () => {
    const dying = await aServer({
      leaseMs: 0,
      model: async function* () {
        yield { type: 'text', delta: 'Once upon ' } as const;
        await new Promise(() => {});
      },
    });
    const session = await dying.init();
    const { sessionId: _, ...chat } = firstChat('hello');
    const heard = await untilText(await dying.chat({ ...chat, sessionId: session.sessionId }));
    await vi.waitFor(async () => expect(await dying.store.abandonedExecutions(1)).not.toEqual([]));
    const heir = await bench(scriptedModel([...says('Once upon a time.')]), dying.store);
    await heir.dispatcher.takeOver();
    const { executionId = '', seq } = heard.at(-1) ?? {};
    const next = await aServer({ wrapStore: () => dying.store });
    const rest = await eventsOf(await next.follow(session.sessionId, executionId, seq));
    // Behind `text_complete` it opens a bubble for the first text of the stream, with what it had shown in it.
    expect(types(rest)).toEqual([
      'text_complete',
      ...['text_start', 'text_delta', 'text_complete'],
      ...['custom', 'turn_complete'],
      ...ONE_TEXT,
    ]);
    const [mark, again] = rest.flatMap((event) => (event.type === 'text_delta' ? event : []));
    expect(mark?.delta).toMatch(/begins again/);
    expect(again?.delta).toBe('Once upon a time.');
    expect(again?.id).not.toBe(mark?.id);
    await next.close();
    await dying.close();
  });

  describe('with its history on', () => {
    const init = async (body: object) => {
      const answer = await post('init', {
        token: STORE_TOKEN,
        flowId: 'agent_01test',
        visitorHistory: true,
        ...body,
      });
      expect(answer.status).toBe(200);
      return (await answer.json()) as InitResponse;
    };
    const boot = async () => {
      const first = await init({});
      const visitorToken = first.visitor?.token ?? '';
      const { sessionId: claimed, ...rest } = await init({ visitorToken, sessionId: first.sessionId });
      return { ...rest, sessionId: claimed, visitorToken, first };
    };
    const plane = (
      { sessionId: id, visitorToken }: { sessionId: string; visitorToken: string },
      path: string,
      { method = 'GET', query = '', body }: { method?: string; query?: string; body?: object } = {},
    ) =>
      server.request(`/v1/client/${path}?${query}sessionId=${id}`, {
        method,
        headers: {
          origin: STORE_ORIGIN,
          ...HEADERS,
          'x-visitor-token': visitorToken,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const chat = async (id: string, text: string) =>
      eventsOf(await post('chat', { ...firstChat(text), sessionId: id }));

    test.each(['GET', 'PATCH', 'DELETE', 'POST'])('may send its headers with %s', async (method) => {
      const preflight = await server.request('/v1/client/conversations', {
        method: 'OPTIONS',
        headers: {
          origin: STORE_ORIGIN,
          'access-control-request-method': method,
          'access-control-request-headers': 'x-persona-version,x-visitor-token,x-identity-proof',
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-methods')).toContain(method);
      expect(preflight.headers.get('access-control-allow-headers')).toContain('x-visitor-token');
      expect(preflight.headers.get('access-control-expose-headers')).toContain('X-History-Identity-Status');
    });

    test('claims its conversation with the second init, lists it and reads it', async () => {
      const visitor = await boot();
      expect(visitor.conversationId).toBe(visitor.first.conversationId);
      expect(visitor.sessionId).toBe(visitor.first.sessionId);
      await chat(visitor.sessionId, 'hello');
      const listed = await plane(visitor, 'conversations', {
        query: `limit=25&targetId=${visitor.targetId}&`,
      });
      expect(listed.headers.get('x-history-identity-status')).toBe('not_provided');
      expect(await listed.json()).toMatchObject({
        data: [{ id: visitor.conversationId, title: 'hello', preview: 'Hello there.', messageCount: 2 }],
        nextCursor: null,
      });
      const read = await plane(visitor, `conversations/${visitor.conversationId}`);
      expect(await read.json()).toMatchObject({
        id: visitor.conversationId,
        messages: [
          { id: 'usr_mwouvkxj_48t3t4w0', role: 'user', content: 'hello', displayAvailable: true },
          { id: 'ast_mwouvkxj_y2dppdci', role: 'assistant', content: 'Hello there.' },
        ],
        nextMessageCursor: null,
        conversationRevision: expect.any(String),
      });
    });

    test('reopens its conversation at the next load, and boots anew where that is gone', async () => {
      const visitor = await boot();
      await chat(visitor.sessionId, 'hello');
      const { conversationId, visitorToken } = visitor;
      const again = await init({ visitorToken, conversationId });
      expect(again.conversationId).toBe(conversationId);
      const deleted = await plane(visitor, `conversations/${conversationId}`, { method: 'DELETE' });
      expect(await deleted.json()).toEqual({ deleted: 1 });
      const gone = await post('init', {
        token: STORE_TOKEN,
        visitorHistory: true,
        visitorToken,
        conversationId,
      });
      expect(gone.status).toBe(404);
      const ordinary = await init({ visitorToken, sessionId: again.sessionId });
      expect(ordinary.conversationId).not.toBe(conversationId);
    });

    test('hears in the word that it compares that its conversation was deleted elsewhere', async () => {
      const visitor = await boot();
      await chat(visitor.sessionId, 'hello');
      await plane(visitor, 'conversations', { method: 'DELETE' });
      const answer = await post('chat', { ...firstChat('hello again'), sessionId: visitor.sessionId });
      expect(answer.status).toBe(410);
      expect(await answer.json()).toMatchObject({ error: 'conversation_deleted' });
    });

    test('keeps what it showed, and forgets its visitor', async () => {
      const visitor = await boot();
      await chat(visitor.sessionId, 'hello');
      const path = `conversations/${visitor.conversationId}`;
      const body = { messages: [{ id: 'ast_mwouvkxj_y2dppdci', displayContent: 'Hello!' }] };
      const kept = await plane(visitor, `${path}/display-projections`, { method: 'PATCH', body });
      expect(await kept.json()).toEqual({ conversationRevision: expect.any(String) });
      expect(await (await plane(visitor, path)).json()).toMatchObject({
        messages: [{}, { displayContent: 'Hello!' }],
      });
      const reset = await plane(visitor, 'visitor/reset', { method: 'POST' });
      expect(await reset.json()).toEqual({ reset: true });
      const gone = await plane(visitor, 'conversations');
      expect(gone.status).toBe(401);
      expect(((await gone.json()) as { error: string }).error).toMatch(/expired|not found/);
    });
  });

  test.each([
    ['a vote on an answer', { type: 'upvote', messageId: 'ast_mwouvkxj_y2dppdci' }],
    [
      'a vote on an answer after a tool',
      { type: 'downvote', messageId: 'assistant-1795172096231-d9e6c8d9db2f88' },
    ],
    ['a copy', { type: 'copy', messageId: 'ast_mwouvkxj_y2dppdci' }],
    ['a satisfaction score', { type: 'csat', rating: 5, comment: 'good' }],
    ['a recommendation score', { type: 'nps', rating: 9, comment: 'nice' }],
  ])('leaves %s [R2x-7]', async (_, feedback) => {
    const answer = await post('feedback', { sessionId, token: STORE_TOKEN, ...feedback });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ success: true, feedbackId: expect.any(String) });
  });
});
