import { expect, test, vi } from 'vitest';
import { openStorage, type SurfaceStorage, surfaceKey } from '../../../widget/surface-storage.ts';
import { createTransport } from '../../../widget/transport/http-transport.ts';
import { API, answerWith, collect, frames, HELLO, json, session, sessionBody, streamed } from './wire.ts';

const NEVER = new AbortController().signal;
const MESSAGES = [{ id: 'usr_1', role: 'user' as const, content: 'Hello' }];
const NO_TOOLS = { clientTools: [], fingerprint: '' };

function memory(): SurfaceStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    read: (key) => kept.get(key),
    write: (key, value) => {
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
    },
  };
}

function transport(storage: SurfaceStorage = memory(), api = API) {
  return createTransport({ api, token: 'ct_test_store', storage });
}

function chat(to: ReturnType<typeof transport>) {
  return to.chat({ messages: MESSAGES, assistantMessageId: 'ast_1', tools: NO_TOOLS }, NEVER);
}

test('calls at the same time open one session', async () => {
  const asked = answerWith({ init: session() });
  const to = transport();
  const [first, second] = await Promise.all([to.init(NEVER), to.init(NEVER)]);
  await to.init(NEVER);
  expect(first).toBe(second);
  expect(asked.map(({ path, body }) => [path, body])).toEqual([['init', { token: 'ct_test_store' }]]);
});

test('no header goes out beyond the content type, and no credentials', async () => {
  const asked = answerWith({ init: session() });
  await transport().init(NEVER);
  expect(asked[0]?.headers).toEqual({ 'content-type': 'application/json' });
  expect(vi.mocked(window.fetch).mock.calls[0]?.[1]?.credentials).toBe('omit');
});

test.each([`${API}/`, `${API}/v1/dispatch`, `${API}/v1/dispatch/`, `${API}///`])(
  'the address %s leads to the same routes',
  async (api) => {
    answerWith({ init: session() });
    await transport(memory(), api).init(NEVER);
    expect(vi.mocked(window.fetch).mock.calls[0]?.[0]).toBe(`${API}/v1/client/init`);
  },
);

test('a session within 60 s of its end is renewed under its own id before it is used', async () => {
  const soon = new Date(Date.now() + 59_000).toISOString();
  const asked = answerWith({
    init: (_, count) => json(sessionBody(count === 1 ? { expiresAt: soon } : {})),
    chat: () => streamed([frames(HELLO)]),
  });
  const to = transport();
  await to.init(NEVER);
  await chat(to);
  await chat(to);
  expect(asked.map(({ path }) => path)).toEqual(['init', 'init', 'chat', 'chat']);
  expect(asked[1]?.body).toEqual({ token: 'ct_test_store', sessionId: 'cs_1' });
});

test('the session of the last page is continued on the next', async () => {
  const asked = answerWith({ init: session() });
  const storage = memory();
  await transport(storage).init(NEVER);
  await transport(storage).init(NEVER);
  expect(asked[1]?.body).toEqual({ token: 'ct_test_store', sessionId: 'cs_1' });
});

test('a stored session that the server no longer knows is replaced by a new one', async () => {
  const asked = answerWith({
    init: ({ body }) =>
      body.sessionId === undefined ? json(sessionBody()) : json({ error: 'Session not found' }, 404),
  });
  const storage = memory();
  storage.write('session', 'cs_old');
  expect((await transport(storage).init(NEVER)).sessionId).toBe('cs_1');
  expect(asked).toHaveLength(2);
  expect(storage.kept.get('session')).toBe('cs_1');
});

test('a refused token is not asked for twice', async () => {
  const asked = answerWith({
    init: () => json({ error: 'x', code: 'invalid_client_token', message: 'Unknown token.' }, 401),
  });
  await expect(transport().init(NEVER)).rejects.toMatchObject({
    code: 'invalid_client_token',
    message: 'Unknown token.',
    retryable: false,
  });
  expect(asked).toHaveLength(1);
});

test.each([
  [
    'our own server',
    { error: 'Your session ended.', code: 'session_expired', message: 'Your session ended.' },
  ],
  ['a server by others', { error: 'Session not found' }],
])('a session that %s ended is opened again, and the message goes out once more', async (_, refusal) => {
  const asked = answerWith({
    init: (_sent, count) => json(sessionBody({ sessionId: `cs_${count}` })),
    chat: ({ body }) => (body.sessionId === 'cs_1' ? json(refusal, 401) : streamed([frames(HELLO)])),
  });
  const events = await collect(await chat(transport()));
  expect(events).toHaveLength(HELLO.length);
  expect(asked.map(({ path, body }) => `${path} ${body.sessionId}`)).toEqual([
    'init undefined',
    'chat cs_1',
    'init cs_1',
    'chat cs_2',
  ]);
});

