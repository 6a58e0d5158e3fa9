import { errorOutput, type ToolOutput, textOutput } from '../../protocol/output.ts';
import type { WidgetEvents } from '../options.ts';
import { type ApprovalRules, approvalFor } from '../tools/approval.ts';
import type { PageCallOutcome, PageTool, PageTools, Snapshot } from '../tools/page-tools.ts';
import type { Decision } from './chat.ts';
import type { Clock } from './clock.ts';
import { resultText } from './reading.ts';
import type { LocalEvent } from './reduce.ts';
import type { ApprovedBy, ToolCallState } from './state.ts';
import type { CallProgress } from './turn-record.ts';

/** A call that the model made and the server handed to this side. */
export interface PendingCall {
  /** Of its card. */
  readonly id: string;
  /** Unique beyond its execution: what keeps it from running twice. */
  readonly runId: string;
  /** Under which the server expects the output. */
  readonly key: string;
  /** Bare. */
  readonly name: string;
  readonly isPageCall: boolean;
  readonly input: unknown;
}

export interface PageCallsOptions {
  readonly pageTools: PageTools | undefined;
  readonly rules: () => Omit<ApprovalRules, 'remembered'>;
  readonly apply: (event: LocalEvent) => void;
  readonly report: (call: WidgetEvents['call']) => void;
  readonly clock: Clock;
}

/** Answers calls: checks, asks, runs, and leaves a receipt. Every call ends in an output that the model can read. */
export interface PageCalls {
  /** `reached` is how far an earlier page came with it; `onReach` is awaited before it goes further. */
  answer(
    call: PendingCall,
    reached: CallProgress,
    offered: Snapshot,
    signal: AbortSignal,
    onReach: (progress: CallProgress) => Promise<void>,
  ): Promise<unknown>;
  /** What was allowed for the conversation is no longer. */
  leave(): void;
  /** The visitor's answer. Ignored unless the call waits for one. */
  decide(id: string, decision: Decision): void;
}

/** How long a page that is being left may take to go, in milliseconds. */
const LONGEST_LEAVING_MS = 5_000;

interface Question {
  readonly tool: PageTool;
  readonly canRemember: boolean;
  readonly answer: (decision: Decision) => void;
}

