import { Worker } from 'node:worker_threads';
import { ToolError } from '../tools/tool-error.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { cancelled, closed, createSlots, type SlotOptions } from './slots.ts';

/** Longest that a worker may take to begin, in milliseconds. Busy machines take seconds. */
const START_MS = 20_000;

/** Of a worker's own heap, in megabytes. The engine's memory is not part of it and has a limit of its own. */
const RESOURCES = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

export interface PoolOptions extends SlotOptions {
  /** Time without work after which a worker goes, in milliseconds. */
  readonly idleMs: number;
}

/** A worker, for one job. */
export interface Seat {
  /** Hears what the worker says, and `undefined` when it ended by itself. */
  listen(hear: (message: FromWorker | undefined) => void): void;
  send(message: ToWorker): void;
  /** Leaves the worker to the next job. */
  release(): void;
  /** Ends the worker at once, whatever it does. */
  discard(): void;
}

export interface Pool {
  /** Rejects with `ToolError` `code_limit`, `cancelled`, `failed`. */
  take(owner: string, signal: AbortSignal): Promise<Seat>;
  /** Jobs that wait for a worker. */
  waiting(): number;
  close(): Promise<void>;
}

/** Workers that start when they are needed and go when they are not. They never keep the process alive. */
export function createPool(options: PoolOptions): Pool {
  const slots = createSlots(options);
  const all = new Set<Worker>();
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];

  return {
    async take(owner, signal) {
      await slots.take(owner, signal);
      const giveBack = () => slots.release(owner);
      try {
        return seat(reuse() ?? (await start(signal)), giveBack);
      } catch (error) {
        giveBack();
        throw error;
      }
    },
    waiting: slots.waiting,
    async close() {
      slots.close();
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };

  function reuse(): Worker | undefined {
    const place = idle.pop();
    clearTimeout(place?.timer);
    return place?.worker;
  }

  function start(signal: AbortSignal): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
        name: 'sandbox',
        env: {},
        execArgv: [],
        stdout: true,
        stderr: true,
        resourceLimits: RESOURCES,
      });
      worker.unref();
      all.add(worker);
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        worker.off('message', onReady).off('error', onError).off('exit', onExit);
      };
      const fail = (error: ToolError) => {
        end();
        discard(worker);
        reject(error);
      };
      const onReady = () => {
        end();
        // An error that nobody listens to would end the process.
        worker.on('error', () => undefined).on('exit', () => forget(worker));
        resolve(worker);
      };
      const onError = (cause: unknown) =>
        fail(new ToolError('failed', 'The sandbox could not start.', { cause }));
      const onExit = () => fail(closed());
      const onAbort = () => fail(cancelled());
      const timer = setTimeout(() => onError(new Error(`It took longer than ${START_MS} ms.`)), START_MS);
      signal.addEventListener('abort', onAbort);
      worker.once('message', onReady).once('error', onError).once('exit', onExit);
    });
  }

  function discard(worker: Worker): void {
    forget(worker);
    worker.removeAllListeners().on('error', () => undefined);
    void worker.terminate();
  }

  function forget(worker: Worker): void {
    all.delete(worker);
    const index = idle.findIndex((place) => place.worker === worker);
    if (index >= 0) clearTimeout(idle.splice(index, 1)[0]?.timer);
  }

  function seat(worker: Worker, giveBack: () => void): Seat {
    let hear: (message: FromWorker | undefined) => void = () => undefined;
    const onMessage = (message: FromWorker) => hear(message);
    const onEnd = () => hear(undefined);
    worker.on('message', onMessage).once('error', onEnd).once('exit', onEnd);
    return {
      listen: (listener) => {
        hear = listener;
      },
      send: (message) => worker.postMessage(message),
      release() {
        worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
        idle.push({ worker, timer: setTimeout(discard, options.idleMs, worker).unref() });
        giveBack();
      },
      discard() {
        discard(worker);
        giveBack();
      },
    };
  }
}
