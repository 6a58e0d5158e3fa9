import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../server/config/load.ts';
import { temporaryDirectory } from '../support/temporary.ts';

let cwd: string;
beforeEach(() => {
  cwd = temporaryDirectory();
});

/** What the operator reads when the file `name` holds `source`. */
async function refusal(name: string, source: string, env: Record<string, string> = {}): Promise<string> {
  writeFileSync(join(cwd, name), source);
  const error: unknown = await loadConfig({ env: { PAGEHAND_CONFIG: name, ...env }, cwd }).catch(
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ name: 'ConfigError' });
  return (error as Error).message;
}

function inJson(config: unknown, env?: Record<string, string>): Promise<string> {
  return refusal('c.json', JSON.stringify(config), env);
}

const surface = (fields: object) => ({ surfaces: [{ id: 'store', ...fields }] });
const webmcp = (fields: object) => surface({ behavior: { webmcp: { enabled: true, ...fields } } });
const ORIGINS = { allowedOrigins: ['https://store.example.com'] };
const tokens = (...clientTokens: object[]) => surface({ clientTokens });
const allowed = (...allowedOrigins: unknown[]) => tokens({ token: 'ct_test_a', allowedOrigins });
const key = (fields: object) => ({ apiKeys: [{ key: 'sk_test_a', scopes: ['DISPATCH:*'], ...fields }] });

const PATTERN =
  'is not a tool pattern. Write the exact name of a tool, or a prefix and one "*" at its end, for example "search_*".';
const TOKEN =
  'is not a client token. One is "ct_live_" or "ct_test_" and 1 to 120 letters, digits, "_" or "-".';
const KEY = 'is not an API key. One is "sk_live_" or "sk_test_" and 1 to 120 letters, digits, "_" or "-".';
const ID =
  'must be 1 to 64 letters, digits, "_" or "-", and start with a letter or a digit. Write for example "store".';
const SECRET =
  'Write for example "ct_test_store", or { "env": "NAME" } with the name of the environment variable that holds it.';

