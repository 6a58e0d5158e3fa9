import { type Flowing, isFlowing, lastIndex, replaced, sealed, sealedAt } from './closing.ts';
import type { AssistantPart, ToolCallPart } from './state.ts';

type Parts = readonly AssistantPart[];

/** Opens a text or a thought. Ends whatever was still flowing: blocks do not nest. */
export function opened(parts: Parts, kind: Flowing['kind'], id: string, role?: 'error'): Parts {
  const part = { kind, id: unused(parts, id), text: '', streaming: true } as Flowing;
  return [...sealed(parts), role === undefined ? part : ({ ...part, role } as Flowing)];
}

/**
 * Appends to the text that flows under this id; opens one where the server did not. The last text goes on if it was
 * closed while the line was down.
 */
export function appended(parts: Parts, kind: Flowing['kind'], id: string, delta: string): Parts {
  const part = parts[flowingIndex(parts, kind, id)] ?? closedLast(parts, kind, id);
  const index = part === undefined ? -1 : parts.indexOf(part);
  if (part?.kind !== 'text' && part?.kind !== 'reasoning')
    return appended(opened(parts, kind, id), kind, id, delta);
  return replaced(parts, index, { ...part, text: part.text + delta, streaming: true });
}

/** Takes texts and thoughts back. */
export function without(parts: Parts, ids: readonly unknown[]): Parts {
  const isTaken = (part: AssistantPart) => 'text' in part && ids.includes(wireId(part.id));
  return parts.some(isTaken) ? parts.filter((part) => !isTaken(part)) : parts;
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

/** Whether a delta of this id has a text to go to. */
export function isFlowingAs(parts: Parts, kind: Flowing['kind'], id: string): boolean {
  return flowingIndex(parts, kind, id) >= 0 || closedLast(parts, kind, id) !== undefined;
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

function closedLast(parts: Parts, kind: Flowing['kind'], id: string): AssistantPart | undefined {
  const last = parts.at(-1);
  return last?.kind === kind && wireId(last.id) === id ? last : undefined;
}

function flowingIndex(parts: Parts, kind: Flowing['kind'], id: string): number {
  return lastIndex(parts, (part) => part.kind === kind && isFlowing(part) && wireId(part.id) === id);
}

function toolIndex(parts: Parts, id: string): number {
  return lastIndex(parts, (part) => part.kind === 'tool' && part.id === id);
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
