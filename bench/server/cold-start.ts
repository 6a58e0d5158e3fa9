import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/product.ts';
import { printTable, spread } from '../figures.ts';
import { BENCH_ORIGIN, BENCH_TOKEN, headersOf } from './visitor.ts';

const RUNS = 5;
const MAIN = join(import.meta.dirname, '../../server/dist/main.js');
const BARE = `require('node:http').createServer((_, answer) => answer.end('data: {}')).listen(process.env.PORT, '127.0.0.1')`;

interface Start {
  readonly listeningMs: number;
  readonly firstEventMs: number;
}

/** From the start of the process to a chat's first event, with the built server and its offline model. */
export async function measureColdStart(): Promise<void> {
  const first: Start[] = [];
  const second: Start[] = [];
  const bare: Start[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'pagehand-bench-'));
    writeFileSync(join(folder, 'pagehand.config.json'), JSON.stringify(CONFIG));
    first.push(await start([MAIN], folder, chat));
    second.push(await start([MAIN], folder, chat));
    bare.push(await start(['-e', BARE], folder, (url) => ask(url, {})));
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`From the start of the process, ms, median of ${RUNS} (lowest–highest)`);
  printTable([
    ['', 'listens', 'first event of a chat'],
    ...(
      [
        ['first start, no database yet', first],
        ['second start, same database', second],
        ['bare node:http, first byte', bare],
      ] as const
    ).map(([what, starts]) => [
      what,
      spread(
        starts.map(({ listeningMs }) => listeningMs),
        0,
      ),
      spread(
        starts.map(({ firstEventMs }) => firstEventMs),
        0,
      ),
    ]),
  ]);
}

const CONFIG = {
  surfaces: [{ id: 'bench', clientTokens: [{ token: BENCH_TOKEN, allowedOrigins: [BENCH_ORIGIN] }] }],
};

async function start(
  command: readonly string[],
  folder: string,
  converse: (url: string) => Promise<unknown>,
): Promise<Start> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, PORT: String(port), PAGEHAND_LOG_LEVEL: 'error' },
    stdio: 'ignore',
  });
  const exit = new Promise((done) => child.once('exit', done));
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`The server ended with code ${child.exitCode}.`);
    await sleep(2);
  }
  const listeningMs = performance.now() - startedAt;
  await converse(`http://127.0.0.1:${port}`);
  const firstEventMs = performance.now() - startedAt;
  child.kill('SIGTERM');
  await exit;
  return { listeningMs, firstEventMs };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function chat(url: string): Promise<void> {
  const session = JSON.parse(await ask(`${url}/v1/client/init`, { token: BENCH_TOKEN })) as {
    sessionId: string;
  };
  const messages = [{ role: 'user', content: 'Hello' }];
  const piece = await ask(`${url}/v1/client/chat`, { sessionId: session.sessionId, messages });
  if (!piece.includes('event: ')) throw new Error(`No event came, but: ${piece.slice(0, 200)}`);
}

/** The first piece of the answer. */
function ask(url: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: headersOf(1) }, (response) => {
      response.setEncoding('utf8').once('data', (piece: string) => {
        resolve(piece);
        response.destroy();
      });
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  });
}
