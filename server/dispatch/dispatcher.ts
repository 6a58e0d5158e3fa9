import type { ToolChoice } from '../../protocol/definition.ts';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { CancelResponse } from '../../protocol/request.ts';
import type { Agent } from '../config/config.ts';
import type { FileSettings } from '../config/files.ts';
import type { ModelResolver } from '../models/model.ts';
import type { Admission } from '../policy.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import type { Conversation, Execution, NewExecution, Owner, Store } from '../store/store.ts';
import type { Observer } from '../telemetry/observer.ts';
import type { ServerTool } from '../tools/tool.ts';
import type { Toolbox } from '../tools/toolbox.ts';
import type { FlowToRun } from './flow-run.ts';
import type { SecretVault } from './secret-vault.ts';

export interface StartRequest {
  readonly owner: Owner;
  /** Whose saved tools, agents, flows and secrets it may use. */
  readonly workspace: string;
  /** Where the visitor sits; `null` for callers with an API key. */
  readonly surfaceId: string | null;
  readonly conversationId: string;
  /** Created with the execution, or not at all. Default: it exists already. */
  readonly newConversation?: Conversation;
  /** With a flow: by what name it is known, and how long it waits. Its steps say the rest. */
  readonly agent: Agent;
  /** Default: the agent answers. */
  readonly flow?: FlowToRun | undefined;
  /** What it has in tools of the server beside the agent's own of the configuration; later ones win. Default: nothing. */
  readonly choices?: readonly ToolChoice[];
  /** What placeholders of its tools stand for. Default: nothing. */
  readonly record?: Readonly<Record<string, unknown>> | undefined;
  readonly user?: Readonly<Record<string, unknown>> | undefined;
  /** Held in memory as long as it runs or waits. Default: none. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** The caller's transcript. What is new and a person's is taken from it. */
  readonly messages: readonly ChatMessage[];
  /** The message whose place the last one takes. Default: none. */
  readonly replacesMessageId?: string | undefined;
  /** JSON of what the page said of itself. Default: nothing. */
  readonly pageContext?: string | undefined;
  /** What its messages may name of the conversation's files; `null`: none. Default: none. */
  readonly files?: Pick<FileSettings, 'maxBytes' | 'maxPerMessage'> | null;
  /** An ended execution of the conversation whose tools this one has, as they were. Default: they are looked up. */
  readonly continues?: Execution;
  readonly assistantMessageId: string | null;
  readonly admission: Admission;
  /** Counts the turn against a session. Default: nothing is counted. */
  readonly count?: NewExecution['count'];
  /** Most executions that the owner may have running in this process. Default: as many as the process takes. */
  readonly maxRunning?: number;
  readonly idempotency?: IdempotencyKey;
}

/** A request that may come again, told by its caller's key. */
export interface IdempotencyKey {
  /** Hash of principal, route and key. */
  readonly keyHash: string;
  /** Hash of the body. */
  readonly requestHash: string;
}

/** An execution, and who asks for it. */
export interface ExecutionRequest {
  readonly executionId: string;
  readonly owner: Owner;
  /** Set for browsers: the execution must belong to this conversation too. */
  readonly conversationId: string | null;
}

export interface ResumeExecution extends ExecutionRequest {
  readonly toolOutputs: Readonly<Record<string, unknown>>;
  /** Added to those that the server still has. Default: none. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Replaces the set of the dispatch; `undefined` keeps it. */
  readonly admission: Admission | undefined;
  /** As of the start. */
  readonly maxRunning?: number;
  readonly idempotency?: IdempotencyKey;
}

/** A decision about a call that waits for a person, by whoever holds an API key of the execution's workspace. */
export interface ApproveExecution {
  readonly executionId: string;
  readonly workspace: string;
  /** Set where the agent was named: it must be the execution's. */
  readonly agentId: string | null;
  readonly approvalId: string;
  readonly decision: 'approved' | 'denied';
  /** The model reads why a call was denied. */
  readonly reason: string | null;
  /** Label of the API key. */
  readonly by: string;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly idempotency?: IdempotencyKey;
}

