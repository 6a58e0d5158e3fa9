import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES } from '../../protocol/limits.ts';
import { DEMO_TOKEN } from '../../server/config/demo.ts';
import { createLog } from '../../server/log.ts';
import { type RunningServer, startServer } from '../../server/start.ts';
import { sendChunked, sendJson, textOf } from '../support/http-client.ts';
import { freePort } from '../support/product.ts';
import { framesOf } from '../support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'pagehand-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function start(name: string, port?: number): Promise<RunningServer> {
  return await startServer({
    env: { PORT: String(port ?? (await freePort())), PAGEHAND_DB: `${name}.db` },
    cwd: folder,
    assets: {},
    log: createLog({ level: 'silent' }),
  });
}

describe('the server on a port', () => {
  let server: RunningServer;
  let port: number;
  beforeAll(async () => {
    server = await start('main');
    port = Number(new URL(server.url).port);
  });
  afterAll(() => server.stop());

  const post = (path: string, body: unknown) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify(body),
    });
  const open = async () =>
    ((await (await post('/v1/client/init', { token: DEMO_TOKEN })).json()) as { sessionId: string })
      .sessionId;

  test('takes a file whose line broke, and gives it back', async () => {
    const sessionId = await open();
    const text = 'x'.repeat(5_000_000);
    const begun = await post('/v1/client/files', { sessionId, filename: 'a.txt', size: text.length });
    const { fileId } = (await begun.json()) as { fileId: string };
    const path = `/v1/client/files/${fileId}?sessionId=${sessionId}`;
    const head = `PATCH ${path} HTTP/1.1\r\nhost: localhost\r\norigin: ${server.url}\r\nupload-offset: 0\r\ncontent-length: 4000000\r\n\r\n`;
    const socket = connect(port, '127.0.0.1');
    socket.write(head + text.slice(0, 1_000_000), () => socket.destroy());
    await once(socket, 'close');
    const append = async (offset: number) =>
      await fetch(`${server.url}${path}`, {
        method: 'PATCH',
        headers: { origin: server.url, 'upload-offset': String(offset) },
        body: text.slice(offset, offset + 4_000_000),
      });
    const state = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${sessionId}` } });
    expect(await state.json()).toMatchObject({ offset: 0, status: 'uploading' });
    expect(await (await append(0)).json()).toMatchObject({ offset: 4_000_000 });
    expect(await (await append(4_000_000)).json()).toMatchObject({ status: 'ready', mimeType: 'text/plain' });
    const content = await fetch(`${server.url}/v1/client/files/${fileId}/content`, {
      headers: { authorization: `Bearer ${sessionId}` },
    });
    expect(content.headers.get('content-length')).toBe('5000000');
    expect(await content.text()).toBe(text);
    const left = await fetch(`${server.url}/v1/client/files/${fileId}/content`, {
      headers: { authorization: `Bearer ${sessionId}` },
    });
    await left.body?.cancel();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test('streams an answer to a chunked body without a length, frame by frame', async () => {
    const sessionId = await open();
    const body = JSON.stringify({ sessionId, messages: [{ role: 'user', content: 'Who are you? 🙂' }] });
    const answer = await sendChunked(
      port,
      server.url,
      '/v1/client/chat',
      [...Buffer.from(body)].map((byte) => Buffer.of(byte)),
    );
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    const chunks: string[] = [];
    for await (const chunk of answer) chunks.push(String(chunk));
    expect(chunks.length).toBeGreaterThan(1);
    const frames = framesOf(chunks.join(''));
    expect(frames[0]?.event).toBe('execution_start');
    expect(frames.at(-1)?.event).toBe('execution_complete');
  });

  test('stops reading a chunked body at the limit, and says so', async () => {
    const chunk = Buffer.alloc(1 << 20, ' ');
    const answer = await sendChunked(
      port,
      server.url,
      '/v1/client/chat',
      Array(MAX_BODY_BYTES / chunk.length + 2).fill(chunk),
    );
    expect(answer.statusCode).toBe(413);
    const chunks: Buffer[] = [];
    for await (const part of answer) chunks.push(part as Buffer);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ code: 'body_too_large' });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('runs on when the browser hangs up, and tells the rest to whoever comes back', async () => {
    const sessionId = await open();
    const body = { sessionId, messages: [{ id: 'usr_1', role: 'user', content: 'Who are you?' }] };
    const gone = new AbortController();
    const first = await fetch(`${server.url}/v1/client/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify(body),
      signal: gone.signal,
    });
    const reader = first.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('execution_start');
    gone.abort();
    await expect(reader?.closed).rejects.toThrow();
    const frames = framesOf(await (await post('/v1/client/chat', body)).text());
    expect(frames.at(-1)).toMatchObject({ event: 'execution_complete', data: { success: true } });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('survives what is no HTTP at all', async () => {
    for (const garbage of [
      '\u0000\u0001\u0002\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
      'POST /v1/dispatch HTTP/1.1\r\n\r\n{',
    ]) {
      const socket = connect(port, '127.0.0.1');
      const closed = new Promise((done) => socket.once('close', done));
      socket.on('error', () => undefined).resume();
      socket.end(garbage);
      await closed;
    }
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('refuses a second server on its port with the mend', async () => {
    await expect(start('second', port)).rejects.toThrow(
      `Port ${port} is taken by another program. Stop that one, or start on another port: PORT=${port + 1} npm start`,
    );
  });
});

