import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { hashCredential } from '../../server/credentials.ts';
import { createPagehand, type Pagehand } from '../../server/pagehand.ts';
import { type Canary, canariesIn } from '../support/canaries.ts';
import {
  ECHO_PATHS,
  type EchoingService,
  startEchoingService,
  startParrot,
} from '../support/echoing-service.ts';
import { type McpTestServer, startMcpServer } from '../support/mcp-server.ts';
import { eventsOf } from '../support/server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ORIGIN = 'https://store.example.com';
/** No half of one is a half of another. */
const plain = (slot: string) => hashCredential(`canary ${slot}`).slice(0, 40);
const odd = (slot: string) => `${plain(slot).slice(0, 20)}"+/=~%&<>\\ ${plain(slot).slice(20)}`;

const CANARIES = {
  inHeader: odd('header'),
  inQuery: odd('query'),
  inBody: odd('body'),
  inGraphql: odd('graphql'),
  sentAgain: odd('again'),
  managed: odd('managed'),
  unsaved: odd('unsaved'),
  provider: plain('provider'),
  identity: plain('identity'),
  mcp: plain('mcp'),
  sealing: Buffer.from(plain('sealing').slice(0, 32)).toString('base64'),
  configuredKey: `sk_test_${plain('key')}`,
  configuredToken: `ct_test_${plain('token')}`,
};

let folder: string;
let service: EchoingService;
let parrot: EchoingService;
let mcp: McpTestServer;
let pagehand: Pagehand;
const lines: string[] = [];
/** What callers were answered, by what they asked. */
const answers: { readonly about: string; readonly text: string }[] = [];
/** Credentials that the server made. */
const issued: Canary[] = [];

async function ask(path: string, init: RequestInit & { key?: string | null } = {}): Promise<Response> {
  const { key = CANARIES.configuredKey, ...rest } = init;
  const response = await pagehand.fetch(
    new Request(`http://localhost${path}`, {
      ...rest,
      headers: {
        'content-type': 'application/json',
        ...(key === null ? { origin: ORIGIN } : { authorization: `Bearer ${key}` }),
        ...rest.headers,
      },
    }),
  );
  return response;
}

/** Asks, and keeps what was answered for the search. */
async function heard(
  about: string,
  path: string,
  body?: unknown,
  init: RequestInit & { key?: string | null } = {},
): Promise<Response> {
  const sent =
    body === undefined
      ? {}
      : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await ask(path, { ...sent, ...init });
  const copy = response.clone();
  const headers = JSON.stringify([...copy.headers]);
  answers.push({ about, text: `${copy.status} ${headers} ${await copy.text()}` });
  return response;
}

async function made<Answer extends object>(
  path: string,
  body: object,
  slot: string,
  field: keyof Answer,
  key?: null,
): Promise<Answer> {
  const response = await ask(path, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(key === null ? { key } : {}),
  });
  expect(response.status).toBe(200);
  const answer = (await response.json()) as Answer;
  issued.push({ slot, value: String(answer[field]) });
  return answer;
}

const SECRETS = {
  in_header: CANARIES.inHeader,
  in_query: CANARIES.inQuery,
  in_body: CANARIES.inBody,
  in_graphql: CANARIES.inGraphql,
};

function externalTool(path: string) {
  return {
    name: `echo_${path.slice(1).replace('-', '_')}`,
    description: 'Says what it was told.',
    toolType: 'external',
    parametersSchema: { type: 'object', properties: { query: { type: 'string' } } },
    config: {
      url: `http://${service.host}${path}?q={{secrets.in_query}}&who={{query}}`,
      method: 'POST',
      headers: { authorization: '{{secrets.in_header}}', 'x-managed': '{{secret:MANAGED}}' },
      body: { key: '{{secrets.in_body}}', query: '{{query}}' },
    },
  };
}

/** Nobody answers there, or nothing may be asked there: the address itself stands in many an error. */
const UNREACHABLE = ['10.0.0.1', 'nobody.invalid', '127.0.0.1:8019', '127.0.0.1:8020'];

