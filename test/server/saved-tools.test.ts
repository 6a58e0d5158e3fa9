import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../protocol/error.ts';
import type {
  ExecuteToolResponse,
  SavedTool,
  SavedToolResponse,
  ToolsResponse,
} from '../../protocol/saved.ts';
import { API_KEY, aServer, CONFIG, callsEachTool, type TestServer } from '../support/server.ts';

const READER = 'sk_test_onlyreads';
const ELSEWHERE = 'sk_test_elsewhere';

const config = {
  ...CONFIG,
  apiKeys: [
    { key: API_KEY, scopes: ['*'] },
    { key: READER, scopes: ['TOOLS:READ'] },
    { key: ELSEWHERE, scopes: ['*'], workspace: 'elsewhere' },
  ],
};

const NUMBER = { type: 'number' };
const TAX = {
  name: 'Sales tax',
  description: 'Calculates sales tax.',
  toolType: 'custom',
  parametersSchema: {
    type: 'object',
    properties: { amount: NUMBER, rate: NUMBER },
    required: ['amount', 'rate'],
  },
  config: { code: 'return { tax: amount * (rate / 100) };' },
};

let server: TestServer;
beforeAll(async () => {
  server = await aServer({ config, model: callsEachTool });
});
afterEach(async () => {
  const { data } = (await ask<ToolsResponse>('GET', '/v1/tools?limit=100')).body;
  for (const { id } of data) await ask('DELETE', `/v1/tools/${id}`);
});
afterAll(() => server.close());

