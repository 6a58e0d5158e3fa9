import { expect, test } from 'vitest';
import { createLog, type Log } from '../../server/log.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { StoreError } from '../../server/store/store.ts';
import {
  API_KEY,
  aServer,
  calls,
  RETIRED_TOKEN,
  SEARCH_TOOL,
  STORE_ORIGIN,
  STORE_TOKEN,
} from '../support/server.ts';

const PROVIDER_KEY = 'prov-canary-7Hx"9/+secret';
const WORDS = 'canary-words-of-the-visitor';

test('whatever is asked and whatever breaks, no credential and no word of a visitor stands in a log or a refusal', async () => {
  let storeFails = false;
  let modelFails = false;
  const server = await aServer({
    secrets: [PROVIDER_KEY],
    *model({ tools }) {
      if (modelFails) throw new Error(`401 from provider: bad key ${PROVIDER_KEY} for prompt ${WORDS}`);
      if (tools[0] === undefined) throw new Error(`no tools; Bearer ${API_KEY}`);
      yield* calls({ name: tools[0].name, input: { query: WORDS } });
    },
    wrapStore: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (storeFails && name === 'session') {
            return () => Promise.reject(new StoreError('unavailable', `no access with ${PROVIDER_KEY}`));
          }
          if (storeFails && name === 'ping') {
            return () => Promise.reject(new TypeError(`cannot read ${PROVIDER_KEY}`));
          }
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
  });
  const { sessionId } = await server.init();
  const messages = [{ role: 'user', content: WORDS }];
  const answers = [
    await server.chat({ sessionId, messages, clientTools: [SEARCH_TOOL] }),
    await server.chat({ sessionId: `${sessionId}x` }),
    await server.chat({ sessionId, messages: WORDS }),
    await server.resume({ sessionId, executionId: WORDS.replaceAll('-', '_'), toolOutputs: { a: WORDS } }),
    await server.post('/v1/client/init', { token: RETIRED_TOKEN }),
    await server.post('/v1/client/init', { token: 'ct_live_canary', [WORDS]: 1 }),
    await server.dispatch({ messages }, `${API_KEY}x`),
    await server.dispatch({ messages, agent: WORDS }),
    await server.post('/v1/dispatch', `{"${WORDS}`, { authorization: `Bearer ${API_KEY}` }),
    await server.request(`/v1/${STORE_TOKEN}/${sessionId}?key=${API_KEY}`, { headers: { cookie: WORDS } }),
  ];
  modelFails = true;
  answers.push(await server.chat({ sessionId, messages: [{ role: 'user', content: `${WORDS} again` }] }));
  storeFails = true;
  answers.push(await server.chat({ sessionId, messages }), await server.request('/readyz'));
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers.map(({ status }) => status)).toEqual([
    200, 401, 400, 404, 401, 401, 401, 400, 400, 404, 200, 503, 500,
  ]);

  const refusals = bodies.filter((_, index) => answers[index]?.status !== 200).join('\n');
  const logged = server.logged();
  for (const canary of [
    PROVIDER_KEY,
    JSON.stringify(PROVIDER_KEY).slice(1, -1),
    STORE_TOKEN,
    RETIRED_TOKEN,
    API_KEY,
    sessionId,
  ]) {
    expect(logged).not.toContain(canary);
    expect(bodies.join('\n')).not.toContain(canary);
  }
  expect(logged.replaceAll(`for prompt ${WORDS}`, '')).not.toContain(WORDS);
  expect(refusals).not.toMatch(/canary-words/);
  expect(bodies.join('\n')).not.toMatch(/\n\s+at |node_modules/);
  await server.close();
});

test('a request is logged by what it was and not by what it said', async () => {
  const server = await aServer();
  await server.init();
  const [line = '{}'] = server.logged().split('\n');
  expect(JSON.parse(line)).toEqual({
    level: 30,
    time: expect.any(Number),
    method: 'POST',
    path: '/v1/client/init',
    status: 200,
    ms: 0,
    requestId: expect.stringMatching(/^req_/),
    msg: 'request',
  });
  await server.close();
});

function aLog(): { log: Log; written: () => string } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return {
    log: createLog({ level: 'info', scrubber: createScrubber([PROVIDER_KEY]), destination }),
    written: () => lines.join(''),
  };
}

test.each([
  ['a message', (secret: string) => ({ fields: {}, message: `key ${secret}` })],
  ['a field far down', (secret: string) => ({ fields: { a: { b: [{ c: secret }] } }, message: '' })],
  [
    'a URL',
    (secret: string) => ({ fields: { url: `https://x/?k=${encodeURIComponent(secret)}` }, message: '' }),
  ],
  [
    'a basic header',
    (secret: string) => ({ fields: { h: Buffer.from(secret).toString('base64') }, message: '' }),
  ],
  ['an error', (secret: string) => ({ fields: { err: new Error(`bad ${secret}`) }, message: '' })],
  [
    'the cause of an error',
    (secret: string) => ({ fields: { err: new Error('outer', { cause: new Error(secret) }) }, message: '' }),
  ],
  [
    'a property of an error',
    (secret: string) => ({
      fields: { err: Object.assign(new Error('x'), { request: { secret } }) },
      message: '',
    }),
  ],
])('a secret in %s is scrubbed from its line', (_, line) => {
  const { log, written } = aLog();
  const { fields, message } = line(PROVIDER_KEY);
  log.error(fields, message);
  expect(written()).not.toBe('');
  expect(written()).not.toContain('canary');
  expect(() => JSON.parse(written())).not.toThrow();
});

test.each([
  `ct_live_${'a'.repeat(24)}`,
  'sk_test_local',
  `sk-proj-${'a'.repeat(24)}`,
  `cs_${'a'.repeat(43)}`,
  'Bearer abc.def.ghi',
])('%s is known for a credential by its shape', (credential) => {
  const { log, written } = aLog();
  log.info({ origin: STORE_ORIGIN }, `got ${credential} from a page`);
  expect(JSON.parse(written())).toMatchObject({ msg: 'got [redacted] from a page', origin: STORE_ORIGIN });
});
