import * as fc from 'fast-check';
import type { Execution } from '../../server/store/store.ts';
import { CALLS, type Fault, type Process } from './dispatch-machine-process.ts';
import type { Resume, Saying, Visitors } from './dispatch-machine-visitors.ts';
import { CONVERSATIONS, type Plan, type PlanStep, type Setup } from './dispatch-machine-world.ts';

/** Longer than any lease. */
export const LEASE_OVER_MS = 60_000;
/** Longer than any pause. */
const PAUSE_OVER_MS = 2 * 60 * 60_000;

function often<T>(value: T, others: fc.Arbitrary<T>, weight = 4): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: others });
}

const rarely = often(false, fc.constant(true), 5);

const anyStep: fc.Arbitrary<PlanStep> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('word') },
  { weight: 2, arbitrary: fc.constant('thought') },
  { weight: 1, arbitrary: fc.constant('chatter') },
  {
    weight: 8,
    arbitrary: fc.record({
      id: fc.constantFrom('', 'c1', 'c2', 'c3'),
      tool: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom('search', 'charge') },
        { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])) },
      ),
    }),
  },
);

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(anyStep, { minLength: 1, maxLength: 8, size: 'max' }),
  end: often<Plan['end']>('finish', fc.constantFrom('error', 'cut'), 15),
});

export const anySetup: fc.Arbitrary<Setup> = fc.record({
  plans: fc.array(anyPlan, { minLength: 1, maxLength: 8, size: 'max' }),
  leaseMs: fc.constantFrom(0, 10_000),
  maxRunning: often(1_000, fc.constantFrom(1, 2)),
  maxToolCalls: often(10, fc.constant(3)),
  limit: often(100, fc.constant(3)),
});

class Happening implements fc.AsyncCommand<object, Visitors> {
  private readonly what: string;
  private readonly act: (visitors: Visitors) => unknown;

  constructor(what: string, act: (visitors: Visitors) => unknown) {
    this.what = what;
    this.act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_: object, visitors: Visitors): Promise<void> {
    await this.act(visitors);
    await visitors.world.calm();
  }

  toString(): string {
    return this.what;
  }
}

function happening<Parameters extends readonly unknown[]>(
  name: string,
  parameters: { readonly [K in keyof Parameters]: fc.Arbitrary<Parameters[K]> },
  act: (visitors: Visitors, ...parameters: Parameters) => unknown,
): fc.Arbitrary<Happening> {
  return (fc.tuple(...parameters) as unknown as fc.Arbitrary<Parameters>).map(
    (given) =>
      new Happening(`${name}(${given.map((one) => JSON.stringify(one)).join(', ')})`, (visitors) =>
        act(visitors, ...given),
      ),
  );
}

const anySlot = fc.nat({ max: 2 });
const anyConversation = often<string>(CONVERSATIONS[0], fc.constant(CONVERSATIONS[1]), 3);
/** Mostly the newest. */
const anyBack = often(0, fc.nat({ max: 5 }));
/** Mostly one in the state that matters, if there is one; else the one so far back. */
const anyAim = often<number | 'open'>('open', anyBack, 5);
/** Mostly whoever runs something; else the one in this place. */
const anyVictim = often<number | 'busy'>('busy', anySlot, 2);

const anySaying: fc.Arbitrary<Saying> = fc.record({
  hasKey: fc.boolean(),
  isWhole: fc.boolean(),
  isNameless: rarely,
  steps: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
});

const anyResume: fc.Arbitrary<Resume> = fc.record({
  mask: often(0, fc.nat({ max: 7 }), 2),
  variant: often(0, fc.constant(1)),
  alsoOld: rarely,
  withUnknown: rarely,
  byName: rarely,
  hasKey: fc.boolean(),
});

const anyFailing: fc.Arbitrary<Fault['method']> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('commit', 'appendEvents', 'createExecution') },
  { weight: 1, arbitrary: fc.constantFrom('claim', 'renewLeases', 'releaseLeases', 'outcome') },
  { weight: 1, arbitrary: fc.constantFrom('messages', 'execution', 'latestExecution', 'eventsAfter') },
  { weight: 1, arbitrary: fc.constantFrom('abandonedExecutions', 'overdueExecutions') },
);

