import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { expectKept } from './dispatch-machine-answers.ts';
import { expectSound, find } from './dispatch-machine-checks.ts';
import { anyHappenings, anySetup, LEASE_OVER_MS } from './dispatch-machine-happenings.ts';
import { Visitors } from './dispatch-machine-visitors.ts';
import { World } from './dispatch-machine-world.ts';

/** More runs, or one of them once more, by the seed, path and replayPath that a failure prints. */
const { MACHINE_RUNS = '80', MACHINE_SEED, MACHINE_PATH, MACHINE_REPLAY_PATH } = process.env;

/** Rounds of upkeep until nothing runs: each turn that is taken over may be answered or die once more. */
const MAX_ROUNDS = 40;

const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('unhandledRejection', note);
  vi.useRealTimers();
});

test('whatever happens to three processes on one store: every turn ends, once, as everybody has seen it', async () => {
  await fc.assert(
    fc.asyncProperty(anySetup, anyHappenings(MACHINE_REPLAY_PATH), async (setup, happenings) => {
      const world = await World.open(setup);
      const visitors = new Visitors(world);
      await fc.asyncModelRun(() => ({ model: {}, real: visitors }), happenings);
      world.heal();
      // First without those that stand still, as if they were gone; then they come back with what they still meant to do.
      const [first] = world.processes;
      if (first !== undefined && world.processes.every(({ isFrozen }) => isFrozen)) first.isFrozen = false;
      await bringToRest(visitors);
      for (const one of world.everyProcess) one.isFrozen = false;
      await bringToRest(visitors);
      const found = await find(world);
      await expectSound(world, found);
      expectKept(visitors, found);
      expect(rejections).toEqual([]);
      await world.close();
    }),
    {
      numRuns: Number(MACHINE_RUNS),
      ...(MACHINE_SEED === undefined ? {} : { seed: Number(MACHINE_SEED) }),
      ...(MACHINE_PATH === undefined ? {} : { path: MACHINE_PATH }),
    },
  );
}, 3_600_000);

async function bringToRest(visitors: Visitors): Promise<void> {
  const { world } = visitors;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await world.settle();
    for (const one of world.processes) visitors.upkeep(one, 'renewLeases');
    await world.settle();
    if (!isRunning(world)) return;
    world.clock.nowMs += LEASE_OVER_MS;
    for (const one of world.processes) visitors.upkeep(one, 'takeOver');
  }
  throw new Error('Something runs for ever.');
}

function isRunning({ ledger }: World): boolean {
  return [...ledger.written.values()].some(({ states }) => states.at(-1)?.status === 'running');
}
