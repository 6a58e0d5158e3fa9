import { describe, expect, test, vi } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  only,
  pageTool,
  read,
  spoken,
  types,
} from '../support/dispatching.ts';
import { call, makes, says, scriptedModel } from '../support/scripted-model.ts';

function clockTool(run: ServerTool['run'] = async () => ({ hour: 12 }), name = 'clock'): ServerTool {
  return {
    name,
    description: 'Tells the time.',
    parametersSchema: { type: 'object', properties: { zone: { type: 'string' } } },
    idempotent: true,
    timeoutMs: 1_000,
    run,
  };
}

function tooled(...tools: readonly ServerTool[]) {
  return { agent: { ...agent(10), tools } };
}

describe('a tool of the server', () => {
  test('runs in the turn, and the model reads what it gave as data', async () => {
    const run = vi.fn(async () => ({ hour: 12 }));
    const tool = clockTool(run);
    const model = scriptedModel(makes(call('c1', 'clock', { zone: 'UTC' })), says('Noon.'));
    const { say, messages } = await bench(model, undefined, { tools: () => [tool] });
    const events = await say('time?', tooled(tool));
    expect(run).toHaveBeenCalledWith({ zone: 'UTC' }, expect.objectContaining({ toolCallId: 'c1' }));
    expect(types(events)).toEqual([
      'execution_start',
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
    expect(only(events, 'tool_complete')[0]).toMatchObject({ success: true, result: '{"hour":12}' });
    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(['clock']);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [{ text: '{"hour":12}', isError: false, untrusted: true }],
    });
    expectEachCallAnswered(await messages());
  });

  test('is stored as begun before it begins', async () => {
    const store = await openSqliteStore(':memory:');
    let found: unknown;
    const tool = clockTool(async (_, { executionId }) => {
      found = (await store.execution(executionId))?.started;
      return 'done';
    });
    const { say } = await bench(scriptedModel(makes(call('c1', 'clock')), says('Ok.')), store, {
      tools: () => [tool],
    });
    await say('time?', tooled(tool));
    expect(found).toMatchObject([{ toolCallId: 'c1', bareName: 'clock' }]);
  });

  test('beside a tool of the page runs first; then the page is asked', async () => {
    const tool = clockTool();
    const model = scriptedModel(makes(call('c1', 'clock'), call('c2', 'webmcp__search')), says('Both.'));
    const { say, resume, messages } = await bench(model, undefined, { tools: () => [tool] });
    const events = await say('both', { ...tooled(tool), admission: admission(pageTool('search')) });
    expect(types(events).slice(-3)).toEqual(['tool_start', 'tool_complete', 'await']);
    const rest = await read(await resume(events[0]?.executionId ?? '', { c2: 'a mug' }));
    expect(spoken(rest)).toBe('Both.');
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [{ toolCallId: 'c1' }, { toolCallId: 'c2', text: 'a mug' }],
    });
    expectEachCallAnswered(await messages());
  });

  test('several run side by side, and each result is stored as it comes', async () => {
    let release = (_: unknown) => {};
    const waiting = new Promise((resolve) => {
      release = resolve;
    });
    const tools = [clockTool(async () => 'quick', 'quick'), clockTool(() => waiting, 'slow')];
    const { start, messages, wholeLog } = await bench(
      scriptedModel(makes(call('c1', 'slow'), call('c2', 'quick')), says('Ok.')),
      undefined,
      { tools: () => tools },
    );
    const answer = await start(tooled(...tools));
    await vi.waitFor(async () =>
      expect(only(await wholeLog(answer.executionId), 'tool_complete')).toMatchObject([{ toolCallId: 'c2' }]),
    );
    release('late');
    expect(spoken(await read(answer))).toBe('Ok.');
    expectEachCallAnswered(await messages());
  });

  test('that throws, or is called with arguments against its schema, is a result that the model reads', async () => {
    const tool = clockTool(async () => {
      throw new Error('No clock here.');
    });
    const model = scriptedModel(
      makes(call('c1', 'clock'), call('c2', 'clock', { zone: 7 })),
      says('It failed.'),
    );
    const { say } = await bench(model, undefined, { tools: () => [tool] });
    const events = await say('time?', tooled(tool));
    expect(only(events, 'tool_complete').map(({ success }) => success)).toEqual([false, false]);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [
        { isError: true, text: expect.stringContaining('No clock here.') },
        { isError: true, text: expect.stringMatching(/zone/) },
      ],
    });
  });

  test('counts against the limit of calls', async () => {
    const run = vi.fn(async () => 'tick');
    const tool = clockTool(run);
    const turns = Array.from({ length: 3 }, (_, index) => makes(call(`c${index}`, 'clock')));
    const { say } = await bench(scriptedModel(...turns, says('Enough.')), undefined, { tools: () => [tool] });
    await say('tick', { agent: { ...agent(2), tools: [tool] } });
    expect(run).toHaveBeenCalledTimes(2);
  });

  test.each([
    ['in one turn', [makes(...Array.from({ length: 12 }, (_, index) => call(`c${index}`, 'clock')))]],
    ['one after another', Array.from({ length: 12 }, (_, index) => makes(call(`c${index}`, 'clock')))],
  ])('called a dozen times %s leaves nothing behind that Node warns of', async (_, turns) => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const tool = clockTool();
    const { say } = await bench(scriptedModel(...turns, says('Enough.')), undefined, { tools: () => [tool] });
    const events = await say('tick', { agent: { ...agent(20), tools: [tool] } });
    // Node warns in a tick of its own.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(only(events, 'tool_complete')).toHaveLength(12);
    expect(warnings).toEqual([]);
  });
});
