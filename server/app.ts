import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { MAX_BODY_BYTES } from '../protocol/limits.ts';
import { NamedAgent, NamedFlow } from '../protocol/saved-definitions.ts';
import { type AssetFolders, createAssets } from './assets.ts';
import type { Config } from './config/config.ts';
import { createCredentialDesk } from './credential-desk.ts';
import type { Credentials } from './credentials.ts';
import { createAnswerers } from './definitions/answerers.ts';
import { savedDefinitions } from './definitions/saved-definitions.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { createFiles } from './files/create-files.ts';
import { requireApiKey } from './guard/api-key.ts';
import { createRateLimits, type TakeShared } from './guard/rate-limits.ts';
import { clientAddress } from './http/client-address.ts';
import { cors } from './http/cors.ts';
import { createEventStreams, type EventStreams } from './http/event-stream.ts';
import { failure, noRoute } from './http/failures.ts';
import { createBodyReader } from './http/read-body.ts';
import { requestLog } from './http/request-log.ts';
import type { Log } from './log.ts';
import type { ModelResolver } from './models/model.ts';
import { newId } from './new-id.ts';
import { openApiDocument } from './openapi.ts';
import { agentRoutes } from './routes/agents.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { approveRoutes } from './routes/approve.ts';
import { clientRoutes } from './routes/client.ts';
import { clientTokenRoutes } from './routes/client-tokens.ts';
import { continueRoute } from './routes/continue.ts';
import { dispatchRoutes } from './routes/dispatch.ts';
import { fileRoutes } from './routes/files.ts';
import { flowRoutes } from './routes/flows.ts';
import { followRoutes } from './routes/follow.ts';
import { historyRoutes } from './routes/history.ts';
import { metricsRoute } from './routes/metrics.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { bodyOf, type Call, type Route } from './routes/route.ts';
import { secretRoutes } from './routes/secrets.ts';
import { serviceRoutes, shuttingDown } from './routes/service.ts';
import { toolRoutes } from './routes/tools.ts';
import type { ManagedSecrets } from './secrets/managed-secrets.ts';
import type { Scrubber } from './secrets/scrubber.ts';
import { createSessions } from './sessions.ts';
import type { Store } from './store/store.ts';
import { createTelemetry, type Telemetry } from './telemetry/create-telemetry.ts';
import type { Toolbox } from './tools/toolbox.ts';
import { createVisitors } from './visitors.ts';

export interface AppOptions {
  readonly config: Config;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly models: ModelResolver;
  readonly secrets: ManagedSecrets;
  readonly credentials: Credentials;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly toolbox: Toolbox;
  readonly scrubber: Scrubber;
  /** Of what the log tells: hears of secrets that single calls bring along. */
  readonly logScrubber: Pick<Scrubber, 'hold'>;
  /** What counts requests, and what `/metrics` tells. Default: made here. */
  readonly telemetry?: Telemetry;
  /** Built files to serve beside the API. Default: none. */
  readonly assets?: AssetFolders;
  /** Proxies of the operator's own in front of this server. Default 0: `X-Forwarded-For` is not read. */
  readonly trustedProxies?: number;
  /** Turns false when the process is about to end; new work is then refused. Default: always true. */
  readonly isAccepting?: () => boolean;
  /** Of this process. Default: made here, with its own default bound. */
  readonly streams?: EventStreams;
  /** Rate limits of several processes together. Default: each limits what comes to it. */
  readonly takeShared?: TakeShared;
}

/** What Node's adapter hands over with a request. Other hosts hand over nothing, and addresses are then not limited. */
type Bindings = Partial<HttpBindings>;
type Env = { Bindings: Bindings; Variables: { requestId: string; route?: string } };

