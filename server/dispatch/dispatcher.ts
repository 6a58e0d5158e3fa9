import type { StreamEvent } from '../../protocol/event.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { Agent } from '../config/config.ts';
import type { ModelResolver } from '../models/model.ts';
import type { Admission } from '../policy.ts';
import type { Owner, Store } from '../store/store.ts';

export interface StartRequest {
  readonly owner: Owner;
  /** Exists already. */
  readonly conversationId: string;
  readonly agent: Agent;
  /** The caller's transcript. What is new and a person's is taken from it. */
  readonly messages: readonly ChatMessage[];
  readonly assistantMessageId: string | null;
  readonly admission: Admission;
}

export interface ResumeExecution {
  readonly executionId: string;
  readonly owner: Owner;
  /** Set for browsers: the execution must belong to this conversation too. */
  readonly conversationId: string | null;
  readonly toolOutputs: Readonly<Record<string, unknown>>;
  /** Replaces the set of the dispatch; `undefined` keeps it. */
  readonly admission: Admission | undefined;
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
  /** Ends paused executions whose time is over. */
  expireOverdue(): Promise<void>;
  /** Lets running turns reach a boundary for at most `deadlineMs`, then aborts them visibly. New work is refused at once. */
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
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** A new id with that prefix, unguessable. */
  readonly newId: (prefix: string) => string;
  readonly log: DispatchLog;
}
