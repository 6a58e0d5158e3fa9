import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../server/log.ts';
import { type RunningServer, startServer } from '../../server/start.ts';
import { sendJson, textOf } from '../support/http-client.ts';
import { freePort } from '../support/product.ts';
import { type ProviderServer, startProvider } from '../support/provider-server.ts';
import { WIRES } from '../support/provider-wires.ts';
import { framesOf } from '../support/server.ts';

const ORIGIN = 'https://store.example.com';
const TOKEN = 'ct_test_store';
const API_KEY = 'sk_test_local';
const WIRE = WIRES.find(({ model }) => model.startsWith('openai-compatible/'));
const [FIRST = '', WORD = '', ...REST] = WIRE?.text('Once ', 'upon a time.') ?? [];

const folder = mkdtempSync(join(tmpdir(), 'pagehand-shutdown-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A model that says one word and then waits until it is let go. */
let provider: ProviderServer;
let held: ServerResponse[];
let whenHeld: () => void;
const letGo = () => {
  for (const response of held) response.end(REST.join(''));
};

beforeEach(async () => {
  held = [];
  whenHeld = () => undefined;
  provider = await startProvider();
  provider.behave((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(FIRST + WORD);
    held.push(response);
    whenHeld();
  });
});
afterEach(() => provider.close());

async function holding(count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    whenHeld = () => held.length >= count && resolve();
    whenHeld();
  });
}

async function start(name: string): Promise<RunningServer> {
  const config = {
    surfaces: [
      {
        id: 'store',
        agent: { model: WIRE?.model },
        clientTokens: [{ token: TOKEN, allowedOrigins: [ORIGIN] }],
      },
    ],
    apiKeys: [{ key: API_KEY, scopes: ['DISPATCH:*'] }],
  };
  writeFileSync(join(folder, 'pagehand.config.json'), JSON.stringify(config));
  return await startServer({
    env: { PORT: String(await freePort()), PAGEHAND_DB: `${name}.db`, ...WIRE?.env(provider.origin) },
    cwd: folder,
    assets: {},
    log: createLog({ level: 'silent' }),
  });
}

const dispatch = (server: RunningServer, headers: Record<string, string> = {}, fields: object = {}) =>
  fetch(`${server.url}/v1/dispatch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}`, ...headers },
    body: JSON.stringify({
      agent: { id: 'store' },
      messages: [{ role: 'user', content: 'Tell me a story' }],
      ...fields,
    }),
  });

test('while it stops it is not ready, takes nothing new, also not on kept connections, and lets the turn end', async () => {
  const server = await start('orderly');
  const { port } = new URL(server.url);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const init = () => sendJson(kept, port, ORIGIN, '/v1/client/init', { token: TOKEN });
  const opened = await init();
  expect(opened.statusCode).toBe(200);
  expect(opened.headers.connection).toBe('keep-alive');
  await textOf(opened);
  const story = (await dispatch(server)).text();
  await holding(1);

  const stopped = server.stop();
  const late = await init();
  expect(late.statusCode).toBe(503);
  expect(late.headers.connection).toBe('close');
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(await textOf(late))).toMatchObject({ code: 'shutting_down' });
  for (const path of ['/readyz', '/v1/client/executions/exec_1/events', '/v1/agents/a/executions/e/events']) {
    const refused = await fetch(server.url + path, { headers: { origin: ORIGIN } });
    expect([path, refused.status, refused.headers.get('connection')]).toEqual([path, 503, 'close']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
  }
  const alive = await fetch(`${server.url}/healthz`);
  expect([alive.status, alive.headers.get('connection')]).toEqual([200, 'close']);

  letGo();
  const text = await story;
  expect(framesOf(text).at(-1)?.event).toBe('execution_complete');
  expect(text).not.toContain('interrupted');
  await stopped;
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

test('at the deadline it leaves its turns where they are, says where to go on, and the next process ends them', async () => {
  const server = await start('deadline');
  const answer = await dispatch(server);
  const [whole, story] = [answer.text(), dispatch(server, {}, { streamResponse: false })];
  await holding(2);
  await server.stop(300);
  const text = await whole;
  const frames = framesOf(text);
  const last = frames.at(-1)?.data;
  expect(last?.type).toBe('text_delta');
  expect(text.endsWith(`: interrupted, go on with after=${last?.seq}\n\n`)).toBe(true);
  expect(await (await story).json()).toMatchObject({ code: 'shutting_down' });

  const next = await start('deadline');
  await holding(4);
  letGo();
  const begun = frames[0]?.data;
  const conversationId = begun?.type === 'execution_start' ? (begun.conversationId ?? '') : '';
  const rest = await fetch(
    `${next.url}/v1/agents/store/executions/${begun?.executionId}/events?conversationId=${conversationId}&after=${last?.seq}`,
    { headers: { authorization: `Bearer ${API_KEY}` } },
  );
  const events = framesOf(await rest.text()).map(({ data }) => data);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => (last?.seq ?? 0) + 1 + index));
  expect(events).toContainEqual(expect.objectContaining({ type: 'custom', name: 'pagehand.superseded' }));
  expect(events.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
  await next.stop();
});

test('a caller without a stream sends its request again, as it was told, and gets each word once', async () => {
  const server = await start('again');
  const story = (one: RunningServer) =>
    dispatch(one, { 'idempotency-key': 'story-1' }, { streamResponse: false });
  const first = story(server);
  await holding(1);
  await server.stop(300);
  expect(await (await first).json()).toMatchObject({
    code: 'shutting_down',
    hint: expect.stringContaining('Idempotency-Key'),
  });

  const next = await start('again');
  const again = story(next);
  await holding(2);
  letGo();
  expect(await (await again).json()).toMatchObject({ status: 'complete', output: 'Once upon a time.' });
  await next.stop();
});

test('200 streams all end with their end, or with the place to go on', async () => {
  const server = await start('many');
  const texts = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const answer = await dispatch(server);
      return { text: answer.text() };
    }),
  );
  await holding(200);
  const stopped = server.stop(2_000);
  for (const response of held.slice(0, 100)) response.end(REST.join(''));
  const answers = await Promise.all(texts.map(({ text }) => text));
  await stopped;
  const ends = answers.map((text) => {
    const last = framesOf(text).at(-1)?.data;
    const isInterrupted = text.endsWith(`: interrupted, go on with after=${last?.seq}\n\n`);
    return isInterrupted ? 'interrupted' : last?.type;
  });
  expect(ends.filter((end) => end === 'interrupted').length).toBeGreaterThanOrEqual(100);
  expect(new Set(ends)).toEqual(new Set(['interrupted', 'execution_complete']));
});

test('it waits for nobody who does not finish: a half request, a reader that reads nothing', async () => {
  const server = await start('stubborn');
  const port = Number(new URL(server.url).port);
  const half = connect(port, '127.0.0.1');
  half.on('error', () => undefined).resume();
  half.write(
    'POST /v1/client/init HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  );
  const idle = connect(port, '127.0.0.1');
  idle.on('error', () => undefined).pause();
  const body = JSON.stringify({ agent: { id: 'store' }, messages: [{ role: 'user', content: 'Hi' }] });
  idle.write(
    `POST /v1/dispatch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${API_KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await holding(1);
  const closed = Promise.all([half, idle].map((socket) => new Promise((done) => socket.once('close', done))));
  await server.stop(100);
  idle.resume();
  await closed;
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});
