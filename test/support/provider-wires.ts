/** How one provider streams an answer, as frames of its own protocol. */
export interface Wire {
  readonly model: string;
  readonly path: string;
  env(origin: string): Record<string, string>;
  /** A whole answer in words. */
  text(...deltas: string[]): string[];
  /** A whole answer of calls; `json` is sent as it is, in two pieces. */
  calls(...calls: { readonly id: string; readonly name: string; readonly json: string }[]): string[];
  /** Ends properly without having said anything. */
  empty(): string[];
  /** Stopped for a reason: `length` or the provider's filter. */
  stopped(reason: 'length' | 'content_filter', delta: string): string[];
  /** A frame that is no JSON. */
  readonly malformed: string;
  /** The vendor's own error body. */
  error(message: string): unknown;
  /** Of a request's body. */
  sentTools(body: Record<string, unknown>): readonly string[];
}

export const SECRET = 'sk-secret-0123456789';
const KEYS = { OPENAI_API_KEY: SECRET, ANTHROPIC_API_KEY: SECRET };

const frame = (data: unknown, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
const typed = (data: { readonly type: string } & Record<string, unknown>): string => frame(data, data.type);
const halves = (text: string): readonly string[] => [
  text.slice(0, Math.ceil(text.length / 2)),
  text.slice(Math.ceil(text.length / 2)),
];
const names = (value: unknown, pick: (entry: Record<string, unknown>) => unknown): readonly string[] =>
  Array.isArray(value) ? value.map((entry) => String(pick(entry as Record<string, unknown>))) : [];

const responsesStart = typed({
  type: 'response.created',
  response: {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    model: 'gpt-test',
    service_tier: null,
  },
});
const responsesUsage = { input_tokens: 11, output_tokens: 7, total_tokens: 18 };
const responsesEnd = typed({
  type: 'response.completed',
  response: {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    model: 'gpt-test',
    incomplete_details: null,
    usage: responsesUsage,
    service_tier: null,
  },
});
const responsesText = (deltas: readonly string[]): string[] => [
  typed({
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] },
  }),
  ...deltas.map((delta) =>
    typed({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta }),
  ),
];

const OPENAI: Wire = {
  model: 'openai/gpt-test',
  path: '/v1/responses',
  env: (origin) => ({ ...KEYS, OPENAI_BASE_URL: `${origin}/v1` }),
  text: (...deltas) => [
    responsesStart,
    ...responsesText(deltas),
    typed({
      type: 'response.output_item.done',
      output_index: 0,
      item: {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: deltas.join(''), annotations: [] }],
      },
    }),
    responsesEnd,
  ],
  calls: (...calls) => [
    responsesStart,
    ...calls.map(({ id, name }, index) =>
      typed({
        type: 'response.output_item.added',
        output_index: index,
        item: {
          type: 'function_call',
          id: `fc_${index}`,
          call_id: id,
          name,
          arguments: '',
          status: 'in_progress',
        },
      }),
    ),
    ...calls.flatMap(({ json }, index) =>
      halves(json).map((delta) =>
        typed({
          type: 'response.function_call_arguments.delta',
          item_id: `fc_${index}`,
          output_index: index,
          delta,
        }),
      ),
    ),
    ...calls.map(({ id, name, json }, index) =>
      typed({
        type: 'response.output_item.done',
        output_index: index,
        item: {
          type: 'function_call',
          id: `fc_${index}`,
          call_id: id,
          name,
          arguments: json,
          status: 'completed',
        },
      }),
    ),
    responsesEnd,
  ],
  empty: () => [responsesStart, responsesEnd],
  stopped: (reason, delta) => [
    responsesStart,
    ...responsesText([delta]),
    typed({
      type: 'response.incomplete',
      response: {
        id: 'resp_1',
        object: 'response',
        created_at: 1_700_000_000,
        model: 'gpt-test',
        incomplete_details: { reason: reason === 'length' ? 'max_output_tokens' : 'content_filter' },
        usage: responsesUsage,
        service_tier: null,
      },
    }),
  ],
  malformed: 'data: {"type":"response.output_text.delta","item_id":"msg_1","del\n\n',
  error: (message) => ({ error: { message, type: 'some_error', param: null, code: null } }),
  sentTools: (body) => names(body.tools, ({ name }) => name),
};

