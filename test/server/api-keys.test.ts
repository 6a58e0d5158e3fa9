import { afterEach, describe, expect, test } from 'vitest';
import type { IssuedApiKey } from '../../protocol/credentials.ts';
import { resolveConfig } from '../../server/config/resolve.ts';
import { createCredentialDesk } from '../../server/credential-desk.ts';
import { createCredentials } from '../../server/credentials.ts';
import { newId } from '../../server/new-id.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { API_KEY, aServer, CONFIG, OTHER_API_KEY, refusal, type TestServer } from '../support/server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const DAY_MS = 24 * 60 * 60_000;
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function aKeyServer(
  scopes: readonly string[] = ['KEYS:*', 'DISPATCH:*', 'SECRETS:READ'],
  database = ':memory:',
): Promise<TestServer> {
  const server = await aServer({
    config: {
      ...CONFIG,
      apiKeys: [
        { key: API_KEY, scopes },
        { key: OTHER_API_KEY, scopes: ['*'], workspace: 'other' },
      ],
    },
    configure: (config) => config,
    database,
  });
  servers.push(server);
  return server;
}

const post = (server: TestServer, path: string, body: unknown, key = API_KEY) =>
  server.post(path, body, { authorization: `Bearer ${key}` });
const list = async (server: TestServer, key = API_KEY) =>
  await (await server.request('/v1/api-keys', { headers: { authorization: `Bearer ${key}` } })).json();
const dispatches = async (server: TestServer, key: string) => {
  const answer = await server.dispatch({ streamResponse: false }, key);
  return answer.ok ? 'ok' : await refusal(answer);
};

async function issued(server: TestServer, body: object, key = API_KEY): Promise<IssuedApiKey> {
  const answer = await post(server, '/v1/api-keys', body, key);
  expect(answer.status).toBe(200);
  return (await answer.json()) as IssuedApiKey;
}

test('an agent of the configuration answers in the workspace of its surface, and nowhere else', async () => {
  const server = await aKeyServer();
  expect(await dispatches(server, API_KEY)).toBe('ok');
  const elsewhere = await server.dispatch({ streamResponse: false }, OTHER_API_KEY);
  const { code, hint } = (await elsewhere.json()) as { code: string; hint: string };
  expect([code, hint]).toEqual(['agent_not_found', expect.stringContaining('configured agents are: none.')]);
});