function unreachableTool(host: string, index: number) {
  return {
    name: `unreachable_${index}`,
    description: 'Does not answer.',
    toolType: 'external',
    config: {
      url: `http://${host}/{{secrets.in_body}}/x?q={{secrets.in_query}}&m={{secret:MANAGED}}`,
      headers: { authorization: '{{secrets.in_header}}' },
    },
  };
}

const dispatchBody = (tools: object, more: object = {}) => ({
  agent: { model: 'openai-compatible/parrot', tools: { maxToolCalls: 50, ...tools } },
  messages: [{ role: 'user', content: 'Call them all.' }],
  secrets: SECRETS,
  ...more,
});

async function dispatched(about: string, body: object): Promise<readonly StreamEvent[]> {
  const response = await heard(about, '/v1/dispatch', body);
  expect(response.ok ? 'ok' : await response.text()).toBe('ok');
  const events = await eventsOf(response);
  const executionId = events[0]?.executionId;
  if (executionId !== undefined) executions.push(executionId);
  return events;
}
const executions: string[] = [];

const spans = new InMemorySpanExporter();

beforeAll(async () => {
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  );
  folder = temporaryDirectory();
  service = await startEchoingService();
  parrot = await startParrot();
  mcp = await startMcpServer([
    { name: 'tell', description: `Works with ${CANARIES.mcp} and ${CANARIES.inHeader}` },
  ]);
  mcp.answer = () => JSON.stringify(mcp.headers.at(-1));
  writeFileSync(
    join(folder, 'pagehand.config.mjs'),
    `export default ${JSON.stringify({
      surfaces: [
        {
          id: 'store',
          agent: { model: 'openai-compatible/parrot', tools: ['TOOLS'] },
          identity: { secret: { env: 'SITE_SIGNING' } },
          clientTokens: [{ token: { env: 'SITE_CREDENTIAL' }, allowedOrigins: [ORIGIN] }],
        },
      ],
      apiKeys: [{ key: { env: 'SITE_ADMIN' }, scopes: ['*'] }],
      mcpServers: { notes: { url: mcp.url, headers: { authorization: { env: 'NOTES_ACCESS' } } } },
      egress: { internal: [service.host, mcp.host, '127.0.0.1:8019'] },
    }).replace(
      '"TOOLS"',
      `{ name: 'throws', description: 'Fails.', run() { throw new Error('/srv/app/x bad ' + ${JSON.stringify(CANARIES.provider)} + ' ' + ${JSON.stringify(CANARIES.sealing)}, { cause: new Error(${JSON.stringify(CANARIES.provider)}) }); } }`,
    )};`,
  );
  pagehand = await createPagehand({
    cwd: folder,
    assets: {},
    logTo: { write: (line) => void lines.push(line) },
    env: {
      PAGEHAND_DB: 'pagehand.db',
      PAGEHAND_LOG_LEVEL: 'debug',
      PAGEHAND_SECRET_KEYS: `main:${CANARIES.sealing}`,
      OPENAI_BASE_URL: `http://${parrot.host}/v1`,
      OPENAI_API_KEY: CANARIES.provider,
      SITE_SIGNING: CANARIES.identity,
      SITE_CREDENTIAL: CANARIES.configuredToken,
      SITE_ADMIN: CANARIES.configuredKey,
      NOTES_ACCESS: CANARIES.mcp,
    },
  });
  await heard('saving a secret', '/v1/secrets', { name: 'MANAGED', value: CANARIES.managed });
  await dispatchEverything();
  await failEverything();
  await readEverything();
}, 120_000);

afterAll(async () => {
  await pagehand.stop(0);
  trace.disable();
  await Promise.all([service.close(), parrot.close(), mcp.close()]);
});

