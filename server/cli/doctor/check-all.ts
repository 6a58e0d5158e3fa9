import { type Config, ConfigError } from '../../config/config.ts';
import { type Environment, readEnvironment } from '../../config/environment.ts';
import { loadConfig } from '../../config/load.ts';
import { createModels } from '../../models/create-models.ts';
import { PagehandClient, PagehandError } from '../../sdk/index.ts';
import type { Terminal } from '../command.ts';
import { checkOrigins } from './check-origins.ts';
import { checkStore } from './check-store.ts';
import { type Check, failed, ok, skipped, warning } from './checkup.ts';
import { roundTrip, roundTripHere } from './round-trip.ts';

type Where = Pick<Terminal, 'env' | 'cwd'>;

/** Everything that a server here would stand on, and at the end one chat with it. */
export async function checkHere(where: Where): Promise<readonly Check[]> {
  const environment = attempt('environment', () => readEnvironment(where.env));
  if ('state' in environment) return [environment, skipped('the rest', 'It reads the environment.')];
  const config = await attemptAsync('configuration', () => loadConfig(where));
  const report = await checkStore(environment, where.cwd);
  const models = 'state' in config ? [] : checkModels(config, where);
  const origins = 'state' in config ? [] : checkOrigins(config, report.clientTokens);
  const checks = [
    ok('environment', describe(environment)),
    'state' in config ? config : ok('configuration', describeConfig(config)),
    ...report.checks,
    ...models,
    ...origins,
  ];
  const isBroken = checks.some(({ name, state }) => state === 'failed' && name !== 'store');
  return [
    ...checks,
    'state' in config || isBroken
      ? skipped('round trip', 'What failed above comes first.')
      : await chat(config, where),
  ];
}

/** A server that runs: whether it is reached, takes the key, and answers a chat. */
export async function checkThere(
  { env, fetch: carry = fetch }: Pick<Terminal, 'env' | 'fetch'>,
  {
    url,
    token,
    origin,
  }: { readonly url: string; readonly token?: string | undefined; readonly origin?: string | undefined },
): Promise<readonly Check[]> {
  const base = url.replace(/\/+$/, '');
  const ready = await carry(`${base}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (ready?.ok !== true) {
    const found =
      ready === undefined ? `${base} does not answer.` : `${base} takes no new work (HTTP ${ready.status}).`;
    return [
      failed('server', found, 'Start it, or mend PAGEHAND_URL.'),
      skipped('the rest', 'It asks the server.'),
    ];
  }
  const isVisited = token !== undefined && origin !== undefined;
  return [
    ok('server', `${base} takes new work`),
    await checkKey(env.PAGEHAND_API_KEY, base, carry),
    isVisited
      ? await roundTrip({ url: base, token, origin, fetch: carry })
      : warning(
          'round trip',
          'No chat was tried.',
          'Name a client token and one of its origins: --token ct_\u2026 --origin https://\u2026',
        ),
  ];
}

async function checkKey(
  apiKey: string | undefined,
  baseUrl: string,
  fetch: NonNullable<Terminal['fetch']>,
): Promise<Check> {
  if (apiKey === undefined || apiKey === '')
    return warning('API key', 'PAGEHAND_API_KEY is not set.', 'The commands that speak to a server need it.');
  try {
    await new PagehandClient({ apiKey, baseUrl, fetch, timeoutMs: 10_000 }).tools.list({ limit: 1 });
    return ok('API key', 'The server takes PAGEHAND_API_KEY');
  } catch (error) {
    if (!(error instanceof PagehandError)) throw error;
    // It is known, and may do other things.
    if (error.code === 'insufficient_scope') return warning('API key', error.message, error.hint ?? '');
    return failed('API key', error.message, error.hint);
  }
}

function checkModels({ surfaces, model }: Config, { env }: Where): Check[] {
  const names = [...new Set([model, ...surfaces.map(({ agent }) => agent.model)])];
  const models = createModels(env);
  return names.map((name) => {
    const made = attempt('model', () => models(name));
    if ('state' in made) return made;
    return name === 'offline'
      ? ok('model', 'offline, which matches words and is no language model')
      : ok('model', `${name}, with what it needs in the environment`);
  });
}

async function chat({ surfaces }: Config, where: Where): Promise<Check> {
  // What is saved is not in the database of the round trip.
  const surface = surfaces.find(({ saved }) => saved === null);
  if (surface === undefined)
    return skipped('round trip', 'There is no surface whose agent stands in the configuration.');
  return await roundTripHere(surface, where);
}

function describe({ host, port, database }: Environment): string {
  const name = database.includes('://') ? 'PostgreSQL' : database;
  return `would listen on ${host}:${port}, with ${name}`;
}

function describeConfig({ surfaces, apiKeys }: Config): string {
  const ids = surfaces.map(({ id }) => id).join(', ');
  return `${surfaces.length} surfaces (${ids || 'none'}), ${apiKeys.length} API keys`;
}

function attempt<T extends object>(name: string, work: () => T): T | Check {
  try {
    return work();
  } catch (error) {
    return failureOf(name, error);
  }
}

async function attemptAsync<T extends object>(name: string, work: () => Promise<T>): Promise<T | Check> {
  try {
    return await work();
  } catch (error) {
    return failureOf(name, error);
  }
}

/** The sentences of a configuration error say how to mend it. */
function failureOf(name: string, error: unknown): Check {
  if (error instanceof ConfigError) return failed(name, error.message);
  throw error;
}
