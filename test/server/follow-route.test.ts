import { afterEach, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { SESSION_FOLLOWS_PER_MINUTE } from '../../server/guard/rate-limits.ts';
import { MAX_OPEN_STREAMS_PER_SESSION } from '../../server/http/event-stream.ts';
import {
  API_KEY,
  aServer,
  callsEachTool,
  eventsOf,
  framesOf,
  OTHER_API_KEY,
  OTHER_ORIGIN,
  OTHER_TOKEN,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  says,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

async function answered(options: TestServerOptions = {}) {
  server = await aServer(options);
  const { sessionId, conversationId } = await server.init();
  const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
  return { sessionId, conversationId, events, executionId: events[0]?.executionId ?? '' };
}

const path = (executionId: string, query = '') =>
  `/v1/client/executions/${encodeURIComponent(executionId)}/events${query}`;

const headersOf = (sessionId: string, more: Record<string, string> = {}) => ({
  headers: { origin: STORE_ORIGIN, authorization: `Bearer ${sessionId}`, ...more },
});

describe('a page that comes back', () => {
  test('is told at init that it can', async () => {
    server = await aServer();
    expect((await server.init()).capabilities).toEqual(expect.arrayContaining(['replay', 'cancel']));
  });

  test('gets all events after any position, as they were sent first [R2x-8]', async () => {
    const { sessionId, executionId, events } = await answered();
    expect(events.length).toBeGreaterThan(4);
    for (const after of [0, ...events.map(({ seq }) => seq)]) {
      const response = await server.follow(sessionId, executionId, after);
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(await eventsOf(response)).toEqual(events.slice(after));
    }
    expect(await eventsOf(await server.follow(sessionId, executionId))).toEqual(events);
  });

  test('goes on from the Last-Event-ID, whatever the address says', async () => {
    const { sessionId, executionId, events } = await answered();
    const request = headersOf(sessionId, { 'last-event-id': '3' });
    for (const query of ['', '?after=1', '?after=nonsense']) {
      expect(await eventsOf(await server.request(path(executionId, query), request))).toEqual(
        events.slice(3),
      );
    }
  });

  test('goes along with a run to its end', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((done) => {
      goOn = done;
    });
    server = await aServer({
      async *model() {
        yield { type: 'text', delta: 'One' } as const;
        await held;
        yield* says(' two.');
      },
    });
    const { sessionId } = await server.init();
    const first = (await server.chat({ sessionId })).body?.getReader();
    const [start] = framesOf(new TextDecoder().decode((await first?.read())?.value));
    await first?.cancel();
    const executionId = start?.data.executionId ?? '';
    const rest = eventsOf(await server.follow(sessionId, executionId, 1));
    const all = eventsOf(await server.follow(sessionId, executionId));
    goOn();
    const events = await all;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
    expect(await rest).toEqual(events.slice(1));
  });

  test('finds a pause at its end, and the rest after the tool has answered', async () => {
    const { sessionId, executionId, events } = await answered({ model: callsEachTool });
    expect(events.at(-1)?.type).toBe('await');
    expect(await eventsOf(await server.follow(sessionId, executionId, 2))).toEqual(events.slice(2));
    const toolOutputs = { search_products: 'a mug' };
    const rest = await eventsOf(await server.resume({ sessionId, executionId, toolOutputs }));
    expect(await eventsOf(await server.follow(sessionId, executionId))).toEqual([...events, ...rest]);
  });

  test('may come with a later session of its conversation', async () => {
    const { sessionId, executionId, events } = await answered();
    server.advance(24 * 60 * 60_000);
    expect(await refusal(await server.follow(sessionId, executionId))).toBe('401 session_expired');
    const renewed = await server.init({ sessionId });
    expect(renewed.sessionId).not.toBe(sessionId);
    expect(await eventsOf(await server.follow(renewed.sessionId, executionId))).toEqual(events);
  });

  test('counts no message, and has a limit of its own', async () => {
    const { sessionId, executionId } = await answered();
    for (let request = 0; request < SESSION_FOLLOWS_PER_MINUTE; request++) {
      expect((await server.follow(sessionId, executionId, 1)).status).toBe(200);
    }
    const refused = await server.follow(sessionId, executionId, 1);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refusal(refused)).toBe('429 rate_limited');
    expect((await server.chat({ sessionId })).status).toBe(200);
  });

  test('of the origin of the server itself names no origin, as browsers do with GET, and is known by its session', async () => {
    const { sessionId, executionId, events } = await answered();
    const authorization = `Bearer ${sessionId}`;
    for (const site of [{}, { 'sec-fetch-site': 'same-origin' }]) {
      const response = await server.request(path(executionId), { headers: { authorization, ...site } });
      expect(response.headers.has('access-control-allow-origin')).toBe(false);
      expect(await eventsOf(response)).toEqual(events);
    }
    for (const headers of [
      { authorization, 'sec-fetch-site': 'cross-site' },
      { authorization, 'sec-fetch-site': 'same-site' },
      { authorization, origin: 'null' },
      {},
    ]) {
      expect(await refusal(await server.request(path(executionId), { headers }))).toBe(
        '403 origin_not_allowed',
      );
    }
  });
});