const anthropicStart = typed({
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-test',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 11, output_tokens: 1 },
  },
});
const anthropicEnd = (stop: string): string[] => [
  typed({
    type: 'message_delta',
    delta: { stop_reason: stop, stop_sequence: null },
    usage: { output_tokens: 7 },
  }),
  typed({ type: 'message_stop' }),
];
const anthropicText = (deltas: readonly string[]): string[] => [
  typed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ...deltas.map((text) =>
    typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  ),
  typed({ type: 'content_block_stop', index: 0 }),
];

const ANTHROPIC: Wire = {
  model: 'anthropic/claude-test',
  path: '/v1/messages',
  env: (origin) => ({ ...KEYS, ANTHROPIC_BASE_URL: origin }),
  text: (...deltas) => [anthropicStart, ...anthropicText(deltas), ...anthropicEnd('end_turn')],
  calls: (...calls) => [
    anthropicStart,
    ...calls.flatMap(({ id, name, json }, index) => [
      typed({ type: 'content_block_start', index, content_block: { type: 'tool_use', id, name, input: {} } }),
      ...halves(json).map((partial_json) =>
        typed({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } }),
      ),
      typed({ type: 'content_block_stop', index }),
    ]),
    ...anthropicEnd('tool_use'),
  ],
  empty: () => [anthropicStart, ...anthropicEnd('end_turn')],
  stopped: (reason, delta) => [
    anthropicStart,
    ...anthropicText([delta]),
    ...anthropicEnd(reason === 'length' ? 'max_tokens' : 'refusal'),
  ],
  malformed: 'event: content_block_delta\ndata: {"type":"content_block_delta","ind\n\n',
  error: (message) => ({ type: 'error', error: { type: 'some_error', message } }),
  sentTools: (body) => names(body.tools, ({ name }) => name),
};

const chunk = (delta: unknown, finish: string | null = null): string =>
  frame({
    id: 'chat_1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'local',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
const chatEnd = (reason: string): string[] => [
  chunk({}, reason),
  frame({
    id: 'chat_1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'local',
    choices: [],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }),
  'data: [DONE]\n\n',
];

const COMPATIBLE: Wire = {
  model: 'openai-compatible/local',
  path: '/v1/chat/completions',
  env: (origin) => ({ ...KEYS, OPENAI_BASE_URL: origin }),
  text: (...deltas) => [
    chunk({ role: 'assistant', content: '' }),
    ...deltas.map((content) => chunk({ content })),
    ...chatEnd('stop'),
  ],
  calls: (...calls) => [
    chunk({ role: 'assistant', content: null }),
    ...calls.flatMap(({ id, name, json }, index) => {
      const [first, second] = halves(json);
      return [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: first } }] }),
        chunk({ tool_calls: [{ index, function: { arguments: second } }] }),
      ];
    }),
    ...chatEnd('tool_calls'),
  ],
  empty: () => [chunk({ role: 'assistant', content: '' }), ...chatEnd('stop')],
  stopped: (reason, delta) => [chunk({ role: 'assistant', content: delta }), ...chatEnd(reason)],
  malformed: 'data: {"id":"chat_1","choices":[{"index":0,"del\n\n',
  error: (message) => ({ error: { message, type: 'some_error' } }),
  sentTools: (body) => names(body.tools, (entry) => (entry.function as { name?: unknown } | undefined)?.name),
};

export const WIRES: readonly Wire[] = [OPENAI, ANTHROPIC, COMPATIBLE];
