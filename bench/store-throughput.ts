/**
 * What one database takes: events of running answers, boundaries, whole conversations, their removal, and what they
 * weigh. Writers do nothing else; a server spends its time on the rest too. `docs/scaling.md` calculates with this.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../test/support/postgres.ts';
import { printTable } from './figures.ts';
import type { StoreWriter, Written } from './server/store-writer.ts';
import { startWorker, type Worker } from './server/worker.ts';

const STREAMS = 200;
const COMMITTERS = 20;
const FOR_MS = 5_000;
const CONVERSATIONS = 200;
const TURNS = 4;
const DELTAS = 100;

/** One database to write to, and how to weigh it. */
interface Subject {
  readonly name: string;
  readonly writers: readonly number[];
  url(): Promise<string>;
  /** Bytes on disk of all tables and indexes. */
  bytes(url: string): Promise<number>;
  /** Bytes of them that are the event log, where that can be told. */
  eventBytes(url: string): Promise<number | undefined>;
  /** Bytes that went through the log before them, where that can be told. */
  logged(): Promise<number | undefined>;
  /** Processor time of the database's own processes so far in microseconds, where it has some and they can be seen. */
  cpuUs(): Promise<number | undefined>;
}

await measureThroughput();

async function measureThroughput(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pagehand-bench-'));
  const server = await startPostgres('shared_buffers=512MB', 'max_wal_size=4GB');
  const [version] = await server.query('show server_version');
  console.log(
    `Node ${process.versions.node}, PostgreSQL ${version?.server_version} and the writers on the same ${cpus().length} cores\n`,
  );
  try {
    for (const subject of [sqlite(folder), postgres(server)]) {
      await measureEvents(subject);
      await measureConversations(subject);
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEvents(subject: Subject): Promise<void> {
  const rows: string[][] = [];
  for (const count of subject.writers) {
    const writers = await open(await subject.url(), count);
    const measure = async (write: (writer: Worker<StoreWriter>) => Promise<Written>) => {
      const before = await subject.cpuUs();
      const written = await Promise.all(writers.map(write));
      return rate(written, before, await subject.cpuUs());
    };
    const appended = await measure((writer) => writer.ask('append', STREAMS, FOR_MS));
    const committed = await measure((writer) => writer.ask('commit', COMMITTERS, FOR_MS));
    const taken = await measure((writer) => writer.ask('take', COMMITTERS, FOR_MS));
    await close(writers);
    rows.push([`${count} process${count === 1 ? '' : 'es'}`, ...appended, ...committed, ...taken]);
  }
  console.log(
    `${subject.name}: each process writes events of ${STREAMS} answers at a time, then ${COMMITTERS} durable boundaries at once, then takes ${COMMITTERS} tokens at once from one rate limit; µs of processor time in the processes + in the database`,
  );
  printTable([['', 'events/s', 'µs each', 'boundaries/s', 'µs each', 'tokens/s', 'µs each'], ...rows]);
}

async function measureConversations(subject: Subject): Promise<void> {
  const database = await subject.url();
  const writers = await open(database, 1);
  const [writer] = writers;
  if (writer === undefined) return;
  const weigh = async () => ({
    all: await subject.bytes(database),
    events: await subject.eventBytes(database),
    logged: await subject.logged(),
  });
  const before = await weigh();
  const { count } = await writer.ask('converse', CONVERSATIONS, { turns: TURNS, deltas: DELTAS });
  await close(writers);
  const after = await weigh();
  const events = TURNS * (DELTAS + 5);
  const row = (what: string, part: 'all' | 'events' | 'logged') => {
    const bytes = ((after[part] ?? Number.NaN) - (before[part] ?? Number.NaN)) / count;
    return Number.isNaN(bytes) ? [] : [[what, (bytes / 1000).toFixed(0), (bytes / events).toFixed(0)]];
  };
  console.log(`${subject.name}: a conversation of ${TURNS} answers of ${DELTAS} text events weighs`);
  printTable([
    ['', 'kB a conversation', 'bytes an event'],
    ...row('tables and indexes', 'all'),
    ...row('of them the event log', 'events'),
    ...row('write-ahead log', 'logged'),
  ]);
  await measureRemoval(subject, database, count * events);
}

async function measureRemoval(subject: Subject, database: string, events: number): Promise<void> {
  const writers = await open(database, 1);
  const removed = await writers[0]?.ask('remove', 2_000);
  await close(writers);
  if (removed === undefined) return;
  const batchMs = removed.ms / removed.count;
  console.log(`${subject.name}: removal, 2,000 rows a batch`);
  printTable([
    ['', 'events/s', 'ms a batch'],
    ['1 process', String(Math.round((events / removed.ms) * 1000)), batchMs.toFixed(1)],
  ]);
}

function sqlite(folder: string): Subject {
  let files = 0;
  return {
    name: 'SQLite',
    writers: [1],
    url: async () => {
      files += 1;
      return join(folder, `bench-${files}.db`);
    },
    // Whoever closes the file last empties its log into it.
    bytes: async (file) => statSync(file).size,
    eventBytes: async () => undefined,
    logged: async () => undefined,
    cpuUs: async () => undefined,
  };
}

function postgres(server: PostgresServer): Subject {
  const number = async (question: string, database?: string) => {
    const [row] = await server.query(question, database);
    return Number(row?.answer);
  };
  return {
    name: 'PostgreSQL',
    writers: [1, 2, 4],
    url: () => server.url(),
    bytes: (url) => number('select pg_database_size(current_database()) as answer', databaseOf(url)),
    eventBytes: (url) => number(`select pg_total_relation_size('events') as answer`, databaseOf(url)),
    logged: () => number(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as answer`),
    async cpuUs() {
      const processes = await server.query('select pid from pg_stat_activity where pid <> pg_backend_pid()');
      return processes.reduce((sum, { pid }) => sum + (cpuUsOf(Number(pid)) ?? 0), 0);
    },
  };
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

async function open(database: string, count: number): Promise<readonly Worker<StoreWriter>[]> {
  const writers = Array.from({ length: count }, () => startWorker<StoreWriter>('store-writer'));
  for (const writer of writers) await writer.ask('open', database);
  return writers;
}

async function close(writers: readonly Worker<StoreWriter>[]): Promise<void> {
  for (const writer of writers) {
    await writer.ask('close');
    await writer.stop();
  }
}

/** Of all writers together, and the processor time of each thing that they wrote. */
function rate(written: readonly Written[], databaseBefore = 0, databaseAfter = 0): string[] {
  const perSecond = written.reduce((sum, { count, ms }) => sum + (count / ms) * 1000, 0);
  const all = written.reduce((sum, { count }) => sum + count, 0);
  const cpuUs = written.reduce((sum, writer) => sum + writer.cpuUs, 0);
  const database = ((databaseAfter - databaseBefore) / all).toFixed(0);
  return [String(Math.round(perSecond)), `${(cpuUs / all).toFixed(0)} + ${database}`];
}

/** User and system time of a process. `undefined` where the system does not show it as a file. */
function cpuUsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    // Counted in hundredths of a second on every Linux.
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return undefined;
  }
}