export interface ContinueExecution extends ExecutionRequest {
  /** None: go on where it had to stop. */
  readonly messages: readonly ChatMessage[];
  /** As of the start. */
  readonly pageContext?: string | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly idempotency?: IdempotencyKey;
}

export interface FollowRequest extends ExecutionRequest {
  /** Events up to this `seq` are known. 0: all of them. */
  readonly after: number;
}

/** One answer: what of an execution's log belongs to this request. */
export interface Answer {
  readonly executionId: string;
  readonly conversationId: string;
  /**
   * Persisted events in order, ending after a pause or the end. Whoever stops reading does not stop the execution.
   * A reader that falls behind reads the log again instead of filling memory.
   */
  readonly events: AsyncIterable<StreamEvent>;
}

/**
 * Runs executions. Rejects with `RequestError` (`server/errors.ts`) before the first event;
 * after it every failure is an `execution_error` in the log.
 */
export interface Dispatcher {
  /** Closes or supersedes whatever the conversation still had open, then starts. Resolves once the start is stored. */
  start(request: StartRequest): Promise<Answer>;
  /** Brings outputs. The same outputs again give the same answer again; others for an answered call are `already_resolved`. */
  resume(request: ResumeExecution): Promise<Answer>;
  /**
   * Lets a call run that waits for a person, or refuses it. The same decision again gives the same answer again; another
   * one is `already_decided`.
   */
  approve(request: ApproveExecution): Promise<Answer>;
  /** Goes on with the conversation of an ended execution, in a new one with the agent and the tools as they were. */
  continue(request: ContinueExecution): Promise<Answer>;
  /**
   * The events after a position, then live until the execution pauses or ends, in whichever process it runs. Throws
   * `invalid_cursor` for a position that its log does not have.
   */
  follow(request: FollowRequest): Promise<Answer>;
  /** Ends an execution that runs or waits, in whichever process. Resolves to how it ended, also when it had ended before. */
  cancel(request: ExecutionRequest): Promise<CancelResponse['status']>;
  /**
   * Ends what runs or waits in a conversation, in whichever process, and removes all that was said in it. Whether there
   * was something to remove.
   */
  deleteConversation(conversationId: string): Promise<boolean>;
  /** Says that this process is alive, for the executions that it runs. */
  renewLeases(): Promise<void>;
  /** Goes on with executions whose process has died, up to as many as this one takes. */
  takeOver(): Promise<void>;
  /** Ends paused executions whose time is over. */
  expireOverdue(): Promise<void>;
  /**
   * Lets running turns reach a boundary for at most `deadlineMs`, then stops them where they are. What has not ended
   * is left for another process, or for this one's next start. New work is refused at once.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Where the dispatcher tells its operator what visitors are not told. */
interface DispatchLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface DispatchDeps {
  readonly store: Store;
  readonly model: ModelResolver;
  /** Of this process, from its start to its end. */
  readonly processId: string;
  /** How long others wait for a sign of life of this process before they take its executions over. Default 10 000. */
  readonly leaseMs?: number;
  /** Most executions that run in this process at once; beyond it, `overloaded`. Default 1 000. */
  readonly maxRunning?: number;
  /** Finds tools of the server and makes them runnable. */
  readonly toolbox: Toolbox;
  /** The tools that the configuration gives an agent, by its id. Default: none. */
  readonly tools?: (agentId: string) => readonly ServerTool[];
  /** A secret that the server keeps for a workspace. Rejects with `ToolError`. Default: there are none. */
  readonly managedSecret?: (workspace: string, name: string) => Promise<string>;
  /** Takes secrets of the server out of events, results and receipts. */
  readonly scrubber: Pick<Scrubber, 'scrub' | 'scrubValue'>;
  /** Keeps the secrets of dispatches out of the log. An execution's events know its own secrets, and not those of others. */
  readonly logScrubber: Pick<Scrubber, 'hold'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** A new id with that prefix, unguessable. */
  readonly newId: (prefix: string) => string;
  readonly log: DispatchLog;
  /** Default: nobody watches. */
  readonly observer?: Observer;
}

/** With what the dispatcher itself holds for its runs. */
export interface DeskDeps extends DispatchDeps {
  readonly vault: SecretVault;
}