describe('the shape of the file', () => {
  test.each<[unknown, string]>([
    [
      {},
      'c.json: the configuration has neither a surface nor an API key. Add one, for example { "surfaces": [{ "id": "store" }] }.',
    ],
    [
      { surfaces: [] },
      'c.json: the configuration has neither a surface nor an API key. Add one, for example { "surfaces": [{ "id": "store" }] }.',
    ],
    [
      [],
      'c.json: the configuration must be an object, and is a list. Write for example { "surfaces": [{ "id": "store" }] }.',
    ],
    [
      null,
      'c.json: the configuration must be an object, and is null. Write for example { "surfaces": [{ "id": "store" }] }.',
    ],
    [
      { surfaces: {} },
      'c.json: surfaces must be a list, and is an object. Write for example [{ "id": "store" }].',
    ],
    [
      { surfaces: ['store'] },
      'c.json: surfaces[0] must be an object, and is text. Write for example { "id": "store" }.',
    ],
    [{ surfaces: [{}] }, 'c.json: surfaces[0].id is missing. Write for example "store".'],
    [
      { surfaces: [{ id: 7 }] },
      'c.json: surfaces[0].id must be text, and is a number. Write for example "store".',
    ],
    [{ surfaces: [{ id: '' }] }, `c.json: surfaces[0].id ${ID}`],
    [{ surfaces: [{ id: 'my store' }] }, `c.json: surfaces[0].id ${ID}`],
    [
      { surfaces: [{ id: 'a', agentId: 'helper' }] },
      'c.json: surfaces[0].agentId is not the id of a saved agent. Write the "id" that `POST /v1/agents` answered with, "agent_…".',
    ],
    [
      { surfaces: [{ id: 'a', agentId: 'agent_1', flowId: 'flow_1' }] },
      'c.json: surfaces[0].flowId stands beside "agentId", and one of them answers. Remove the other.',
    ],
    [
      { surfaces: [{ id: 'a', agent: {}, flowId: 'flow_1' }] },
      'c.json: surfaces[0].flowId stands beside "agent", and one of them answers. Remove the other.',
    ],
    [
      { surfaces: [{ id: 'a', agent: { uses: { toolsIds: [] } } }] },
      'c.json: surfaces[0].agent.uses.toolsIds is not a known field. Did you mean "toolIds"?',
    ],
    [
      { surfaces: [{ id: 'a', agent: { uses: { toolIds: 'builtin:clock' } } }] },
      'c.json: surfaces[0].agent.uses.toolIds must be as in the example, and is text: Invalid input: expected array, received string. Write for example ["builtin:clock", "tool_…", "mcp:linear:*"].',
    ],
    [
      { surfaces: [{ id: 'a', agent: { uses: { approval: { require: ['x'], timeout: 1 } } } }] },
      'c.json: surfaces[0].agent.uses.approval.timeout is wrong: Too small: expected number to be >=1000. Write for example { "require": ["send_*"] }.',
    ],
    [
      surface({ agent: 'offline' }),
      'c.json: surfaces[0].agent must be an object, and is text. Write for example { "instructions": "You help customers of the store." }.',
    ],
    [
      surface({ agent: { instructions: ['Help.'] } }),
      'c.json: surfaces[0].agent.instructions must be text, and is a list. Write for example "You help customers of the store.".',
    ],
    [
      surface({ agent: { maxToolCalls: 101 } }),
      'c.json: surfaces[0].agent.maxToolCalls must be a whole number from 0 to 100. The default is 10.',
    ],
    [
      surface({ agent: { maxToolCalls: '10' } }),
      'c.json: surfaces[0].agent.maxToolCalls must be a whole number from 0 to 100. The default is 10.',
    ],
    [
      surface({ agent: { model: 'opnai/gpt-5.4' } }),
      'c.json: surfaces[0].agent.model is not a model that this server knows. Did you mean "openai/gpt-5.4"?',
    ],
    [
      surface({ copy: { title: ' ' } }),
      'c.json: surfaces[0].copy.title is empty. Write for example "Store help", or leave it out.',
    ],
    [
      surface({ copy: { suggestions: Array(9).fill('Hi') } }),
      'c.json: surfaces[0].copy.suggestions has too many entries. Write at most 8.',
    ],
    [
      surface({ copy: { suggestions: ['Hi', 'x'.repeat(201)] } }),
      'c.json: surfaces[0].copy.suggestions[1] is too long. Write at most 200 characters.',
    ],
    [
      surface({ limits: { sessionMinutes: 2 } }),
      'c.json: surfaces[0].limits.sessionMinutes must be a whole number from 3 to 43200. The default is 60.',
    ],
    [
      surface({ limits: { messagesPerMinute: 1.5 } }),
      'c.json: surfaces[0].limits.messagesPerMinute must be a whole number from 1 to 10000. The default is 20.',
    ],
    [
      surface({ limits: { concurrentRuns: 0 } }),
      'c.json: surfaces[0].limits.concurrentRuns must be a whole number from 1 to 10000. The default is 200.',
    ],
    [
      surface({ retentionDays: 30 }),
      'c.json: surfaces[0].retentionDays must be an object, and is a number. Write for example { "conversations": 365, "events": 30 }.',
    ],
    [
      surface({ retentionDays: { conversations: 3_651, events: '30' } }),
      'c.json: surfaces[0].retentionDays.conversations must be a whole number from 1 to 3650. The default is 365.\n' +
        'c.json: surfaces[0].retentionDays.events must be a whole number from 1 to 3650. The default is 30.',
    ],
    [
      webmcp({ enabled: 'yes' }),
      'c.json: surfaces[0].behavior.webmcp.enabled must be true or false, and is text.',
    ],
    [
      webmcp({ allowlist: ['*'] }),
      'c.json: surfaces[0].behavior.webmcp.allowlist[0] must be an object, and is text. Write for example { "origin": "https://store.example.com", "tools": ["search_*"] }.',
    ],
    [
      webmcp({ allowlist: [{ origin: '*' }] }),
      'c.json: surfaces[0].behavior.webmcp.allowlist[0].tools is missing. Write for example ["search_*"].',
    ],
    [
      webmcp({ allowlist: [{ origin: '*', tools: [] }] }),
      'c.json: surfaces[0].behavior.webmcp.allowlist[0].tools names no tool, so the rule admits nothing. Write for example ["search_*"], or remove the rule.',
    ],
    [
      surface({ behavior: { sdkTools: ['lookup_*'] } }),
      'c.json: surfaces[0].behavior.sdkTools[0] is not a tool name. Write the exact name of one tool, for example "lookup_order".',
    ],
  ])('%j', async (config, message) => {
    expect(await inJson(config)).toBe(message);
  });

  test('everything that is wrong is said at once', async () => {
    const config = { surfaces: [{ behaviour: {}, agent: { maxToolCalls: -1 } }], apikeys: [] };
    expect((await inJson(config)).split('\n').toSorted()).toEqual([
      'c.json: apikeys is not a known field. Did you mean "apiKeys"?',
      'c.json: surfaces[0].agent.maxToolCalls must be a whole number from 0 to 100. The default is 10.',
      'c.json: surfaces[0].behaviour is not a known field. Did you mean "behavior"?',
      'c.json: surfaces[0].id is missing. Write for example "store".',
    ]);
  });
});