async function ask<Body = ErrorBody>(method: string, path: string, body?: unknown, key = API_KEY) {
  const response = await server.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

async function save(definition: object): Promise<SavedToolResponse> {
  const { status, body } = await ask<SavedToolResponse>('POST', '/v1/tools', definition);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

const execute = (id: string, body: object, key?: string) =>
  ask<ExecuteToolResponse>('POST', `/v1/tools/${id}/execute`, body, key);

async function codeOf(answer: Promise<{ status: number; body: unknown }>): Promise<string> {
  const { status, body } = await answer;
  return `${status} ${(body as ErrorBody).code}`;
}

describe('a saved tool', () => {
  test('is given back as it was written, under an id of its own [R2x-13, R2-54]', async () => {
    const { validation, ...tool } = await save(TAX);
    expect(tool).toMatchObject({ ...TAX, lastModifiedSource: 'api', managedBy: null });
    expect(tool.id).toMatch(/^tool_/);
    expect(tool.contentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(validation.warnings).toEqual([]);
    expect((await ask('GET', `/v1/tools/${tool.id}`)).body).toEqual(tool);
  });

  test('is changed field by field, keeps its id and gets another hash [R2x-13]', async () => {
    const before = await save(TAX);
    server.advance(60_000);
    const { body } = await ask<SavedToolResponse>('PUT', `/v1/tools/${before.id}`, {
      name: 'VAT',
      description: 'Calculates VAT.',
    });
    expect(body).toMatchObject({ ...TAX, id: before.id, name: 'VAT', description: 'Calculates VAT.' });
    expect(body.contentHash).not.toBe(before.contentHash);
    expect(Date.parse(body.updatedAt) - Date.parse(body.createdAt)).toBe(60_000);
  });

  test('that is not changed for the better stays as it was', async () => {
    const { id } = await save(TAX);
    const { body: before } = await ask('GET', `/v1/tools/${id}`);
    expect(await codeOf(ask('PUT', `/v1/tools/${id}`, { config: { code: 'return (' } }))).toBe(
      '400 invalid_tool',
    );
    expect(await codeOf(ask('PUT', `/v1/tools/${id}`, { toolType: 'external' }))).toBe('400 invalid_tool');
    expect((await ask('GET', `/v1/tools/${id}`)).body).toEqual(before);
  });

  test('is gone once it is deleted, and whoever still names it is told so [R3-20, R2x-13]', async () => {
    const { id } = await save(TAX);
    const dispatch = () => server.dispatch({ tools: { toolIds: [id] }, streamResponse: false });
    expect((await dispatch()).status).toBe(200);
    expect((await ask('DELETE', `/v1/tools/${id}`)).body).toEqual({ id, deleted: true });
    for (const method of ['GET', 'DELETE']) {
      expect(await codeOf(ask(method, `/v1/tools/${id}`))).toBe('404 tool_not_found');
    }
    expect(await codeOf(ask('PUT', `/v1/tools/${id}`, { description: 'x' }))).toBe('404 tool_not_found');
    expect(await codeOf(execute(id, {}))).toBe('404 tool_not_found');
    const refused = await dispatch();
    expect([refused.status, ((await refused.json()) as ErrorBody).code]).toEqual([404, 'tool_not_found']);
  });

  test('is that of its workspace, and of keys that may', async () => {
    const { id } = await save(TAX);
    for (const [method, path, body] of [
      ['GET', `/v1/tools/${id}`],
      ['PUT', `/v1/tools/${id}`, { description: 'x' }],
      ['DELETE', `/v1/tools/${id}`],
      ['POST', `/v1/tools/${id}/execute`, {}],
      ['POST', `/v1/tools/${id}/test`, {}],
    ] as const) {
      expect(await codeOf(ask(method, path, body, ELSEWHERE))).toBe('404 tool_not_found');
    }
    expect((await ask('GET', `/v1/tools/${id}`, undefined, READER)).status).toBe(200);
    expect(await codeOf(ask('POST', '/v1/tools', TAX, READER))).toBe('403 insufficient_scope');
    expect(await codeOf(execute(id, {}, READER))).toBe('403 insufficient_scope');
    expect((await ask<ToolsResponse>('GET', '/v1/tools', undefined, ELSEWHERE)).body.data).toEqual([]);
  });

  test('has its name alone', async () => {
    const { id } = await save(TAX);
    expect(await codeOf(ask('POST', '/v1/tools', TAX))).toBe('409 name_taken');
    const other = await save({ ...TAX, name: 'Other' });
    expect(await codeOf(ask('PUT', `/v1/tools/${other.id}`, { name: TAX.name }))).toBe('409 name_taken');
    expect((await ask('PUT', `/v1/tools/${id}`, { name: TAX.name })).status).toBe(200);
  });

  test.each([
    ['', 400],
    ['x'.repeat(100), 200],
    ['x'.repeat(101), 400],
    ['Weather Lookup', 200],
    ['Wetter für Köln 🌦', 200],
    ['tool_1', 400],
    ['ensure', 400],
    ['pull', 400],
    ['execute', 400],
    ['built-in', 400],
    ['webmcp:x', 400],
    ['spawn_subagent', 400],
    ['nul\u0000', 400],
    [7, 400],
  ])('may be called %j or not [R2x-13]', async (name, status) => {
    expect((await ask('POST', '/v1/tools', { ...TAX, name })).status).toBe(status);
  });

  test('of every type is kept [R3-02]', async () => {
    const configs = {
      external: { url: 'https://api.example.com/orders' },
      custom: { code: 'return 1;' },
      graphql: { url: 'https://api.example.com/graphql', query: 'query { me { id } }' },
      mcp: { server: { url: 'https://mcp.example.com' }, tool: 'create_issue' },
      local: {},
      flow: { flowId: 'flow_abc123' },
      subagent: { agentId: 'agent_abc123', allowedTools: ['builtin:clock'] },
    };
    for (const [toolType, config] of Object.entries(configs)) {
      const definition = { name: `One ${toolType}`, description: 'Does it.', toolType, config };
      expect(await save(definition)).toMatchObject({ toolType, config });
    }
  });
});

describe('what cannot work is refused with where it stands and how to mend it', () => {
  const refusalOf = async (definition: unknown) => {
    const { status, body } = await ask('POST', '/v1/tools', definition);
    expect([status, body.code]).toEqual([400, 'invalid_tool']);
    return body.details ?? [];
  };

  test.each<[string, unknown, RegExp]>([
    ['no name', { ...TAX, name: undefined }, /^`name` is missing\. Write for example/],
    ['no type', { ...TAX, toolType: undefined }, /^`toolType` is missing\. Write one of external, custom/],
    [
      'a misspelt type',
      { ...TAX, toolType: 'extrnal' },
      /^`toolType` is "extrnal".*Did you mean "external"\?/,
    ],
    ['no config', { ...TAX, config: undefined }, /^`config` is missing/],
    ['a config of another type', { ...TAX, toolType: 'external' }, /^`config.url` is missing.*https:/],
    [
      'code that is a number',
      { ...TAX, config: { code: 7 } },
      /^`config.code` must be text, and is a number/,
    ],
    [
      'code that does not compile',
      { ...TAX, config: { code: 'const a = 1;\nreturn a +;' } },
      /^config.code, line 2.*cannot be compiled/,
    ],
    [
      'a type that JSON Schema does not have',
      { ...TAX, parametersSchema: { type: 'object', properties: { amount: { type: 'nubmer' } } } },
      /^`parametersSchema.properties.amount.type` is "nubmer".*Write "number"\./,
    ],
    [
      'a regular expression that is none',
      { ...TAX, parametersSchema: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } } },
      /^`parametersSchema.properties.a.pattern` has "\(", which is no regular expression/,
    ],
    [
      'a schema somewhere else',
      { ...TAX, parametersSchema: { type: 'object', properties: { a: { $ref: 'https://x.example/s' } } } },
      /another document/,
    ],
    [
      'a reference that leads nowhere',
      { ...TAX, parametersSchema: { type: 'object', properties: { a: { $ref: '#/$defs/none' } } } },
      /leads nowhere/,
    ],
    ['parameters that are a list', { ...TAX, parametersSchema: { type: 'array' } }, /always an object/],
    [
      'a schema that its own draft does not know',
      {
        ...TAX,
        parametersSchema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: { list: { type: 'array', items: [NUMBER] } },
        },
      },
      /^`parametersSchema.properties.list.items`/,
    ],
    [
      'a schema that is too deep',
      { ...TAX, parametersSchema: nested(20) },
      /nested more than 32 levels deep/,
    ],
    [
      'a schema that is too large',
      { ...TAX, parametersSchema: { type: 'object', description: 'x'.repeat(20_000) } },
      /the limit is 16384/,
    ],
    ['a list', [TAX], /./],
  ])('%s [R2-53, R2x-13]', async (_, definition, sentence) => {
    if (Array.isArray(definition)) {
      expect((await ask('POST', '/v1/tools', definition)).status).toBe(400);
      return;
    }
    const details = await refusalOf(definition);
    expect(details.join('\n')).toMatch(sentence);
  });

  test('all at once', async () => {
    const details = await refusalOf({ ...TAX, name: '', config: { code: 7 }, description: 1 });
    expect(details).toHaveLength(3);
  });

  test('a schema of the draft that it names, or of any where it names none, is right', async () => {
    const tuple = { type: 'object', properties: { list: { type: 'array', items: [NUMBER] } } };
    for (const [index, $schema] of [undefined, 'http://json-schema.org/draft-07/schema#'].entries()) {
      const parametersSchema = { ...($schema === undefined ? {} : { $schema }), ...tuple };
      expect((await save({ ...TAX, name: `Tuple ${index}`, parametersSchema })).id).toMatch(/^tool_/);
    }
  });
});

