import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SecretKey, secretKeysOf } from '../../server/config/secret-keys.ts';
import { createLog } from '../../server/log.ts';
import { createPagehand } from '../../server/pagehand.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { createManagedSecrets, type ManagedSecrets } from '../../server/secrets/managed-secrets.ts';
import type { Scrubber } from '../../server/secrets/scrubber.ts';
import type { SecretStore, StoredSecret } from '../../server/store/secret-store.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { startEchoingService } from '../support/echoing-service.ts';
import { API_KEY, aServer, CONFIG, OTHER_API_KEY, refusal, type TestServer } from '../support/server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const VALUE = 'canary value of the secret';
const keyText = (id: string, fill: number) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = keyText('old', 1);
const NEW = keyText('new', 2);

function aSecretServer(secretKeys?: readonly SecretKey[], scopes: readonly string[] = ['SECRETS:*']) {
  return aServer({
    config: {
      ...CONFIG,
      apiKeys: [
        { key: API_KEY, scopes },
        { key: OTHER_API_KEY, scopes: ['SECRETS:*'], workspace: 'other' },
      ],
    },
    configure: (config) => config,
    ...(secretKeys === undefined ? {} : { secretKeys }),
  });
}

const ask = (server: TestServer, method: string, path: string, key = API_KEY) =>
  server.request(path, { method, headers: { authorization: `Bearer ${key}` } });
const save = (server: TestServer, body: unknown, key = API_KEY) =>
  server.post('/v1/secrets', body, { authorization: `Bearer ${key}` });

describe('a kept secret', () => {
  test('is saved, replaced, listed and forgotten, and its value is told to nobody [R2-17]', async () => {
    const server = await aSecretServer();
    const first = await (await save(server, { name: 'WEATHER_KEY', value: VALUE })).json();
    expect(first).toEqual({
      name: 'WEATHER_KEY',
      version: 1,
      keyId: 'main',
      createdAt: '2026-11-20T10:00:00.000Z',
      updatedAt: '2026-11-20T10:00:00.000Z',
    });
    server.advance(60_000);
    const second = await (await save(server, { name: 'weather_key', value: `${VALUE} 2` })).json();
    expect(second).toEqual({ ...first, version: 2, updatedAt: '2026-11-20T10:01:00.000Z' });
    const list = await (await ask(server, 'GET', '/v1/secrets')).text();
    expect(JSON.parse(list)).toEqual({ secrets: [second] });
    const stored = JSON.stringify(await server.store.secrets.secrets());
    for (const text of [list, stored, server.logged()]) expect(text).not.toContain('canary');
    expect((await ask(server, 'DELETE', '/v1/secrets/WEATHER_KEY')).status).toBe(200);
    expect(await refusal(await ask(server, 'DELETE', '/v1/secrets/WEATHER_KEY'))).toBe(
      '404 secret_not_found',
    );
    expect(await (await ask(server, 'GET', '/v1/secrets')).json()).toEqual({ secrets: [] });
    expect((await ask(server, 'GET', '/v1/secrets/WEATHER_KEY')).status).toBe(405);
    await server.close();
  });

  test('belongs to its workspace alone', async () => {
    const server = await aSecretServer();
    await save(server, { name: 'KEY', value: VALUE });
    expect(await (await ask(server, 'GET', '/v1/secrets', OTHER_API_KEY)).json()).toEqual({ secrets: [] });
    expect(await refusal(await ask(server, 'DELETE', '/v1/secrets/KEY', OTHER_API_KEY))).toBe(
      '404 secret_not_found',
    );
    await save(server, { name: 'KEY', value: 'another value' }, OTHER_API_KEY);
    expect(await (await ask(server, 'GET', '/v1/secrets')).json()).toMatchObject({
      secrets: [{ version: 1 }],
    });
    await server.close();
  });

  test.each([
    ['a-b', 'lower-case and a hyphen'],
    ['', 'nothing'],
    ['A'.repeat(101), '101 characters'],
    ['SCHLÜSSEL', 'another letter'],
  ])('is not named %j: %s', async (name) => {
    const server = await aSecretServer();
    expect(await refusal(await save(server, { name, value: VALUE }))).toBe('400 invalid_request');
    await server.close();
  });

  test('that is too short to be found in a log is kept with a warning', async () => {
    const server = await aSecretServer();
    expect(await (await save(server, { name: 'PIN', value: '1234' })).json()).toMatchObject({
      warnings: [expect.stringContaining('under 6 characters')],
    });
    await server.close();
  });

  test('needs the scope for what is done with it', async () => {
    const server = await aSecretServer(undefined, ['SECRETS:READ']);
    expect((await ask(server, 'GET', '/v1/secrets')).status).toBe(200);
    expect(await refusal(await save(server, { name: 'KEY', value: VALUE }))).toBe('403 insufficient_scope');
    expect(await refusal(await ask(server, 'DELETE', '/v1/secrets/KEY'))).toBe('403 insufficient_scope');
    expect(await refusal(await ask(server, 'POST', '/v1/secrets/rotate'))).toBe('403 insufficient_scope');
    await server.close();
  });

  test('needs a key to encrypt it with, and every route says how to make one', async () => {
    const server = await aSecretServer([]);
    for (const answer of [
      await save(server, { name: 'KEY', value: VALUE }),
      await ask(server, 'GET', '/v1/secrets'),
      await ask(server, 'DELETE', '/v1/secrets/KEY'),
      await ask(server, 'POST', '/v1/secrets/rotate'),
    ]) {
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        code: 'secrets_unavailable',
        hint: expect.stringContaining('openssl rand -base64 32'),
      });
    }
    await server.close();
  });

  test('is written by many at once without one of them getting lost half way', async () => {
    const server = await aSecretServer();
    const values = Array.from({ length: 8 }, (_, index) => `value number ${index}`);
    const answers = await Promise.all(values.map((value) => save(server, { name: 'KEY', value })));
    expect(answers.map(({ status }) => status)).toEqual(values.map(() => 200));
    expect(await (await ask(server, 'GET', '/v1/secrets')).json()).toMatchObject({
      secrets: [{ version: 8 }],
    });
    await server.close();
  });
});

