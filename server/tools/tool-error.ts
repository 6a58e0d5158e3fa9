/** Why a call of a server tool came to nothing. The model reads the message, callers of the API the code too. */
export type ToolErrorCode =
  | 'invalid_arguments'
  | 'unresolved_variable'
  | 'secrets_required'
  /** The address is none that tools may reach. */
  | 'egress_blocked'
  /** Nobody answered there. */
  | 'egress_failed'
  | 'redirect_refused'
  | 'response_too_large'
  /** It answered, and not with success. */
  | 'upstream_error'
  | 'timed_out'
  | 'cancelled'
  | 'code_failed'
  | 'code_out_of_time'
  | 'code_out_of_memory'
  | 'code_limit'
  | 'unreadable_result'
  | 'mcp_failed'
  /** It is not what the model was offered. */
  | 'tool_changed'
  | 'tool_not_found'
  | 'not_permitted'
  | 'too_deep'
  | 'child_failed'
  | 'failed';

/** Of whatever a call threw: its own code, `timed_out`, or `failed`. */
export function codeOfFailure(error: unknown): ToolErrorCode {
  if (error instanceof ToolError) return error.code;
  return error instanceof DOMException && error.name === 'TimeoutError' ? 'timed_out' : 'failed';
}

/** A call that came to nothing, in words for the model: what happened and, where there is a way, how to mend it. */
export class ToolError extends Error {
  readonly code: ToolErrorCode;

  constructor(code: ToolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ToolError';
    this.code = code;
  }
}
