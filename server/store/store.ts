import type { StopReason, StreamEvent } from '../../protocol/event.ts';
import type { ClientTool, JsonSchema, ToolOrigin } from '../../protocol/tool.ts';
import type { PlannedStep } from '../flows/flow-steps.ts';
import type { ModelMessage } from '../models/model.ts';
import type { ToolBinding } from '../tools/kind.ts';
import type { ResolvedTool } from '../tools/toolbox.ts';
import type { CredentialStore } from './credential-store.ts';
import type { DefinitionStore } from './definition-store.ts';
import type { Receipt, ReceiptStore } from './receipt-store.ts';
import type { RecordStore } from './records.ts';
import type { SecretStore } from './secret-store.ts';

/** The workspace of whoever names none. */
export const DEFAULT_WORKSPACE = 'default';

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
  /** Whose it is from the beginning. Default: nobody has claimed it; `RecordStore` says what became of that. */
  readonly visitorId?: string;
  readonly endUserId?: string;
}

/** One message of a conversation, in order of `position` (0, 1, 2 …). */
export interface StoredMessage {
  readonly position: number;
  /** The id its client gave it, or the one we gave the answer; `null` for tool turns. */
  readonly clientId: string | null;
  readonly message: ModelMessage;
  /** Another message took its place: nobody reads it any more, and only its ids stay taken. */
  readonly isReplaced?: true;
}

export interface NewMessage {
  readonly clientId: string | null;
  readonly message: ModelMessage;
  /** What the widget shows instead of the words. Default: the words. */
  readonly display?: string;
}

