import type { Generated } from 'kysely';

/**
 * The tables as both engines have them. Documents are JSON in text columns: PostgreSQL's `jsonb` refuses NUL and lone
 * surrogates, which visitors do paste. Times are integer milliseconds.
 */
export interface Tables {
  readonly pagehand_migrations: {
    readonly version: number;
    readonly name: string;
    readonly checksum: string;
    readonly applied_at_ms: number;
  };
  readonly sessions: {
    readonly id_hash: string;
    readonly token_hash: string;
    readonly surface_id: string;
    readonly origin: string;
    readonly conversation_id: string;
    readonly message_count: number;
    readonly expires_at_ms: number;
  };
  readonly conversations: {
    readonly id: string;
    readonly owner_kind: string;
    readonly owner_hash: string;
    readonly surface_id: string | null;
    readonly message_count: number;
    readonly created_at_ms: number;
    /** When its latest turn began. */
    readonly updated_at_ms: number;
    /** Null: nobody has claimed it. */
    readonly visitor_id: Generated<string | null>;
    readonly end_user_id: Generated<string | null>;
    /** What the visitor called it. */
    readonly title: Generated<string | null>;
    /** As a search compares it. */
    readonly title_words: Generated<string | null>;
    readonly opening: Generated<string | null>;
    readonly preview: Generated<string | null>;
    /** Messages that a widget shows: without tool turns and what was replaced. */
    readonly shown_count: Generated<number>;
    readonly revision: Generated<number>;
    readonly is_pinned: Generated<number>;
    /** 1: it has messages, and is not deleted. */
    readonly is_listed: Generated<number>;
    readonly deleted_at_ms: Generated<number | null>;
  };
  readonly visitors: {
    readonly id: string;
    readonly token_hash: string;
    readonly surface_id: string;
    readonly end_user_id: string | null;
    readonly created_at_ms: number;
    readonly expires_at_ms: number;
  };
  readonly messages: {
    readonly conversation_id: string;
    readonly position: number;
    readonly client_id: string | null;
    readonly message: string;
    /** As a search compares them. Null: nothing that a person has read. */
    readonly words: string | null;
    /** JSON of what the widget showed instead of the words. */
    readonly display: string | null;
    /** 0: an earlier release did not say. */
    readonly created_at_ms: number;
    /** 1: another message took its place. It is kept because positions tell the order of executions. */
    readonly is_replaced: Generated<number>;
  };
  readonly executions: {
    readonly id: string;
    readonly version: number;
    readonly status: string;
    readonly conversation_id: string;
    readonly created_at_ms: number;
    readonly expires_at_ms: number | null;
    /** Of its conversation. */
    readonly surface_id: string | null;
    /** Messages of its conversation when it began. Tells which execution is newer, whatever the clocks say. */
    readonly messages_before: number;
    readonly lease_owner: string | null;
    /** By the database's clock. 0: nobody holds it. */
    readonly lease_until_ms: number;
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
    readonly created_at_ms: number;
  };
  readonly outcomes: {
    readonly key_hash: string;
    readonly request_hash: string;
    readonly execution_id: string;
    readonly after_seq: number;
    readonly expires_at_ms: number;
  };
  readonly files: {
    readonly id: string;
    readonly conversation_id: string;
    readonly surface_id: string;
    readonly filename: string;
    /** In bytes, as it was said at the beginning. */
    readonly size: number;
    /** Bytes that are there. */
    readonly received: number;
    /** As the bytes say. Null until they are all there and were let pass. */
    readonly mime_type: string | null;
    readonly created_at_ms: number;
    /** Null once a message names it. */
    readonly expires_at_ms: number | null;
  };
  readonly file_pieces: {
    readonly file_id: string;
    /** Position of its first byte in the file. */
    readonly start: number;
    readonly bytes: Uint8Array;
  };
  readonly buckets: {
    readonly key: string;
    /** When it is full again if nobody takes from it: how full it is now, in one number. */
    readonly full_at_ms: number;
  };
  readonly definitions: {
    readonly id: string;
    readonly workspace: string;
    readonly kind: string;
    readonly name: string;
    readonly body: string;
    readonly last_modified_source: string;
    readonly managed_by: string | null;
    readonly version: number;
    readonly created_at_ms: number;
    readonly updated_at_ms: number;
  };
  readonly secrets: {
    readonly workspace: string;
    readonly name: string;
    readonly key_id: string;
    readonly sealed: string;
    readonly version: number;
    readonly created_at_ms: number;
    readonly updated_at_ms: number;
  };
  readonly client_tokens: {
    readonly id: string;
    readonly hash: string;
    readonly label: string;
    readonly workspace: string;
    readonly surface_id: string;
    readonly environment: string;
    /** JSON. */
    readonly allowed_origins: string;
    readonly is_active: number;
    readonly created_at_ms: number;
  };
  readonly api_keys: {
    readonly id: string;
    readonly hash: string;
    readonly label: string;
    readonly name: string;
    readonly workspace: string;
    /** JSON. */
    readonly scopes: string;
    readonly created_at_ms: number;
    readonly expires_at_ms: number | null;
    readonly is_active: number;
  };
  readonly receipts: {
    readonly id: string;
    readonly workspace: string;
    readonly execution_id: string;
    readonly started_at_ms: number;
    readonly tool: string;
    /** JSON of all of it. */
    readonly receipt: string;
  };
}
