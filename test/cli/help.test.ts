import { afterAll, describe, expect, test } from 'vitest';
import { aTerminal } from './a-terminal.ts';

const terminal = aTerminal();
afterAll(() => terminal.remove());

const COMMANDS = [
  'serve',
  'tools plan',
  'tools ensure',
  'tools pull',
  'secrets set',
  'secrets list',
  'secrets rm',
  'secrets rotate',
  'receipts export',
  'tokens create',
  'tokens list',
  'tokens revoke',
  'keys create',
  'keys list',
  'keys revoke',
  'doctor',
];

describe('the command line', () => {
  test.each([[], ['--help'], ['-h']])('with %j says what there is', async (...args) => {
    const { exit, out } = await terminal.run(...args);
    expect(exit).toBe(0);
    for (const name of COMMANDS) expect(out).toContain(`pagehand ${name}`);
  });

  test.each(COMMANDS)('explains %s', async (name) => {
    const { exit, out, notes } = await terminal.run(...name.split(' '), '--help');
    expect([exit, notes]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^pagehand ${name}`));
    expect(out.split('\n').length).toBeGreaterThan(2);
  });

  test('explains a group by its commands', async () => {
    const { exit, out } = await terminal.run('tools', '--help');
    expect(exit).toBe(0);
    expect(out).toContain('pagehand tools ensure');
    expect(out).not.toContain('pagehand secrets');
  });

  test('says of a server that is not there how to name another one', async () => {
    const away = aTerminal({
      env: { PAGEHAND_API_KEY: 'sk_test_key' },
      fetch: async () => {
        throw new TypeError('fetch failed');
      },
    });
    const { exit, notes } = await away.run('tokens', 'list');
    expect(exit).toBe(1);
    expect(notes).toContain('http://localhost:8787 could not be reached');
    expect(notes).toContain('PAGEHAND_URL or --url');
    const odd = await away.run('tokens', 'list', '--url', 'localhost:8787');
    expect(odd.exit).toBe(2);
    expect(odd.notes).toContain('PAGEHAND_URL or --url is no address of a server');
    away.remove();
  });

  test.each([
    [['tool', 'plan'], 'There is no command "tool plan"'],
    [['tools', 'apply'], 'pagehand tools plan'],
    [['tools', 'plan', '--folder', 'x'], "Unknown option '--folder'"],
    [['tools', 'plan', 'extra'], '"extra" is one word too many'],
    [['tools', 'plan', '--dir'], "'--dir <value>' argument missing"],
    [['tools', 'ensure', '--on-conflict', 'panic'], 'takes "overwrite" or "error"'],
    [['secrets', 'set'], 'Something is missing'],
    [['secrets', 'list'], 'PAGEHAND_API_KEY is not set'],
  ])('ends %j with 2, and says what was not understood', async (args, sentence) => {
    const { exit, out, notes } = await terminal.run(...args);
    expect([exit, out]).toEqual([2, '']);
    expect(notes).toContain(sentence);
  });

  test('ends with 1 when nobody answers, and says so as JSON where JSON is asked for', async () => {
    const deaf = aTerminal({
      env: { PAGEHAND_API_KEY: 'sk_test_key', PAGEHAND_URL: 'http://127.0.0.1:9' },
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const plain = await deaf.run('secrets', 'list');
    expect([plain.exit, plain.out]).toEqual([1, '']);
    expect(plain.notes).toContain('http://127.0.0.1:9 could not be reached');
    const json = await deaf.run('secrets', 'list', '--json');
    expect(json.exit).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ error: { code: 'unreachable' } });
    deaf.remove();
  });
});
