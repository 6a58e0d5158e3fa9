import { afterEach, beforeEach, expect, test } from 'vitest';
import { aClient, carrierTo, WHOLE_CONFIG } from '../sdk/a-client.ts';
import { API_KEY, aServer, type TestServer } from '../support/server.ts';
import { aTerminal, type TestTerminal } from './a-terminal.ts';

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

async function record(count: number) {
  const { id } = await aClient(server).tools.create({
    name: 'echo',
    description: 'Says it again.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: { word: { type: 'string' } } },
    config: { code: 'return word;' },
  });
  for (let call = 1; call <= count; call += 1) {
    server.advance(1_000);
    await aClient(server).tools.execute(id, { word: `word ${call}` });
  }
}

test('every tool call is exported, one line each, in the order of time', async () => {
  await record(3);
  const { exit, out } = await terminal.run('receipts', 'export');
  expect(exit).toBe(0);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ tool, parameters }) => [tool, parameters])).toEqual([
    ['echo', { word: 'word 1' }],
    ['echo', { word: 'word 2' }],
    ['echo', { word: 'word 3' }],
  ]);
  expect(await aClient(server).receipts.list({ limit: 2 })).toMatchObject({ data: [{}, {}] });
  const since = await terminal.run('receipts', 'export', '--from', lines[1].startedAt);
  expect(since.out.trimEnd().split('\n')).toHaveLength(2);
  expect((await terminal.run('receipts', 'export', '--tool', 'other')).out).toBe('');
  const one = await terminal.run('receipts', 'export', '--execution', lines[2].executionId);
  expect(JSON.parse(one.out)).toEqual(lines[2]);
});

test('a time that is none is refused', async () => {
  const { exit, notes } = await terminal.run('receipts', 'export', '--from', 'yesterday');
  expect(exit).toBe(1);
  expect(notes).toContain('ISO 8601');
});
