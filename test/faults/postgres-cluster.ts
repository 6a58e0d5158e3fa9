import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** A PostgreSQL of the harness's own, that it may stop in every way. */
export interface PostgresCluster {
  /** Of a new, empty database. */
  database(name: string): string;
  /** `immediate`: as if it had crashed. `fast`: connections are closed first. Resolves when it is down. */
  stop(mode: 'immediate' | 'fast'): void;
  start(): void;
}

/** Makes and starts a cluster in `folder`, which must be new. Throws where this machine has no PostgreSQL. */
export async function startPostgres(folder: string): Promise<PostgresCluster> {
  const bin = binaries();
  const identity = otherUser();
  const data = join(folder, 'data');
  mkdirSync(folder, { recursive: true });
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
  const run = (program: string, ...args: readonly string[]) => {
    const { status, stderr, error } = spawnSync(join(bin, program), args, {
      ...identity,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
  };
  run('initdb', '-D', data, '-U', 'faults', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C');
  const port = await freePort();
  // The harness stops processes and never the machine, so nothing depends on what the disk has in its own memory.
  const settings = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    `-c unix_socket_directories=${folder}`,
    '-c fsync=off',
    '-c max_connections=200',
    '-c shared_buffers=32MB',
  ].join(' ');
  const start = () => run('pg_ctl', 'start', '-w', '-D', data, '-l', join(folder, 'log'), '-o', settings);
  start();
  return {
    database(name) {
      run('createdb', '-h', '127.0.0.1', '-p', String(port), '-U', 'faults', name);
      return `postgres://faults@127.0.0.1:${port}/${name}`;
    },
    stop: (mode) => run('pg_ctl', 'stop', '-w', '-D', data, '-m', mode),
    start,
  };
}

/** The newest PostgreSQL of this machine, where its packages put them. */
function binaries(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(debian, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'pg_ctl')));
  if (found !== undefined) return found;
  const { stdout, status } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(
    'There is no PostgreSQL here. Debian: apt-get install postgresql. Or leave it out: --engine sqlite',
  );
}

/** PostgreSQL refuses to run as root, so root runs it as the user that its package made. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
