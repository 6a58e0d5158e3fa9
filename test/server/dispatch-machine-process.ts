import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import type { Dispatcher } from '../../server/dispatch/dispatcher.ts';
import { Superseded } from '../../server/dispatch/event-log.ts';
import { RunAborted } from '../../server/dispatch/failure.ts';
import { type Model, ModelError, type ModelEvent } from '../../server/models/model.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import {
  type Commit,
  type Execution,
  type Lease,
  type NewExecution,
  type Store,
  StoreError,
} from '../../server/store/store.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import { CONFIGURED_TOOLBOX } from '../support/configured-toolbox.ts';
import { call, finish, reasoning } from '../support/scripted-model.ts';
import type { World } from './dispatch-machine-world.ts';

/** What the model may call: tools of the page and of the server, and what is refused. */
export const CALLS = {
  search: ['webmcp__search', { q: 'mug' }],
  cart: ['webmcp__cart', {}],
  charge: ['charge', {}],
  lookup: ['lookup', {}],
  unknown: ['nope', {}],
  wrong: ['webmcp__search', { q: 7 }],
} as const;

/** The process's next call of this method fails: before it has reached the store, or after it was done there. */
export interface Fault {
  readonly method: keyof Store;
  readonly when: 'before' | 'after';
}

/** One server process of a world. */
export class Process {
  readonly id: string;
  readonly dispatcher: Dispatcher;
  readonly faults: Fault[] = [];
  /** A fault has struck here: from then on requests may fail of the store. */
  wasHurt = false;
  isFrozen = false;
  isClosing = false;
  isDead = false;

  constructor(id: string, world: World) {
    const { setup, clock } = world;
    this.id = id;
    const tools = serverTools(world, this);
    const hear = ({ err }: { readonly err?: unknown }) => {
      if (!isExpected(err))
        world.ledger.violations.push(`A run failed of ${err instanceof Error ? err.stack : err}`);
    };
    this.dispatcher = createDispatcher({
      store: doorTo(world, this),
      model: () => modelOf(this, world),
      processId: id,
      leaseMs: setup.leaseMs,
      maxRunning: setup.maxRunning,
      toolbox: CONFIGURED_TOOLBOX,
      scrubber: createScrubber([]),
      logScrubber: createScrubber([]),
      tools: () => tools,
      clock: () => clock.nowMs,
      newId: (prefix) => world.newId(prefix),
      log: { warn: hear, error: hear },
    });
  }
}

function isExpected(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === 'unavailable';
  return (
    error === undefined ||
    error instanceof Superseded ||
    error instanceof RunAborted ||
    error instanceof ModelError
  );
}

/** The store as one process reaches it. */
function doorTo(world: World, process: Process): Store {
  return new Proxy(world.store, {
    get(store, name: keyof Store) {
      const method = store[name];
      if (typeof method !== 'function') return method;
      const call = method.bind(store) as (...parameters: unknown[]) => unknown;
      if (name === 'watch') return call;
      return async (...parameters: unknown[]) => {
        await world.turn(process);
        const fault = takeFault(process, name);
        if (fault?.when === 'before') throw outage();
        const result = await call(...parameters);
        keepBook(world, name, parameters, result);
        await world.turn(process);
        if (fault !== undefined) throw outage();
        return result;
      };
    },
  });
}

function takeFault(process: Process, method: keyof Store): Fault | undefined {
  const at = process.faults.findIndex((fault) => fault.method === method);
  if (at === -1) return undefined;
  process.wasHurt = true;
  return process.faults.splice(at, 1)[0];
}

function outage(): StoreError {
  return new StoreError('unavailable', 'The database is away.');
}

function keepBook(
  { ledger }: World,
  name: keyof Store,
  [first, second]: readonly unknown[],
  result: unknown,
): void {
  if (name === 'createExecution' && result === 'created') ledger.created(first as NewExecution);
  else if (name === 'commit' && result === true) ledger.committed(first as Commit);
  else if (name === 'claim' && result !== undefined) ledger.claimed(result as Execution, second as Lease);
  else if (name === 'renewLeases') ledger.renewed(result as ReadonlySet<string>, first as Lease);
  else if (name === 'releaseLeases') ledger.released(first as string);
}

/** Says words that nobody else says: which asking, and the how manieth. */
function modelOf(process: Process, world: World): Model {
  return {
    id: 'scripted',
    async *stream({ messages, instructions: conversationId }) {
      const { ask, plan } = world.nextPlan();
      const last = messages.at(-1)?.role;
      // One that was overtaken without knowing it may see what came after.
      if (last !== 'user' && last !== 'tool' && world.ledger.holder(conversationId) === process.id)
        world.ledger.violations.push(`The model was asked after ${last}`);
      let words = 0;
      const word = (): ModelEvent => ({ type: 'text', delta: `w${ask}.${words++} ` });
      for (const step of plan.steps) {
        await world.turn(process);
        if (step === 'word') yield word();
        else if (step === 'thought') yield reasoning('Hm. ');
        else if (step === 'chatter')
          for (let block = 0; block < 30; block++) yield* [word(), reasoning('Hm. ')];
        else {
          const [name, input] = CALLS[step.tool];
          yield call(step.id, name, input);
        }
      }
      await world.turn(process);
      if (plan.end === 'error') throw new ModelError('model_failed', 'The provider is away.');
      if (plan.end === 'finish') yield finish();
    },
  };
}

/** A process runs its own; what a request offers is named after them. */
export function serverTools(world: World, process: Process): readonly ServerTool[] {
  return [serverTool('charge', false, process, world), serverTool('lookup', true, process, world)];
}

function serverTool(name: string, idempotent: boolean, process: Process, world: World): ServerTool {
  return {
    name,
    description: `Does ${name}.`,
    parametersSchema: { type: 'object' },
    idempotent,
    timeoutMs: 600_000,
    async run(_, { toolCallId, conversationId, executionId }) {
      const key = `${conversationId} ${toolCallId}`;
      const run = world.toolRuns.get(key) ?? { name, results: [] };
      world.toolRuns.set(key, run);
      const result = `did ${name} ${toolCallId} ${run.results.length}`;
      run.results.push(result);
      const states = world.ledger.written.get(executionId)?.states ?? [];
      if (!states.some(({ started }) => started.some((one) => one.toolCallId === toolCallId)))
        world.ledger.violations.push(`${key} ran before it was stored that it begins`);
      await world.turn(process);
      return result;
    },
  };
}
