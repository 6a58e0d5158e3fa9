import { RequestError } from '../errors.ts';

/** Time after which whoever was turned away may try again, in milliseconds. */
const RETRY_AFTER_MS = 5_000;

/** Longest wait for a turn, in milliseconds. */
const WAIT_MS = 20_000;

/**
 * Runs at most so many tasks at once. Those that wait run in their order. Rejects with `overloaded` where `maxWaiting`
 * wait already, and after 20 seconds without a turn.
 */
export function createTurns(atOnce: number, maxWaiting: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw tooMany();
      // Whoever ends hands its turn over, so the count stays.
      await turn(waiting);
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

function turn(waiting: (() => void)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(go), 1);
      reject(tooMany());
    }, WAIT_MS);
    waiting.push(go);
  });
}

function tooMany(): RequestError {
  return new RequestError('overloaded', 'The server is looking at too many files at once.', {
    hint: 'Nothing was lost. Try again in a few seconds.',
    retryAfterMs: RETRY_AFTER_MS,
  });
}
