import { ID_PREFIX } from '../../protocol/ids.ts';
import type { Receipt } from '../store/receipt-store.ts';
import type { OfferedTool } from '../store/store.ts';
import { cut } from '../text.ts';
import type { ChildCall } from './toolbox.ts';

/** Characters of a result that its receipt keeps. */
export const RECEIPT_RESULT_CHARS = 1_000;

/** A tool type, `builtin`, `configured`, or the origin of a client tool. */
export function toolTypeOf({ origin, binding }: Pick<OfferedTool, 'origin' | 'binding'>): string {
  if (binding?.kind === 'defined') return binding.definition.toolType;
  if (binding?.kind === 'spawn_subagent') return 'subagent';
  if (binding !== undefined) return binding.kind;
  return origin === 'server' ? 'configured' : origin;
}

/** The record of a call that a child made, of the execution that it worked for. */
export function childReceipt(
  { tool, toolCallId, parentToolCallId, parameters, outcome, result, startedAtMs, durationMs }: ChildCall,
  execution: Pick<Receipt, 'workspace' | 'surfaceId' | 'executionId' | 'conversationId' | 'approvedBy'>,
  newId: (prefix: string) => string,
): Receipt {
  return {
    id: newId(ID_PREFIX.receipt),
    ...execution,
    toolCallId,
    parentToolCallId,
    tool: tool.canonicalName,
    toolType: toolTypeOf(tool),
    pageOrigin: null,
    parameters,
    outcome,
    result: cut(result, RECEIPT_RESULT_CHARS, '…'),
    startedAtMs,
    durationMs,
  };
}
