import * as z from 'zod/mini';

/**
 * Every error code there is, with its HTTP status and whether the same request may succeed later.
 * `signal` codes stand in the `error` field verbatim, because clients of this wire compare that field; for all
 * others `error` repeats the sentence, because clients of this wire show it.
 */
export const ERRORS = {
  invalid_json: { status: 400, retryable: false },
  invalid_request: { status: 400, retryable: false },
  invalid_cursor: { status: 400, retryable: false },
  too_many_client_tools: { status: 400, retryable: false },
  duplicate_client_tool: { status: 400, retryable: false },
  unknown_tool_output: { status: 400, retryable: false },
  ambiguous_tool_output: { status: 400, retryable: false },
  too_many_runtime_tools: { status: 400, retryable: false },
  invalid_tool: { status: 400, retryable: false },
  unresolved_variable: { status: 400, retryable: false },
  secrets_not_allowed: { status: 400, retryable: false },
  invalid_offset: { status: 409, retryable: true },
  unauthorized: { status: 401, retryable: false },
  invalid_client_token: { status: 401, retryable: false },
  session_expired: { status: 401, retryable: true },
  visitor_required: { status: 401, retryable: true, signal: true },
  invalid_identity_proof: { status: 401, retryable: false, signal: true },
  visitor_identity_mismatch: { status: 401, retryable: false, signal: true },
  identity_required: { status: 401, retryable: false },
  origin_not_allowed: { status: 403, retryable: false },
  insufficient_scope: { status: 403, retryable: false },
  visitor_history_disabled: { status: 403, retryable: false, signal: true },
  not_found: { status: 404, retryable: false },
  file_not_found: { status: 404, retryable: false },
  message_not_found: { status: 404, retryable: false },
  tool_not_found: { status: 404, retryable: false },
  flow_not_found: { status: 404, retryable: false },
  secret_not_found: { status: 404, retryable: false },
  approval_not_found: { status: 404, retryable: false },
  agent_not_found: { status: 404, retryable: false },
  execution_not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  client_tools_resend_required: { status: 409, retryable: true, signal: true },
  execution_not_awaiting: { status: 409, retryable: false },
  already_resolved: { status: 409, retryable: false },
  secrets_required: { status: 409, retryable: true },
  already_decided: { status: 409, retryable: false },
  name_taken: { status: 409, retryable: false },
  external_modification: { status: 409, retryable: false },
  remote_changed: { status: 409, retryable: false },
  execution_conflict: { status: 409, retryable: true },
  conversation_deleted: { status: 410, retryable: false, signal: true },
  execution_expired: { status: 410, retryable: false },
  body_too_large: { status: 413, retryable: false },
  client_tools_too_large: { status: 413, retryable: false },
  file_too_large: { status: 413, retryable: false },
  unsupported_file: { status: 415, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  file_refused: { status: 422, retryable: false },
  content_hash_mismatch: { status: 422, retryable: false },
  idempotency_key_reused: { status: 422, retryable: false },
  rate_limited: { status: 429, retryable: true },
  message_limit_reached: { status: 429, retryable: false },
  internal: { status: 500, retryable: true },
  mcp_server_failed: { status: 502, retryable: true },
  secrets_unavailable: { status: 503, retryable: false },
  model_failed: { status: 502, retryable: true },
  model_refused: { status: 502, retryable: false },
  model_unavailable: { status: 503, retryable: true },
  model_rate_limited: { status: 503, retryable: true },
  store_unavailable: { status: 503, retryable: true },
  overloaded: { status: 503, retryable: true },
  shutting_down: { status: 503, retryable: true },
  model_timeout: { status: 504, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean; signal?: true }>;

export type ErrorCode = keyof typeof ERRORS;

/** The body of every answer that is not 2xx. */
export const ErrorBody = z.object({
  /** For clients of this wire that read nothing else: the code where they compare it, the sentence where they show it. */
  error: z.string(),
  code: z.string(),
  /** What happened, as a sentence. */
  message: z.string(),
  /** How to mend it, where there is a way. */
  hint: z.optional(z.string()),
  /** The fields that were wrong, as `path: problem`. */
  details: z.optional(z.array(z.string())),
  requestId: z.string(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

export function errorBody(
  code: ErrorCode,
  message: string,
  extra: {
    readonly hint?: string | undefined;
    readonly details?: readonly string[] | undefined;
    readonly requestId: string;
  },
): ErrorBody {
  const signal = 'signal' in ERRORS[code];
  return {
    error: signal ? code : message,
    code,
    message,
    ...(extra.hint === undefined ? {} : { hint: extra.hint }),
    ...(extra.details === undefined ? {} : { details: [...extra.details] }),
    requestId: extra.requestId,
  };
}
