import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cell } from './cell.ts';
import { openReader } from './database.ts';
import { type Drill, type DrillSetting, optionsFor, withDatabases } from './drill.ts';
import { ENSURE_DRILLS } from './ensure-drills.ts';
import { request } from './script.ts';
import { type ProcessOptions, ServerProcess } from './server-process.ts';
import { Visitor } from './visitor.ts';

const BOTH = ['sqlite', 'postgres'] as const;

export const DRILLS: readonly Drill[] = [
  { name: 'newer-schema', engines: BOTH, run: refuseNewerSchema },
  { name: 'corrupt-database', engines: ['sqlite'], run: refuseCorruptFile },
  { name: 'migration-killed', engines: BOTH, run: killMigrations },
  { name: 'migration-race', engines: BOTH, run: raceMigrations },
  { name: 'many-streams-terminated', engines: BOTH, run: terminateMany },
  { name: 'readers-that-do-not-read', engines: BOTH, run: stallReaders },
  ...ENSURE_DRILLS,
];

/** How many live streams a stopping process has. */
const STREAMS = 200;

/** As in earnest: with this much to do on a small machine, a shorter silence is no death. */
const LEASE_MS = 10_000;

/** Readers that never read, and what they may cost a process together, in megabytes. */
const STALLED = 40;
const MAX_GROWTH_MB = 96;

/** More statements than any start needs. */
const MAX_STATEMENTS = 400;

/** A database that a newer release wrote is left alone. */
async function refuseNewerSchema(setting: DrillSetting): Promise<number> {
  return withDatabases(setting, async (newDatabase) => {
    const options = optionsFor(setting, await newDatabase());
    await startAndStop(options);
    const reader = await openReader(options.databaseUrl);
    await reader.query(
      "insert into pagehand_migrations (version, name, checksum, applied_at_ms) values (9999, 'of a later release', 'x', 0)",
    );
    const before = await reader.query('select * from pagehand_migrations order by version');
    await expectRefusal(setting, options, /newer|schema version/i);
    const after = await reader.query('select * from pagehand_migrations order by version');
    if (JSON.stringify(before) !== JSON.stringify(after)) setting.report('the newer database was changed');
    await reader.close();
    return 1;
  });
}

/** A file that is no database is refused and not written to. */
async function refuseCorruptFile(setting: DrillSetting): Promise<number> {
  const path = join(setting.folder, 'corrupt.db');
  const content = 'This was a database once. '.repeat(400);
  writeFileSync(path, content);
  await expectRefusal(setting, optionsFor(setting, path), /not a database/i);
  if (readFileSync(path, 'utf8') !== content) setting.report('the file that is no database was changed');
  return 1;
}

/** The process dies at each statement of its first start; the next start finishes the work. */
async function killMigrations(setting: DrillSetting): Promise<number> {
  return withDatabases(setting, async (newDatabase) => {
    for (let nth = 1; nth <= MAX_STATEMENTS; nth++) {
      const options = optionsFor(setting, await newDatabase());
      const dying = new ServerProcess('dying', { ...options, env: { FAULTS_LAST_STATEMENT: String(nth) } });
      const survived = await dying.ready().then(
        () => true,
        () => false,
      );
      await dying.retire();
      if (survived) return nth - 1;
      await startAndStop(options).catch((error: unknown) => {
        setting.report(`after a kill at statement ${nth} of a first start: ${String(error)}`);
      });
    }
    return MAX_STATEMENTS;
  });
}

/** Four processes start at once on one new database. */
async function raceMigrations(setting: DrillSetting): Promise<number> {
  return withDatabases(setting, async (newDatabase) => {
    const options = optionsFor(setting, await newDatabase());
    const processes = ['A', 'B', 'C', 'D'].map((name) => new ServerProcess(name, options));
    await Promise.all(
      processes.map((process) =>
        process.ready().catch((error: unknown) => setting.report(`four starts at once: ${String(error)}`)),
      ),
    );
    const reader = await openReader(options.databaseUrl);
    const rows = await reader.query('select version from pagehand_migrations');
    const versions = rows.map(({ version }) => Number(version)).sort((a, b) => a - b);
    if (versions.some((version, index) => version !== index + 1))
      setting.report(`four starts at once left the migrations ${versions.join()}`);
    await reader.close();
    await Promise.all(processes.map((process) => process.retire()));
    return 1;
  });
}

