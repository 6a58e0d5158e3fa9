import type { EventBody, StopReason } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { SUGGEST_TOOL } from '../../protocol/tool.ts';
import { ModelError, type ModelStopReason, type ModelToolCall } from '../models/model.ts';
import type { Execution, NewMessage, StoredMessage } from '../store/store.ts';
import type { DeskDeps } from './dispatcher.ts';
import { totalTokens } from './ending.ts';
import type { Boundary } from './event-log.ts';
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
import { finalOutput, kindOf, nextStep, stepComplete, stepStarted, visibleMessages } from './flow-run.ts';
import { callIds, positionAfter } from './history.ts';
import { nextTurn, turnEnd } from './next-boundary.ts';
import { refusalReceipt } from './receipts.ts';
import { startEvent, toStarted } from './server-calls.ts';
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
import type { ModelAnswer } from './turn.ts';

type Deps = Pick<DeskDeps, 'clock' | 'newId'>;

/** What a model has said in a turn. */
export interface Said extends ModelAnswer {
  /** With what the turn cost. */
  readonly execution: Execution;
  /** All of its words, `''` for none. */
  readonly text: string;
  /** Of the first text that was shown. */
  readonly textId: string | undefined;
  /** Whether its words are for the visitor, and not for later steps alone. */
  readonly isShown: boolean;
}

/**
 * The boundary behind a model's answer. Calls: those of the server begin, for others and for approvals the execution
 * pauses, and where none of them is allowed the model hears why in its next turn. Words: the next step of a flow, or the
 * end. Throws `ModelError` for an answer with neither.
 */
export function afterAnswer(said: Said, stored: readonly StoredMessage[], deps: Deps): Boundary {
  return said.calls.length > 0 ? afterModelCalls(said, stored, deps) : afterWords(said, stored, deps);
}

function afterWords(said: Said, stored: readonly StoredMessage[], deps: Deps): Boundary {
  const { execution, text, isShown, reason } = said;
  const hasWords = text.trim() !== '';
  if (!hasWords && !needsNoWords(execution, visibleMessages(execution, stored))) throw emptyAnswer(reason);
  const stopReason = isExhausted(execution) ? 'max_tool_calls' : STOP_REASONS[reason];
  const messages = hasWords && isShown ? [assistantMessage(said, [])] : [];
  const ended = [turnComplete(said, stopReason, deps), ...stepComplete(execution, text, stopReason)];
  const stepStart = positionAfter(stored) + messages.length;
  const entered = nextStep(execution, text, { stepStart, newId: deps.newId });
  if (entered !== undefined) {
    const next = nextTurn(entered, deps);
    return { execution: next.execution, events: [...ended, ...stepStarted(entered), next.event], messages };
  }
  return {
    execution: { ...end(execution, 'complete'), stopReason },
    events: [
      ...ended,
      {
        type: 'execution_complete',
        kind: kindOf(execution),
        success: true,
        stopReason,
        completedAt: now(deps),
        ...finalOutput(execution, text),
        ...totalTokens(execution),
        iterations: execution.iteration,
        durationMs: Math.max(0, deps.clock() - execution.createdAtMs),
      },
    ],
    messages,
  };
}

function afterModelCalls(said: Said, stored: readonly StoredMessage[], deps: Deps): Boundary {
  const judged = judgeCalls(said.execution, said.calls, {
    taken: callIds(stored),
    newId: () => deps.newId(ID_PREFIX.toolCall),
  });
  const execution = countCalls(said.execution, judged.length);
  const at = now(deps);
  const refused = judged.filter((call) => 'problem' in call);
  const allowed = judged.filter((call) => 'tool' in call);
  const servers = allowed.filter((call) => !isClientCall(call));
  const started = servers.filter((call) => !needsApproval(call)).map((call) => toStarted(call, at));
  const approvals = servers
    .filter(needsApproval)
    .map((call) => toApproval(call, deps.newId(ID_PREFIX.approval), at));
  const pending = allowed.filter(isClientCall).map((call) => toPending(call, at));
  const refusals = refused.flatMap((call) => refusalEvents(call, execution.iteration, at));
  const answered = refused.map((call) => toResolved(call, execution.seq));
  const receipts = refused.map((call) => refusalReceipt(execution, call, Date.parse(at)));
  const calls = judged.map(asHistory);
  const messages = [assistantMessage(said, calls)];
  if (started.length > 0) {
    const calling = startCalls(resolveStarted(execution, answered), started, pending);
    const starts = started.map((call) => startEvent(call, execution));
    return {
      execution: requestApprovals(calling, approvals),
      events: [...refusals, ...starts],
      messages,
      receipts,
    };
  }
  if (pending.length + approvals.length > 0) {
    const paused = pause(requestApprovals(execution, approvals), pending, answered, deps.clock());
    return { execution: paused, events: [...refusals, ...pauseEvents(paused)], messages, receipts };
  }
  const settled = resolveStarted(execution, answered);
  const next = nextTurn(settled, deps);
  return {
    execution: next.execution,
    events: [...refusals, turnComplete(said, undefined, deps), next.event],
    messages: [
      ...messages,
      { clientId: null, message: { role: 'tool', results: resultsOf(settled, calls) } },
    ],
    receipts,
  };
}

const STOP_REASONS: Readonly<Record<ModelStopReason, StopReason>> = {
  end_turn: 'end_turn',
  // It said that it would call something and called nothing.
  tool_calls: 'end_turn',
  length: 'length',
  content_filter: 'content_filter',
  unknown: 'unknown',
};

function turnComplete(
  { execution, tokens }: Said,
  stopReason: StopReason | undefined,
  deps: Deps,
): EventBody {
  return turnEnd(execution, stopReason, tokens, now(deps));
}

function assistantMessage({ text, textId, isShown }: Said, toolCalls: readonly ModelToolCall[]): NewMessage {
  return { clientId: textId ?? null, message: { role: 'assistant', text: isShown ? text : '', toolCalls } };
}

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

function now({ clock }: Deps): string {
  return new Date(clock()).toISOString();
}