describe('a field that is not known', () => {
  test.each<[unknown, string]>([
    [{ surface: [] }, 'c.json: surface is not a known field. Did you mean "surfaces"?'],
    [
      surface({ tokens: [] }),
      'c.json: surfaces[0].tokens is not a known field. Known here: "id", "workspace", "agent", "agentId", "flowId", "copy", "behavior", "history", "identity", "mediaHosts", "csat", "theme", "files", "limits", "retentionDays", "clientTokens".',
    ],
    [
      surface({ retentionDays: { messages: 1 } }),
      'c.json: surfaces[0].retentionDays.messages is not a known field. Known here: "conversations", "events".',
    ],
    [
      surface({ agent: { instruction: 'x' } }),
      'c.json: surfaces[0].agent.instruction is not a known field. Did you mean "instructions"?',
    ],
    [
      webmcp({ allowList: [] }),
      'c.json: surfaces[0].behavior.webmcp.allowList is not a known field. Did you mean "allowlist"?',
    ],
    [
      webmcp({ 'require confirm': [] }),
      'c.json: surfaces[0].behavior.webmcp["require confirm"] is not a known field. Did you mean "requireConfirmFor"?',
    ],
    [
      webmcp({ allowlist: [{ origin: '*', tools: ['*'], tool: 1 }] }),
      'c.json: surfaces[0].behavior.webmcp.allowlist[0].tool is not a known field. Did you mean "tools"?',
    ],
    [
      tokens({ token: 'ct_test_a', ...ORIGINS, active: true }),
      'c.json: surfaces[0].clientTokens[0].active is not a known field. Did you mean "isActive"?',
    ],
    [key({ scope: 'x' }), 'c.json: apiKeys[0].scope is not a known field. Did you mean "scopes"?'],
    [
      JSON.parse('{ "surfaces": [{ "id": "a" }], "__proto__": {} }'),
      'c.json: __proto__ is not a known field. Known here: "surfaces", "apiKeys", "mcpServers", "egress".',
    ],
  ])('%j', async (config, message) => {
    expect(await inJson(config)).toBe(message);
  });
});

describe('files', () => {
  test.each<[unknown, string]>([
    [
      true,
      'files must be an object, and is a boolean. Write for example { "maxBytes": 10485760 }, or false.',
    ],
    [{ maxByte: 1 }, 'files.maxByte is not a known field. Did you mean "maxBytes"?'],
    [
      { maxBytes: 52_428_801 },
      'files.maxBytes must be a whole number from 1 to 52428800. The default is 10485760.',
    ],
    [
      { accept: [] },
      'files.accept names no type, so nothing can be attached. Write for example ["image/png"], or "files": false.',
    ],
    [
      { accept: ['png'] },
      'files.accept[0] is not a media type. Write it in lower case, for example "image/png", or "image/*" for all images.',
    ],
    [
      { scan: 'clamav' },
      'files.scan must be a function, and is text. Write in a TypeScript or JavaScript file for example async ({ bytes }) => "pass".',
    ],
  ])('%j', async (files, message) => {
    expect(await inJson(surface({ files }))).toBe(`c.json: surfaces[0].${message}`);
  });
});

describe('tool patterns', () => {
  const places: [string, (pattern: unknown) => unknown][] = [
    ['allowlist[0].tools[0]', (pattern) => webmcp({ allowlist: [{ origin: '*', tools: [pattern] }] })],
    ['requireConfirmFor[0]', (pattern) => webmcp({ requireConfirmFor: [pattern] })],
    ['autoApprove[0]', (pattern) => webmcp({ autoApprove: [pattern] })],
  ];
  for (const [place, config] of places) {
    test.each([
      '',
      'a*b',
      '*x',
      '**',
      'a**',
      'search_?',
      'a b',
      '{a,b}',
      '!a',
      'webmcp:search',
      'é',
      'x'.repeat(129),
    ])(`${place} refuses %j`, async (pattern) => {
      expect(await inJson(config(pattern))).toBe(`c.json: surfaces[0].behavior.webmcp.${place} ${PATTERN}`);
    });
  }
});

