import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { resolveConfig } from '../../server/config/resolve.ts';
import { createLog } from '../../server/log.ts';
import { type Retention, StoreError } from '../../server/store/store.ts';
import { startUpkeep, type Upkeep, type UpkeepOptions } from '../../server/upkeep.ts';
import { CONFIG } from '../support/server.ts';

const DAY_MS = 24 * 60 * 60_000;
const LEASE_MS = 10_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface World {
  readonly upkeep: Upkeep;
  /** What was done, in order. */
  readonly done: string[];
  readonly removals: (readonly Retention[])[];
  /** How old receipts had to be, in milliseconds. */
  readonly receiptsBefore: readonly number[];
  logged(): string;
  count(what: string): number;
}

function aWorld(
  work: Partial<Record<'renewLeases' | 'takeOver' | 'expireOverdue' | 'refresh', () => Promise<void>>> = {},
  removeOld: () => Promise<boolean> = async () => false,
  options: Partial<UpkeepOptions> = {},
): World {
  const done: string[] = [];
  const removals: (readonly Retention[])[] = [];
  const receiptsBefore: number[] = [];
  const lines: string[] = [];
  const does = (what: 'renewLeases' | 'takeOver' | 'expireOverdue' | 'refresh') => async () => {
    done.push(what);
    await work[what]?.();
  };
  const { surfaces } = resolveConfig(CONFIG, { file: 'test', env: {}, model: 'offline' });
  const upkeep = startUpkeep({
    dispatcher: {
      renewLeases: does('renewLeases'),
      takeOver: does('takeOver'),
      expireOverdue: does('expireOverdue'),
    },
    store: {
      removeOld(retentions) {
        done.push('removeOld');
        removals.push(retentions);
        return removeOld();
      },
      receipts: {
        async removeReceipts(beforeMs) {
          done.push('removeReceipts');
          receiptsBefore.push(Date.now() - beforeMs);
          return receiptsBefore.length === 1;
        },
      },
    },
    credentials: { refresh: does('refresh') },
    surfaces,
    receiptDays: 90,
    leaseMs: LEASE_MS,
    clock: Date.now,
    log: createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
    random: () => 0.5,
    ...options,
  });
  return {
    upkeep,
    done,
    removals,
    receiptsBefore,
    logged: () => lines.join(''),
    count: (what) => done.filter((one) => one === what).length,
  };
}

test('takes over and expires at once, and then again and again', async () => {
  const { upkeep, done, count } = aWorld();
  expect(done).toEqual(['takeOver', 'expireOverdue']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([count('takeOver'), count('expireOverdue')]).toEqual([61, 2]);
  await upkeep.stop();
});

test('learns every few seconds of credentials that others made or revoked', async () => {
  const { upkeep, count } = aWorld();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(count('refresh')).toBe(20);
  await upkeep.stop();
});

test('renews leases often enough to survive three failures in a row', async () => {
  const { upkeep, count } = aWorld();
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(count('renewLeases')).toBe(4);
  await upkeep.stop();
  for (const random of [() => 0, () => 0.999]) {
    const world = aWorld({}, undefined, { random });
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(world.count('renewLeases')).toBeGreaterThanOrEqual(3);
    await world.upkeep.stop();
  }
});

test('removes what each surface keeps no longer, and by the default what no configured surface has', async () => {
  const { upkeep, removals } = aWorld();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  const nowMs = Date.now();
  expect(removals).toEqual([
    [{ surfaceId: 'store' }, { surfaceId: 'other' }, { surfaceId: null }, {}].map((whose) => ({
      ...whose,
      conversationsBeforeMs: nowMs - 365 * DAY_MS,
      executionsBeforeMs: nowMs - 30 * DAY_MS,
    })),
  ]);
  await upkeep.stop();
});

test('removes in batches with a pause between them, until nothing is left', async () => {
  let batches = 0;
  const { upkeep, count } = aWorld({}, async () => {
    batches += 1;
    return batches < 5;
  });
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(count('removeOld')).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(count('removeOld')).toBe(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(count('removeOld')).toBe(5);
  await upkeep.stop();
});

test('does nothing twice at once', async () => {
  let finish: () => void = () => undefined;
  const { upkeep, count } = aWorld({
    takeOver: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(count('takeOver')).toBe(1);
  finish();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(count('takeOver')).toBe(2);
  finish();
  await upkeep.stop();
});

test('goes on after a failure, and says so once a minute', async () => {
  const fails = () => Promise.reject(new StoreError('unavailable', 'the database is away'));
  const { upkeep, count, logged } = aWorld({ takeOver: fails, renewLeases: fails });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(count('takeOver')).toBe(60);
  const lines = () =>
    logged()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg as string);
  expect(lines()).toEqual([
    'Executions could not be taken over; the next round tries again',
    'Leases could not be renewed; the next round tries again',
  ]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(lines()).toHaveLength(3);
  await upkeep.stop();
});

test('settles first, and keeps its leases until it stops', async () => {
  const { upkeep, done, count } = aWorld({}, async () => true);
  await vi.advanceTimersByTimeAsync(10 * 60_000 + 100);
  await upkeep.settle();
  done.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(new Set(done)).toEqual(new Set(['renewLeases']));
  expect(count('renewLeases')).toBe(24);
  await upkeep.stop();
  done.length = 0;
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(done).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('waits for what is under way when it settles', async () => {
  let finish: () => void = () => undefined;
  const { upkeep } = aWorld({
    expireOverdue: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  let isSettled = false;
  const settled = upkeep.settle().then(() => {
    isSettled = true;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(isSettled).toBe(false);
  finish();
  await settled;
  await upkeep.stop();
});

test('removes receipts that are older than they are kept, until there are no more', async () => {
  const { upkeep, receiptsBefore } = aWorld();
  await vi.advanceTimersByTimeAsync(10 * 60_000 + 1_000);
  expect(receiptsBefore).toEqual([90 * DAY_MS, 90 * DAY_MS]);
  await upkeep.stop();
});
