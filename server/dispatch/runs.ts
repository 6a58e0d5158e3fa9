import { setMaxListeners } from 'node:events';
import { RequestError } from '../errors.ts';
import type { Execution, Lease, Owner } from '../store/store.ts';
import { NO_OBSERVER } from '../telemetry/observer.ts';
import { Appender } from './appender.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import type { DeskDeps } from './dispatcher.ts';
import { EventLog, type LogDeps, Superseded } from './event-log.ts';
import { type AbortCause, RunAborted } from './failure.ts';
import { runTurns } from './loop.ts';
import { scrubberOf } from './secret-vault.ts';

/** How long others wait for a sign of life when nothing else is said, in milliseconds. */
const DEFAULT_LEASE_MS = 10_000;

const DEFAULT_MAX_RUNNING = 1_000;

/** When a caller whom this process has no room for may come again, in milliseconds. */
const RETRY_AFTER_MS = 2_000;

/** How an execution comes to run in this process. */
type RunCause = 'start' | 'resume' | 'takeover';

/** An execution that runs in this process, since its start, its last resume, or since it was taken over. */
export interface Run {
  readonly log: EventLog;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** What runs in this process, and under which lease. */
export class Runs {
  readonly lease: Lease;
  private readonly deps: DeskDeps;
  private readonly logDeps: Omit<LogDeps, 'scrub'>;
  private readonly running = new Map<string, Run>();
  /** Owners of what is about to run and is still being stored. */
  private readonly coming = new Set<{ readonly owner: Owner }>();
  /** Executions that a run here had to leave because the store failed it. Their lease is still this process's. */
  private readonly dropped = new Set<string>();
  private readonly attachments: Attachments;
  private isYielding = false;
  private mustStop = false;

  constructor(deps: DeskDeps) {
    this.deps = deps;
    this.lease = { owner: deps.processId, forMs: deps.leaseMs ?? DEFAULT_LEASE_MS };
    const { store, clock, vault } = deps;
    const stored = (execution: Execution) => vault.note(execution);
    this.logDeps = { store, appender: new Appender(store), lease: this.lease, clock, stored };
    this.attachments = createAttachments(store);
  }

  newLog(execution: Execution): EventLog {
    return new EventLog(
      { ...this.logDeps, scrub: scrubberOf(execution.id, this.deps).scrubValue },
      execution,
    );
  }

  /** Lets an execution run whose turn is open. Nobody has to wait for it. */
  launch(log: EventLog, cause: RunCause): void {
    const { executionId } = log;
    const watch = this.observe(log.execution, cause);
    const controller = new AbortController();
    // One for each tool that runs in one turn.
    setMaxListeners(0, controller.signal);
    if (this.mustStop) controller.abort(new RunAborted('handover'));
    const run: Run = {
      log,
      controller,
      done: runTurns(log, this.deps, {
        signal: controller.signal,
        attachments: this.attachments,
        mustYield: () => this.isYielding,
        observer: watch.inner,
      }).then((errorCode) => {
        watch.end({ status: log.execution.status, errorCode });
        if (this.running.get(executionId) === run) this.running.delete(executionId);
        // Another process has it now, and its secrets would only lie here.
        if (log.failure instanceof Superseded) {
          if (!this.running.has(executionId)) this.deps.vault.drop(executionId);
        } else if (log.failure !== undefined) this.dropped.add(executionId);
      }),
    };
    this.running.set(executionId, run);
  }

  private observe(
    { id: executionId, conversationId, agent: { id: agentId, name: agentName } }: Execution,
    cause: RunCause,
  ) {
    const { observer = NO_OBSERVER } = this.deps;
    return observer.run({ executionId, conversationId, agentId, agentName, cause });
  }

  of(executionId: string): Run | undefined {
    return this.running.get(executionId);
  }

  /** As they were stored last. */
  executions(): readonly Execution[] {
    return [...this.running.values()].map(({ log }) => log.execution);
  }

  get room(): number {
    return Math.max(0, (this.deps.maxRunning ?? DEFAULT_MAX_RUNNING) - this.running.size - this.coming.size);
  }

  /**
   * Keeps a place for one more execution of this owner, until `launch` has filled it and it is given back. Returns how
   * to give it back. Throws `overloaded` where one more would be too many.
   */
  reserve(owner: Owner, maxOfOwner = Number.POSITIVE_INFINITY): () => void {
    if (this.room === 0 || this.countOf(owner, maxOfOwner) >= maxOfOwner) {
      throw new RequestError('overloaded', 'The chat server has as much to do as it can.', {
        hint: 'Your message is kept. Try again in a few seconds.',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const place = { owner };
    this.coming.add(place);
    return () => this.coming.delete(place);
  }

  /** Counts only where all together are as many as matter. */
  private countOf({ hash }: Owner, atLeast: number): number {
    if (this.running.size + this.coming.size < atLeast) return 0;
    const running = [...this.running.values()].map(({ log }) => log.execution.owner);
    const coming = [...this.coming].map(({ owner }) => owner);
    return [...running, ...coming].filter((owner) => owner.hash === hash).length;
  }

  /** Executions that nobody runs although this process holds their lease. Each is told once. */
  takeDropped(): readonly string[] {
    const ids = [...this.dropped];
    this.dropped.clear();
    return ids;
  }

  /** One that could not be taken up again yet. */
  drop(executionId: string): void {
    this.dropped.add(executionId);
  }

  /** Ends a run of this process. Resolves when its end is stored, or could not be. */
  async stop(run: Run, why: AbortCause): Promise<void> {
    run.controller.abort(new RunAborted(why));
    await run.done;
  }

  /** Says that this process is alive. What it has lost meanwhile stops, without another word in the log. */
  async renewLeases(): Promise<void> {
    const runs = [...this.running.values()];
    if (runs.length === 0) return;
    const held = await this.deps.store.renewLeases(
      this.lease,
      runs.map(({ log }) => log.executionId),
    );
    for (const { log, controller } of runs) {
      // One that paused or ended meanwhile needs no lease.
      if (held.has(log.executionId) || log.execution.status !== 'running') continue;
      log.supersede();
      controller.abort(new RunAborted('lost'));
    }
  }

  /** Lets runs go on to their next boundary and no further. */
  yieldAll(): void {
    this.isYielding = true;
  }

  /** Stops all that runs where it stands, and whatever is still launched. */
  stopAll(): void {
    this.mustStop = true;
    for (const { controller } of this.running.values()) controller.abort(new RunAborted('handover'));
  }

  async settled(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }
}
