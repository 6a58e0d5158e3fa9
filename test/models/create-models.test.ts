import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../server/config/config.ts';
import { createModels } from '../../server/models/create-models.ts';

const KEY = 'sk-secret-0123456789';

describe('names of models', () => {
  test('offline needs nothing, and one name gives one model', () => {
    const models = createModels({});
    expect(models('offline').id).toBe('offline');
    expect(models('offline')).toBe(models('offline'));
  });

  test.each([
    ['openai/gpt-5', { OPENAI_API_KEY: KEY }],
    ['anthropic/claude-sonnet-4-5', { ANTHROPIC_API_KEY: KEY }],
    ['openai-compatible/llama3.2', { OPENAI_BASE_URL: 'http://127.0.0.1:11434' }],
    [
      'openai-compatible/meta-llama/Llama-3',
      { OPENAI_BASE_URL: 'https://models.example.com/v1/', OPENAI_API_KEY: KEY },
    ],
  ])('%s resolves to itself', (id, env) => {
    expect(createModels(env)(id).id).toBe(id);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['openai/gpt-5', {}, /needs OPENAI_API_KEY.*environment/],
    ['openai/gpt-5', { OPENAI_API_KEY: '  ' }, /needs OPENAI_API_KEY/],
    ['anthropic/claude', { OPENAI_API_KEY: KEY }, /needs ANTHROPIC_API_KEY/],
    ['openai-compatible/llama3', { OPENAI_API_KEY: KEY }, /needs OPENAI_BASE_URL/],
    [
      'openai-compatible/llama3',
      { OPENAI_BASE_URL: 'localhost:11434' },
      /OPENAI_BASE_URL is not a usable address/,
    ],
    ['openai-compatible/llama3', { OPENAI_BASE_URL: `http://user:${KEY}@host/v1` }, /without credentials/],
    ['openai/gpt-5', { OPENAI_API_KEY: `${KEY} ${KEY}` }, /OPENAI_API_KEY has characters/],
    ['openai/', { OPENAI_API_KEY: KEY }, /Use "openai\/<model>"/],
    ['gpt-5', { OPENAI_API_KEY: KEY }, /unknown.*"openai\/<model>"/],
    ['mistral/large', {}, /unknown/],
    ['', {}, /unknown/],
  ])('%s with %o is refused with the mend, and without the secret', (id, env, message) => {
    let thrown: unknown;
    try {
      createModels(env)(id);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).message).toMatch(message);
    expect((thrown as ConfigError).message).not.toContain(KEY);
  });
});
