import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '../../server/dist/main.js');

/** The built server as its own process, as `npm start` runs it. */
export interface Product {
  readonly url: string;
  /** The file that it keeps everything in. */
  readonly database: string;
  /** All that it printed so far. */
  output(): string;
  /** Ends it without a chance to do anything more. */
  kill(): Promise<void>;
  /** Starts it again, on what was stored before it was killed. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the built server on a free port with a database of its own. `config` is written to a file; none: the demo. */
export async function startProduct(
  options: { readonly port?: number; readonly config?: unknown; readonly env?: Record<string, string> } = {},
): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'pagehand-'));
  const port = options.port ?? (await freePort());
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    PORT: String(port),
    PAGEHAND_DB: join(folder, 'pagehand.db'),
    ...options.env,
  };
  if (options.config !== undefined) {
    env.PAGEHAND_CONFIG = join(folder, 'pagehand.config.json');
    writeFileSync(env.PAGEHAND_CONFIG, JSON.stringify(options.config));
  }
  const url = `http://127.0.0.1:${port}`;
  let output = '';
  let child: ChildProcess;

  async function start() {
    const started = spawn(process.execPath, [MAIN], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    try {
      await untilReady(url, started, () => output);
    } catch (cause) {
      started.kill('SIGKILL');
      throw cause;
    }
  }

  await start();
  return {
    url,
    database: join(folder, 'pagehand.db'),
    output: () => output,
    start,
    kill: () => ended(child, 'SIGKILL'),
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

/** One answer of a site: its text and headers. The type is told by the path's ending, HTML without one. */
export interface SiteFile {
  readonly body: string;
  readonly headers?: Record<string, string>;
}

/** A customer's site on an origin of its own. */
export async function startSite(
  files: Record<string, SiteFile | string>,
  port = 0,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://site').pathname;
    const file = files[path];
    if (file === undefined) {
      // Browsers ask every site for its icon; a 404 for it would stand in the console beside real complaints.
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    const { body, headers = {} } = typeof file === 'string' ? { body: file } : file;
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, ...headers }).end(body);
  });
  const address = await listen(server, port);
  return { origin: `http://127.0.0.1:${address.port}`, close: () => closed(server) };
}

/** One step that a scripted model answers a request with. */
export type ModelStep =
  | { readonly text: string; readonly pauseMs?: number }
  | { readonly calls: readonly { readonly name: string; readonly input: unknown }[] };

/** What a model was sent, as far as tests ask. */
export interface ModelCall {
  readonly messages: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly tool_calls?: unknown;
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string; readonly description: string } }[];
}

/** An OpenAI-compatible provider that says what a test wants, over the real streaming wire. */
export async function startProvider(
  answer: (call: ModelCall) => ModelStep,
): Promise<{ readonly url: string; readonly calls: ModelCall[]; close(): Promise<void> }> {
  const calls: ModelCall[] = [];
  const server = createServer((request, response) => {
    void respond(request, response, calls, answer);
  });
  const { port } = await listen(server);
  return { url: `http://127.0.0.1:${port}/v1`, calls, close: () => closed(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  calls: ModelCall[],
  answer: (call: ModelCall) => ModelStep,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const call = JSON.parse(Buffer.concat(chunks).toString()) as ModelCall;
  calls.push(call);
  const step = answer(call);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta: unknown, finish: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    );
  if ('calls' in step) {
    const toolCalls = step.calls.map(({ name, input }, index) => ({
      index,
      id: `provider_${calls.length}_${index}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(input) },
    }));
    send({ role: 'assistant', tool_calls: toolCalls });
    send({}, 'tool_calls');
  } else {
    for (const word of step.text.split(/(?<= )/)) {
      if (response.destroyed) return;
      send({ content: word });
      if (step.pauseMs !== undefined) await new Promise((done) => setTimeout(done, step.pauseMs));
    }
    send({}, 'stop');
  }
  response.end('data: [DONE]\n\n');
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null)
      throw new Error(`The server ended with code ${child.exitCode}:\n${output()}`);
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`The server was not ready in 10 s:\n${output()}`);
}

async function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exit;
  clearTimeout(timer);
}

async function listen(server: Server, port = 0): Promise<AddressInfo> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', done);
  });
  return server.address() as AddressInfo;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
