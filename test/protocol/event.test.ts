import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { type EventBody, type EventType, isTerminal, StreamEvent } from '../../protocol/event.ts';
import { decodeEvent, encodeEvent } from '../../protocol/sse.ts';

/** One event of every type, each with all the fields that its meaning rests on. */
const SAMPLES: { [T in EventType]: Extract<EventBody, { type: T }> } = {
  execution_start: {
    type: 'execution_start',
    kind: 'agent',
    agentId: 'store',
    startedAt: '2026-01-02T03:04:05.000Z',
  },
  execution_complete: { type: 'execution_complete', kind: 'agent', success: true, stopReason: 'end_turn' },
  execution_error: {
    type: 'execution_error',
    error: { code: 'model_failed', message: 'The model gave no answer.' },
  },
  turn_start: { type: 'turn_start', id: 'turn_1', iteration: 1 },
  turn_complete: {
    type: 'turn_complete',
    id: 'turn_1',
    stopReason: 'end_turn',
    tokens: { input: 3, output: 4 },
  },
  text_start: { type: 'text_start', id: 'ast_1' },
  text_delta: { type: 'text_delta', id: 'ast_1', delta: 'Hello\n\n“world” 🌍' },
  text_complete: { type: 'text_complete', id: 'ast_1', text: 'Hello' },
  reasoning_start: { type: 'reasoning_start', id: 'r1', scope: 'turn' },
  reasoning_delta: { type: 'reasoning_delta', id: 'r1', delta: 'hm', sequenceIndex: 0 },
  reasoning_complete: { type: 'reasoning_complete', id: 'r1', text: 'hm' },
  tool_start: { type: 'tool_start', toolCallId: 'call_1', toolName: 'search', parameters: { q: 'mug' } },
  tool_input_delta: { type: 'tool_input_delta', toolCallId: 'call_1', delta: '{"q"' },
  tool_input_complete: { type: 'tool_input_complete', toolCallId: 'call_1', parameters: {} },
  tool_output_delta: { type: 'tool_output_delta', toolCallId: 'call_1', delta: 'x' },
  tool_complete: { type: 'tool_complete', toolCallId: 'call_1', success: false, error: 'no' },
  await: {
    type: 'await',
    toolName: 'search',
    toolCallId: 'call_1',
    origin: 'webmcp',
    parameters: { q: 'mug' },
  },
  approval_start: { type: 'approval_start', approvalId: 'a1', toolName: 'refund' },
  approval_complete: { type: 'approval_complete', approvalId: 'a1', decision: 'denied' },
  step_start: { type: 'step_start', stepId: 's1' },
  step_skip: { type: 'step_skip', stepId: 's1' },
  step_complete: { type: 'step_complete', stepId: 's1', success: true },
  media_start: { type: 'media_start', id: 'm1', mediaType: 'image/png' },
  media_delta: { type: 'media_delta', id: 'm1', delta: 'AAAA' },
  media_complete: { type: 'media_complete', id: 'm1', url: 'https://example.com/a.png' },
  artifact_start: { type: 'artifact_start', id: 'f1', artifactType: 'markdown', title: 'Plan' },
  artifact_delta: { type: 'artifact_delta', id: 'f1', delta: '# Plan' },
  artifact_update: { type: 'artifact_update', id: 'f1', props: { a: 1 } },
  artifact_complete: { type: 'artifact_complete', id: 'f1' },
  transcript_insert: { type: 'transcript_insert', message: { id: 'x', role: 'assistant', content: 'hi' } },
  source: { type: 'source', url: 'https://example.com/', title: 'Example' },
  state_snapshot: { type: 'state_snapshot', snapshot: {} },
  state_delta: { type: 'state_delta', delta: [] },
  custom: { type: 'custom', name: 'pagehand.client_tools', value: {} },
  error: { type: 'error', error: 'slow', recoverable: true },
  ping: { type: 'ping' },
};

