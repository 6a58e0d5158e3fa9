import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_BODY_BYTES, MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import { API_KEY, aServer, STORE_ORIGIN, STORE_TOKEN, type TestServer } from '../support/server.ts';

const ROUTES = [
  '/v1/client/init',
  '/v1/client/chat',
  '/v1/client/resume',
  '/v1/client/cancel',
  '/v1/client/feedback',
  '/v1/dispatch',
  '/v1/dispatch/resume',
];

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Routes that are asked before anybody is known, or for little: their bodies are small. */
const SMALL_ROUTES = ['/v1/client/init', '/v1/client/cancel', '/v1/client/feedback'];

/** What each route answers to a body that no honest client sends. */
const HOSTILE: readonly [
  what: string,
  body: () => Body,
  headers: Record<string, string>,
  expected: string,
][] = [
  ['no body', () => '', {}, '400 invalid_json'],
  ['broken JSON', () => '{"sessionId": ', {}, '400 invalid_json'],
  ['trailing data', () => '{} {}', {}, '400 invalid_json'],
  ['a byte order mark', () => '\ufeff{}', {}, '400 invalid_json'],
  ['bytes that are no UTF-8', () => Uint8Array.of(0x7b, 0xff, 0x7d), {}, '400 invalid_json'],
  ['JSON in UTF-16', () => new Uint8Array(Buffer.from('{}', 'utf16le')), {}, '400 invalid_json'],
  ['a key twice', () => '{"sessionId":"a","sessionId":"b"}', {}, '400 invalid_json'],
  ['__proto__', () => '{"__proto__":{"isAdmin":true}}', {}, '400 invalid_json'],
  ['__proto__ far down', () => '{"metadata":{"a":[{"__proto__":1}]}}', {}, '400 invalid_json'],
  ['a prototype of a constructor', () => '{"constructor":{"prototype":{"a":1}}}', {}, '400 invalid_json'],
  ['10,000 levels', () => deep(10_000), {}, '400 invalid_json'],
  ['10,000 open brackets', () => '['.repeat(10_000), {}, '400 invalid_json'],
  ['a list', () => '[]', {}, '400 invalid_request'],
  ['a string', () => '"x"', {}, '400 invalid_request'],
  ['null', () => 'null', {}, '400 invalid_request'],
  ['a number that overflows', () => '1e999', {}, '400 invalid_request'],
  ['an empty object', () => '{}', {}, '400 invalid_request'],
  [
    '51 tools of nothing',
    () => JSON.stringify({ clientTools: Array(51).fill(null) }),
    {},
    '400 too_many_client_tools',
  ],
  [
    'tools of 64 KiB and more',
    () => JSON.stringify({ clientTools: ['€'.repeat(22_000)] }),
    {},
    '413 client_tools_too_large',
  ],
  ['a body over the limit', () => `"${'x'.repeat(MAX_BODY_BYTES)}"`, {}, '413 body_too_large'],
  ['a body over the limit, in chunks without a length', endless, {}, '413 body_too_large'],
  ['a body that breaks off', brokenOff, {}, '400 invalid_json'],
  ['a length that promises too much', () => '{}', { 'content-length': '99999999' }, '413 body_too_large'],
  ['a compressed body', () => '{}', { 'content-encoding': 'gzip' }, '415 unsupported_media_type'],
  [
    'a form',
    () => 'sessionId=1',
    { 'content-type': 'application/x-www-form-urlencoded' },
    '415 unsupported_media_type',
  ],
  ['text', () => '{}', { 'content-type': 'text/plain' }, '415 unsupported_media_type'],
  ['no type', () => '{}', { 'content-type': '' }, '415 unsupported_media_type'],
  [
    'a foreign charset',
    () => '{}',
    { 'content-type': 'application/json; charset=latin1' },
    '415 unsupported_media_type',
  ],
  [
    'a type that only begins like JSON',
    () => '{}',
    { 'content-type': 'application/jsonp' },
    '415 unsupported_media_type',
  ],
];

function brokenOff(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new Error('the socket is gone')) });
}

