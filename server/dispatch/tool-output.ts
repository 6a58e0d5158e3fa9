import { createHash } from 'node:crypto';
import { ASK_TOOL } from '../../protocol/tool.ts';
import { RequestError } from '../errors.ts';
import { isRecord } from '../is-record.ts';
import type { Execution, PendingCall, ResolvedCall } from '../store/store.ts';
import { cut } from '../text.ts';
import { readOutput } from '../tools/read-output.ts';
import { canonicalName } from './toolset.ts';

/** What the outputs of one resume mean for an execution. */
export interface MatchedOutputs {
  /** For calls that wait. */
  readonly accepted: readonly ResolvedCall[];
  /** Calls that got exactly this output before. */
  readonly repeated: readonly ResolvedCall[];
}

/**
 * Finds the call of each output: by `toolCallId`, else by the bare or prefixed tool name while only one pending call
 * has it. All or nothing: throws `RequestError` `unknown_tool_output`, `ambiguous_tool_output`, `already_resolved`
 * or `execution_not_awaiting` when one of them has no place.
 */
export function matchOutputs(
  execution: Execution,
  outputs: Readonly<Record<string, unknown>>,
): MatchedOutputs {
  const entries = Object.entries(outputs);
  if (entries.length === 0) {
    throw new RequestError('invalid_request', '`toolOutputs` is empty.', { hint: whatIsPending(execution) });
  }
  const accepted = new Map<string, ResolvedCall>();
  const repeated: ResolvedCall[] = [];
  for (const [key, value] of entries) {
    const hash = hashOf(value);
    const pending = pendingCall(execution, key);
    if (pending === undefined) {
      repeated.push(repeatedCall(execution, key, hash));
      continue;
    }
    if ((accepted.get(pending.toolCallId)?.hash ?? hash) !== hash) {
      throw new RequestError(
        'ambiguous_tool_output',
        `Two different outputs came for one call, \`${key}\`.`,
        {
          hint: 'Send one output for each `toolCallId`.',
        },
      );
    }
    accepted.set(pending.toolCallId, resolve(execution, pending, value, hash));
  }
  return { accepted: [...accepted.values()], repeated };
}

function resolve(execution: Execution, call: PendingCall, value: unknown, hash: string): ResolvedCall {
  const { toolCallId, bareName, modelName, origin } = call;
  return {
    toolCallId,
    bareName,
    modelName,
    ...readOutput(value),
    hash,
    // Only the widget's own question: told that this is data and not the user's, a model would disregard the answer.
    isVisitors: origin === 'sdk' && bareName === ASK_TOOL,
    acceptedSeq: execution.seq,
  };
}

function pendingCall({ pending }: Execution, key: string): PendingCall | undefined {
  const byId = pending.find(({ toolCallId }) => toolCallId === key);
  if (byId !== undefined) return byId;
  const byName = pending.filter(
    ({ origin, bareName }) => key === bareName || key === canonicalName(origin, bareName),
  );
  if (byName.length > 1) {
    throw new RequestError('ambiguous_tool_output', `${byName.length} pending calls are named \`${key}\`.`, {
      hint: `Key the outputs by toolCallId: ${byName.map(({ toolCallId }) => toolCallId).join(', ')}.`,
    });
  }
  return byName[0];
}

function repeatedCall(execution: Execution, key: string, hash: string): ResolvedCall {
  const byId = execution.resolved.filter(({ toolCallId }) => toolCallId === key);
  const named = execution.resolved.filter(
    ({ bareName }) => key === bareName || key === canonicalName('webmcp', bareName),
  );
  const candidates = byId.length > 0 ? byId : named;
  const same = [...candidates].reverse().find((call) => call.hash === hash);
  if (same !== undefined) return same;
  if (candidates.some((call) => call.hash !== '') || (candidates.length > 0 && isOpen(execution))) {
    throw new RequestError('already_resolved', `The call \`${key}\` has another output already.`, {
      hint: 'An output counts once. To change course, send a message.',
    });
  }
  if (!isOpen(execution)) {
    throw new RequestError('execution_not_awaiting', 'This execution waits for no tool output.', {
      hint: 'It has ended, or the visitor went on without it.',
    });
  }
  throw new RequestError(
    'unknown_tool_output',
    `No pending call has the id or name \`${cut(key, 200, '…')}\`.`,
    {
      hint: whatIsPending(execution),
    },
  );
}

function isOpen({ status }: Execution): boolean {
  return status === 'awaiting';
}

function whatIsPending({ pending }: Execution): string {
  if (pending.length === 0) return 'No call is pending.';
  const calls = pending.map(({ toolCallId, bareName }) => `${toolCallId} (${bareName})`);
  return `Pending: ${calls.join(', ')}.`;
}

/** Equal for outputs that mean the same, whatever order their keys came in. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)) ?? 'undefined')
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sorted(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
