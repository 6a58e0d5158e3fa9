import { describe, expect, test } from 'vitest';
import { MAX_TOOL_RESULT_CHARS } from '../../protocol/limits.ts';
import {
  admission,
  type Bench,
  bench,
  expectEachCallAnswered,
  only,
  pageTool,
  read,
  spoken,
  types,
} from '../support/dispatching.ts';
import {
  call,
  finish,
  gate,
  makes,
  type ScriptedModel,
  type ScriptedTurn,
  says,
  scriptedModel,
  text,
} from '../support/scripted-model.ts';

const TOOLS = admission(pageTool('search'), pageTool('cart'));
const two = makes(call('c1', 'webmcp__search'), call('c2', 'webmcp__search'));

interface Paused extends Bench {
  readonly executionId: string;
  readonly model: ScriptedModel;
}

/** A dispatch that has come to its first pause. */
async function paused(...turns: readonly ScriptedTurn[]): Promise<Paused> {
  const model = scriptedModel(...turns);
  const made = await bench(model);
  const events = await made.say('find', { admission: TOOLS, assistantMessageId: 'ast_1' });
  return { ...made, model, executionId: events[0]?.executionId ?? '' };
}

describe('a resume', () => {
  test('goes on in the next turn of the same execution, without a second start', async () => {
    const { resume, executionId, wholeLog, messages, store } = await paused(two, says('Found both.'));
    const before = (await wholeLog(executionId)).length;
    const events = await read(await resume(executionId, { c1: 'mug', c2: 'cup' }));
    expect(types(events)).toEqual([
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'turn_complete',
      'execution_complete',
    ]);
    expect(events[0]).toMatchObject({ executionId, seq: before + 1, iteration: 2 });
    expect(only(events, 'text_start')[0]?.id).toBe('ast_1');
    expect(spoken(events)).toBe('Found both.');
    expect(await wholeLog(executionId)).toHaveLength(before + events.length);
    expect(await store.execution(executionId)).toMatchObject({
      status: 'complete',
      pending: [],
      expiresAtMs: null,
    });
    expectEachCallAnswered(await messages());
  });

  test('chains: each pause has its own resume, and the model sees all results', async () => {
    const { resume, executionId, model, messages } = await paused(
      makes(call('c1', 'webmcp__search')),
      [...text('And now the cart.'), ...makes(call('c2', 'webmcp__cart'))],
      makes(call('c3', 'webmcp__cart')),
      says('Done.'),
    );
    expect(only(await read(await resume(executionId, { c1: 'mug-1' })), 'await')[0]).toMatchObject({
      toolName: 'cart',
    });
    expect(types(await read(await resume(executionId, { c2: 'added' })))).toEqual(['turn_start', 'await']);
    const events = await read(await resume(executionId, { c3: 'two in cart' }));
    expect(events[0]).toMatchObject({ iteration: 4 });
    expect(spoken(events)).toBe('Done.');
    expect(model.requests[3]?.messages.filter(({ role }) => role === 'tool')).toHaveLength(3);
    expectEachCallAnswered(await messages());
  });

  test('with some of the outputs keeps the rest pending and asks for it again', async () => {
    const { resume, executionId, model, store, messages } = await paused(two, says('Both.'));
    const partial = await read(await resume(executionId, { c2: 'cup' }));
    expect(types(partial)).toEqual(['await']);
    expect(partial[0]).toMatchObject({ toolCallId: 'c1', toolName: 'search' });
    expect(await store.execution(executionId)).toMatchObject({
      status: 'awaiting',
      pending: [{ toolCallId: 'c1' }],
    });
    expect(spoken(await read(await resume(executionId, { c1: 'mug' })))).toBe('Both.');
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [
        { toolCallId: 'c1', text: 'mug' },
        { toolCallId: 'c2', text: 'cup' },
      ],
    });
    expectEachCallAnswered(await messages());
  });

  test.each(['search', 'webmcp:search'])('takes the name %s while one pending call has it', async (key) => {
    const { resume, executionId } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    expect(spoken(await read(await resume(executionId, { [key]: 'mug' })))).toBe('Ok.');
  });

  test('prefers an id to a name', async () => {
    const { resume, executionId, store } = await paused(
      makes(call('cart', 'webmcp__search'), call('c2', 'webmcp__cart')),
      says('Ok.'),
    );
    await read(await resume(executionId, { cart: 'for the search' }));
    expect(await store.execution(executionId)).toMatchObject({
      pending: [{ toolCallId: 'c2', bareName: 'cart' }],
    });
  });

  test('with a new tool set offers that one, and tools that stay keep their names', async () => {
    const { resume, executionId, model } = await paused(
      makes(call('c1', 'webmcp__search')),
      makes(call('c2', 'webmcp__pay')),
      says('Paid.'),
    );
    const events = await read(
      await resume(executionId, { c1: 'ok' }, { admission: admission(pageTool('pay'), pageTool('cart')) }),
    );
    expect(types(events)).toEqual(['turn_start', 'custom', 'await']);
    expect(model.requests[1]?.tools.map(({ name }) => name)).toEqual(['webmcp__cart', 'webmcp__pay']);
    await read(await resume(executionId, { c2: 'ok' }, { admission: admission() }));
    expect(model.requests[2]?.tools).toEqual([]);
  });

  test('with a new tool set and a part of the outputs keeps the set for later', async () => {
    const { resume, executionId, model } = await paused(two, says('Ok.'));
    await read(await resume(executionId, { c1: 'ok' }, { admission: admission(pageTool('pay')) }));
    await read(await resume(executionId, { c2: 'ok' }));
    expect(model.requests[1]?.tools.map(({ name }) => name)).toEqual(['webmcp__pay']);
  });
});