describe('origins', () => {
  const field = 'c.json: surfaces[0].clientTokens[0].allowedOrigins[1]';
  const write = (origin: string) => `${field} is not an origin as browsers send it. Write "${origin}".`;
  test.each([
    ['https://store.example.com/', write('https://store.example.com')],
    ['https://store.example.com/shop?q=1#x', write('https://store.example.com')],
    ['https://store.example.com:443', write('https://store.example.com')],
    ['http://localhost:80', write('http://localhost')],
    ['HTTPS://Store.Example.com', write('https://store.example.com')],
    [' https://store.example.com', write('https://store.example.com')],
    ['https://me:secret@store.example.com', write('https://store.example.com')],
    ['https://bücher.example', write('https://xn--bcher-kva.example')],
    ['store.example.com', write('https://store.example.com')],
    ['store.example.com:8443/shop', write('https://store.example.com:8443')],
    ['localhost:3000', write('http://localhost:3000')],
    ['http://127.1:3000', write('http://127.0.0.1:3000')],
    ['Capacitor://Localhost/', write('capacitor://localhost')],
    ['', `${field} is not an origin. Write for example "https://store.example.com".`],
    ['https://', `${field} is not an origin. Write for example "https://store.example.com".`],
    ['https://a b', `${field} is not an origin. Write for example "https://store.example.com".`],
    [
      'https://store.example.com:99999',
      `${field} is not an origin. Write for example "https://store.example.com".`,
    ],
    [
      'file:///home/me/page.html',
      `${field} is not an origin. Write for example "https://store.example.com".`,
    ],
    [
      '*',
      `${field} must name one origin: \`*\` is only for the rules of an allowlist. Write for example "https://store.example.com".`,
    ],
    [
      'https://*.example.com',
      `${field} must be one exact origin, and patterns are not read here. Write each origin on its own, for example "https://store.example.com".`,
    ],
    [7, `${field} must be text, and is a number. Write for example "https://store.example.com".`],
  ])('%j', async (origin, message) => {
    expect(await inJson(allowed('https://fine.example', origin))).toBe(message);
  });

  test('rules of an allowlist are held to the same spelling', async () => {
    expect(
      await inJson(webmcp({ allowlist: [{ origin: 'https://Store.example.com/', tools: ['*'] }] })),
    ).toBe(
      'c.json: surfaces[0].behavior.webmcp.allowlist[0].origin is not an origin as browsers send it. Write "https://store.example.com".',
    );
  });

  test('a token without origins is refused', async () => {
    expect(await inJson(allowed())).toBe(
      'c.json: surfaces[0].clientTokens[0].allowedOrigins names no origin, so no page can use the token. Write for example ["https://store.example.com"].',
    );
    expect(await inJson(tokens({ token: 'ct_test_a' }))).toBe(
      'c.json: surfaces[0].clientTokens[0].allowedOrigins is missing. Write for example ["https://store.example.com"].',
    );
  });
});

