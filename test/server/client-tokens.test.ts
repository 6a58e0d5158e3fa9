import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IssuedClientToken } from '../../protocol/credentials.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  OTHER_API_KEY,
  refusal,
  STORE_TOKEN,
  type TestServer,
} from '../support/server.ts';

const NEW_ORIGIN = 'https://new.example.com';
let server: TestServer;

beforeEach(async () => {
  server = await aServer({
    config: {
      surfaces: [...(CONFIG.surfaces ?? []), { id: 'theirs', workspace: 'other' }],
      apiKeys: [
        { key: API_KEY, scopes: ['TOKENS:*'] },
        { key: OTHER_API_KEY, scopes: ['*'], workspace: 'other' },
      ],
    },
    configure: (config) => config,
  });
});
afterEach(() => server.close());

const ask = (method: string, path: string, body?: object, key = API_KEY) =>
  server.request(path, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const opens = async (token: string, origin = NEW_ORIGIN) => {
  const answer = await server.post('/v1/client/init', { token }, { origin });
  return answer.ok ? 'ok' : await refusal(answer);
};
const preflight = async (origin: string) =>
  (await server.request('/v1/client/init', { method: 'OPTIONS', headers: { origin } })).status;

async function issued(body: object = {}): Promise<IssuedClientToken> {
  const answer = await ask('POST', '/v1/client-tokens', {
    surfaceId: 'store',
    allowedOrigins: [NEW_ORIGIN],
    ...body,
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as IssuedClientToken;
}

describe('a client token that is made while the server runs', () => {
  test('opens its surface at once on its origins, is told once, and is kept hashed [R2x-11, R2-41]', async () => {
    expect(await preflight(NEW_ORIGIN)).toBe(403);
    const made = await issued();
    expect(made).toEqual({
      id: expect.stringMatching(/^ctr_/),
      token: expect.stringMatching(/^ct_live_[A-Za-z0-9_-]{43}$/),
      label: `${made.token.slice(0, 10)}…`,
      surfaceId: 'store',
      environment: 'live',
      allowedOrigins: [NEW_ORIGIN],
      isActive: true,
      createdAt: '2026-11-20T10:00:00.000Z',
    });
    expect(await opens(made.token)).toBe('ok');
    expect(await preflight(NEW_ORIGIN)).toBe(204);
    expect(await opens(made.token, 'https://store.example.com')).toBe('403 origin_not_allowed');
    const { token: _value, ...summary } = made;
    const list = await (await ask('GET', '/v1/client-tokens')).text();
    expect(JSON.parse(list)).toEqual({ clientTokens: [summary] });
    const kept = JSON.stringify(await server.store.credentials.clientTokens());
    for (const text of [list, kept, server.logged()]) expect(text).not.toContain(made.token.slice(10));
  });

  test('chats, and its sessions end when it is switched off and go on when it is switched on [R2-38, R2-43]', async () => {
    const { id, token } = await issued({ environment: 'test' });
    expect(token).toMatch(/^ct_test_/);
    const { sessionId } = await server.init({ token }, NEW_ORIGIN);
    expect((await server.chat({ sessionId }, NEW_ORIGIN)).status).toBe(200);
    const off = await ask('PATCH', `/v1/client-tokens/${id}`, { isActive: false });
    expect(await off.json()).toMatchObject({ isActive: false, allowedOrigins: [NEW_ORIGIN] });
    expect(await opens(token)).toBe('403 origin_not_allowed');
    expect(await refusal(await server.chat({ sessionId }, NEW_ORIGIN))).toBe('403 origin_not_allowed');
    await ask('PATCH', `/v1/client-tokens/${id}`, { isActive: true });
    expect((await server.chat({ sessionId }, NEW_ORIGIN)).status).toBe(200);
  });

  test('moves to other origins', async () => {
    const { id, token } = await issued();
    const other = 'https://moved.example.com';
    expect((await ask('PATCH', `/v1/client-tokens/${id}`, { allowedOrigins: [other, other] })).status).toBe(
      200,
    );
    expect(await opens(token, other)).toBe('ok');
    expect(await opens(token)).toBe('403 origin_not_allowed');
    expect(await preflight(NEW_ORIGIN)).toBe(403);
  });

  test('gets another value, and the one before opens nothing any more [R2x-11]', async () => {
    const made = await issued();
    const { sessionId } = await server.init({ token: made.token }, NEW_ORIGIN);
    const again = (await (
      await ask('POST', `/v1/client-tokens/${made.id}/regenerate`)
    ).json()) as IssuedClientToken;
    expect(again).toMatchObject({ id: made.id, surfaceId: 'store', allowedOrigins: [NEW_ORIGIN] });
    expect(again.token).not.toBe(made.token);
    expect(await opens(again.token)).toBe('ok');
    expect(await opens(made.token)).toBe('401 invalid_client_token');
    expect(await refusal(await server.chat({ sessionId }, NEW_ORIGIN))).toBe('401 invalid_client_token');
  });

  test('is forgotten', async () => {
    const { id, token } = await issued({ allowedOrigins: ['https://store.example.com'] });
    expect((await ask('DELETE', `/v1/client-tokens/${id}`)).status).toBe(200);
    expect(await opens(token, 'https://store.example.com')).toBe('401 invalid_client_token');
    expect(await refusal(await ask('DELETE', `/v1/client-tokens/${id}`))).toBe('404 not_found');
    expect(await (await ask('GET', '/v1/client-tokens')).json()).toEqual({ clientTokens: [] });
  });

  test('belongs to its workspace, and so does its surface', async () => {
    const { id } = await issued();
    for (const [method, path, body] of [
      ['PATCH', `/v1/client-tokens/${id}`, { isActive: false }],
      ['DELETE', `/v1/client-tokens/${id}`, undefined],
      ['POST', `/v1/client-tokens/${id}/regenerate`, undefined],
      ['POST', '/v1/client-tokens', { surfaceId: 'store', allowedOrigins: [NEW_ORIGIN] }],
    ] as const) {
      expect(await refusal(await ask(method, path, body, OTHER_API_KEY))).toBe('404 not_found');
    }
    expect(await (await ask('GET', '/v1/client-tokens', undefined, OTHER_API_KEY)).json()).toEqual({
      clientTokens: [],
    });
    expect(
      await refusal(
        await ask('POST', '/v1/client-tokens', { surfaceId: 'theirs', allowedOrigins: [NEW_ORIGIN] }),
      ),
    ).toBe('404 not_found');
  });

  test.each([
    [{ allowedOrigins: [] }],
    [{ allowedOrigins: ['*'] }],
    [{ allowedOrigins: ['https://new.example.com/'] }],
    [{ allowedOrigins: ['https://*.example.com'] }],
    [{ environment: 'production' }],
    [{ surfaceId: 7 }],
  ])('is not made of %j', async (body) => {
    const answer = await ask('POST', '/v1/client-tokens', {
      surfaceId: 'store',
      allowedOrigins: [NEW_ORIGIN],
      ...body,
    });
    expect(await refusal(answer)).toBe('400 invalid_request');
  });

  test('leaves those of the configuration as they are', async () => {
    await issued();
    expect(await opens(STORE_TOKEN, 'https://store.example.com')).toBe('ok');
  });
});