describe('an API key that is made while the server runs', () => {
  test('works at once, is told once, and is kept hashed', async () => {
    const server = await aKeyServer();
    const made = await issued(server, { name: 'ci', scopes: ['DISPATCH:*'], expiresInDays: 30 });
    expect(made).toEqual({
      id: expect.stringMatching(/^key_/),
      key: expect.stringMatching(/^sk_live_[A-Za-z0-9_-]{43}$/),
      label: `${made.key.slice(0, 10)}…`,
      name: 'ci',
      scopes: ['DISPATCH:*'],
      isActive: true,
      createdAt: '2026-11-20T10:00:00.000Z',
      expiresAt: '2026-12-20T10:00:00.000Z',
    });
    expect(await dispatches(server, made.key)).toBe('ok');
    const { key: _value, ...summary } = made;
    expect(await list(server)).toEqual({ apiKeys: [summary] });
    const kept = JSON.stringify(await server.store.credentials.apiKeys());
    for (const text of [kept, JSON.stringify(await list(server)), server.logged()]) {
      expect(text).not.toContain(made.key.slice(10));
    }
  });

  test('may do what it was made for and nothing else', async () => {
    const server = await aKeyServer();
    const made = await issued(server, { name: 'reader', scopes: ['SECRETS:READ'], environment: 'test' });
    expect(made.key).toMatch(/^sk_test_/);
    expect(await dispatches(server, made.key)).toBe('403 insufficient_scope');
    const secrets = await server.request('/v1/secrets', { headers: { 'x-api-key': made.key } });
    expect(secrets.status).toBe(200);
  });

  test('opens nothing any more once it is revoked', async () => {
    const server = await aKeyServer();
    const { id, key } = await issued(server, { name: 'ci', scopes: ['DISPATCH:*'] });
    expect(await (await post(server, `/v1/api-keys/${id}/revoke`, {})).json()).toMatchObject({
      isActive: false,
    });
    expect(await dispatches(server, key)).toBe('401 unauthorized');
    expect(await list(server)).toMatchObject({ apiKeys: [{ id, isActive: false }] });
    for (const what of ['An API key was made', 'An API key was revoked']) {
      const line = server
        .logged()
        .split('\n')
        .find((one) => one.includes(what));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ id, workspace: 'default' });
    }
    expect(await refusal(await post(server, '/v1/api-keys/key_nobody/revoke', {}))).toBe('404 not_found');
  });

  test('opens nothing any more once it has expired', async () => {
    const server = await aKeyServer();
    const { key } = await issued(server, { name: 'ci', scopes: ['DISPATCH:*'], expiresInDays: 1 });
    server.advance(DAY_MS - 1);
    expect(await dispatches(server, key)).toBe('ok');
    server.advance(1);
    expect(await dispatches(server, key)).toBe('401 unauthorized');
  });

  test.each([
    [['*'], '403 insufficient_scope'],
    [['DISPATCH:*', 'TOOLS:READ'], '403 insufficient_scope'],
    [['SECRETS:*'], '403 insufficient_scope'],
    [['SECRETS:WRITE'], '403 insufficient_scope'],
    [['DISPATCH:WRITE'], 'ok'],
    [['KEYS:READ', 'SECRETS:READ'], 'ok'],
    [['dispatch'], '400 invalid_request'],
    [[], '400 invalid_request'],
  ])('gets no scope that its maker lacks: %j is %s', async (scopes, expected) => {
    const server = await aKeyServer();
    const answer = await post(server, '/v1/api-keys', { name: 'a', scopes });
    expect(answer.ok ? 'ok' : await refusal(answer)).toBe(expected);
  });

  test('does not outlive its maker', async () => {
    const server = await aKeyServer();
    const maker = await issued(server, { name: 'maker', scopes: ['KEYS:*'], expiresInDays: 2 });
    const forever = await issued(server, { name: 'a', scopes: ['KEYS:READ'] }, maker.key);
    const longer = await issued(server, { name: 'b', scopes: ['KEYS:READ'], expiresInDays: 9 }, maker.key);
    const shorter = await issued(server, { name: 'c', scopes: ['KEYS:READ'], expiresInDays: 1 }, maker.key);
    expect([forever.expiresAt, longer.expiresAt]).toEqual([maker.expiresAt, maker.expiresAt]);
    expect(shorter.expiresAt).toBe('2026-11-21T10:00:00.000Z');
  });

  test('belongs to the workspace of its maker, where others do not see it', async () => {
    const server = await aKeyServer();
    const { id } = await issued(server, { name: 'ci', scopes: ['DISPATCH:*'] });
    expect(await list(server, OTHER_API_KEY)).toEqual({ apiKeys: [] });
    const answer = await post(server, `/v1/api-keys/${id}/revoke`, {}, OTHER_API_KEY);
    expect(await refusal(answer)).toBe('404 not_found');
    const other = await issued(server, { name: 'theirs', scopes: ['*'] }, OTHER_API_KEY);
    expect(await list(server, other.key)).toMatchObject({ apiKeys: [{ id: other.id }] });
  });

  test.each([
    ['GET', '/v1/api-keys', ['KEYS:WRITE', 'DISPATCH:*']],
    ['POST', '/v1/api-keys', ['KEYS:READ', 'DISPATCH:*']],
    ['POST', '/v1/api-keys/key_a/revoke', ['KEYS:READ']],
    ['GET', '/v1/client-tokens', ['KEYS:*']],
    ['POST', '/v1/client-tokens', ['TOKENS:READ']],
    ['DELETE', '/v1/client-tokens/ctr_a', ['TOKENS:READ']],
  ])('%s %s needs its scope', async (method, path, scopes) => {
    const server = await aKeyServer(scopes);
    const answer = await server.request(path, { method, headers: { authorization: `Bearer ${API_KEY}` } });
    expect(await refusal(answer)).toBe('403 insufficient_scope');
  });

  test('that another process made is known at once, and unknown within seconds after it was revoked there', async () => {
    const database = `${temporaryDirectory()}/pagehand.db`;
    const server = await aKeyServer(['*'], database);
    const elsewhere = await openSqliteStore(database);
    const clock = () => Date.parse('2026-11-20T10:00:00Z');
    const desk = createCredentialDesk({ store: elsewhere.credentials, clock, newId });
    expect(await dispatches(server, 'sk_live_guessed')).toBe('401 unauthorized');
    const { value, stored } = await desk.issueApiKey({ workspace: 'default', name: 'first', scopes: ['*'] });
    expect(await dispatches(server, value)).toBe('ok');
    await desk.revokeApiKey('default', stored.id);
    await server.credentials.refresh();
    expect(await dispatches(server, value)).toBe('401 unauthorized');
    await elsewhere.close();
  });

  test('that is guessed costs the store one reading a second and no more', async () => {
    const { store } = await aKeyServer();
    let readings = 0;
    const counted = {
      clientTokens: () => store.credentials.clientTokens(),
      apiKeys() {
        readings += 1;
        return store.credentials.apiKeys();
      },
    };
    let nowMs = 1_000_000;
    const config = resolveConfig(CONFIG, { file: 'test', env: {}, model: 'offline' });
    const credentials = createCredentials({ config, store: counted, clock: () => nowMs });
    await Promise.all(Array.from({ length: 100 }, (_, index) => credentials.apiKey(`sk_live_${index}`)));
    expect(readings).toBe(1);
    for (let guess = 0; guess < 200; guess += 1) await credentials.clientToken(`ct_live_${guess}`);
    const spent = readings;
    expect(spent).toBeLessThanOrEqual(60);
    nowMs += 1_000;
    for (let guess = 0; guess < 5; guess += 1) await credentials.knowsOrigin(`https://${guess}.example.com`);
    expect(readings).toBe(spent + 1);
  });
});