describe('stopping', () => {
  test('lets a running answer end, serves nobody new on a connection that was kept alive, and remembers the rest', async () => {
    const server = await start('stopping');
    const { port } = new URL(server.url);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const init = await sendJson(agent, port, server.url, '/v1/client/init', { token: DEMO_TOKEN });
    const { sessionId } = JSON.parse(await textOf(init)) as { sessionId: string };
    const running = await sendJson(new Agent(), port, server.url, '/v1/client/chat', {
      sessionId,
      messages: [{ id: 'usr_1', role: 'user', content: 'Who are you?' }],
    });
    const answered = textOf(running);
    const stopped = server.stop();
    const late = await sendJson(agent, port, server.url, '/v1/client/init', { token: DEMO_TOKEN }).then(
      (answer) => answer.statusCode,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([503, 'ECONNRESET', 'ECONNREFUSED']).toContain(late);
    expect(framesOf(await answered).at(-1)?.event).toBe('execution_complete');
    await stopped;
    await expect(fetch(server.url)).rejects.toThrow();

    const again = await start('stopping', Number(port));
    const renewed = await sendJson(new Agent(), port, again.url, '/v1/client/init', {
      token: DEMO_TOKEN,
      sessionId,
    });
    expect(JSON.parse(await textOf(renewed))).toMatchObject({ sessionId });
    await again.stop();
  });
});

describe('the program', () => {
  const run = (env: Record<string, string>) => {
    const jiti = resolve(import.meta.dirname, '../../node_modules/jiti/lib/jiti-cli.mjs');
    const main = resolve(import.meta.dirname, '../../server/main.ts');
    const child = spawn(process.execPath, [jiti, main], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', PAGEHAND_DB: 'program.db', ...env },
    });
    let output = '';
    const grown = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        for (const look of grown) look();
      });
    }
    const ended = new Promise<number | null>((done) => child.once('close', done));
    const says = (words: string) =>
      new Promise<void>((done, fail) => {
        const look = () => output.includes(words) && done();
        grown.add(look);
        look();
        void ended.then(() => fail(new Error(`It ended without "${words}":\n${output}`)));
      });
    return { child, ended, says, output: () => output };
  };

  test('greets with its address and the line for a real model, and ends with 0 when it is asked to', async () => {
    const port = await freePort();
    const program = run({ PORT: String(port) });
    await program.says(`http://127.0.0.1:${port}/`);
    await program.says('OPENAI_API_KEY=');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  test('with a configuration it greets with the line for a page, and says which surface has no page tools', async () => {
    const port = await freePort();
    writeFileSync(join(folder, 'own.json'), '{ "surfaces": [{ "id": "store" }] }');
    const program = run({ PORT: String(port), PAGEHAND_CONFIG: 'own.json' });
    await program.says(`<script async src="http://127.0.0.1:${port}/pagehand.js" data-token=`);
    expect(program.output()).toContain('Surface store: page tools are off.');
    expect(program.output()).not.toContain('OPENAI_API_KEY=');
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });

  test.each([
    [{ PORT: 'eighty' }, 'PORT must be a whole number from 1 to 65535.'],
    [{ PAGEHAND_CONFIG: 'nowhere.json' }, 'nowhere.json: there is no such file.'],
  ])('ends with 1 and one sentence for %j', async (env, sentence) => {
    const program = run(env);
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain(sentence);
    expect(program.output()).not.toMatch(/\n\s+at /);
  });

  test('ends with 1 and one sentence also when its database keeps a connection open', async () => {
    const database = createServer((socket) => {
      const challenges = [saslMessage(10, 'SCRAM-SHA-256\0\0'), saslMessage(11, 'r=once')];
      socket.on('data', () => socket.write(challenges.shift() ?? ''));
      socket.on('error', () => undefined);
    });
    await once(database.listen(0, '127.0.0.1'), 'listening');
    const { port } = database.address() as AddressInfo;
    const program = run({ PAGEHAND_DB: `postgres://pagehand@127.0.0.1:${port}/pagehand` });
    try {
      await program.says('wants a password. Write it into PAGEHAND_DB');
      expect(await program.ended).toBe(1);
      expect(program.output()).not.toMatch(/\n\s+at /);
    } finally {
      program.child.kill('SIGKILL');
      database.close();
    }
  });
});

/** How a PostgreSQL server asks for a password. */
function saslMessage(kind: number, text: string): Buffer {
  const message = Buffer.alloc(9 + text.length);
  message.write('R');
  message.writeInt32BE(8 + text.length, 1);
  message.writeInt32BE(kind, 5);
  message.write(text, 9);
  return message;
}