const EVENTS = Object.values(SAMPLES).map(
  (body, index) => ({ ...body, executionId: 'exec_1', seq: index + 1 }) as StreamEvent,
);

test('every event type of the schema has a sample here', () => {
  const types = StreamEvent.def.options.map((option) => option.def.shape.type.def.values[0]);
  expect(Object.keys(SAMPLES).sort()).toEqual([...types].sort());
});

test.each(EVENTS.map((event) => [event.type, event] as const))(
  '%s survives the wire unchanged',
  (_type, event) => {
    expect(z.safeParse(StreamEvent, event).success).toBe(true);
    expect(readFrames(encodeEvent(event))).toEqual([event]);
  },
);

test('frames keep their order and their text however the bytes are cut', () => {
  const text = EVENTS.map(encodeEvent).join('');
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }), (sizes) => {
      const decoder = new TextDecoder();
      const chunks: string[] = [];
      let offset = 0;
      for (let index = 0; offset < bytes.length; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        chunks.push(decoder.decode(bytes.subarray(offset, offset + size), { stream: true }));
        offset += size;
      }
      expect(readFrames(...chunks)).toEqual(EVENTS);
    }),
    { numRuns: 30 },
  );
});

test('a frame is LF only, carries its position as id and ends with a blank line', () => {
  expect(encodeEvent({ type: 'ping', executionId: 'exec_1', seq: 7 })).toBe(
    'id: 7\nevent: ping\ndata: {"type":"ping","executionId":"exec_1","seq":7}\n\n',
  );
});

test('text with line breaks stays in one data line', () => {
  const frame = encodeEvent({
    type: 'text_delta',
    executionId: 'e',
    seq: 1,
    id: 't',
    delta: 'a\r\n\r\nb\u2028c',
  });
  expect(frame.split('\n').filter((line) => line.startsWith('data:'))).toHaveLength(1);
});

test.each([
  ['an unknown field passes', '{"type":"text_start","id":"t","later":1}', undefined, true],
  ['a missing type is taken from the event line', '{"id":"t","delta":"x"}', 'text_delta', true],
  ['an unknown event is skipped', '{"type":"hologram","id":"t"}', undefined, false],
  ['an inherited name is no event', '{"type":"constructor"}', undefined, false],
  ['broken JSON is skipped', '{"type":"text_start"', undefined, false],
  ['an array is skipped', '[]', undefined, false],
  ['null is skipped', 'null', undefined, false],
  ['a delta without text is skipped', '{"type":"text_delta","id":"t","delta":4}', undefined, false],
  ['a tool without an id is skipped', '{"type":"tool_start","toolName":"x"}', undefined, false],
] as const)('reading is lenient: %s', (_what, data, fallback, understood) => {
  expect(decodeEvent(data, fallback) !== undefined).toBe(understood);
});

test('the reader accepts whatever the schemas accept', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined));
  fc.assert(
    fc.property(
      fc.constantFrom(...EVENTS),
      fc.dictionary(
        fc.constantFrom(
          'id',
          'delta',
          'toolCallId',
          'toolName',
          'approvalId',
          'name',
          'artifactType',
          'decision',
        ),
        value,
      ),
      (event, change) => {
        const candidate: unknown = JSON.parse(JSON.stringify({ ...event, ...change }));
        if (z.safeParse(StreamEvent, candidate).success) {
          expect(decodeEvent(JSON.stringify(candidate))).toEqual(candidate);
        }
      },
    ),
  );
});

test('only the two last words are terminal', () => {
  expect(EVENTS.filter(isTerminal).map((event) => event.type)).toEqual([
    'execution_complete',
    'execution_error',
  ]);
});

function readFrames(...chunks: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ data, event }) => {
      const decoded = decodeEvent(data, event);
      if (decoded !== undefined) events.push(decoded);
    },
  });
  for (const chunk of chunks) parser.feed(chunk);
  return events;
}