describe('outputs', () => {
  test.each([
    { output: 'plain words', text: 'plain words', isError: false },
    {
      output: {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      text: 'a\nb',
      isError: false,
    },
    {
      output: { content: [{ type: 'text', text: 'no stock' }], isError: true },
      text: 'no stock',
      isError: true,
    },
    {
      output: { content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }] },
      text: '[image image/png]',
      isError: false,
    },
    {
      output: { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'inside' } }] },
      text: 'inside',
      isError: false,
    },
    { output: { content: [], structuredContent: { n: 1 } }, text: '{"n":1}', isError: false },
    { output: { result: 'wrapped' }, text: 'wrapped', isError: false },
    {
      output: { result: { content: [{ type: 'text', text: 'deep' }], isError: true } },
      text: 'deep',
      isError: true,
    },
    { output: { result: 5, total: 9 }, text: '{"result":5,"total":9}', isError: false },
    { output: { 'Which size?': ['m', 'l'] }, text: '{"Which size?":["m","l"]}', isError: false },
    { output: [1, 2], text: '[1,2]', isError: false },
    { output: 0, text: '0', isError: false },
    { output: false, text: 'false', isError: false },
    { output: null, text: '(The tool returned nothing.)', isError: false },
    { output: '', text: '(The tool returned nothing.)', isError: false },
    { output: { content: [null, 7, 'bare'] }, text: 'null\n7\nbare', isError: false },
  ])('of any shape become text, untrusted: $output', async ({ output, text: expected, isError }) => {
    const { resume, executionId, model } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    await read(await resume(executionId, { c1: output }));
    expect(model.requests[1]?.messages.at(-1)).toEqual({
      role: 'tool',
      results: [{ toolCallId: 'c1', name: 'webmcp__search', text: expected, isError, untrusted: true }],
    });
  });

  test.each([
    { length: MAX_TOOL_RESULT_CHARS, isCut: false },
    { length: MAX_TOOL_RESULT_CHARS + 1, isCut: true },
  ])('of $length characters are cut: $isCut', async ({ length, isCut }) => {
    const { resume, executionId, messages } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    await read(await resume(executionId, { c1: 'x'.repeat(length) }));
    const result = (await messages())[2]?.message;
    const kept = result?.role === 'tool' ? (result.results[0]?.text ?? '') : '';
    expect(kept.length).toBe(MAX_TOOL_RESULT_CHARS);
    expect(kept.endsWith(`(cut: the result has ${length} characters)`)).toBe(isCut);
  });
});

describe('outputs that have no place are refused whole, and nothing is lost', () => {
  test.each([
    { outputs: { c9: 'x' }, code: 'unknown_tool_output' },
    { outputs: { c1: 'x', nobody: 'y' }, code: 'unknown_tool_output' },
    { outputs: JSON.parse('{"__proto__":"x","constructor":"x"}'), code: 'unknown_tool_output' },
    { outputs: { search: 'x' }, code: 'ambiguous_tool_output' },
    { outputs: {}, code: 'invalid_request' },
  ])('$outputs: $code', async ({ outputs, code }) => {
    const { resume, executionId, store } = await paused(two, says('Ok.'));
    const before = await store.execution(executionId);
    await expect(resume(executionId, outputs)).rejects.toMatchObject({ code });
    expect(await store.execution(executionId)).toEqual(before);
    expect(spoken(await read(await resume(executionId, { c1: 'a', c2: 'b' })))).toBe('Ok.');
  });

  test('two different outputs for one call are ambiguous, twice the same one is not', async () => {
    const { resume, executionId } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    await expect(resume(executionId, { c1: 'a', search: 'b' })).rejects.toMatchObject({
      code: 'ambiguous_tool_output',
    });
    expect(spoken(await read(await resume(executionId, { c1: 'a', 'webmcp:search': 'a' })))).toBe('Ok.');
  });

  test('a call that never left has its answer already', async () => {
    const { resume, executionId } = await paused(
      makes(call('c1', 'nope'), call('c2', 'webmcp__search')),
      says('Ok.'),
    );
    await expect(resume(executionId, { c1: 'x', c2: 'y' })).rejects.toMatchObject({
      code: 'already_resolved',
    });
  });

  test('of an execution that waits for nothing', async () => {
    const { resume, say } = await bench(scriptedModel(says('Hi')));
    const executionId = (await say('Hi'))[0]?.executionId ?? '';
    await expect(resume(executionId, { c1: 'x' })).rejects.toMatchObject({ code: 'execution_not_awaiting' });
  });

  test.each([
    { name: 'another owner', more: { owner: { kind: 'client_token', hash: 'other' } } },
    { name: 'another kind of owner', more: { owner: { kind: 'api_key', hash: 'visitor' } } },
    { name: 'another conversation', more: { conversationId: 'conv_2' } },
  ] as const)('of $name: the execution is not found', async ({ more }) => {
    const { resume, executionId } = await paused(two, says('Ok.'));
    await expect(resume(executionId, { c1: 'x' }, more)).rejects.toMatchObject({
      code: 'execution_not_found',
    });
    await expect(resume('exec_none', { c1: 'x' })).rejects.toMatchObject({ code: 'execution_not_found' });
    // Callers with a key name no conversation.
    expect(types(await read(await resume(executionId, { c1: 'x' }, { conversationId: null })))).toEqual([
      'await',
    ]);
  });
});

