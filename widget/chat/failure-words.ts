import type { WidgetError } from '../errors.ts';
import type { Remedy } from './remedy.ts';
import type { Failure } from './state.ts';

const AGAIN = 'Retry sends your message again.';
const RESTARTS = 'Your message is kept. Retry sends it again; what tools did stands above.';
const NETWORK = 'Your message is kept. Check your connection and press Retry.';

type Words = readonly [message: string | undefined, hint: string | undefined];

const NOT_ACCEPTED: Words = ['The chat server did not accept what a tool brought.', RESTARTS];

/** For visitors. What the servers say of these is for whoever runs them. */
const WORDS: Readonly<Record<string, Words>> = {
  // As long as the panel is merely opened, the hint for whoever set it up stands there.
  unreachable: [undefined, NETWORK],
  already_resolved: ['This was answered somewhere else, such as in another tab.', RESTARTS],
  execution_not_awaiting: ['The chat server no longer waits for what this page brings.', RESTARTS],
  execution_not_found: ['The chat server no longer knows this answer.', RESTARTS],
  execution_expired: ['This answer waited too long and was closed.', RESTARTS],
  conversation_deleted: ['This conversation no longer exists on the server.', AGAIN],
  invalid_cursor: ['The rest of this answer cannot be found.', RESTARTS],
  unknown_tool_output: NOT_ACCEPTED,
  ambiguous_tool_output: NOT_ACCEPTED,
  body_too_large: ['What a tool brought is too large for the chat server.', RESTARTS],
};

/** Of those that pass by themselves, after they did not for long. */
const PASSING: Readonly<Record<string, string>> = {
  rate_limited: 'Too many messages in a short time.',
  overloaded: 'The chat server is busy.',
  shutting_down: 'The chat server is restarting.',
  store_unavailable: 'The chat server has a problem.',
  execution_conflict: 'This conversation is in use somewhere else, such as in another tab.',
};

/** The notice below the answer has said that the line broke. */
const CUT_OFF: Words = ['The rest of this answer did not arrive.', AGAIN];

/** A message that went back to where it was written. */
const REWRITE = 'It stands in the message field again';

/** A failure as the visitor reads it, with what was kept and what to press. */
export function inWords(error: WidgetError, remedy: Remedy): Failure {
  const [message, hint] = wordsFor(error, remedy);
  return {
    code: error.code,
    message: message ?? error.message,
    hint,
    retryable: remedy.by === 'visitor',
  };
}

function wordsFor({ code, message, hint, retryAfterMs }: WidgetError, remedy: Remedy): Words {
  if (remedy.by === 'rewriting') {
    if (code === 'body_too_large') return ['This message is too large.', `${REWRITE}: shorten it.`];
    return [message, hint === undefined ? `${REWRITE}.` : `${hint} ${REWRITE}.`];
  }
  if (remedy.by === 'visitor' && remedy.isCutOff) return CUT_OFF;
  const passing = PASSING[code];
  return passing === undefined ? (WORDS[code] ?? [message, hint]) : [passing, later(retryAfterMs)];
}

const LONG_MS = 90_000;

function later(waitMs = 0): string {
  const when = waitMs < LONG_MS ? 'in a moment' : `in ${Math.ceil(waitMs / 60_000)} minutes`;
  return `Your message is kept. Press Retry ${when}.`;
}
