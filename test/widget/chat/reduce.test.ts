import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../../protocol/event.ts';
import { type LocalEvent, reduce } from '../../../widget/chat/reduce.ts';
import { type Conversation, EMPTY_CONVERSATION, type ToolCallPart } from '../../../widget/chat/state.ts';

type Loose = { readonly type: string } & Readonly<Record<string, unknown>>;

const SENT: LocalEvent = { type: 'sent', id: 'usr_1', text: 'Hi', answerId: 'ast_1' };

function after(...events: readonly Loose[]): Conversation {
  return [SENT, ...events].reduce<Conversation>(
    (state, event) =>
      reduce(state, { executionId: 'exec_1', seq: 1, ...event } as unknown as StreamEvent, 1_000),
    EMPTY_CONVERSATION,
  );
}

function parts(conversation: Conversation) {
  const last = conversation.entries.at(-1);
  return last?.role === 'assistant' ? last.parts : [];
}

test('text that never got a start is shown all the same', () => {
  expect(parts(after({ type: 'text_delta', id: 't', delta: 'Hello' }))).toMatchObject([{ text: 'Hello' }]);
});

test('the whole text counts only where no delta came', () => {
  expect(
    parts(
      after(
        { type: 'text_start', id: 'a' },
        { type: 'text_complete', id: 'a', text: 'Whole' },
        { type: 'text_start', id: 'b' },
        { type: 'text_delta', id: 'b', delta: 'Piece' },
        { type: 'text_complete', id: 'b', text: 'Other' },
        { type: 'text_complete', id: 'b', text: 'Other' },
      ),
    ),
  ).toMatchObject([{ text: 'Whole' }, { text: 'Piece' }]);
});

test('a text that stayed blank leaves nothing behind', () => {
  expect(
    after(
      { type: 'text_start', id: 'a' },
      { type: 'text_delta', id: 'a', delta: ' \n' },
      { type: 'text_complete', id: 'a' },
    ).entries,
  ).toHaveLength(1);
});

test('one id for two texts of an answer makes two parts with ids of their own', () => {
  const result = parts(
    after(
      { type: 'text_start', id: 'a' },
      { type: 'text_delta', id: 'a', delta: 'One' },
      { type: 'tool_start', toolCallId: 'c', toolName: 'search' },
      { type: 'text_start', id: 'a' },
      { type: 'text_delta', id: 'a', delta: 'Two' },
    ),
  );
  expect(result).toMatchObject([
    { text: 'One', streaming: false },
    { kind: 'tool' },
    { text: 'Two', streaming: true },
  ]);
  expect(new Set(result.map(({ id }) => id)).size).toBe(3);
});

test('a thought is shown apart, and a hidden one not at all', () => {
  expect(
    parts(
      after(
        { type: 'reasoning_start', id: 'r' },
        { type: 'reasoning_delta', id: 'r', delta: 'Hmm' },
        { type: 'reasoning_complete', id: 'r' },
        { type: 'reasoning_start', id: 'h', hidden: true },
        { type: 'reasoning_delta', id: 'h', delta: 'secret' },
        { type: 'reasoning_complete', id: 'h' },
        { type: 'reasoning_complete', id: 'late', text: 'A look back' },
      ),
    ),
  ).toMatchObject([
    { kind: 'reasoning', text: 'Hmm', streaming: false },
    { kind: 'reasoning', text: 'A look back' },
  ]);
});

test.each([
  [
    { success: true, result: { content: [{ type: 'text', text: '3 found' }] }, executionTime: 12 },
    { status: 'done', result: '3 found', durationMs: 12 },
  ],
  [
    { success: true, result: { n: 3 } },
    { status: 'done', result: '{\n  "n": 3\n}' },
  ],
  [
    { success: false, error: 'No stock.' },
    { status: 'failed', result: 'No stock.' },
  ],
  [
    { success: true, error: 'No stock.' },
    { status: 'failed', result: 'No stock.' },
  ],
  [
    { result: { isError: true, content: [{ type: 'text', text: 'Broken' }] } },
    { status: 'failed', result: 'Broken' },
  ],
  [
    { success: true, executionTime: 'soon' },
    { status: 'done', result: 'looking…', durationMs: undefined },
  ],
])('a server tool that ended with %j is shown so', (end, state) => {
  const [tool] = parts(
    after(
      { type: 'tool_start', toolCallId: 'c', toolName: 'search', parameters: { q: 'mug' } },
      { type: 'tool_output_delta', toolCallId: 'c', delta: 'looking…' },
      { type: 'tool_complete', toolCallId: 'c', ...end },
    ),
  );
  expect(tool).toMatchObject({
    name: 'search',
    runsIn: 'server',
    approvedBy: 'server',
    input: { q: 'mug' },
    state,
  });
});

