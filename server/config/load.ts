import { existsSync, readFileSync } from 'node:fs';
import { extname, isAbsolute, relative, resolve } from 'node:path';
import { defineServerTool } from '../tools/define-server-tool.ts';
import { type Config, ConfigError } from './config.ts';
import { defineConfig } from './define-config.ts';
import { demoConfig } from './demo.ts';
import { type Environment, type EnvironmentVariables, readEnvironment } from './environment.ts';
import { canonicalOrigin } from './origin.ts';
import { resolveConfig } from './resolve.ts';
import { FileFailed, runFile } from './run-file.ts';

export interface LoadOptions {
  /** The file to read. Default: `PAGEHAND_CONFIG`, then `pagehand.config.*` in `cwd`, then the demo. */
  readonly path?: string | undefined;
  readonly env: EnvironmentVariables;
  readonly cwd: string;
}

const MODULES = ['.ts', '.mts', '.js', '.mjs'];
const ENDINGS = [...MODULES, '.json'];

/** Reads and checks the configuration. Rejects with `ConfigError`: the file, the field, what is wrong, and the mend. */
export async function loadConfig({ path, env, cwd }: LoadOptions): Promise<Config> {
  const environment = readEnvironment(env);
  const file = path ?? environment.configPath ?? lookup(cwd);
  if (file === undefined) {
    const origins = ownOrigins(environment);
    return demoConfig(origins, {
      model: environment.model,
      siteOrigins: origins,
      // Where `npm start` has the delivery service of the sample shop.
      internal: environment.port === 65_535 ? [] : [`localhost:${environment.port + 1}`],
    });
  }
  const absolute = resolve(cwd, file);
  const name = shortName(absolute, cwd);
  const input = await read(absolute, name);
  return resolveConfig(input, { file: name, env, model: environment.model });
}

function lookup(cwd: string): string | undefined {
  const found = ENDINGS.map((ending) => `pagehand.config${ending}`).filter((name) =>
    existsSync(resolve(cwd, name)),
  );
  if (found.length > 1) {
    throw new ConfigError(
      `${found.join(' and ')} are both there. Remove all but one, or name the one to read in PAGEHAND_CONFIG.`,
    );
  }
  return found[0];
}

/** Where pages of this server itself are reached. */
function ownOrigins({ host, port }: Environment): readonly string[] {
  const hosts = ['localhost', '127.0.0.1', ...(['0.0.0.0', '::'].includes(host) ? [] : [host])];
  const origins = hosts.map((name) =>
    canonicalOrigin(`http://${name.includes(':') ? `[${name}]` : name}:${port}`),
  );
  return [...new Set(origins.filter((origin) => origin !== undefined))];
}

async function read(file: string, name: string): Promise<unknown> {
  const ending = extname(file);
  if (!ENDINGS.includes(ending)) {
    throw new ConfigError(
      `${name}: a configuration ends in ${ENDINGS.slice(0, -1).join(', ')} or .json. Rename the file.`,
    );
  }
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = missing ? 'there is no such file' : 'the file cannot be read';
    throw new ConfigError(`${name}: ${sentence}. Mend the path in PAGEHAND_CONFIG, or leave it out.`, {
      cause,
    });
  }
  return ending === '.json' ? parseJson(source, name) : importModule(file, name);
}

function parseJson(source: string, name: string): unknown {
  const json = source.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(json);
  } catch (error) {
    // The engine's own sentence quotes the file, and what it quotes may be a secret: neither it nor the error goes on.
    const place = placeOf(error, json);
    throw new ConfigError(
      `${name}: this is not JSON${place}. Look for a missing comma, quote or bracket before it.`,
    );
  }
}

function placeOf(error: unknown, json: string): string {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  const offset =
    position === undefined && message.includes('end of JSON') ? json.length : Number(position ?? Number.NaN);
  if (Number.isNaN(offset)) return '';
  const lines = json.slice(0, offset).split('\n');
  return `, at line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

async function importModule(file: string, name: string): Promise<unknown> {
  const module = await runFile(file, name, { '@pagehand/server': { defineConfig, defineServerTool } }).catch(
    (error: unknown) => {
      throw error instanceof FileFailed ? new ConfigError(error.message) : error;
    },
  );
  if ('default' in module) return module.default;
  if (!('__esModule' in module)) return module;
  throw new ConfigError(`${name}: the file has no default export. Write export default defineConfig({ … }).`);
}

function shortName(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