test('a session that ends twice is told of instead of asked for for ever', async () => {
  const asked = answerWith({ init: session(), chat: () => json({ error: 'no' }, 401) });
  await expect(chat(transport())).rejects.toMatchObject({ code: 'unauthorized' });
  expect(asked.map(({ path }) => path)).toEqual(['init', 'chat', 'init', 'chat']);
});

test('an answer with nothing but a session is enough', async () => {
  answerWith({ init: () => json({ sessionId: 'cs_9', config: {} }) });
  expect(await transport().init(NEVER)).toMatchObject({
    sessionId: 'cs_9',
    config: {
      title: '',
      welcomeMessage: null,
      suggestions: [],
      webmcp: { enabled: true, requireConfirmFor: [], autoApprove: [] },
    },
  });
});

test('fields of the wrong kind count as absent', async () => {
  answerWith({
    init: () =>
      json({
        sessionId: 'cs_9',
        expiresAt: 12,
        flow: 'x',
        config: { suggestions: 'a', webmcp: { enabled: 'yes', requireConfirmFor: [1, 'pay'] } },
      }),
  });
  const { config } = await transport().init(NEVER);
  expect(config.suggestions).toEqual([]);
  expect(config.webmcp.requireConfirmFor).toEqual(['pay']);
});

test('who leaves while a session opens does not take it from who stays', async () => {
  const asked = answerWith({ init: async () => json(sessionBody()) });
  const to = transport();
  const leaving = new AbortController();
  const left = to.init(leaving.signal);
  const stayed = to.init(NEVER);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'interrupted' });
  expect((await stayed).sessionId).toBe('cs_1');
  expect(asked).toHaveLength(1);
});

test('when the last one leaves, the request ends', async () => {
  const asked = answerWith({ init: () => new Promise<Response>(() => {}) });
  const leaving = new AbortController();
  const left = transport().init(leaving.signal);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'interrupted' });
  expect(asked[0]?.signal.aborted).toBe(true);
});

test('a reset forgets the session here and in the tab', async () => {
  const asked = answerWith({ init: session() });
  const storage = memory();
  const to = transport(storage);
  await to.init(NEVER);
  to.reset();
  expect(storage.kept.size).toBe(0);
  await to.init(NEVER);
  expect(asked[1]?.body).toEqual({ token: 'ct_test_store' });
});

test('feedback goes out with the session and the token', async () => {
  const asked = answerWith({ init: session(), feedback: () => json({ success: true, feedbackId: 'fb_1' }) });
  await transport().feedback({ type: 'upvote', messageId: 'ast_1' });
  expect(asked[1]?.body).toEqual({
    sessionId: 'cs_1',
    token: 'ct_test_store',
    type: 'upvote',
    messageId: 'ast_1',
  });
});

test('two surfaces never share a place in the tab, and no key holds the token', () => {
  const keys = [
    surfaceKey(API, 'ct_live_store'),
    surfaceKey(API, 'ct_test_store'),
    surfaceKey('https://other.example.com', 'ct_live_store'),
  ];
  expect(new Set(keys).size).toBe(3);
  expect(keys.join()).not.toContain('store');
});