describe('credentials', () => {
  const token = (value: unknown, fields: object = {}) => tokens({ token: value, ...ORIGINS, ...fields });
  const field = 'c.json: surfaces[0].clientTokens[0].token';
  test.each<[unknown, Record<string, string>, string]>([
    [token('secret-value'), {}, `${field} ${TOKEN}`],
    [token('ct_test_'), {}, `${field} ${TOKEN}`],
    [token('ct_prod_secret-value'), {}, `${field} ${TOKEN}`],
    [token('sk_test_secret-value'), {}, `${field} ${TOKEN}`],
    [token('ct_test_secret value'), {}, `${field} ${TOKEN}`],
    [token(7), {}, `${field} must be text or name an environment variable, and is a number. ${SECRET}`],
    [tokens(ORIGINS), {}, `${field} is missing. ${SECRET}`],
    [token({}), {}, `${field} must be text or an object with the one field "env". ${SECRET}`],
    [
      token({ env: 'A', value: 'secret-value' }),
      {},
      `${field} must be text or an object with the one field "env". ${SECRET}`,
    ],
    [
      token({ env: 'secret-value' }),
      {},
      `${field} does not name an environment variable in "env". ${SECRET}`,
    ],
    [
      token({ env: 'ct_live_secret' }),
      {},
      `${field} has the credential itself in "env". Put its value into an environment variable and write the variable's name here.`,
    ],
    [
      token({ env: 'STORE_TOKEN' }),
      {},
      `${field} names the environment variable STORE_TOKEN, which is not set. Set it to a client token: "ct_live_" or "ct_test_" and 1 to 120 letters, digits, "_" or "-".`,
    ],
    [
      token({ env: 'STORE_TOKEN' }),
      { STORE_TOKEN: 'secret-value' },
      `${field} names the environment variable STORE_TOKEN, which does not hold a client token. One is "ct_live_" or "ct_test_" and 1 to 120 letters, digits, "_" or "-".`,
    ],
    [
      token('ct_test_secret-value', { environment: 'live' }),
      {},
      'c.json: surfaces[0].clientTokens[0].environment says "live", and the token starts with "ct_test_". Leave the field out, or use a token that starts with "ct_live_".',
    ],
    [
      token('ct_test_secret-value', { environment: 'prod' }),
      {},
      'c.json: surfaces[0].clientTokens[0].environment must be "live" or "test". The default is what the token says.',
    ],
    [
      token('ct_test_secret-value', { isActive: 'no' }),
      {},
      'c.json: surfaces[0].clientTokens[0].isActive must be true or false, and is text.',
    ],
    [key({ key: 'ct_test_secret-value' }), {}, `c.json: apiKeys[0].key ${KEY}`],
    [key({ key: 'secret-value' }), {}, `c.json: apiKeys[0].key ${KEY}`],
    [
      key({ key: { env: 'STORE_KEY' } }),
      { STORE_KEY: '' },
      'c.json: apiKeys[0].key names the environment variable STORE_KEY, which is not set. Set it to an API key: "sk_live_" or "sk_test_" and 1 to 120 letters, digits, "_" or "-".',
    ],
    [
      key({ scopes: undefined }),
      {},
      'c.json: apiKeys[0].scopes is missing. Write for example ["DISPATCH:*"].',
    ],
    [
      key({ scopes: [] }),
      {},
      'c.json: apiKeys[0].scopes is empty, so the key may do nothing. Write ["DISPATCH:*"].',
    ],
    [
      key({ scopes: ['dispatch'] }),
      {},
      'c.json: apiKeys[0].scopes[0] is not a scope. Write "DISPATCH:*", or "*" for everything, or one of DISPATCH, TOOLS, AGENTS, FLOWS, SECRETS, TOKENS, KEYS, RECEIPTS, METRICS with ":READ", ":WRITE" or ":*".',
    ],
    [
      key({ workspace: 'my shop' }),
      {},
      'c.json: apiKeys[0].workspace must be 1 to 64 letters, digits, "_" or "-", and start with a letter or a digit. Write for example "store".',
    ],
  ])('%j with %j', async (config, env, message) => {
    const said = await inJson(config, env);
    expect(said).toBe(message);
    expect(said).not.toContain('secret');
  });
});

describe('what a surface says of its visitors and its looks', () => {
  const IDENTITY =
    'a secret for proofs of identity. One is at least 32 characters, as `openssl rand -base64 32` prints them.';
  test.each<[object, string]>([
    [{ identity: { secret: 'short' } }, `identity.secret is not ${IDENTITY}`],
    [
      { identity: { secret: { env: 'NONE' } } },
      'identity.secret names the environment variable NONE, which is not set. Set it to a secret for proofs of identity: at least 32 characters, as `openssl rand -base64 32` prints them.',
    ],
    [
      { identity: {} },
      'identity.secret is missing. Write for example { "env": "PAGEHAND_IDENTITY_SECRET" }, or { "env": "NAME" } with the name of the environment variable that holds it.',
    ],
    [{ history: 'yes' }, 'history must be true or false, and is text.'],
    [
      { mediaHosts: ['https://images.example.com'] },
      'mediaHosts[0] is not a host. Write it in lower case without scheme and path, for example "images.example.com", or "*.example.com" for all below a domain.',
    ],
    [
      { mediaHosts: ['*'] },
      'mediaHosts[0] is not a host. Write it in lower case without scheme and path, for example "images.example.com", or "*.example.com" for all below a domain.',
    ],
    [
      { theme: { tokens: { accent: 'red; } body { display: none' } } },
      'theme.tokens.accent is not a value of a style: 1 to 300 characters without ";", "{", "}", "<" or ">". Write for example "#1a5fb4".',
    ],
    [
      { theme: { tokens: { Accent: 'red' } } },
      'theme.tokens.Accent is not the name of a token: lower-case letters, digits and "-". Write for example "accent".',
    ],
    [
      { theme: { tokens: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`t${n}`, 'red'])) } },
      'theme.tokens has too many entries. Write at most 100.',
    ],
  ])('%j', async (fields, message) => {
    expect(await inJson(surface(fields))).toBe(`c.json: surfaces[0].${message}`);
  });
});

