import { RequestError } from '../errors.ts';

/** Time after which whoever was turned away may try again, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/** Runs at most so many tasks at once. Those that wait run in their order; beyond `maxWaiting` they are `overloaded`. */
export function createTurns(atOnce: number, maxWaiting: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw tooMany();
      // Whoever ends hands its turn over, so the count stays.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

function tooMany(): RequestError {
  return new RequestError('overloaded', 'The server is looking at too many files at once.', {
    hint: 'Nothing was lost. Try again in a few seconds.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