export function createPageCalls({ pageTools, rules, apply, report, clock }: PageCallsOptions): PageCalls {
  const remembered = new Set<string>();
  const questions = new Map<string, Question>();

  function change(id: string, changes: Extract<LocalEvent, { type: 'call_changed' }>['changes']) {
    apply({ type: 'call_changed', id, changes });
  }

  function end(call: PendingCall, outcome: WidgetEvents['call']['outcome'], approvedBy?: ApprovedBy) {
    change(call.id, { approvedBy, state: stateAfter(outcome) });
    report({ toolCallId: call.id, name: call.name, input: call.input, approvedBy, outcome });
  }

  function refuse(call: PendingCall): ToolOutput {
    const output = errorOutput(`This chat has no tool named "${call.name}".`);
    end(call, { status: 'refused', reason: 'not_offered', output });
    return output;
  }

  /** A call that another page began. It is not begun again: what it did there, it did. */
  function endLeft(call: PendingCall, reached: 'started' | 'navigating'): ToolOutput {
    if (reached === 'navigating') {
      const output = textOutput(
        `The tool led to the page ${location.pathname} (“${document.title}”). What it did shows there.`,
      );
      end(call, { status: 'navigated', output, durationMs: 0 });
      return output;
    }
    const output = errorOutput(
      'The page was reloaded or left while this ran. Whether it finished is unknown: see what it did before calling ' +
        'it again.',
    );
    change(call.id, { state: { status: 'unknown' } });
    report({
      toolCallId: call.id,
      name: call.name,
      input: call.input,
      approvedBy: undefined,
      outcome: { status: 'cancelled', output, durationMs: 0 },
    });
    return output;
  }

  async function answer(...[call, reached, offered, signal, onReach]: Parameters<PageCalls['answer']>) {
    if (reached.status === 'answered') return reached.output;
    if (reached.status !== 'asked') return endLeft(call, reached.status);
    if (pageTools === undefined || !call.isPageCall) return refuse(call);
    const pageCall = { toolCallId: call.runId, name: call.name, input: call.input };
    const checked = await pageTools.check(pageCall, offered);
    if ('status' in checked) {
      end(call, checked);
      return checked.output;
    }
    const { tool } = checked;
    change(call.id, {
      title: tool.title || tool.name,
      description: tool.description,
      pageOrigin: tool.pageOrigin,
    });
    const approvedBy = await approval(call, tool, signal);
    if (signal.aborted) {
      // Not declined: nobody decided. What stands there was closed with the turn.
      const output = errorOutput('The turn ended before the visitor decided. This call was not run.');
      const { id: toolCallId, name, input } = call;
      const outcome = { status: 'cancelled', output, durationMs: 0 } as const;
      report({ toolCallId, name, input, approvedBy: undefined, outcome });
      return output;
    }
    if (approvedBy === undefined) {
      end(call, { status: 'declined' });
      return errorOutput('The visitor declined this call. It was not run.');
    }
    // The question is answered at once, however long it takes to keep that the call begins.
    change(call.id, { approvedBy, state: { status: 'requested' } });
    await onReach({ status: 'started' });
    if (signal.aborted) return errorOutput('The turn was stopped. This call was not run.');
    change(call.id, { approvedBy, state: { status: 'running', startedAtMs: clock.now() } });
    const outcome = await pageTools.run(pageCall, offered, signal);
    if (outcome.status === 'navigated') {
      await onReach({ status: 'navigating' });
      await leaving(signal);
    }
    end(call, outcome, approvedBy);
    return outcome.output;
  }

  /** The next page tells what the call led to. Should this one stay, it says so itself. */
  function leaving(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      clock.after(LONGEST_LEAVING_MS, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Who let the call run; `undefined` if nobody did. */
  async function approval(
    call: PendingCall,
    tool: PageTool,
    signal: AbortSignal,
  ): Promise<ApprovedBy | undefined> {
    const verdict = approvalFor(tool, { ...rules(), remembered });
    if (!verdict.ask) return verdict.approvedBy;
    const { canRemember } = verdict;
    const decision = await new Promise<Decision>((resolve) => {
      const leave = () => settle('decline');
      const settle = (given: Decision) => {
        questions.delete(call.id);
        signal.removeEventListener('abort', leave);
        resolve(given);
      };
      questions.set(call.id, { tool, canRemember, answer: settle });
      signal.addEventListener('abort', leave);
      if (signal.aborted) leave();
      else change(call.id, { state: { status: 'approval', canRemember } });
    });
    if (decision === 'decline') return undefined;
    return decision === 'always' ? 'visitor_always' : 'visitor_once';
  }

  return {
    answer,
    leave: () => remembered.clear(),
    decide(id, decision) {
      const question = questions.get(id);
      if (question === undefined) return;
      if (decision !== 'always' || !question.canRemember) {
        question.answer(decision === 'decline' ? 'decline' : 'once');
        return;
      }
      const { fingerprint } = question.tool;
      remembered.add(fingerprint);
      // Calls of the same tool that wait beside it are what the visitor just allowed, too.
      for (const other of [...questions.values()]) {
        if (other.canRemember && other.tool.fingerprint === fingerprint) other.answer('always');
      }
    },
  };
}

function stateAfter(outcome: PageCallOutcome | { readonly status: 'declined' }): ToolCallState {
  switch (outcome.status) {
    case 'declined':
      return { status: 'declined' };
    case 'refused':
      return { status: 'refused', reason: outcome.reason, detail: resultText(outcome.output) };
    case 'cancelled':
      return { status: 'cancelled', reason: 'stopped', detail: resultText(outcome.output) };
    case 'timed_out':
      return { status: 'failed', result: resultText(outcome.output), durationMs: outcome.durationMs };
    case 'navigated':
      return { status: 'done', result: resultText(outcome.output), durationMs: outcome.durationMs };
    default:
      return { status: outcome.status, result: resultText(outcome.output), durationMs: outcome.durationMs };
  }
}
