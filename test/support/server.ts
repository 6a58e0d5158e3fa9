import type { StreamEvent } from '../../protocol/event.ts';
import type { InitResponse } from '../../protocol/request.ts';
import { createApp } from '../../server/app.ts';
import type { AssetFolders } from '../../server/assets.ts';
import type { Config } from '../../server/config/config.ts';
import type { ConfigInput } from '../../server/config/define-config.ts';
import { resolveConfig } from '../../server/config/resolve.ts';
import { type SecretKey, secretKeysOf } from '../../server/config/secret-keys.ts';
import { type Credentials, createCredentials, hashCredential } from '../../server/credentials.ts';
import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import type { TakeShared } from '../../server/guard/rate-limits.ts';
import { createEventStreams } from '../../server/http/event-stream.ts';
import { createLog } from '../../server/log.ts';
import type { Model, ModelEvent, ModelRequest } from '../../server/models/model.ts';
import { newId } from '../../server/new-id.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { createManagedSecrets } from '../../server/secrets/managed-secrets.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { Store } from '../../server/store/store.ts';
import { createTelemetry } from '../../server/telemetry/create-telemetry.ts';
import { openTools } from '../../server/tools/open-tools.ts';

export const STORE_ORIGIN = 'https://store.example.com';
export const OTHER_ORIGIN = 'https://other.example.com';
export const STORE_TOKEN = 'ct_test_store';
export const OTHER_TOKEN = 'ct_test_other';
export const RETIRED_TOKEN = 'ct_test_retired';
export const API_KEY = 'sk_test_local';
export const OTHER_API_KEY = 'sk_test_second';
/** As of `PAGEHAND_SECRET_KEYS`. */
const SECRET_KEYS = `main:${Buffer.alloc(32, 7).toString('base64')}`;
export const POWERLESS_API_KEY = 'sk_test_reader';

/** A page tool as a widget sends it. */
export const SEARCH_TOOL = {
  name: 'search_products',
  description: 'Searches the shop.',
  parametersSchema: { type: 'object', properties: { query: { type: 'string' } } },
  origin: 'webmcp',
  pageOrigin: STORE_ORIGIN,
} as const;

/** Two surfaces of two sites, a token that was switched off, and three API keys. */
export const CONFIG: ConfigInput = {
  surfaces: [
    {
      id: 'store',
      agent: { instructions: 'You help customers of the store.' },
      copy: { title: 'Store', welcomeMessage: 'Hello!', suggestions: ['Find a mug'] },
      behavior: { webmcp: { enabled: true, requireConfirmFor: ['checkout'], autoApprove: ['search_*'] } },
      clientTokens: [
        { token: STORE_TOKEN, allowedOrigins: [STORE_ORIGIN, 'http://localhost:3000'] },
        {
          token: RETIRED_TOKEN,
          allowedOrigins: [STORE_ORIGIN, 'https://retired.example.com'],
          isActive: false,
        },
      ],
    },
    { id: 'other', clientTokens: [{ token: OTHER_TOKEN, allowedOrigins: [OTHER_ORIGIN, STORE_ORIGIN] }] },
  ],
  apiKeys: [
    { key: API_KEY, scopes: ['DISPATCH:*'] },
    { key: OTHER_API_KEY, scopes: ['DISPATCH:*'] },
    { key: POWERLESS_API_KEY, scopes: ['DISPATCH:*'] },
  ],
};

export interface TestServerOptions {
  readonly config?: ConfigInput;
  /** The resolved configuration, changed. For what no file may say. */
  readonly configure?: (config: Config) => Config;
  /** Default: says "Hello." to everything. */
  readonly model?: (request: ModelRequest) => Iterable<ModelEvent> | AsyncIterable<ModelEvent>;
  /** Throws for the name of a model that cannot work. Default: all do. */
  readonly models?: (id: string) => void;
  readonly assets?: AssetFolders;
  readonly trustedProxies?: number;
  readonly isAccepting?: () => boolean;
  readonly takeShared?: TakeShared;
  /** Executions at once in the process. */
  readonly maxRunning?: number;
  /** How long the process counts as alive after a sign of life, in milliseconds. */
  readonly leaseMs?: number;
  /** Event streams at once in the process. */
  readonly maxStreams?: number;
  /** Stands between the server and its store. */
  readonly wrapStore?: (store: Store) => Store;
  readonly secrets?: readonly string[];
  /** What kept secrets are encrypted with. Default: one key. */
  readonly secretKeys?: readonly SecretKey[];
  /** Default: in memory. */
  readonly database?: string;
}

