import { ToolError } from '../tools/tool-error.ts';

export interface SlotOptions {
  /** Those of all owners together. */
  readonly count: number;
  /** Those of one owner. */
  readonly each: number;
  /** Those of one owner that may wait. */
  readonly queue: number;
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
}

/** A turn to do one of a few things at a time: for whoever does least, then first come, first served. */
export interface Slots {
  /** Rejects with `ToolError` `code_limit` where too many wait or it took too long, `cancelled`, `failed` when closed. */
  take(owner: string, signal: AbortSignal): Promise<void>;
  release(owner: string): void;
  waiting(): number;
  close(): void;
}

export function createSlots({ count, each, queue, waitMs }: SlotOptions): Slots {
  const waiting: Waiter[] = [];
  const taken = new Map<string, number>();
  let free = count;
  let isClosed = false;
  const takenBy = (owner: string) => taken.get(owner) ?? 0;

  return {
    async take(owner, signal) {
      if (signal.aborted) throw cancelled();
      if (isClosed) throw closed();
      if (free > 0 && takenBy(owner) < each) give(owner);
      else if (waiting.filter((waiter) => waiter.owner === owner).length < queue) await turn(owner, signal);
      else throw busy(`${queue} other pieces of code wait already`);
    },
    release(owner) {
      free += 1;
      const left = takenBy(owner) - 1;
      if (left > 0) taken.set(owner, left);
      else taken.delete(owner);
      next();
    },
    waiting: () => waiting.length,
    close() {
      isClosed = true;
      for (const waiter of [...waiting]) waiter.leave(closed());
    },
  };

  function give(owner: string): void {
    free -= 1;
    taken.set(owner, takenBy(owner) + 1);
  }

  function next(): void {
    const ready = free > 0 ? waiting.filter(({ owner }) => takenBy(owner) < each) : [];
    // A sort keeps the order of equals.
    const [first] = ready.sort((a, b) => takenBy(a.owner) - takenBy(b.owner));
    first?.go();
  }

  function turn(owner: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        waiting.splice(waiting.indexOf(waiter), 1);
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const waiter: Waiter = {
        owner,
        go() {
          end();
          give(owner);
          resolve();
        },
        leave(error) {
          end();
          reject(error);
        },
      };
      const abort = () => waiter.leave(cancelled());
      const timer = setTimeout(
        () => waiter.leave(busy(`no worker was free within ${waitMs / 1000} s`)),
        waitMs,
      );
      signal.addEventListener('abort', abort);
      waiting.push(waiter);
    });
  }
}

interface Waiter {
  readonly owner: string;
  go(): void;
  leave(error: ToolError): void;
}

export function cancelled(): ToolError {
  return new ToolError('cancelled', 'The code was stopped: its call was cancelled.');
}

export function closed(): ToolError {
  return new ToolError('failed', 'The code was not run: the server is about to stop.');
}

function busy(why: string): ToolError {
  return new ToolError('code_limit', `The code was not run: ${why}. Call the tool again later.`);
}
