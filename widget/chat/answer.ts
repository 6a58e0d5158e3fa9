import type { EventOf, StreamEvent, SUPERSEDED_EVENT } from '../../protocol/event.ts';
import { isOpenCall, lastIndex, noticed, replaced, sealed } from './closing.ts';
import { partsAfterMedia } from './media-parts.ts';
import { callsOnHold, type HeldCall } from './on-hold.ts';
import { isOwnTool } from './own-tool-input.ts';
import { appended, ended, isFlowingAs, opened, toolOf, without, withTool } from './parts.ts';
import { fieldsOf, listOf, numberOf, resultText, textOf } from './reading.ts';
import type { AssistantPart, ToolCallPart, ToolCallState } from './state.ts';

type Parts = readonly AssistantPart[];

/** Written again, because a value of the schemas' file would bring the schema library into the page. */
const SUPERSEDED: typeof SUPERSEDED_EVENT = 'pagehand.superseded';

/** The parts of an answer after an event of its stream. */
export function partsAfter(parts: Parts, event: StreamEvent, nowMs: number): Parts {
  const next = partsAfterEvent(parts, event, nowMs);
  return next === parts ? parts : timed(parts, next, nowMs);
}

/** Says of thoughts when they began and how long they took. */
function timed(before: Parts, parts: Parts, nowMs: number): Parts {
  const index = lastIndex(parts, ({ kind }) => kind === 'reasoning');
  const part = parts[index];
  if (part?.kind !== 'reasoning' || part === before[index]) return parts;
  const { startedAtMs } = part;
  if (startedAtMs === undefined) return replaced(parts, index, { ...part, startedAtMs: nowMs });
  return part.streaming ? parts : replaced(parts, index, { ...part, durationMs: nowMs - startedAtMs });
}

function partsAfterEvent(parts: Parts, event: StreamEvent, nowMs: number): Parts {
  switch (event.type) {
    case 'turn_start':
      return callsOnHold(parts).reduce(
        (rest, call) => withTool(rest, { ...call, state: passedOver(call) }),
        sealed(parts),
      );
    case 'turn_complete':
      return event.stopReason === 'length' || event.stopReason === 'content_filter'
        ? noticed(sealed(parts), event.stopReason)
        : sealed(parts);
    case 'text_start':
      if (event.parentToolCallId !== undefined) return parts;
      return opened(parts, 'text', event.id, event.role === 'error' ? 'error' : undefined);
    case 'text_delta':
      if (event.parentToolCallId !== undefined) return withOutput(parts, event.parentToolCallId, event.delta);
      return appended(parts, 'text', event.id, event.delta);
    case 'text_complete':
      if (event.parentToolCallId !== undefined) return parts;
      return ended(parts, 'text', event.id, textOf(event.text));
    case 'reasoning_start':
      return event.hidden === true || event.parentToolCallId !== undefined
        ? parts
        : opened(parts, 'reasoning', event.id);
    case 'reasoning_delta':
      // A thought that was announced as hidden was never opened.
      return isFlowingAs(parts, 'reasoning', event.id)
        ? appended(parts, 'reasoning', event.id, event.delta)
        : parts;
    case 'reasoning_complete':
      return event.parentToolCallId !== undefined
        ? parts
        : ended(parts, 'reasoning', event.id, textOf(event.text));
    case 'tool_start':
    case 'tool_input_complete':
    case 'tool_output_delta':
    case 'tool_complete':
    case 'await':
      return partsAfterCall(parts, event, nowMs);
    case 'approval_start': {
      const { approvalId } = event;
      const timeoutMs = numberOf(event.timeout);
      return withTool(parts, {
        ...aCall(textOf(event.toolCallId) ?? approvalId, event.toolName, event.parameters, 'server'),
        description: textOf(event.description) ?? textOf(event.reason) ?? '',
        state: { status: 'on_hold', approvalId, untilMs: timeoutMs && nowMs + timeoutMs },
      });
    }
    case 'approval_complete':
      return afterDecision(parts, event);
    case 'custom':
      return event.name === SUPERSEDED ? without(parts, listOf(fieldsOf(event.value).blockIds)) : parts;
    default:
      return partsAfterMedia(parts, event);
  }
}

type CallEvent = EventOf<
  'tool_start' | 'tool_input_complete' | 'tool_output_delta' | 'tool_complete' | 'await'
>;

