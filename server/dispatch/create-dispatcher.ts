import { CLIENT_TOOLS_EVENT, type ClientToolsReport, type EventBody } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { ConfigError } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import type { Admission } from '../policy.ts';
import { type Execution, type StoredMessage, StoreError } from '../store/store.ts';
import type { Answer, Dispatcher, ResumeExecution, StartRequest } from './dispatcher.ts';
import { EventLog, pastSegment, readSegment, type Segment, Superseded } from './event-log.ts';
import {
  answerPending,
  complete,
  expire,
  fail,
  forgetTexts,
  isOverdue,
  newExecution,
  replaceTools,
  resolveCalls,
  resultsOf,
} from './execution.ts';
import { type AbortCause, describeFailure, errorEvent, RunAborted } from './failure.ts';
import { type NewMessage, openCalls, type Plan, planStart } from './history.ts';
import { keyedLock } from './keyed-lock.ts';
import { type DispatchDeps, openTurn, overtakenEvent, runTurns } from './loop.ts';
import { closeOrphan } from './orphan.ts';
import { awaitEvent } from './tool-call.ts';
import { matchOutputs } from './tool-output.ts';
import { canonicalName, offerTools } from './toolset.ts';

/** An execution that runs in this process, since its start or its last resume. */
interface Run {
  readonly log: EventLog;
  readonly conversationId: string;
  readonly controller: AbortController;
  /** The log's end when the run began: what is after it belongs to this run. */
  readonly after: number;
  readonly done: Promise<void>;
}

/** Somebody else may move an execution on between a read and a write; so often is tried again. */
const MAX_ATTEMPTS = 5;

const OVERTAKEN = 'The visitor sent a new message instead of waiting. Whether the tool ran is unknown.';
const NEVER_ARRIVED = 'The result of this call never arrived. Whether the tool ran is unknown.';

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  return new LoopDispatcher(deps);
}

class LoopDispatcher implements Dispatcher {
  private readonly deps: DispatchDeps;
  private readonly runs = new Map<string, Run>();
  private readonly lock = keyedLock();
  private readonly requests = new Set<Promise<unknown>>();
  private isClosing = false;
  private isDeadlineOver = false;

  constructor(deps: DispatchDeps) {
    this.deps = deps;
  }

  start(request: StartRequest): Promise<Answer> {
    return this.accept(request.conversationId, () => this.startLocked(request));
  }

