import { describe, expect, test } from 'vitest';
import { CLIENT_TOOLS_EVENT } from '../../protocol/event.ts';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  only,
  pageTool,
  read,
  shownError,
  spoken,
  types,
} from '../support/dispatching.ts';
import { call, finish, makes, reasoning, says, scriptedModel, text } from '../support/scripted-model.ts';

const SEARCH = pageTool('search', { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] });
const offering = { admission: admission(SEARCH) };

describe('an answer in words', () => {
  test('goes from start to end in order, and the log and the conversation hold it', async () => {
    const { say, wholeLog, messages } = await bench(scriptedModel(says('Hel', 'lo', ' there')));
    const events = await say('Hi', { assistantMessageId: 'ast_1' });
    expect(types(events)).toEqual([
      'execution_start',
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'turn_complete',
      'execution_complete',
    ]);
    expect(events[0]).toMatchObject({ seq: 1, kind: 'agent', agentName: 'Store', conversationId: 'conv_1' });
    expect(spoken(events)).toBe('Hello there');
    expect(only(events, 'text_start')[0]?.id).toBe('ast_1');
    expect(only(events, 'turn_complete')[0]).toMatchObject({
      iteration: 1,
      stopReason: 'end_turn',
      tokens: { input: 10, output: 5 },
    });
    expect(only(events, 'execution_complete')[0]).toMatchObject({ success: true, stopReason: 'end_turn' });
    expect(await wholeLog(events[0]?.executionId ?? '')).toEqual(events);
    expect((await messages()).map(({ clientId, message }) => ({ clientId, message }))).toEqual([
      { clientId: null, message: { role: 'user', content: [{ type: 'text', text: 'Hi' }] } },
      { clientId: 'ast_1', message: { role: 'assistant', text: 'Hello there', toolCalls: [] } },
    ]);
  });

  test('keeps reasoning and text in blocks that do not nest; only the first text has the wanted id', async () => {
    const model = scriptedModel([
      reasoning('hm'),
      ...text('One.'),
      reasoning('well'),
      ...text('Two.'),
      finish(),
    ]);
    const { say, messages } = await bench(model);
    const events = await say('Hi', { assistantMessageId: 'ast_1' });
    expect(types(events).slice(2, -2)).toEqual([
      'reasoning_start',
      'reasoning_delta',
      'reasoning_complete',
      'text_start',
      'text_delta',
      'text_complete',
      'reasoning_start',
      'reasoning_delta',
      'reasoning_complete',
      'text_start',
      'text_delta',
      'text_complete',
    ]);
    const [first, second] = only(events, 'text_start').map(({ id }) => id);
    expect(first).toBe('ast_1');
    expect(second).not.toBe('ast_1');
    expect((await messages())[1]?.message).toEqual({
      role: 'assistant',
      text: 'One.\n\nTwo.',
      toolCalls: [],
    });
  });

  test('groups the deltas of a fast model', async () => {
    const { say } = await bench(scriptedModel(says(...Array.from({ length: 500 }, () => 'x'))));
    const events = await say('Hi');
    expect(spoken(events)).toBe('x'.repeat(500));
    expect(only(events, 'text_delta').length).toBeLessThan(50);
  });

  test('carries half characters, control characters and a megabyte whole', async () => {
    const odd = `${'😀'.repeat(3)}\u0000\u2028${'x'.repeat(1_000_000)}`;
    const { say, messages } = await bench(scriptedModel(says('\ud83d', '\ude00', odd)));
    const events = await say('Hi');
    expect(spoken(events)).toBe(`😀${odd}`);
    expect((await messages())[1]?.message).toMatchObject({ text: `😀${odd}` });
  });

  test.each([
    { reason: 'length', stopReason: 'length' },
    { reason: 'content_filter', stopReason: 'content_filter' },
    { reason: 'unknown', stopReason: 'unknown' },
    { reason: 'tool_calls', stopReason: 'end_turn' },
  ] as const)('that ends with $reason says so', async ({ reason, stopReason }) => {
    const { say } = await bench(scriptedModel([...text('Some words'), finish(reason)]));
    expect(only(await say('Hi'), 'execution_complete')[0]).toMatchObject({ success: true, stopReason });
  });

  test('does not take over an id that an earlier message has', async () => {
    const { say } = await bench(scriptedModel(says('One'), says('Two')));
    await say('Hi', { assistantMessageId: 'ast_1' });
    const events = await say('And?', { assistantMessageId: 'ast_1' });
    expect(only(events, 'text_start')[0]?.id).not.toBe('ast_1');
  });
});

