import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carrierTo, WHOLE_CONFIG } from '../sdk/a-client.ts';
import { API_KEY, aServer, type TestServer } from '../support/server.ts';
import { aTerminal } from './a-terminal.ts';

const terminal = aTerminal();
let server: TestServer;
let url: string;
const socket = createServer();

beforeAll(async () => {
  server = await aServer({ config: WHOLE_CONFIG });
  const carry = carrierTo(server);
  socket.on(
    'request',
    getRequestListener(async ({ url: asked, method, headers, body }) =>
      carry(asked, { method, headers, body: body === null ? null : await new Response(body).text() }),
    ),
  );
  await new Promise<void>((done) => socket.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(socket.address() as AddressInfo).port}`;
});
afterAll(async () => {
  socket.closeAllConnections();
  socket.close();
  terminal.remove();
  await server.close();
});

/** The program as a process of its own. */
function run(
  args: readonly string[],
  input = '',
): Promise<{ exit: number | null; out: string; notes: string }> {
  const at = (path: string) => resolve(import.meta.dirname, '../..', path);
  const child = spawn(
    process.execPath,
    [at('node_modules/jiti/lib/jiti-cli.mjs'), at('server/cli/main.ts'), ...args],
    {
      cwd: terminal.cwd,
      env: { PATH: process.env.PATH ?? '', PAGEHAND_URL: url, PAGEHAND_API_KEY: API_KEY },
    },
  );
  let out = '';
  let notes = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    notes += chunk.toString();
  });
  child.stdin.end(input);
  return new Promise((done) => child.once('close', (exit) => done({ exit, out, notes })));
}

describe('the program', () => {
  test('explains itself, and ends as its commands say', async () => {
    const help = await run(['--help']);
    expect([help.exit, help.notes]).toEqual([0, '']);
    expect(help.out).toContain('pagehand tools plan');
    expect((await run(['nonsense'])).exit).toBe(2);
  }, 60_000);

  test('takes a secret from standard input, and plans and ensures a folder without colours', async () => {
    const set = await run(['secrets', 'set', 'WEATHER_KEY'], 'a-long-secret-value\n');
    expect(set).toMatchObject({ exit: 0, out: expect.stringContaining('Kept WEATHER_KEY.') });
    terminal.write(
      'tools/tax.ts',
      `import { createCustomTool } from '@pagehand/server/sdk';
       export const tax = createCustomTool({ name: 'Tax', description: 'Adds a tax.', code: 'return 1;' });`,
    );
    const plan = await run(['tools', 'plan']);
    expect(plan).toMatchObject({ exit: 1, notes: '' });
    expect(plan.out).toMatch(/^\+ Tax {2}create {2}tools\/tax\.ts\n/);
    expect((await run(['tools', 'ensure'])).exit).toBe(0);
    expect((await run(['tools', 'plan'])).exit).toBe(0);
  }, 60_000);
});
