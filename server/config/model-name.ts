import { nearest } from './nearest.ts';

const PROVIDERS = ['openai', 'anthropic', 'openai-compatible'] as const;
const SPELLINGS = '"offline", "openai/<model>", "anthropic/<model>" or "openai-compatible/<model>"';

/**
 * What is wrong with a model's name as it is spelled, as the rest of a sentence that starts with its field.
 * `undefined`: nothing. Whether the provider has such a model is asked later.
 */
export function modelNameProblem(name: string): string | undefined {
  if (name === 'offline') return undefined;
  const slash = name.indexOf('/');
  const provider = slash === -1 ? '' : name.slice(0, slash);
  const model = name.slice(slash + 1);
  if (PROVIDERS.some((known) => known === provider)) {
    if (/^[^\s\p{C}]{1,200}$/u.test(model)) return undefined;
    return `must name one model after "${provider}/", without spaces. Write for example "${provider}/${EXAMPLES[provider]}".`;
  }
  const guess = guessed(provider, model);
  return `is not a model that this server knows. ${guess === undefined ? `Write ${SPELLINGS}.` : `Did you mean "${guess}"?`}`;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  openai: 'gpt-5.4',
  anthropic: 'claude-sonnet-5',
  'openai-compatible': 'llama3.3',
};

function guessed(provider: string, model: string): string | undefined {
  if (!/^[A-Za-z0-9._:/-]{1,60}$/.test(model)) return undefined;
  if (provider !== '') {
    const meant = nearest(provider, PROVIDERS);
    return meant === undefined ? undefined : `${meant}/${model}`;
  }
  if (/^(gpt-|chatgpt-|o[1-9])/.test(model)) return `openai/${model}`;
  if (model.startsWith('claude-')) return `anthropic/${model}`;
  return nearest(model, ['offline']);
}
