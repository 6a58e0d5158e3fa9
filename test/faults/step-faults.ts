import { setTimeout as sleep } from 'node:timers/promises';
import type { Place, Scene, StepFault } from './fault.ts';
import type { ServerProcess } from './server-process.ts';

const BOTH = ['sqlite', 'postgres'] as const;
const HOUR_MS = 3_600_000;

/** The store's own patience with a lock, in milliseconds, and a little more. */
const BEYOND_PATIENCE_MS = 5_600;

const isWrite = ({ step }: Place) => /^(create|append|commit)/.test(step);
const isFrame = ({ step }: Place) => step.startsWith('frame');
const isBefore = ({ side }: Place) => side === 'before';

/** All that is injected at a step of a turn. */
export const STEP_FAULTS: readonly StepFault[] = [
  { kind: 'step', name: 'kill', engines: BOTH, share: 6, injury: 'kill' },
  {
    kind: 'step',
    name: 'kill-all',
    engines: BOTH,
    share: 1,
    injury: 'kill',
    strike: async ({ other }) => other.signal('SIGKILL'),
  },
  {
    kind: 'step',
    name: 'kill-twice',
    engines: BOTH,
    share: 2,
    injury: 'kill',
    // Whoever takes over dies too: at the claim itself, or at the first thing that it writes after it.
    strike: async ({ other, plan }) => {
      const step = plan.random.pick([
        'claim',
        'claim',
        'append',
        'commit(end)',
        'commit(pause)',
        'commit(effect)',
      ]);
      const side = plan.random.pick(['before', 'after'] as const);
      await other.arm({ step, side, ordinal: 1, injury: 'kill' }).armed;
    },
    after: ({ other }) => other.disarm(),
  },
  {
    kind: 'step',
    name: 'freeze',
    engines: BOTH,
    share: 2,
    injury: 'freeze',
    strike: async ({ victim, plan }) => {
      await sleep(plan.random.whole(700, 1_300));
      victim.signal('SIGCONT');
    },
  },
  {
    kind: 'step',
    name: 'terminate',
    engines: BOTH,
    share: 1,
    injury: 'hold',
    strike: async ({ victim, report }) => {
      const gone = victim.gone();
      victim.signal('SIGTERM');
      await victim.order({ type: 'go' });
      const code = await Promise.race([gone, sleep(4_000, 'late' as const)]);
      if (code !== 0) report(`SIGTERM: the process ended with ${code}`);
    },
  },
  {
    kind: 'step',
    name: 'store-refuses',
    engines: BOTH,
    share: 1,
    injury: 'refuse',
    at: (place) => isWrite(place) && isBefore(place),
    mayEnd: ['failed'],
  },
  // Written, and the answer to it lost: nobody knows then whether it was.
  {
    kind: 'step',
    name: 'store-forgets',
    engines: BOTH,
    share: 1,
    injury: 'refuse',
    at: (place) => isWrite(place) && !isBefore(place),
    mayEnd: ['failed'],
  },
  {
    kind: 'step',
    name: 'disk-full',
    engines: BOTH,
    share: 1,
    injury: 'hold',
    at: isWrite,
    mayEnd: ['failed'],
    strike: async (scene) => {
      await fillDisk(scene, true);
      await scene.victim.order({ type: 'go' });
      await sleep(scene.plan.random.whole(100, 900));
      await fillDisk(scene, false);
    },
  },
  {
    kind: 'step',
    name: 'locked-briefly',
    engines: ['sqlite'],
    share: 1,
    injury: 'hold',
    at: isWrite,
    strike: (scene) => lockDatabase(scene, 700),
  },
  {
    kind: 'step',
    name: 'locked-beyond-patience',
    engines: ['sqlite'],
    share: 0.05,
    injury: 'hold',
    at: isWrite,
    mayEnd: ['failed'],
    strike: (scene) => lockDatabase(scene, BEYOND_PATIENCE_MS),
  },
  {
    kind: 'step',
    name: 'database-crashes',
    engines: ['postgres'],
    share: 1,
    injury: 'hold',
    mayEnd: ['failed'],
    strike: (scene) => restart(scene, 'crash'),
  },
  {
    kind: 'step',
    name: 'database-restarts',
    engines: ['postgres'],
    share: 0.5,
    injury: 'hold',
    mayEnd: ['failed'],
    strike: (scene) => restart(scene, 'fast'),
  },
  {
    kind: 'step',
    name: 'connections-cut',
    engines: ['postgres'],
    share: 1,
    injury: 'hold',
    mayEnd: ['failed'],
    strike: async ({ cell, victim }) => {
      await cell.reader.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await victim.order({ type: 'go' });
    },
  },
  clockFault('clock-ahead', HOUR_MS),
  clockFault('clock-behind', -HOUR_MS),
  {
    kind: 'step',
    name: 'client-cuts',
    engines: BOTH,
    share: 2,
    injury: 'hold',
    at: (place) => isFrame(place) && isBefore(place),
    onEvent: cutter('cut'),
  },
  {
    kind: 'step',
    name: 'client-stalls',
    engines: BOTH,
    share: 0.5,
    injury: 'hold',
    at: (place) => isFrame(place) && isBefore(place),
    onEvent: cutter('stall'),
  },
  {
    kind: 'step',
    name: 'cancel',
    engines: BOTH,
    share: 2,
    injury: 'hold',
    at: (place) => place.step !== 'create',
    mayEnd: ['stopped', 'failed'],
    strike: cancel,
  },
];