describe('calls of client tools', () => {
  test('pause after the words before them, and the answer ends without the ends of turn and execution', async () => {
    const model = scriptedModel([
      reasoning('hm'),
      ...text('Let me look.'),
      ...makes(call('c1', 'webmcp__search', { q: 'mug' }), call('c2', 'webmcp__search', { q: 'cup' })),
    ]);
    const { say, store } = await bench(model);
    const events = await say('find', offering);
    expect(types(events).slice(-5)).toEqual(['text_start', 'text_delta', 'text_complete', 'await', 'await']);
    const [{ executionId, seq, ...first } = { executionId: '', seq: 0 }, second] = only(events, 'await');
    expect(first).toEqual({
      type: 'await',
      toolCallId: 'c1',
      toolName: 'search',
      toolId: 'webmcp:search',
      origin: 'webmcp',
      pageOrigin: 'https://store.example.com',
      parameters: { q: 'mug' },
      awaitedAt: '2026-03-01T12:00:00.000Z',
    });
    expect(second).toMatchObject({ toolCallId: 'c2', parameters: { q: 'cup' } });
    expect(await store.execution(executionId)).toMatchObject({
      status: 'awaiting',
      seq: seq + 1,
      toolCallsUsed: 2,
      pending: [{ toolCallId: 'c1' }, { toolCallId: 'c2' }],
    });
  });

  test('in the middle of the words close the words before them', async () => {
    const model = scriptedModel([
      ...text('One.'),
      call('c1', 'webmcp__search', { q: 'a' }),
      ...text('Two.'),
      finish(),
    ]);
    const { say, messages } = await bench(model);
    const events = await say('find', offering);
    expect(types(events).slice(3)).toEqual([
      'text_start',
      'text_delta',
      'text_complete',
      'text_start',
      'text_delta',
      'text_complete',
      'await',
    ]);
    expect((await messages())[1]?.message).toMatchObject({
      text: 'One.\n\nTwo.',
      toolCalls: [{ toolCallId: 'c1' }],
    });
  });

  test('are offered under legal names, and the caller hears what was offered and refused', async () => {
    const model = scriptedModel(says('Hi'));
    const { say } = await bench(model);
    const refused = [
      { name: 'pay', origin: 'webmcp' as const, reason: 'not_allowlisted' as const, message: 'No rule.' },
    ];
    const events = await say('Hi', { admission: { ...admission(SEARCH), refused } });
    expect(model.requests[0]?.tools).toEqual([
      {
        name: 'webmcp__search',
        bareName: 'search',
        description: 'Does search.',
        parametersSchema: SEARCH.parametersSchema,
      },
    ]);
    expect(types(events).slice(0, 3)).toEqual(['execution_start', 'custom', 'turn_start']);
    expect(only(events, 'custom')[0]).toMatchObject({
      name: CLIENT_TOOLS_EVENT,
      value: {
        origin: 'https://store.example.com',
        admitted: [{ name: 'search', origin: 'webmcp', modelName: 'webmcp__search', notes: [] }],
        refused,
      },
    });
  });

  test.each([
    {
      name: 'an unknown tool',
      made: call('c1', 'delete_all', {}),
      says: /no tool named "delete_all".*webmcp__search/,
    },
    { name: 'a bare name', made: call('c1', 'search', { q: 'x' }), says: /no tool named "search"/ },
    {
      name: 'wrong arguments',
      made: call('c1', 'webmcp__search', { q: 7 }),
      says: /q: Instance type "number"/,
    },
    { name: 'missing arguments', made: call('c1', 'webmcp__search'), says: /"q"/ },
    { name: 'malformed JSON', made: call('c1', 'webmcp__search', '{"q": "mu'), says: /not valid JSON/ },
  ])(
    'with $name never leave: the visitor sees it, and the model reads why',
    async ({ made, says: reason }) => {
      const model = scriptedModel(makes(made), says('Sorry.'));
      const { say, messages } = await bench(model);
      const events = await say('find', offering);
      expect(only(events, 'await')).toEqual([]);
      expect(types(events).slice(2)).toEqual([
        'turn_start',
        'tool_start',
        'tool_complete',
        'turn_complete',
        'turn_start',
        'text_start',
        'text_delta',
        'text_complete',
        'turn_complete',
        'execution_complete',
      ]);
      expect(only(events, 'tool_complete')[0]).toMatchObject({
        toolCallId: 'c1',
        success: false,
        error: expect.stringMatching(reason),
      });
      expect(only(events, 'turn_start').map(({ iteration }) => iteration)).toEqual([1, 2]);
      expect(only(events, 'turn_complete')[0]).not.toHaveProperty('stopReason');
      expect(model.requests[1]?.messages.at(-1)).toEqual({
        role: 'tool',
        results: [
          expect.objectContaining({
            toolCallId: 'c1',
            isError: true,
            untrusted: false,
            text: expect.stringMatching(reason),
          }),
        ],
      });
      expectEachCallAnswered(await messages());
    },
  );

  test('that cannot leave wait for the others of their turn, and all results stand in the order of the calls', async () => {
    const model = scriptedModel(
      makes(call('c1', 'nope'), call('c2', 'webmcp__search', { q: 'a' }), call('c3', 'webmcp__search', {})),
      says('Done.'),
    );
    const { say, resume, messages } = await bench(model);
    const events = await say('find', offering);
    expect(types(events).slice(3)).toEqual([
      'tool_start',
      'tool_complete',
      'tool_start',
      'tool_complete',
      'await',
    ]);
    await read(await resume(events[0]?.executionId ?? '', { c2: 'found' }));
    const stored = await messages();
    expectEachCallAnswered(stored);
    expect(stored[2]?.message).toMatchObject({
      role: 'tool',
      results: [
        { toolCallId: 'c1', isError: true, untrusted: false },
        { toolCallId: 'c2', isError: false, untrusted: true, text: 'found' },
        { toolCallId: 'c3', isError: true, untrusted: false },
      ],
    });
  });

  test('get ids of their own where the model gave none, gave one twice, or gave one that cannot travel', async () => {
    const model = scriptedModel(
      makes(
        ...['', 'call_0', 'call_0', '__proto__', 'a b', 'x'.repeat(65)].map((id) =>
          call(id, 'webmcp__search', { q: 'a' }),
        ),
      ),
      makes(call('call_0', 'webmcp__search', { q: 'b' })),
      says('Done.'),
    );
    const { say, resume, messages } = await bench(model);
    const events = await say('find', offering);
    const ids = only(events, 'await').map(({ toolCallId }) => toolCallId ?? '');
    expect(new Set(ids).size).toBe(6);
    expect(ids[1]).toBe('call_0');
    const executionId = events[0]?.executionId ?? '';
    const second = await read(await resume(executionId, Object.fromEntries(ids.map((id) => [id, 'ok']))));
    const [later] = only(second, 'await').map(({ toolCallId }) => toolCallId ?? '');
    expect(ids).not.toContain(later);
    await read(await resume(executionId, { [later ?? '']: 'ok' }));
    expectEachCallAnswered(await messages());
  });

  test('under a name that providers would refuse go into the history under one that they take', async () => {
    const model = scriptedModel(makes(call('c1', 'webmcp:search products!', ['x'])), says('Sorry.'));
    const { say } = await bench(model);
    await say('find', offering);
    expect(model.requests[1]?.messages.at(-2)).toMatchObject({
      toolCalls: [{ toolCallId: 'c1', name: 'webmcp_search_products_', input: {} }],
    });
  });
});

