import type { WidgetError } from '../errors.ts';
import type { Remedy } from './remedy.ts';
import type { Failure } from './state.ts';

const AGAIN = 'Retry sends your message again.';
const RESTARTS = 'Your message is kept. Retry sends it again; what tools did stands above.';

/** For visitors. What the servers say of these is for whoever runs them. */
const WORDS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  already_resolved: ['This was answered somewhere else, such as in another tab.', RESTARTS],
  execution_not_awaiting: ['The chat server no longer waits for what this page brings.', RESTARTS],
  execution_not_found: ['The chat server no longer knows this answer.', RESTARTS],
  execution_expired: ['This answer waited too long and was closed.', RESTARTS],
  conversation_deleted: ['This conversation no longer exists on the server.', AGAIN],
  invalid_cursor: ['The rest of this answer cannot be found.', RESTARTS],
  unknown_tool_output: ['The chat server did not accept what a tool brought.', RESTARTS],
  ambiguous_tool_output: ['The chat server did not accept what a tool brought.', RESTARTS],
  body_too_large: ['This message is too large.', 'It stands in the message field again: shorten it.'],
};

/** The notice below the answer has said that the line broke. */
const CUT_OFF = ['The rest of this answer did not arrive.', AGAIN] as const;

const REWRITE = 'It stands in the message field again.';

/** A failure as the visitor reads it, with what was kept and what to press. */
export function inWords({ code, message, hint }: WidgetError, remedy: Remedy): Failure {
  const isCutOff = remedy.by === 'visitor' && remedy.isCutOff;
  const [words, advice] = isCutOff ? CUT_OFF : (WORDS[code] ?? [message, hint]);
  return {
    code,
    message: words,
    hint: remedy.by === 'rewriting' ? (advice ?? REWRITE) : advice,
    retryable: remedy.by === 'visitor',
  };
}
