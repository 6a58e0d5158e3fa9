import { sql } from 'kysely';
import { vi } from 'vitest';
import { migrate } from '../../server/store/migrations.ts';
import { SqlStore } from '../../server/store/sql-store.ts';
import { openSqliteEngine } from '../../server/store/sqlite.ts';
import type { Owner, Store } from '../../server/store/store.ts';
import { Ledger } from './dispatch-machine-ledger.ts';
import { type CALLS, Process } from './dispatch-machine-process.ts';

export const OWNER: Owner = { kind: 'client_token', hash: 'visitor' };
export const CONVERSATIONS = ['conv_1', 'conv_2'] as const;
export const SESSION_EXPIRES_MS = Date.parse('2027-01-01T00:00:00Z');
const PROCESSES = 3;

/** Timers run on in steps, and so many of them bring the slow look at watched executions round. */
const TIMER_STEP_MS = 50;
const TIMER_STEPS = 6;

export type PlanStep =
  | 'word'
  | 'thought'
  | 'chatter'
  | { readonly id: string; readonly tool: keyof typeof CALLS };

/** What a model does in one turn, and how that ends: as it should, with an error, or in the middle. */
export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly end: 'finish' | 'error' | 'cut';
}

export interface Setup {
  /** One for each time that a model is asked, in whichever process; from the first again when they are used up. */
  readonly plans: readonly Plan[];
  readonly leaseMs: number;
  readonly maxRunning: number;
  readonly maxToolCalls: number;
  /** Turns that each session may start. */
  readonly limit: number;
}

interface Waiting {
  readonly process: Process;
  readonly pass: () => void;
}

/**
 * Several server processes on one store. Whatever they wait for waits in one queue: each call of the store on its way
 * there and on its way back, each word of the model, each run of a tool, each event that a reader takes. Nothing moves
 * unless it is let through, so every run can be played again.
 */
export class World {
  readonly setup: Setup;
  readonly clock: { nowMs: number };
  readonly store: Store;
  readonly ledger: Ledger;
  /** Those that stand now. */
  readonly processes: Process[] = [];
  /** Those, and all that stood in their places before. */
  readonly everyProcess: Process[] = [];
  /** What the runs of a server's tool gave, by conversation and call. */
  readonly toolRuns = new Map<string, { readonly name: string; readonly results: string[] }>();
  private isHealed = false;
  private asks = 0;
  private ids = 0;
  private queue: Waiting[] = [];

  static async open(setup: Setup): Promise<World> {
    const clock = { nowMs: Date.parse('2026-03-01T12:00:00Z') };
    const engine = await openSqliteEngine(':memory:');
    await migrate(engine, ':memory:');
    const store = new SqlStore({
      ...engine,
      // The database's clock, too, goes on only when it is told to.
      get clockMs() {
        return sql<number>`cast(${clock.nowMs} as integer)`;
      },
    });
    for (const id of CONVERSATIONS) {
      const createdAtMs = clock.nowMs;
      await store.createConversation({ id, owner: OWNER, surfaceId: 'store', createdAtMs });
      await store.saveSession({
        idHash: id,
        tokenHash: OWNER.hash,
        surfaceId: 'store',
        origin: 'https://store.example.com',
        conversationId: id,
        messageCount: 0,
        expiresAtMs: SESSION_EXPIRES_MS,
      });
    }
    return new World(setup, store, clock);
  }

  private constructor(setup: Setup, store: Store, clock: { nowMs: number }) {
    this.setup = setup;
    this.store = store;
    this.clock = clock;
    this.ledger = new Ledger(clock);
    for (let slot = 0; slot < PROCESSES; slot++) this.restart(slot);
  }

  /** Another process takes this place. Whatever becomes of the one that stood there. */
  restart(slot: number): void {
    const process = new Process(this.newId('proc_'), this);
    this.processes[slot] = process;
    this.everyProcess.push(process);
  }

  newId(prefix: string): string {
    this.ids += 1;
    return `${prefix}${this.ids}`;
  }

  nextPlan(): { readonly ask: number; readonly plan: Plan } {
    const { plans } = this.setup;
    this.asks += 1;
    const plan = this.isHealed ? undefined : plans[(this.asks - 1) % plans.length];
    return { ask: this.asks, plan: plan ?? { steps: ['word'], end: 'finish' } };
  }

  /** Waits until it is this one's turn. What a dead process waits for never comes. */
  turn(process: Process): Promise<void> {
    if (process.isDead) return new Promise(() => {});
    return new Promise((pass) => this.queue.push({ process, pass }));
  }

  /** Lets one of those who wait go on, and everything that follows from it without waiting. Whether there was one. */
  async step(pick: number): Promise<boolean> {
    this.queue = this.queue.filter(({ process }) => !process.isDead);
    const movable = this.queue.filter(({ process }) => !process.isFrozen);
    const next = movable[pick % movable.length];
    if (next !== undefined) {
      this.queue.splice(this.queue.indexOf(next), 1);
      next.pass();
    }
    await this.calm();
    return next !== undefined;
  }

  /** Lets time pass for timers. The clocks stand. */
  async tick(): Promise<void> {
    vi.advanceTimersByTime(TIMER_STEP_MS);
    await this.calm();
  }

  /** Lets all go on in order until nobody waits. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < TIMER_STEPS; ) {
      if (await this.step(0)) quiet = 0;
      else {
        await this.tick();
        quiet += 1;
      }
    }
  }

  /** Until nothing goes on that waits for nobody. */
  calm(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** From now on the store fails nobody, and models answer in one word. */
  heal(): void {
    this.isHealed = true;
    for (const process of this.everyProcess) process.faults.length = 0;
  }

  async close(): Promise<void> {
    for (const process of this.everyProcess) process.isDead = true;
    this.queue = [];
    vi.clearAllTimers();
    await this.store.close();
  }
}
