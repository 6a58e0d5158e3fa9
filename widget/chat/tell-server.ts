import { WidgetError } from '../errors.ts';
import type { Clock } from './clock.ts';

/** How often the server is told, and how long after the first failure again, in milliseconds; twice as long each time. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

/** Tells the server something that nobody waits for: a few times, until it has heard or will not hear. */
export async function tellServer(
  tell: () => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
    try {
      await tell();
      return;
    } catch (cause) {
      if (!(cause instanceof WidgetError) || !cause.retryable) return;
      const pauseMs = cause.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
      await new Promise<void>((resolve) => {
        clock.after(pauseMs, resolve);
      });
    }
  }
}
