import type { AssistantPart, ToolCallPart, ToolCallState } from './state.ts';

type Parts = readonly AssistantPart[];

/** A text or a thought: what deltas can reach. */
type Flowing = Extract<AssistantPart, { streaming: boolean }>;

/** Opens a text or a thought. Ends whatever was still flowing: blocks do not nest. */
export function opened(parts: Parts, kind: Flowing['kind'], id: string, role?: 'error'): Parts {
  const part = { kind, id: unused(parts, id), text: '', streaming: true };
  return [...sealed(parts), role === undefined ? part : { ...part, role }];
}

/** Appends to the text that flows under this id; opens one where the server did not. */
export function appended(parts: Parts, kind: Flowing['kind'], id: string, delta: string): Parts {
  const index = flowingIndex(parts, kind, id);
  const part = parts[index];
  if (part === undefined || !isFlowing(part)) return appended(opened(parts, kind, id), kind, id, delta);
  return replaced(parts, index, { ...part, text: part.text + delta });
}

/** Ends a text. `whole` counts if no delta came; a text that stayed blank goes. */
export function ended(parts: Parts, kind: Flowing['kind'], id: string, whole: string | undefined): Parts {
  const index = flowingIndex(parts, kind, id);
  const part = parts[index];
  if (part === undefined || !isFlowing(part)) {
    const isKnown = parts.some((other) => other.kind === kind && wireId(other.id) === id);
    return isKnown || whole === undefined ? parts : sealed(appended(parts, kind, id, whole));
  }
  return sealedAt(parts, index, part.text === '' && whole !== undefined ? { ...part, text: whole } : part);
}

export function isFlowingAs(parts: Parts, kind: Flowing['kind'], id: string): boolean {
  return flowingIndex(parts, kind, id) >= 0;
}

/** Ends the text that still flows, if one does. */
export function sealed(parts: Parts): Parts {
  const index = lastIndex(parts, isFlowing);
  const part = parts[index];
  return part !== undefined && isFlowing(part) ? sealedAt(parts, index, part) : parts;
}

export function toolOf(parts: Parts, id: string): ToolCallPart | undefined {
  const part = parts[toolIndex(parts, id)];
  return part?.kind === 'tool' ? part : undefined;
}

/** Puts a call in the place of the one with its id, else at the end. */
export function withTool(parts: Parts, tool: ToolCallPart): Parts {
  const index = toolIndex(parts, tool.id);
  return index < 0 ? [...sealed(parts), tool] : replaced(parts, index, tool);
}

/** Ends every call that has not ended. */
export function withCallsClosed(parts: Parts, close: (call: ToolCallPart) => ToolCallState): Parts {
  if (!parts.some(isOpenCall)) return parts;
  return parts.map((part) => (isOpenCall(part) ? { ...part, state: close(part) } : part));
}

export function isOpenCall(part: AssistantPart): part is ToolCallPart {
  return part.kind === 'tool' && ['requested', 'approval', 'running'].includes(part.state.status);
}

function isFlowing(part: AssistantPart): part is Flowing {
  return 'streaming' in part && part.streaming;
}

function sealedAt(parts: Parts, index: number, part: Flowing): Parts {
  if (part.text.trim() === '') return parts.filter((_, other) => other !== index);
  return replaced(parts, index, { ...part, streaming: false });
}

function replaced(parts: Parts, index: number, part: AssistantPart): Parts {
  const copy = [...parts];
  copy[index] = part;
  return copy;
}

function flowingIndex(parts: Parts, kind: Flowing['kind'], id: string): number {
  return lastIndex(parts, (part) => part.kind === kind && isFlowing(part) && wireId(part.id) === id);
}

function toolIndex(parts: Parts, id: string): number {
  return lastIndex(parts, (part) => part.kind === 'tool' && part.id === id);
}

function lastIndex(parts: Parts, test: (part: AssistantPart) => boolean): number {
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    const part = parts[index];
    if (part !== undefined && test(part)) return index;
  }
  return -1;
}

/** A control character: no id on the wire may have one. */
const MARK = '\u001f';

/** Servers may use one id for several texts of an answer; a view needs them apart. */
function unused(parts: Parts, id: string): string {
  const used = parts.filter((part) => wireId(part.id) === id).length;
  return used === 0 ? id : `${id}${MARK}${used}`;
}

function wireId(id: string): string {
  return id.split(MARK, 1)[0] ?? id;
}