describe('server tools', () => {
  const field = 'c.ts: surfaces[0].agent.tools[0]';
  const RUN =
    'Write the function that a call runs, for example ({ orderId }) => findOrder(orderId), in a file that ends in .ts or .js.';
  const SCHEMA = '{ "type": "object", "properties": { "orderId": { "type": "string" } } }';
  const NAME =
    'must be 1 to 64 letters, digits, "_" or "-", which is what every model provider takes. Write for example "find_order".';

  /** What is said of a good tool with these fields, each written as source. */
  const inModule = (fields: Record<string, string>) => {
    const good = { name: '"find_order"', description: '"Finds an order."', run: '() => 1' };
    const source = Object.entries({ ...good, ...fields }).map(([name, value]) => `${name}: ${value}`);
    return refusal(
      'c.ts',
      `const ring = {}; ring.self = ring;
      export default { surfaces: [{ id: 'store', agent: { tools: [{ ${source.join(', ')} }] } }] };`,
    );
  };

  test.each<[Record<string, string>, string]>([
    [{ name: '"find order"' }, `${field}.name ${NAME}`],
    [{ name: '"webmcp:find"' }, `${field}.name ${NAME}`],
    [{ name: '""' }, `${field}.name ${NAME}`],
    [{ name: '"x".repeat(65)' }, `${field}.name ${NAME}`],
    [{ name: 'undefined' }, `${field}.name is missing. Write for example "find_order".`],
    [
      { name: '"ask_user_question"' },
      `${field}.name is a tool that the chat itself brings along. Write another name, for example "find_order".`,
    ],
    [
      { description: '" "' },
      `${field}.description is empty, and a model chooses a tool by it. Write for example "Finds an order by its number.".`,
    ],
    [
      { description: 'undefined' },
      `${field}.description is missing. Write for example "Finds an order by its number.".`,
    ],
    [{ description: '"x".repeat(2001)' }, `${field}.description is too long. Write at most 2000 characters.`],
    [{ timeoutMs: '0' }, `${field}.timeoutMs must be a whole number from 1 to 600000. The default is 30000.`],
    [
      { timeoutMs: '600_001' },
      `${field}.timeoutMs must be a whole number from 1 to 600000. The default is 30000.`,
    ],
    [{ idempotent: '"yes"' }, `${field}.idempotent must be true or false, and is text.`],
    [{ run: 'undefined' }, `${field}.run is missing. ${RUN}`],
    [{ run: '"findOrder"' }, `${field}.run must be a function, and is text. ${RUN}`],
    [{ timeout: '5' }, `${field}.timeout is not a known field. Did you mean "timeoutMs"?`],
    [
      { parametersSchema: '[]' },
      `${field}.parametersSchema must be a JSON Schema, and is a list. Write for example ${SCHEMA}.`,
    ],
    [
      { parametersSchema: '"object"' },
      `${field}.parametersSchema must be a JSON Schema, and is text. Write for example ${SCHEMA}.`,
    ],
    [
      { parametersSchema: '{ safeParse() {} }' },
      `${field}.parametersSchema is a schema of a validation library. Write it as JSON Schema, for example z.toJSONSchema(schema).`,
    ],
    [
      { parametersSchema: 'ring' },
      `${field}.parametersSchema cannot be written as JSON. Write a JSON Schema of plain values, for example ${SCHEMA}.`,
    ],
    [
      { parametersSchema: '{ type: "string" }' },
      `${field}.parametersSchema has the type "string", and the parameters of a tool are always an object. Write for example ${SCHEMA}.`,
    ],
    [
      { parametersSchema: '{ properties: { a: { type: "strin" } } }' },
      `${field}.parametersSchema is a schema that no call can be checked against: \`type\` is "strin". Mend the schema.`,
    ],
    [
      { parametersSchema: '{ $ref: "https://example.com/order.json" }' },
      `${field}.parametersSchema is a schema that no call can be checked against: it refers to another document, and none is fetched. Mend the schema.`,
    ],
    [
      { parametersSchema: '{ description: "x".repeat(16_384) }' },
      `${field}.parametersSchema has 16402 bytes as JSON, and the limit is 16384. Shorten descriptions and enums, or split the tool.`,
    ],
  ])('%j', async (fields, message) => {
    expect(await inModule(fields)).toBe(message);
  });

  test('JSON holds none', async () => {
    const tool = { name: 'find_order', description: 'Finds an order.' };
    expect(await inJson(surface({ agent: { tools: [tool] } }))).toBe(
      `c.json: surfaces[0].agent.tools[0].run is missing. ${RUN}`,
    );
    expect(await inJson(surface({ agent: { tools: ['find_order'] } }))).toBe(
      'c.json: surfaces[0].agent.tools[0] must be an object, and is text. Write for example defineServerTool({ … }).',
    );
    expect(await inJson(surface({ agent: { tools: tool } }))).toBe(
      'c.json: surfaces[0].agent.tools must be a list, and is an object. Write for example [defineServerTool({ … })].',
    );
  });

  const withTools = (surfaces: string) =>
    refusal(
      'c.ts',
      `const tool = (name: string) => ({ name, description: 'Finds.', run: () => 1 });
      export default { surfaces: [${surfaces}] };`,
    );

  test('two of one agent cannot have one name', async () => {
    expect(await withTools("{ id: 'a', agent: { tools: [tool('x'), tool('y'), tool('x')] } }")).toBe(
      'c.ts: surfaces[0].agent.tools[2].name "x" is the name of another tool of this agent too. Give each tool its own name.',
    );
  });

  test('two agents with one id and other functions are two agents', async () => {
    const agent = "agent: { id: 'x', name: 'X', tools: [tool('y')] }";
    expect(await withTools(`{ id: 'a', ${agent} }, { id: 'b', ${agent} }`)).toBe(
      'c.ts: surfaces[1].agent.id "x" is the id of another agent too, which is not the same. Give one of them another id, or write the agent once, its tools included, and use it in both.',
    );
  });

  test('a name that a browser may use too is told before it hides one of them', async () => {
    const shadowed = "{ id: 'a', agent: { tools: [tool('x')] }, behavior: { sdkTools: ['w', 'x'] } }";
    expect(await withTools(shadowed)).toBe(
      'c.ts: surfaces[0].behavior.sdkTools[1] "x" is the name of a server tool of the agent too, which takes its place. Give one of them another name.',
    );
  });

  test('an agent that requests could name as their own has none', async () => {
    expect(await withTools("{ id: 'inline', agent: { tools: [tool('x')] } }")).toBe(
      'c.ts: surfaces[0].agent.id "inline" names the agents that requests bring along, and they get no tools. Write another id.',
    );
  });
});

