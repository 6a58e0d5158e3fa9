import type { Clock } from './clock.ts';

/** The one place, over all tabs of a visitor, from which a turn is run. */
export interface TurnLock {
  isMine(): boolean;
  /** Whether it was free, and is this tab's now. */
  takeIfFree(): Promise<boolean>;
  /** Makes it this tab's. Whoever has it was asked for it; one that hangs loses it. */
  take(): Promise<void>;
  /**
   * Waits until the tab that has it goes without a word, and makes it this tab's. `heard`: changes with every word of
   * a tab that has it. False when the signal aborts first.
   */
  inherit(heard: () => unknown, signal: AbortSignal): Promise<boolean>;
  release(): void;
}

/** How long it may look taken and be free, in milliseconds: whoever waits for it holds it for a moment. */
const MOMENT_MS = 100;

/** Longest wait for a tab that was asked to end its turn, in milliseconds. */
const HANDOVER_MS = 2_000;

/**
 * How long a tab that left in mid-turn has for coming back to it on its next page, in milliseconds, before another
 * tab inherits it.
 */
const RETURN_MS = 2_500;

type Request = { readonly signal: AbortSignal } | { readonly ifAvailable: true } | { readonly steal: true };

/** `onLost`: another tab took it by force. */
export function turnLock(key: string, clock: Clock, onLost: () => void): TurnLock {
  let held: (() => void) | undefined;

  async function request(how: Request): Promise<(() => void) | undefined> {
    const release = await requestLock(`pagehand:turn:${key}`, how, () => {
      if (held !== release) return;
      held = undefined;
      onLost();
    });
    return release;
  }

  async function requestWithin(ms: number) {
    const patience = new AbortController();
    const undo = clock.after(ms, () => patience.abort());
    const release = await request({ signal: patience.signal });
    undo();
    return release;
  }

  function elapsed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      clock.after(ms, resolve);
    });
  }

  return {
    isMine: () => held !== undefined,
    async takeIfFree() {
      held = await requestWithin(MOMENT_MS);
      return held !== undefined;
    },
    async take() {
      held = (await requestWithin(HANDOVER_MS)) ?? (await request({ steal: true }));
    },
    async inherit(heard, signal) {
      while (!signal.aborted) {
        (await request({ signal }))?.();
        const last = heard();
        // Its next page goes first.
        await elapsed(RETURN_MS);
        if (signal.aborted || heard() !== last) continue;
        const release = await request({ ifAvailable: true });
        if (!signal.aborted) held = release;
        else release?.();
        if (held !== undefined) return true;
      }
      return false;
    },
    release() {
      held?.();
      held = undefined;
    },
  };
}

/** The way out of the lock. `undefined` when the signal aborts first, or when it was wanted only if free. */
function requestLock(name: string, how: Request, onLost: () => void): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    let isHeld = false;
    const hold = (lock: Lock | null) => {
      if (lock === null) return resolve(undefined);
      isHeld = true;
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, how, hold).catch((error: unknown) => {
      if (isHeld) onLost();
      // Locks that a browser forbids hold nobody back.
      else resolve(Object(error).name === 'AbortError' ? undefined : () => {});
    });
  });
}
