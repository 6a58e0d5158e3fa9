/**
 * What the server costs: processor time, delay and memory of its streams, beside floors in the same run that send the
 * same events at the same pace: a bare `node:http` handler and a bare Hono stream. Each server is a process of its
 * own and so are the visitors; ratios hold where single figures of a shared machine drift.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../test/support/postgres.ts';
import { median, percentile, printTable, spread } from './figures.ts';
import { measureColdStart } from './server/cold-start.ts';
import type { Script } from './server/contender.ts';
import { type Contest, chats, type Entrant, followers, NAMES, startContest } from './server/contest.ts';
import type { Reading, Wish } from './server/visitors.ts';

/** Above the time for which the server gathers deltas: what the model says at once is one event everywhere. */
const PACE_MS = 70;
const ROUNDS = 3;

/** Between two visitors who come, so that not all turns start at one moment. */
const ARRIVAL_MS = 5;

await measureServerCost();

async function measureServerCost(): Promise<void> {
  console.log(`Node ${process.versions.node}, ${cpus().length} cores, SQLite file, log level info\n`);
  await measureStreams();
  await measureDelay();
  await measureIdleStreams();
  await measureLongConversations();
  await measureColdStart();
}

/** Processor time of the server for each event on the wire, everything from the request to the last byte included. */
async function measureStreams(): Promise<void> {
  const streams = 200;
  const script: Script = { deltas: 200, everyMs: PACE_MS };
  const database = await startPostgres();
  const contest = await startContest({ postgresUrl: await database.url() });
  const samples = new Map(
    contest.entrants.map(({ name }) => [name, { cpu: [] as number[], events: 0, bytes: 0 }]),
  );
  for (const entrant of contest.entrants) await stream(contest, entrant, 500, { ...script, deltas: 5 });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const entrant of contest.entrants) {
      const { reading, cpuUs } = await stream(contest, entrant, streams, script);
      const sample = samples.get(entrant.name);
      if (sample === undefined) continue;
      sample.cpu.push(cpuUs / reading.events);
      sample.events = reading.events;
      sample.bytes = reading.bytes;
    }
  }
  await contest.close();
  await database.stop();
  const hono = median(samples.get('hono')?.cpu ?? []);
  console.log(
    `${streams} streams × ${script.deltas} deltas, one every ${PACE_MS} ms: processor µs of the server per event, median of ${ROUNDS} (lowest–highest)`,
  );
  printTable([
    ['', 'events on the wire', 'bytes each', 'µs per event', '× Hono'],
    ...[...samples].map(([name, { cpu, events, bytes }]) => [
      NAMES[name],
      String(events),
      (bytes / events).toFixed(0),
      spread(cpu),
      (median(cpu) / hono).toFixed(2),
    ]),
  ]);
}

/** From the model's word to the visitor's process, both on this machine, once all streams are open. */
async function measureDelay(): Promise<void> {
  const streams = 1_000;
  const script: Script = { deltas: 40, everyMs: 250, stamp: true };
  const contest = await startContest();
  const rows: string[][] = [];
  for (const entrant of contest.entrants) {
    const { name, url, server, sessions } = entrant;
    await stream(contest, entrant, 200, { ...script, deltas: 5 });
    const wishes = chats(url, await sessions(streams), { ...script, hold: true });
    await contest.visitors.ask('open', wishes, streams * ARRIVAL_MS);
    await server.ask('release');
    const { delaysMs } = await contest.visitors.ask('read');
    const percentiles = [50, 99, 100].map((percent) => percentile(delaysMs, percent).toFixed(1));
    rows.push([NAMES[name], String(delaysMs.length), ...percentiles]);
  }
  await contest.close();
  console.log(
    `${streams} streams at once, a delta every ${script.everyMs} ms each: ms from the model's word to the reader`,
  );
  printTable([['', 'deltas', 'p50', 'p99', 'longest'], ...rows]);
}