describe('what is odd is kept, with a warning', () => {
  const warningsOf = async (definition: object) => (await save(definition)).validation.warnings;

  test.each<[string, object, string, RegExp]>([
    ['no description', { ...TAX, description: '' }, 'empty_description', /Say what it does/],
    ['a long description', { ...TAX, description: 'x'.repeat(2_001) }, 'long_description', /Shorten/],
    [
      'a field that nobody reads',
      { ...TAX, desciption: 'x' },
      'unknown_field',
      /Did you mean `description`\?/,
    ],
    [
      'a field of the config that nobody reads',
      { ...TAX, config: { ...TAX.config, timout: 5 } },
      'unknown_field',
      /Did you mean `timeout`\?/,
    ],
    ['a schema that does not say what it is', { ...TAX, parametersSchema: {} }, 'schema_without_type', /Add/],
    [
      'what is required and not declared',
      { ...TAX, parametersSchema: { ...TAX.parametersSchema, required: ['amout'] } },
      'schema_required_undeclared',
      /Did you mean "amount"\?/,
    ],
    [
      'a pattern',
      {
        ...TAX,
        parametersSchema: { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
      },
      'schema_keyword_unchecked',
      /tool itself/,
    ],
    [
      'a dialect that nobody here knows',
      { ...TAX, parametersSchema: { $schema: 'https://example.com/mine', type: 'object' } },
      'schema_dialect_unknown',
      /2020-12/,
    ],
  ])('%s [R2x-13]', async (_, definition, code, suggestion) => {
    const warnings = await warningsOf(definition);
    expect(warnings.map((warning) => warning.code)).toContain(code);
    expect(warnings.find((warning) => warning.code === code)).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/\.$/),
      suggestion: expect.stringMatching(suggestion),
    });
  });

  test('a flow or an agent that is not of this workspace, which its tool is not portable without [R3-05]', async () => {
    const flow = { name: 'Flow', steps: [{ type: 'prompt', config: { userPrompt: 'Hello' } }] };
    const { id } = (await ask<{ id: string }>('POST', '/v1/flows', flow, ELSEWHERE)).body;
    const tool = { name: 'Ask', description: 'Asks.', toolType: 'flow', config: { flowId: id } };
    expect(await warningsOf(tool)).toEqual([
      expect.objectContaining({
        code: 'flow_not_found',
        path: 'config.flowId',
        suggestion: expect.any(String),
      }),
    ]);
    const { body } = await ask<SavedToolResponse>('POST', '/v1/tools', tool, ELSEWHERE);
    expect(body.validation.warnings).toEqual([]);
    await ask('DELETE', `/v1/tools/${body.id}`, undefined, ELSEWHERE);
    const child = {
      name: 'Delegate',
      description: 'Does.',
      toolType: 'subagent',
      config: { agentId: 'agent_1' },
    };
    const codes = (await warningsOf(child)).map(({ code }) => code);
    expect(codes).toContain('agent_not_found');
  });

  test('a warning of code names line and column', async () => {
    const code = 'const a = amount;\nreturn fetch(a);';
    const warnings = await warningsOf({ ...TAX, config: { code } });
    expect(warnings.find(({ path }) => path === 'config.code')).toMatchObject({ line: 2, column: 8 });
  });

  test('a parameter that is called like a keyword is none', async () => {
    const parametersSchema = { type: 'object', properties: { pattern: { type: 'string' } } };
    expect(await warningsOf({ ...TAX, parametersSchema })).toEqual([]);
  });
});

