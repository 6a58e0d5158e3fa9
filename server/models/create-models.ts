import { ConfigError } from '../config/config.ts';
import type { ModelResolver } from './model.ts';
import { createOfflineModel } from './offline/offline-model.ts';

const OFFLINE_WORD_MS = 12;

/** Resolves model names. Keys and addresses come from `env`, which is usually `process.env`. */
export function createModels(_env: Readonly<Record<string, string | undefined>>): ModelResolver {
  const offline = createOfflineModel({ clock: () => new Date(), wordMs: OFFLINE_WORD_MS });
  return (id) => {
    if (id === 'offline') return offline;
    throw new ConfigError(`The model "${id}" is unknown. Use "offline".`);
  };
}
