import { isTerminal } from '../../protocol/event.ts';
import type { Cell } from './cell.ts';
import type { Hooks, Plan, Scene, StepFault } from './fault.ts';
import { request } from './script.ts';
import { type Ending, Visitor } from './visitor.ts';

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
  const [first, second] = cell.pair;
  const [victim, other] = random.chance(0.5) ? [first, second] : [second, first];
  await Promise.all([victim.ready(), other.ready()]);
  const progress = { injected: fault.kind === 'request' };
  const hooks: Hooks = {};
  const visitor = new Visitor({
    random,
    // Until it is hurt, the victim does all the work; then whoever comes first.
    where: () => (progress.injected ? random.pick([victim, other]) : victim).url,
    onEvent: (event) => {
      const act = fault.kind === 'step' ? fault.onEvent?.(plan, event) : undefined;
      if (act !== undefined) progress.injected = true;
      return act;
    },
    beforeResume: async (executionId, calls) => hooks.beforeResume?.(executionId, calls),
    ...(fault.kind === 'request' ? { tolerates: ['already_resolved'] } : {}),
  });
  const report = (violation: string) => violations.push(violation);
  const scene: Scene = { cell, plan, victim, other, visitor, hooks, report };
  await visitor.open();
  const tag = `r${plan.run}`;
  const text = request(place.scenario, tag);
  const { how } =
    fault.kind === 'request'
      ? await fault.play(scene, text)
      : await sayAndHurt(scene, fault, text, () => {
          progress.injected = true;
        });
  if (how === 'stranded') violations.push(`I1 the turn is stranded: ${visitor.trace()}`);
  if ((how === 'failed' || how === 'stopped') && fault.mayEnd?.includes(how) !== true)
    violations.push(`the turn ${how}, although nothing it needs was away for long`);
  await cell.settle(visitor.conversationId);
  if (random.chance(EXTRA_CHANCE) && how !== 'stranded') await sayMore(visitor, tag, violations);
  if (random.chance(EXTRA_CHANCE)) await readAgain(visitor, plan, violations);
  if (random.chance(EXTRA_CHANCE)) await meetStranger(visitor, scene, violations);
  violations.push(...(await cell.judge(visitor)));
  visitor.close();
  const { injected } = progress;
  return { plan, injected, how, violations: [...new Set(violations)], ms: Date.now() - startedAt };
}

async function sayAndHurt(
  scene: Scene,
  fault: StepFault,
  text: string,
  injected: () => void,
): Promise<Ending> {
  const { victim, visitor, plan, report } = scene;
  let strike: Promise<void> | undefined;
  if (fault.onEvent === undefined) {
    const { reached, armed } = victim.arm({ ...plan.place, injury: fault.injury });
    await armed;
    void reached.then(() => {
      injected();
      strike = fault.strike?.(scene).catch((error: unknown) => {
        report(`The harness could not do its damage: ${String(error)}`);
      });
    });
  }
  const ending = await visitor.say(text);
  await strike;
  await victim.disarm();
  await fault.after?.(scene);
  return ending;
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