  async resume(request: ResumeExecution): Promise<Answer> {
    const { conversationId } = await this.owned(request);
    return this.accept(conversationId, async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const answer = await this.resumeLocked(request, await this.owned(request));
        if (answer !== undefined) return answer;
      }
      throw new RequestError('execution_conflict', 'Others keep changing this execution.', {
        hint: 'Try again in a moment.',
      });
    });
  }

  async expireOverdue(): Promise<void> {
    for (;;) {
      const overdue = await this.deps.store.overdueExecutions(this.deps.clock(), 100);
      const results = await Promise.all(
        overdue.map(({ id, conversationId }) => this.lock(conversationId, () => this.expireLocked(id))),
      );
      // What could not be expired would come again for ever.
      if (!results.includes(true)) return;
    }
  }

  async close(deadlineMs: number): Promise<void> {
    this.isClosing = true;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([this.settled(), deadline]);
    clearTimeout(timer);
    this.isDeadlineOver = true;
    for (const run of this.runs.values()) run.controller.abort(new RunAborted('shutting_down'));
    await this.settled();
  }

  private async settled(): Promise<void> {
    await Promise.allSettled(this.requests);
    await Promise.allSettled([...this.runs.values()].map(({ done }) => done));
  }

  private accept(conversationId: string, task: () => Promise<Answer>): Promise<Answer> {
    const request = this.lock(conversationId, async () => {
      if (this.isClosing) {
        throw new RequestError('shutting_down', 'The server is restarting.', {
          hint: 'Try again in a moment.',
        });
      }
      return task();
    });
    this.requests.add(request);
    const forget = () => this.requests.delete(request);
    request.then(forget, forget);
    return request.catch((error: unknown) => {
      throw asRequestError(error);
    });
  }

  // ── start ──

  private async startLocked(request: StartRequest): Promise<Answer> {
    this.checkModel(request.agent.model);
    const { conversationId } = request;
    const stored = await this.deps.store.messages(conversationId);
    const plan = planStart(stored, request.messages);
    const live = [...this.runs.values()].find((run) => run.conversationId === conversationId);
    if (plan.kind === 'retry' && live !== undefined) return this.answer(live.log, conversationId, live.after);
    const log = this.newLog(request, stored);
    const starts = this.startEvents(log.execution, request);
    await this.settleConversation(conversationId, plan.kind === 'new' ? OVERTAKEN : NEVER_ARRIVED);
    if (plan.kind === 'answered') return this.answerAgain(log, starts, plan);
    const turn = openTurn(log.execution, this.deps);
    await log.create({
      execution: turn.execution,
      events: [...starts, turn.event],
      messages: plan.kind === 'new' ? plan.messages : [],
    });
    return this.run(log, turn.turnId, 0);
  }

  private checkModel(id: string): void {
    try {
      this.deps.model(id);
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause;
      throw new RequestError('invalid_request', `The model \`${id}\` cannot be used here.`, {
        hint: cause.message,
        cause,
      });
    }
  }

  private newLog(request: StartRequest, stored: readonly StoredMessage[]): EventLog {
    const tools = offerTools(request.admission.admitted);
    const id = this.deps.newId(ID_PREFIX.execution);
    const execution = newExecution(id, request, tools, this.deps.clock());
    // A client that gives one id to two answers would have feedback land on the wrong one.
    const isTaken = stored.some(({ clientId }) => clientId === request.assistantMessageId);
    return new EventLog(this.deps.store, isTaken ? { ...execution, assistantMessageId: null } : execution);
  }

  private startEvents(execution: Execution, { agent, admission }: StartRequest): readonly EventBody[] {
    return [
      {
        type: 'execution_start',
        kind: 'agent',
        agentId: agent.id,
        agentName: agent.name,
        startedAt: new Date(execution.createdAtMs).toISOString(),
        conversationId: execution.conversationId,
      },
      ...report(admission, execution),
    ];
  }

  /** The stored answer as a new execution: the client lost the stream, not the visitor the right to an answer. */
  private async answerAgain(
    log: EventLog,
    starts: readonly EventBody[],
    { text, textId }: Extract<Plan, { kind: 'answered' }>,
  ): Promise<Answer> {
    const { execution, turnId, event } = openTurn(log.execution, this.deps);
    const id = textId ?? this.deps.newId(ID_PREFIX.text);
    const completedAt = new Date(this.deps.clock()).toISOString();
    await log.create({
      execution: complete(execution),
      events: [
        ...starts,
        event,
        { type: 'text_start', id },
        { type: 'text_delta', id, delta: text },
        { type: 'text_complete', id },
        { type: 'turn_complete', id: turnId, iteration: 1, stopReason: 'end_turn', completedAt },
        { type: 'execution_complete', kind: 'agent', success: true, stopReason: 'end_turn', completedAt },
      ],
      messages: [],
    });
    log.end();
    return this.answer(log, execution.conversationId, 0);
  }

  /** Leaves nothing of the conversation running or waiting. */
  private async settleConversation(conversationId: string, why: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const open = await this.deps.store.openExecutions(conversationId);
      if (open.length === 0) return;
      for (const execution of open) {
        if (execution.status === 'awaiting') await this.overtake(execution, why);
        else await this.stopRun(execution, 'overtaken');
      }
    }
    throw new RequestError('execution_conflict', 'Others keep starting answers in this conversation.', {
      hint: 'Try again in a moment.',
    });
  }

  private async stopRun(execution: Execution, why: AbortCause): Promise<void> {
    const run = this.runs.get(execution.id);
    if (run === undefined) return closeOrphan(execution, this.deps);
    run.controller.abort(new RunAborted(why));
    await run.done;
  }

  private async overtake(execution: Execution, why: string): Promise<void> {
    const completedAt = new Date(this.deps.clock()).toISOString();
    await this.closePaused(execution, why, fail, overtakenEvent(completedAt));
  }

  // ── resume ──

  private async owned(request: ResumeExecution): Promise<Execution> {
    const execution = await this.deps.store.execution(request.executionId).catch((error: unknown) => {
      throw asRequestError(error);
    });
    const isTheirs =
      execution !== undefined &&
      execution.owner.kind === request.owner.kind &&
      execution.owner.hash === request.owner.hash &&
      (request.conversationId === null || request.conversationId === execution.conversationId);
    if (isTheirs) return execution;
    throw new RequestError('execution_not_found', 'There is no such execution.', {
      hint: 'Send the `executionId` of the `await` event, from the conversation that it came in.',
    });
  }

  /** Resolves to nothing when somebody else was faster; the state has to be read again then. */
  private async resumeLocked(request: ResumeExecution, execution: Execution): Promise<Answer | undefined> {
    if (isOverdue(execution, this.deps.clock())) await this.expireLocked(execution.id);
    if (execution.status === 'expired' || isOverdue(execution, this.deps.clock())) {
      throw new RequestError('execution_expired', 'This answer waited too long for the page and has ended.', {
        hint: 'Send the message again.',
      });
    }
    const { accepted, repeated } = matchOutputs(execution, request.toolOutputs);
    if (accepted.length === 0) {
      return this.attach(execution, Math.max(...repeated.map(({ acceptedSeq }) => acceptedSeq)));
    }
    const { admission } = request;
    const tools = admission === undefined ? execution.tools : offerTools(admission.admitted, execution.tools);
    const resolved = replaceTools(resolveCalls(execution, accepted), tools);
    const reports = admission === undefined ? [] : report(admission, resolved);
    const log = new EventLog(this.deps.store, execution);
    try {
      return resolved.status === 'awaiting'
        ? await this.waitOn(log, resolved, reports, execution.seq)
        : await this.continue(log, resolved, reports, execution.seq);
    } catch (error) {
      if (error instanceof Superseded) return undefined;
      throw error;
    }
  }

  private async waitOn(
    log: EventLog,
    execution: Execution,
    reports: readonly EventBody[],
    after: number,
  ): Promise<Answer> {
    await log.commit({ execution, events: [...reports, ...execution.pending.map(awaitEvent)], messages: [] });
    log.end();
    return this.answer(log, execution.conversationId, after);
  }

  private async continue(
    log: EventLog,
    execution: Execution,
    reports: readonly EventBody[],
    after: number,
  ): Promise<Answer> {
    const results = await this.resultsMessage(execution);
    const turn = openTurn(forgetTexts(execution), this.deps);
    await log.commit({ execution: turn.execution, events: [turn.event, ...reports], messages: [results] });
    return this.run(log, turn.turnId, after);
  }

  /** What followed when these outputs were accepted: from there to the next outputs, or to the end. */
  private async attach(execution: Execution, after: number): Promise<Answer> {
    const laterSeqs = execution.resolved
      .filter(({ hash, acceptedSeq }) => hash !== '' && acceptedSeq > after)
      .map(({ acceptedSeq }) => acceptedSeq);
    if (laterSeqs.length > 0) {
      return this.answer(pastSegment(execution.id, Math.min(...laterSeqs)), execution.conversationId, after);
    }
    const run = this.runs.get(execution.id);
    if (run !== undefined) return this.answer(run.log, execution.conversationId, after);
    if (execution.status === 'running') await closeOrphan(execution, this.deps);
    const { seq } = (await this.deps.store.execution(execution.id)) ?? execution;
    return this.answer(pastSegment(execution.id, seq), execution.conversationId, after);
  }

  // ── both ──

  private run(log: EventLog, turnId: string, after: number): Answer {
    const { id, conversationId } = log.execution;
    const controller = new AbortController();
    if (this.isDeadlineOver) controller.abort(new RunAborted('shutting_down'));
    const done = runTurns(log, turnId, this.deps, controller.signal).finally(() => this.runs.delete(id));
    this.runs.set(id, { log, conversationId, controller, after, done });
    return this.answer(log, conversationId, after);
  }

  private answer(segment: Segment, conversationId: string, after: number): Answer {
    return {
      executionId: segment.executionId,
      conversationId,
      events: readSegment(this.deps.store, segment, after),
    };
  }

  /** Whether it was this call that expired it. */
  private async expireLocked(id: string): Promise<boolean> {
    const execution = await this.deps.store.execution(id);
    if (execution === undefined || !isOverdue(execution, this.deps.clock())) return false;
    const failure = describeFailure(
      new RequestError('execution_expired', 'This answer waited too long for the page and has ended.', {
        hint: 'Send the message again.',
      }),
    );
    const event = errorEvent(failure, new Date(this.deps.clock()).toISOString());
    return this.closePaused(execution, NEVER_ARRIVED, expire, event);
  }

  /** Ends a paused execution, with a result for each of its calls. Whether nobody else was faster. */
  private async closePaused(
    execution: Execution,
    why: string,
    end: (execution: Execution) => Execution,
    event: EventBody,
  ): Promise<boolean> {
    const answered = answerPending(execution, why);
    const results = await this.resultsMessage(answered);
    const log = new EventLog(this.deps.store, execution);
    try {
      await log.commit({ execution: end(forgetTexts(answered)), events: [event], messages: [results] });
      return true;
    } catch (error) {
      if (error instanceof Superseded) return false;
      throw error;
    }
  }

  private async resultsMessage(execution: Execution): Promise<NewMessage> {
    const calls = openCalls(await this.deps.store.messages(execution.conversationId));
    return { clientId: null, message: { role: 'tool', results: resultsOf(execution, calls) } };
  }
}

function report({ origin, admitted, refused }: Admission, { tools }: Execution): readonly EventBody[] {
  if (admitted.length === 0 && refused.length === 0) return [];
  const modelNames = new Map(tools.map((tool) => [tool.canonicalName, tool.modelName]));
  const value: ClientToolsReport = {
    origin,
    admitted: admitted.map(({ tool, notes }) => ({
      name: tool.name,
      origin: tool.origin,
      modelName: modelNames.get(canonicalName(tool.origin, tool.name)) ?? '',
      notes: [...notes],
    })),
    refused: [...refused],
  };
  return [{ type: 'custom', name: CLIENT_TOOLS_EVENT, value }];
}

function asRequestError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  return new RequestError('store_unavailable', 'The server cannot reach its store.', {
    hint: 'Try again in a moment.',
    cause: error,
  });
}