describe('the limit of tool calls', () => {
  test('is reached without being exceeded: the model may still answer in its own time', async () => {
    const model = scriptedModel(makes(call('c1', 'nope'), call('c2', 'nope')), says('Done.'));
    const { say } = await bench(model);
    const events = await say('find', { ...offering, agent: agent(2) });
    expect(model.requests[1]?.tools).toHaveLength(1);
    expect(only(events, 'execution_complete')[0]).toMatchObject({ success: true, stopReason: 'end_turn' });
  });

  test('exceeded within one turn: what is left is called, the rest is refused, then the model has to answer', async () => {
    const model = scriptedModel(
      makes(...['c1', 'c2', 'c3'].map((id) => call(id, 'webmcp__search', { q: id }))),
      says('That is all I could find.'),
    );
    const { say, resume, messages } = await bench(model);
    const paused = await say('find', { ...offering, agent: agent(2) });
    expect(only(paused, 'await').map(({ toolCallId }) => toolCallId)).toEqual(['c1', 'c2']);
    expect(only(paused, 'tool_complete')).toMatchObject([
      { toolCallId: 'c3', success: false, error: expect.stringMatching(/limit of 2/) },
    ]);
    const events = await read(await resume(paused[0]?.executionId ?? '', { c1: 'a', c2: 'b' }));
    expect(model.requests[1]?.tools).toEqual([]);
    expect(spoken(events)).toBe('That is all I could find.');
    expect(only(events, 'turn_complete')[0]).toMatchObject({ stopReason: 'max_tool_calls' });
    expect(only(events, 'execution_complete')[0]).toMatchObject({
      stopReason: 'max_tool_calls',
      success: true,
    });
    expectEachCallAnswered(await messages());
  });

  test('ends a model that calls for ever, in words', async () => {
    const forever = makes(call('c', 'nope'));
    const { say, messages } = await bench(scriptedModel(forever, forever, forever, forever));
    const events = await say('find', { ...offering, agent: agent(1) });
    expect(only(events, 'turn_start')).toHaveLength(3);
    expect(only(events, 'execution_error')[0]).toMatchObject({ code: 'model_failed' });
    expect(shownError(events)).toMatch(/empty answer/);
    expectEachCallAnswered(await messages());
  });

  test('of zero offers no tools', async () => {
    const model = scriptedModel(says('Hi'));
    const { say } = await bench(model);
    await say('find', { ...offering, agent: agent(0) });
    expect(model.requests[0]?.tools).toEqual([]);
  });
});

