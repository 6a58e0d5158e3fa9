import type { Execution } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import type { EventLog } from './event-log.ts';
import { type AbortCause, RunAborted } from './failure.ts';
import { runTurns } from './loop.ts';
import { closeOrphan } from './orphan.ts';

/** An execution that runs in this process, since its start or its last resume. */
export interface Run {
  readonly log: EventLog;
  readonly conversationId: string;
  readonly controller: AbortController;
  /** The log's end when the run began: what is after it belongs to this run. */
  readonly after: number;
  readonly done: Promise<void>;
}

/** What runs in this process. */
export class Runs {
  private readonly deps: DispatchDeps;
  private readonly running = new Map<string, Run>();
  private mustStop = false;

  constructor(deps: DispatchDeps) {
    this.deps = deps;
  }

  /** Lets an execution run whose turn `turnId` is open. Nobody has to wait for it. */
  launch(log: EventLog, turnId: string, after: number): void {
    const { id, conversationId } = log.execution;
    const controller = new AbortController();
    if (this.mustStop) controller.abort(new RunAborted('shutting_down'));
    const done = runTurns(log, turnId, this.deps, controller.signal).finally(() => this.running.delete(id));
    this.running.set(id, { log, conversationId, controller, after, done });
  }

  of(executionId: string): Run | undefined {
    return this.running.get(executionId);
  }

  inConversation(conversationId: string): Run | undefined {
    return [...this.running.values()].find((run) => run.conversationId === conversationId);
  }

  /** Ends an execution that says it is running. Resolves when its end is stored. */
  async stop(execution: Execution, why: AbortCause): Promise<void> {
    const run = this.of(execution.id);
    if (run === undefined) return closeOrphan(execution, this.deps);
    run.controller.abort(new RunAborted(why));
    await run.done;
  }

  /** Stops all that runs, and whatever is still launched. */
  stopAll(): void {
    this.mustStop = true;
    for (const { controller } of this.running.values()) controller.abort(new RunAborted('shutting_down'));
  }

  async settled(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ done }) => done));
  }
}
