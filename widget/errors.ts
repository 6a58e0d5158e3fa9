import type { ErrorCode } from '../protocol/error.ts';

/** Failures that begin in the browser. */
export type LocalErrorCode =
  /** No answer at all: offline, DNS, CORS, blocked by the page's policy. */
  | 'unreachable'
  /** No answer, or no event, in the time that we wait. */
  | 'timed_out'
  /** The stream broke off before the execution ended. */
  | 'interrupted'
  /** An answer that does not speak this wire. */
  | 'unintelligible'
  /** A part of the chat's own code did not come. */
  | 'not_loaded'
  /** A hook of the page refused the message, in the sentence that `message` is. */
  | 'refused_by_page'
  /** `mount` or a data attribute got a value that cannot work. */
  | 'invalid_option';

/** The one error of the widget. `message` and `hint` are sentences for a person; `code` is what code compares. */
export class WidgetError extends Error {
  /** A server of others may have codes that stand in no list of ours. */
  declare readonly code: ErrorCode | LocalErrorCode;
  declare readonly hint: string | undefined;
  /** Whether pressing *Retry* can help. Default true. */
  declare readonly retryable: boolean;
  /** Milliseconds that the server asked us to wait. */
  declare readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode | LocalErrorCode,
    message: string,
    {
      cause,
      ...rest
    }: {
      readonly hint?: string | undefined;
      readonly retryable?: boolean;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause });
    Object.assign(this, { name: 'WidgetError', code, retryable: true, ...rest });
  }
}

/** What was thrown, as an error of the widget. */
export function asWidgetError(cause: unknown): WidgetError {
  return cause instanceof WidgetError
    ? cause
    : new WidgetError('internal', 'The chat met a problem of its own.', { cause });
}
