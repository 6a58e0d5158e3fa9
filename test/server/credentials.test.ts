import { describe, expect, test } from 'vitest';
import { API_KEY, aServer, CONFIG, refusal } from '../support/server.ts';

async function dispatched(scopes: readonly string[], headers: Record<string, string>): Promise<string> {
  const server = await aServer({
    config: { ...CONFIG, apiKeys: [{ key: API_KEY, scopes }] },
    configure: (config) => config,
  });
  const body = { agent: { id: 'store' }, messages: [{ role: 'user', content: 'Hi' }], streamResponse: false };
  const answer = await server.post('/v1/dispatch', body, headers);
  await server.close();
  return answer.ok ? 'ok' : await refusal(answer);
}

describe('an API key', () => {
  test.each([
    [['*'], 'ok'],
    [['DISPATCH:*'], 'ok'],
    [['DISPATCH:WRITE'], 'ok'],
    [['DISPATCH:READ'], '403 insufficient_scope'],
    [['TOOLS:*', 'SECRETS:*'], '403 insufficient_scope'],
  ])('with the scopes %j may dispatch: %s [R2-40]', async (scopes, expected) => {
    expect(await dispatched(scopes, { authorization: `Bearer ${API_KEY}` })).toBe(expected);
  });

  test('stands in either header [R2-02]', async () => {
    expect(await dispatched(['*'], { 'x-api-key': API_KEY })).toBe('ok');
    expect(await dispatched(['*'], { authorization: `Bearer ${API_KEY}` })).toBe('ok');
  });
});