/** Every kind of tool, whatever its other side tells. */
async function dispatchEverything(): Promise<void> {
  const graphql = {
    name: 'ask_graph',
    description: 'Asks.',
    toolType: 'graphql',
    config: {
      url: `http://${service.host}/error`,
      query: 'query ($q: String) { a(q: $q) }',
      headers: { authorization: '{{secrets.in_graphql}}' },
      variables: { q: '{{secrets.in_graphql}}' },
    },
  };
  const custom = {
    name: 'count',
    description: 'Counts.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: { query: { type: 'string' } } },
    config: { code: 'throw new Error("no " + JSON.stringify(parameters))' },
  };
  const child = {
    name: 'delegate',
    description: 'Delegates.',
    toolType: 'subagent',
    parametersSchema: { type: 'object', properties: { task: { type: 'string' } } },
    config: { agent: { model: 'openai-compatible/parrot' }, allowedTools: ['echo_*'] },
  };
  const runtimeTools = [
    ...ECHO_PATHS.map(externalTool),
    graphql,
    custom,
    ...UNREACHABLE.map(unreachableTool),
  ];
  await dispatched('a dispatch of all tools', dispatchBody({ runtimeTools }));
  await dispatched('a secret that no header can hold', {
    ...dispatchBody({ runtimeTools: [externalTool('/body')] }),
    secrets: { ...SECRETS, in_header: `${CANARIES.inHeader}\n${CANARIES.unsaved}` },
  });
  await dispatched('a subagent', dispatchBody({ runtimeTools: [externalTool('/forms'), child] }));
  await dispatched('an MCP server', dispatchBody({ toolIds: ['mcp:notes:*'] }));
  const headers = { authorization: '{{secrets.in_header}}', 'x-managed': '{{secret:MANAGED}}' };
  await dispatched(
    'an MCP server of the request',
    dispatchBody({ mcpServers: [{ name: 'own', url: mcp.url, headers }], toolIds: ['mcp:own:*'] }),
  );
  await dispatched('an agent of the configuration', { ...dispatchBody({}), agent: { id: 'store' } });
  await pauseAndResume();
  await approveAndContinue();
  await saveAndRun();
  await chat();
}

/** A tool of the caller, whose output holds the secrets, and secrets that come once more. */
async function pauseAndResume(): Promise<void> {
  const local = { name: 'at_home', description: 'Runs at the caller.', toolType: 'local' };
  const body = dispatchBody({ runtimeTools: [externalTool('/body'), local] });
  const events = await dispatched('a pause', body);
  const paused = events.at(-1);
  expect(paused?.type).toBe('await');
  const toolCallId = paused !== undefined && 'toolCallId' in paused ? String(paused.toolCallId) : '';
  await heard('a resume', '/v1/dispatch/resume', {
    executionId: paused?.executionId,
    toolOutputs: { [toolCallId]: { result: { told: [CANARIES.inHeader, CANARIES.sentAgain], n: 1 } } },
    secrets: { ...SECRETS, in_header: CANARIES.sentAgain },
  });
}

/** Calls that a person allows and refuses, and a conversation that goes on, each with the secrets sent again. */
async function approveAndContinue(): Promise<void> {
  const body = dispatchBody({ runtimeTools: [externalTool('/forms')], approval: { require: true } });
  for (const decision of ['approved', 'denied']) {
    const events = await dispatched(`a call to be ${decision}`, body);
    const asked = events.find((event) => event.type === 'approval_start');
    const executionId = events[0]?.executionId;
    const approvalId = asked !== undefined && 'approvalId' in asked ? asked.approvalId : '';
    const answer = await heard(`a call that is ${decision}`, '/v1/dispatch/approve', {
      ...{ executionId, approvalId, decision },
      reason: `Because of ${CANARIES.inBody}`,
      secrets: { ...SECRETS, in_header: CANARIES.sentAgain },
    });
    expect((await eventsOf(answer)).at(-1)?.type).toBe('execution_complete');
    const further = await heard('a conversation that goes on', '/v1/dispatch/continue', {
      executionId,
      continuation: { messages: [{ role: 'user', content: 'Once more.' }] },
      secrets: { ...SECRETS, in_query: CANARIES.sentAgain },
    });
    expect(further.status).toBe(200);
  }
}