interface Keeper {
  readonly store: SecretStore;
  readonly scrubber: Scrubber;
  with(keys: string): ManagedSecrets;
  /** Changes the stored row. */
  tamper(change: (secret: StoredSecret) => Partial<StoredSecret>): void;
  /** So much time goes by with every look at the clock. */
  passing(ms: number): void;
  /** Once, between the reading of all secrets and whatever is done with them. */
  afterListing(happens: () => Promise<void>): void;
  logged(): string;
  advance(ms: number): void;
}

/** One database, and processes with any keys on it. */
async function aKeeper(): Promise<Keeper> {
  const { secrets: store } = await openSqliteStore(':memory:');
  const scrubber = createScrubber([]);
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  let change: ((secret: StoredSecret) => Partial<StoredSecret>) | undefined;
  let next: (() => Promise<void>) | undefined;
  let nowMs = 1_000;
  let passingMs = 0;
  const clock = () => {
    nowMs += passingMs;
    return nowMs;
  };
  const changed = (secret: StoredSecret) => ({ ...secret, ...change?.(secret) });
  const tampered: SecretStore = {
    ...store,
    secret: async (workspace, name) => {
      const secret = await store.secret(workspace, name);
      return secret && changed(secret);
    },
    secrets: async (workspace) => {
      const listed = await store.secrets(workspace);
      const happens = next;
      next = undefined;
      await happens?.();
      return listed.map(changed);
    },
  };
  return {
    store,
    scrubber,
    with: (keys) => createManagedSecrets({ store: tampered, keys: secretKeysOf(keys), scrubber, clock, log }),
    tamper: (how) => {
      change = how;
    },
    passing: (ms) => {
      passingMs = ms;
    },
    afterListing: (happens) => {
      next = happens;
    },
    logged: () => lines.join(''),
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

describe('the value of a kept secret', () => {
  test('is what was saved, for its own workspace, and is scrubbed from then on [R2x-12]', async () => {
    const keeper = await aKeeper();
    const value = 'ключ "1"\n';
    await keeper.with(OLD).save('shop', 'KEY', value);
    const other = createScrubber([]);
    expect(other.scrub(value)).toBe(value);
    expect(await keeper.with(OLD).value('shop', 'KEY')).toBe(value);
    expect(keeper.scrubber.scrub(JSON.stringify({ value }))).toBe('{"value":"[redacted]"}');
    await expect(keeper.with(OLD).value('else', 'KEY')).rejects.toMatchObject({
      code: 'unresolved_variable',
    });
  });

  test.each<readonly [string, string, (secret: StoredSecret) => Partial<StoredSecret>]>([
    ['the key is another one of the same name', keyText('old', 9), () => ({})],
    ['its key is not there', NEW, () => ({})],
    ['its ciphertext was changed', OLD, ({ sealed }) => ({ sealed: flipped(sealed) })],
    ['its ciphertext was cut', OLD, ({ sealed }) => ({ sealed: sealed.slice(0, 20) })],
    ['it is empty', OLD, () => ({ sealed: '' })],
    ['it was put into another workspace', OLD, () => ({ workspace: 'other' })],
    ['it was put under another name', OLD, () => ({ name: 'OTHER' })],
    ['an older one was put back', OLD, ({ version }) => ({ version: version + 1 })],
  ])('stays closed where %s: the call fails, and the log says why without it', async (_, keys, change) => {
    const keeper = await aKeeper();
    await keeper.with(OLD).save('shop', 'KEY', VALUE);
    keeper.tamper(change);
    await expect(keeper.with(keys).value('shop', 'KEY')).rejects.toMatchObject({
      code: 'unresolved_variable',
      message: expect.not.stringContaining('canary'),
    });
    const [line = ''] = keeper.logged().split('\n');
    expect(JSON.parse(line)).toMatchObject({
      msg: 'A secret cannot be decrypted',
      reason: expect.any(String),
    });
    expect(keeper.logged()).not.toContain('canary');
    await keeper.with(keys).check();
    expect(keeper.logged().split('\n')).toHaveLength(3);
  });

  test('changes within seconds after another process saved it or removed it, at once in the same', async () => {
    const keeper = await aKeeper();
    const [here, there] = [keeper.with(OLD), keeper.with(OLD)];
    await here.save('shop', 'KEY', 'first value');
    expect(await there.value('shop', 'KEY')).toBe('first value');
    await here.save('shop', 'KEY', 'second value');
    expect(await here.value('shop', 'KEY')).toBe('second value');
    keeper.advance(3_000);
    expect(await there.value('shop', 'KEY')).toBe('second value');
    await here.remove('shop', 'KEY');
    await expect(here.value('shop', 'KEY')).rejects.toMatchObject({ code: 'unresolved_variable' });
    keeper.advance(3_000);
    await expect(there.value('shop', 'KEY')).rejects.toMatchObject({ code: 'unresolved_variable' });
  });

  test('is asked for in vain where the server has no key', async () => {
    const keeper = await aKeeper();
    await expect(keeper.with('').value('shop', 'KEY')).rejects.toThrow('PAGEHAND_SECRET_KEYS is not set');
  });
});

describe('a tool of a workspace', () => {
  test('is sent the secrets of its own workspace as they are now, and nothing of them comes back [R2x-12, R2-16]', async () => {
    const service = await startEchoingService();
    const folder = temporaryDirectory();
    const keys = ['shop', 'news', 'none'].map((workspace) => ({ key: `sk_test_${workspace}`, workspace }));
    const config = {
      apiKeys: keys.map((key) => ({ ...key, scopes: ['*'] })),
      egress: { internal: [service.host] },
    };
    writeFileSync(join(folder, 'pagehand.config.json'), JSON.stringify(config));
    const pagehand = await createPagehand({
      cwd: folder,
      assets: {},
      log: createLog({ level: 'silent' }),
      env: { PAGEHAND_DB: ':memory:', PAGEHAND_SECRET_KEYS: `${NEW},${OLD}` },
    });
    const send = async (workspace: string, path: string, body: object) => {
      const request = new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': `sk_test_${workspace}` },
        body: JSON.stringify(body),
      });
      return (await (await pagehand.fetch(request)).json()) as Record<string, unknown>;
    };
    const tool = {
      name: 'Ask',
      description: 'Asks.',
      toolType: 'external',
      config: { url: `http://${service.host}/body`, headers: { 'x-access': '{{secret:ACCESS}}' } },
    };
    const ids: Record<string, unknown> = {};
    for (const { workspace } of keys) ids[workspace] = (await send(workspace, '/v1/tools', tool)).id;
    const run = async (workspace: string) => {
      const before = service.received.length;
      const answer = await send(workspace, `/v1/tools/${ids[workspace]}/execute`, { parameters: {} });
      return { answer, told: service.received.slice(before).join('') };
    };
    await send('shop', '/v1/secrets', { name: 'ACCESS', value: 'value of the shop' });
    await send('news', '/v1/secrets', { name: 'ACCESS', value: 'value of the news' });
    const shop = await run('shop');
    expect(shop.told).toContain('value of the shop');
    expect(shop.answer).toMatchObject({ status: 'success' });
    expect(JSON.stringify(shop.answer)).toContain('"x-access":"[redacted]"');
    expect((await run('news')).told).toContain('value of the news');
    const none = await run('none');
    expect(none.answer).toMatchObject({ status: 'error', error: { code: 'unresolved_variable' } });
    expect(none.told).toBe('');
    await send('shop', '/v1/secrets', { name: 'ACCESS', value: 'another value' });
    expect(await send('shop', '/v1/secrets/rotate', {})).toMatchObject({ failed: 0 });
    expect((await run('shop')).told).toContain('another value');
    await pagehand.stop(0);
    await service.close();
  });
});

