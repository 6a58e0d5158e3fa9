import type { EventBody } from '../../protocol/event.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { Execution, ResolvedCall, StartedCall } from '../store/store.ts';
import type { Observer } from '../telemetry/observer.ts';
import { toolTypeOf } from '../tools/child-receipt.ts';
import { runTool } from '../tools/run-tool.ts';
import { codeOfFailure } from '../tools/tool-error.ts';
import type { Variables } from '../tools/variables.ts';
import type { BoundCall } from './bound-tools.ts';
import { UNKNOWN_OUTCOME } from './ending.ts';
import { receiptOf } from './receipts.ts';
import type { AllowedCall } from './tool-call.ts';
import { hashOf } from './tool-output.ts';

/** A call of a server tool that has its result. */
export interface CallResult {
  readonly resolved: ResolvedCall;
  readonly event: EventBody;
  readonly receipt: Receipt;
}

export function toStarted(call: AllowedCall, startedAt: string): StartedCall {
  const { toolCallId, parameters, tool } = call;
  return { toolCallId, bareName: tool.bareName, modelName: tool.modelName, parameters, startedAt };
}

export function startEvent(call: StartedCall, { iteration, tools }: Execution): EventBody {
  const { toolCallId, bareName, modelName, parameters, startedAt } = call;
  const tool = tools.find((one) => one.modelName === modelName);
  return {
    type: 'tool_start',
    toolCallId,
    toolName: bareName,
    ...(tool === undefined ? {} : { toolType: toolTypeOf(tool) }),
    parameters,
    iteration,
    startedAt,
  };
}

export interface CallsOptions {
  /** `inside` is asked when the call runs. */
  readonly bind: (call: StartedCall, inside: () => Observer) => BoundCall;
  /** Of what the tools gave, before anybody reads it. */
  readonly scrub: Variables['scrub'];
  readonly signal: AbortSignal;
  readonly clock: () => number;
  /** For whoever runs the server: what a tool threw, or that it took too long. */
  readonly onError: (error: unknown) => void;
  readonly observer: Observer;
}

/**
 * Runs the started calls of an execution side by side and gives their results as they come. The caller has stored that
 * they begin. Throws the signal's reason, at once, when it aborts.
 */
export async function* runStarted(execution: Execution, options: CallsOptions): AsyncGenerator<CallResult> {
  const running = new Map(
    execution.started.map((call) => [call.toolCallId, runOne(execution, call, options)]),
  );
  const abort = abortOf(options.signal);
  try {
    while (running.size > 0) {
      const next = await Promise.race([...running.values(), abort.promise]);
      running.delete(next.resolved.toolCallId);
      yield next;
    }
  } finally {
    abort.forget();
  }
}

async function runOne(
  execution: Execution,
  call: StartedCall,
  { bind, scrub, signal, clock, onError, observer }: CallsOptions,
): Promise<CallResult> {
  const { id: executionId, conversationId, seq } = execution;
  const { toolCallId, bareName } = call;
  let inside = observer;
  const { offered, tool } = bind(call, () => inside);
  const toolType = offered === undefined ? 'unknown' : toolTypeOf(offered);
  const watch = observer.tool({ tool: offered?.canonicalName ?? bareName, toolType, toolCallId });
  inside = watch.inner;
  const began = clock();
  let errorCode: string | undefined = tool === undefined ? 'tool_not_found' : undefined;
  const given =
    tool === undefined
      ? { text: `There is no tool "${bareName}" any more.`, isError: true }
      : await runTool(tool, call, {
          scrub,
          signal,
          executionId,
          conversationId,
          onError(error) {
            errorCode = codeOfFailure(error);
            onError(error);
          },
        });
  watch.end({ isError: given.isError, errorCode: signal.aborted ? 'cancelled' : errorCode });
  return resultOf(execution, call, given, { seq, tookMs: clock() - began, at: clock() });
}

/** What stands in place of a result that was lost with the process that waited for it. */
export function unknownOutcome(execution: Execution, call: StartedCall, nowMs: number): CallResult {
  const { toolCallId, bareName, modelName } = call;
  const end = { outcome: 'unknown', text: UNKNOWN_OUTCOME, atMs: nowMs } as const;
  return {
    resolved: {
      toolCallId,
      bareName,
      modelName,
      text: UNKNOWN_OUTCOME,
      isError: true,
      hash: '',
      acceptedSeq: execution.seq,
    },
    receipt: receiptOf(execution, call, end),
    event: {
      type: 'tool_complete',
      toolCallId,
      toolName: bareName,
      success: false,
      error: UNKNOWN_OUTCOME,
      completedAt: new Date(nowMs).toISOString(),
    },
  };
}

function resultOf(
  execution: Execution,
  call: StartedCall,
  { text, isError }: { readonly text: string; readonly isError: boolean },
  { seq, tookMs, at }: { readonly seq: number; readonly tookMs: number; readonly at: number },
): CallResult {
  const { toolCallId, bareName, modelName } = call;
  const outcome = isError ? 'error' : 'success';
  return {
    // A hash marks it as somebody else's words: what a tool fetched is data and not an instruction.
    resolved: { toolCallId, bareName, modelName, text, isError, hash: hashOf(text), acceptedSeq: seq },
    receipt: receiptOf(execution, call, { outcome, text, atMs: at }),
    event: {
      type: 'tool_complete',
      toolCallId,
      toolName: bareName,
      success: !isError,
      ...(isError ? { error: text } : { result: text }),
      executionTime: Math.max(0, tookMs),
      completedAt: new Date(at).toISOString(),
    },
  };
}

/** Rejects with the signal's reason. The signal lives as long as the run, so each turn takes its listener away again. */
function abortOf(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  let forget = () => {};
  const promise = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    forget = () => signal.removeEventListener('abort', abort);
  });
  // It may abort while the caller stores a result and nobody listens.
  promise.catch(() => undefined);
  return { promise, forget };
}