export interface TestServer {
  readonly store: Store;
  readonly credentials: Credentials;
  /** What the model was asked, in order. */
  readonly asked: readonly ModelRequest[];
  /** All log lines so far. */
  logged(): string;
  /** Lets time pass for the server. */
  advance(ms: number): void;
  request(path: string, init?: RequestInit, address?: string): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>, address?: string): Promise<Response>;
  /** As a page of the store with the store's token. */
  init(body?: Record<string, unknown>, origin?: string): Promise<InitResponse>;
  /** As a page of the store, with one message. */
  chat(body: Record<string, unknown>, origin?: string): Promise<Response>;
  resume(body: Record<string, unknown>, origin?: string): Promise<Response>;
  cancel(body: Record<string, unknown>, origin?: string): Promise<Response>;
  /** The events of an execution of the session, after a position. */
  follow(sessionId: string, executionId: string, after?: number | string): Promise<Response>;
  dispatch(body: Record<string, unknown>, key?: string): Promise<Response>;
  close(): Promise<void>;
}

/** The whole server without a socket: real routes, store and dispatcher; time and the model are the test's. */
export async function aServer(options: TestServerOptions = {}): Promise<TestServer> {
  const resolved = resolveConfig(options.config ?? CONFIG, { file: 'test', env: {}, model: 'scripted' });
  const config = (options.configure ?? withPowerlessKey)(resolved);
  const realStore = await openSqliteStore(options.database ?? ':memory:');
  const store = options.wrapStore?.(realStore) ?? realStore;
  const lines: string[] = [];
  const scrubber = createScrubber(options.secrets ?? []);
  const dispatched = createScrubber([]);
  const log = createLog({
    level: 'debug',
    scrubber: { scrub: (line) => dispatched.scrub(scrubber.scrub(line)) },
    destination: { write: (line) => void lines.push(line) },
  });
  const asked: ModelRequest[] = [];
  const script = options.model ?? (() => says('Hello.'));
  const model: Model = {
    id: 'scripted',
    async *stream(request) {
      asked.push(request);
      yield* script(request);
    },
  };
  const models = (id: string) => {
    options.models?.(id);
    return model;
  };
  let nowMs = Date.parse('2026-11-20T10:00:00Z');
  const clock = () => nowMs;
  const openedTools = openTools({
    config,
    definitions: store.definitions,
    models,
    scrubber,
    clock,
    newId,
    log,
  });
  const secrets = createManagedSecrets({
    store: store.secrets,
    keys: options.secretKeys ?? secretKeysOf(SECRET_KEYS),
    scrubber,
    clock,
    log,
  });
  const tools = new Map(config.surfaces.map(({ agent }) => [agent.id, agent.tools]));
  const { toolbox } = openedTools;
  const telemetry = createTelemetry({ scrubber, log, waitingCode: openedTools.waitingCode });
  const dispatcher = createDispatcher({
    store,
    model: models,
    processId: newId('proc_'),
    ...(options.maxRunning === undefined ? {} : { maxRunning: options.maxRunning }),
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    toolbox,
    scrubber,
    logScrubber: dispatched,
    managedSecret: (workspace, name) => secrets.value(workspace, name),
    tools: (agentId) => tools.get(agentId) ?? [],
    observer: telemetry.observer,
    clock,
    newId,
    log,
  });
  const { assets, trustedProxies, isAccepting, takeShared } = options;
  const credentials = createCredentials({ config, store: store.credentials, clock });
  const app = createApp({
    config,
    store,
    credentials,
    dispatcher,
    models,
    toolbox,
    scrubber,
    logScrubber: dispatched,
    secrets,
    telemetry,
    log,
    clock,
    ...(assets === undefined ? {} : { assets }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    ...(isAccepting === undefined ? {} : { isAccepting }),
    ...(takeShared === undefined ? {} : { takeShared }),
    streams: createEventStreams({ log, maxOpen: options.maxStreams ?? 1_000 }),
  });

  const request = async (path: string, init?: RequestInit, address = '192.0.2.1') =>
    await app.request(path, init, { incoming: { socket: { remoteAddress: address } } });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, address?: string) =>
    request(
      path,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: STORE_ORIGIN, ...headers },
        body: JSON.stringify(body),
      },
      address,
    );
  return {
    store,
    credentials,
    asked,
    logged: () => lines.join(''),
    advance: (ms) => {
      nowMs += ms;
    },
    request,
    post,
    init: async (body = {}, origin = STORE_ORIGIN) =>
      (await ok(await post('/v1/client/init', { token: STORE_TOKEN, ...body }, { origin }))) as InitResponse,
    chat: (body, origin = STORE_ORIGIN) =>
      post('/v1/client/chat', { messages: [{ role: 'user', content: 'Hello' }], ...body }, { origin }),
    resume: (body, origin = STORE_ORIGIN) => post('/v1/client/resume', body, { origin }),
    cancel: (body, origin = STORE_ORIGIN) => post('/v1/client/cancel', body, { origin }),
    follow: (sessionId, executionId, after) =>
      request(
        `/v1/client/executions/${encodeURIComponent(executionId)}/events${after === undefined ? '' : `?after=${encodeURIComponent(after)}`}`,
        { headers: { origin: STORE_ORIGIN, authorization: `Bearer ${sessionId}` } },
      ),
    dispatch: (body, key = API_KEY) =>
      post(
        body.executionId === undefined ? '/v1/dispatch' : '/v1/dispatch/resume',
        body.executionId === undefined
          ? { agent: { id: 'store' }, messages: [{ role: 'user', content: 'Hello' }], ...body }
          : body,
        { authorization: `Bearer ${key}` },
      ),
    close: async () => {
      await dispatcher.close(1_000);
      await openedTools.close();
      await realStore.close();
    },
  };
}

