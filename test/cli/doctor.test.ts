import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { carrierTo } from '../sdk/a-client.ts';
import { API_KEY, aServer, STORE_ORIGIN, STORE_TOKEN, type TestServer } from '../support/server.ts';
import { aTerminal, type TestTerminal } from './a-terminal.ts';

const SECRET_KEYS = `one:${Buffer.alloc(32, 7).toString('base64')}`;
let terminal: TestTerminal;
afterEach(() => terminal.remove());

const here = (env: Record<string, string> = {}) => {
  terminal = aTerminal({ env });
  return terminal;
};
const config = (value: unknown) => terminal.write('pagehand.config.json', JSON.stringify(value));

describe('the doctor', () => {
  test('finds a fresh folder healthy, chats once, and leaves no trace of that', async () => {
    const { exit, out } = await here({ PAGEHAND_SECRET_KEYS: SECRET_KEYS, PAGEHAND_DB: 'own.db' }).run(
      'doctor',
    );
    expect(exit).toBe(0);
    for (const name of ['environment', 'configuration', 'store', 'secrets', 'model', 'origins', 'round trip'])
      expect(out).toMatch(new RegExp(`^\u2713 ${name}`, 'm'));
    expect(out).not.toContain('\u2717');
    expect(out).toMatch(/round trip +session, message and answer in \d+ ms/);
    expect(existsSync(join(terminal.cwd, 'own.db'))).toBe(true);
  });

  test('says of a model without a key which variable is missing, and does not chat', async () => {
    const { exit, out } = await here({ PAGEHAND_MODEL: 'openai/gpt-5.4' }).run('doctor');
    expect(exit).toBe(1);
    expect(out).toMatch(/\u2717 model +.*OPENAI_API_KEY/);
    expect(out).toMatch(/\u2013 round trip/);
  });

  test('says what is wrong with the environment and the configuration, with the mend', async () => {
    const wrong = await here({ PORT: '99999' }).run('doctor');
    expect(wrong.exit).toBe(1);
    expect(wrong.out).toContain('\u2717 environment  PORT must be a whole number');
    terminal.remove();
    here();
    config({ surfaces: [{ id: 'store', clientTokens: [{ token: 'nonsense', allowedOrigins: [] }] }] });
    const { exit, out } = await terminal.run('doctor');
    expect(exit).toBe(1);
    expect(out).toMatch(/\u2717 configuration +pagehand\.config\.json/);
    expect(out).toMatch(/\u2713 store/);
  });

  test('says of a database that cannot be opened why', async () => {
    here({ PAGEHAND_DB: 'broken.db' });
    terminal.write('broken.db', 'This is no database, and long enough to be taken for one. '.repeat(100));
    const { exit, out } = await terminal.run('doctor');
    expect(exit).toBe(1);
    expect(out).toMatch(/\u2717 store/);
    expect(out).toContain('PAGEHAND_DB');
  });

  test('warns of origins that are not encrypted, pose as others, or open to anything', async () => {
    here({ PAGEHAND_SECRET_KEYS: SECRET_KEYS });
    const allowedOrigins = [
      'https://store.example.com',
      'https://store.example.com.evil.io',
      'http://intranet.example.com',
      'http://localhost:3000',
      'null',
    ];
    config({
      surfaces: [
        { id: 'store', clientTokens: [{ token: 'ct_test_abc', allowedOrigins }] },
        { id: 'closed', clientTokens: [] },
      ],
    });
    const { exit, out } = await terminal.run('doctor', '--json');
    expect(exit).toBe(0);
    const found = JSON.parse(out)
      .checks.filter(({ state }: { state: string }) => state === 'warning')
      .map((check: { found: string }) => check.found);
    expect(found).toEqual([
      'https://store.example.com.evil.io begins like https://store.example.com and is another host.',
      expect.stringContaining('http://intranet.example.com is not encrypted'),
      expect.stringContaining('Pages without an origin are allowed'),
      expect.stringContaining('The surface "closed" has no active client token'),
    ]);
  });

  test('warns of secrets that nothing can be encrypted with', async () => {
    const { exit, out } = await here().run('doctor');
    expect(exit).toBe(0);
    expect(out).toMatch(/! secrets/);
    expect(out).toContain('PAGEHAND_SECRET_KEYS');
  });
});

describe('the doctor of a server that runs', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await aServer();
    const env = { PAGEHAND_URL: 'http://pagehand.test', PAGEHAND_API_KEY: API_KEY };
    terminal = aTerminal({ env, fetch: carrierTo(server) });
  });
  afterEach(() => server.close());

  test('chats with it as a page, and looks at nothing of this folder', async () => {
    const { exit, out } = await terminal.run('doctor', '--token', STORE_TOKEN, '--origin', STORE_ORIGIN);
    expect(exit).toBe(0);
    expect(out).toMatch(/\u2713 server +http:\/\/pagehand\.test takes new work/);
    expect(out).toMatch(/\u2713 round trip +.*\u201cHello\.\u201d/);
    expect(out).not.toContain('store');
  });

  test('says why a page would be refused', async () => {
    const { exit, out } = await terminal.run(
      'doctor',
      '--token',
      STORE_TOKEN,
      '--origin',
      'https://evil.example',
    );
    expect(exit).toBe(1);
    expect(out).toContain('origin_not_allowed');
  });

  test('says that nobody is there', async () => {
    const deaf = aTerminal({
      env: { PAGEHAND_URL: 'http://pagehand.test' },
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const { exit, out } = await deaf.run('doctor');
    expect([exit, out.split('\n')[0]]).toEqual([1, expect.stringContaining('does not answer')]);
    deaf.remove();
  });
});
