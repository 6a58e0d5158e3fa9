import { CLIENT_TOOLS_EVENT, type ClientToolsReport, type EventBody } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { ConfigError } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import type { Admission } from '../policy.ts';
import { type Execution, type StoredMessage, StoreError } from '../store/store.ts';
import type { Answer, DispatchDeps, Dispatcher, ResumeExecution, StartRequest } from './dispatcher.ts';
import { EventLog, pastSegment, readSegment, type Segment, Superseded } from './event-log.ts';
import {
  complete,
  expired,
  forgetTexts,
  isOverdue,
  newExecution,
  replaceTools,
  resolveCalls,
} from './execution.ts';
import { type Plan, planStart } from './history.ts';
import { keyedLock } from './keyed-lock.ts';
import { openTurn } from './loop.ts';
import { closeOrphan } from './orphan.ts';
import { expireOverdue, overtake, resultsMessage } from './pause.ts';
import { Runs } from './runs.ts';
import { awaitEvent } from './tool-call.ts';
import { matchOutputs } from './tool-output.ts';
import { canonicalName, offerTools } from './toolset.ts';

/** Somebody else may move an execution on between a read and a write; so often is tried again. */
const MAX_ATTEMPTS = 5;

/** Paused executions that one sweep takes at a time. */
const SWEEP_PAGE = 100;

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  return new LoopDispatcher(deps);
}

class LoopDispatcher implements Dispatcher {
  private readonly deps: DispatchDeps;
  private readonly runs: Runs;
  /** One request at a time changes a conversation; the turns themselves run outside of it. */
  private readonly lock = keyedLock();
  private readonly requests = new Set<Promise<unknown>>();
  private isClosing = false;

  constructor(deps: DispatchDeps) {
    this.deps = deps;
    this.runs = new Runs(deps);
  }

  start(request: StartRequest): Promise<Answer> {
    return this.accept(request.conversationId, () => this.startLocked(request));
  }