describe('a cursor', () => {
  test.each([
    '-1',
    '1.5',
    '1e3',
    'abc',
    '',
    ' ',
    '0x1',
    '१',
    '9'.repeat(16),
    '9'.repeat(10_000),
    "1'OR'1'='1",
    'NaN',
    '1 2',
    '\u0000',
  ])('%j is none', async (after) => {
    const { sessionId, executionId } = await answered();
    expect(await refusal(await server.follow(sessionId, executionId, after))).toBe('400 invalid_cursor');
  });

  test('behind the end of the log is none, and that of another execution tells nothing', async () => {
    const { sessionId, executionId, events } = await answered();
    for (const after of [events.length + 1, 999_999_999_999_999]) {
      expect(await refusal(await server.follow(sessionId, executionId, after))).toBe('400 invalid_cursor');
    }
  });

  test('of a browser is held to the same', async () => {
    const { sessionId, executionId } = await answered();
    for (const id of ['-1', 'abc', '9'.repeat(16)]) {
      const request = headersOf(sessionId, { 'last-event-id': id });
      expect(await refusal(await server.request(path(executionId), request))).toBe('400 invalid_cursor');
    }
  });

  test('comes once', async () => {
    const { sessionId, executionId } = await answered();
    const response = await server.request(path(executionId, '?after=1&after=2'), headersOf(sessionId));
    expect(await refusal(response)).toBe('400 invalid_request');
  });
});

describe('what is somebody else\u2019s', () => {
  test('is not there: another visitor, another site, a server', async () => {
    const { executionId } = await answered();
    const neighbour = await server.init();
    expect(await refusal(await server.follow(neighbour.sessionId, executionId))).toBe(
      '404 execution_not_found',
    );
    const stranger = await server.init({ token: OTHER_TOKEN }, OTHER_ORIGIN);
    const asStranger = headersOf(stranger.sessionId, { origin: OTHER_ORIGIN });
    expect(await refusal(await server.request(path(executionId), asStranger))).toBe(
      '404 execution_not_found',
    );
    const [event] = await eventsOf(await server.dispatch({}));
    const foreign = await server.follow(neighbour.sessionId, event?.executionId ?? '');
    expect(await refusal(foreign)).toBe('404 execution_not_found');
  });

  test.each([
    'exec_unknown',
    "exec_'OR'1'='1",
    'exec_1;DROP--TABLE',
    '%',
    '../../healthz',
    '__proto__',
    'constructor',
  ])('%s is nowhere', async (executionId) => {
    const { sessionId } = await answered();
    expect(await refusal(await server.follow(sessionId, executionId))).toBe('404 execution_not_found');
  });

  test.each(["exec_' OR 1=1", 'a\nb', 'x'.repeat(201), 'x'.repeat(10_000)])(
    'an id that none can be is refused: %.30j',
    async (executionId) => {
      const { sessionId } = await answered();
      expect(await refusal(await server.follow(sessionId, executionId))).toBe('400 invalid_request');
    },
  );

  test('another origin of the token cannot use the session', async () => {
    const { sessionId, executionId } = await answered();
    for (const origin of ['http://localhost:3000', OTHER_ORIGIN, 'https://evil.example']) {
      const response = await server.request(path(executionId), headersOf(sessionId, { origin }));
      expect(await refusal(response)).toBe('403 origin_not_allowed');
    }
  });

  test.each([
    [undefined, '401 unauthorized'],
    ['', '401 unauthorized'],
    ['Basic cs_x', '401 unauthorized'],
    ['Bearer', '401 unauthorized'],
    ['Bearer cs_unknown', '401 session_expired'],
    ['Bearer ct_test_store', '401 session_expired'],
    [`Bearer ${API_KEY}`, '401 session_expired'],
    [`Bearer ${'c'.repeat(10_000)}`, '401 session_expired'],
  ])('without a session, %.40s, there is nothing to see', async (authorization, expected) => {
    const { executionId } = await answered();
    const headers = { origin: STORE_ORIGIN, ...(authorization === undefined ? {} : { authorization }) };
    expect(await refusal(await server.request(path(executionId), { headers }))).toBe(expected);
  });

  test('a session in the address is not read', async () => {
    const { sessionId, executionId } = await answered();
    const response = await server.request(
      path(executionId, `?sessionId=${sessionId}&authorization=${sessionId}`),
      {
        headers: { origin: STORE_ORIGIN },
      },
    );
    expect(await refusal(response)).toBe('401 unauthorized');
    expect(server.logged()).not.toContain(sessionId);
  });
});

