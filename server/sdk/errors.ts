import type { ErrorCode } from '../../protocol/error.ts';

/** What goes wrong on this side of the wire. */
type SdkErrorCode =
  /** No answer, however often it was asked; or an answer that broke off and could not be found again. */
  | 'unreachable'
  | 'timed_out'
  /** What answered is no Pagehand server. */
  | 'unintelligible'
  /** A definition that no server would take. */
  | 'invalid_definition'
  /** How the client was made, or what it was asked for. */
  | 'invalid_options'
  | 'plan_not_empty';

/** A failure of the server carries its code; newer servers may know more of them. */
export type PagehandErrorCode = ErrorCode | SdkErrorCode | (string & {});

export interface PagehandErrorFacts {
  /** Of the HTTP answer, where there was one. */
  readonly status?: number | undefined;
  /** How to mend it. */
  readonly hint?: string | undefined;
  /** The fields that were wrong, as `path: problem`. */
  readonly details?: readonly string[] | undefined;
  /** By which the operator finds the request in the log. */
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Whatever fails in this package, but what the caller's own signal aborts: that rejects with the signal's reason. */
export class PagehandError extends Error {
  override readonly name: string = 'PagehandError';
  readonly code: PagehandErrorCode;
  readonly status: number | undefined;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: PagehandErrorCode, message: string, facts: PagehandErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.hint = facts.hint;
    this.details = facts.details ?? [];
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The server could not be reached, or was lost and not found again. */
export class PagehandConnectionError extends PagehandError {
  override readonly name = 'PagehandConnectionError';

  constructor(message: string, facts: PagehandErrorFacts = {}) {
    super('unreachable', message, facts);
  }
}

/** A time limit of this side passed. What was asked may have been done. */
export class PagehandTimeoutError extends PagehandError {
  override readonly name = 'PagehandTimeoutError';

  constructor(message: string, facts: PagehandErrorFacts = {}) {
    super('timed_out', message, facts);
  }
}

/** The saved tool is not what this `ensure` may write over. */
export class ToolEnsureConflictError extends PagehandError {
  override readonly name = 'ToolEnsureConflictError';
  /** `external_modification`: somebody wrote it since. `remote_changed`: it is not what `expectedRemoteHash` says. */
  declare readonly code: 'external_modification' | 'remote_changed';

  constructor(code: ToolEnsureConflictError['code'], message: string, facts: PagehandErrorFacts) {
    super(code, message, facts);
  }
}
