import { ToolError } from '../tools/tool-error.ts';

export interface SlotOptions {
  readonly count: number;
  /** Those that may wait. */
  readonly queue: number;
  /** Longest wait, in milliseconds. */
  readonly waitMs: number;
}

/** A turn to do one of a few things at a time, first come, first served. */
export interface Slots {
  /** Rejects with `ToolError` `code_limit` where too many wait or it took too long, `cancelled`, `failed` when closed. */
  take(signal: AbortSignal): Promise<void>;
  release(): void;
  waiting(): number;
  close(): void;
}

export function createSlots({ count, queue, waitMs }: SlotOptions): Slots {
  const waiting: Waiter[] = [];
  let free = count;
  let isClosed = false;

  return {
    async take(signal) {
      if (signal.aborted) throw cancelled();
      if (isClosed) throw closed();
      if (free > 0) free -= 1;
      else if (waiting.length < queue) await turn(signal);
      else throw busy(`${queue} other pieces of code wait already`);
    },
    release() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next.go();
    },
    waiting: () => waiting.length,
    close() {
      isClosed = true;
      for (const waiter of [...waiting]) waiter.leave(closed());
    },
  };

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const waiter: Waiter = {
        go() {
          end();
          resolve();
        },
        leave(error) {
          waiting.splice(waiting.indexOf(waiter), 1);
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
