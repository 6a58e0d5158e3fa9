import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelRequest } from '../../server/models/model.ts';
import { only } from '../support/dispatching.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  OTHER_API_KEY,
  refusal,
  SEARCH_TOOL,
  says,
  type TestServer,
} from '../support/server.ts';

const SECRET = 'key-of-the-sky-4711"/';
let upstream: Server;
let place: string;
const heard: IncomingHttpHeaders[] = [];
/** What it answers with. It tells what it was sent, as services do when they are at a loss. */
let status = 200;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    heard.push(request.headers);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sky: 'clear', sent: request.headers.authorization }));
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  place = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterAll(() => upstream.close());

const weather = () => ({
  name: 'weather',
  description: 'Tells the weather.',
  toolType: 'external',
  parametersSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  config: {
    url: `http://${place}/now?city={{city}}`,
    headers: { authorization: 'Bearer {{secrets.weather_key}}' },
  },
});

function asksThenReports({ messages, tools }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role === 'tool') {
    const isPage = last.results.some(({ name }) => name.startsWith('webmcp__'));
    const text = last.results.map((result) => result.text).join();
    return isPage ? calls({ name: 'weather', input: { city: 'Rome' }, id: 'w2' }) : says(`It says: ${text}`);
  }
  const page = tools.find(({ name }) => name.startsWith('webmcp__'));
  return page === undefined
    ? calls({ name: 'weather', input: { city: 'Rome' }, id: 'w1' })
    : calls({ name: page.name, id: 's1' });
}