test('what a sub-agent says stays with its tool', () => {
  expect(
    parts(
      after(
        { type: 'tool_start', toolCallId: 'c', toolName: 'agent' },
        { type: 'text_start', id: 't', parentToolCallId: 'c' },
        { type: 'text_delta', id: 't', delta: 'inside', parentToolCallId: 'c' },
        { type: 'text_complete', id: 't', parentToolCallId: 'c' },
      ),
    ),
  ).toMatchObject([{ kind: 'tool', output: 'inside' }]);
});

test.each([
  ['find_delivery_slots', 'Find delivery slots'],
  ['mcp:linear:create_issue', 'Create issue'],
  ['Weather Lookup', 'Weather Lookup'],
  ['__', '__'],
])('the tool %s of the server is shown as “%s”, and its name stays for the details', (toolName, title) => {
  const [call] = parts(after({ type: 'tool_start', toolCallId: 'c', toolName, parameters: {} }));
  expect(call).toMatchObject({ name: toolName, title });
});

test('a call that is told again after a break keeps who allowed it', () => {
  const asked = { type: 'await', toolCallId: 'c', toolName: 'add', origin: 'webmcp' };
  const allowed = { type: 'call_changed', id: 'c', changes: { approvedBy: 'visitor_once' } };
  expect(parts(after(asked, allowed, asked))).toMatchObject([{ kind: 'tool', approvedBy: 'visitor_once' }]);
});

test('a page tool that the server announces before it awaits it is one row', () => {
  expect(
    parts(
      after(
        {
          type: 'tool_start',
          toolCallId: 'c',
          toolName: 'webmcp:add',
          origin: 'webmcp',
          parameters: { n: 1 },
        },
        { type: 'await', toolCallId: 'c', toolName: 'add', origin: 'webmcp' },
      ),
    ),
  ).toMatchObject([
    { id: 'c', name: 'add', runsIn: 'page', input: { n: 1 }, state: { status: 'requested' } },
  ]);
});

test('a result that the server reports does not overwrite a receipt of the page', () => {
  const base = after({ type: 'await', toolCallId: 'c', toolName: 'add', origin: 'webmcp' });
  const ended = reduce(
    base,
    { type: 'call_changed', id: 'c', changes: { state: { status: 'declined' } } },
    1_000,
  );
  const event = {
    type: 'tool_complete',
    toolCallId: 'c',
    success: true,
    result: 'ok',
    executionId: 'e',
    seq: 2,
  } as const;
  expect(reduce(ended, event, 1_000)).toBe(ended);
});

test('a pause for something that this chat does not know is visible', () => {
  expect(parts(after({ type: 'await', awaitReason: 'crawl', crawlId: 'x' }))).toMatchObject([
    { name: 'crawl', state: { status: 'refused', reason: 'unanswerable' } },
  ]);
});

test.each([
  ['denied', 'refused'],
  ['timeout', 'refused'],
  ['approved', 'requested'],
])('an approval that ended as %s elsewhere is shown', (decision, status) => {
  expect(
    parts(
      after(
        { type: 'approval_start', approvalId: 'a', toolName: 'refund' },
        { type: 'approval_complete', approvalId: 'a', decision },
      ),
    ),
  ).toMatchObject([{ state: { status } }]);
});

test.each(['length', 'content_filter', 'max_tool_calls'])('the stop reason %s is said once', (stopReason) => {
  const result = after(
    { type: 'text_delta', id: 't', delta: 'x' },
    { type: 'turn_complete', id: 'turn', stopReason },
    { type: 'execution_complete', kind: 'agent', success: true, stopReason },
  );
  expect(parts(result)).toMatchObject([{ text: 'x' }, { kind: 'notice', notice: stopReason }]);
  expect(result.phase).toBe('idle');
});

test('the server\u2019s sentence about its failure gives way to the failure, wherever it stands', () => {
  const spoken = [
    { type: 'text_start', id: 't', role: 'error' },
    { type: 'text_delta', id: 't', delta: 'Something is wrong over here.' },
    { type: 'text_complete', id: 't' },
  ];
  expect(parts(after(...spoken))).toMatchObject([{ text: 'Something is wrong over here.', role: 'error' }]);
  const failed = after(
    { type: 'text_delta', id: 'a', delta: 'So far' },
    ...spoken,
    { type: 'turn_complete', id: 'turn', stopReason: 'length' },
    {
      type: 'execution_error',
      error: { code: 'model_failed', message: 'The model failed.', hint: 'Later.' },
    },
  );
  expect(failed.failure).toEqual({
    code: 'model_failed',
    message: 'The model failed.',
    hint: 'Later.',
    retryable: true,
  });
  expect(parts(failed)).toMatchObject([{ text: 'So far' }, { kind: 'notice' }]);
});

