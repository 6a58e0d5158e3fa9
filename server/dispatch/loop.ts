import type { EventBody, StopReason } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { SUGGEST_TOOL } from '../../protocol/tool.ts';
import { ModelError, type ModelMessage, type ModelStopReason, type ModelToolCall } from '../models/model.ts';
import type { Execution, StoredMessage } from '../store/store.ts';
import type { DispatchDeps } from './dispatcher.ts';
import { type EventLog, Superseded } from './event-log.ts';
import {
  beginTurn,
  complete,
  countCalls,
  fail,
  forgetTexts,
  isExhausted,
  pause,
  resultsOf,
} from './execution.ts';
import { describeFailure, errorEvent, RunAborted, visibleError } from './failure.ts';
import { callIds, toModelMessages } from './history.ts';
import {
  awaitEvent,
  type JudgedCall,
  judgeCalls,
  refusalEvents,
  toPending,
  toResolved,
} from './tool-call.ts';
import { toModelTool } from './toolset.ts';
import { askModel, type ModelAnswer, TurnWriter } from './turn.ts';

/**
 * Starts the next turn of a running execution in a boundary of its own or of somebody else's: the state and the
 * event belong into the same commit.
 */
export function openTurn(
  execution: Execution,
  deps: DispatchDeps,
): { execution: Execution; turnId: string; event: EventBody } {
  const turnId = deps.newId(ID_PREFIX.turn);
  const next = beginTurn(execution);
  return {
    execution: next,
    turnId,
    event: { type: 'turn_start', id: turnId, iteration: next.iteration, role: 'assistant' },
  };
}

/**
 * Takes turns until the execution pauses or ends. The turn `turnId` is open already. Never rejects: every failure
 * becomes visible in the log, and where the log itself fails, its readers hear of it.
 */
export async function runTurns(
  log: EventLog,
  turnId: string,
  deps: DispatchDeps,
  signal: AbortSignal,
): Promise<void> {
  let openTurnId: string | undefined = turnId;
  while (openTurnId !== undefined) {
    const turn: Turn = new Turn(log, openTurnId, deps, signal);
    openTurnId = await turn.take();
  }
  log.end();
}

class Turn {
  private readonly log: EventLog;
  private readonly id: string;
  private readonly deps: DispatchDeps;
  private readonly signal: AbortSignal;
  private readonly writer: TurnWriter;

  constructor(log: EventLog, id: string, deps: DispatchDeps, signal: AbortSignal) {
    this.log = log;
    this.id = id;
    this.deps = deps;
    this.signal = signal;
    this.writer = new TurnWriter(log, deps.newId, log.execution.assistantMessageId);
  }

  /** Resolves to the id of the next turn, which is open then, or to nothing when the execution pauses or ends. */
  async take(): Promise<string | undefined> {
    try {
      const stored = await this.deps.store.messages(this.log.execution.conversationId);
      const answer = await this.ask(stored);
      if (answer.calls.length === 0) return await this.finish(stored, answer);
      return await this.call(stored, answer);
    } catch (error) {
      await this.endBadly(error);
      return undefined;
    }
  }

  private async ask(stored: readonly StoredMessage[]): Promise<ModelAnswer> {
    const { execution } = this.log;
    const mustAnswer = isExhausted(execution);
    const mayCall = !mustAnswer && execution.maxToolCalls > 0;
    const answer = await askModel(
      this.deps.model(execution.agent.model),
      {
        instructions: execution.agent.instructions,
        messages: toModelMessages(stored),
        tools: mayCall ? execution.tools.map(toModelTool) : [],
      },
      this.writer,
      this.signal,
    );
    // It was told that no call is left. What it calls all the same goes nowhere, or it could go on for ever.
    return mustAnswer ? { ...answer, calls: [] } : answer;
  }

  private async finish(stored: readonly StoredMessage[], answer: ModelAnswer): Promise<undefined> {
    const { execution } = this.log;
    const hasWords = this.writer.text.trim() !== '';
    if (!hasWords && !needsNoWords(execution, stored)) throw emptyAnswer(answer.reason);
    const stopReason = isExhausted(execution) ? 'max_tool_calls' : STOP_REASONS[answer.reason];
    const completedAt = this.now();
    await this.log.commit({
      execution: complete(this.spent()),
      events: [
        this.turnComplete(stopReason, answer.tokens),
        {
          type: 'execution_complete',
          kind: 'agent',
          success: true,
          stopReason,
          completedAt,
          iterations: execution.iteration,
          durationMs: Math.max(0, this.deps.clock() - execution.createdAtMs),
        },
      ],
      messages: hasWords ? [this.assistantMessage([])] : [],
    });
  }

