import { describe, expect, test } from 'vitest';
import type { ToolChoice } from '../../protocol/definition.ts';
import { RequestError } from '../../server/errors.ts';
import { defineServerTool } from '../../server/tools/define-server-tool.ts';
import type { ResolvedTool } from '../../server/tools/toolbox.ts';
import { localTool, toolboxBench } from '../support/toolbox.ts';

function names(tools: readonly ResolvedTool[]): readonly string[] {
  return tools.map(({ name }) => name);
}

async function refused(promise: Promise<unknown>): Promise<RequestError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RequestError) return error;
  throw new Error('It was not refused.', { cause: error });
}

const CONFIGURED = defineServerTool({
  name: 'find_order',
  description: 'Finds an order.',
  run: () => 'configured',
});

describe('tools of a request', () => {
  test('are the configured, the saved and the declared ones, and of one name the later kind wins', async () => {
    const { toolbox, scope, save } = await toolboxBench();
    await save('tool', 'tool_1', localTool('find_order', { description: 'Saved.' }));
    await save('tool', 'tool_2', localTool('Weather Lookup', { description: 'Saved.' }));
    const choice: ToolChoice = { toolIds: ['tool_1', 'tool_2'] };
    const inScope = scope({ configured: [CONFIGURED] });
    expect(await toolbox.resolve([], inScope)).toMatchObject([
      { name: 'find_order', binding: { kind: 'configured' } },
    ]);
    expect(await toolbox.resolve([choice], inScope)).toMatchObject([
      { name: 'find_order', description: 'Saved.', binding: { id: 'tool_1' } },
      { name: 'Weather Lookup', binding: { id: 'tool_2' } },
    ]);
    const runtimeTools = [localTool('Weather Lookup', { description: 'Declared.' })];
    expect(await toolbox.resolve([{ ...choice, runtimeTools }], inScope)).toMatchObject([
      { name: 'find_order', description: 'Saved.' },
      { name: 'Weather Lookup', description: 'Declared.', binding: { id: null } },
    ]);
  });

  test('come in the same order however they were written down', async () => {
    const { toolbox, scope, save, servers } = await toolboxBench();
    await save('tool', 'tool_1', localTool('zebra'));
    servers.set('linear', ['read', 'create']);
    const runtimeTools = [localTool('b'), localTool('a')];
    const toolIds = ['tool_1', 'builtin:clock', 'mcp:linear:*'];
    const one = await toolbox.resolve([{ toolIds, runtimeTools }], scope());
    const two = await toolbox.resolve(
      [{ toolIds: [...toolIds].reverse(), runtimeTools: [...runtimeTools].reverse() }],
      scope(),
    );
    expect(names(one)).toEqual(['a', 'b', 'builtin:clock', 'mcp:linear:create', 'mcp:linear:read', 'zebra']);
    expect(names(two)).toEqual(names(one));
  });

  test('that are saved in another workspace are not there', async () => {
    const { toolbox, scope, save } = await toolboxBench();
    await save('tool', 'tool_1', localTool('secret_tool'), 'theirs');
    for (const id of ['tool_1', 'tool_missing', 'builtin:nothing']) {
      const error = await refused(toolbox.resolve([{ toolIds: [id] }], scope()));
      expect(error.code).toBe('tool_not_found');
      expect(error.message).toContain(id);
    }
  });

  test('that are saved go by their name too, and all of a workspace at once', async () => {
    const { toolbox, scope, save } = await toolboxBench();
    await save('tool', 'tool_1', localTool('Weather Lookup'));
    await save('tool', 'tool_2', localTool('add'));
    await save('tool', 'tool_3', localTool('theirs'), 'theirs');
    await save('tool', 'tool_4', { name: 'of another release', toolType: 'telepathy' });
    const named = (toolIds: string[]) => toolbox.resolve([{ toolIds }], scope());
    expect(names(await named(['saved:Weather Lookup', 'tool_1']))).toEqual(['Weather Lookup']);
    expect(names(await named(['saved:*']))).toEqual(['Weather Lookup', 'add']);
    expect(await refused(named(['saved:theirs']))).toMatchObject({ code: 'tool_not_found' });
  });

  test('that are named by something that is no id are refused with the forms there are', async () => {
    const { toolbox, scope } = await toolboxBench();
    for (const id of ['weather', 'mcp:linear', 'mcp::x', 'toolx_1', 'webmcp:search']) {
      const error = await refused(toolbox.resolve([{ toolIds: [id] }], scope()));
      expect(error).toMatchObject({ code: 'invalid_tool', hint: expect.stringContaining('mcp:<server>:*') });
    }
  });

  test('that are declared twice in one list, or beyond the limit of fifty, are refused', async () => {
    const { toolbox, scope } = await toolboxBench();
    const twice = await refused(
      toolbox.resolve([{ runtimeTools: [localTool('a'), localTool('a')] }], scope()),
    );
    expect(twice).toMatchObject({ code: 'invalid_tool', message: expect.stringContaining('`a`') });
    const many = Array.from({ length: 26 }, (_, at) => localTool(`t${at}`));
    const more = Array.from({ length: 25 }, (_, at) => localTool(`u${at}`));
    const error = await refused(toolbox.resolve([{ runtimeTools: many }, { runtimeTools: more }], scope()));
    expect(error.code).toBe('too_many_runtime_tools');
    expect(
      await toolbox.resolve([{ runtimeTools: many.slice(1) }, { runtimeTools: more }], scope()),
    ).toHaveLength(50);
  });

  test('that no call could be checked for are refused with what is wrong', async () => {
    const { toolbox, scope } = await toolboxBench();
    for (const parametersSchema of [
      { type: 'string' },
      { type: 'object', properties: { a: { type: 'texts' } } },
      { type: 'object', properties: { a: { $ref: 'https://example.com/schema.json' } } },
      { type: 'object', description: 'x'.repeat(20_000) },
    ]) {
      const error = await refused(
        toolbox.resolve([{ runtimeTools: [localTool('odd', { parametersSchema })] }], scope()),
      );
      expect(error.code).toBe('invalid_tool');
      expect(error.message).toContain('`odd`');
      expect(error.details?.[0]).toMatch(/^`?parametersSchema/);
    }
  });

  test.each([
    'webmcp:search',
    'MCP:linear:x',
    'builtin:clock',
    'tool_1',
    'suggest_replies',
    'ask_user_question',
    'spawn_subagent',
    'find*',
    'saved:thing',
  ])('may not be called %s', async (name) => {
    const { toolbox, scope } = await toolboxBench();
    const error = await refused(toolbox.resolve([{ runtimeTools: [localTool(name)] }], scope()));
    expect(error).toMatchObject({ code: 'invalid_tool', details: [expect.stringMatching(/^name: /)] });
  });

  test('of the type `local` go to whoever dispatches', async () => {
    const { toolbox, scope } = await toolboxBench();
    const [tool] = await toolbox.resolve([{ runtimeTools: [localTool('open_door')] }], scope());
    expect(tool?.origin).toBe('sdk');
  });
});

describe('tools of MCP servers', () => {
  test('are all of a server, or single ones; all beats single ones', async () => {
    const { toolbox, scope, servers } = await toolboxBench();
    servers.set('linear', ['create', 'delete', 'read']);
    const resolve = async (...toolIds: string[]) => names(await toolbox.resolve([{ toolIds }], scope()));
    expect(await resolve('mcp:linear:read')).toEqual(['mcp:linear:read']);
    const all = ['mcp:linear:create', 'mcp:linear:delete', 'mcp:linear:read'];
    expect(await resolve('mcp:linear:*')).toEqual(all);
    expect(await resolve('mcp:linear:read', 'mcp:linear:*', 'mcp:linear:gone')).toEqual(all);
    expect(await refused(toolbox.resolve([{ toolIds: ['mcp:linear:gone'] }], scope()))).toMatchObject({
      code: 'tool_not_found',
      message: expect.stringContaining('mcp:linear:gone'),
    });
    expect((await refused(toolbox.resolve([{ toolIds: ['mcp:nowhere:*'] }], scope()))).code).toBe(
      'tool_not_found',
    );
  });

  test('of a server that the request brings are found by its name, before a configured one', async () => {
    const { toolbox, scope, servers } = await toolboxBench();
    servers.set('linear', ['configured']);
    servers.set('https://mcp.example.com', ['create', 'delete', 'read']);
    const server = {
      name: 'linear',
      url: 'https://mcp.example.com',
      headers: { 'x-key': '{{secrets.key}}' },
    };
    const tools = await toolbox.resolve([{ toolIds: ['mcp:linear:read'], mcpServers: [server] }], scope());
    expect(tools).toMatchObject([
      {
        name: 'mcp:linear:read',
        binding: {
          target: { server: { url: server.url, headers: server.headers } },
          offered: 'hash of read',
        },
      },
    ]);
    expect(toolbox.secretKeys(tools)).toEqual(['key']);
    const narrowed = [{ ...server, tools: ['cre*', 'read'] }];
    expect(names(await toolbox.resolve([{ mcpServers: narrowed }], scope()))).toEqual([
      'mcp:linear:create',
      'mcp:linear:read',
    ]);
    const outside = toolbox.resolve([{ toolIds: ['mcp:linear:delete'], mcpServers: narrowed }], scope());
    expect((await refused(outside)).code).toBe('tool_not_found');
  });

  test('of more than five servers are refused', async () => {
    const { toolbox, scope, servers } = await toolboxBench();
    const six = Array.from({ length: 6 }, (_, at) => `s${at}`);
    for (const name of six) servers.set(name, ['x']);
    const toolIds = six.map((name) => `mcp:${name}:*`);
    expect((await refused(toolbox.resolve([{ toolIds }], scope()))).message).toContain('limit is 5');
    expect(await toolbox.resolve([{ toolIds: toolIds.slice(1) }], scope())).toHaveLength(5);
  });
});

describe('approval', () => {
  test('is required for all tools, or for those that a name or a prefix means', async () => {
    const { toolbox, scope, servers } = await toolboxBench();
    servers.set('linear', ['create_issue', 'read']);
    const choice: ToolChoice = {
      toolIds: ['builtin:clock', 'mcp:linear:*'],
      runtimeTools: [localTool('delete_all'), localTool('create')],
    };
    const needing = async (...required: (boolean | string[])[]) =>
      (
        await toolbox.resolve(
          [choice, ...required.map((require) => ({ approval: { require } }))],
          scope({ configured: [CONFIGURED] }),
        )
      ).flatMap(({ name, needsApproval }) => (needsApproval ? [name] : []));
    expect(await needing()).toEqual([]);
    expect(await needing(false)).toEqual([]);
    expect(await needing(true)).toHaveLength(6);
    expect(await needing(['create*'])).toEqual(['create', 'mcp:linear:create_issue']);
    expect(await needing(['mcp:linear:*', 'clock'])).toEqual([
      'builtin:clock',
      'mcp:linear:create_issue',
      'mcp:linear:read',
    ]);
    expect(await needing(['find_order'], false)).toEqual(['find_order']);
  });
});