/** What a stream holds while nothing is said: an execution that runs with its first reader, and a reader more. */
async function measureIdleStreams(): Promise<void> {
  const streams = 1_000;
  const script: Script = { deltas: 1, everyMs: 1, hold: true };
  const contest = await startContest();
  const rows: string[][] = [];
  for (const { name, url, server, sessions } of contest.entrants) {
    const warmUp = chats(url, await sessions(200), { deltas: 5, everyMs: PACE_MS });
    await contest.visitors.ask('open', warmUp, 1_000);
    await contest.visitors.ask('read');
    const visitors = await sessions(streams);
    const open = async (what: string, wishes: Wish[]) => {
      const before = await server.ask('memory');
      const first = await contest.visitors.ask('open', wishes, 2_000);
      const after = await server.ask('memory');
      const each = (from: number, to: number) => ((to - from) / streams / 1024).toFixed(1);
      const total = (after.rss / 1024 / 1024).toFixed(0);
      rows.push([what, each(before.rss, after.rss), each(before.heap, after.heap), total]);
      return first;
    };
    const first = await open(NAMES[name], chats(url, visitors, script));
    if (name === 'pagehand') await open('Pagehand, one more reader', followers(url, visitors, first));
    await server.ask('release');
    await contest.visitors.ask('read');
  }
  await contest.close();
  console.log(`${streams} streams of executions that run and say nothing: memory of the server`);
  printTable([['', 'kB RSS each', 'kB heap each', 'MB RSS in all'], ...rows]);
}

/** Whether an answer costs more because much was said before. */
async function measureLongConversations(): Promise<void> {
  const streams = 50;
  const script: Script = { deltas: 100, everyMs: PACE_MS, hold: true };
  const contest = await startContest({ floors: false });
  const [entrant] = contest.entrants;
  if (entrant === undefined) return;
  const perEvent: Record<number, number[]> = { 10: [], 1000: [] };
  const perTurn: Record<number, number[]> = { 10: [], 1000: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const messages of [10, 1_000]) {
      const sessions = await entrant.sessions(streams);
      // The first answer belongs to the conversation too.
      await contest.visitors.ask(
        'open',
        chats(entrant.url, sessions, { deltas: 1, everyMs: 1 }, messages - 3),
        3_000,
      );
      await contest.visitors.ask('read');
      await sleep(500);
      const start = await entrant.server.ask('cpu');
      await contest.visitors.ask('open', chats(entrant.url, sessions, script), 1_000);
      const opened = await entrant.server.ask('cpu');
      await entrant.server.ask('release');
      const { events } = await contest.visitors.ask('read');
      const end = await entrant.server.ask('cpu');
      // The first round only warms up.
      if (round === 0) continue;
      perTurn[messages]?.push((opened - start) / streams / 1000);
      perEvent[messages]?.push((end - opened) / events);
    }
  }
  await contest.close();
  console.log(`${streams} streams × ${script.deltas} deltas in conversations of 10 and of 1,000 messages`);
  printTable([
    ['processor time', '10 messages', '1,000 messages', 'ratio'],
    ...(
      [
        ['µs per event of the answer', perEvent],
        ['ms to start the turn', perTurn],
      ] as const
    ).map(([what, samples]) => [
      what,
      spread(samples[10] ?? []),
      spread(samples[1000] ?? []),
      (median(samples[1000] ?? []) / median(samples[10] ?? [])).toFixed(2),
    ]),
  ]);
}

/** Runs the script on so many streams; the sessions were there before. */
async function stream(
  { visitors }: Contest,
  { url, server, sessions }: Entrant,
  count: number,
  script: Script,
): Promise<{ reading: Reading; cpuUs: number }> {
  const wishes = chats(url, await sessions(count), script);
  await sleep(500);
  const before = await server.ask('cpu');
  await visitors.ask('open', wishes, count * ARRIVAL_MS);
  const reading = await visitors.ask('read');
  // What the server still writes after the last byte counts, too.
  await sleep(200);
  return { reading, cpuUs: (await server.ask('cpu')) - before };
}