/** The whole server as a fetch handler: `createApp(…).fetch` runs wherever a `Request` comes in. */
export function createApp(options: AppOptions): Hono<Env> {
  const { store, credentials, log, clock, isAccepting = () => true } = options;
  const limits = createRateLimits(clock, options.takeShared);
  const streams = options.streams ?? createEventStreams({ log });
  const telemetry = options.telemetry ?? createTelemetry(options);
  const bodies = createBodyReader();
  const sessions = createSessions({ store, credentials, clock, newId });
  const desk = createCredentialDesk({ store: store.credentials, clock, newId });
  const visitors = createVisitors({ store, clock, newId });
  const { observer } = telemetry;
  const parts = { ...options, observer, sessions, visitors, limits, streams, newId };
  const kept = { store: store.definitions, clock, newId };
  const agents = savedDefinitions('agent', NamedAgent, kept);
  const flows = savedDefinitions('flow', NamedFlow, kept);
  const answerers = createAnswerers({ ...options, agents, flows });
  const reviewing = { models: options.models, review: options.toolbox.review };
  const routes: Route[] = [
    ...clientRoutes({ ...parts, answerers }),
    ...dispatchRoutes({ ...parts, answerers }),
    ...approveRoutes(parts),
    continueRoute(parts),
    ...agentRoutes({ agents, ...reviewing }),
    ...flowRoutes({ flows, ...reviewing }),
    ...toolRoutes(parts),
    ...followRoutes(parts),
    ...historyRoutes(parts),
    ...secretRoutes(parts),
    ...receiptRoutes({ receipts: store.receipts, log }),
    ...clientTokenRoutes({ ...parts, desk }),
    ...apiKeyRoutes({ ...parts, desk }),
    ...fileRoutes({ ...parts, files: createFiles({ store, clock, newId, log }) }),
    metricsRoute(telemetry),
    ...serviceRoutes({ store, isAccepting, document: () => document }),
  ];
  const document = openApiDocument(routes);
  const assets = createAssets(options.assets ?? {});
  const addressOf = (context: Context<Env>) =>
    clientAddress(
      context.env?.incoming?.socket.remoteAddress,
      context.req.header('x-forwarded-for') ?? null,
      options.trustedProxies ?? 0,
    );

  const app = new Hono<Env>();
  app.use(requestLog({ log, clock, newId, telemetry }));
  app.use(async function sendAwayWhileClosing(context, next) {
    await next();
    // A connection that is kept alive would bring its next request here, and not to a process that takes it.
    if (!isAccepting()) context.res.headers.set('Connection', 'close');
  });
  // Before whatever else may refuse, so that the widget can read why.
  app.use('/v1/client/*', cors(credentials));
  app.use('/v1/*', async function refuseWhileClosing(_, next) {
    if (!isAccepting()) throw shuttingDown();
    await next();
  });
  app.use('/v1/client/*', async function limitAddress(context, next) {
    await limits.address(addressOf(context));
    await next();
  });
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    app.on(route.method, path, (context) => answer(route, context));
  }
  app.all('*', (context) => {
    const { method, path, raw } = context.req;
    const asset = method === 'GET' || method === 'HEAD' ? assets(raw) : undefined;
    if (asset !== undefined) return asset;
    const allowed = routes.filter((route) => pathPattern(route).test(path)).map((route) => route.method);
    throw noRoute(method, allowed);
  });
  app.onError((error, context) => failure(error, context.get('requestId'), log));
  return app;

  async function answer(route: Route, context: Context<Env>): Promise<Response> {
    context.set('route', route.path);
    const address = addressOf(context);
    const call: Call = {
      requestId: context.get('requestId'),
      address,
      origin: context.req.header('origin') ?? 'null',
      signal: context.req.raw.signal,
      header: (name) => context.req.header(name),
      bytes: (maxBytes) => bodies.bytes(context.req.raw, maxBytes, address),
    };
    if (route.auth === 'none') return await route.handle(call);
    if (route.auth === 'client') return await route.handle(call, await input(route, context));
    const key = await requireApiKey(route, call, { credentials, limits });
    return await route.handle(call, await input(route, context), key);
  }

  async function input(route: Route, context: Context<Env>): Promise<unknown> {
    const { req } = context;
    if (bodyOf(route) === 'json') {
      const body = await bodies.json(req.raw, route.maxBodyBytes ?? MAX_BODY_BYTES, addressOf(context));
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      const named = (route.query ?? []).map((name) => [name, req.query(name)]);
      return isObject ? { ...body, ...Object.fromEntries(named), ...req.param() } : body;
    }
    // A stream without a reader would stay open.
    if (req.method === 'HEAD') throw noRoute(req.method, [route.method]);
    const query = Object.entries(req.queries()).map(([name, values]) => [
      name,
      values.length > 1 ? values : values[0],
    ]);
    return { ...Object.fromEntries(query), ...req.param() };
  }
}

function pathPattern({ path }: Route): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}