async function saveAndRun(): Promise<void> {
  const saved = await heard('saving a tool', '/v1/tools', externalTool('/error'));
  const { id } = (await saved.json()) as { id?: string };
  await heard('testing a tool', `/v1/tools/${id}/test`, { parameters: { query: 'x' }, secrets: SECRETS });
  await heard('running a tool', `/v1/tools/${id}/execute`, { parameters: { query: 'x' }, secrets: SECRETS });
  await dispatched('a saved tool', dispatchBody({ toolIds: [id] }));
}

async function chat(): Promise<void> {
  const token = await made<{ token: string }>(
    '/v1/client-tokens',
    { surfaceId: 'store', allowedOrigins: [ORIGIN] },
    'a client token',
    'token',
  );
  await made('/v1/api-keys', { name: 'ci', scopes: ['*'] }, 'an API key', 'key');
  const { sessionId } = await made<{ sessionId: string }>(
    '/v1/client/init',
    { token: token.token, visitorHistory: true },
    'a session',
    'sessionId',
    null,
  );
  const messages = [{ role: 'user', content: 'Call them all.' }];
  const failing = [{ role: 'user', content: 'fail with the key' }];
  await heard('a chat whose model fails', '/v1/client/chat', { sessionId, messages: failing }, { key: null });
  await heard(
    'a chat with secrets',
    '/v1/client/chat',
    { sessionId, messages, secrets: { a: CANARIES.unsaved } },
    { key: null },
  );
  const session = { headers: { authorization: `Bearer ${sessionId}` }, key: null };
  const [first] = await eventsOf(
    await heard('a chat', '/v1/client/chat', { sessionId, messages }, { key: null }),
  );
  const events = `/v1/client/executions/${first?.executionId}/events?after=0`;
  expect((await heard('the events of a chat', events, undefined, session)).status).toBe(200);
  await heard('a wrong session', '/v1/client/chat', { sessionId: `${sessionId}x`, messages }, { key: null });
}

/** Requests that are refused, each with a secret in the wrong place. */
async function failEverything(): Promise<void> {
  const value = CANARIES.unsaved;
  await heard('a secret without a good name', '/v1/secrets', { name: 'a b', value });
  await heard('a secret that is no text', '/v1/secrets', { name: 'A', value: [value] });
  await heard('a secret that is too long', '/v1/secrets', { name: 'A', value: value.repeat(2_000) });
  await heard('a body that is no JSON', '/v1/secrets', `{"name": "A", "value": "${value}`);
  await heard(
    'secrets that are no texts',
    '/v1/dispatch',
    dispatchBody({}, { secrets: { a: { b: value } } }),
  );
  await heard('secrets under a bad name', '/v1/dispatch', dispatchBody({}, { secrets: { 'a b': value } }));
  await heard('an unknown tool', '/v1/dispatch', dispatchBody({ toolIds: ['saved:nobody'] }));
  await heard('an unknown agent', '/v1/dispatch', { ...dispatchBody({}), agent: { id: 'nobody' } });
  await heard(
    'a tool that is none',
    '/v1/dispatch',
    dispatchBody({ runtimeTools: [{ ...externalTool('/body'), config: { url: 7 } }] }),
  );
  await heard(
    'a secret that is not sent',
    '/v1/dispatch',
    dispatchBody({ runtimeTools: [externalTool('/body')] }, { secrets: { in_header: value } }),
  );
  await heard('a resume of nothing', '/v1/dispatch/resume', {
    executionId: 'exec_nobody',
    toolOutputs: { a: value },
    secrets: { a: value },
  });
  await heard('a wrong key', '/v1/secrets', undefined, { key: `${CANARIES.configuredKey}x` });
  await heard('two keys', '/v1/secrets', undefined, { headers: { 'x-api-key': CANARIES.configuredKey } });
  await heard('a key in the address', `/v1/secrets?key=${CANARIES.configuredKey}`, undefined, { key: null });
  await heard('a wrong address', `/v1/${CANARIES.configuredKey}`);
  const other = new Database(join(folder, 'pagehand.db'));
  other.exec('begin immediate');
  const unsaved = await heard('a database that takes nothing', '/v1/secrets', { name: 'A', value });
  expect(unsaved.status).toBe(503);
  other.exec('rollback');
  other.close();
  await heard('a model that fails', '/v1/dispatch', {
    ...dispatchBody({}),
    messages: [{ role: 'user', content: 'fail with the key' }],
  });
}