describe('an answer without words', () => {
  test.each([
    { reason: 'end_turn', code: 'model_failed', says: /empty answer/ },
    { reason: 'length', code: 'model_failed', says: /length limit/ },
    { reason: 'content_filter', code: 'model_refused', says: /withheld/ },
  ] as const)('after $reason is a failure that can be seen', async ({ reason, code, says: sentence }) => {
    const { say } = await bench(scriptedModel([...text('  \n'), finish(reason)]));
    const events = await say('Hi');
    expect(shownError(events)).toMatch(sentence);
    expect(only(events, 'execution_error')[0]).toMatchObject({ code, error: { code } });
  });

  test('is fine after an answer that ended with suggestions', async () => {
    const suggest = { name: 'suggest_replies', description: 'Suggests.', origin: 'sdk' as const };
    const model = scriptedModel(
      [...text('We have three.'), ...makes(call('c1', 'suggest_replies'))],
      [finish()],
    );
    const { say, resume } = await bench(model);
    const paused = await say('mugs?', { admission: admission(suggest) });
    const events = await read(await resume(paused[0]?.executionId ?? '', { suggest_replies: 'Shown.' }));
    expect(types(events)).toEqual(['turn_start', 'turn_complete', 'execution_complete']);
    expect(only(events, 'execution_complete')[0]).toMatchObject({ success: true, stopReason: 'end_turn' });
  });
});