describe('the secrets of a dispatch', () => {
  let server: TestServer;
  let database: string[];
  beforeEach(async () => {
    heard.length = 0;
    status = 200;
    database = [];
    server = await aServer({
      model: asksThenReports,
      config: { ...CONFIG, egress: { internal: [place] } },
      // All that is written, as it is written.
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name: keyof typeof store) {
            const value: unknown = target[name];
            if (typeof value !== 'function') return value;
            return (...given: unknown[]) => {
              database.push(JSON.stringify(given));
              return (value as (...args: unknown[]) => unknown).apply(target, given);
            };
          },
        }),
    });
  });
  afterEach(() => server.close());

  function dispatch(more: Record<string, unknown> = {}) {
    return server.dispatch({
      tools: { runtimeTools: [weather()] },
      secrets: { weather_key: SECRET },
      streamResponse: false,
      ...more,
    });
  }
  const post = (path: string, body: object, key = API_KEY) =>
    server.post(path, { streamResponse: false, ...body }, { authorization: `Bearer ${key}` });
  const nowhere = (texts: readonly string[]) => {
    for (const text of texts)
      for (const form of [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET)])
        expect(text).not.toContain(form);
  };

  test('reach the service that they are for, and nobody else: no event, model, store or log [R2-16, R2-17]', async () => {
    const answer = await (await dispatch()).text();
    expect(heard).toMatchObject([{ authorization: `Bearer ${SECRET}` }]);
    expect((JSON.parse(answer) as DispatchResponse).output).toMatch(/clear/);
    const { executionId } = JSON.parse(answer) as DispatchResponse;
    const events = await server.store.eventsAfter(executionId, 0, 1_000);
    nowhere([answer, JSON.stringify(events), JSON.stringify(server.asked), server.logged(), ...database]);
    expect(JSON.stringify(server.asked[1]?.messages)).toContain('[redacted]');
  });

  test('stand in no error of a service that repeats them', async () => {
    status = 500;
    const answer = await (await dispatch()).text();
    expect(heard).toHaveLength(1);
    nowhere([answer, JSON.stringify(server.asked), server.logged(), ...database]);
  });

  test('are the same request under an idempotency key, whatever they are', async () => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'idempotency-key': 'once' };
    const send = (secrets: object) =>
      server.post(
        '/v1/dispatch',
        {
          agent: { model: 'any' },
          messages: [{ role: 'user', content: 'Hi' }],
          tools: { runtimeTools: [weather()] },
          secrets,
          streamResponse: false,
        },
        headers,
      );
    const first = (await (await send({ weather_key: SECRET })).json()) as DispatchResponse;
    const again = (await (await send({ weather_key: 'another one' })).json()) as DispatchResponse;
    expect(again).toEqual(first);
    expect(heard).toHaveLength(1);
  });

  test('of one execution change nothing in another', async () => {
    const secrets = { weather_key: 'weather' };
    const waiting = (await (
      await dispatch({ clientTools: [SEARCH_TOOL], secrets })
    ).json()) as DispatchResponse;
    expect(waiting.status).toBe('awaiting');
    const namesOf = async (answer: DispatchResponse) =>
      only(await server.store.eventsAfter(answer.executionId, 0, 1_000), 'tool_start').map(
        ({ toolName }) => toolName,
      );
    const other = (await (await dispatch()).json()) as DispatchResponse;
    expect(await namesOf(other)).toEqual(['weather']);
    // In its own, what looks like its secret goes, whatever else it is.
    expect(await namesOf((await (await dispatch({ secrets })).json()) as DispatchResponse)).toEqual([
      '[redacted]',
    ]);
  });

  test('a call without its secret fails in words that the model reads', async () => {
    const answer = (await (await dispatch({ secrets: {} })).json()) as DispatchResponse;
    expect(answer.status).toBe('complete');
    expect(answer.output).toMatch(/weather_key/);
    expect(heard).toEqual([]);
  });

  describe('of an execution that waits', () => {
    async function paused() {
      return (await (await dispatch({ clientTools: [SEARCH_TOOL] })).json()) as DispatchResponse;
    }
    const outputs = { s1: 'a mug' };

    test('are there when it goes on', async () => {
      const { executionId } = await paused();
      const done = (await (
        await post('/v1/dispatch/resume', { executionId, toolOutputs: outputs })
      ).json()) as DispatchResponse;
      expect(done).toMatchObject({ status: 'complete', output: expect.stringMatching(/clear/) });
      expect(heard).toMatchObject([{ authorization: `Bearer ${SECRET}` }]);
    });

    test('that are gone with their process are asked for, and nothing is lost', async () => {
      const { executionId } = await paused();
      const { store } = server;
      // Another process on the same store.
      const heir = await aServer({
        model: asksThenReports,
        config: { ...CONFIG, egress: { internal: [place] } },
        wrapStore: () => store,
      });
      const resume = (more: object = {}) =>
        heir.post(
          '/v1/dispatch/resume',
          { executionId, toolOutputs: outputs, streamResponse: false, ...more },
          { authorization: `Bearer ${API_KEY}` },
        );
      const refused = await resume();
      expect(refused.status).toBe(409);
      expect(await refused.json()).toMatchObject({
        code: 'secrets_required',
        details: [expect.stringContaining('secrets.weather_key')],
      });
      expect(await refusal(await resume({ secrets: { other: 'x' } }))).toBe('409 secrets_required');
      expect((await store.execution(executionId))?.status).toBe('awaiting');
      const done = await resume({ secrets: { weather_key: SECRET } });
      expect(await done.json()).toMatchObject({ status: 'complete', output: expect.stringMatching(/clear/) });
      expect(heard).toMatchObject([{ authorization: `Bearer ${SECRET}` }]);
      nowhere([heir.logged(), JSON.stringify(heir.asked), ...database]);
    });

    test('are nobody’s but its own', async () => {
      const { executionId } = await paused();
      const foreign = await post('/v1/dispatch/resume', { executionId, toolOutputs: outputs }, OTHER_API_KEY);
      expect(await refusal(foreign)).toBe('404 execution_not_found');
    });

    test('are needed again to continue it, once it has ended', async () => {
      const { executionId } = (await (await dispatch()).json()) as DispatchResponse;
      const continuation = { messages: [{ role: 'user', content: 'And tomorrow?' }] };
      expect(await refusal(await post('/v1/dispatch/continue', { executionId, continuation }))).toBe(
        '409 secrets_required',
      );
      const secrets = { weather_key: SECRET };
      const answer = await post('/v1/dispatch/continue', { executionId, continuation, secrets });
      expect(await answer.json()).toMatchObject({ status: 'complete' });
      expect(heard).toHaveLength(2);
    });
  });
});
