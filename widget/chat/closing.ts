import type {
  AssistantPart,
  CancelledReason,
  NoticePart,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolCallState,
} from './state.ts';

type Parts = readonly AssistantPart[];

/** A text or a thought: blocks that do not nest. */
export type Flowing = TextPart | ReasoningPart;

/** Ends all that is open in an answer, for a reason that calls give as theirs. */
export function closed(parts: Parts, reason: CancelledReason): Parts {
  return withCallsClosed(sealed(parts), () => ({ status: 'cancelled', reason }));
}

/** Says something about the turn, once. */
export function noticed(parts: Parts, notice: NoticePart['notice']): Parts {
  const id = `notice-${notice}`;
  return parts.some((part) => part.id === id) ? parts : [...parts, { kind: 'notice', id, notice }];
}

/** Ends what was open in an answer whose page is gone and whose turn does not go on. */
export function abandoned(parts: Parts): Parts {
  return withCallsClosed(sealed(parts), (call) =>
    call.state.status === 'running' && call.runsIn === 'page'
      ? { status: 'unknown' }
      : { status: 'cancelled', reason: 'page_left' },
  );
}

/** Ends the text that still flows, if one does. */
export function sealed(parts: Parts): Parts {
  const index = lastIndex(parts, isFlowing);
  const part = parts[index];
  return part !== undefined && isFlowing(part) ? sealedAt(parts, index, part) : parts;
}

export function sealedAt(parts: Parts, index: number, part: Flowing): Parts {
  if (part.text.trim() === '') return parts.filter((_, other) => other !== index);
  return replaced(parts, index, { ...part, streaming: false });
}

/** Ends every call that has not ended, and what else was still coming. */
function withCallsClosed(parts: Parts, close: (call: ToolCallPart) => ToolCallState): Parts {
  const isComing = (part: AssistantPart) =>
    (part.kind === 'artifact' || part.kind === 'media') && part.streaming;
  if (!parts.some((part) => isOpenCall(part) || isComing(part))) return parts;
  return parts.map((part) => {
    if (isOpenCall(part)) return { ...part, state: close(part) };
    return isComing(part) ? ({ ...part, streaming: false } as AssistantPart) : part;
  });
}

export function isOpenCall(part: AssistantPart): part is ToolCallPart {
  return part.kind === 'tool' && /^(?:requested|approval|asking|on_hold|running)$/.test(part.state.status);
}

export function isFlowing(part: AssistantPart): part is Flowing {
  return (part.kind === 'text' || part.kind === 'reasoning') && part.streaming;
}

export function replaced(parts: Parts, index: number, part: AssistantPart): Parts {
  const copy = [...parts];
  copy[index] = part;
  return copy;
}

export function lastIndex(parts: Parts, test: (part: AssistantPart) => boolean): number {
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    const part = parts[index];
    if (part !== undefined && test(part)) return index;
  }
  return -1;
}
