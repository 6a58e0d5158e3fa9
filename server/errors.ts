import type { ErrorCode } from '../protocol/error.ts';

/** A request that gets no stream: a code of the closed set, a sentence, and how to mend it. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly hint?: string | undefined;
      readonly details?: readonly string[] | undefined;
      readonly retryAfterMs?: number | undefined;
      /** Of the answer. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'RequestError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
    this.headers = options.headers;
  }
}