describe('the list', () => {
  const list = async (query: string) => (await ask<ToolsResponse>('GET', `/v1/tools?${query}`)).body;
  const namesOf = ({ data }: ToolsResponse) => data.map(({ name }) => name);

  test('has all tools by name, page by page, and is filtered by type and name [R2x-13]', async () => {
    for (const name of ['Delta', 'Alpha', 'Charlie', 'Bravo']) await save({ ...TAX, name });
    await save({ name: 'Alphabet', description: 'x', toolType: 'local' });
    const first = await list('limit=2');
    expect(namesOf(first)).toEqual(['Alpha', 'Alphabet']);
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    expect(namesOf(second)).toEqual(['Bravo', 'Charlie']);
    const third = await list(`limit=2&cursor=${second.nextCursor}`);
    expect([namesOf(third), third.nextCursor]).toEqual([['Delta'], null]);
    expect(namesOf(await list('name=ALPHA'))).toEqual(['Alpha', 'Alphabet']);
    expect(namesOf(await list('toolType=local'))).toEqual(['Alphabet']);
    expect(namesOf(await list('toolType=custom&limit=1'))).toEqual(['Alpha']);
    expect((await list('toolType=custom&limit=1')).nextCursor).not.toBeNull();
    expect(await list('toolType=graphql')).toEqual({ data: [], nextCursor: null });
  });

  test('goes on from a tool that was deleted meanwhile', async () => {
    for (const name of ['Alpha', 'Bravo', 'Charlie']) await save({ ...TAX, name });
    const page = await list('limit=1');
    await ask('DELETE', `/v1/tools/${page.data[0]?.id}`);
    expect(namesOf(await list(`limit=1&cursor=${page.nextCursor}`))).toEqual(['Bravo']);
  });

  test.each(['limit=0', 'limit=101', 'limit=-1', 'limit=x', 'toolType=none'])(
    'is not had with %s',
    async (query) => {
      expect(await codeOf(ask('GET', `/v1/tools?${query}`))).toBe('400 invalid_request');
    },
  );

  test.each(['x', '%00', 'bm90IGEgY3Vyc29yIQ==='])('is not had from the cursor %s', async (cursor) => {
    expect(await codeOf(ask('GET', `/v1/tools?cursor=${cursor}`))).toBe('400 invalid_cursor');
  });
});

