import { isIP } from 'node:net';
import type { LogLevel } from '../log.ts';
import { ConfigError } from './config.ts';
import { databaseProblem } from './database.ts';
import { modelNameProblem } from './model-name.ts';
import { type SecretKey, secretKeysOf, secretKeysProblem } from './secret-keys.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** What the environment says, checked, with every default filled in. */
export interface Environment {
  /** `HOST`, default `127.0.0.1`. */
  readonly host: string;
  /** `PORT`, default 8787. */
  readonly port: number;
  /** `PAGEHAND_DB`, default `.pagehand/pagehand.db`: a SQLite file, or the URL of a PostgreSQL database. */
  readonly database: string;
  /** `PAGEHAND_DB_POOL`, default 10: connections to PostgreSQL. */
  readonly databasePool: number;
  /** `PAGEHAND_MAX_RUNS`, default 1000: executions that run at once in this process. */
  readonly maxRuns: number;
  /** `PAGEHAND_CONFIG`. `undefined`: look for the file in the working directory. */
  readonly configPath: string | undefined;
  /** `PAGEHAND_MODEL`, default `offline`: the model of agents that name none. */
  readonly model: string;
  /** `PAGEHAND_LOG_LEVEL`, default `info`. */
  readonly logLevel: LogLevel;
  /** `PAGEHAND_TRUST_PROXY`, default 0: the operator's own proxies in front, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: number;
  /** `PAGEHAND_RECEIPT_DAYS`, default 365: how long the records of tool calls are kept. */
  readonly receiptDays: number;
  /** `PAGEHAND_SECRET_KEYS`, as `id:base64[,id:base64…]`. Default: none, and no secrets are kept. */
  readonly secretKeys: readonly SecretKey[];
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const satisfies readonly LogLevel[];

/** Reads the variables; an empty one counts as not set. Throws a `ConfigError` that names everything that is wrong. */
export function readEnvironment(env: EnvironmentVariables): Environment {
  const problems: string[] = [];
  const read = (name: string, fallback: string, problem: (value: string) => string | undefined): string => {
    const value = env[name]?.trim() || fallback;
    const sentence = problem(value);
    if (sentence !== undefined) problems.push(`${name} ${sentence}`);
    return value;
  };
  const environment: Environment = {
    host: read('HOST', '127.0.0.1', hostProblem),
    port: Number(read('PORT', '8787', wholeProblem(1, 65_535, 8787))),
    database: read('PAGEHAND_DB', '.pagehand/pagehand.db', databaseProblem),
    databasePool: Number(read('PAGEHAND_DB_POOL', '10', wholeProblem(2, 200, 10))),
    maxRuns: Number(read('PAGEHAND_MAX_RUNS', '1000', wholeProblem(1, 100_000, 1_000))),
    configPath: env.PAGEHAND_CONFIG?.trim() || undefined,
    model: read('PAGEHAND_MODEL', 'offline', modelNameProblem),
    logLevel: read('PAGEHAND_LOG_LEVEL', 'info', logLevelProblem) as LogLevel,
    trustedProxies: Number(read('PAGEHAND_TRUST_PROXY', '0', hopsProblem)),
    receiptDays: Number(read('PAGEHAND_RECEIPT_DAYS', '365', wholeProblem(1, 36_500, 365))),
    secretKeys: secretKeysOf(read('PAGEHAND_SECRET_KEYS', '', secretKeysProblem)),
  };
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return environment;
}

function hostProblem(host: string): string | undefined {
  if (isIP(host) !== 0) return undefined;
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host)) return undefined;
  return 'must be a host name or an address, without scheme, port or brackets. Write for example 127.0.0.1, or 0.0.0.0 for every network.';
}

function wholeProblem(min: number, max: number, example: number): (value: string) => string | undefined {
  return (value) =>
    /^[0-9]{1,6}$/.test(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}. Write for example ${example}.`;
}

function logLevelProblem(level: string): string | undefined {
  if (LOG_LEVELS.some((known) => known === level)) return undefined;
  return `must be one of ${LOG_LEVELS.join(', ')}.`;
}

function hopsProblem(hops: string): string | undefined {
  if (/^[0-9]$/.test(hops)) return undefined;
  return 'must be the number of your own proxies in front of the server, 0 to 9. Write for example 1.';
}
