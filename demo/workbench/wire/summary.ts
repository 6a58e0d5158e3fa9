import { type StreamEvent, SUPERSEDED_EVENT, Superseded } from '../../../protocol/event.ts';
import type { SeenEvent } from './recorder.ts';

/** What an event says, in one line beside its type. */
export function summaryOf(event: StreamEvent): string {
  switch (event.type) {
    case 'text_delta':
    case 'reasoning_delta':
    case 'tool_input_delta':
    case 'tool_output_delta':
      return JSON.stringify(event.delta);
    case 'tool_start':
      return `${event.toolName} ${JSON.stringify(event.parameters ?? {})}`;
    case 'await':
      return `${event.toolName ?? event.awaitReason ?? ''} ${JSON.stringify(event.parameters ?? {})}`;
    case 'tool_complete':
      return `${event.toolName ?? event.toolCallId}: ${event.success ? 'success' : (event.error ?? 'failed')}`;
    case 'turn_start':
      return event.iteration === undefined ? '' : `iteration ${event.iteration}`;
    case 'turn_complete':
      return event.stopReason ?? '';
    case 'execution_complete':
      return [event.stopReason, event.endedBy && `ended by ${event.endedBy}`].filter(Boolean).join(', ');
    case 'execution_error':
    case 'error':
      return typeof event.error === 'string' ? event.error : `${event.error.code}: ${event.error.message}`;
    case 'custom':
      return event.name === SUPERSEDED_EVENT ? `${event.name} ${takenBack(event.value)}` : event.name;
    default:
      return '';
  }
}

function takenBack(value: unknown): string {
  const read = Superseded.safeParse(value);
  return read.success ? `${read.data.turnId}: ${read.data.blockIds.join(', ')}` : '';
}

/** Neighbours of one kind of delta, taken together: one answer is hundreds of them. */
export interface Run {
  readonly events: readonly SeenEvent[];
  readonly type: StreamEvent['type'];
}

export function runsOf(events: readonly SeenEvent[]): readonly Run[] {
  const runs: { type: StreamEvent['type']; events: SeenEvent[] }[] = [];
  for (const seen of events) {
    const last = runs.at(-1);
    if (last?.type === seen.event.type && seen.event.type.endsWith('_delta')) last.events.push(seen);
    else runs.push({ type: seen.event.type, events: [seen] });
  }
  return runs;
}

/** The text that a run of deltas spells. */
export function textOf(run: Run): string {
  return run.events
    .map(({ event }) => ('delta' in event && typeof event.delta === 'string' ? event.delta : ''))
    .join('');
}