  async resume(request: ResumeExecution): Promise<Answer> {
    const { conversationId } = await this.owned(request).catch(rethrow);
    return this.accept(conversationId, async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const answer = await this.resumeLocked(request, await this.owned(request));
        if (answer !== undefined) return answer;
      }
      throw conflict('Others keep changing this execution.');
    });
  }

  async expireOverdue(): Promise<void> {
    for (;;) {
      const overdue = await this.deps.store.overdueExecutions(this.deps.clock(), SWEEP_PAGE);
      const expirations = overdue.map(({ id, conversationId }) =>
        this.lock(conversationId, () => expireOverdue(id, this.deps)),
      );
      // What could not be expired would come again for ever.
      if (!(await Promise.all(expirations)).includes(true)) return;
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
    this.runs.stopAll();
    await this.settled();
  }

  private async settled(): Promise<void> {
    await Promise.allSettled(this.requests);
    await this.runs.settled();
  }

  private accept(conversationId: string, task: () => Promise<Answer>): Promise<Answer> {
    const request = this.lock(conversationId, async () => {
      if (!this.isClosing) return task();
      throw new RequestError('shutting_down', 'The server is restarting.', {
        hint: 'Try again in a moment.',
      });
    });
    this.requests.add(request);
    const forget = () => this.requests.delete(request);
    request.then(forget, forget);
    return request.catch(rethrow);
  }

  private async startLocked(request: StartRequest): Promise<Answer> {
    this.checkModel(request.agent.model);
    const { conversationId } = request;
    const stored = await this.deps.store.messages(conversationId);
    const plan = planStart(stored, request.messages);
    const run = this.runs.inConversation(conversationId);
    if (plan.kind === 'retry' && run !== undefined) return this.answer(run.log, conversationId, run.after);
    const log = this.newLog(request, stored);
    const starts = startEvents(log.execution, request.admission);
    await this.settleConversation(conversationId, plan.kind === 'new' ? 'new' : 'retry');
    if (plan.kind === 'answered') return this.answerAgain(log, starts, plan);
    const turn = openTurn(log.execution, this.deps);
    await log.create({
      execution: turn.execution,
      events: [...starts, turn.event],
      messages: plan.kind === 'new' ? plan.messages : [],
    });
    this.runs.launch(log, turn.turnId, 0);
    return this.answer(log, conversationId, 0);
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

  /** The stored answer as a new execution: the stream was lost on its way, and the visitor still waits for it. */
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
  private async settleConversation(conversationId: string, by: 'new' | 'retry'): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const open = await this.deps.store.openExecutions(conversationId);
      if (open.length === 0) return;
      for (const execution of open) {
        if (execution.status === 'awaiting') await overtake(execution, by, this.deps);
        else await this.runs.stop(execution, 'overtaken');
      }
    }
    throw conflict('Others keep starting answers in this conversation.');
  }

  /** 404 for what is somebody else's: that it exists is theirs to know. */
  private async owned({ executionId, owner, conversationId }: ResumeExecution): Promise<Execution> {
    const execution = await this.deps.store.execution(executionId);
    if (
      execution !== undefined &&
      execution.owner.kind === owner.kind &&
      execution.owner.hash === owner.hash &&
      (conversationId === null || conversationId === execution.conversationId)
    ) {
      return execution;
    }
    throw new RequestError('execution_not_found', 'There is no such execution.', {
      hint: 'Send the `executionId` of the `await` event, from the conversation that it came in.',
    });
  }

  /** Resolves to nothing when somebody else was faster; the state has to be read again then. */
  private async resumeLocked(request: ResumeExecution, execution: Execution): Promise<Answer | undefined> {
    if (execution.status === 'expired') throw expired();
    if (isOverdue(execution, this.deps.clock())) {
      await expireOverdue(execution.id, this.deps);
      throw expired();
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
      if (resolved.status === 'awaiting') await this.waitOn(log, resolved, reports);
      else await this.continue(log, resolved, reports, execution.seq);
    } catch (error) {
      if (error instanceof Superseded) return undefined;
      throw error;
    }
    return this.answer(log, execution.conversationId, execution.seq);
  }

  /** Keeps what came and asks again for the rest. */
  private async waitOn(log: EventLog, execution: Execution, reports: readonly EventBody[]): Promise<void> {
    await log.commit({ execution, events: [...reports, ...execution.pending.map(awaitEvent)], messages: [] });
    log.end();
  }

  private async continue(
    log: EventLog,
    execution: Execution,
    reports: readonly EventBody[],
    after: number,
  ): Promise<void> {
    const results = await resultsMessage(execution, this.deps);
    const turn = openTurn(forgetTexts(execution), this.deps);
    await log.commit({ execution: turn.execution, events: [turn.event, ...reports], messages: [results] });
    this.runs.launch(log, turn.turnId, after);
  }

  /** What followed when these outputs were accepted: from there to the next outputs, or to the end. */
  private async attach(execution: Execution, after: number): Promise<Answer> {
    const { id, conversationId, resolved } = execution;
    const laterSeqs = resolved
      .filter(({ hash, acceptedSeq }) => hash !== '' && acceptedSeq > after)
      .map(({ acceptedSeq }) => acceptedSeq);
    if (laterSeqs.length > 0) {
      return this.answer(pastSegment(id, Math.min(...laterSeqs)), conversationId, after);
    }
    const run = this.runs.of(id);
    if (run !== undefined) return this.answer(run.log, conversationId, after);
    if (execution.status === 'running') await closeOrphan(execution, this.deps);
    const { seq } = (await this.deps.store.execution(id)) ?? execution;
    return this.answer(pastSegment(id, seq), conversationId, after);
  }

  private answer(segment: Segment, conversationId: string, after: number): Answer {
    return {
      executionId: segment.executionId,
      conversationId,
      events: readSegment(this.deps.store, segment, after),
    };
  }
}

function startEvents(execution: Execution, admission: Admission): readonly EventBody[] {
  const { agent, conversationId, createdAtMs } = execution;
  const startedAt = new Date(createdAtMs).toISOString();
  return [
    {
      type: 'execution_start',
      kind: 'agent',
      agentId: agent.id,
      agentName: agent.name,
      startedAt,
      conversationId,
    },
    ...report(admission, execution),
  ];
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

function conflict(message: string): RequestError {
  return new RequestError('execution_conflict', message, { hint: 'Try again in a moment.' });
}

function rethrow(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  throw new RequestError('store_unavailable', 'The server cannot reach its store.', {
    hint: 'Try again in a moment.',
    cause: error,
  });
}