/** A process with many live streams is told to stop: each of them ends complete, in the other process. */
async function terminateMany(setting: DrillSetting): Promise<number> {
  const { random, report } = setting;
  const cell = await Cell.open({ ...setting, folder: join(setting.folder, 'many') }, { leaseMs: LEASE_MS });
  const [stopping, other] = cell.pair;
  const begun = new Set<Visitor>();
  let isStopping = false;
  const visitors = Array.from({ length: STREAMS }, () => {
    const visitor: Visitor = new Visitor({
      random,
      limitMs: 60_000,
      where: () => (isStopping ? other : stopping).url,
      onEvent: () => {
        begun.add(visitor);
        return undefined;
      },
    });
    return visitor;
  });
  await Promise.all(visitors.map((visitor) => visitor.open()));
  const gone = stopping.gone();
  const endings = visitors.map((visitor, index) => visitor.say(request('long', `s${index}`)));
  const deadline = Date.now() + 30_000;
  while (begun.size < STREAMS && Date.now() < deadline) await sleep(5);
  isStopping = true;
  stopping.signal('SIGTERM');
  const code = await Promise.race([gone, sleep(10_000, 'late' as const)]);
  if (code !== 0) report(`a process with ${begun.size} streams ended with ${code}`);
  const ends = await Promise.all(endings);
  const others = ends.filter(({ how }) => how !== 'complete');
  if (others.length > 0) report(`${others.length} of ${STREAMS} turns ended ${others[0]?.how}`);
  for (const violation of await cell.judgeAll(visitors)) report(violation);
  for (const visitor of visitors) visitor.close();
  await cell.close();
  return STREAMS;
}

/** What is not read is not kept: readers that stall cost the process little, and the others nothing. */
async function stallReaders(setting: DrillSetting): Promise<number> {
  const { random, report } = setting;
  const cell = await Cell.open(
    { ...setting, folder: join(setting.folder, 'stalled') },
    { leaseMs: LEASE_MS },
  );
  const [process] = cell.pair;
  const where = () => process.url;
  const visitor = new Visitor({ random, where, limitMs: 60_000 });
  await visitor.open();
  const before = megabytes(process.pid);
  const ending = visitor.say(request('flood', 'f'));
  while (visitor.logs.size === 0) await sleep(10);
  const [executionId = ''] = [...visitor.logs.keys()];
  const stalled = await Promise.all(Array.from({ length: STALLED }, () => visitor.follow(executionId, '0')));
  for (const answer of stalled) answer.stall();
  const { how } = await ending;
  if (how !== 'complete') report(`beside ${STALLED} readers that do not read, the turn ended ${how}`);
  const growth = megabytes(process.pid) - before;
  if (growth > MAX_GROWTH_MB) report(`${STALLED} readers that do not read cost ${growth} MB`);
  for (const violation of await cell.judge(visitor)) report(violation);
  for (const answer of stalled) answer.cut();
  visitor.close();
  await cell.close();
  return STALLED;
}

function megabytes(pid: number | undefined): number {
  return Math.round(
    Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024,
  );
}

async function startAndStop(options: ProcessOptions): Promise<void> {
  const process = new ServerProcess('A', options);
  await process.ready();
  const gone = process.gone();
  process.signal('SIGTERM');
  await gone;
}

async function expectRefusal(
  { report }: DrillSetting,
  options: ProcessOptions,
  words: RegExp,
): Promise<void> {
  const process = new ServerProcess('refusing', options);
  const started = await process.ready().then(
    () => true,
    () => false,
  );
  await process.retire();
  if (started) report('it started all the same');
  else if (!words.test(readFileSync(options.logFile, 'utf8')))
    report('it refused to start and did not say why');
}