describe('a call outside of a conversation', () => {
  const receiptsOf = (executionId: string) =>
    server.store.receipts.receipts({ workspace: 'default', executionId, limit: 10 });

  test('gives the result as the tool gave it, and leaves a receipt [R2x-13, R2-54]', async () => {
    const { id } = await save(TAX);
    const { status, body } = await execute(id, { parameters: { amount: 80, rate: 25 } });
    expect(status).toBe(200);
    expect(body).toEqual({
      executionId: expect.stringMatching(/^exec_/),
      executionTimeMs: expect.any(Number),
      status: 'success',
      result: { tax: 20 },
    });
    expect(await receiptsOf(body.executionId)).toEqual([
      expect.objectContaining({
        tool: TAX.name,
        toolType: 'custom',
        outcome: 'success',
        parameters: { amount: 80, rate: 25 },
        result: '{"tax":20}',
        executionId: body.executionId,
      }),
    ]);
  });

  test('with arguments that do not fit never reaches the tool [R2x-13]', async () => {
    const { id } = await save(TAX);
    const { status, body } = await execute(id, { parameters: { amount: 'much' } });
    expect([status, body.status, body.error?.code]).toEqual([200, 'error', 'invalid_arguments']);
    expect(body.error?.message).toMatch(/amount/);
    expect(await receiptsOf(body.executionId)).toEqual([expect.objectContaining({ outcome: 'refused' })]);
  });

  test.each([
    ['throws', 'throw new Error("No such order.");', 'code_failed', /No such order/],
    ['does not end', 'while (true) {}', 'code_out_of_time', /200 ms/],
  ])('of code that %s says why [R2x-13]', async (_, code, errorCode, message) => {
    const { id } = await save({ ...TAX, parametersSchema: undefined, config: { code, timeout: 200 } });
    const { body } = await execute(id, {});
    expect([body.status, body.error?.code]).toEqual(['error', errorCode]);
    expect(body.error?.message).toMatch(message);
    expect(await receiptsOf(body.executionId)).toEqual([expect.objectContaining({ outcome: 'error' })]);
  });

  test('of a local tool is refused: whoever dispatches runs it', async () => {
    const { id } = await save({ name: 'Print', description: 'Prints.', toolType: 'local' });
    const { status, body } = await ask('POST', `/v1/tools/${id}/execute`, {});
    expect([status, body.code]).toEqual([400, 'invalid_tool']);
    expect(body.message).toMatch(/whoever dispatches/);
  });

  test('tells no secret that came with it, in result, error and receipt', async () => {
    const secret = 'hunter2-hunter2';
    const { id } = await save({
      ...TAX,
      parametersSchema: undefined,
      config: { code: 'if (parameters.fail) throw new Error(parameters.text); return parameters.text;' },
    });
    for (const fail of [false, true]) {
      const parameters = { text: `It is ${secret}.`, fail };
      const { body } = await execute(id, { parameters, secrets: { key: secret } });
      expect(JSON.stringify(body)).not.toContain(secret);
      expect(JSON.stringify(body)).toContain('It is [redacted].');
      expect(JSON.stringify(await receiptsOf(body.executionId))).not.toContain(secret);
    }
    expect(server.logged()).not.toContain(secret);
  });

  test('of a definition that is not saved saves nothing [R2-54]', async () => {
    const { status, body } = await ask<ExecuteToolResponse>('POST', '/v1/tools/test', {
      definition: { ...TAX, description: '' },
      parameters: { amount: 10, rate: 10 },
    });
    expect([status, body.status, body.result]).toEqual([200, 'success', { tax: 1 }]);
    expect(body.validation?.warnings.map(({ code }) => code)).toEqual(['empty_description']);
    expect((await ask<ToolsResponse>('GET', '/v1/tools')).body.data).toEqual([]);
    const broken = { definition: { ...TAX, config: { code: 'return (' } } };
    expect(await codeOf(ask('POST', '/v1/tools/test', broken))).toBe('400 invalid_tool');
  });

  test('of a saved tool with other fields leaves the saved one alone [R2x-13]', async () => {
    const tool = await save(TAX);
    const { body } = await ask<ExecuteToolResponse>('POST', `/v1/tools/${tool.id}/test`, {
      definition: { config: { code: 'return amount + rate;' } },
      parameters: { amount: 1, rate: 2 },
    });
    expect([body.status, body.result]).toEqual(['success', 3]);
    expect((await ask<SavedTool>('GET', `/v1/tools/${tool.id}`)).body.config).toEqual(TAX.config);
    const same = await ask<ExecuteToolResponse>('POST', `/v1/tools/${tool.id}/test`, {
      parameters: { amount: 50, rate: 10 },
    });
    expect(same.body.result).toEqual({ tax: 5 });
  });
});

test('one definition runs the same inside of a dispatch and saved [R2-05]', async () => {
  const definition = { ...TAX, parametersSchema: undefined, config: { code: 'return "forty-two";' } };
  const { id } = await save(definition);
  const answers = [];
  for (const tools of [{ toolIds: [id] }, { runtimeTools: [definition] }]) {
    const response = await server.dispatch({ tools, streamResponse: false });
    answers.push(JSON.stringify(await response.json()));
  }
  for (const answer of answers) expect(answer).toContain('forty-two');
});

function nested(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < levels; level += 1) schema = { type: 'object', properties: { inner: schema } };
  return schema;
}
