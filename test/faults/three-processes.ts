import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cell } from './cell.ts';
import { type Random, seeded, seedOf } from './random.ts';
import { startRoundRobin } from './round-robin.ts';
import { request, SCENARIO_NAMES } from './script.ts';
import { Visitor } from './visitor.ts';

export interface ClusterOptions {
  /** The server under test. */
  readonly file: string;
  readonly folder: string;
  readonly seed: number;
  readonly seconds: number;
  /** Who talks at once. */
  readonly visitors: number;
}

export interface ClusterResult {
  readonly turns: number;
  readonly kills: number;
  /** Turns by how they ended, as their visitors saw it. */
  readonly endings: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

/** Long enough for a busy process to give a sign of life, in milliseconds. */
const LEASE_MS = 2_000;

/** Longest turn: several processes may die of it, in milliseconds. */
const LIMIT_MS = 30_000;

/**
 * Three servers over one PostgreSQL behind a load balancer without sticky sessions, one of them killed every few
 * seconds: each request of a turn comes to another server.
 */
export async function runCluster({
  file,
  folder,
  seed,
  seconds,
  visitors,
}: ClusterOptions): Promise<ClusterResult> {
  const cell = await Cell.open(
    { folder: join(folder, 'cluster'), file, engine: 'postgres' },
    { leaseMs: LEASE_MS, names: ['A', 'B', 'C'] },
  );
  const balancer = await startRoundRobin(cell.processes);
  const until = Date.now() + seconds * 1_000;
  const endings = new Map<string, number>();
  const seen: Visitor[] = [];
  const [kills] = await Promise.all([
    killUntil(until, cell, seeded(seed)),
    ...Array.from({ length: visitors }, async (_, index) => {
      const random = seeded(seedOf(seed, index));
      for (let round = 0; Date.now() < until; round++) {
        const visitor = new Visitor({ random, where: () => balancer.url, limitMs: LIMIT_MS });
        seen.push(visitor);
        await visitor.open();
        for (const part of ['a', 'b']) {
          const { how } = await visitor.say(
            request(random.pick(SCENARIO_NAMES), `v${index}r${round}${part}`),
          );
          endings.set(how, (endings.get(how) ?? 0) + 1);
        }
        visitor.close();
      }
    }),
  ]);
  await Promise.all(cell.processes.map((process) => process.ready()));
  for (const { conversationId } of seen) await cell.settle(conversationId);
  const violations = [...(await cell.judgeAll(seen)), ...(await cell.leaks())];
  await balancer.close();
  await cell.close();
  const turns = [...endings.values()].reduce((sum, count) => sum + count, 0);
  return { turns, kills, endings, violations };
}

async function killUntil(until: number, { processes }: Cell, random: Random): Promise<number> {
  let kills = 0;
  for (;;) {
    await sleep(random.whole(1_500, 4_000));
    if (Date.now() > until) return kills;
    random.pick(processes).signal('SIGKILL');
    kills += 1;
  }
}
