import type { WidgetError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Wait } from './state.ts';
import { listenTo, until } from './until.ts';

/** Longest first pause, and longest pause at all, in milliseconds. Each is drawn from zero up to twice the one before. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** How long attempts may fail in a row, in milliseconds. Time without a network does not count. */
const LONGEST_MS = 120_000;

/** Decides how long a turn waits before it tries again, and when it has tried enough. */
export interface Patience {
  /** Resolves when it is time to try again, or with `false` when that was tried long enough. */
  wait(error: WidgetError, signal: AbortSignal): Promise<boolean>;
  /** Something new came: what failed before is forgotten. */
  progress(): void;
}

export function createPatience(clock: Clock, show: (wait: Wait) => void): Patience {
  let failures = 0;
  let failingSinceMs: number | undefined;

  function forget() {
    failures = 0;
    failingSinceMs = undefined;
  }

  async function online(signal: AbortSignal) {
    show({ reason: 'offline' });
    await until(signal, (go) => listenTo(window, 'online', go));
    forget();
    if (!signal.aborted) show({ reason: 'reconnecting' });
  }

  return {
    progress: forget,
    async wait({ code, retryAfterMs }, signal) {
      if (!navigator.onLine) {
        await online(signal);
        return true;
      }
      const nowMs = clock.now();
      failingSinceMs ??= nowMs;
      failures += 1;
      const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      const pauseMs = retryAfterMs ?? Math.random() * most;
      if (nowMs + pauseMs - failingSinceMs > LONGEST_MS) {
        forget();
        return false;
      }
      show(
        retryAfterMs === undefined
          ? { reason: 'reconnecting' }
          : { reason: code === 'rate_limited' ? 'too_many' : 'busy', untilMs: nowMs + retryAfterMs },
      );
      await until(signal, (go) => {
        const undo = [clock.after(pauseMs, go)];
        // A server that named a time is not asked before it.
        if (retryAfterMs === undefined) {
          undo.push(
            listenTo(window, 'online', go),
            listenTo(document, 'visibilitychange', () => !document.hidden && go()),
          );
        }
        return () => {
          for (const each of undo) each();
        };
      });
      if (!signal.aborted) {
        if (!navigator.onLine) await online(signal);
        else show({ reason: 'reconnecting' });
      }
      return true;
    },
  };
}