function clockFault(name: string, offsetMs: number): StepFault {
  const set = (victim: ServerProcess, ms: number) => victim.order({ type: 'clock', offsetMs: ms });
  return {
    kind: 'step',
    name,
    engines: BOTH,
    share: 0.5,
    injury: 'hold',
    // It goes wrong in the middle of the turn, and half of the time the process dies of it.
    strike: async ({ victim, plan }) => {
      await set(victim, offsetMs);
      if (plan.random.chance(0.5)) victim.signal('SIGKILL');
      else await victim.order({ type: 'go' });
    },
    after: ({ victim }) => set(victim, 0),
  };
}

/** The visitor's connection goes at the n-th event of a type. */
function cutter(how: 'cut' | 'stall'): NonNullable<StepFault['onEvent']> {
  const counts = new WeakMap<object, number>();
  return (plan, event) => {
    if (plan.place.step !== `frame(${event.type})`) return undefined;
    const count = (counts.get(plan) ?? 0) + 1;
    counts.set(plan, count);
    return count === plan.place.ordinal ? how : undefined;
  };
}

/** SQLite may not make its file larger; PostgreSQL answers as its own storage does when it has no room. */
async function fillDisk({ cell, victim, other }: Scene, isFull: boolean): Promise<void> {
  if (cell.postgres === undefined) {
    await Promise.all([victim, other].map((one) => one.order({ type: 'disk', isFull })));
    return;
  }
  if (!isFull) {
    await cell.reader.query('drop trigger no_room on events');
    return;
  }
  await cell.reader.query(`create or replace function no_room() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`);
  await cell.reader.query(
    'create trigger no_room before insert on events for each statement execute function no_room()',
  );
}

/** A program that is not ours holds the database's write lock. */
async function lockDatabase({ cell, victim }: Scene, ms: number): Promise<void> {
  await cell.reader.query('begin immediate');
  await victim.order({ type: 'go' });
  await sleep(ms);
  await cell.reader.query('rollback');
}

async function restart({ cell, victim, plan }: Scene, mode: 'crash' | 'fast'): Promise<void> {
  await cell.postgres?.halt(mode);
  await victim.order({ type: 'go' });
  await sleep(plan.random.whole(0, 400));
  await cell.postgres?.start();
}

/** A cancel comes over whichever process, while the turn is at the step. */
async function cancel({ victim, visitor, cell, report }: Scene): Promise<void> {
  const executionId = [...visitor.logs.keys()].at(-1) ?? (await cell.newestExecution(visitor.conversationId));
  const going = executionId === undefined ? undefined : visitor.cancel(executionId);
  await sleep(5);
  await victim.order({ type: 'go' });
  const answer = await going;
  if (answer === undefined) return;
  if (answer.status !== 200) {
    if (answer.status < 500) report(`cancel was refused: ${answer.status} ${String(answer.body.code)}`);
    return;
  }
  const [row] = await cell.reader.query('select status from executions where id = ?', String(executionId));
  if (row?.status !== answer.body.status)
    report(`cancel answered ${String(answer.body.status)}, and the execution is ${String(row?.status)}`);
}
