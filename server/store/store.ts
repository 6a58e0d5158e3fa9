import type { StreamEvent } from '../../protocol/event.ts';
import type { ClientTool, JsonSchema, ToolOrigin } from '../../protocol/tool.ts';
import type { ModelMessage } from '../models/model.ts';

/** Whose execution or conversation it is: a client token's (hash) or an API key's (hash). */
export interface Owner {
  readonly kind: 'client_token' | 'api_key';
  readonly hash: string;
}

/** One browser's authenticated use of a client token. Kept under the hash of its id: the id is a credential. */
export interface Session {
  readonly idHash: string;
  readonly tokenHash: string;
  readonly surfaceId: string;
  readonly origin: string;
  readonly conversationId: string;
  readonly messageCount: number;
  readonly expiresAtMs: number;
}

export interface Conversation {
  readonly id: string;
  readonly owner: Owner;
  readonly surfaceId: string | null;
  readonly createdAtMs: number;
}

/** One message of a conversation, in order of `position` (0, 1, 2 …). */
export interface StoredMessage {
  readonly position: number;
  /** The id its client gave it, or the one we gave the answer; `null` for tool turns. */
  readonly clientId: string | null;
  readonly message: ModelMessage;
}

/** A client tool as admitted, with the names it goes by. */
export interface OfferedTool {
  readonly bareName: string;
  /** Canonical: `webmcp:<bare>` for page tools, the bare name for others. */
  readonly canonicalName: string;
  /** What the model sees. */
  readonly modelName: string;
  readonly origin: ToolOrigin;
  readonly pageOrigin: string | null;
  readonly description: string;
  readonly parametersSchema: JsonSchema;
}

/** A call that waits for its output. */
export interface PendingCall {
  readonly toolCallId: string;
  readonly bareName: string;
  readonly modelName: string;
  readonly origin: ToolOrigin;
  readonly pageOrigin: string | null;
  readonly parameters: unknown;
  readonly awaitedAt: string;
}

/** An output that arrived. `hash` tells the same output sent again from another one; empty: the server's own words. */
export interface ResolvedCall {
  readonly toolCallId: string;
  readonly bareName: string;
  readonly modelName: string;
  readonly text: string;
  readonly isError: boolean;
  readonly hash: string;
  /** The visitor's own words, given to a question of the model. */
  readonly isVisitors?: boolean;
  /** Highest `seq` when it was accepted: what followed from it stands after that. */
  readonly acceptedSeq: number;
}

export type ExecutionStatus = 'running' | 'awaiting' | 'complete' | 'failed' | 'expired';

/** All that the server knows of one execution. Saved whole, under a version. */
export interface Execution {
  readonly id: string;
  readonly version: number;
  readonly status: ExecutionStatus;
  readonly conversationId: string;
  readonly owner: Owner;
  readonly agent: {
    readonly id: string;
    readonly name: string;
    readonly model: string;
    readonly instructions: string;
  };
  readonly maxToolCalls: number;
  /** How long each of its pauses may last, in milliseconds. */
  readonly pauseLifetimeMs: number;
  readonly toolCallsUsed: number;
  /** Of the turn that runs or ran last: 1, 2, 3 … */
  readonly iteration: number;
  /** Highest `seq` in the log. */
  readonly seq: number;
  readonly tools: readonly OfferedTool[];
  readonly pending: readonly PendingCall[];
  /** Outputs of this pause that arrived while others were still pending, and those of earlier pauses by hash. */
  readonly resolved: readonly ResolvedCall[];
  readonly assistantMessageId: string | null;
  readonly createdAtMs: number;
  /** When a paused execution expires; `null` while it is not paused. */
  readonly expiresAtMs: number | null;
}

/** The client tools a session sent last, under the fingerprint that it gave them. */
export interface ToolSet {
  readonly fingerprint: string;
  readonly tools: readonly ClientTool[];
}

export interface Feedback {
  readonly id: string;
  readonly conversationId: string;
  readonly type: string;
  readonly messageId: string | null;
  readonly rating: number | null;
  readonly comment: string | null;
  readonly createdAtMs: number;
}

/** What one boundary writes, all or nothing. */
export interface Commit {
  /** The next state; its `version` is the expected one plus 1. */
  readonly execution: Execution;
  readonly events: readonly StreamEvent[];
  /** Appended to the conversation in this order; the store gives the positions. */
  readonly messages: readonly { readonly clientId: string | null; readonly message: ModelMessage }[];
}

/**
 * What the server remembers. Two engines keep the same contract (`test/server/store-contract.ts`).
 * Every method may reject with `StoreError`; nothing else leaves an engine.
 */
export interface Store {
  saveSession(session: Session): Promise<void>;
  session(idHash: string): Promise<Session | undefined>;
  /** Counts one message against the session and moves its expiry. Resolves to the new count. */
  countMessage(idHash: string, expiresAtMs: number): Promise<number>;

  createConversation(conversation: Conversation): Promise<void>;
  conversation(id: string): Promise<Conversation | undefined>;
  messages(conversationId: string): Promise<readonly StoredMessage[]>;

  /** Stores a new execution with its first events and messages. Durable when it resolves. */
  createExecution(commit: Commit): Promise<void>;
  execution(id: string): Promise<Execution | undefined>;
  /** The conversation's execution that runs or waits, newest first. */
  openExecutions(conversationId: string): Promise<readonly Execution[]>;
  /**
   * Compare-and-swap: writes only while the stored version is `commit.execution.version - 1`, and says whether it did.
   * Durable when it resolves.
   */
  commit(commit: Commit): Promise<boolean>;
  /** Adds events between two boundaries (text deltas). May be lost in a power cut, not in a crash of the process. */
  appendEvents(executionId: string, events: readonly StreamEvent[]): Promise<void>;
  /** Events with `seq > after`, in order, at most `limit`. */
  eventsAfter(executionId: string, after: number, limit: number): Promise<readonly StreamEvent[]>;
  /** Paused executions whose time is over at `nowMs`, oldest first, at most `limit`. */
  overdueExecutions(nowMs: number, limit: number): Promise<readonly Execution[]>;

  saveToolSet(sessionIdHash: string, set: ToolSet): Promise<void>;
  toolSet(sessionIdHash: string): Promise<ToolSet | undefined>;

  saveFeedback(feedback: Feedback): Promise<void>;

  /** Resolves when a read and a write path are open; `/readyz` asks it. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type StoreErrorCode = 'newer_schema' | 'changed_migration' | 'unavailable' | 'conflict';

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
