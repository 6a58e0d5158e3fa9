import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aServer, OTHER_ORIGIN, refusal, STORE_ORIGIN, type TestServer } from '../support/server.ts';

const ROUTES = ['init', 'chat', 'resume', 'cancel', 'feedback'].map((name) => `/v1/client/${name}`);

/** Origins, and whether some active token allows them. */
const ORIGINS: readonly [origin: string | undefined, known: boolean][] = [
  [STORE_ORIGIN, true],
  [OTHER_ORIGIN, true],
  ['http://localhost:3000', true],
  ['http://localhost:3001', false],
  ['https://retired.example.com', false],
  ['https://store.example.com.evil.io', false],
  ['https://evilstore.example.com', false],
  ['https://sub.store.example.com', false],
  ['https://store.example.com:443', false],
  ['http://store.example.com', false],
  ['https://store.example.com/', false],
  ['HTTPS://STORE.EXAMPLE.COM', false],
  ['*', false],
  ['null', false],
  [undefined, false],
];

describe('who may ask from where', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await aServer();
  });
  afterEach(() => server.close());

  test('a refused origin stands in the log, where whoever runs the server looks for it', async () => {
    await server.request('/v1/client/chat', {
      method: 'OPTIONS',
      headers: { origin: 'https://new.example.com' },
    });
    await server.request('/v1/client/chat', { method: 'OPTIONS', headers: { origin: STORE_ORIGIN } });
    expect(server.logged()).toContain('"status":403');
    expect(server.logged()).toContain('"origin":"https://new.example.com"');
    expect(server.logged()).not.toContain(`"origin":"${STORE_ORIGIN}"`);
  });

  const preflight = (
    path: string,
    origin: string | undefined,
    requested = 'content-type,x-persona-version',
  ) =>
    server.request(path, {
      method: 'OPTIONS',
      headers: {
        'access-control-request-method': 'POST',
        'access-control-request-headers': requested,
        ...(origin === undefined ? {} : { origin }),
      },
    });

  for (const path of ROUTES) {
    test.each(ORIGINS)(`a preflight of ${path} from %s is answered: %s`, async (origin, known) => {
      const response = await preflight(path, origin);
      expect(response.status).toBe(known ? 204 : 403);
      expect(response.headers.get('access-control-allow-origin')).toBe(known ? origin : null);
    });
  }

  test('a preflight allows what widgets of this wire send, and no credentials', async () => {
    const { headers } = await preflight('/v1/client/chat', STORE_ORIGIN);
    expect(Object.fromEntries(headers)).toMatchObject({
      'access-control-allow-origin': STORE_ORIGIN,
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers':
        'content-type, x-persona-version, x-visitor-token, x-identity-proof, authorization, idempotency-key, last-event-id, upload-offset',
      'access-control-expose-headers': 'X-History-Identity-Status, Retry-After, Upload-Offset',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  test('a page may add headers of its own, but only what is a name', async () => {
    const { headers } = await preflight(
      '/v1/client/resume',
      STORE_ORIGIN,
      'X-Team, content-type, "bad", a b',
    );
    expect(headers.get('access-control-allow-headers')).toBe(
      'content-type, x-persona-version, x-visitor-token, x-identity-proof, authorization, idempotency-key, last-event-id, upload-offset, x-team',
    );
  });

  test.each(ORIGINS)('a refusal can be read from %s: %s', async (origin, known) => {
    const response = await server.request('/v1/client/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(origin === undefined ? {} : { origin }) },
      body: JSON.stringify({ sessionId: 'cs_unknown', messages: [] }),
    });
    expect(response.headers.get('access-control-allow-origin')).toBe(known ? origin : null);
    expect(await refusal(response)).toBe(known ? '401 session_expired' : '403 origin_not_allowed');
  });

  test('every answer of the client routes is shared with its origin alone', async () => {
    const { sessionId } = await server.init();
    const answers = [
      await server.chat({ sessionId }),
      await server.resume({ sessionId, executionId: 'exec_none', toolOutputs: { a: 1 } }),
      await server.request('/v1/client/chat', { headers: { origin: STORE_ORIGIN } }),
      await server.request('/v1/client/nothing', { headers: { origin: STORE_ORIGIN } }),
      await server.post('/v1/client/chat', 'x', { 'content-type': 'text/plain' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 405, 404, 415]);
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe(STORE_ORIGIN);
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  test('a token of one site does not open another site that the server knows [R2-38]', async () => {
    const response = await server.post(
      '/v1/client/init',
      { token: 'ct_test_store' },
      { origin: OTHER_ORIGIN },
    );
    expect(response.headers.get('access-control-allow-origin')).toBe(OTHER_ORIGIN);
    expect(await response.json()).toMatchObject({
      code: 'origin_not_allowed',
      hint: expect.stringContaining('allowedOrigins'),
    });
  });

  test.each(['/v1/dispatch', '/v1/dispatch/resume'])(
    '%s is for servers: no browser may read it',
    async (path) => {
      const options = await preflight(path, STORE_ORIGIN, 'authorization');
      expect(options.status).toBe(405);
      const answer = await server.post(path, {}, { authorization: 'Bearer sk_test_local' });
      for (const { headers } of [options, answer]) {
        expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    },
  );
});
