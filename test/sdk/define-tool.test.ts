import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  createCustomTool,
  createExternalTool,
  createFlowTool,
  createGraphqlTool,
  createLocalTool,
  createMcpTool,
  createSubagentTool,
  defineTool,
  PagehandError,
} from '../../server/sdk/index.ts';

const NO_PARAMETERS = { type: 'object', properties: {} };

/** What is wrong with a definition, as `details` say it. */
function problemsOf(definition: unknown): readonly string[] {
  try {
    defineTool(definition as Parameters<typeof defineTool>[0]);
  } catch (error) {
    if (error instanceof PagehandError && error.code === 'invalid_definition') return error.details;
    throw error;
  }
  return [];
}

describe('a definition', () => {
  test('is given back in its canonical form [R3-01]', () => {
    const tool = defineTool({
      name: 'Weather Lookup',
      toolType: 'external',
      config: {
        url: 'https://api.example.com',
        headers: { Authorization: 'Bearer {{secret:KEY}}' },
        timeout: undefined,
      },
    });
    expect(tool).toEqual({
      name: 'Weather Lookup',
      description: '',
      toolType: 'external',
      parametersSchema: NO_PARAMETERS,
      config: { url: 'https://api.example.com', headers: { authorization: 'Bearer {{secret:KEY}}' } },
    });
    expectTypeOf(tool.config.url).toEqualTypeOf<string>();
    expect(defineTool(tool)).toEqual(tool);
    expect(tool.config).not.toHaveProperty('timeout');
  });

  test.each([
    ['external', { url: 'https://x.example' }],
    ['custom', { code: 'return 1;' }],
    ['graphql', { url: 'https://x.example', query: '{ a }' }],
    ['mcp', { server: 'linear', tool: 'create_issue' }],
    ['local', {}],
    ['flow', { flowId: 'flow_1' }],
    ['subagent', { agentId: 'agent_1' }],
  ])('may be of the type %s [R3-02]', (toolType, config) => {
    expect(problemsOf({ name: 'a', toolType, config })).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['is nothing', null, 'definition: not an object'],
    ['has no type', { name: 'a' }, 'toolType: must be one of external, custom'],
    ['has a type that is none', { name: 'a', toolType: 'http' }, 'toolType: must be one of external'],
    ['has no name', { toolType: 'local' }, 'name: '],
    [
      'has a field that is none',
      { name: 'a', toolType: 'local', parameterSchema: {} },
      'parameterSchema: no field',
    ],
    ['lacks its address', { name: 'a', toolType: 'external', config: {} }, 'config.url: '],
    ['lacks its code', { name: 'a', toolType: 'custom', config: { timeout: 5 } }, 'config.code: '],
    [
      'takes parameters that are no object',
      { name: 'a', toolType: 'local', parametersSchema: { type: 'array' } },
      'parametersSchema.type: must be "object"',
    ],
    [
      'names no child',
      { name: 'a', toolType: 'subagent', config: {} },
      'exactly one of `agentId` and `agent`',
    ],
    [
      'names two children',
      { name: 'a', toolType: 'subagent', config: { agentId: 'agent_1', agent: {} } },
      'exactly one of `agentId` and `agent`',
    ],
    [
      'holds what no JSON holds',
      { name: 'a', toolType: 'external', config: { url: 'https://x.example', body: { n: Number.NaN } } },
      'not finite',
    ],
  ])('that %s is refused in words [R3-01]', (_, definition, sentence) => {
    expect(problemsOf(definition).join('\n')).toContain(sentence);
  });
});

describe('the helpers', () => {
  test('make an external tool from flat options [R2-22]', () => {
    const weather = createExternalTool({
      name: 'get_weather',
      description: 'Get weather for a city',
      parametersSchema: { type: 'object', properties: { city: { type: 'string' } } },
      url: 'https://api.weather.com/current?city={{city}}',
      method: 'GET',
      headers: { Authorization: 'Bearer {{secrets.key}}' },
    });
    expect(weather).toEqual({
      name: 'get_weather',
      description: 'Get weather for a city',
      toolType: 'external',
      parametersSchema: { type: 'object', properties: { city: { type: 'string' } } },
      config: {
        url: 'https://api.weather.com/current?city={{city}}',
        method: 'GET',
        headers: { authorization: 'Bearer {{secrets.key}}' },
      },
    });
    expectTypeOf(weather.toolType).toEqualTypeOf<'external'>();
  });

  test('make one of every other type too', () => {
    const described = { name: 'a', description: 'Does.' };
    const whole = { ...described, parametersSchema: NO_PARAMETERS };
    const tools = [
      [
        createCustomTool({ ...described, code: 'return 1;', timeout: 5_000 }),
        'custom',
        { code: 'return 1;', timeout: 5_000 },
      ],
      [
        createGraphqlTool({ ...described, url: 'https://x.example', query: '{ a }' }),
        'graphql',
        { url: 'https://x.example', query: '{ a }' },
      ],
      [
        createMcpTool({ ...described, server: 'linear', tool: 'list' }),
        'mcp',
        { server: 'linear', tool: 'list' },
      ],
      [
        createFlowTool({ ...described, flowId: 'flow_1', outputMapping: 'mood' }),
        'flow',
        { flowId: 'flow_1', outputMapping: 'mood' },
      ],
      [
        createSubagentTool({ ...described, agent: { model: 'offline' }, maxTurns: 2 }),
        'subagent',
        { agent: { model: 'offline' }, maxTurns: 2 },
      ],
      [createLocalTool(described), 'local', {}],
    ] as const;
    for (const [tool, toolType, config] of tools) expect(tool).toEqual({ ...whole, toolType, config });
  });

  test('refuse what is not whole', () => {
    expect(() => createExternalTool({ name: 'a', url: undefined as unknown as string })).toThrow(
      /config\.url/,
    );
  });
});