/** As of a key whose scopes are all of a later release. */
function withPowerlessKey(config: Config): Config {
  const hash = hashCredential(POWERLESS_API_KEY);
  return {
    ...config,
    apiKeys: config.apiKeys.map((key) => (key.hash === hash ? { ...key, scopes: [] } : key)),
  };
}

/** A model's answer in words. */
export function* says(text: string): Generator<ModelEvent> {
  yield { type: 'text', delta: text };
  yield { type: 'finish', reason: 'end_turn', tokens: { input: 3, output: 2 } };
}

/** A model's calls of tools, by the names that it was offered. */
export function* calls(
  ...wanted: readonly { name: string; input?: unknown; id?: string }[]
): Generator<ModelEvent> {
  for (const [index, { name, input = {}, id = `call_${index + 1}` }] of wanted.entries()) {
    yield { type: 'tool_call', call: { toolCallId: id, name, input } };
  }
  yield { type: 'finish', reason: 'tool_calls' };
}

/** A model that calls every tool it is offered once, and then reports the results. */
export function callsEachTool({ tools, messages }: ModelRequest): Iterable<ModelEvent> {
  const last = messages.at(-1);
  if (last?.role === 'tool') return says(`Done: ${last.results.map(({ text }) => text).join(' | ')}`);
  if (tools.length === 0) return says('No tools.');
  return calls(...tools.map(({ name }, index) => ({ name, id: `call_${index + 1}_${messages.length}` })));
}

/** The events of a streamed answer. Fails on an answer that is no stream. */
export async function eventsOf(response: Response): Promise<StreamEvent[]> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Answered ${response.status}: ${text}`);
  return framesOf(text).map(({ data }) => data);
}

/** Frames as they stand on the wire; comments are left out. */
export function framesOf(text: string): { id: string; event: string; data: StreamEvent }[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => {
      const fields = Object.fromEntries(
        frame
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      );
      return {
        id: fields.id ?? '',
        event: fields.event ?? '',
        data: JSON.parse(fields.data ?? '') as StreamEvent,
      };
    });
}

/** The code of a refusal, with its status: `404 not_found`. */
export async function refusal(response: Response): Promise<string> {
  const body = (await response.json()) as { code?: string };
  return `${response.status} ${body.code}`;
}

async function ok(response: Response): Promise<unknown> {
  if (response.status === 200) return await response.json();
  throw new Error(`Answered ${response.status}: ${await response.text()}`);
}