/** A client tool as admitted, with the names it goes by. */
export interface OfferedTool {
  readonly bareName: string;
  /** Canonical: `webmcp:<bare>` for page tools, the bare name for others. */
  readonly canonicalName: string;
  /** What the model sees. */
  readonly modelName: string;
  /** `server`: runs here. */
  readonly origin: ToolOrigin | 'server';
  readonly pageOrigin: string | null;
  readonly description: string;
  readonly parametersSchema: JsonSchema;
  /** Of a server tool: how it is found again. Absent in executions of earlier releases: a configured one. */
  readonly binding?: ToolBinding;
  /** Whether its calls wait for a person. */
  readonly needsApproval?: boolean;
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

/** A call of a server tool whose effect was begun. It stays until its result is stored. */
export interface StartedCall {
  readonly toolCallId: string;
  readonly bareName: string;
  readonly modelName: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly startedAt: string;
}

/** A call of a server tool that waits, or waited, for a person. */
export interface Approval {
  readonly approvalId: string;
  readonly toolCallId: string;
  readonly bareName: string;
  readonly modelName: string;
  /** What was asked for, and what runs. Empty once the call is over. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly requestedAt: string;
  /** When it counts as refused; `null`: when the pause ends. */
  readonly expiresAtMs: number | null;
  /** `null` while nobody has decided. */
  readonly decision: ApprovalDecision | null;
}

export interface ApprovalDecision {
  readonly decision: 'approved' | 'denied' | 'timeout';
  /** The label of the API key that decided; `policy` where nobody did. */
  readonly by: string;
  readonly reason: string | null;
  readonly decidedAt: string;
  /** Highest `seq` then: what followed from it stands after that. */
  readonly acceptedSeq: number;
}

export type ExecutionStatus = 'running' | 'awaiting' | 'complete' | 'failed' | 'cancelled' | 'expired';

/** What an execution asks, step by step. Frozen when it began, but for where it stands and what was answered. */
export interface FlowRun {
  readonly id: string;
  readonly name: string;
  readonly steps: readonly (Omit<PlannedStep, 'model' | 'tools'> & {
    readonly model: string;
    /** Of the server. */
    readonly tools: readonly ResolvedTool[];
    readonly maxToolCalls: number;
  })[];
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Of the steps so far, by their variables. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** What the client brought along, as it was admitted. */
  readonly clientTools: readonly ClientTool[];
  /** The open step: 0, 1, 2 … */
  readonly at: number;
  readonly stepId: string;
  /** Position behind the messages of the conversation that every step sees. */
  readonly conversationEnd: number;
  /** Of the open step's first message. */
  readonly stepStart: number;
}

/** All that the server knows of one execution. Saved whole, under a version. */
export interface Execution {
  readonly id: string;
  readonly version: number;
  readonly status: ExecutionStatus;
  readonly conversationId: string;
  readonly owner: Owner;
  /** Whose saved tools and secrets its tools may use. */
  readonly workspace: string;
  /** Where its visitor sits; `null` for callers with an API key, and in executions of earlier releases. */
  readonly surfaceId: string | null;
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
  /** What placeholders of its tools stand for. */
  readonly record: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
  /** Names of the secrets that came with it and that its tools use. The values are in memory only. */
  readonly secretKeys: readonly string[];
  /** All that models counted for it, its children's included. */
  readonly tokens: { readonly input: number; readonly output: number };
  /** Children that `spawn_subagent` has made. */
  readonly spawned: number;
  /** `null`: an agent answers. Else `agent`, `tools` and the numbers of calls are those of the open step. */
  readonly flow: FlowRun | null;
  /** Calls that wait for their outputs; while it still runs, those that will wait once the server's own calls are done. */
  readonly pending: readonly PendingCall[];
  /** Calls that wait for a person, and those that did. They begin once all that the turn waits for has come. */
  readonly approvals: readonly Approval[];
  /** How long one of them waits, in milliseconds; `null`: as long as the pause. */
  readonly approvalTimeoutMs: number | null;
  /** Server calls of this turn whose results are not stored yet. Empty: the model is being asked. */
  readonly started: readonly StartedCall[];
  /** Outputs of this pause that arrived while others were still pending, and those of earlier pauses by hash. */
  readonly resolved: readonly ResolvedCall[];
  readonly assistantMessageId: string | null;
  /** End of the log when it last began to run: what stands after it answers the dispatch or the latest resume. */
  readonly runAfter: number;
  /** The open turn, for whoever has to take it over; `null` while none is open. */
  readonly turnId: string | null;
  /** How often in a row this turn was taken over from a process that was gone. */
  readonly takeovers: number;
  /** Why its last turn ended; `null` before that, and where it did not end by itself. */
  readonly stopReason: StopReason | null;
  /** Of the same conversation: the ended execution that this one goes on with, as it was. */
  readonly continues: string | null;
  readonly createdAtMs: number;
  /** When a paused execution expires; `null` while it is not paused. */
  readonly pauseEndsAtMs: number | null;
  /** When time is over for something that it waits for: the pause itself, or an approval. `null` while it is not paused. */
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

/** What a visitor attached, or begins to. Its bytes are kept apart, in pieces. */
export interface StoredFile {
  readonly id: string;
  readonly conversationId: string;
  readonly surfaceId: string;
  readonly filename: string;
  /** In bytes, once they are all there. */
  readonly size: number;
  /** Bytes that are there. */
  readonly received: number;
  /** As the bytes say; `null` until they are all there and were let pass. */
  readonly mimeType: string | null;
  readonly createdAtMs: number;
  /** When it is removed; `null` once a message names it, for then it stays as long as its conversation. */
  readonly expiresAtMs: number | null;
}

/** Most that files may take up, the new one included. */
export interface FileRoom {
  readonly conversationFiles: number;
  readonly conversationBytes: number;
  readonly surfaceBytes: number;
}

/** Who runs an execution, and how long without a sign of life before others may take it over. Times are the database's. */
export interface Lease {
  /** One process, from its start to its end. */
  readonly owner: string;
  readonly forMs: number;
}

/** What a request with an `Idempotency-Key` led to: the events of this execution after this position. */
export interface Outcome {
  /** Hash of principal, route and key. */
  readonly keyHash: string;
  /** Hash of the body. The same key with another body is refused. */
  readonly requestHash: string;
  readonly executionId: string;
  readonly after: number;
  readonly expiresAtMs: number;
}

/** What one boundary writes, all or nothing. */
export interface Commit {
  /** The next state; its `version` is the expected one plus 1. */
  readonly execution: Execution;
  readonly events: readonly StreamEvent[];
  /** Appended to the conversation in this order; the store gives the positions. */
  readonly messages: readonly NewMessage[];
  /** When it happens, for the messages. */
  readonly atMs: number;
  /** Of an execution that runs on; `null` for one that waits or has ended. */
  readonly lease: Lease | null;
  readonly outcome?: Outcome;
  /** Of the calls that it ends. */
  readonly receipts?: readonly Receipt[];
}

/** Why a new execution was not stored. */
export type RefusedStart = 'moved_on' | 'limit_reached' | 'deleted';

export interface NewExecution extends Commit {
  /** Messages of the conversation when it was planned: the plan is void once there are others. */
  readonly expectedMessages: number;
  /** The messages from this position on are replaced by those of the commit. Default: none. */
  readonly replacesFrom?: number;
  /** Ids of files that its messages name: they are kept from now on. Default: none. */
  readonly files?: readonly string[];
  /** Stored with it. Default: its conversation is there already. */
  readonly newConversation?: Conversation;
  /** The session that the turn counts against, and how many it may start in all. Default: nothing is counted. */
  readonly count?: {
    readonly sessionIdHash: string;
    readonly limit: number;
    readonly expiresAtMs: number;
  };
}

/** Events between two boundaries. */
export interface Append {
  readonly executionId: string;
  /** Of the execution's row: with another one there, somebody else has moved it on and nothing is written. */
  readonly version: number;
  readonly events: readonly StreamEvent[];
}

/** What may be removed: everything of a surface before these times. */
export interface Retention {
  /** `null` stands for conversations of API keys. Default: every surface that no other retention names. */
  readonly surfaceId?: string | null;
  readonly conversationsBeforeMs: number;
  /** Executions that have ended, with their events. */
  readonly executionsBeforeMs: number;
}

/**
 * What the server remembers. Two engines keep the same contract (`test/server/store-contract.ts`).
 * Every method may reject with `StoreError`; nothing else leaves an engine.
 */
export interface Store extends RecordStore {
  readonly definitions: DefinitionStore;
  readonly secrets: SecretStore;
  readonly credentials: CredentialStore;
  readonly receipts: ReceiptStore;

