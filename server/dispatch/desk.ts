import { setMaxListeners } from 'node:events';
import type { Execution } from '../store/store.ts';
import type { Answer, DeskDeps, DispatchDeps } from './dispatcher.ts';
import { type Ending, endingOf, NO_WORDS } from './ending.ts';
import { type Boundary, type EventLog, Superseded } from './event-log.ts';
import { leftovers } from './leftovers.ts';
import { type ReadOptions, readLog } from './log-reader.ts';
import { Runs } from './runs.ts';
import { createSecretVault } from './secret-vault.ts';
import { takeoverOf } from './takeover.ts';

/** What every request for executions is done with: what runs here, how it is read, and how it is ended or taken over. */
export class Desk {
  readonly deps: DeskDeps;
  readonly runs: Runs;
  /** Ends the readers of what goes on in another process. */
  private readonly leaving = new AbortController();

  constructor(deps: DispatchDeps) {
    this.deps = { ...deps, vault: createSecretVault(deps.logScrubber) };
    this.runs = new Runs(this.deps);
    // One for each reader.
    setMaxListeners(0, this.leaving.signal);
  }

  read(
    { id, conversationId }: Pick<Execution, 'id' | 'conversationId'>,
    after: number,
    until: ReadOptions['until'],
  ): Answer {
    const events = readLog({
      store: this.deps.store,
      liveLog: (executionId) => this.runs.of(executionId)?.log,
      signal: this.leaving.signal,
      executionId: id,
      after,
      until,
    });
    return { executionId: id, conversationId, events };
  }

  /** Lets all who read here go. */
  leave(): void {
    this.leaving.abort();
  }

  /** Ends an execution that runs or waits, wherever it runs. Whether it was this call that ended it. */
  async end(execution: Execution, ending: Ending): Promise<boolean> {
    if (execution.status === 'awaiting') {
      return this.write(execution, endingOf(execution, ending, NO_WORDS, this.deps));
    }
    const run = this.runs.of(execution.id);
    if (run !== undefined) {
      await this.runs.stop(run, ending.kind === 'cancelled' ? 'cancelled' : 'overtaken');
      // It may have come to another end first, or its end could not be stored: whoever asked looks again.
      const ended = run.log.execution;
      return (
        run.log.failure === undefined &&
        ended.status === (ending.kind === 'cancelled' ? 'cancelled' : 'failed')
      );
    }
    const claimed = await this.deps.store.claim(execution, this.runs.lease, true);
    if (claimed === undefined) return false;
    const { closing, text, firstTextId } = await leftovers(this.deps.store, claimed);
    const words = { closing, text, textId: firstTextId };
    return this.write(claimed, endingOf(claimed, ending, words, this.deps));
  }

  /** Goes on with a running execution whose lease is over. Not with one that runs here: it only has been slow. */
  async takeOver(execution: Execution, evenIfHeld = false): Promise<void> {
    if (this.runs.of(execution.id) !== undefined) return;
    const claimed = await this.deps.store.claim(execution, this.runs.lease, evenIfHeld);
    if (claimed === undefined) return;
    const { id: executionId, takeovers } = claimed;
    this.deps.log.warn({ executionId, takeovers }, 'An execution of a process that is gone goes on here');
    const log = this.runs.newLog(claimed);
    if (!(await this.commit(log, takeoverOf(claimed, this.deps)))) return;
    if (log.execution.status === 'running') this.runs.launch(log, 'takeover');
    else log.end();
  }

  private async write(execution: Execution, boundary: Promise<Boundary>): Promise<boolean> {
    const log = this.runs.newLog(execution);
    const isStored = await this.commit(log, boundary);
    log.end();
    return isStored;
  }

  private async commit(log: EventLog, boundary: Promise<Boundary>): Promise<boolean> {
    try {
      await log.commit(await boundary);
      return true;
    } catch (error) {
      if (error instanceof Superseded) return false;
      throw error;
    }
  }
}
