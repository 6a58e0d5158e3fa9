import type { EventBody, StopReason } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { SUGGEST_TOOL } from '../../protocol/tool.ts';
import { ModelError, type ModelMessage, type ModelStopReason, type ModelToolCall } from '../models/model.ts';
import type { Execution, StartedCall, StoredMessage } from '../store/store.ts';
import type { Observer } from '../telemetry/observer.ts';
import type { Attachments } from './attachments.ts';
import { bindCall } from './bound-tools.ts';
import type { DeskDeps } from './dispatcher.ts';
import { type Ending, endingOf, totalTokens } from './ending.ts';
import { type EventLog, Superseded } from './event-log.ts';
import {
  countCalls,
  end,
  isExhausted,
  pause,
  requestApprovals,
  resolveStarted,
  resultsOf,
  startCalls,
} from './execution.ts';
import { describeFailure, RunAborted } from './failure.ts';
import {
  finalOutput,
  kindOf,
  messagesForModel,
  nextStep,
  showsWords,
  stepComplete,
  stepStarted,
  visibleMessages,
} from './flow-run.ts';
import { callIds, positionAfter } from './history.ts';
import { afterCalls, nextTurn, turnEnd } from './next-boundary.ts';
import { childReceipts, refusalReceipt } from './receipts.ts';
import { RunLedger } from './run-ledger.ts';
import { runStarted, startEvent, toStarted } from './server-calls.ts';
import {
  isClientCall,
  type JudgedCall,
  judgeCalls,
  needsApproval,
  pauseEvents,
  refusalEvents,
  toApproval,
  toPending,
  toResolved,
} from './tool-call.ts';
import { toModelTool } from './toolset.ts';
import { askModel, type ModelAnswer, TurnWriter } from './turn.ts';

export interface TurnOptions {
  readonly signal: AbortSignal;
  readonly attachments: Attachments;
  /** Whether the next boundary is the last one in this process. */
  readonly mustYield: () => boolean;
  readonly observer: Observer;
}

/**
 * Takes turns until the execution pauses or ends, beginning with the one that is open. Never rejects: every failure
 * becomes visible in the log, and where the log itself fails, its readers hear of it. Resolves to the code of what it
 * failed of.
 */
export async function runTurns(
  log: EventLog,
  deps: DeskDeps,
  options: TurnOptions,
): Promise<string | undefined> {
  let goesOn = true;
  let errorCode: string | undefined;
  while (goesOn && !options.mustYield()) {
    const turn: Turn = new Turn(log, deps, options);
    goesOn = await turn.take();
    errorCode = turn.errorCode;
  }
  log.end();
  return errorCode;
}

class Turn {
  /** Of what it failed of. */
  errorCode: string | undefined;
  private readonly observer: Observer;
  private readonly log: EventLog;
  private readonly deps: DeskDeps;
  private readonly signal: AbortSignal;
  private readonly attachments: Attachments;
  private readonly writer: TurnWriter;
  private readonly isShown: boolean;
  private readonly ledger: RunLedger;

  constructor(log: EventLog, deps: DeskDeps, { signal, attachments, observer }: TurnOptions) {
    this.log = log;
    this.deps = deps;
    this.signal = signal;
    this.attachments = attachments;
    this.observer = observer;
    this.ledger = new RunLedger(log.execution);
    this.isShown = showsWords(log.execution);
    this.writer = new TurnWriter(log, deps.newId, {
      wantedTextId: log.execution.assistantMessageId,
      isShown: this.isShown,
    });
  }

  /** Whether the next turn is open then. If not, the execution has paused or ended, or is somebody else's. */
  async take(): Promise<boolean> {
    try {
      // Taken over from a process that had begun calls: the model has had its say.
      if (this.log.execution.started.length > 0) return await this.settleCalls();
      const stored = await this.deps.store.messages(this.log.execution.conversationId);
      const answer = await this.ask(stored);
      if (answer.tokens !== undefined) this.ledger.tokens(answer.tokens.input, answer.tokens.output);
      if (answer.calls.length === 0) return await this.finish(stored, answer);
      return await this.call(stored, answer);
    } catch (error) {
      await this.endBadly(error);
      return false;
    }
  }