describe('a rotation', () => {
  test('moves everything under the first key, so that the old one can go', async () => {
    const keeper = await aKeeper();
    await keeper.with(OLD).save('shop', 'A', 'value of a');
    await keeper.with(OLD).save('else', 'B', 'value of b');
    const both = keeper.with(`${NEW},${OLD}`);
    await both.save('shop', 'C', 'value of c');
    expect(await both.rotate()).toEqual({ keyId: 'new', rotated: 2, unchanged: 1, left: 0, failed: [] });
    expect(await both.rotate()).toEqual({ keyId: 'new', rotated: 0, unchanged: 3, left: 0, failed: [] });
    const alone = keeper.with(NEW);
    expect(await alone.value('shop', 'A')).toBe('value of a');
    expect(await alone.value('else', 'B')).toBe('value of b');
  });

  test('answers in time with what it has done, and goes on when it is asked again', async () => {
    const keeper = await aKeeper();
    for (const name of ['A', 'B', 'C']) await keeper.with(OLD).save('shop', name, `value of ${name}`);
    const both = keeper.with(`${NEW},${OLD}`);
    keeper.passing(6_000);
    const first = await both.rotate();
    expect(first.left).toBeGreaterThan(0);
    keeper.passing(0);
    expect(await both.rotate()).toMatchObject({ unchanged: 3 - first.left, rotated: first.left, left: 0 });
  });

  test('leaves what cannot be opened as it is, and names only what is of the own workspace', async () => {
    const server = await aSecretServer(secretKeysOf(`${NEW},${OLD}`));
    const lost = secretKeysOf(keyText('lost', 3));
    const elsewhere = createManagedSecrets({
      store: server.store.secrets,
      keys: lost,
      scrubber: createScrubber([]),
      clock: Date.now,
      log: createLog({ level: 'silent' }),
    });
    await elsewhere.save('default', 'MINE', VALUE);
    await elsewhere.save('other', 'THEIRS', VALUE);
    await save(server, { name: 'GOOD', value: VALUE });
    expect(await (await ask(server, 'POST', '/v1/secrets/rotate')).json()).toEqual({
      keyId: 'new',
      rotated: 0,
      unchanged: 1,
      left: 0,
      failed: 2,
      failedNames: ['MINE'],
    });
    expect(await elsewhere.value('default', 'MINE')).toBe(VALUE);
    await server.close();
  });

  test('takes back nothing that is saved meanwhile', async () => {
    const keeper = await aKeeper();
    await keeper.with(OLD).save('shop', 'KEY', 'value before');
    const both = keeper.with(`${NEW},${OLD}`);
    const writer = keeper.with(`${OLD},${NEW}`);
    keeper.afterListing(async () => void (await writer.save('shop', 'KEY', 'value after')));
    expect(await both.rotate()).toEqual({ keyId: 'new', rotated: 1, unchanged: 0, left: 0, failed: [] });
    expect(await keeper.with(`${NEW},${OLD}`).value('shop', 'KEY')).toBe('value after');
  });
});

function flipped(sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes.toString('base64');
}
