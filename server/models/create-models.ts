import { ConfigError } from '../config/config.ts';
import { createProviderModel, type ProviderName } from './ai-sdk.ts';
import type { Model, ModelResolver } from './model.ts';
import { createOfflineModel } from './offline/offline-model.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Fast enough to read along, slow enough to be seen coming and to be stopped. */
const OFFLINE_WORD_MS = 12;
/** Thinking models are silent for a minute and more. */
const SILENCE_MS = 120_000;

const FORMS = '"offline", "openai/<model>", "anthropic/<model>" or "openai-compatible/<model>"';

/**
 * Resolves model names with the keys and addresses in `env`, usually `process.env`. Throws `ConfigError` for a name
 * that cannot work, and names the variable that is missing. One model for one name.
 */
export function createModels(env: Environment): ModelResolver {
  const models = new Map<string, Model>();
  return (id) => {
    const known = models.get(id);
    if (known !== undefined) return known;
    const model = createModel(id, env);
    models.set(id, model);
    return model;
  };
}

function createModel(id: string, env: Environment): Model {
  if (id === 'offline') return createOfflineModel({ clock: () => new Date(), wordMs: OFFLINE_WORD_MS });
  const slash = id.indexOf('/');
  const provider = slash < 0 ? id : id.slice(0, slash);
  const model = slash < 0 ? '' : id.slice(slash + 1).trim();
  if (!isProvider(provider)) throw new ConfigError(`The model "${id}" is unknown. Use ${FORMS}.`);
  if (model === '')
    throw new ConfigError(`The model "${id}" does not say which one. Use "${provider}/<model>".`);
  return createProviderModel({ provider, model, silenceMs: SILENCE_MS, ...accessTo(provider, id, env) });
}

function isProvider(name: string): name is ProviderName {
  return name === 'openai' || name === 'anthropic' || name === 'openai-compatible';
}

function accessTo(
  provider: ProviderName,
  id: string,
  env: Environment,
): { readonly apiKey: string | undefined; readonly baseUrl: string } {
  switch (provider) {
    case 'openai':
      return {
        apiKey: keyFrom(env, 'OPENAI_API_KEY', id),
        baseUrl: addressFrom(env, 'OPENAI_BASE_URL') ?? 'https://api.openai.com/v1',
      };
    case 'anthropic':
      return {
        apiKey: keyFrom(env, 'ANTHROPIC_API_KEY', id),
        baseUrl: addressFrom(env, 'ANTHROPIC_BASE_URL') ?? 'https://api.anthropic.com/v1',
      };
    case 'openai-compatible': {
      const baseUrl = addressFrom(env, 'OPENAI_BASE_URL');
      if (baseUrl === undefined) {
        throw new ConfigError(
          `The model "${id}" needs OPENAI_BASE_URL. Set it to the server's address, for example http://127.0.0.1:11434/v1.`,
        );
      }
      return { apiKey: checkedKey(settingOf(env, 'OPENAI_API_KEY'), 'OPENAI_API_KEY'), baseUrl };
    }
  }
}

function keyFrom(env: Environment, name: string, id: string): string {
  const key = settingOf(env, name);
  if (key === undefined)
    throw new ConfigError(
      `The model "${id}" needs ${name}. Set it in the environment of the server, or use the model "offline".`,
    );
  return checkedKey(key, name);
}

/** A header cannot carry other characters, and the error that would say so later shows the key. */
function checkedKey<Key extends string | undefined>(key: Key, name: string): Key {
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new ConfigError(
      `${name} has characters that no API key has. Copy it again, without spaces and quotes.`,
    );
  return key;
}

/** An address without a path means the usual one, `/v1`. */
function addressFrom(env: Environment, name: string): string | undefined {
  const value = settingOf(env, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ConfigError(
      `${name} is not a usable address. Set it to an http or https URL without credentials, such as http://127.0.0.1:11434/v1.`,
    );
  }
  return `${url.origin}${url.pathname === '/' ? '/v1' : url.pathname.replace(/\/+$/, '')}`;
}

function settingOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}