describe('the same outputs again', () => {
  test('while the turn runs, get the same events; nothing runs twice', async () => {
    const hold = gate();
    const { resume, executionId, model } = await paused(two, [
      ...text('Found'),
      hold.passed,
      ...text(' both.'),
      finish(),
    ]);
    const answers = await Promise.all([
      resume(executionId, { c1: 'a', c2: { x: 1, y: [2] } }),
      resume(executionId, { c2: { y: [2], x: 1 }, c1: 'a' }),
    ]);
    const reads = Promise.all(answers.map(read));
    hold.open();
    const [first, second] = await reads;
    expect(spoken(first ?? [])).toBe('Found both.');
    expect(second).toEqual(first);
    expect(model.requests).toHaveLength(2);
  });

  test('after the end, get the same events, by id and by name', async () => {
    const { resume, executionId } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    const first = await read(await resume(executionId, { c1: 'a' }));
    expect(await read(await resume(executionId, { c1: 'a' }))).toEqual(first);
    expect(await read(await resume(executionId, { search: 'a' }))).toEqual(first);
  });

  test('of an earlier pause, get that continuation to its own pause and no further', async () => {
    const { resume, executionId } = await paused(
      makes(call('c1', 'webmcp__search')),
      makes(call('c2', 'webmcp__cart')),
      says('Ok.'),
    );
    const first = await read(await resume(executionId, { c1: 'a' }));
    await read(await resume(executionId, { c2: 'b' }));
    expect(await read(await resume(executionId, { c1: 'a' }))).toEqual(first);
  });

  test('of a part, get the awaits of the rest again', async () => {
    const { resume, executionId, wholeLog } = await paused(two, says('Ok.'));
    const first = await read(await resume(executionId, { c1: 'a' }));
    expect(await read(await resume(executionId, { c1: 'a' }))).toEqual(first);
    expect((await wholeLog(executionId)).at(-1)).toEqual(first.at(-1));
  });

  test('together with new ones, bring the execution on', async () => {
    const { resume, executionId } = await paused(two, says('Ok.'));
    await read(await resume(executionId, { c1: 'a' }));
    const last = await read(await resume(executionId, { c1: 'a', c2: 'b' }));
    expect(spoken(last)).toBe('Ok.');
    expect(await read(await resume(executionId, { c1: 'a', c2: 'b' }))).toEqual(last);
  });
});

describe('different outputs for an answered call', () => {
  test('are refused while it runs and after its end', async () => {
    const hold = gate();
    const { resume, executionId } = await paused(makes(call('c1', 'webmcp__search')), [
      hold.passed,
      ...says('Ok.'),
    ]);
    const first = await resume(executionId, { c1: 'a' });
    await expect(resume(executionId, { c1: 'b' })).rejects.toMatchObject({ code: 'already_resolved' });
    await expect(resume(executionId, { search: 'b' })).rejects.toMatchObject({ code: 'already_resolved' });
    hold.open();
    await read(first);
    await expect(resume(executionId, { c1: 'b' })).rejects.toMatchObject({ code: 'already_resolved' });
  });

  test('of two at once, exactly one wins', async () => {
    const { resume, executionId, messages } = await paused(makes(call('c1', 'webmcp__search')), says('Ok.'));
    const settled = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((output) => resume(executionId, { c1: output })),
    );
    const won = settled.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const one of settled)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'already_resolved' });
    expect(spoken(await read(won[0]?.value ?? fail()))).toBe('Ok.');
    expectEachCallAnswered(await messages());
  });

  test('from two processes at once: one wins by the version in the store', async () => {
    const { resume, executionId, sibling, messages } = await paused(
      makes(call('c1', 'webmcp__search')),
      says('Ok.'),
    );
    const other = sibling(scriptedModel(says('Other.')));
    const request = {
      executionId,
      owner: { kind: 'client_token', hash: 'visitor' },
      conversationId: null,
      admission: undefined,
    } as const;
    const settled = await Promise.allSettled([
      resume(executionId, { c1: 'a' }),
      other.resume({ ...request, toolOutputs: { c1: 'b' } }),
    ]);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const won = settled.find((one) => one.status === 'fulfilled');
    await read(won?.value ?? fail());
    expectEachCallAnswered(await messages());
  });
});

function fail(): never {
  throw new Error('Nobody won.');
}
