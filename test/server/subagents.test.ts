import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { SubagentPool, ToolChoice, ToolDefinition } from '../../protocol/definition.ts';
import { ConfigError } from '../../server/config/config.ts';
import { RequestError } from '../../server/errors.ts';
import { ModelError, type ModelRequest } from '../../server/models/model.ts';
import type { ChildCall } from '../../server/tools/toolbox.ts';
import { call, makes, type ScriptedTurn, says, scriptedModel } from '../support/scripted-model.ts';
import { aLedger, type ToolboxBench, toolboxBench } from '../support/toolbox.ts';

type Config = Extract<ToolDefinition, { toolType: 'subagent' }>['config'];

function researcher(config: Partial<Config> = {}, name = 'research'): ToolDefinition {
  return {
    name,
    description: 'Researches a topic.',
    toolType: 'subagent',
    parametersSchema: {
      type: 'object',
      properties: { task: { type: 'string' }, depth: { type: 'string' } },
      required: ['task'],
    },
    config: { agent: { instructions: 'Be thorough.' }, ...config },
  };
}

async function withModel(...turns: readonly ScriptedTurn[]) {
  const model = scriptedModel(...turns);
  const bench = await toolboxBench(() => model);
  bench.servers.set('linear', ['create', 'delete', 'read']);
  bench.servers.set('notion', ['read']);
  return { ...bench, model };
}

const FLOW_TOOL: ToolDefinition = {
  name: 'flow',
  description: 'Runs a flow.',
  toolType: 'flow',
  config: { flowId: 'flow_1' },
};

const ASK = { tool: 'research', parameters: { task: 'Find mugs.' } };

function toolNames(request: ModelRequest | undefined): readonly string[] {
  return request?.tools.map(({ name }) => name) ?? [];
}

/** What the model of a child read of its calls in the turn before. */
function results(request: ModelRequest | undefined): readonly string[] {
  const last = request?.messages.at(-1);
  return last?.role === 'tool' ? last.results.map(({ text }) => text) : [];
}

