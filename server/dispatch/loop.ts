import type { Execution, StartedCall, StoredMessage } from '../store/store.ts';
import type { Observer } from '../telemetry/observer.ts';
import { afterAnswer, type Said } from './answer-boundary.ts';
import type { Attachments } from './attachments.ts';
import { bindCall } from './bound-tools.ts';
import type { DeskDeps } from './dispatcher.ts';
import { type Ending, endingOf } from './ending.ts';
import { type EventLog, Superseded } from './event-log.ts';
import { isExhausted, openApprovals, resolveStarted } from './execution.ts';
import { describeFailure, RunAborted } from './failure.ts';
import { messagesForModel, showsWords } from './flow-run.ts';
import { afterCalls } from './next-boundary.ts';
import { childReceipts } from './receipts.ts';
import { RunLedger } from './run-ledger.ts';
import { runStarted } from './server-calls.ts';
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
  if (errorCode === undefined) tellOperator(log.execution, deps);
  return errorCode;
}

/** Who dispatches with an API key reads of approvals in the answer. Of a visitor's, only the log tells who may decide. */
function tellOperator(execution: Execution, { log }: DeskDeps): void {
  if (execution.status !== 'awaiting' || execution.owner.kind !== 'client_token') return;
  const { id: executionId, workspace, surfaceId } = execution;
  for (const { approvalId, bareName: tool } of openApprovals(execution)) {
    const fields = { executionId, approvalId, tool, workspace, surfaceId };
    log.warn(fields, 'A call of a visitor waits for an approval: POST /v1/dispatch/approve decides');
  }
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
      await this.log.commit(afterAnswer(this.said(answer), stored, this.deps));
      return await this.settleCalls();
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

  private said({ calls, reason }: ModelAnswer): Said {
    const { text, firstTextId: textId } = this.writer;
    return {
      execution: this.spent(),
      calls,
      reason,
      text,
      textId,
      isShown: this.isShown,
      tokens: this.ledger.ofTurn(),
    };
  }

  /** The state without the id that the client wanted for its first text, once a text has it. */
  private spent(): Execution {
    const execution = this.ledger.enter(this.log.execution);
    return this.writer.firstTextId === undefined ? execution : { ...execution, assistantMessageId: null };
  }
}