  private async ask(stored: readonly StoredMessage[]): Promise<ModelAnswer> {
    const { execution } = this.log;
    const mustAnswer = isExhausted(execution);
    const mayCall = !mustAnswer && execution.maxToolCalls > 0;
    const { messages, giveBack } = await this.attachments.attach(
      await messagesForModel(execution, stored),
      this.signal,
    );
    const watch = this.observer.model({ model: execution.agent.model, iteration: execution.iteration });
    const answer = await askModel(
      this.deps.model(execution.agent.model),
      {
        instructions: execution.agent.instructions,
        messages,
        tools: mayCall ? execution.tools.map(toModelTool) : [],
      },
      this.writer,
      this.signal,
    )
      .catch((error: unknown) => {
        watch.end({ errorCode: error instanceof RunAborted ? 'cancelled' : describeFailure(error).code });
        throw error;
      })
      .finally(giveBack);
    watch.end({ stopReason: answer.reason, tokens: answer.tokens });
    // It was told that no call is left. What it calls all the same goes nowhere, or it could go on for ever.
    return mustAnswer ? { ...answer, calls: [] } : answer;
  }

  private async finish(stored: readonly StoredMessage[], answer: ModelAnswer): Promise<boolean> {
    const { execution } = this.log;
    const hasWords = this.writer.text.trim() !== '';
    if (!hasWords && !needsNoWords(execution, visibleMessages(execution, stored)))
      throw emptyAnswer(answer.reason);
    const stopReason = isExhausted(execution) ? 'max_tool_calls' : STOP_REASONS[answer.reason];
    const messages = hasWords && this.isShown ? [this.assistantMessage([])] : [];
    const { text } = this.writer;
    const ended = [this.turnComplete(stopReason), ...stepComplete(execution, text, stopReason)];
    const entered = nextStep(this.spent(), text, {
      stepStart: positionAfter(stored) + messages.length,
      newId: this.deps.newId,
    });
    if (entered !== undefined) {
      const next = nextTurn(entered, this.deps);
      const events = [...ended, ...stepStarted(entered), next.event];
      await this.log.commit({ execution: next.execution, events, messages });
      return true;
    }
    const spent = end(this.spent(), 'complete');
    await this.log.commit({
      execution: { ...spent, stopReason },
      events: [
        ...ended,
        {
          type: 'execution_complete',
          kind: kindOf(execution),
          success: true,
          stopReason,
          completedAt: this.now(),
          ...finalOutput(execution, text),
          ...totalTokens(spent),
          iterations: execution.iteration,
          durationMs: Math.max(0, this.deps.clock() - execution.createdAtMs),
        },
      ],
      messages,
    });
    return false;
  }

  private async call(stored: readonly StoredMessage[], answer: ModelAnswer): Promise<boolean> {
    const before = this.log.execution;
    const judged = judgeCalls(before, answer.calls, {
      taken: callIds(stored),
      newId: () => this.deps.newId(ID_PREFIX.toolCall),
    });
    const execution = countCalls(this.spent(), judged.length);
    const refused = judged.filter((call) => 'problem' in call);
    const allowed = judged.filter((call) => 'tool' in call);
    const at = this.now();
    const servers = allowed.filter((call) => !isClientCall(call));
    const started = servers.filter((call) => !needsApproval(call)).map((call) => toStarted(call, at));
    const approvals = servers
      .filter(needsApproval)
      .map((call) => toApproval(call, this.deps.newId(ID_PREFIX.approval), at));
    const pending = allowed.filter(isClientCall).map((call) => toPending(call, at));
    const refusals = refused.flatMap((call) => refusalEvents(call, execution.iteration, at));
    const answered = refused.map((call) => toResolved(call, execution.seq));
    const receipts = refused.map((call) => refusalReceipt(execution, call, Date.parse(at)));
    const messages = [this.assistantMessage(judged.map(asHistory))];
    if (started.length > 0) {
      const calling = startCalls(resolveStarted(execution, answered), started, pending);
      const starts = started.map((call) => startEvent(call, execution));
      const events = [...refusals, ...starts];
      await this.log.commit({
        execution: requestApprovals(calling, approvals),
        events,
        messages,
        receipts,
      });
      return this.settleCalls();
    }
    if (pending.length + approvals.length > 0) {
      const asking = requestApprovals(execution, approvals);
      const paused = pause(asking, pending, answered, this.deps.clock());
      const events = [...refusals, ...pauseEvents(paused)];
      await this.log.commit({ execution: paused, events, messages, receipts });
      return false;
    }
    const settled = resolveStarted(execution, answered);
    const results = resultsOf(settled, judged.map(asHistory));
    const next = nextTurn(settled, this.deps);
    await this.log.commit({
      execution: next.execution,
      events: [...refusals, this.turnComplete(undefined), next.event],
      messages: [...messages, { clientId: null, message: { role: 'tool', results } }],
      receipts,
    });
    return true;
  }

