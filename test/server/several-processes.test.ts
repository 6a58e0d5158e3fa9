import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../../server/log.ts';
import { createPagehand, type Pagehand } from '../../server/pagehand.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { API_KEY, eventsOf, SEARCH_TOOL, STORE_ORIGIN, STORE_TOKEN } from '../support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'pagehand-several-'));
const MESSAGES_PER_MINUTE = 2;
let postgres: PostgresServer;
let processes: Pagehand[];

beforeAll(async () => {
  const clientTokens = [{ token: STORE_TOKEN, allowedOrigins: [STORE_ORIGIN] }];
  const surface = {
    id: 'store',
    behavior: { webmcp: { enabled: true } },
    limits: { messagesPerMinute: MESSAGES_PER_MINUTE },
    clientTokens,
  };
  writeFileSync(
    join(folder, 'pagehand.config.json'),
    JSON.stringify({ surfaces: [surface], apiKeys: [{ key: API_KEY, scopes: ['*'] }] }),
  );
  postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  const env = { PAGEHAND_DB: await postgres.url(), PAGEHAND_DB_POOL: '4' };
  const log = createLog({ level: 'silent' });
  processes = await Promise.all([1, 2, 3].map(() => createPagehand({ cwd: folder, env, log, assets: {} })));
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.stop(0)));
});

const send = async (index: number, path: string, init: RequestInit) =>
  await (processes[index % processes.length] as Pagehand).fetch(new Request(`http://localhost${path}`, init));
const post = (index: number, path: string, body: object) =>
  send(index, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: STORE_ORIGIN },
    body: JSON.stringify(body),
  });
const open = async (index: number) =>
  (await (await post(index, '/v1/client/init', { token: STORE_TOKEN })).json()) as { sessionId: string };

test('chat on one, follow on another, resume on the third, cancel anywhere', async () => {
  const { sessionId } = await open(0);
  const messages = [{ role: 'user', content: 'search_products' }];
  const chat = await post(0, '/v1/client/chat', { sessionId, messages, clientTools: [SEARCH_TOOL] });
  const events = await eventsOf(chat);
  const executionId = events[0]?.executionId;
  const [pause] = events.slice(-1);
  expect(pause?.type).toBe('await');
  const follow = (index: number) =>
    send(index, `/v1/client/executions/${executionId}/events?after=0`, {
      headers: { origin: STORE_ORIGIN, authorization: `Bearer ${sessionId}` },
    });
  expect(await eventsOf(await follow(1))).toEqual(events);
  const toolOutputs = { search_products: 'a mug' };
  const rest = await eventsOf(await post(2, '/v1/client/resume', { sessionId, executionId, toolOutputs }));
  expect(rest.at(-1)?.type).toBe('execution_complete');
  expect(await eventsOf(await follow(1))).toEqual([...events, ...rest]);
  const cancelled = await post(1, '/v1/client/cancel', { sessionId, executionId });
  expect(await cancelled.json()).toEqual({ executionId, status: 'complete' });
});

test('a session has its messages a minute in all of them together', async () => {
  const { sessionId } = await open(0);
  const statuses = [];
  for (let index = 0; index < 3 * MESSAGES_PER_MINUTE; index++) {
    const messages = [{ role: 'user', content: `Message ${index}` }];
    const answer = await post(index, '/v1/client/chat', { sessionId, messages });
    await answer.text();
    statuses.push(answer.status);
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(MESSAGES_PER_MINUTE);
  expect(statuses.slice(MESSAGES_PER_MINUTE)).toEqual(Array(2 * MESSAGES_PER_MINUTE).fill(429));
});

test('credentials that one makes or takes back are so for all', async () => {
  const ask = async (index: number, method: string, path: string, key: string, body?: object) =>
    await send(index, path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const made = await ask(0, 'POST', '/v1/api-keys', API_KEY, { name: 'ci', scopes: ['KEYS:*'] });
  const { id, key } = (await made.json()) as { id: string; key: string };
  expect((await ask(1, 'GET', '/v1/api-keys', key)).status).toBe(200);
  const allowedOrigins = ['https://new.example.com'];
  const token = await ask(0, 'POST', '/v1/client-tokens', API_KEY, { surfaceId: 'store', allowedOrigins });
  const issued = (await token.json()) as { token: string };
  const init = await send(2, '/v1/client/init', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://new.example.com' },
    body: JSON.stringify({ token: issued.token }),
  });
  expect(init.status).toBe(200);
  await ask(0, 'POST', `/v1/api-keys/${id}/revoke`, API_KEY);
  expect((await ask(0, 'GET', '/v1/api-keys', key)).status).toBe(401);
  await vi.waitFor(async () => expect((await ask(1, 'GET', '/v1/api-keys', key)).status).toBe(401), {
    timeout: 10_000,
    interval: 250,
  });
}, 30_000);