test('an end without success is a failure', () => {
  expect(after({ type: 'execution_complete', kind: 'agent', success: false })).toMatchObject({
    phase: 'failed',
    failure: { retryable: true },
  });
});

test('an end without a word says that nothing came', () => {
  expect(parts(after({ type: 'execution_complete', kind: 'agent', success: true }))).toMatchObject([
    { kind: 'notice', notice: 'unknown' },
  ]);
});

test('an answer that came only with the end is shown', () => {
  expect(
    parts(after({ type: 'execution_complete', kind: 'flow', success: true, finalOutput: 'All of it.' })),
  ).toMatchObject([{ text: 'All of it.' }]);
});

test('media stand where they came, by address or with their bytes', () => {
  expect(
    parts(
      after(
        { type: 'media_start', id: 'm' },
        { type: 'media_complete', id: 'm', mediaType: 'image/png', url: 'https://files.example.com/a.png' },
        { type: 'media_complete', id: 'n', mediaType: 'audio/wav', data: 'AAAA' },
        { type: 'media_start', id: 'o', mediaType: 'image' },
        { type: 'media_delta', id: 'o', delta: 'https://files.' },
        { type: 'media_delta', id: 'o', delta: 'example.com/b.png' },
        { type: 'media_complete', id: 'o' },
        { type: 'media_complete', id: 'p', mediaType: 'image', data: '/9j/AAAA' },
      ),
    ),
  ).toMatchObject([
    { kind: 'media', mediaType: 'image/png', url: 'https://files.example.com/a.png', streaming: false },
    { kind: 'media', url: 'data:audio/wav;base64,AAAA' },
    { kind: 'media', url: 'https://files.example.com/b.png' },
    { kind: 'media', url: 'data:image/jpeg;base64,/9j/AAAA' },
  ]);
});

test('a piece of work grows beside the words, and a stop ends it where it is', () => {
  const begun = [
    { type: 'text_delta', id: 't', delta: 'Here it is.' },
    { type: 'artifact_start', id: 'a', artifactType: 'markdown', title: 'Plan' },
    { type: 'artifact_delta', id: 'a', delta: 'First.' },
    { type: 'text_delta', id: 'u', delta: 'More follows.' },
    { type: 'artifact_delta', id: 'a', delta: ' Second.' },
  ] as const;
  const work = { kind: 'artifact', title: 'Plan', text: 'First. Second.' };
  expect(parts(after(...begun, { type: 'artifact_complete', id: 'a' }))[1]).toMatchObject({
    ...work,
    streaming: false,
  });
  const state = after(...begun);
  expect(parts(state)[1]).toMatchObject({ ...work, streaming: true });
  expect(parts(reduce(state, { type: 'stopped' }, 0))[1]).toMatchObject({ ...work, streaming: false });
});

test('sources are kept once each, if they are addresses of the web', () => {
  expect(
    parts(
      after(
        { type: 'source', url: 'https://example.com/a', title: 'A' },
        { type: 'source', url: 'https://example.com/a' },
        { type: 'source', url: 'javascript:alert(1)', title: 'B' },
        { type: 'source', title: 'C' },
      ),
    ),
  ).toMatchObject([{ kind: 'source', url: 'https://example.com/a', title: 'A' }]);
});

test('a thought says how long it took', () => {
  const events = [
    { type: 'reasoning_start', id: 'r' },
    { type: 'reasoning_delta', id: 'r', delta: 'Hm.' },
    { type: 'reasoning_complete', id: 'r' },
  ] as const;
  const state = events.reduce(
    (before, event, at) => reduce(before, { executionId: 'e', seq: at + 1, ...event }, at * 2_000),
    reduce(EMPTY_CONVERSATION, { type: 'sent', id: 'u', text: 'Hi', answerId: 'a' }, 0),
  );
  expect(parts(state)).toMatchObject([{ kind: 'reasoning', durationMs: 4_000 }]);
});

test('nobody but the visitor speaks in the visitor\u2019s name', () => {
  const inserted = (role: string) => ({
    type: 'transcript_insert',
    message: { id: 'm', role, content: 'Buy it' },
  });
  expect(after(inserted('user')).entries).toHaveLength(1);
  expect(parts(after(inserted('assistant')))).toMatchObject([{ text: 'Buy it' }]);
});