  /** Runs what has been started. Each result is stored as it comes, the last one together with what follows from it. */
  private async settleCalls(): Promise<boolean> {
    const { id: executionId } = this.log.execution;
    const options = {
      bind: (call: StartedCall, inside: () => Observer) =>
        bindCall(this.log.execution, call, this.deps, { ledger: this.ledger, inside }),
      scrub: <Value>(value: Value) => this.log.scrub(value),
      signal: this.signal,
      clock: this.deps.clock,
      observer: this.observer,
      onError: (err: unknown) => this.deps.log.warn({ err, executionId }, 'A server tool failed'),
    };
    for await (const { resolved, event, receipt } of runStarted(this.log.execution, options)) {
      const execution = this.ledger.enter(resolveStarted(this.log.execution, [resolved]));
      const children = childReceipts(execution, this.ledger.takeCalls(), this.deps.newId);
      const ended = { events: [event], receipts: [receipt, ...children] };
      if (execution.started.length > 0) await this.log.commit({ execution, messages: [], ...ended });
      else await this.log.commit(await afterCalls(execution, ended, this.ledger.ofTurn(), this.deps));
    }
    return this.log.execution.status === 'running';
  }

  /** Ends the execution visibly. What earlier turns did is kept; of this one only what the visitor broke into. */
  private async endBadly(error: unknown): Promise<void> {
    const { execution } = this.log;
    const fields = { err: error, executionId: execution.id, model: execution.agent.model };
    if (error instanceof Superseded || (error instanceof RunAborted && error.why === 'lost')) {
      this.deps.log.warn(fields, 'A run stopped because its execution was moved on elsewhere');
      return;
    }
    if (error instanceof RunAborted && error.why === 'handover') return;
    const ending: Ending =
      error instanceof RunAborted
        ? { kind: error.why === 'cancelled' ? 'cancelled' : 'overtaken' }
        : { kind: 'failed', failure: describeFailure(error) };
    if (ending.kind === 'failed') {
      this.errorCode = ending.failure.code;
      this.deps.log.error(fields, 'A run failed');
    }
    try {
      this.writer.seal();
      const { firstTextId: textId } = this.writer;
      const text = this.isShown ? this.writer.text : '';
      const words = { closing: [], text, textId, tokens: this.ledger.ofTurn() };
      await this.log.commit(await endingOf(this.spent(), ending, words, this.deps));
    } catch (second) {
      this.deps.log.error({ ...fields, err: second }, 'The end of a run could not be stored');
    }
  }

  /** The state without the id that the client wanted for its first text, once a text has it. */
  private spent(): Execution {
    const execution = this.ledger.enter(this.log.execution);
    return this.writer.firstTextId === undefined ? execution : { ...execution, assistantMessageId: null };
  }

  private assistantMessage(toolCalls: readonly ModelToolCall[]): {
    clientId: string | null;
    message: ModelMessage;
  } {
    const { firstTextId } = this.writer;
    const text = this.isShown ? this.writer.text : '';
    return { clientId: firstTextId ?? null, message: { role: 'assistant', text, toolCalls } };
  }

  private turnComplete(stopReason: StopReason | undefined): EventBody {
    return turnEnd(this.log.execution, stopReason, this.ledger.ofTurn(), this.now());
  }

  private now(): string {
    return new Date(this.deps.clock()).toISOString();
  }
}

const STOP_REASONS: Readonly<Record<ModelStopReason, StopReason>> = {
  end_turn: 'end_turn',
  // It said that it would call something and called nothing.
  tool_calls: 'end_turn',
  length: 'length',
  content_filter: 'content_filter',
  unknown: 'unknown',
};

function asHistory(call: JudgedCall): ModelToolCall {
  const bareName = 'tool' in call ? call.tool.bareName : call.refusedTool?.bareName;
  return {
    toolCallId: call.toolCallId,
    name: call.name,
    ...(bareName === undefined || bareName === call.name ? {} : { bareName }),
    input: call.parameters,
  };
}

/** Suggestions for the visitor's next message close an answer: after words and them, silence is the right end. */
function needsNoWords(execution: Execution, stored: readonly StoredMessage[]): boolean {
  const last = [...stored].reverse().find(({ message }) => message.role !== 'tool')?.message;
  if (last?.role !== 'assistant' || last.toolCalls.length === 0 || last.text.trim() === '') return false;
  const names = execution.tools
    .filter(({ origin, bareName }) => origin === 'sdk' && bareName === SUGGEST_TOOL)
    .map(({ modelName }) => modelName);
  return last.toolCalls.every(({ name }) => names.includes(name));
}

function emptyAnswer(reason: ModelStopReason): ModelError {
  if (reason === 'content_filter') {
    return new ModelError('model_refused', "The model's provider withheld the answer to this.", {
      hint: 'Put it in other words.',
    });
  }
  if (reason === 'length') {
    return new ModelError('model_failed', 'The model used up its length limit before it wrote an answer.', {
      hint: 'Ask for less at once.',
    });
  }
  return new ModelError('model_failed', 'The model gave an empty answer.', {
    hint: 'Send the message again.',
  });
}
