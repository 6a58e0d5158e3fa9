import type { CancelResponse } from '../../protocol/request.ts';
import { RequestError } from '../errors.ts';
import { type Execution, StoreError } from '../store/store.ts';
import { approveOnce, timeOutApprovals } from './approve.ts';
import { continueOnce } from './continue.ts';
import { Desk } from './desk.ts';
import type {
  Answer,
  ApproveExecution,
  ContinueExecution,
  DispatchDeps,
  Dispatcher,
  ExecutionRequest,
  FollowRequest,
  ResumeExecution,
  StartRequest,
} from './dispatcher.ts';
import { expired, isOpen, isOverdue } from './execution.ts';
import { keyedLock } from './keyed-lock.ts';
import { resumeOnce } from './resume.ts';
import { conversationDeleted, startOnce } from './start.ts';
import { mayGoOn } from './takeover.ts';

/** Somebody else may move an execution on between a read and a write; so often is tried again. */
const MAX_ATTEMPTS = 10;

/** Paused executions that one sweep takes at a time. */
const SWEEP_PAGE = 100;

/** Abandoned executions that one look takes, so that other processes get their share. */
const TAKEOVER_PAGE = 100;

/** Requests that may be on their way into executions at once. Each holds its body meanwhile. */
const MAX_REQUESTS = 2_000;

/** When a caller who was turned away may come again, in milliseconds. */
const RETRY_AFTER_MS = 2_000;

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  return new LoopDispatcher(deps);
}

class LoopDispatcher implements Dispatcher {
  private readonly deps: DispatchDeps;
  private readonly desk: Desk;
  /** One request of this process at a time changes a conversation; the turns themselves run outside of it. */
  private readonly lock = keyedLock();
  private readonly requests = new Set<Promise<unknown>>();
  private isClosing = false;

  constructor(deps: DispatchDeps) {
    this.deps = deps;
    this.desk = new Desk(deps);
  }

  start(request: StartRequest): Promise<Answer> {
    return this.accept(request.conversationId, () => startOnce(request, this.desk));
  }

  async resume(request: ResumeExecution): Promise<Answer> {
    const { conversationId } = await this.owned(request);
    return this.accept(conversationId, async () => {
      const execution = await this.owned(request);
      if (isOverdue(execution, this.deps.clock())) await this.endWaiting(execution);
      else if (execution.status === 'expired') throw expired();
      else return resumeOnce(request, execution, this.desk);
      return undefined;
    });
  }

  async approve(request: ApproveExecution): Promise<Answer> {
    const { conversationId } = await this.ofWorkspace(request);
    return this.accept(conversationId, async () => {
      const execution = await this.ofWorkspace(request);
      if (!isOverdue(execution, this.deps.clock())) return approveOnce(request, execution, this.desk);
      await this.endWaiting(execution);
      return undefined;
    });
  }

  async continue(request: ContinueExecution): Promise<Answer> {
    const { conversationId } = await this.owned(request);
    return this.accept(conversationId, async () =>
      continueOnce(request, await this.owned(request), this.desk),
    );
  }

  /** Ends a pause whose time is over, or refuses what nobody approved in time. Whether it was this call that did. */
  private endWaiting(execution: Execution): Promise<boolean> {
    const nowMs = this.deps.clock();
    const { pauseEndsAtMs } = execution;
    return pauseEndsAtMs !== null && pauseEndsAtMs > nowMs
      ? timeOutApprovals(execution, nowMs, this.desk)
      : this.desk.end(execution, { kind: 'expired' });
  }

  async follow({ after, ...request }: FollowRequest): Promise<Answer> {
    this.requireOpen();
    const execution = await this.owned(request);
    if (after <= execution.seq) return this.desk.read(execution, after, 'follow');
    throw new RequestError('invalid_cursor', `The log ends at ${execution.seq}, and ${after} is behind it.`, {
      hint: 'Follow from the `id` of the last event that came, or from 0.',
    });
  }

  async cancel(request: ExecutionRequest): Promise<CancelResponse['status']> {
    const { conversationId } = await this.owned(request);
    return this.accept(conversationId, async () => {
      const execution = await this.owned(request);
      if (!isOpen(execution)) return execution.status as CancelResponse['status'];
      return (await this.desk.end(execution, { kind: 'cancelled' })) ? 'cancelled' : undefined;
    });
  }

  deleteConversation(conversationId: string): Promise<boolean> {
    return this.accept(conversationId, async () => {
      const latest = await this.deps.store.latestExecution(conversationId);
      if (latest !== undefined && isOpen(latest)) await this.desk.end(latest, { kind: 'cancelled' });
      const result = await this.deps.store.deleteRecord(conversationId, this.deps.clock());
      return result === 'open' ? undefined : result === 'deleted';
    });
  }

  renewLeases(): Promise<void> {
    return this.desk.runs.renewLeases();
  }

