import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPagehand } from '../../server/index.ts';
import { PagehandClient } from '../../server/sdk/index.ts';
import { carrierTo, WHOLE_CONFIG } from '../sdk/a-client.ts';
import { API_KEY, aServer, type TestServer } from '../support/server.ts';
import { aTerminal, type TestTerminal } from './a-terminal.ts';

const OWN_ORIGIN = 'https://pages.example.com';
let server: TestServer;
let terminal: TestTerminal;

beforeEach(async () => {
  server = await aServer({ config: WHOLE_CONFIG });
  terminal = aTerminal({
    env: { PAGEHAND_API_KEY: API_KEY, PAGEHAND_URL: 'http://pagehand.test' },
    fetch: carrierTo(server),
  });
});
afterEach(async () => {
  terminal.remove();
  await server.close();
});

describe('client tokens', () => {
  const init = async (token: string) =>
    (await server.post('/v1/client/init', { token }, { origin: OWN_ORIGIN })).status;

  test('are made, shown once, listed without their value, and taken back', async () => {
    const made = await terminal.run('tokens', 'create', 'store', '--origin', OWN_ORIGIN, '--test');
    expect(made.exit).toBe(0);
    const token = made.out.trim();
    expect(token).toMatch(/^ct_test_\S{40,}$/);
    expect(made.notes).toContain(OWN_ORIGIN);
    expect(await init(token)).toBe(200);

    const listed = await terminal.run('tokens', 'list');
    expect(listed.out).toContain('store');
    expect(listed.out).toContain('active');
    expect(listed.out).not.toContain(token);
    const [id = ''] = listed.out.split(' ');
    expect(id).toMatch(/^ctr_/);

    expect((await terminal.run('tokens', 'revoke', id)).exit).toBe(0);
    expect(await init(token)).toBe(403);
    expect((await terminal.run('tokens', 'list')).out).toBe('There are no client tokens.\n');
    expect((await terminal.run('tokens', 'revoke', id)).exit).toBe(1);
  });

  test.each([
    [['store'], 2, 'Without an --origin'],
    [['nowhere', '--origin', OWN_ORIGIN], 1, 'There is no surface "nowhere"'],
    [['store', '--origin', 'https://*.example.com'], 1, 'must be one exact origin'],
  ])('are not made from %j', async (args, code, sentence) => {
    const { exit, out, notes } = await terminal.run('tokens', 'create', ...args);
    expect([exit, out]).toEqual([code, '']);
    expect(notes).toContain(sentence);
  });
});

describe('secrets', () => {
  const VALUE = 'a-secret-value-that-nobody-sees';

  test('come on standard input, are listed by name, and are shown by nothing', async () => {
    const set = await terminal.runWith(`${VALUE}\n`, 'secrets', 'set', 'weather_key');
    expect(set.exit).toBe(0);
    expect(set.out).toContain('{{secret:WEATHER_KEY}}');
    const listed = await terminal.run('secrets', 'list');
    expect(listed.out).toContain('WEATHER_KEY');
    const json = await terminal.run('secrets', 'list', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ secrets: [{ name: 'WEATHER_KEY', version: 1 }] });
    const rotated = await terminal.run('secrets', 'rotate');
    expect([rotated.exit, rotated.out]).toEqual([0, expect.stringContaining('1 were already')]);
    const said = [set, listed, json, rotated].flatMap(({ out, notes }) => [out, notes]).join('');
    expect(said + server.logged()).not.toContain(VALUE);
    expect((await terminal.run('secrets', 'rm', 'WEATHER_KEY')).exit).toBe(0);
    expect((await terminal.run('secrets', 'list')).out).toBe('There are no secrets.\n');
    expect((await terminal.run('secrets', 'rm', 'WEATHER_KEY')).notes).toContain('no secret WEATHER_KEY');
  });

  test('are not taken from arguments, nor where they are empty', async () => {
    const argument = await terminal.run('secrets', 'set', 'KEY', VALUE);
    expect(argument.exit).toBe(2);
    expect((await terminal.runWith('\n', 'secrets', 'set', 'KEY')).exit).toBe(2);
    expect((await terminal.run('secrets', 'list')).out).toBe('There are no secrets.\n');
  });
});

describe('API keys', () => {
  test('are made in the database without a server, and open the one that is started on it', async () => {
    const env = { PAGEHAND_DB: 'keys.db', PAGEHAND_LOG_LEVEL: 'silent' };
    const alone = aTerminal({ env });
    const made = await alone.run('keys', 'create', 'ci', '--scope', 'TOOLS:*', '--expires-in-days', '30');
    expect(made.exit).toBe(0);
    const key = made.out.trim();
    expect(key).toMatch(/^sk_live_\S{40,}$/);
    const listed = await alone.run('keys', 'list');
    expect(listed.out).toMatch(/^key_\S+ .*ci +active +TOOLS:\* +until 20/);
    expect(listed.out).not.toContain(key);

    const pagehand = await createPagehand({ env, cwd: alone.cwd });
    const fetch = async (url: string, request: RequestInit) =>
      await pagehand.fetch(new Request(url, request));
    const client = new PagehandClient({ apiKey: key, baseUrl: 'http://localhost', fetch });
    expect((await client.tools.list()).data).toEqual([]);
    await expect(client.secrets.list()).rejects.toMatchObject({ code: 'insufficient_scope' });
    await pagehand.stop(0);

    const [id = ''] = listed.out.split(' ');
    expect((await alone.run('keys', 'revoke', id)).exit).toBe(0);
    expect((await alone.run('keys', 'list')).out).toContain('revoked');
    expect((await alone.run('keys', 'revoke', 'key_none')).exit).toBe(1);
    expect((await alone.run('keys', 'list', '--workspace', 'other')).out).toContain('no API keys');
    alone.remove();
  });

  test.each([
    [['ci'], 'without a --scope'],
    [['ci', '--scope', 'EVERYTHING'], '"EVERYTHING" is no scope'],
    [['ci', '--scope', '*', '--expires-in-days', 'soon'], 'a whole number from 1 to 3650'],
  ])('are not made from %j', async (args, sentence) => {
    const { exit, notes } = await terminal.run('keys', 'create', ...args);
    expect(exit).toBe(2);
    expect(notes).toContain(sentence);
  });
});
