export interface EgressRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** For all of it, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  /** Of the decoded body. */
  readonly maxBytes: number;
  /** Whether what the operator named stays closed, for an address that a model chose. Default: false. */
  readonly isPublicOnly?: boolean;
}

export interface EgressResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded. */
  readonly body: Uint8Array;
  /** Where it came from in the end. */
  readonly url: string;
}

/**
 * The only way out of the server for what tools ask for. Connects to addresses of the public internet and to those
 * internal ones that the operator named, checked when the connection is made. Follows redirects without credentials, and none into the inside.
 * Rejects with `ToolError`: `egress_blocked`, `egress_failed`, `redirect_refused`, `response_too_large`, `timed_out`,
 * `cancelled`. A status other than 2xx is an answer and no error.
 */
export interface Egress {
  request(request: EgressRequest): Promise<EgressResponse>;
  /** The same guard for a library that speaks HTTP itself and reads streams. Redirects are refused. */
  readonly fetch: typeof globalThis.fetch;
  /** Whether the operator named this `host:port`. */
  isNamed(place: string): boolean;
  close(): Promise<void>;
}
