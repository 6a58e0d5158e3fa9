import type { Clock } from './clock.ts';
import type { AssistantPart, ToolCallPart } from './state.ts';
import { listenTo, until } from './until.ts';

/** A call that somebody who runs the site has to approve. */
export type HeldCall = ToolCallPart & {
  readonly state: Extract<ToolCallPart['state'], { status: 'on_hold' }>;
};

/** Shortest and longest time from one look at the server to the next, in milliseconds. It grows with the wait. */
const SHORTEST_LOOK_MS = 2_000;
const LONGEST_LOOK_MS = 30_000;

/** The share of the wait so far that passes before the next look. */
const LOOK_SHARE = 1 / 8;

/** How much later than it said a server may close what nobody decided, in milliseconds. */
const GRACE_MS = 5 * 60_000;

/** How long a decision is waited for where the server names no time, in milliseconds. */
const LONGEST_MS = 24 * 60 * 60_000;

export function callsOnHold(parts: readonly AssistantPart[]): readonly HeldCall[] {
  return parts.filter((part): part is HeldCall => part.kind === 'tool' && part.state.status === 'on_hold');
}

/**
 * Waits until it is worth asking the server whether somebody has decided. Resolves with `false` where nobody will any
 * more. `sinceMs` is when the wait began; in a page that nobody sees the looks are rare, and one comes when it is seen.
 */
export async function untilNextLook(
  calls: readonly HeldCall[],
  sinceMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const nowMs = clock.now();
  const ends = calls.map(({ state }) => (state.untilMs ?? sinceMs + LONGEST_MS - GRACE_MS) + GRACE_MS);
  if (ends.every((endMs) => endMs < nowMs)) return false;
  const grown = Math.max(SHORTEST_LOOK_MS, (nowMs - sinceMs) * LOOK_SHARE);
  const pauseMs = document.hidden ? LONGEST_LOOK_MS : Math.min(LONGEST_LOOK_MS, grown);
  await until(signal, (go) => {
    const undo = [
      clock.after(pauseMs, go),
      listenTo(document, 'visibilitychange', () => !document.hidden && go()),
    ];
    return () => {
      for (const each of undo) each();
    };
  });
  return !signal.aborted;
}