async function readEverything(): Promise<void> {
  for (const path of [
    '/v1/secrets',
    '/v1/client-tokens',
    '/v1/api-keys',
    '/v1/tools',
    '/v1/receipts',
    '/v1/receipts?format=ndjson',
    '/metrics',
    '/openapi.json',
  ]) {
    expect((await heard(`GET ${path}`, path)).status).toBe(200);
  }
}

function all(): readonly Canary[] {
  const given = Object.entries(CANARIES).map(([slot, value]) => ({ slot, value }));
  return [...given, ...issued];
}

describe('a secret of any kind', () => {
  test('reaches those for whom it is, so that the rest of this means something', () => {
    const told = service.received.join('\n');
    for (const slot of ['inHeader', 'inQuery', 'inBody', 'inGraphql', 'managed'] as const) {
      expect(canariesIn(told, [{ slot, value: CANARIES[slot] }])).not.toEqual([]);
    }
    expect(JSON.stringify(mcp.headers)).toContain(CANARIES.mcp);
    expect(service.received.length).toBeGreaterThan(ECHO_PATHS.length + 4);
    expect(answers.filter(({ text }) => text.includes('[redacted]')).length).toBeGreaterThan(5);
    expect(lines.length).toBeGreaterThan(20);
  });

  test('stands in no line of the log [R2-17]', () => {
    expect(canariesIn(lines.join(''), all())).toEqual([]);
  });

  test('stands in no file of the database [R2-17]', async () => {
    const files = readdirSync(folder).filter((name) => name.startsWith('pagehand.db'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) {
      const bytes = readFileSync(join(folder, name));
      expect([name, canariesIn(bytes.toString('utf8'), all())]).toEqual([name, []]);
    }
  });

  test('stands in no row of the database, wherever pages end [R2-17]', () => {
    const database = new Database(join(folder, 'pagehand.db'), { readonly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as {
      name: string;
    }[];
    const rows = tables.map(({ name }) => [name, database.prepare(`select * from "${name}"`).all()]);
    database.close();
    expect(rows.filter(([, all]) => (all as unknown[]).length > 0).length).toBeGreaterThan(8);
    const found = rows.map(([name, of]) => [name, canariesIn(JSON.stringify(of), all())]);
    expect(found.filter(([, canaries]) => (canaries as unknown[]).length > 0)).toEqual([]);
  });

  test('stands in no span', () => {
    const finished = spans.getFinishedSpans();
    expect(finished.length).toBeGreaterThan(20);
    const told = finished.map(({ name, attributes, events, status }) =>
      JSON.stringify({ name, attributes, events, status }),
    );
    expect(canariesIn(told.join('\n'), all())).toEqual([]);
  });

  test('stands in no answer, event or refusal [R2-17]', () => {
    const found = answers.flatMap(({ about, text }) =>
      canariesIn(text, all()).map((canary) => `${about}: ${canary}`),
    );
    expect(found).toEqual([]);
  });

  test('is read by no model', () => {
    expect(canariesIn(parrot.received.join('\n'), all())).toEqual([]);
  });
});

test('the password of a database that is not there stands in no error and no line', async () => {
  const password = odd('database');
  const written: string[] = [];
  const failure = await createPagehand({
    cwd: temporaryDirectory(),
    assets: {},
    logTo: { write: (line) => void written.push(line) },
    env: {
      PAGEHAND_DB: `postgres://user:${encodeURIComponent(password)}@127.0.0.1:1/pagehand`,
      PAGEHAND_LOG_LEVEL: 'debug',
    },
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  const told = `${inspect(failure, { depth: 10 })}${written.join('')}`;
  expect(canariesIn(told, [{ slot: 'database', value: password }])).toEqual([]);
});
