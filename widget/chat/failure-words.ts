import type { WidgetError } from '../errors.ts';
import type { Remedy } from './remedy.ts';
import type { Failure } from './state.ts';

type Saying = Pick<Failure, 'says' | 'advice'>;

/** What a code means here, where it means something else elsewhere, and what comes after it. */
const SAYINGS: Readonly<Record<string, Saying>> = {
  unreachable: { advice: 'connection' },
  already_resolved: { advice: 'restarts' },
  execution_not_awaiting: { advice: 'restarts' },
  execution_not_found: { advice: 'restarts' },
  execution_expired: { advice: 'restarts' },
  conversation_deleted: { advice: 'again' },
  invalid_cursor: { advice: 'restarts' },
  unknown_tool_output: { says: 'output_refused', advice: 'restarts' },
  ambiguous_tool_output: { says: 'output_refused', advice: 'restarts' },
  body_too_large: { says: 'output_too_large', advice: 'restarts' },
};

/** Failures that pass by themselves, and did not for long. */
const PASSING = /^(rate_limited|overloaded|shutting_down|store_unavailable|execution_conflict)$/;

/** A failure as the view puts it into words: what happened, what was kept, and what to press. */
export function failureAfter(error: WidgetError, remedy: Remedy): Failure {
  const { code, message, hint, retryAfterMs = 0 } = error;
  return {
    code,
    message,
    hint,
    retryable: remedy.by === 'visitor',
    ...(PASSING.test(code) && { waitMs: retryAfterMs }),
    ...sayingFor(code, remedy),
  };
}

function sayingFor(code: string, remedy: Remedy): Saying {
  // The page's own sentence says what to change.
  if (code === 'refused_by_page') return {};
  if (remedy.by === 'rewriting') {
    return { ...(code === 'body_too_large' && { says: 'message_too_large' }), advice: 'rewrite' };
  }
  // The notice below the answer has said that the line broke.
  if (remedy.by === 'visitor' && remedy.isCutOff) return { says: 'cut_off', advice: 'again' };
  if (PASSING.test(code)) return { advice: 'wait' };
  if (code === 'unreachable' && !navigator.onLine) return { says: 'offline', advice: 'connection' };
  return SAYINGS[code] ?? {};
}
