import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findPostgres } from '../../scripts/postgres.mjs';

const PASSWORD = 'pagehand-test';
const START_MS = 30_000;

/** What ends a server: `fast` cuts the connections, `crash` also leaves the recovery to the next start. */
type StopMode = 'fast' | 'crash';

/** A PostgreSQL server of its own, on a port of its own, that writes to the disk as in earnest. */
export interface PostgresServer {
  /** The URL of a new, empty database, with its password. */
  url(): Promise<string>;
  /** The URL of a database that is there already. */
  urlOf(database: string): string;
  /** Runs statements as the owner of everything. Resolves to the rows of the last one. */
  query(text: string, database?: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Resolves when it takes connections again, at the same address and with the same data. */
  restart(mode?: StopMode): Promise<void>;
  /** Ends it, to be started again with `start`. */
  halt(mode?: StopMode): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server with more settings than the defaults, as `name=value`. */
export async function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  const programs = findPostgres();
  if (programs === undefined) throw new Error('There is no PostgreSQL here. `npm test` gets one.');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  const data = makeCluster(programs, user);
  const port = await freePort();
  const address = (database: string) => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | undefined;
  let databases = 0;

  const start = async () => {
    const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings];
    const started = spawn(
      join(programs, 'postgres'),
      ['-D', data, '-p', `${port}`, ...options.flatMap((option) => ['-c', option])],
      { ...user, stdio: ['ignore', 'ignore', 'pipe'], cwd: data },
    );
    let said = '';
    started.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-4_000);
    });
    child = started;
    await untilReady(address('postgres'), () => (started.exitCode === null ? undefined : said));
  };
  const halt = async (mode: StopMode = 'fast') => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  };
  const query = (text: string, database = 'postgres') => ask(address(database), text);
  const removeData = () => {
    child?.kill('SIGQUIT');
    rmSync(data, { recursive: true, force: true });
  };
  process.once('exit', removeData);
  await start();

  return {
    url: async () => {
      databases += 1;
      await query(`create database pagehand_${databases}`);
      return address(`pagehand_${databases}`);
    },
    urlOf: address,
    query,
    restart: async (mode) => {
      await halt(mode);
      await start();
    },
    halt,
    start,
    stop: async () => {
      process.removeListener('exit', removeData);
      await halt('crash');
      removeData();
    },
  };
}

function makeCluster(programs: string, user: { readonly uid?: number; readonly gid?: number }): string {
  const folder = mkdtempSync(join(tmpdir(), 'pagehand-postgres-'));
  const passwordFile = `${folder}.password`;
  writeFileSync(passwordFile, PASSWORD);
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  try {
    const { status, stderr } = spawnSync(
      join(programs, 'initdb'),
      ['-D', folder, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
        // Only making it is hurried; once it runs, it waits for the disk.
        .concat('-E', 'UTF8', '--locale=C', '--no-sync'),
      { ...user, cwd: folder, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
  } finally {
    rmSync(passwordFile);
  }
  return folder;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** `failure` gives what the server said when it has given up. */
async function untilReady(url: string, failure: () => string | undefined): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      await ask(url, 'select 1');
      return;
    } catch (error) {
      const said = failure();
      if (said !== undefined) throw new Error(`PostgreSQL did not start: ${said}`);
      if (Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}

async function ask(
  connectionString: string,
  text: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString });
  // The server may be stopped at any time; what matters is what the query says.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Readonly<Record<string, unknown>>>(text)).rows;
  } finally {
    await client.end();
  }
}