describe('the route', () => {
  test('takes GET and nothing else', async () => {
    const { sessionId, executionId } = await answered();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
      const response = await server.request(path(executionId), { method, ...headersOf(sessionId) });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET']);
    }
    expect((await server.request(`${path(executionId)}/`, headersOf(sessionId))).status).toBe(404);
    expect((await server.request('/v1/client/executions//events', headersOf(sessionId))).status).toBe(404);
  });

  test('lets a page ask for its headers', async () => {
    server = await aServer();
    const { status, headers } = await server.request(path('exec_1'), {
      method: 'OPTIONS',
      headers: {
        origin: STORE_ORIGIN,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,last-event-id',
      },
    });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-headers')).toMatch(/authorization.*last-event-id/);
  });

  test('answers no more than so many at once, and chats are refused before they begin', async () => {
    server = await aServer({ maxStreams: 1, model: () => says('Hello.') });
    const { sessionId } = await server.init();
    const open = await server.chat({ sessionId });
    const refused = await server.chat({ sessionId, messages: [{ role: 'user', content: 'Two' }] });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refusal(refused)).toBe('503 overloaded');
    const events = await eventsOf(open);
    expect(server.asked).toHaveLength(1);
    expect(await eventsOf(await server.follow(sessionId, events[0]?.executionId ?? ''))).toEqual(events);
  });

  test('answers one session no more than so many at once, chats and resumes included', async () => {
    server = await aServer({
      async *model() {
        yield { type: 'text', delta: 'Hm' } as const;
        await new Promise(() => undefined);
      },
    });
    const { sessionId } = await server.init();
    const chat = (await server.chat({ sessionId })).body?.getReader();
    const [start] = framesOf(new TextDecoder().decode((await chat?.read())?.value));
    const executionId = start?.data.executionId ?? '';
    for (let open = 1; open < MAX_OPEN_STREAMS_PER_SESSION; open++) {
      expect((await server.follow(sessionId, executionId)).status).toBe(200);
    }
    const refused = await server.follow(sessionId, executionId);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refusal(refused)).toBe('503 overloaded');
    expect(await refusal(await server.chat({ sessionId }))).toBe('503 overloaded');
    expect(await refusal(await server.resume({ sessionId, executionId, toolOutputs: {} }))).toBe(
      '503 overloaded',
    );
    expect((await server.chat({ sessionId: (await server.init()).sessionId })).status).toBe(200);
    await chat?.cancel();
    expect((await server.follow(sessionId, executionId)).status).toBe(200);
  });

  test('answers a server that holds an API key as often as it asks', async () => {
    server = await aServer({ model: () => says('Hello.') });
    for (let open = 0; open <= MAX_OPEN_STREAMS_PER_SESSION; open++) {
      expect((await server.dispatch({})).status).toBe(200);
    }
  });
});

describe('a server that comes back', () => {
  let ofAgent: readonly StreamEvent[];
  let executionId: string;
  let conversationId: string;
  const follow = (query: Record<string, string>, agentId = 'store', key = API_KEY, id = executionId) =>
    server.request(
      `/v1/agents/${encodeURIComponent(agentId)}/executions/${encodeURIComponent(id)}/events?${new URLSearchParams(query)}`,
      { headers: { authorization: `Bearer ${key}` } },
    );
  const begin = async () => {
    server = await aServer();
    ofAgent = await eventsOf(await server.dispatch({}));
    executionId = ofAgent[0]?.executionId ?? '';
    const [start] = ofAgent;
    conversationId = start?.type === 'execution_start' ? (start.conversationId ?? '') : '';
  };

  test('gets the events after any position', async () => {
    await begin();
    for (const after of [0, 1, 3, ofAgent.length]) {
      expect(await eventsOf(await follow({ conversationId, after: `${after}` }))).toEqual(
        ofAgent.slice(after),
      );
    }
    expect(await eventsOf(await follow({ conversationId }))).toEqual(ofAgent);
  });

  test('must name what belongs together', async () => {
    await begin();
    expect(await refusal(await follow({}))).toBe('400 invalid_request');
    const others = [
      await follow({ conversationId: 'conv_other' }),
      await follow({ conversationId }, 'other'),
      await follow({ conversationId }, 'inline'),
      await follow({ conversationId }, 'store', OTHER_API_KEY),
      await follow({ conversationId }, 'store', API_KEY, 'exec_unknown'),
    ];
    const bodies = await Promise.all(others.map((response) => response.json() as Promise<{ hint: string }>));
    expect(others.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect(new Set(bodies.map(({ hint }) => hint)).size).toBe(1);
  });

  test('cannot read what a browser started', async () => {
    await begin();
    const { sessionId, conversationId: theirs } = await server.init();
    const [start] = await eventsOf(await server.chat({ sessionId }));
    const response = await follow({ conversationId: theirs }, 'store', API_KEY, start?.executionId);
    expect(await refusal(response)).toBe('404 execution_not_found');
  });

  test('needs its key, and a cursor of the log', async () => {
    await begin();
    expect(await refusal(await follow({ conversationId }, 'store', 'sk_test_wrong'))).toBe(
      '401 unauthorized',
    );
    for (const after of ['-1', 'x', '999']) {
      expect(await refusal(await follow({ conversationId, after }))).toBe('400 invalid_cursor');
    }
  });
});