  /** Of one that is there the count stays: turns count it, maybe just now. */
  saveSession(session: Session): Promise<void>;
  session(idHash: string): Promise<Session | undefined>;

  createConversation(conversation: Conversation): Promise<void>;
  conversation(id: string): Promise<Conversation | undefined>;
  messages(conversationId: string): Promise<readonly StoredMessage[]>;

  /**
   * Stores a new execution with its first events and messages. `moved_on`: nothing was written, because the
   * conversation has another execution that runs or waits, or other messages than expected, or the outcome's key is
   * taken, or a file that it names is not there any more. `limit_reached`: nothing was written, because the session
   * has started as many turns as it may. `deleted`: nothing was written, because the conversation was deleted. Durable
   * when it resolves.
   */
  createExecution(commit: NewExecution): Promise<'created' | RefusedStart>;
  execution(id: string): Promise<Execution | undefined>;
  /** The conversation's newest execution. At most one of a conversation runs or waits, and it is that one. */
  latestExecution(conversationId: string): Promise<Execution | undefined>;
  /**
   * Compare-and-swap: writes only while the stored version is `commit.execution.version - 1` and the outcome's key is
   * free, and says whether it did. Durable when it resolves.
   */
  commit(commit: Commit): Promise<boolean>;
  /**
   * Adds events between two boundaries (text deltas), those of many executions at once. Resolves to the ids of the
   * executions that have moved on; nothing of theirs was written. What was written survives a crash of the process and
   * of a database server; from a SQLite file, a power cut may take the last moment.
   */
  appendEvents(appends: readonly Append[]): Promise<ReadonlySet<string>>;
  /** Events with `seq > after`, in order, at most `limit`. */
  eventsAfter(executionId: string, after: number, limit: number): Promise<readonly StreamEvent[]>;
  /** Paused executions whose time is over at `nowMs`, oldest first, at most `limit`. */
  overdueExecutions(nowMs: number, limit: number): Promise<readonly Execution[]>;

  /** Prolongs the owner's leases of these executions, from now on. Resolves to the ids that it still holds. */
  renewLeases(lease: Lease, executionIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ends all leases of an owner, so that others need not wait for them to run out. */
  releaseLeases(owner: string): Promise<void>;
  /** Running executions whose lease is over, the oldest first, at most `limit`. */
  abandonedExecutions(limit: number): Promise<readonly Execution[]>;
  /**
   * Takes a running execution of this version over: the next version, this lease. Nothing where it has moved on, or
   * while its lease still runs, unless `evenIfHeld`. Durable when it resolves.
   */
  claim(
    execution: Pick<Execution, 'id' | 'version'>,
    lease: Lease,
    evenIfHeld: boolean,
  ): Promise<Execution | undefined>;
  /**
   * Calls back soon after an execution was written, by this process or another, and now and then for nothing. Returns
   * how to stop. What it tells is a hint; the log is the truth.
   */
  watch(executionId: string, callback: () => void): () => void;

  /** The outcome under a key, while it is kept. */
  outcome(keyHash: string, nowMs: number): Promise<Outcome | undefined>;
  /**
   * Takes a token from a bucket that fills evenly, holds one minute's worth and is shared by all processes. Resolves
   * to the milliseconds until there will be one, 0 if there was.
   */
  takeToken(key: string, perMinute: number, nowMs: number): Promise<number>;

  /**
   * Removes what is older than its retention, expired sessions, visitors, outcomes and files, and full buckets, in batches of at most
   * `limit` rows of each kind. Resolves to whether there may be more.
   */
  removeOld(retentions: readonly Retention[], nowMs: number, limit: number): Promise<boolean>;

  saveToolSet(sessionIdHash: string, set: ToolSet): Promise<void>;
  toolSet(sessionIdHash: string): Promise<ToolSet | undefined>;

  saveFeedback(feedback: Feedback): Promise<void>;

  /** Begins a file, or says what has no room for it. */
  createFile(file: StoredFile, room: FileRoom): Promise<'created' | 'conversation_full' | 'surface_full'>;
  file(id: string): Promise<StoredFile | undefined>;
  /** What the files of a surface take up, in bytes that are there. */
  surfaceFileBytes(surfaceId: string): Promise<number>;
  /** Adds the next piece. `false`: the file does not end at `start`, or has no room for so much, or is gone. Durable. */
  appendPiece(fileId: string, start: number, bytes: Uint8Array): Promise<boolean>;
  /** The piece that begins at `start`. */
  filePiece(fileId: string, start: number): Promise<Uint8Array | undefined>;
  /** Says what a file is whose bytes are all there. `false`: it was said before, or the file is gone. */
  finishFile(fileId: string, facts: Pick<StoredFile, 'filename'> & { mimeType: string }): Promise<boolean>;
  /** Removes a file that no message names. `false`: there is none. */
  removeFile(fileId: string): Promise<boolean>;

  /** Resolves when a read and a write path are open; `/readyz` asks it. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Hears once of each execution that is neither taken over nor expired because it cannot be read. Default: nobody. */
  readonly onDamage?: (error: StoreError) => void;
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