describe('what is given twice', () => {
  const twice = { token: 'ct_test_twice', ...ORIGINS };
  test.each<[unknown, string]>([
    [
      { surfaces: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] },
      'c.json: surfaces[2].id "a" is the id of another surface too. Give each surface its own id.',
    ],
    [
      tokens(twice, twice),
      'c.json: surfaces[0].clientTokens[1].token is given twice. A token opens one surface: write another one here.',
    ],
    [
      {
        surfaces: [
          { id: 'a', clientTokens: [twice] },
          { id: 'b', clientTokens: [twice] },
        ],
      },
      'c.json: surfaces[1].clientTokens[0].token is given twice. A token opens one surface: write another one here.',
    ],
    [
      { apiKeys: [key({}).apiKeys[0], key({}).apiKeys[0]] },
      'c.json: apiKeys[1].key is given twice. Write all scopes of a key in one entry.',
    ],
    [
      { surfaces: [{ id: 'a' }, { id: 'b', agent: { id: 'a' } }] },
      'c.json: surfaces[1].agent.id "a" is the id of another agent too, which is not the same. Give one of them another id.',
    ],
  ])('%j', async (config, message) => {
    expect(await inJson(config)).toBe(message);
  });

  test('what was refused already is not called a duplicate too', async () => {
    const config = {
      ...tokens({ ...twice, token: 'wrong' }, { ...twice, token: 'wrong' }),
      apiKeys: [key({ key: 'x' }).apiKeys[0], key({ key: 'x' }).apiKeys[0]],
    };
    expect((await inJson(config)).split('\n')).toEqual([
      `c.json: surfaces[0].clientTokens[0].token ${TOKEN}`,
      `c.json: surfaces[0].clientTokens[1].token ${TOKEN}`,
      `c.json: apiKeys[0].key ${KEY}`,
      `c.json: apiKeys[1].key ${KEY}`,
    ]);
  });

  test('a value and a variable that holds the same value are the same', async () => {
    const config = tokens(twice, { ...twice, token: { env: 'TOKEN' } });
    expect(await inJson(config, { TOKEN: 'ct_test_twice' })).toBe(
      'c.json: surfaces[0].clientTokens[1].token is given twice. A token opens one surface: write another one here.',
    );
  });
});

