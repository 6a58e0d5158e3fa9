import { PagehandTimeoutError } from './errors.ts';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call on this side: it rejects with the signal's reason. What the server has begun goes on there. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time of the whole call, in milliseconds, all tries included. Rejects with `PagehandTimeoutError`. */
  readonly timeoutMs?: number | undefined;
}

/** A limit of time, as a signal. */
export interface Limit {
  /** Aborts with the outer signal's reason, or with a `PagehandTimeoutError`. */
  readonly signal: AbortSignal;
  /** Begins the time anew. */
  extend(): void;
  /** Time no longer counts. */
  lift(): void;
}

export function limit(outer: AbortSignal | undefined, ms: number | undefined, sentence: string): Limit {
  const controller = new AbortController();
  const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lift = () => clearTimeout(timer);
  const extend = () => {
    lift();
    if (ms === undefined || signal.aborted) return;
    timer = setTimeout(() => controller.abort(new PagehandTimeoutError(sentence)), ms);
  };
  extend();
  return { signal, extend, lift };
}

/** Resolves after so many milliseconds; rejects with the signal's reason where it aborts first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