/** Mostly of visitors who wait for the answer before. */
const say = happening(
  'say',
  [anySlot, anyConversation, anySaying, often(true, fc.constant(false), 5)],
  (visitors, slot, where, how, isPatient) => {
    const isAnswered = openExecutions(visitors, where).length === 0;
    if (isAnswered || !isPatient) visitors.say(at(visitors, slot), where, how);
  },
);
const sayAgain = happening('sayAgain', [anySlot, anyConversation, anyBack], (visitors, slot, where, back) =>
  visitors.sayAgain(at(visitors, slot), where, back),
);
const resume = happening('resume', [anySlot, anyAim, anyResume], async (visitors, slot, aim, how) => {
  const id = executionAt(visitors, aim, 'awaiting');
  if (id !== undefined) await visitors.resume(at(visitors, slot), id, how);
});
const cancel = happening('cancel', [anySlot, anyAim], (visitors, slot, aim) => {
  const id = executionAt(visitors, aim, 'running');
  if (id !== undefined) visitors.cancel(at(visitors, slot), id);
});
const follow = happening(
  'follow',
  [anySlot, anyAim, fc.nat({ max: 200 }), often(10_000, fc.nat({ max: 5 }), 2)],
  async (visitors, slot, aim, where, leaveAfter) => {
    const id = executionAt(visitors, aim, 'running');
    if (id !== undefined) await visitors.follow(at(visitors, slot), id, where, leaveAfter);
  },
);
const renew = happening('renew', [anySlot], (visitors, slot) =>
  visitors.upkeep(at(visitors, slot), 'renewLeases'),
);
const takeOver = happening('takeOver', [anySlot, fc.boolean()], (visitors, slot, isLate) => {
  if (isLate) visitors.world.clock.nowMs += LEASE_OVER_MS;
  visitors.upkeep(at(visitors, slot), 'takeOver');
});
const expire = happening('expire', [anySlot], (visitors, slot) => {
  visitors.world.clock.nowMs += PAUSE_OVER_MS;
  visitors.upkeep(at(visitors, slot), 'expireOverdue');
});
const freeze = happening('freeze', [anyVictim], (visitors, victim) => {
  at(visitors, slotOf(visitors, victim)).isFrozen = true;
});
const thaw = happening('thaw', [anySlot], (visitors, slot) => {
  at(visitors, slot).isFrozen = false;
});
const kill = happening('kill', [anyVictim], (visitors, victim) => {
  const slot = slotOf(visitors, victim);
  at(visitors, slot).isDead = true;
  visitors.world.restart(slot);
});
const close = happening('close', [anySlot, fc.constantFrom(0, 60_000)], (visitors, slot, deadlineMs) => {
  visitors.close(at(visitors, slot), deadlineMs);
  visitors.world.restart(slot);
});
const fault = happening(
  'fault',
  [anySlot, anyFailing, fc.constantFrom<Fault['when'][]>('before', 'after')],
  (visitors, slot, method, when) => at(visitors, slot).faults.push({ method, when }),
);
/** Each number is one of those who wait, from the one who has waited longest; the highest ones are the timers. */
const TIMERS = 9;
const steps = happening(
  'steps',
  [fc.array(fc.nat({ max: TIMERS + 2 }), { minLength: 1, maxLength: 12, size: 'max' })],
  async ({ world }, picks) => {
    for (const pick of picks) await (pick >= TIMERS ? world.tick() : world.step(pick));
  },
);
const settle = happening('settle', [], ({ world }) => world.settle());

/** Requests and troubles, in any order, with as many steps between them as it takes to come into each other's way. */
export function anyHappenings(replayPath: string | undefined) {
  return fc.commands<object, Visitors, false>(
    [
      ...[say, say, say, say, sayAgain, resume, resume, resume, resume, cancel, follow, follow],
      ...[renew, takeOver, takeOver, takeOver, expire, freeze, thaw, thaw, kill, close, fault],
      ...[steps, steps, steps, steps, steps, steps, steps, steps, steps, steps, settle],
    ],
    { maxCommands: 100, size: 'max', ...(replayPath === undefined ? {} : { replayPath }) },
  );
}

function at({ world }: Visitors, slot: number): Process {
  const process = world.processes[slot];
  if (process === undefined) throw new Error(`There is no process ${slot}.`);
  return process;
}

function slotOf({ world }: Visitors, victim: number | 'busy'): number {
  if (victim !== 'busy') return victim;
  const holders = CONVERSATIONS.map((id) => world.ledger.holder(id));
  return Math.max(
    0,
    world.processes.findIndex(({ id }) => holders.includes(id)),
  );
}

function executionAt(
  visitors: Visitors,
  aim: number | 'open',
  status: Execution['status'],
): string | undefined {
  if (aim === 'open') return openExecutions(visitors).findLast(([, state]) => state.status === status)?.[0];
  const ids = [...visitors.world.ledger.written.keys()];
  return ids[ids.length - 1 - (aim % Math.max(1, ids.length))];
}

function openExecutions(
  { world }: Visitors,
  where?: string,
): readonly (readonly [string, Pick<Execution, 'status'>])[] {
  return [...world.ledger.written].flatMap(([id, { conversationId, states }]) => {
    const state = states.at(-1);
    const isOpen = state?.status === 'running' || state?.status === 'awaiting';
    return isOpen && (where ?? conversationId) === conversationId ? [[id, state] as const] : [];
  });
}
