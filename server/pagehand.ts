import { resolve } from 'node:path';
import { createApp, newId } from './app.ts';
import { type AssetFolders, builtAssets } from './assets.ts';
import type { Config } from './config/config.ts';
import { passwordsIn } from './config/database.ts';
import { DEMO_TOKEN } from './config/demo.ts';
import { type EnvironmentVariables, readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { hashCredential } from './credentials.ts';
import { createDispatcher } from './dispatch/create-dispatcher.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { createLog, type Log } from './log.ts';
import { createModels } from './models/create-models.ts';
import { openSqliteStore } from './store/sqlite.ts';

/** Time between two looks for paused executions that are overdue, in milliseconds. */
const EXPIRY_INTERVAL_MS = 60_000;

export interface PagehandOptions {
  /** Variables as the README names them. Default: none, `process.env` is not read. */
  readonly env?: EnvironmentVariables;
  /** Where the configuration and the database are looked for. Default: the working directory. */
  readonly cwd?: string;
  /** Built files to serve beside the API. Default: the package's own; the workbench only where its token is configured. */
  readonly assets?: AssetFolders;
  /** Default: made from the environment, on standard output. */
  readonly log?: Log;
}

/** The server without a socket. */
export interface Pagehand {
  readonly config: Config;
  /** Whether a surface has the workbench's token, as without a configuration file. Else `/` is not the workbench. */
  readonly hasWorkbench: boolean;
  /** A fetch handler: mounts in Hono as it is, in Express and Node through `@hono/node-server`, in Next as a route. */
  readonly fetch: ReturnType<typeof createApp>['fetch'];
  /** Refuses new work, lets running turns reach a boundary for at most `deadlineMs`, and closes the store. */
  stop(deadlineMs: number): Promise<void>;
}

/** From an environment to a fetch handler. Rejects with `ConfigError` or `StoreError`, whose sentences say how to mend it. */
export async function createPagehand(options: PagehandOptions = {}): Promise<Pagehand> {
  const { env = {}, cwd = process.cwd(), assets = builtAssets() } = options;
  const environment = readEnvironment(env);
  const log =
    options.log ??
    createLog({
      level: environment.logLevel,
      secrets: [...secretsIn(env), ...passwordsIn(environment.database)],
    });
  const config = await loadConfig({ env, cwd });
  const models = createModels(env);
  // At the start and not at the first message: a model that cannot work stops the server, with the mend.
  for (const { agent } of config.surfaces) models(agent.model);
  const store = await openSqliteStore(databasePath(cwd, environment.database));
  const clock = Date.now;
  const dispatcher = createDispatcher({ store, model: models, clock, newId, log });
  const hasWorkbench = opensWorkbench(config);
  let accepting = true;
  const app = createApp({
    config,
    store,
    dispatcher,
    models,
    log,
    clock,
    assets: hasWorkbench ? assets : { widget: assets.widget },
    trustedProxies: environment.trustedProxies,
    isAccepting: () => accepting,
  });
  const expiry = expireRegularly(dispatcher, log);
  return {
    config,
    hasWorkbench,
    fetch: app.fetch,
    async stop(deadlineMs) {
      accepting = false;
      clearInterval(expiry);
      await dispatcher.close(deadlineMs);
      await store.close();
    },
  };
}

function opensWorkbench({ surfaces }: Config): boolean {
  const hash = hashCredential(DEMO_TOKEN);
  return surfaces.some(({ clientTokens }) => clientTokens.some((token) => token.hash === hash));
}

function databasePath(cwd: string, path: string): string {
  return path === ':memory:' ? path : resolve(cwd, path);
}

function expireRegularly(dispatcher: Dispatcher, log: Log): NodeJS.Timeout {
  const expire = () =>
    dispatcher.expireOverdue().catch((error: unknown) => {
      log.error({ err: error }, 'Paused executions could not be expired; the next look tries again');
    });
  void expire();
  return setInterval(expire, EXPIRY_INTERVAL_MS).unref();
}

/** Values of variables whose names say that they are secret. */
function secretsIn(env: EnvironmentVariables): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && /KEY|TOKEN|SECRET|PASSW/i.test(name) ? [value] : [],
  );
}
