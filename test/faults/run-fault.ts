import { isTerminal } from '../../protocol/event.ts';
import type { Cell } from './cell.ts';
import type { Plan, Scene } from './fault.ts';
import { request } from './script.ts';
import { Visitor } from './visitor.ts';

/** What came of one run. */
export interface Result {
  readonly plan: Plan;
  /** Whether the turn came by the place at all. */
  readonly injected: boolean;
  readonly how: string;
  readonly violations: readonly string[];
  readonly ms: number;
}

/** Sometimes more is looked at than the turn itself: a second message, the log again, a stranger. */
const EXTRA_CHANCE = 0.25;

/** Hurts one turn of a new visitor, and judges what is left of it. */
export async function runFault(cell: Cell, plan: Plan): Promise<Result> {
  const startedAt = Date.now();
  const { fault, place, random } = plan;
  const violations: string[] = [];
  const [first, second] = cell.processes;
  const [victim, other] = random.chance(0.5) ? [first, second] : [second, first];
  await Promise.all([victim.ready(), other.ready()]);
  let injected = false;
  const visitor = new Visitor({
    random,
    // Until it is hurt, the victim does all the work; then whoever comes first.
    where: () => (injected ? random.pick([victim, other]) : victim).url,
    onEvent: (event) => {
      const act = fault.onEvent?.(plan, event);
      if (act !== undefined) injected = true;
      return act;
    },
  });
  const scene: Scene = {
    cell,
    plan,
    victim,
    other,
    visitor,
    report: (violation) => violations.push(violation),
  };
  await visitor.open();
  await fault.before?.(scene);
  let strike: Promise<void> | undefined;
  if (fault.onEvent === undefined) {
    const { reached, armed } = victim.arm({ ...place, injury: fault.injury });
    await armed;
    void reached.then(() => {
      injected = true;
      strike = fault.strike?.(scene).catch((error: unknown) => {
        violations.push(`The harness could not do its damage: ${String(error)}`);
      });
    });
  }
  const tag = `r${plan.run}`;
  const { how } = await visitor.say(request(place.scenario, tag));
  await strike;
  await victim.disarm();
  await fault.after?.(scene);
  if (how === 'stranded') violations.push('I1 the turn is stranded');
  if (injected && (how === 'failed' || how === 'stopped') && fault.mayEnd?.includes(how) !== true)
    violations.push(`the turn ${how}, although nothing it needs was away for long`);
  await cell.settle(visitor.conversationId);
  if (random.chance(EXTRA_CHANCE) && how !== 'stranded') await sayMore(visitor, tag, violations);
  if (random.chance(EXTRA_CHANCE)) await readAgain(visitor, plan, violations);
  if (random.chance(EXTRA_CHANCE)) await meetStranger(visitor, scene, violations);
  violations.push(...(await cell.judge(visitor)));
  visitor.close();
  return { plan, injected, how, violations: [...new Set(violations)], ms: Date.now() - startedAt };
}

/** The conversation goes on after what happened. */
async function sayMore(visitor: Visitor, tag: string, violations: string[]): Promise<void> {
  const { how } = await visitor.say(request('words', `${tag}b`));
  if (how !== 'complete') violations.push(`the next message ended ${how}`);
}

/** I2: what stands after any position is what came after it. */
async function readAgain(visitor: Visitor, { random }: Plan, violations: string[]): Promise<void> {
  for (const [id, log] of visitor.logs) {
    const last = log.at(-1);
    if (last === undefined || !isTerminal(last)) continue;
    const after = random.whole(0, log.length);
    const answer = await visitor.follow(id, String(after)).catch(() => undefined);
    if (answer?.status !== 200) continue;
    const again = [];
    for await (const event of answer.events) again.push(event);
    if (JSON.stringify(again) !== JSON.stringify(log.slice(after)))
      violations.push(`I2 read again after ${after}, ${id} is another one`);
  }
}

/** I6: somebody else's session finds nothing. */
async function meetStranger(
  visitor: Visitor,
  { plan, other, cell }: Scene,
  violations: string[],
): Promise<void> {
  const [executionId] = [...visitor.logs.keys()];
  if (executionId === undefined) return;
  await Promise.all(cell.processes.map((process) => process.ready()));
  const stranger = new Visitor({ random: plan.random, where: () => other.url });
  await stranger.open();
  const { sessionId } = stranger;
  const tries = {
    follow: stranger.follow(executionId, '0'),
    cancel: stranger.post('/v1/client/cancel', { sessionId, executionId }),
    resume: stranger.post('/v1/client/resume', { sessionId, executionId, toolOutputs: { x: 1 } }),
  };
  for (const [name, going] of Object.entries(tries)) {
    const answer = await going.catch(() => undefined);
    if (answer !== undefined && answer.status < 500 && answer.status !== 404)
      violations.push(`I6 ${name} of somebody else's execution answered ${answer.status}`);
  }
  stranger.close();
}
