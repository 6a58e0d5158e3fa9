import { resolve } from 'node:path';
import { createApp, newId } from './app.ts';
import type { AssetFolders } from './assets.ts';
import type { Config } from './config/config.ts';
import { type EnvironmentVariables, readEnvironment } from './config/environment.ts';
import { loadConfig } from './config/load.ts';
import { createDispatcher } from './dispatch/create-dispatcher.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { listen } from './http/listen.ts';
import { createLog, type Log } from './log.ts';
import { createModels } from './models/create-models.ts';
import { openSqliteStore } from './store/sqlite.ts';

/** Time between two looks for paused executions that are overdue, in milliseconds. */
const EXPIRY_INTERVAL_MS = 60_000;

/** What running turns get to finish when the server is asked to stop, in milliseconds. */
const STOP_DEADLINE_MS = 10_000;

export interface StartOptions {
  readonly env: EnvironmentVariables;
  /** Where the configuration and the database are looked for. */
  readonly cwd: string;
  readonly assets: AssetFolders;
  /** Default: made from the environment, on standard output. */
  readonly log?: Log;
}

export interface RunningServer {
  readonly url: string;
  readonly config: Config;
  /** Refuses new work, lets running turns reach a boundary, closes everything. Resolves when nothing is left. */
  stop(): Promise<void>;
}

/** From an environment to a listening server. Rejects with `ConfigError` or `StoreError`, whose sentences say how to mend it. */
export async function startServer({ env, cwd, assets, log: given }: StartOptions): Promise<RunningServer> {
  const environment = readEnvironment(env);
  const log = given ?? createLog({ level: environment.logLevel, secrets: secretsIn(env) });
  const config = await loadConfig({ env, cwd });
  const models = createModels(env);
  // At the start and not at the first message: a model that cannot work stops the server, with the mend.
  for (const { agent } of config.surfaces) models(agent.model);
  const store = await openSqliteStore(databasePath(cwd, environment.databasePath));
  const clock = Date.now;
  const dispatcher = createDispatcher({ store, model: models, clock, newId, log });
  let accepting = true;
  const app = createApp({
    config,
    store,
    dispatcher,
    models,
    log,
    clock,
    assets,
    trustedProxies: environment.trustedProxies,
    isAccepting: () => accepting,
  });
  const listener = await listen(app.fetch, environment).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const expiry = expireRegularly(dispatcher, log);
  return {
    url: listener.url,
    config,
    async stop() {
      accepting = false;
      clearInterval(expiry);
      const closed = listener.close(STOP_DEADLINE_MS);
      await dispatcher.close(STOP_DEADLINE_MS);
      await closed;
      await store.close();
    },
  };
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
