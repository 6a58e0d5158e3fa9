import type { StreamEvent } from '../../protocol/event.ts';
import { RequestError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { EventLog } from './event-log.ts';

/** Events that a reader takes from the store at once. They wait in memory for as long as it does not read on. */
const PAGE_EVENTS = 32;

export interface ReadOptions {
  readonly store: Store;
  /** The log of an execution that runs in this process. */
  readonly liveLog: (executionId: string) => EventLog | undefined;
  /** Ends waiting for more: this process is about to go, and another one goes on. What is stored is still read. */
  readonly signal: AbortSignal;
  readonly executionId: string;
  /** Events with a `seq` above this one. */
  readonly after: number;
  /**
   * Where it stops. `answer`: at the first pause or the end, also when more has followed by then. `follow`: where the
   * execution pauses or ends now; earlier pauses are events like others.
   */
  readonly until: 'answer' | 'follow';
}

/**
 * Reads an execution's log, then what is added to it, wherever it runs. Each reader goes at its own pace and holds one
 * page; leaving it early disturbs nobody. Rejects with `RequestError` where the store fails.
 */
export function readLog(options: ReadOptions): AsyncIterable<StreamEvent> {
  return { [Symbol.asyncIterator]: () => new LogReader(options) };
}

class LogReader implements AsyncIterator<StreamEvent> {
  private readonly options: ReadOptions;
  private cursor: number;
  private page: readonly StreamEvent[] = [];
  private read = 0;
  private last: StreamEvent | undefined;
  private isClosed = false;
  private hasChanged = false;
  private wake: (() => void) | undefined;
  private unwatch: (() => void) | undefined;
  private readonly onAbort = () => this.wake?.();

  constructor(options: ReadOptions) {
    this.options = options;
    this.cursor = options.after;
    options.signal.addEventListener('abort', this.onAbort);
  }

  async next(): Promise<IteratorResult<StreamEvent>> {
    while (!this.isClosed) {
      const event = this.page[this.read];
      if (this.isPast(event)) break;
      if (event !== undefined) {
        this.read += 1;
        this.cursor = event.seq;
        this.last = event;
        return { done: false, value: event };
      }
      if (!(await this.turnPage())) break;
    }
    this.close();
    return { done: true, value: undefined };
  }

  /** Answers at once, also while `next` waits: a reader that leaves must not wait for the model's next word. */
  async return(): Promise<IteratorResult<StreamEvent>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** An answer ends with the last of what an execution waits for, which was stored together. */
  private isPast(next: StreamEvent | undefined): boolean {
    if (this.options.until !== 'answer' || !isPause(this.last)) return false;
    return next === undefined ? !this.hasMoreAwaits() : !isPause(next);
  }

  /** They are stored at once, so they stand in one page, or on the next one where this one was full. */
  private hasMoreAwaits(): boolean {
    return this.page.length >= PAGE_EVENTS;
  }

  /** Waits for more. Whether there may be some. */
  private async turnPage(): Promise<boolean> {
    this.read = 0;
    this.page = [];
    this.hasChanged = false;
    const log = this.options.liveLog(this.options.executionId);
    if (log === undefined || log.ended || log.failure !== undefined) return this.turnStoredPage();
    if (this.cursor >= log.persistedSeq) {
      if (this.options.signal.aborted) return false;
      await this.change((callback) => log.onChange(callback));
      return true;
    }
    this.page = log.recent(this.cursor) ?? (await this.fromStore());
    if (this.page.length > 0) return true;
    throw unreadable(new Error(`Event ${this.cursor + 1} is not in the store.`));
  }

  private async turnStoredPage(): Promise<boolean> {
    const { store, executionId } = this.options;
    this.page = await this.fromStore();
    if (this.page.length > 0) return true;
    const execution = await this.ask(() => store.execution(executionId));
    if (execution === undefined) return false;
    if (execution.seq > this.cursor) return true;
    if (execution.status !== 'running' || this.options.signal.aborted) return false;
    if (this.unwatch !== undefined) {
      await this.change(() => () => undefined);
      return true;
    }
    // What was written since the page was read is found by reading again.
    this.unwatch = store.watch(executionId, () => {
      this.hasChanged = true;
      this.wake?.();
    });
    return true;
  }

  private fromStore(): Promise<readonly StreamEvent[]> {
    const { store, executionId } = this.options;
    return this.ask(() => store.eventsAfter(executionId, this.cursor, PAGE_EVENTS));
  }

  private async ask<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      this.close();
      throw unreadable(cause);
    }
  }

  private async change(subscribe: (callback: () => void) => () => void): Promise<void> {
    if (this.hasChanged || this.isClosed) return;
    await new Promise<void>((resolve) => {
      const withdraw = subscribe(resolve);
      this.wake = () => {
        withdraw();
        resolve();
      };
    });
    this.wake = undefined;
  }

  private close(): void {
    this.isClosed = true;
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.unwatch?.();
    this.unwatch = undefined;
    this.wake?.();
  }
}

function isPause(event: StreamEvent | undefined): boolean {
  return event?.type === 'await' || event?.type === 'approval_start';
}

function unreadable(cause: unknown): RequestError {
  return new RequestError('store_unavailable', 'The answer cannot be read from the store now.', {
    hint: 'Follow it again in a moment, from the last event that came.',
    cause,
  });
}