  private async call(stored: readonly StoredMessage[], answer: ModelAnswer): Promise<string | undefined> {
    const before = this.log.execution;
    const judged = judgeCalls(before, answer.calls, {
      taken: callIds(stored),
      newId: () => this.deps.newId(ID_PREFIX.toolCall),
    });
    const execution = countCalls(this.spent(), judged.length);
    const refused = judged.filter((call) => 'problem' in call);
    const refusals = refused.flatMap((call) => refusalEvents(call, execution.iteration, this.now()));
    const answered = refused.map((call) => toResolved(call, execution.seq));
    const assistant = this.assistantMessage(judged.map(asHistory));
    const awaitedAt = this.now();
    const pending = judged.flatMap((call) => ('tool' in call ? [toPending(call, awaitedAt)] : []));
    if (pending.length > 0) {
      await this.log.commit({
        execution: pause(execution, pending, answered, this.deps.clock()),
        events: [...refusals, ...pending.map(awaitEvent)],
        messages: [assistant],
      });
      return undefined;
    }
    const settled = { ...execution, resolved: [...execution.resolved, ...answered] };
    const results = resultsOf(settled, judged.map(asHistory));
    const next = openTurn(forgetTexts(settled), this.deps);
    await this.log.commit({
      execution: next.execution,
      events: [...refusals, this.turnComplete(undefined, answer.tokens), next.event],
      messages: [assistant, { clientId: null, message: { role: 'tool', results } }],
    });
    return next.turnId;
  }

  /** Ends the execution visibly. What earlier turns did is kept; of this one only what the visitor broke into. */
  private async endBadly(error: unknown): Promise<void> {
    const { execution } = this.log;
    const fields = { err: error, executionId: execution.id, model: execution.agent.model };
    if (error instanceof Superseded) {
      this.deps.log.warn(fields, 'A run stopped because its execution was moved on elsewhere');
      return;
    }
    const isOvertaken = error instanceof RunAborted && error.why === 'overtaken';
    try {
      this.writer.seal();
      await (isOvertaken ? this.giveWay() : this.endWithError(error));
    } catch (second) {
      this.deps.log.error({ ...fields, err: second }, 'The end of a run could not be stored');
    }
    if (!isOvertaken) this.deps.log.error(fields, 'A run failed');
  }

  private async giveWay(): Promise<void> {
    await this.log.commit({
      execution: fail(this.spent()),
      events: [this.turnComplete('unknown', undefined), overtakenEvent(this.now())],
      messages: this.writer.text.trim() === '' ? [] : [this.assistantMessage([])],
    });
  }

  private async endWithError(error: unknown): Promise<void> {
    const failure = describeFailure(error);
    await this.log.commit({
      execution: fail(this.spent()),
      events: [
        ...visibleError(failure, this.deps.newId(ID_PREFIX.text)),
        this.turnComplete('error', undefined),
        errorEvent(failure, this.now()),
      ],
      messages: [],
    });
  }

  /** The state without the id that the client wanted for its first text, once a text has it. */
  private spent(): Execution {
    const { execution } = this.log;
    return this.writer.firstTextId === undefined ? execution : { ...execution, assistantMessageId: null };
  }

  private assistantMessage(toolCalls: readonly ModelToolCall[]): {
    clientId: string | null;
    message: ModelMessage;
  } {
    const { text, firstTextId } = this.writer;
    return { clientId: firstTextId ?? null, message: { role: 'assistant', text, toolCalls } };
  }

  private turnComplete(stopReason: StopReason | undefined, tokens: ModelAnswer['tokens']): EventBody {
    return {
      type: 'turn_complete',
      id: this.id,
      iteration: this.log.execution.iteration,
      // Left out where the turn only hands over to the next: a widget would show it as the end.
      ...(stopReason === undefined ? {} : { stopReason }),
      ...(tokens === undefined ? {} : { tokens }),
      completedAt: this.now(),
    };
  }

  private now(): string {
    return new Date(this.deps.clock()).toISOString();
  }
}

/** The last word of an execution that a new message overtook. It is no error: the visitor has gone on. */
export function overtakenEvent(completedAt: string): EventBody {
  return { type: 'execution_complete', kind: 'agent', success: false, stopReason: 'unknown', completedAt };
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
  return { toolCallId: call.toolCallId, name: call.name, input: call.parameters };
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