describe('a file that cannot be read', () => {
  test.each([
    [
      '',
      'c.json: this is not JSON, at line 1 column 1. Look for a missing comma, quote or bracket before it.',
    ],
    [
      '{\n  "apiKeys": [{ "key": "sk_live_secret" "scopes": [] }]\n}',
      'c.json: this is not JSON, at line 2 column 41. Look for a missing comma, quote or bracket before it.',
    ],
    [
      '{\n  "surfaces": [',
      'c.json: this is not JSON, at line 2 column 16. Look for a missing comma, quote or bracket before it.',
    ],
  ])('JSON with a mistake says where and quotes nothing: %j', async (source, message) => {
    expect(await refusal('c.json', source)).toBe(message);
  });

  test('a module with a mistake in its syntax says where and quotes nothing', async () => {
    const said = await refusal(
      'c.ts',
      "const key = 'sk_live_secret';\nexport default { apiKeys: [{ key 'sk_live_secret' }] };",
    );
    expect(said).toBe(
      'c.ts: the file could not be run: ParseError: Unexpected token, expected ",", at c.ts:2:33',
    );
    expect(said).not.toContain('secret');
    expect(said).not.toContain('\n');
  });

  test.each([
    ["throw new Error('no database address');", 'c.ts: the file could not be run: no database address'],
    [
      'export const config = {};',
      'c.ts: the file has no default export. Write export default defineConfig({ … }).',
    ],
    [
      'export default () => ({ surfaces: [] });',
      'c.ts: the configuration must be an object, and is a function. Write for example { "surfaces": [{ "id": "store" }] }.',
    ],
    [
      'export default undefined;',
      'c.ts: the configuration is missing. Write for example { "surfaces": [{ "id": "store" }] }.',
    ],
  ])('the module %j', async (source, message) => {
    expect(await refusal('c.ts', source)).toBe(message);
  });

  test('a file that is named and not there', async () => {
    await expect(loadConfig({ env: { PAGEHAND_CONFIG: 'etc/none.json' }, cwd })).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'etc/none.json: there is no such file. Mend the path in PAGEHAND_CONFIG, or leave it out.',
    });
  });

  test('a directory instead of a file', async () => {
    mkdirSync(join(cwd, 'c.json'));
    await expect(loadConfig({ env: {}, cwd, path: 'c.json' })).rejects.toMatchObject({
      message: 'c.json: the file cannot be read. Mend the path in PAGEHAND_CONFIG, or leave it out.',
    });
  });

  test('a file of another kind', async () => {
    expect(await refusal('c.yaml', 'surfaces: []')).toBe(
      'c.yaml: a configuration ends in .ts, .mts, .js, .mjs or .json. Rename the file.',
    );
  });

  test('two files that could both be meant', async () => {
    writeFileSync(join(cwd, 'pagehand.config.ts'), 'export default {};');
    writeFileSync(join(cwd, 'pagehand.config.json'), '{}');
    await expect(loadConfig({ env: {}, cwd })).rejects.toMatchObject({
      message:
        'pagehand.config.ts and pagehand.config.json are both there. Remove all but one, or name the one to read in PAGEHAND_CONFIG.',
    });
  });
});

describe('what tools may reach', () => {
  const shape = 'is not a host and a port as they stand in the address of a tool.';
  test.each([
    ['localhost', `${shape} Write "localhost:80".`],
    ['http://localhost:9000/', `${shape} Write "localhost:9000".`],
    ['https://api.internal', `${shape} Write "api.internal:443".`],
    ['API.internal:8080', `${shape} Write "api.internal:8080".`],
    ['0x7f000001:80', `${shape} Write "127.0.0.1:80".`],
    [
      '*.internal:80',
      'is not a host and a port. Write one exact place, for example "localhost:9000"; patterns and networks are not read here.',
    ],
    [
      '10.0.0.0/8',
      'is not a host and a port. Write one exact place, for example "localhost:9000"; patterns and networks are not read here.',
    ],
    [
      'localhost:99999',
      'is not a host and a port. Write one exact place, for example "localhost:9000"; patterns and networks are not read here.',
    ],
    [
      '169.254.169.254:80',
      'is an address that tools never reach: it gives away what the machine may do, or leads nowhere. Remove it.',
    ],
    ['[::ffff:169.254.169.254]:80', `${shape} Write "[::ffff:a9fe:a9fe]:80".`],
    [
      '[::ffff:a9fe:a9fe]:80',
      'is an address that tools never reach: it gives away what the machine may do, or leads nowhere. Remove it.',
    ],
  ])('the internal place %j', async (place, sentence) => {
    expect(await inJson({ ...surface({}), egress: { internal: [place] } })).toBe(
      `c.json: egress.internal[0] ${sentence}`,
    );
  });
});