  async takeOver(): Promise<void> {
    const room = this.isClosing ? 0 : Math.min(this.desk.runs.room, TAKEOVER_PAGE);
    if (room === 0) return;
    await settledAll(this.desk.runs.takeDropped().map((executionId) => this.takeUp(executionId)));
    const abandoned = await this.deps.store.abandonedExecutions(room);
    const takeovers = mayGoOn(abandoned, this.desk.runs.executions()).map((execution) =>
      this.lock(execution.conversationId, async () => {
        if (!this.isClosing) await this.desk.takeOver(execution);
      }),
    );
    await settledAll(takeovers);
  }

  /** Goes on with an execution that this process itself had to leave when the store failed it. */
  private async takeUp(executionId: string): Promise<void> {
    try {
      const execution = await this.deps.store.execution(executionId);
      if (execution?.status !== 'running') return;
      const held = await this.deps.store.renewLeases(this.desk.runs.lease, [executionId]);
      // Another process may have it by now, and is well.
      if (!held.has(executionId)) return;
      await this.lock(execution.conversationId, () => this.desk.takeOver(execution, true));
    } catch (error) {
      this.desk.runs.drop(executionId);
      throw error;
    }
  }

  async expireOverdue(): Promise<void> {
    this.desk.deps.vault.sweep(this.deps.clock());
    for (;;) {
      const overdue = await this.deps.store.overdueExecutions(this.deps.clock(), SWEEP_PAGE);
      const expirations = overdue.map((execution) =>
        this.lock(execution.conversationId, () => this.endWaiting(execution)),
      );
      const ended = await settledAll(expirations);
      // What could not be expired would come again for ever.
      if (!ended.includes(true)) return;
    }
  }

  async close(deadlineMs: number): Promise<void> {
    this.isClosing = true;
    const { runs } = this.desk;
    runs.yieldAll();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.settled(), deadline]);
    clearTimeout(timer);
    runs.stopAll();
    await this.settled();
    this.desk.leave();
    await this.deps.store.releaseLeases(runs.lease.owner).catch((error: unknown) => {
      // They run out by themselves; it only takes longer.
      this.deps.log.warn({ err: error }, 'The leases of this process could not be released');
    });
  }

  private async settled(): Promise<void> {
    await Promise.allSettled(this.requests);
    await this.desk.runs.settled();
  }

  /** Runs a task under the conversation's lock, again as long as it finds that others were faster. */
  private async accept<T>(conversationId: string, task: () => Promise<T | undefined>): Promise<T> {
    if (this.requests.size >= MAX_REQUESTS) {
      throw new RequestError('overloaded', 'The chat server has as much to do as it can.', {
        hint: 'Try again in a few seconds.',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const request = this.lock(conversationId, async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        this.requireOpen();
        const result = await task();
        if (result !== undefined) return result;
      }
      throw new RequestError('execution_conflict', 'Others keep changing this conversation.', {
        hint: 'Try again in a moment.',
      });
    });
    this.requests.add(request);
    try {
      return await request;
    } catch (error) {
      throw asRequestError(error);
    } finally {
      this.requests.delete(request);
    }
  }

  private requireOpen(): void {
    if (!this.isClosing) return;
    throw new RequestError('shutting_down', 'The server is restarting.', {
      hint: 'Try again in a moment.',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  /** 404 for what is somebody else's: that it exists is theirs to know. */
  private async owned({ executionId, owner, conversationId }: ExecutionRequest): Promise<Execution> {
    const execution = await this.deps.store.execution(executionId).catch((error: unknown) => {
      throw asRequestError(error);
    });
    if (
      execution !== undefined &&
      execution.owner.kind === owner.kind &&
      execution.owner.hash === owner.hash &&
      (conversationId === null || conversationId === execution.conversationId)
    ) {
      return execution;
    }
    if (execution === undefined && conversationId !== null) await this.requireKept(conversationId);
    throw new RequestError('execution_not_found', 'There is no such execution.', {
      hint: 'Send the `executionId` of the `await` event, from the conversation that it came in.',
    });
  }

  /** 404 for what is another workspace's, or another agent's than it was said to be. */
  private async ofWorkspace({ executionId, workspace, agentId }: ApproveExecution): Promise<Execution> {
    const execution = await this.deps.store.execution(executionId).catch((error: unknown) => {
      throw asRequestError(error);
    });
    const isIt = execution?.workspace === workspace && (agentId === null || agentId === execution.agent.id);
    if (execution !== undefined && isIt) return execution;
    throw new RequestError('execution_not_found', 'There is no such execution.', {
      hint: "Send the `executionId` of the `approval_start` event, with an API key of the execution's workspace.",
    });
  }

  private async requireKept(conversationId: string): Promise<void> {
    const record = await this.deps.store.record(conversationId).catch((error: unknown) => {
      throw asRequestError(error);
    });
    if (record?.isDeleted) throw conversationDeleted();
  }
}

/** One that fails must not keep the others waiting. Rejects afterwards with what the first one failed of. */
async function settledAll<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}

function asRequestError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  return new RequestError('store_unavailable', 'The server cannot reach its store.', {
    hint: 'Try again in a moment.',
    retryAfterMs: RETRY_AFTER_MS,
    cause: error,
  });
}
