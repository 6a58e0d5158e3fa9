import type { WidgetError } from '../errors.ts';
import type { Turn } from './turn.ts';

/** What is done about a request that failed. */
export type Remedy =
  /** Tries again, with this. `isSettled`: what was brought was brought by somebody else. */
  | { readonly by: 'itself'; readonly next: Turn['next']; readonly isSettled?: boolean }
  /** Fails; *Retry* goes on with this, or sends the message as another turn. */
  | { readonly by: 'visitor'; readonly next: Turn['next'] | 'anew'; readonly isCutOff?: boolean }
  /** Fails; the message goes back to where it was written. */
  | { readonly by: 'rewriting' }
  /** Fails, and the same again would fail too. */
  | { readonly by: 'nobody' };

export interface Situation {
  /** What the request was for. */
  readonly what: Turn['next'];
  /** What would go out next. */
  readonly next: Turn['next'];
  /** The request left: the server may have it. */
  readonly isOut: boolean;
  /** It brought something new before it failed. */
  readonly hasHeard: boolean;
  /** A session was open before. */
  readonly wasOpen: boolean;
  readonly canReplay: boolean;
  /** The browser was offline already when it began. */
  readonly wasOffline: boolean;
}

/** No answer came, or not all of it: nobody knows what the server did. */
const BROKEN = /^(unreachable|timed_out|interrupted)$/;

/** Of the message as it was written. Nothing of it ran. */
const UNACCEPTABLE =
  /^(invalid_request|invalid_json|body_too_large|unsupported_media_type|idempotency_key_reused)$/;

/** Refused before anything ran, by any server that says so. */
const REFUSED =
  /^(rate_limited|overloaded|shutting_down|store_unavailable|session_expired|execution_conflict)$/;

/** Somebody else ended the pause, such as another tab. */
const RESOLVED = /^(already_resolved|execution_not_awaiting)$/;

/** There is no execution to go on with. */
const GONE =
  /^(execution_not_found|execution_expired|conversation_deleted|invalid_cursor|unknown_tool_output|ambiguous_tool_output|already_resolved|execution_not_awaiting)$/;

/**
 * What to do about a failure. By itself only where the same again cannot do the same twice: a server with replay knows
 * a message and an output again; any other may run the model a second time.
 */
export function remedyFor(error: WidgetError, situation: Situation): Remedy {
  const { what, next, canReplay } = situation;
  const again: Remedy = { by: 'itself', next };
  if (BROKEN.test(error.code)) return isHarmless(situation) ? again : afterBreak(situation);
  if (what === 'outputs' && canReplay && RESOLVED.test(error.code)) {
    return { by: 'itself', next: 'follow', isSettled: true };
  }
  if (GONE.test(error.code)) return { by: 'visitor', next: 'anew' };
  if (error.retryable) {
    const isRefused = REFUSED.test(error.code) || error.retryAfterMs !== undefined;
    return canReplay || isRefused ? again : afterBreak(situation);
  }
  if (what === 'message' && UNACCEPTABLE.test(error.code)) return { by: 'rewriting' };
  return { by: 'visitor', next: UNACCEPTABLE.test(error.code) ? 'anew' : next };
}

/** Whether the same request again cannot do what the first one did already. */
function isHarmless({ canReplay, isOut, hasHeard, wasOpen, wasOffline }: Situation): boolean {
  if (canReplay) return true;
  if (hasHeard) return false;
  // Offline, no request leaves; and one that opens a session runs nothing.
  return wasOffline || (!isOut && wasOpen);
}

function afterBreak({ hasHeard, next }: Situation): Remedy {
  return hasHeard ? { by: 'visitor', next: 'anew', isCutOff: true } : { by: 'visitor', next };
}