test('storage that the browser blocks costs the memory of the tab and nothing else', () => {
  const blocked = vi.spyOn(window, 'sessionStorage', 'get').mockImplementation(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  const storage = openStorage('k');
  storage.write('session', 'cs_1');
  expect(storage.read('session')).toBeUndefined();
  blocked.mockRestore();
});

const LATER = [
  { id: 'usr_1', role: 'user' as const, content: 'Hello' },
  { id: 'ast_1', role: 'assistant' as const, content: 'Hello.' },
  { id: 'usr_2', role: 'user' as const, content: 'And now?' },
];
const deleted = () => json({ error: 'conversation_deleted' }, 410);

test('a conversation that was deleted on the server begins anew with what was just typed', async () => {
  const storage = memory();
  storage.write('session', 'cs_1');
  const asked = answerWith({
    init: (_, count) => json(sessionBody({ sessionId: `cs_${count}` })),
    chat: (_, count) => (count === 1 ? deleted() : streamed([frames(HELLO)])),
  });
  const to = transport(storage);
  const tools = {
    clientTools: [{ name: 'note', description: '', origin: 'webmcp' as const }],
    fingerprint: 'f',
  };
  await collect(await to.chat({ messages: LATER, assistantMessageId: 'ast_2', tools }, NEVER));
  expect(asked.map(({ path, body }) => [path, body.sessionId])).toEqual([
    ['init', 'cs_1'],
    ['chat', 'cs_1'],
    ['init', undefined],
    ['chat', 'cs_2'],
  ]);
  expect(asked.at(-1)?.body).toMatchObject({
    messages: LATER.slice(-1),
    assistantMessageId: 'ast_2',
    clientTools: tools.clientTools,
  });
  expect(storage.kept.get('session')).toBe('cs_2');
});

test('a server that deletes every conversation at once is asked twice and no more', async () => {
  const asked = answerWith({ init: session(), chat: deleted });
  await expect(
    transport().chat({ messages: LATER, assistantMessageId: 'ast_2', tools: NO_TOOLS }, NEVER),
  ).rejects.toMatchObject({ code: 'conversation_deleted' });
  expect(asked.filter(({ path }) => path === 'chat')).toHaveLength(2);
});

test('outputs for a deleted conversation fail, and the next message begins a new one', async () => {
  const asked = answerWith({ init: session(), resume: deleted, chat: () => streamed([frames(HELLO)]) });
  const to = transport();
  await expect(
    to.resume({ executionId: 'exec_1', toolOutputs: { c1: 'x' }, tools: NO_TOOLS }, NEVER),
  ).rejects.toMatchObject({ code: 'conversation_deleted' });
  await collect(await chat(to));
  expect(asked.map(({ path, body }) => [path, body.sessionId])).toEqual([
    ['init', undefined],
    ['resume', 'cs_1'],
    ['init', undefined],
    ['chat', 'cs_1'],
  ]);
});

test('the visitor is told of with every session, and a new secret claims the session at once', async () => {
  const storage = memory();
  const asked = answerWith({
    init: (_, count) => json(sessionBody(count === 1 ? { visitor: { token: 'cvt_new' } } : {})),
  });
  await createTransport({ api: API, token: 'ct_test_store', storage, history: true, identity: 'proof' }).init(
    NEVER,
  );
  expect(asked.map(({ body }) => body)).toEqual([
    { token: 'ct_test_store', visitorHistory: true, identityProof: 'proof' },
    {
      token: 'ct_test_store',
      sessionId: sessionBody({}).sessionId,
      visitorHistory: true,
      visitorToken: 'cvt_new',
      identityProof: 'proof',
    },
  ]);
  expect(storage.kept.get('visitor')).toBe('cvt_new');
});

test.each([
  ['visitor_history_disabled', 403, { token: 'ct_test_store' }],
  ['invalid_identity_proof', 401, { token: 'ct_test_store', visitorHistory: true, visitorToken: 'cvt_old' }],
  ['visitor_required', 401, { token: 'ct_test_store', visitorHistory: true, identityProof: 'proof' }],
] as const)('a server that answers %s gets a visitor without it', async (code, status, then) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const storage = memory();
  storage.write('visitor', 'cvt_old');
  const asked = answerWith({
    init: (_, count) => (count === 1 ? json({ error: code, code }, status) : json(sessionBody({}))),
  });
  await createTransport({ api: API, token: 'ct_test_store', storage, history: true, identity: 'proof' }).init(
    NEVER,
  );
  expect(asked).toHaveLength(2);
  expect(asked[1]?.body).toEqual(then);
});

test('who signs out leaves session and secret behind', async () => {
  const storage = memory();
  storage.write('visitor', 'cvt_old');
  const asked = answerWith({ init: session(), 'visitor/reset': () => json({ reset: true }) });
  const to = createTransport({ api: API, token: 'ct_test_store', storage, history: true });
  await to.init(NEVER);
  await to.forgetVisitor();
  expect(asked.at(-1)).toMatchObject({ path: 'visitor/reset', headers: { 'x-visitor-token': 'cvt_old' } });
  expect([...storage.kept.keys()]).toEqual([]);
});

test('what a visitor looks for stands in no address', async () => {
  const asked = answerWith({
    init: session({ history: true }),
    conversations: () => json({ data: [], nextCursor: null }),
    'conversations/search': () => json({ data: [], nextCursor: null }),
  });
  const to = createTransport({ api: API, token: 'ct_test_store', storage: memory(), history: true });
  await to.init(NEVER);
  const history = await to.history();
  await history.list({ cursor: undefined, query: undefined }, NEVER);
  await history.list({ cursor: 'next', query: 'my secret' }, NEVER);
  expect(asked.slice(-2)).toMatchObject([
    { method: 'GET', path: 'conversations' },
    { method: 'POST', path: 'conversations/search', body: { q: 'my secret', cursor: 'next' } },
  ]);
  expect(asked.map(({ query }) => query).join()).not.toContain('secret');
});
