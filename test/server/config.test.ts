import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { type ConfigInput, defineConfig, type SurfaceInput } from '../../server/config/define-config.ts';
import { demoConfig } from '../../server/config/demo.ts';
import { loadConfig } from '../../server/config/load.ts';
import { runTool } from '../../server/tools/run-tool.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const SMALLEST = `{ "surfaces": [ { "id": "store",
  "agent": { "model": "offline", "instructions": "You help customers of the store.", "maxToolCalls": 10 },
  "behavior": { "webmcp": { "enabled": true, "allowlist": [ { "origin": "https://store.example.com", "tools": ["search_*", "get_cart"] }, { "origin": "*", "tools": ["read_page"] } ], "requireConfirmFor": ["checkout"] } },
  "clientTokens": [ { "token": "ct_test_store", "allowedOrigins": ["https://store.example.com", "http://localhost:3000"] } ] } ],
  "apiKeys": [ { "key": "sk_test_local", "scopes": ["DISPATCH:*"] } ] }`;

const SMALLEST_READ: Config = {
  surfaces: [
    {
      id: 'store',
      workspace: 'default',
      agent: {
        id: 'store',
        name: 'store',
        model: 'offline',
        instructions: 'You help customers of the store.',
        maxToolCalls: 10,
        pauseMinutes: 1_440,
        tools: [],
        uses: {},
      },
      saved: null,
      copy: { title: 'store', welcomeMessage: null, placeholder: null, suggestions: [] },
      behavior: {
        webmcp: {
          enabled: true,
          allowlist: [
            { origin: 'https://store.example.com', tools: ['search_*', 'get_cart'] },
            { origin: '*', tools: ['read_page'] },
          ],
          requireConfirmFor: ['checkout'],
          autoApprove: [],
        },
        sdkTools: [],
      },
      hasHistory: true,
      identity: null,
      mediaHosts: [],
      hasCsat: false,
      theme: null,
      files: {
        maxBytes: 10_485_760,
        maxPerMessage: 4,
        accept: [
          'image/png',
          'image/jpeg',
          'image/gif',
          'image/webp',
          'application/pdf',
          'text/plain',
          'text/markdown',
          'text/csv',
          'application/json',
        ],
        keepHours: 24,
        maxStoredBytes: 10_737_418_240,
        scan: null,
      },
      limits: {
        messagesPerMinute: 20,
        requestsPerMinute: 3_000,
        messagesPerSession: 500,
        sessionMinutes: 60,
        concurrentRuns: 200,
      },
      retentionDays: { conversations: 365, events: 30 },
      clientTokens: [
        {
          hash: sha256('ct_test_store'),
          label: 'ct_test_st…',
          environment: 'test',
          allowedOrigins: ['https://store.example.com', 'http://localhost:3000'],
          isActive: true,
        },
      ],
    },
  ],
  apiKeys: [
    { hash: sha256('sk_test_local'), label: 'sk_test_lo…', scopes: ['DISPATCH:*'], workspace: 'default' },
  ],
  model: 'offline',
  mcpServers: new Map(),
  egress: { internal: [] },
};

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

function given(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
}

function load(env: Record<string, string> = {}, path?: string): Promise<Config> {
  return loadConfig({ env, cwd, path });
}

describe('a configuration file', () => {
  test('reads the smallest useful one and fills in every default', async () => {
    given({ 'pagehand.config.json': SMALLEST });
    expect(await load()).toEqual(SMALLEST_READ);
  });

  test('reads JSON that starts with a byte order mark', async () => {
    given({ 'pagehand.config.json': `\uFEFF${SMALLEST}` });
    expect(await load()).toEqual(SMALLEST_READ);
  });

  test.each([
    [
      'pagehand.config.ts',
      `import { defineConfig } from '@pagehand/server';\nconst config: object = ${SMALLEST};\nexport default defineConfig(config);`,
    ],
    [
      'pagehand.config.mts',
      `import { defineConfig, type ConfigInput } from '@pagehand/server';\nexport default defineConfig(${SMALLEST} satisfies ConfigInput);`,
    ],
    ['pagehand.config.js', `export default ${SMALLEST};`],
    ['pagehand.config.js', `module.exports = ${SMALLEST};`],
    [
      'pagehand.config.mjs',
      `import { defineConfig } from '@pagehand/server';\nexport default defineConfig(await Promise.resolve(${SMALLEST}));`,
    ],
    [
      'pagehand.config.ts',
      `import { surfaces } from './parts/surfaces.ts';\nexport default { ...${SMALLEST}, surfaces };`,
    ],
  ])('reads %s: %#', async (name, source) => {
    given({ [name]: source, 'parts/surfaces.ts': `export const { surfaces } = ${SMALLEST};` });
    expect(await load()).toEqual(SMALLEST_READ);
  });

  test('is the one that is named, then the one in PAGEHAND_CONFIG, then the one in the working directory', async () => {
    const named = (id: string) => JSON.stringify({ surfaces: [{ id }] });
    given({
      'pagehand.config.json': named('here'),
      'etc/other.json': named('variable'),
      'named.json': named('path'),
    });
    const first = async (env: Record<string, string>, path?: string) =>
      (await load(env, path)).surfaces[0]?.id;
    expect(await first({})).toBe('here');
    expect(await first({ PAGEHAND_CONFIG: 'etc/other.json' })).toBe('variable');
    expect(await first({ PAGEHAND_CONFIG: join(cwd, 'etc/other.json') })).toBe('variable');
    expect(await first({ PAGEHAND_CONFIG: 'etc/other.json' }, 'named.json')).toBe('path');
  });

  test('every field that an operator can write is read', async () => {
    type Complete<T> = T extends readonly (infer Item)[]
      ? readonly Complete<Item>[]
      : T extends object
        ? { readonly [K in keyof T]-?: Complete<Exclude<T[K], undefined>> }
        : T;
    type Unsaved = Omit<ConfigInput, 'surfaces'> & {
      readonly surfaces: readonly Omit<SurfaceInput, 'agentId' | 'flowId'>[];
    };
    const everything = {
      surfaces: [
        {
          id: 'store',
          workspace: 'shop',
          agent: {
            id: 'helper',
            name: 'Helper',
            model: 'openai/gpt-5.4',
            instructions: 'Help.',
            maxToolCalls: 0,
            pauseMinutes: 5,
            tools: [],
            uses: {
              toolIds: ['builtin:clock'],
              runtimeTools: [
                {
                  name: 'double',
                  description: 'Doubles.',
                  toolType: 'custom',
                  parametersSchema: { type: 'object' },
                  config: { code: 'return 2', timeout: 10 },
                },
              ],
              mcpServers: [{ name: 'linear', url: 'https://mcp.example.com', headers: {}, tools: ['*'] }],
              subagentConfig: {
                toolPool: ['*'],
                maxSpawnsPerRun: 1,
                maxTurnsLimit: 2,
                allowNesting: true,
              },
              approval: { require: ['send_*'], timeout: 60_000 },
            },
          },
          copy: { title: 'Help', welcomeMessage: 'Hi', placeholder: 'Ask', suggestions: ['One', 'Two'] },
          behavior: {
            webmcp: {
              enabled: true,
              allowlist: [{ origin: '*', tools: ['*'] }],
              requireConfirmFor: ['pay_*'],
              autoApprove: ['get_*'],
            },
            sdkTools: ['lookup order'],
          },
          history: false,
          identity: { secret: { env: 'IDENTITY' }, required: true },
          mediaHosts: ['images.example.com', '*.example.org', 'localhost:3000'],
          csat: true,
          theme: { tokens: { accent: '#1a5fb4', 'radius-panel': '12px' } },
          files: false,
          limits: {
            messagesPerMinute: 1,
            requestsPerMinute: 2,
            messagesPerSession: 3,
            sessionMinutes: 4,
            concurrentRuns: 5,
          },
          retentionDays: { conversations: 7, events: 1 },
          clientTokens: [
            { token: { env: 'TOKEN' }, allowedOrigins: ['null'], environment: 'live', isActive: false },
          ],
        },
      ],
      apiKeys: [{ key: { env: 'KEY' }, scopes: ['DISPATCH:*', 'TOOLS:READ', '*'], workspace: 'shop' }],
      mcpServers: {
        notes: { url: 'https://mcp.example.com/mcp', headers: { authorization: 'Bearer {{secret:KEY}}' } },
        files: { command: 'files-mcp', args: ['--read-only'], env: { TOKEN: { env: 'FILES' } }, cwd: '/srv' },
      },
      egress: { internal: ['localhost:9000', '[::1]:443'] },
    } as const satisfies Complete<Unsaved>;
    given({ 'pagehand.config.json': JSON.stringify(defineConfig(everything)) });
    const secret = 'a secret of the site with forty characters';
    const { surfaces, apiKeys, mcpServers, egress } = await load({
      FILES: 'token of the files',
      TOKEN: 'ct_live_abcdef',
      KEY: 'sk_live_abcdef',
      IDENTITY: secret,
    });
    const { clientTokens: _tokens, history, csat, identity, ...rest } = everything.surfaces[0];
    expect(surfaces[0]?.identity?.key.export().toString()).toBe(secret);
    expect(JSON.stringify(surfaces)).not.toContain(secret);
    expect(surfaces[0]).toEqual({
      ...rest,
      saved: null,
      hasHistory: history,
      hasCsat: csat,
      identity: { key: expect.anything(), isRequired: identity.required },
      files: null,
      clientTokens: [
        {
          hash: sha256('ct_live_abcdef'),
          label: 'ct_live_ab…',
          environment: 'live',
          allowedOrigins: ['null'],
          isActive: false,
        },
      ],
    });
    expect(apiKeys).toEqual([
      {
        hash: sha256('sk_live_abcdef'),
        label: 'sk_live_ab…',
        scopes: ['DISPATCH:*', 'TOOLS:READ', '*'],
        workspace: 'shop',
      },
    ]);
    expect(egress).toEqual(everything.egress);
    expect([...mcpServers]).toEqual([
      ['notes', { kind: 'http', ...everything.mcpServers.notes, secrets: [] }],
      [
        'files',
        {
          kind: 'process',
          ...everything.mcpServers.files,
          env: { TOKEN: 'token of the files' },
          secrets: ['token of the files'],
        },
      ],
    ]);
  });

  test('an agent that names no model gets the one of PAGEHAND_MODEL', async () => {
    given({
      'pagehand.config.json':
        '{ "surfaces": [{ "id": "a" }, { "id": "b", "agent": { "model": "offline" } }] }',
    });
    const models = async (env: Record<string, string>) =>
      (await load(env)).surfaces.map(({ agent }) => agent.model);
    expect(await models({})).toEqual(['offline', 'offline']);
    expect(await models({ PAGEHAND_MODEL: 'anthropic/claude-sonnet-5' })).toEqual([
      'anthropic/claude-sonnet-5',
      'offline',
    ]);
  });

  test('page tools stay off until a surface turns them on, and the agent names the panel', async () => {
    given({ 'pagehand.config.json': '{ "surfaces": [{ "id": "a", "agent": { "name": "Ada" } }] }' });
    const surface = (await load()).surfaces[0];
    expect(surface?.behavior.webmcp.enabled).toBe(false);
    expect(surface?.agent).toMatchObject({ id: 'a', name: 'Ada', instructions: '', maxToolCalls: 10 });
    expect(surface?.copy.title).toBe('Ada');
  });

  test('two surfaces may share one agent', async () => {
    const agent = { id: 'shared', name: 'Shared' };
    given({
      'pagehand.config.json': JSON.stringify({
        surfaces: [
          { id: 'a', agent },
          { id: 'b', agent },
        ],
      }),
    });
    expect((await load()).surfaces.map(({ agent }) => agent.id)).toEqual(['shared', 'shared']);
  });

  test.each(['ts', 'js'])('in .%s it can hold tools that run on the server', async (ending) => {
    given({
      [`pagehand.config.${ending}`]: `
        import { defineConfig, defineServerTool } from '@pagehand/server';
        const parametersSchema = { properties: { orderId: { type: 'string', format: undefined } } };
        const findOrder = defineServerTool({
          name: 'find_order',
          description: 'Finds an order.',
          parametersSchema,
          idempotent: true,
          timeoutMs: 5_000,
          run: async ({ orderId }, { toolCallId }) => ({ orderId, toolCallId }),
        });
        const plain = { name: 'ping', description: 'Answers.', run: () => 'pong' };
        export default defineConfig({ surfaces: [{ id: 'a', agent: { tools: [findOrder, plain] } }] });
        setImmediate(() => { parametersSchema.properties = {}; });`,
    });
    const tools = (await load()).surfaces[0]?.agent.tools ?? [];
    await new Promise((resolve) => setImmediate(resolve));
    const run = expect.any(Function);
    expect(tools).toEqual([
      {
        name: 'find_order',
        description: 'Finds an order.',
        parametersSchema: { properties: { orderId: { type: 'string' } } },
        idempotent: true,
        timeoutMs: 5_000,
        run,
      },
      {
        name: 'ping',
        description: 'Answers.',
        parametersSchema: { type: 'object' },
        idempotent: false,
        timeoutMs: 30_000,
        run,
      },
    ]);
    const context = {
      scrub: <Value>(value: Value) => value,
      signal: new AbortController().signal,
      executionId: 'exec_1',
      conversationId: 'conv_1',
    };
    const call = { toolCallId: 'call_1', parameters: { orderId: 'A-1' } };
    expect(await Promise.all(tools.map((tool) => runTool(tool, call, context)))).toEqual([
      { text: '{"orderId":"A-1","toolCallId":"call_1"}', isError: false },
      { text: 'pong', isError: false },
    ]);
  });

  test('the README shows such a file, and its tool runs', async () => {
    const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
    const [, example = ''] = /```ts\n(import \{ defineConfig, defineServerTool \}.*?)```/s.exec(readme) ?? [];
    given({ 'pagehand.config.ts': example });
    const [tool] = (await load()).surfaces[0]?.agent.tools ?? [];
    const fetched = vi.fn<typeof fetch>(async () => Response.json({ status: 'sent' }));
    vi.stubGlobal('fetch', fetched);
    onTestFinished(() => void vi.unstubAllGlobals());
    const context = {
      scrub: <Value>(value: Value) => value,
      signal: new AbortController().signal,
      executionId: 'exec_1',
      conversationId: 'conv_1',
    };
    const call = { toolCallId: 'call_1', parameters: { orderId: 'A/1' } };
    expect(await runTool(tool as ServerTool, call, context)).toEqual({
      text: '{"status":"sent"}',
      isError: false,
    });
    expect(fetched.mock.calls[0]?.[0]).toBe('https://orders.example.com/A%2F1');
  });

  test('two surfaces may share an agent with its tools', async () => {
    given({
      'pagehand.config.ts': `
        import { defineConfig, defineServerTool } from '@pagehand/server';
        const agent = { id: 'shared', tools: [defineServerTool({ name: 'ping', description: 'Answers.', run: () => 'pong' })] };
        const named = { name: 'Shared', ...agent };
        export default defineConfig({ surfaces: [{ id: 'a', agent: named }, { id: 'b', agent: named }] });`,
    });
    expect((await load()).surfaces.map(({ agent }) => agent.tools.length)).toEqual([1, 1]);
  });

  test('leaves no copy of a module, which may hold secrets, on the disk', async () => {
    given({ 'pagehand.config.ts': `export default ${SMALLEST};`, 'node_modules/.keep': '' });
    const before = process.cwd();
    process.chdir(cwd);
    try {
      await load();
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(cwd, { recursive: true }).toSorted()).toEqual([
      'node_modules',
      'node_modules/.keep',
      'pagehand.config.ts',
    ]);
  });

  test('keeps no credential in what it gives', async () => {
    given({ 'pagehand.config.json': SMALLEST });
    const config = JSON.stringify(await load());
    expect(config).not.toContain('ct_test_store');
    expect(config).not.toContain('sk_test_local');
  });

  test.each([
    'https://store.example.com',
    'http://localhost:3000',
    'http://127.0.0.1:8787',
    'http://[::1]:8787',
    'https://xn--bcher-kva.example',
    'capacitor://localhost',
    'chrome-extension://abcdefghijklmnop',
    'null',
  ])('takes the origin %s', async (origin) => {
    const token = { token: 'ct_test_a', allowedOrigins: [origin] };
    given({ 'pagehand.config.json': JSON.stringify({ surfaces: [{ id: 'a', clientTokens: [token] }] }) });
    expect((await load()).surfaces[0]?.clientTokens[0]?.allowedOrigins).toEqual([origin]);
  });
});

describe('the demo, when there is no file', () => {
  test('opens a surface for the workbench and one for the sample pages, with the model of PAGEHAND_MODEL', async () => {
    const { surfaces, apiKeys } = await load({ PORT: '9000', PAGEHAND_MODEL: 'openai/gpt-5.4' });
    expect(surfaces.map(({ id }) => id)).toEqual(['demo', 'pages']);
    expect(surfaces.map(({ agent }) => agent.model)).toEqual(['openai/gpt-5.4', 'openai/gpt-5.4']);
    expect(surfaces[0]?.behavior.webmcp.enabled).toBe(true);
    const clientTokens = surfaces.flatMap((surface) => surface.clientTokens);
    expect(clientTokens.map(({ hash }) => hash)).toEqual([sha256('ct_test_demo'), sha256('ct_test_site')]);
    for (const { allowedOrigins } of clientTokens) {
      expect(allowedOrigins).toEqual(['http://localhost:9000', 'http://127.0.0.1:9000']);
    }
    expect(apiKeys).toEqual([]);
  });

  test.each([
    [{ HOST: '0.0.0.0', PORT: '80' }, ['http://localhost', 'http://127.0.0.1']],
    [{ HOST: '::' }, ['http://localhost:8787', 'http://127.0.0.1:8787']],
    [{ HOST: '::1' }, ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787']],
    [
      { HOST: 'Demo.example' },
      ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://demo.example:8787'],
    ],
  ])('knows the origins of %j', async (env, origins) => {
    expect((await load(env)).surfaces[0]?.clientTokens[0]?.allowedOrigins).toEqual(origins);
  });

  test('gives the sample pages a surface of their own only where they stand', () => {
    const tokens = (config: Config) =>
      config.surfaces.flatMap(({ clientTokens }) =>
        clientTokens.map(({ label, allowedOrigins }) => [label, allowedOrigins]),
      );
    const own = ['http://localhost:1'];
    expect(tokens(demoConfig(own))).toEqual([['ct_test_de…', own]]);
    expect(tokens(demoConfig(own, { siteOrigins: ['http://localhost:2'] }))).toEqual([
      ['ct_test_de…', own],
      ['ct_test_si…', ['http://localhost:2']],
    ]);
  });
});

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
