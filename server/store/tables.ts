/**
 * The tables as both engines have them. Documents are JSON in text columns: PostgreSQL's `jsonb` refuses NUL and lone
 * surrogates, which visitors do paste. Times are integer milliseconds. What an engine may give back as text
 * (`bigint` in PostgreSQL) is typed `number | string` and read through `server/store/rows.ts` only.
 */
export interface Tables {
  readonly pagehand_migrations: {
    readonly version: number;
    readonly name: string;
    readonly checksum: string;
    readonly applied_at_ms: number | string;
  };
  readonly sessions: {
    readonly id_hash: string;
    readonly token_hash: string;
    readonly surface_id: string;
    readonly origin: string;
    readonly conversation_id: string;
    readonly message_count: number;
    readonly expires_at_ms: number | string;
  };
  readonly conversations: {
    readonly id: string;
    readonly owner_kind: string;
    readonly owner_hash: string;
    readonly surface_id: string | null;
    readonly message_count: number;
    readonly created_at_ms: number | string;
  };
  readonly messages: {
    readonly conversation_id: string;
    readonly position: number;
    readonly client_id: string | null;
    readonly message: string;
  };
  readonly executions: {
    readonly id: string;
    readonly version: number;
    readonly status: string;
    readonly conversation_id: string;
    readonly created_at_ms: number | string;
    readonly expires_at_ms: number | string | null;
    /** All of the execution that no query looks into. */
    readonly state: string;
  };
  readonly events: {
    readonly execution_id: string;
    readonly seq: number;
    readonly event: string;
  };
  readonly tool_sets: {
    readonly session_id_hash: string;
    readonly fingerprint: string;
    readonly tools: string;
  };
  readonly feedback: {
    readonly id: string;
    readonly conversation_id: string;
    readonly body: string;
    readonly created_at_ms: number | string;
  };
}