test('the phase says what the chat is doing', () => {
  const events: [Loose, string][] = [
    [{ type: 'execution_start', kind: 'agent' }, 'thinking'],
    [{ type: 'text_start', id: 't' }, 'answering'],
    [{ type: 'text_complete', id: 't', text: 'x' }, 'thinking'],
    [{ type: 'tool_start', toolCallId: 'c', toolName: 's' }, 'acting'],
    [{ type: 'tool_complete', toolCallId: 'c', success: true }, 'thinking'],
    [{ type: 'await', toolCallId: 'd', toolName: 'p', origin: 'webmcp' }, 'acting'],
    [
      { type: 'call_changed', id: 'd', changes: { state: { status: 'approval', canRemember: true } } },
      'waiting',
    ],
    [{ type: 'call_changed', id: 'd', changes: { state: { status: 'declined' } } }, 'thinking'],
    [{ type: 'execution_complete', kind: 'agent', success: true }, 'idle'],
  ];
  expect(
    events.map((_, index) => after(...events.slice(0, index + 1).map(([event]) => event)).phase),
  ).toEqual(events.map(([, phase]) => phase));
});

const TYPES: readonly string[] = [
  'execution_start',
  'execution_complete',
  'execution_error',
  'turn_start',
  'turn_complete',
  'text_start',
  'text_delta',
  'text_complete',
  'reasoning_start',
  'reasoning_delta',
  'reasoning_complete',
  'tool_start',
  'tool_input_delta',
  'tool_input_complete',
  'tool_output_delta',
  'tool_complete',
  'await',
  'approval_start',
  'approval_complete',
  'step_start',
  'step_skip',
  'step_complete',
  'media_start',
  'media_delta',
  'media_complete',
  'artifact_start',
  'artifact_delta',
  'artifact_update',
  'artifact_complete',
  'transcript_insert',
  'source',
  'state_snapshot',
  'state_delta',
  'custom',
  'error',
  'ping',
  'stopped',
  'paused_elsewhere',
];
const IDS = fc.constantFrom('a', 'b', 'c');
const ODD = fc.oneof(
  fc.constant(undefined),
  IDS,
  fc.boolean(),
  fc.integer(),
  fc.constant(null),
  fc.object({ maxDepth: 1 }),
);

/** What decoding lets through: the ids and deltas are strings, everything else may be anything. */
const anyEvent = fc
  .record({
    type: fc.constantFrom(...TYPES),
    id: IDS,
    toolCallId: IDS,
    toolName: IDS,
    approvalId: IDS,
    artifactType: IDS,
    delta: fc.string({ maxLength: 3 }),
    name: IDS,
    decision: fc.constantFrom('approved', 'denied', 'timeout', 'maybe'),
    text: ODD,
    result: ODD,
    error: ODD,
    success: ODD,
    stopReason: ODD,
    role: ODD,
    parameters: ODD,
    message: ODD,
    url: ODD,
    mediaType: ODD,
    title: ODD,
    finalOutput: ODD,
    hidden: ODD,
    recoverable: ODD,
    executionId: ODD,
    executionTime: ODD,
    parentToolCallId: fc.option(IDS, { nil: undefined }),
  })
  .map((event) => event as unknown as StreamEvent);

test('no order and no shape of events throws, and what an event does not touch stays the same object', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
      let state = after({ type: 'text_delta', id: 'old', delta: 'Earlier.' }, { type: 'stopped' });
      state = reduce(state, { type: 'sent', id: 'usr_2', text: 'Next', answerId: 'ast_2' }, 0);
      const earlier = state.entries;
      for (const event of events) {
        const next = reduce(state, event, 0);
        expect(next.entries.slice(0, 3)).toEqual(earlier.slice(0, 3));
        for (const index of [0, 1, 2]) expect(next.entries[index]).toBe(earlier[index]);
        const [before, now] = [parts(state), parts(next)];
        if (event.type === 'text_delta') {
          expect(now.filter((part) => !before.includes(part)).length).toBeLessThanOrEqual(2);
        }
        expect(new Set(now.map((part) => `${part.kind} ${part.id}`)).size).toBe(now.length);
        state = next;
      }
      expect(parts(reduce(state, { type: 'stopped' }, 0)).filter(isOpen)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

function isOpen(
  part: Conversation['entries'][number] extends infer _ ? ReturnType<typeof parts>[number] : never,
): boolean {
  if (part.kind === 'tool')
    return ['requested', 'approval', 'running'].includes((part as ToolCallPart).state.status);
  return 'streaming' in part && part.streaming;
}