function partsAfterCall(parts: Parts, event: CallEvent, nowMs: number): Parts {
  switch (event.type) {
    case 'tool_start': {
      // Shows as the piece of work that it makes.
      if (event.toolName.startsWith('emit_artifact_')) return parts;
      const isPage = event.origin === 'webmcp' || event.toolName.startsWith('webmcp:');
      const isOwn = !isPage && isOwnTool(event.toolName);
      const runsIn = isPage ? 'page' : isOwn ? 'widget' : 'server';
      const call = aCall(event.toolCallId, event.toolName, event.parameters, runsIn);
      const earlier = toolOf(parts, call.id);
      const wasHeld = earlier?.approvedBy === 'operator' || earlier?.state.status === 'on_hold';
      if (earlier !== undefined && !(wasHeld && isOpenCall(earlier))) return parts;
      if (isPage || isOwn) return withTool(parts, call);
      const approvedBy = wasHeld ? 'operator' : 'server';
      return withTool(parts, { ...call, approvedBy, state: { status: 'running', startedAtMs: nowMs } });
    }
    case 'tool_input_complete': {
      const call = toolOf(parts, event.toolCallId);
      return call === undefined || event.parameters === undefined
        ? parts
        : withTool(parts, { ...call, input: event.parameters });
    }
    case 'tool_output_delta':
      return withOutput(parts, event.toolCallId, event.delta);
    case 'tool_complete':
      return afterTool(parts, event);
    case 'await': {
      const name = textOf(event.toolName);
      const id = textOf(event.toolCallId) ?? textOf(event.toolId) ?? name ?? 'question';
      const earlier = toolOf(parts, id);
      if (earlier !== undefined && !isOpenCall(earlier)) return parts;
      if (name !== undefined) {
        const isOwn = event.origin !== 'webmcp' && isOwnTool(name);
        // Asked again with the outputs of others: the question goes on standing.
        if (isOwn && earlier?.state.status === 'asking') return parts;
        const call = aCall(id, name, event.parameters ?? earlier?.input, isOwn ? 'widget' : 'page');
        return withTool(parts, {
          ...call,
          pageOrigin: textOf(event.pageOrigin) ?? '',
          // Told again after a break: who allowed it stays known.
          approvedBy: earlier?.approvedBy,
        });
      }
      return withTool(parts, {
        ...aCall(id, textOf(event.awaitReason) ?? 'question', event.elicitation, 'server'),
        state: {
          status: 'refused',
          reason: 'unanswerable',
        },
      });
    }
  }
}

/** A result that the server reports. What this side has a receipt for stays as it is. */
function afterTool(parts: Parts, event: EventOf<'tool_complete'>): Parts {
  const name = textOf(event.toolName);
  const call =
    toolOf(parts, event.toolCallId) ??
    (name === undefined ? undefined : aCall(event.toolCallId, name, undefined, 'server'));
  // Of its own tool the server knows better than a chat that lost the line.
  const isOpen = call !== undefined && (isOpenCall(call) || isLost(call));
  if (!isOpen) return parts;
  const error = textOf(event.error);
  const isFailure = event.success === false || error !== undefined || fieldsOf(event.result).isError === true;
  return withTool(parts, {
    ...call,
    state: {
      status: isFailure ? 'failed' : 'done',
      result: error ?? (resultText(event.result) || (call.output ?? '')),
      durationMs: numberOf(event.executionTime),
    },
  });
}

function isLost({ runsIn, state }: ToolCallPart): boolean {
  return runsIn === 'server' && state.status === 'cancelled';
}

/**
 * A call whose turn went on without a word of the decision: it fell while an answer of this side was on its way. One
 * that had run would have been heard of by its own id.
 */
function passedOver({ id, state }: HeldCall): ToolCallState {
  return id === state.approvalId ? { status: 'requested' } : { status: 'refused', reason: 'denied' };
}

function afterDecision(parts: Parts, event: EventOf<'approval_complete'>): Parts {
  const call = callsOnHold(parts).find(({ state }) => state.approvalId === event.approvalId);
  if (call === undefined) return parts;
  switch (event.decision) {
    case 'approved':
      return withTool(parts, { ...call, approvedBy: 'operator', state: { status: 'requested' } });
    case 'denied':
      return withTool(parts, { ...call, state: { status: 'refused', reason: 'denied' } });
    case 'timeout':
      return withTool(parts, { ...call, state: { status: 'refused', reason: 'undecided' } });
    default:
      return parts;
  }
}

function withOutput(parts: Parts, id: string, delta: string): Parts {
  const call = toolOf(parts, id);
  return call === undefined ? parts : withTool(parts, { ...call, output: (call.output ?? '') + delta });
}

function aCall(id: string, wireName: string, input: unknown, runsIn: ToolCallPart['runsIn']): ToolCallPart {
  const name = wireName.replace(/^webmcp:/, '');
  return {
    kind: 'tool',
    id,
    name,
    title: runsIn === 'server' ? inWords(name) : name,
    description: '',
    runsIn,
    pageOrigin: '',
    input,
    approvedBy: undefined,
    state: { status: 'requested' },
  };
}

/** `find_slots` and `mcp:linear:find-slots` as “Find slots”. The server's tools have no titles; the details show the name. */
function inWords(name: string): string {
  const words = name
    .slice(name.lastIndexOf(':') + 1)
    .replace(/[_-]+/g, ' ')
    .trim();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}