describe('a subagent', () => {
  test('sees its instructions and its task, and gives its words', async () => {
    const { run, model } = await withModel(says('Blue mugs ', 'are best.'));
    const answer = await run({ runtimeTools: [researcher()] }, ASK);
    expect(answer).toEqual({ text: 'Blue mugs are best.', isError: false });
    expect(model.requests).toMatchObject([
      {
        instructions: 'Be thorough.',
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Find mugs.' }] }],
        tools: [],
      },
    ]);
  });

  test('reads what else its call says beside the task, and parameters in its instructions', async () => {
    const { run, model } = await withModel(says('Done.'));
    const tool = researcher({ agent: { instructions: 'Look into {{depth}} of it.' } });
    await run(
      { runtimeTools: [tool] },
      { tool: 'research', parameters: { task: 'Find {{depth}}.', depth: 'the {{task}}' } },
    );
    expect(model.requests[0]?.instructions).toBe('Look into the {{task}} of it.');
    expect(model.requests[0]?.messages[0]).toMatchObject({
      content: [{ text: 'Find {{depth}}.\n\n{"depth":"the {{task}}"}' }],
    });
  });

  test('calls tools and reads what they give, and its failures are data', async () => {
    const { run, model } = await withModel(
      makes(call('x', 'builtin__calculator', { expression: '2 * 21' })),
      makes(call('x', 'builtin__calculator', { expression: '1 / 0' }), call('y', 'builtin__calculator', {})),
      says('It is 42.'),
    );
    const tools: ToolChoice = {
      toolIds: ['builtin:calculator'],
      runtimeTools: [researcher({ allowedTools: ['builtin:*'] })],
    };
    expect((await run(tools, ASK)).text).toBe('It is 42.');
    expect(results(model.requests[1])).toEqual([expect.stringContaining('"result":42')]);
    expect(results(model.requests[2])).toEqual([
      expect.stringContaining('division by zero'),
      expect.stringContaining('do not fit'),
    ]);
    const ids = model.requests[2]?.messages.flatMap((message) =>
      message.role === 'assistant' ? message.toolCalls.map(({ toolCallId }) => toolCallId) : [],
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('of a saved agent answers with its model and instructions', async () => {
    const asked: string[] = [];
    const model = scriptedModel(says('Saved.'));
    const bench = await toolboxBench((id) => {
      asked.push(id);
      return model;
    });
    await bench.save('agent', 'agent_1', { name: 'Saved', model: 'its/own', instructions: 'Speak up.' });
    const tools = { runtimeTools: [researcher({ agentId: 'agent_1', agent: undefined })] };
    expect((await bench.run(tools, ASK)).text).toBe('Saved.');
    expect(asked).toEqual(['its/own']);
    expect(model.requests[0]?.instructions).toBe('Speak up.');
    await bench.save('agent', 'agent_2', { name: 'Theirs' }, 'theirs');
    for (const agentId of ['agent_2', 'agent_gone']) {
      const missing = { runtimeTools: [researcher({ agentId, agent: undefined })] };
      expect(await bench.run(missing, ASK)).toEqual({
        text: expect.stringContaining(agentId),
        isError: true,
      });
    }
  });

  test('without a model of its own has that of its parent; one that cannot be used is said', async () => {
    const models = vi.fn((id: string) => {
      if (id !== 'scripted') throw new ConfigError(`${id} needs KEY_OF_IT.`);
      return scriptedModel(says('Ok.'));
    });
    const { run } = await toolboxBench(models);
    expect((await run({ runtimeTools: [researcher()] }, ASK)).text).toBe('Ok.');
    const other = researcher({ agent: { model: 'nobody/knows' } });
    const failed = await run({ runtimeTools: [other] }, ASK);
    expect(failed).toEqual({ text: expect.stringContaining('`nobody/knows`'), isError: true });
    expect(failed.text).not.toContain('KEY_OF_IT');
  });

  test('of both a saved and a described agent, or of neither, is refused', async () => {
    const { toolbox, scope } = await toolboxBench();
    for (const config of [{ agentId: 'agent_1' }, { agent: undefined }]) {
      const error = await toolbox.resolve([{ runtimeTools: [researcher(config)] }], scope()).catch((e) => e);
      expect(error).toBeInstanceOf(RequestError);
      expect(error).toMatchObject({
        code: 'invalid_tool',
        details: [expect.stringContaining('exactly one of `config.agentId` and `config.agent`')],
      });
    }
  });

  test('whose instructions name a secret is refused: a model would read it', async () => {
    const { toolbox, scope } = await toolboxBench();
    for (const instructions of ['Use {{secrets.key}}.', 'Use {{secret:KEY}}.']) {
      const tools = { runtimeTools: [researcher({ agent: { instructions } })] };
      const error = await toolbox.resolve([tools], scope()).catch((e) => e);
      expect(error).toMatchObject({ code: 'invalid_tool', message: expect.stringContaining('is a secret') });
    }
  });
});

describe('what a subagent may use', () => {
  const PARENT = ['mcp:linear:create', 'mcp:linear:read', 'builtin:clock'];

  async function granted(
    toolIds: readonly string[],
    allowedTools: readonly string[] | undefined,
    more: Partial<ToolChoice> = {},
  ) {
    const { run, model, save } = await withModel(says('Ok.'));
    await save('tool', 'tool_saved', researcher({}, 'Saved Tool'));
    const runtimeTools = [researcher({ allowedTools: allowedTools as string[] | undefined })];
    await run(
      { ...more, toolIds: [...toolIds], runtimeTools: [...runtimeTools, ...(more.runtimeTools ?? [])] },
      ASK,
    );
    return toolNames(model.requests[0]);
  }

  test('is nothing unless it is allowed', async () => {
    expect(await granted(PARENT, undefined)).toEqual([]);
    expect(await granted(PARENT, [])).toEqual([]);
  });

  test('is what its parent has too, with patterns on either side', async () => {
    expect(await granted(PARENT, ['mcp:linear:*'])).toEqual(['mcp__linear__create', 'mcp__linear__read']);
    expect(await granted(['mcp:linear:*'], ['mcp:linear:read'])).toEqual(['mcp__linear__read']);
    expect(await granted(['mcp:linear:*'], ['mcp:linear:*', 'mcp:notion:*'])).toEqual([
      'mcp__linear__create',
      'mcp__linear__delete',
      'mcp__linear__read',
    ]);
    expect(await granted(['mcp:notion:*', 'builtin:clock'], ['mcp:linear:*', 'builtin:*'])).toEqual([
      'builtin__clock',
    ]);
    expect(
      await granted(['builtin:clock'], ['mcp:linear:create', 'builtin:calculator', 'find_order']),
    ).toEqual([]);
    expect(await granted(PARENT, ['*'])).toEqual([
      'builtin__clock',
      'mcp__linear__create',
      'mcp__linear__read',
    ]);
  });

  test('is always a part of what its parent has, whatever is asked for', async () => {
    const { run, model, toolbox, scope } = await withModel(...Array<ScriptedTurn>(100).fill(says('Ok.')));
    const known = [
      'builtin:clock',
      'builtin:calculator',
      'mcp:linear:create',
      'mcp:linear:*',
      'mcp:notion:*',
    ];
    const patterns = fc.oneof(
      fc.constantFrom(...known, '*', 'mcp:*', 'm*', 'research', 'spawn_subagent', 'mcp__linear__create', ''),
      fc.string({ maxLength: 20 }),
    );
    const property = fc.asyncProperty(
      fc.subarray(known),
      fc.array(patterns, { maxLength: 6 }),
      async (toolIds, allowedTools) => {
        const has = (await toolbox.resolve([{ toolIds }], scope())).map(({ name }) => name);
        await run({ toolIds, runtimeTools: [researcher({ allowedTools }, 'research')] }, ASK);
        const named = new Map([...has, 'research'].map((name) => [name.replaceAll(':', '__'), name]));
        const got = toolNames(model.requests.at(-1)).map((name) => named.get(name) ?? 'unknown');
        return got.every(
          (name) =>
            (has.includes(name) || (name === 'research' && allowedTools.includes(name))) &&
            allowedTools.some(
              (one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))),
            ),
        );
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  test('is not what only looks like it', async () => {
    const clock: ToolDefinition = { ...researcher({}, 'clock'), config: { agent: {} } } as ToolDefinition;
    expect(await granted(['builtin:clock'], ['clock', 'uiltin:clock', 'builtin', 'BUILTIN:CLOCK'])).toEqual(
      [],
    );
    expect(await granted(['builtin:clock'], ['clock'], { runtimeTools: [clock] })).toEqual(['clock']);
  });

  test('is no tool that whoever dispatches runs', async () => {
    const local: ToolDefinition = {
      name: 'open_door',
      description: 'Opens the door.',
      toolType: 'local',
      config: {},
    };
    expect(await granted([], ['open_door', '*'], { runtimeTools: [local] })).toEqual([]);
  });

  test('is a saved tool by its id or its name; a tool that has taken its place is not it', async () => {
    expect(await granted(['tool_saved'], ['tool_saved'])).toEqual(['Saved_Tool']);
    expect(await granted(['tool_saved'], ['Saved Tool'])).toEqual(['Saved_Tool']);
    expect(await granted(['tool_saved'], ['saved:Saved Tool'])).toEqual(['Saved_Tool']);
    const place = researcher({}, 'Saved Tool');
    for (const id of ['tool_saved', 'saved:Saved Tool', 'saved:*', 'tool_*']) {
      expect(await granted(['tool_saved'], [id], { runtimeTools: [place] })).toEqual([]);
    }
  });

  test('is all saved tools of its parent where a pattern means them', async () => {
    const { run, model, save } = await withModel(says('Ok.'));
    await save('tool', 'tool_1', { ...FLOW_TOOL, name: 'One' });
    await save('tool', 'tool_2', { ...FLOW_TOOL, name: 'Two' });
    await save('tool', 'tool_3', { ...FLOW_TOOL, name: 'Three' });
    const runtimeTools = [researcher({ allowedTools: ['saved:*'] }), FLOW_TOOL];
    await run({ toolIds: ['tool_1', 'tool_2', 'builtin:clock'], runtimeTools }, ASK);
    expect(toolNames(model.requests[0])).toEqual(['One', 'Two']);
  });

  test('is another subagent only by its whole name', async () => {
    const other = { runtimeTools: [researcher({}, 'helper')] };
    expect(await granted(PARENT, ['*'], other)).not.toContain('helper');
    expect(await granted(PARENT, ['hel*'], other)).toEqual([]);
    expect(await granted(PARENT, ['helper'], other)).toEqual(['helper']);
  });

  test('cannot be widened by calling what it does not have', async () => {
    const { run, model } = await withModel(
      makes(
        call('a', 'mcp__linear__delete'),
        call('b', 'mcp:linear:delete'),
        call('c', 'research', { task: 'x' }),
        call('d', 'mcp__linear__read'),
      ),
      says('Ok.'),
    );
    await run(
      { toolIds: ['mcp:linear:*'], runtimeTools: [researcher({ allowedTools: ['mcp:linear:read'] })] },
      ASK,
    );
    expect(results(model.requests[1])).toEqual([
      'There is no tool named "mcp__linear__delete". These are offered: mcp__linear__read.',
      'There is no tool named "mcp_linear_delete". These are offered: mcp__linear__read.',
      'There is no tool named "research". These are offered: mcp__linear__read.',
      'linear ran read',
    ]);
  });

  test('does not run what a person must approve', async () => {
    const { run, model } = await withModel(makes(call('a', 'mcp__linear__delete')), says('Ok.'));
    await run(
      {
        toolIds: ['mcp:linear:*'],
        runtimeTools: [researcher({ allowedTools: ['mcp:linear:*'] })],
        approval: { require: ['delete'] },
      },
      ASK,
    );
    expect(results(model.requests[1])[0]).toMatch(/person must approve.*was not called/);
  });
});

test('a saved agent that is a child does not run what its own definition asks a person for', async () => {
  const { run, model, save } = await withModel(makes(call('a', 'mcp__linear__delete')), says('Ok.'));
  const approval = { require: ['mcp:linear:del*'] };
  await save('agent', 'agent_1', { name: 'Careful', tools: { approval } });
  const tool = researcher({ agentId: 'agent_1', agent: undefined, allowedTools: ['mcp:linear:*'] });
  await run({ toolIds: ['mcp:linear:*'], runtimeTools: [tool] }, ASK);
  expect(results(model.requests[1])[0]).toContain('person must approve');
});

describe('how far a subagent goes', () => {
  const CLOCK = makes(call('x', 'builtin__clock'));
  const tools = (config: Partial<Config>): ToolChoice => ({
    toolIds: ['builtin:clock'],
    runtimeTools: [researcher({ allowedTools: ['builtin:clock'], ...config })],
  });

  test('is five turns, and in the last one it must answer', async () => {
    const { run, model } = await withModel(CLOCK, CLOCK, CLOCK, CLOCK, says('Noon.'));
    expect((await run(tools({}), ASK)).text).toBe('Noon.');
    expect(model.requests.map((request) => toolNames(request).length)).toEqual([1, 1, 1, 1, 0]);
  });

  test('is as many turns as its definition says', async () => {
    const { run, model } = await withModel(CLOCK, says('Noon.'));
    expect((await run(tools({ maxTurns: 2 }), ASK)).text).toBe('Noon.');
    expect(model.requests.map((request) => toolNames(request).length)).toEqual([1, 0]);
  });

  test('is ten calls, or as many as its agent makes', async () => {
    const dozen = makes(...Array.from({ length: 12 }, (_, at) => call(`c${at}`, 'builtin__clock')));
    const { run, model } = await withModel(dozen, says('Enough.'));
    await run(tools({}), ASK);
    const read = results(model.requests[1]);
    expect(read.filter((text) => text.includes('iso'))).toHaveLength(10);
    expect(read.slice(10)).toEqual(Array(2).fill(expect.stringContaining('limit of tool calls')));
    expect(toolNames(model.requests[1])).toEqual([]);
  });

  test('ends when its time is over, whatever its model does', async () => {
    const { run } = await withModel([new Promise(() => undefined)]);
    const late = await run(tools({ timeoutMs: 30 }), ASK);
    expect(late).toEqual({ text: expect.stringContaining('did not answer within 0.03 s'), isError: true });
  });

  test('ends when its model fails or says nothing, and its parent reads why', async () => {
    const failing = await withModel([new ModelError('model_failed', 'The provider is down.')]);
    expect(await failing.run(tools({}), ASK)).toEqual({
      text: "The subagent's model failed: The provider is down.",
      isError: true,
    });
    const silent = await withModel(says(' '));
    expect(await silent.run(tools({}), ASK)).toMatchObject({ isError: true });
  });

  test('is two hundred calls for all that one call sets going', async () => {
    const many = (name: string, input: object) =>
      makes(...Array.from({ length: 90 }, (_, at) => call(`c${at}`, name, input)));
    const { run, model, save } = await withModel(
      makes(...[1, 2, 3].map((at) => call(`h${at}`, 'helper', { task: `${at}` }))),
      ...Array<ScriptedTurn>(3).fill(many('builtin__clock', {})),
      ...Array<ScriptedTurn>(4).fill(says('Enough.')),
    );
    await save('agent', 'agent_1', { name: 'Busy', maxToolCalls: 100 });
    const helper = researcher(
      { agentId: 'agent_1', agent: undefined, allowedTools: ['builtin:*'] },
      'helper',
    );
    const runtimeTools = [researcher({ allowedTools: ['helper', 'builtin:clock'] }), helper];
    await run({ toolIds: ['builtin:clock'], runtimeTools }, ASK);
    const read = model.requests.flatMap(results);
    expect(read.filter((text) => text.includes('iso'))).toHaveLength(197);
    expect(read.filter((text) => text.includes('limit of tool calls'))).toHaveLength(270 - 197);
  });

  test('is no step without a task', async () => {
    const { run, model } = await withModel(says('Never.'));
    const answer = await run(tools({}), { tool: 'research', parameters: { task: ' ' } });
    expect(answer).toEqual({ text: expect.stringContaining('task is empty'), isError: true });
    expect(model.requests).toEqual([]);
  });

  test('ends when its parent is cancelled, with whatever it is doing', async () => {
    const { run, model } = await withModel([new Promise(() => undefined)]);
    const stop = new AbortController();
    const ending = run(tools({}), { ...ASK, signal: stop.signal });
    await vi.waitFor(() => expect(model.requests).toHaveLength(1), { timeout: 10_000 });
    stop.abort();
    expect(await ending).toEqual({ text: expect.stringContaining('was stopped'), isError: true });
    await vi.waitFor(() => expect(model.requests[0]?.signal.aborted).toBe(true), { timeout: 10_000 });
  });

  test('is not into itself without end', async () => {
    const again = (request: ModelRequest) =>
      toolNames(request).length === 0 || results(request).length > 0
        ? says(`Then: ${results(request).join()}`)
        : makes(call('x', 'research', { task: 'Again.' }));
    const { run, model } = await withModel(...Array<ScriptedTurn>(40).fill(again));
    const { text } = await run({ runtimeTools: [researcher({ allowedTools: ['research'] })] }, ASK);
    expect(text).toContain('nested 5 deep already');
    expect(model.requests.length).toBe(10);
  });
});

describe('the answer of a subagent', () => {
  async function answer(outputFormat: Config['outputFormat'], ...turns: readonly ScriptedTurn[]) {
    const { run, model } = await withModel(...turns);
    const result = await run(
      {
        toolIds: ['builtin:clock'],
        runtimeTools: [researcher({ allowedTools: ['builtin:clock'], outputFormat })],
      },
      ASK,
    );
    return { ...result, model };
  }
  const LOOKS = [...says('Looking.').slice(0, -1), ...makes(call('x', 'builtin__clock'))];

  test('is all its words, or its last message', async () => {
    expect((await answer('text', LOOKS, says('Noon.'))).text).toBe('Looking.\n\nNoon.');
    expect((await answer(undefined, LOOKS, says('Noon.'))).text).toBe('Looking.\n\nNoon.');
    expect((await answer('last_message', LOOKS, says('Noon.'))).text).toBe('Noon.');
  });

  test('is the JSON of its last message, and none is a failure', async () => {
    const { text, model } = await answer('json', LOOKS, says('```json\n{"hour": 12}\n```'));
    expect(text).toBe('{"hour":12}');
    expect(model.requests[0]?.instructions).toMatch(/^Be thorough\.\n\n.*JSON/);
    expect(await answer('json', says('It is noon.'))).toMatchObject({
      text: expect.stringContaining('JSON'),
      isError: true,
    });
  });
});

describe('spawning subagents', () => {
  const POOLED = { toolIds: ['builtin:clock', 'builtin:calculator', 'mcp:linear:create'] };
  const pooled = (pool: Partial<SubagentPool> = {}): ToolChoice => ({
    ...POOLED,
    subagentConfig: { toolPool: ['builtin:clock', 'mcp:linear:*', 'mcp:notion:*'], ...pool },
  });

  async function spawnSchema(bench: ToolboxBench, choice: ToolChoice) {
    const tools = await bench.toolbox.resolve([choice], bench.scope());
    return tools.find(({ name }) => name === 'spawn_subagent')?.parametersSchema as {
      properties: { tools?: { items: { enum: string[] } }; maxTurns: { maximum: number } };
    };
  }

  test('is offered with the pool cut to what the parent has', async () => {
    const bench = await withModel();
    const schema = await spawnSchema(bench, pooled());
    expect(schema.properties.tools?.items.enum).toEqual(['builtin:clock', 'mcp:linear:create']);
    expect(schema.properties.maxTurns.maximum).toBe(10);
    expect((await spawnSchema(bench, pooled({ toolPool: [] }))).properties).not.toHaveProperty('tools');
    expect(await spawnSchema(bench, POOLED)).toBeUndefined();
  });

  test('gives a child the task, the tools that were chosen, and instructions', async () => {
    const { run, model } = await withModel(makes(call('x', 'builtin__clock')), says('Noon.'));
    const parameters = { task: 'Time?', tools: ['builtin:clock'], instructions: 'Be quick.', maxTurns: 3 };
    const { text } = await run(pooled(), { tool: 'spawn_subagent', parameters });
    expect(text).toBe('Noon.');
    expect(model.requests[0]).toMatchObject({
      instructions: 'Be quick.',
      messages: [{ content: [{ text: 'Time?' }] }],
    });
    expect(toolNames(model.requests[0])).toEqual(['builtin__clock']);
  });

  test.each([
    { tools: ['builtin:calculator'] },
    { tools: ['mcp:linear:*'] },
    { tools: ['mcp:notion:read'] },
    { tools: ['spawn_subagent'] },
    { maxTurns: 11 },
    { task: '' },
  ])('refuses %j', async (wrong) => {
    const { run, model } = await withModel(says('Never.'));
    const parameters = { task: 'Time?', ...wrong };
    expect(await run(pooled(), { tool: 'spawn_subagent', parameters })).toMatchObject({ isError: true });
    expect(model.requests).toEqual([]);
  });

  test('ends at the limit of the execution', async () => {
    let spawned = 4;
    const ledger = aLedger({ spawned: () => ++spawned });
    const { run } = await withModel(says('Fifth.'), says('Never.'));
    const spawn = { tool: 'spawn_subagent', parameters: { task: 'Time?' } };
    expect((await run(pooled(), spawn, { ledger })).text).toBe('Fifth.');
    expect(await run(pooled(), spawn, { ledger })).toEqual({
      text: expect.stringContaining('limit of 5 subagents'),
      isError: true,
    });
    const { run: other } = await withModel(says('Fifth.'));
    const one = aLedger({ spawned: () => 2 });
    expect((await other(pooled({ maxSpawnsPerRun: 1 }), spawn, { ledger: one })).isError).toBe(true);
  });

  test('gives children no way to spawn', async () => {
    const { run, model } = await withModel(
      makes(call('x', 'spawn_subagent', { task: 'More.' })),
      says('Ok.'),
    );
    const choice = pooled({ toolPool: ['*', 'spawn_subagent', 'helper'] });
    const withHelper = { ...choice, runtimeTools: [researcher({}, 'helper')] };
    const parameters = { task: 'Time?', tools: ['builtin:clock'] };
    await run(withHelper, { tool: 'spawn_subagent', parameters });
    expect(toolNames(model.requests[0])).toEqual(['builtin__clock']);
    expect(results(model.requests[1])[0]).toContain('There is no tool named "spawn_subagent"');
    const bench = await withModel();
    expect((await spawnSchema(bench, withHelper)).properties.tools?.items.enum).not.toContain('helper');
  });

  test('goes on in children where it may, with no more than they have', async () => {
    const { run, model } = await withModel(
      makes(
        call('x', 'spawn_subagent', { task: 'Deeper.', tools: ['mcp:linear:create'] }),
        call('y', 'spawn_subagent', { task: 'Deeper.', tools: ['builtin:clock'] }),
      ),
      says('The clock says noon.'),
      says('So it is noon.'),
    );
    const parameters = { task: 'Time?', tools: ['builtin:clock'] };
    const { text } = await run(pooled({ allowNesting: true }), { tool: 'spawn_subagent', parameters });
    expect(text).toBe('So it is noon.');
    expect(toolNames(model.requests[0])).toEqual(['builtin__clock', 'spawn_subagent']);
    expect(toolNames(model.requests[1])).toEqual(['builtin__clock', 'spawn_subagent']);
    expect(results(model.requests[2])).toEqual([
      expect.stringContaining('do not fit'),
      'The clock says noon.',
    ]);
  });

  test('is not what a defined subagent inherits unless nesting is on and it is named', async () => {
    const offered = async (allowNesting: boolean, allowedTools: string[]) => {
      const { run, model } = await withModel(says('Ok.'));
      await run({ ...pooled({ allowNesting }), runtimeTools: [researcher({ allowedTools })] }, ASK);
      return toolNames(model.requests[0]);
    };
    expect(await offered(false, ['spawn_subagent'])).toEqual([]);
    expect(await offered(true, ['*'])).not.toContain('spawn_subagent');
    expect(await offered(true, ['spawn_subagent'])).toEqual(['spawn_subagent']);
  });
});

describe('what a subagent costs', () => {
  test('is counted in its parent, its children included', async () => {
    const counted = { input: 0, output: 0 };
    const called: ChildCall[] = [];
    const ledger = aLedger({
      tokens: (input, output) => {
        counted.input += input;
        counted.output += output;
      },
      called: (one) => void called.push(one),
    });
    const { run } = await withModel(
      makes(call('x', 'helper', { task: 'Help.' }), call('y', 'helper', { depth: 1 }), call('z', 'gone')),
      makes(call('x', 'builtin__clock')),
      says('Helped.'),
      says('Done.'),
    );
    const helper = researcher({ allowedTools: ['builtin:clock'] }, 'helper');
    const runtimeTools = [researcher({ allowedTools: ['helper', 'builtin:clock'] }), helper];
    await run({ toolIds: ['builtin:clock'], runtimeTools }, ASK, { ledger });
    expect(counted).toEqual({ input: 40, output: 20 });
    expect(called).toMatchObject([
      { tool: { canonicalName: 'helper' }, parameters: { depth: 1 }, outcome: 'refused' },
      {
        tool: { canonicalName: 'builtin:clock' },
        outcome: 'success',
        result: expect.stringContaining('iso'),
      },
      {
        tool: { canonicalName: 'helper' },
        parameters: { task: 'Help.' },
        outcome: 'success',
        result: 'Helped.',
      },
    ]);
    expect(new Set(called.map(({ parentToolCallId }) => parentToolCallId))).toEqual(new Set(['call_parent']));
  });
});
