import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  aServer,
  CONFIG,
  eventsOf,
  OTHER_ORIGIN,
  OTHER_TOKEN,
  RETIRED_TOKEN,
  refusal,
  STORE_ORIGIN,
  STORE_TOKEN,
  type TestServer,
} from '../support/server.ts';

const HOUR_MS = 60 * 60_000;

describe('opening a session', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await aServer();
  });
  afterEach(() => server.close());

  const init = (body: Record<string, unknown>, origin = STORE_ORIGIN) =>
    server.post('/v1/client/init', { token: STORE_TOKEN, ...body }, { origin });

  test('the answer tells the widget all it needs, and expires in an hour [R2x-1]', async () => {
    const response = await init({ flowId: 'agent_whatever' });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      sessionId: expect.stringMatching(/^cs_[A-Za-z0-9_-]{43}$/),
      capabilities: ['replay', 'cancel', 'edit', 'history', 'files'],
      expiresAt: '2026-11-20T11:00:00.000Z',
      conversationId: expect.stringMatching(/^conv_/),
      targetId: 'store',
      flow: { id: 'store', name: 'store', description: null },
      config: {
        title: 'Store',
        welcomeMessage: 'Hello!',
        placeholder: null,
        suggestions: ['Find a mug'],
        theme: null,
        webmcp: { enabled: true, requireConfirmFor: ['checkout'], autoApprove: ['search_*'] },
        builtInTools: [],
        history: true,
        mediaHosts: [],
        csat: false,
        files: expect.objectContaining({ maxPerMessage: 4 }),
      },
    });
  });

  test('the answer tells what the operator wrote of tools, hosts, looks and the question at the end', async () => {
    const [store, ...others] = CONFIG.surfaces ?? [];
    const told = await aServer({
      config: {
        ...CONFIG,
        surfaces: [
          {
            ...store,
            id: 'store',
            behavior: { sdkTools: ['lookup_order', 'suggest_replies'] },
            mediaHosts: ['images.example.com', '*.example.org', 'images.example.com'],
            csat: true,
            theme: { tokens: { accent: '#1a5fb4' } },
          },
          ...others,
        ],
      },
    });
    expect((await told.init()).config).toMatchObject({
      builtInTools: ['suggest_replies'],
      mediaHosts: ['images.example.com', '*.example.org'],
      csat: true,
      theme: { tokens: { accent: '#1a5fb4' } },
    });
    await told.close();
  });

  test('the session id itself is stored nowhere', async () => {
    const { sessionId } = await server.init();
    expect(await server.store.session(sessionId)).toBeUndefined();
    expect(server.logged()).not.toContain(sessionId);
  });

  test.each([
    ['an unknown token', { token: 'ct_test_nobody' }, STORE_ORIGIN, '401 invalid_client_token'],
    ['a token that is no token', { token: 'x' }, STORE_ORIGIN, '401 invalid_client_token'],
    ['a secret API key', { token: 'sk_test_local' }, STORE_ORIGIN, '401 invalid_client_token'],
    ['a token that is switched off', { token: RETIRED_TOKEN }, STORE_ORIGIN, '401 invalid_client_token'],
    ['an origin of another token', {}, OTHER_ORIGIN, '403 origin_not_allowed'],
    ['an origin of no token', {}, 'https://evil.example.com', '403 origin_not_allowed'],
    ['an origin that only a dead token allows', {}, 'https://retired.example.com', '403 origin_not_allowed'],
    ['a look-alike subdomain', {}, `${STORE_ORIGIN}.evil.io`, '403 origin_not_allowed'],
    ['another port', {}, `${STORE_ORIGIN}:8443`, '403 origin_not_allowed'],
    ['another scheme', {}, 'http://store.example.com', '403 origin_not_allowed'],
    ['another case', {}, 'https://STORE.example.com', '403 origin_not_allowed'],
    ['a page without an origin', {}, 'null', '403 origin_not_allowed'],
    ['a conversation without a proof', { conversationId: 'conv_guess' }, STORE_ORIGIN, '404 not_found'],
  ])('%s is refused', async (_, body, origin, expected) => {
    expect(await refusal(await init(body, origin))).toBe(expected);
  });

  test('no Origin header at all is refused', async () => {
    const response = await server.request('/v1/client/init', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: STORE_TOKEN }),
    });
    expect(await refusal(response)).toBe('403 origin_not_allowed');
  });

  test('pages without an origin may chat where the token says so', async () => {
    const open = await aServer({
      configure: (config) => ({
        ...config,
        surfaces: config.surfaces.map((surface) => ({
          ...surface,
          clientTokens: surface.clientTokens.map((token) => ({ ...token, allowedOrigins: ['null'] })),
        })),
      }),
    });
    expect((await open.init({}, 'null')).sessionId).toMatch(/^cs_/);
    await open.close();
  });

  describe('again', () => {
    test('a session that lives keeps its id and conversation and expires later', async () => {
      const first = await server.init();
      server.advance(HOUR_MS / 2);
      const second = await server.init({ sessionId: first.sessionId });
      expect(second).toEqual({ ...first, expiresAt: '2026-11-20T11:30:00.000Z' });
    });

    test('a session that expired goes on under a new id with its conversation', async () => {
      const first = await server.init();
      await eventsOf(await server.chat({ sessionId: first.sessionId }));
      server.advance(2 * HOUR_MS);
      const second = await server.init({ sessionId: first.sessionId });
      expect(second.sessionId).not.toBe(first.sessionId);
      expect(second.conversationId).toBe(first.conversationId);
      expect(await refusal(await server.chat({ sessionId: first.sessionId }))).toBe('401 session_expired');
    });

    test.each([
      ['an unknown one', 'cs_unknown', {}, STORE_ORIGIN],
      ['one of another origin of the token', undefined, {}, 'http://localhost:3000'],
      ['one of another token', undefined, { token: OTHER_TOKEN }, STORE_ORIGIN],
    ])('%s gives a fresh conversation', async (_, unknownId, body, origin) => {
      const first = await server.init();
      const second = await server.init({ sessionId: unknownId ?? first.sessionId, ...body }, origin);
      expect(second.sessionId).not.toBe(first.sessionId);
      expect(second.conversationId).not.toBe(first.conversationId);
    });

    test('one of another token of the same surface gives a fresh conversation', async () => {
      const both = await aServer({
        configure: (config) => ({
          ...config,
          surfaces: config.surfaces.map((surface) => ({
            ...surface,
            clientTokens: surface.clientTokens.map((token) => ({ ...token, isActive: true })),
          })),
        }),
      });
      const first = await both.init();
      const second = await both.init({ sessionId: first.sessionId, token: RETIRED_TOKEN });
      expect(second.conversationId).not.toBe(first.conversationId);
      await both.close();
    });

    test('a conversation may be named by the session that owns it and by no other', async () => {
      const mine = await server.init();
      const theirs = await server.init();
      const again = { sessionId: mine.sessionId, conversationId: mine.conversationId };
      expect((await server.init(again)).conversationId).toBe(mine.conversationId);
      expect(await refusal(await init({ ...again, conversationId: theirs.conversationId }))).toBe(
        '404 not_found',
      );
      expect(await refusal(await init({ conversationId: mine.conversationId }))).toBe('404 not_found');
    });
  });

  test('chatting keeps a session alive', async () => {
    const { sessionId } = await server.init();
    for (const _ of [1, 2, 3]) {
      server.advance(HOUR_MS - 1);
      expect((await server.chat({ sessionId })).status).toBe(200);
    }
  });

  test('a session stays on the origin that opened it [R2-43]', async () => {
    const { sessionId } = await server.init();
    for (const origin of ['http://localhost:3000', OTHER_ORIGIN]) {
      expect(await refusal(await server.chat({ sessionId }, origin))).toBe('403 origin_not_allowed');
    }
  });

  test.each([
    ['was switched off', { isActive: false }, '401 invalid_client_token'],
    ['no longer allows the origin', { allowedOrigins: ['http://localhost:3000'] }, '403 origin_not_allowed'],
  ])('a session ends when its token %s', async (_, change, expected) => {
    const { sessionId } = await server.init();
    const restarted = await aServer({
      wrapStore: () => server.store,
      configure: (config) => ({
        ...config,
        surfaces: config.surfaces.map((surface) => ({
          ...surface,
          clientTokens: surface.clientTokens.map((token, index) =>
            surface.id === 'store' && index === 0 ? { ...token, ...change } : token,
          ),
        })),
      }),
    });
    expect(await refusal(await restarted.chat({ sessionId }))).toBe(expected);
    await restarted.close();
  });
});
