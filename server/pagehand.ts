import { resolve } from 'node:path';
import { createApp } from './app.ts';
import { type AssetFolders, builtAssets } from './assets.ts';
import type { Config } from './config/config.ts';
import { isPostgresUrl, passwordsIn } from './config/database.ts';
import { DEMO_TOKEN } from './config/demo.ts';
import { type EnvironmentVariables, readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { textsOf } from './config/secret-keys.ts';
import { createCredentials, hashCredential } from './credentials.ts';
import { reviewConfigured } from './definitions/review-configured.ts';
import { createDispatcher } from './dispatch/create-dispatcher.ts';
import { createEventStreams } from './http/event-stream.ts';
import { createLog, type Log } from './log.ts';
import { createModels } from './models/create-models.ts';
import { newId } from './new-id.ts';
import { createScrubber } from './secrets/create-scrubber.ts';
import { createManagedSecrets } from './secrets/managed-secrets.ts';
import { openStore } from './store/open-store.ts';
import { createTelemetry } from './telemetry/create-telemetry.ts';
import { openTools } from './tools/open-tools.ts';
import { startUpkeep } from './upkeep.ts';

/** How long others wait for a sign of life of this process before they take its executions over, in milliseconds. */
const LEASE_MS = 10_000;

/** What streams get to send their last words once nothing runs here any more, in milliseconds. */
const LAST_WORDS_MS = 500;

export interface PagehandOptions {
  /** Variables as the README names them. Default: none, `process.env` is not read. */
  readonly env?: EnvironmentVariables;
  /** Where the configuration and the database are looked for. Default: the working directory. */
  readonly cwd?: string;
  /** Built files to serve beside the API. Default: the package's own; the workbench only where its token is configured. */
  readonly assets?: AssetFolders;
  /** Default: made from the environment. */
  readonly log?: Log;
  /** Where the log that is made goes, line by line, without secrets. Default: standard output. */
  readonly logTo?: { write(line: string): void };
}

/** The server without a socket. */
export interface Pagehand {
  readonly config: Config;
  /** Whether a surface has the workbench's token, as without a configuration file. Else `/` is not the workbench. */
  readonly hasWorkbench: boolean;
  /** A fetch handler: mounts in Hono as it is, in Express and Node through `@hono/node-server`, in Next as a route. */
  readonly fetch: ReturnType<typeof createApp>['fetch'];
  /**
   * Refuses new work from now on, lets running turns reach a boundary for at most `deadlineMs`, leaves the rest to
   * other processes, and ends every stream. A second call waits for the first.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Drains, and closes the store. */
  stop(deadlineMs: number): Promise<void>;
}

/** From an environment to a fetch handler. Rejects with `ConfigError` or `StoreError`, whose sentences say how to mend it. */
export async function createPagehand(options: PagehandOptions = {}): Promise<Pagehand> {
  const { env = {}, cwd = process.cwd(), assets = builtAssets() } = options;
  const environment = readEnvironment(env);
  const scrubber = createScrubber([
    ...secretsIn(env),
    ...passwordsIn(environment.database),
    ...textsOf(environment.secretKeys),
  ]);
  const dispatched = createScrubber([]);
  const told = { scrub: (text: string) => dispatched.scrub(scrubber.scrub(text)) };
  const log =
    options.log ??
    createLog({
      level: environment.logLevel,
      scrubber: told,
      ...(options.logTo === undefined ? {} : { destination: options.logTo }),
    });
  const config = await loadConfig({ env, cwd });
  scrubber.hold(identitySecretsIn(config));
  const models = createModels(env);
  // At the start and not at the first message: a model that cannot work stops the server, with the mend.
  for (const { agent } of config.surfaces) models(agent.model);
  const { database, databasePool } = environment;
  const store = await openStore(isPostgresUrl(database) ? database : filePath(cwd, database), {
    poolSize: databasePool,
    onDamage: (error) => log.error({ err: error }, 'A stored execution cannot be read'),
  });
  const clock = Date.now;
  const secrets = createManagedSecrets({
    store: store.secrets,
    keys: environment.secretKeys,
    scrubber,
    clock,
    log,
  });
  await secrets.check();
  const credentials = createCredentials({ config, store: store.credentials, clock });
  await credentials.refresh();
  const { toolbox, ...openedTools } = openTools({
    config,
    definitions: store.definitions,
    models,
    scrubber,
    clock,
    newId,
    log,
  });
  const reviewed = reviewConfigured(config.surfaces, { models, review: toolbox.review });
  const oddities = await reviewed.catch(async (error: unknown) => {
    await Promise.all([openedTools.close(), store.close()]);
    throw error;
  });
  for (const problem of oddities) log.warn({ problem }, 'Something in the configuration is odd');
  const telemetry = createTelemetry({ scrubber: told, log, waitingCode: openedTools.waitingCode });
  const tools = new Map(config.surfaces.map(({ agent }) => [agent.id, agent.tools]));
  const dispatcher = createDispatcher({
    store,
    model: models,
    processId: newId('proc_'),
    leaseMs: LEASE_MS,
    maxRunning: environment.maxRuns,
    toolbox,
    tools: (agentId) => tools.get(agentId) ?? [],
    scrubber,
    logScrubber: dispatched,
    managedSecret: (workspace, name) => secrets.value(workspace, name),
    clock,
    newId,
    log,
    observer: telemetry.observer,
  });
  const streams = createEventStreams({ log });
  const hasWorkbench = opensWorkbench(config);
  let accepting = true;
  const app = createApp({
    config,
    store,
    dispatcher,
    models,
    toolbox,
    scrubber,
    logScrubber: dispatched,
    secrets,
    credentials,
    telemetry,
    log,
    clock,
    streams,
    assets: hasWorkbench ? assets : { widget: assets.widget },
    trustedProxies: environment.trustedProxies,
    isAccepting: () => accepting,
    // One process is alone with its SQLite file; those of one PostgreSQL database limit what comes to all of them.
    ...(isPostgresUrl(database) ? { takeShared: (...bucket) => store.takeToken(...bucket) } : {}),
  });
  const upkeep = startUpkeep({
    dispatcher,
    store,
    credentials,
    surfaces: config.surfaces,
    receiptDays: environment.receiptDays,
    leaseMs: LEASE_MS,
    clock,
    log,
  });

  const drainOnce = async (deadlineMs: number) => {
    accepting = false;
    await Promise.all([upkeep.settle(), dispatcher.close(deadlineMs)]);
    // Only now: until here the leases of what still ran had to be renewed.
    await Promise.all([upkeep.stop(), streams.close(LAST_WORDS_MS), openedTools.close()]);
  };
  let drained: Promise<void> | undefined;
  const drain = (deadlineMs: number) => {
    drained ??= drainOnce(deadlineMs);
    return drained;
  };
  return {
    config,
    hasWorkbench,
    fetch: app.fetch,
    drain,
    async stop(deadlineMs) {
      await drain(deadlineMs);
      await store.close();
    },
  };
}

function opensWorkbench({ surfaces }: Config): boolean {
  const hash = hashCredential(DEMO_TOKEN);
  return surfaces.some(({ clientTokens }) => clientTokens.some((token) => token.hash === hash));
}

function filePath(cwd: string, path: string): string {
  return path === ':memory:' ? path : resolve(cwd, path);
}

/** What proofs of identity are signed with, in whatever variable it stands. */
function identitySecretsIn({ surfaces }: Config): string[] {
  return surfaces.flatMap(({ identity }) => (identity === null ? [] : [String(identity.key.export())]));
}

/** Values of variables whose names say that they are secret. */
function secretsIn(env: EnvironmentVariables): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && /KEY|TOKEN|SECRET|PASSW/i.test(name) ? [value] : [],
  );
}