function endless(): ReadableStream<Uint8Array> {
  const chunk = new TextEncoder().encode(' '.repeat(1 << 20));
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

describe.each(ROUTES)('%s', (path) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await aServer();
  });
  afterAll(() => server.close());

  let requests = 0;
  const send = (body: Body, headers: Record<string, string> = {}) => {
    requests += 1;
    return server.request(
      path,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: STORE_ORIGIN,
          authorization: `Bearer ${API_KEY}`,
          ...headers,
        },
        body,
        duplex: 'half',
      } as RequestInit,
      `198.51.100.${requests}`,
    );
  };

  test.each(HOSTILE)('answers %s with a code and no stack', async (_, body, headers, expected) => {
    const response = await send(body(), headers);
    const answer = (await response.json()) as Record<string, unknown>;
    const isLarge = SMALL_ROUTES.includes(path) && expected === '413 client_tools_too_large';
    expect(`${response.status} ${answer.code}`).toBe(isLarge ? '413 body_too_large' : expected);
    expect(Object.keys(answer).sort()).toEqual(
      ['code', 'error', 'hint', 'message', 'requestId', ...('details' in answer ? ['details'] : [])].sort(),
    );
    expect(JSON.stringify(answer)).not.toMatch(/node_modules|\.ts\b|\n\s+at /);
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  test('reads a body to the last byte of its limit, and no further', async () => {
    const limit = SMALL_ROUTES.includes(path) ? MAX_SMALL_BODY_BYTES : MAX_BODY_BYTES;
    const atLimit = `{"a":"${'x'.repeat(limit - 8)}"}`;
    expect((await send(atLimit)).status).toBe(400);
    expect((await send(`${atLimit} `)).status).toBe(413);
  });

  test('takes the spellings of its media type', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON;charset="UTF-8"',
      'application/json ',
    ]) {
      expect((await send('{}', { 'content-type': type })).status).toBe(400);
    }
    expect((await send('{}', { 'content-encoding': 'identity' })).status).toBe(400);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('does not take %s', async (method) => {
    const response = await server.request(path, { method, headers: { origin: STORE_ORIGIN } });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed', hint: 'Send POST.' });
  });

  test('left no error in the log', () => {
    expect(server.logged()).not.toContain('"level":50');
  });
});

describe('hostile values in good bodies', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await aServer();
  });
  afterAll(() => server.close());

  const chat = async (fields: object) => {
    const { sessionId } = await server.init();
    return await server.chat({ sessionId, ...fields });
  };

  test.each([
    ['a token that is a list', '/v1/client/init', { token: [STORE_TOKEN] }],
    ['a session id with a line break', '/v1/client/chat', { sessionId: 'cs_a\nb', messages: [] }],
    ['a session id of 10,000 characters', '/v1/client/chat', { sessionId: 'c'.repeat(10_000), messages: [] }],
    [
      'an execution id that is a number',
      '/v1/client/resume',
      { sessionId: 'cs_a', executionId: 7, toolOutputs: {} },
    ],
    ['a negative number of calls', '/v1/dispatch', { agent: { model: 'x', maxToolCalls: -1 }, messages: [] }],
  ])('%s', async (_, path, body) => {
    const response = await server.post(path, body, { authorization: `Bearer ${API_KEY}` });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_request', details: expect.any(Array) });
  });

  test('SQL in an id is an id like any other', async () => {
    const sessionId = "cs_'OR'1'='1";
    expect((await server.chat({ sessionId })).status).toBe(401);
    expect((await server.init()).sessionId).toMatch(/^cs_/);
  });

  test('2,001 messages are too many', async () => {
    const messages = Array.from({ length: 2_001 }, () => ({ role: 'user', content: 'x' }));
    expect((await chat({ messages })).status).toBe(400);
  });

  test('lone surrogates and NUL in a message do no harm', async () => {
    const response = await chat({ messages: [{ role: 'user', content: '\ud800 a\u0000b' }] });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('execution_complete');
  });

  test('no address outside the routes answers anything', async () => {
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/client',
      '/v1/client/init/',
      '//v1/dispatch',
      '/v1/dispatch/x',
      '/.env',
    ]) {
      const response = await server.request(path, { headers: { origin: STORE_ORIGIN } });
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.json()).toMatchObject({ code: 'not_found' });
    }
  });
});
