import type { EventType, StreamEvent } from './event.ts';

/** One event as a frame: `id`, `event`, `data`, LF only, and the blank line that clients of this wire wait for. */
export function encodeEvent(event: StreamEvent): string {
  return `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Keys of an event that must be strings for the event to mean anything. Checked against the schemas by the compiler. */
type StringKeys<E> = { [K in keyof E]-?: E[K] extends string ? K : never }[keyof E];
type Required = {
  [T in EventType]: readonly Exclude<
    StringKeys<Extract<StreamEvent, { type: T }>>,
    'type' | 'executionId' | 'kind'
  >[];
};

const REQUIRED: Required = {
  execution_start: [],
  execution_complete: [],
  execution_error: [],
  turn_start: ['id'],
  turn_complete: ['id'],
  text_start: ['id'],
  text_delta: ['id', 'delta'],
  text_complete: ['id'],
  reasoning_start: ['id'],
  reasoning_delta: ['id', 'delta'],
  reasoning_complete: ['id'],
  tool_start: ['toolCallId', 'toolName'],
  tool_input_delta: ['toolCallId', 'delta'],
  tool_input_complete: ['toolCallId'],
  tool_output_delta: ['toolCallId', 'delta'],
  tool_complete: ['toolCallId'],
  await: [],
  approval_start: ['approvalId', 'toolName'],
  approval_complete: ['approvalId', 'decision'],
  step_start: [],
  step_skip: [],
  step_complete: [],
  media_start: ['id'],
  media_delta: ['id', 'delta'],
  media_complete: ['id'],
  artifact_start: ['id', 'artifactType'],
  artifact_delta: ['id', 'delta'],
  artifact_update: ['id'],
  artifact_complete: ['id'],
  transcript_insert: [],
  source: [],
  state_snapshot: [],
  state_delta: [],
  custom: ['name'],
  error: [],
  ping: [],
};

/**
 * Reads the `data` of one frame, leniently: unknown fields pass, unknown events and broken frames give `undefined`.
 * Parsing with the schemas would cost every visitor the schema library; optional fields are therefore not checked
 * here, and readers treat them as untrusted. `fallbackType` is the frame's `event:` line, for servers that leave
 * `type` out of the data.
 */
export function decodeEvent(data: string, fallbackType?: string): StreamEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    // A frame that a proxy damaged costs that frame, not the stream.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Record<string, unknown>;
  const type = typeof fields.type === 'string' ? fields.type : fallbackType;
  if (type === undefined || !Object.hasOwn(REQUIRED, type)) return undefined;
  const required: readonly string[] = REQUIRED[type as EventType];
  if (!required.every((key) => typeof fields[key] === 'string')) return undefined;
  return { ...fields, type } as StreamEvent;
}
