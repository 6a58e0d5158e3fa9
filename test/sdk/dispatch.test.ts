import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { PagehandConnectionError, PagehandTimeoutError } from '../../server/sdk/index.ts';
import {
  aServer,
  calls,
  callsEachTool,
  says,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';
import { aClient, all, carrierTo, failureOf } from './a-client.ts';

let server: TestServer;
afterEach(() => server.close());

async function started(options: TestServerOptions = {}) {
  server = await aServer(options);
  return aClient(server);
}

const HELLO = { agent: { id: 'store' }, messages: [{ role: 'user' as const, content: 'Hello' }] };
const CLOCK = { name: 'get_time', description: 'Tells the time.', origin: 'sdk' as const };

describe('a dispatch', () => {
  test('gives its events as they come, and its result at the end [R2-02]', async () => {
    const client = await started();
    const stream = client.dispatch(HELLO);
    const types = (await all(stream)).map(({ type }) => type);
    expect(types[0]).toBe('execution_start');
    expect(types.at(-1)).toBe('execution_complete');
    expect(await stream.result()).toMatchObject({
      executionId: stream.executionId,
      conversationId: stream.conversationId,
      status: 'complete',
      output: 'Hello.',
      stopReason: 'end_turn',
      tokens: { input: 3, output: 2 },
    });
    expect(stream.conversationId).toMatch(/^conv_/);
  });

  test('may be awaited before it is read; one whose loop was left has no result', async () => {
    const client = await started();
    const stream = await client.dispatch(HELLO);
    for await (const event of stream) if (event.type === 'text_delta') break;
    const failure = await failureOf(stream.result());
    expect(failure).toBeInstanceOf(PagehandConnectionError);
    expect(failure.message).toContain('left before its end');
    expect(await (await client.dispatch(HELLO)).result()).toMatchObject({ output: 'Hello.' });
  });

  test('with streamResponse false is one answer', async () => {
    const client = await started();
    const answer = await client.dispatch({ ...HELLO, streamResponse: false });
    expect(answer).toMatchObject({ status: 'complete', output: 'Hello.' });
  });

  test('pauses for a tool of its caller and goes on with the output, by call [R2-26, R2-45]', async () => {
    const client = await started({ model: callsEachTool });
    const paused = await client.dispatch({ ...HELLO, clientTools: [CLOCK] }).result();
    expect(paused).toMatchObject({ status: 'awaiting', awaiting: [{ toolName: 'get_time', origin: 'sdk' }] });
    const [call] = paused.awaiting;
    const toolCallId = call?.type === 'await' ? (call.toolCallId ?? '') : '';
    const { executionId } = paused;
    const whole = await client.resume({ executionId, toolOutputs: { [toolCallId]: 'ten' } }).result();
    expect(whole).toMatchObject({ executionId, status: 'complete', output: 'Done: ten' });
  });

  test('with several calls of one tool takes each one\u2019s own output [R2-45]', async () => {
    let turn = 0;
    const client = await started({
      model: () => {
        turn += 1;
        return turn === 1
          ? calls({ name: 'get_time', id: 'a' }, { name: 'get_time', id: 'b' })
          : says('Both.');
      },
    });
    const paused = await client.dispatch({ ...HELLO, clientTools: [CLOCK] }).result();
    const ids = paused.awaiting.map((event) => (event.type === 'await' ? event.toolCallId : ''));
    expect(new Set(ids).size).toBe(2);
    const toolOutputs = Object.fromEntries(ids.map((id, index) => [id, index]));
    const rest = await client.resume({ executionId: paused.executionId, toolOutputs, streamResponse: false });
    expect(rest).toMatchObject({ status: 'complete', output: 'Both.' });
  });

  test('goes on after its end, in the same conversation [R2x-9]', async () => {
    const client = await started({ model: ({ messages }) => says(`Turn of ${messages.length} messages.`) });
    const first = await client.dispatch(HELLO).result();
    const messages = [{ role: 'user' as const, content: 'And now?' }];
    const { executionId } = first;
    const second = await client.continue({ executionId, continuation: { messages } }).result();
    expect(second).toMatchObject({ conversationId: first.conversationId, output: 'Turn of 3 messages.' });
  });

  test('that is refused says why, with the code of the server [R2-40]', async () => {
    const client = await started();
    const failure = await failureOf(client.dispatch({ ...HELLO, agent: { id: 'nobody' } }).result());
    expect(failure).toMatchObject({ code: 'agent_not_found', status: 404 });
    expect(failure.hint).toContain('store');
    expect(failure.requestId).toMatch(/^req_/);
    const stranger = aClient(server, { apiKey: 'sk_test_wrong_key' });
    const unauthorized = await failureOf(stranger.dispatch({ ...HELLO, streamResponse: false }));
    expect(unauthorized).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  test('whose execution fails throws nothing and says so', async () => {
    const client = await started({
      model: () => {
        throw new Error('The model is out.');
      },
    });
    expect(await client.dispatch(HELLO).result()).toMatchObject({
      status: 'failed',
      error: { code: 'internal' },
    });
  });
});

describe('a stream that breaks off', () => {
  /** Cuts the body of each answer after so many bytes, as often as it is told. */
  function cutting(times: number, bytes: number) {
    const carry = carrierTo(server);
    const keys: (string | null)[] = [];
    let left = times;
    const fetch: typeof carry = async (url, init) => {
      keys.push(new Headers(init.headers).get('idempotency-key'));
      const answer = await carry(url, init);
      if (left <= 0 || answer.body === null) return answer;
      left -= 1;
      return new Response(answer.body.pipeThrough(cut(bytes)), answer);
    };
    return { fetch, keys };
  }

  function cut(bytes: number) {
    let left = bytes;
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const piece = chunk.subarray(0, left);
        left -= piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (left === 0) controller.error(new Error('The line is cut.'));
      },
    });
  }

  /** The line stays open, and nothing comes any more. */
  function cutQuietly(bytes: number) {
    let left = bytes;
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left = Math.max(0, left - chunk.length);
      },
      flush: () => new Promise(() => undefined),
    });
  }

  function* manyWords() {
    for (let word = 0; word < 40; word += 1) yield { type: 'text', delta: `word${word} ` } as const;
    yield { type: 'finish', reason: 'end_turn' } as const;
  }

  test.each([100, 333, 500, 700])('after %i bytes is taken up where it broke, once', async (bytes) => {
    await started({ model: () => manyWords() });
    const { fetch, keys } = cutting(2, bytes);
    const events = await all(aClient(server, { fetch }).dispatch(HELLO));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.type).toBe('execution_complete');
    expect(server.asked).toHaveLength(1);
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(3);
  });

  test('by falling silent is taken up again', async () => {
    await started();
    const carry = carrierTo(server);
    let asked = 0;
    const fetch: typeof carry = async (url, init) => {
      asked += 1;
      if (asked > 1) return await carry(url, init);
      const body = (await carry(url, init)).body?.pipeThrough(cutQuietly(200));
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const events = await all(aClient(server, { fetch, timeoutMs: 500 }).dispatch(HELLO));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect([asked, server.asked.length]).toEqual([2, 1]);
  });

  test('for good is lost in the end, and says how to read on', async () => {
    await started();
    const { fetch } = cutting(Number.POSITIVE_INFINITY, 10);
    const failure = await failureOf(aClient(server, { fetch }).dispatch(HELLO).result());
    expect(failure).toBeInstanceOf(PagehandConnectionError);
    expect(failure.code).toBe('unreachable');
    expect(failure.hint).toContain('idempotency key');
  });
});

describe('a server that cannot answer now', () => {
  function answering(...answers: (() => Response | Promise<Response>)[]) {
    const carry = carrierTo(server);
    let asked = 0;
    const fetch: typeof carry = async (url, init) => {
      const answer = answers[asked];
      asked += 1;
      return answer === undefined ? await carry(url, init) : await answer();
    };
    return { fetch, asked: () => asked };
  }
  const busy = (code: string, status: number, retryAfter?: string) => () =>
    Response.json(
      { error: 'x', code, message: 'Not now.', requestId: 'req_1' },
      { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } },
    );

  test('is asked again when it says so', async () => {
    await started();
    const { fetch, asked } = answering(busy('rate_limited', 429, '0'), busy('shutting_down', 503, '0'));
    expect(await aClient(server, { fetch }).dispatch(HELLO).result()).toMatchObject({ output: 'Hello.' });
    expect(asked()).toBe(3);
  });

  test('is not asked again when it asks for too long a wait, or when waiting does not help', async () => {
    await started();
    const patient = answering(busy('rate_limited', 429, '3600'));
    const failure = await failureOf(aClient(server, patient).dispatch(HELLO).result());
    expect(failure).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_600_000 });
    expect(patient.asked()).toBe(1);
    const never = answering(busy('secrets_unavailable', 503));
    expect(await failureOf(aClient(server, never).dispatch(HELLO).result())).toMatchObject({ status: 503 });
    expect(never.asked()).toBe(1);
  });

  test('is asked again under the same key when the line is cut', async () => {
    await started();
    const { fetch, asked } = answering(() => Promise.reject(new TypeError('fetch failed')));
    expect(await aClient(server, { fetch }).dispatch(HELLO).result()).toMatchObject({ output: 'Hello.' });
    expect(asked()).toBe(2);
  });

  test('and is none of ours is told apart', async () => {
    await started();
    const { fetch } = answering(() => new Response('<html>', { status: 502 }));
    const failure = await failureOf(aClient(server, { fetch }).dispatch(HELLO).result());
    expect(failure).toMatchObject({ code: 'unintelligible', status: 502 });
  });
});

describe('a caller that has waited enough', () => {
  async function* never() {
    yield { type: 'text', delta: 'Wait' } as const;
    await new Promise(() => undefined);
  }

  test('leaves by its own signal, with its own reason', async () => {
    const client = await started({ model: () => never() });
    const reason = new Error('Enough.');
    const leaving = new AbortController();
    const stream = client.dispatch(HELLO, { signal: leaving.signal });
    const reading = (async () => {
      for await (const event of stream) if (event.type === 'text_delta') leaving.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
  });

  test('leaves by its time limit', async () => {
    const client = await started({ model: () => never() });
    const failure = await failureOf(client.dispatch(HELLO, { timeoutMs: 300 }).result());
    expect(failure).toBeInstanceOf(PagehandTimeoutError);
    expect(failure.code).toBe('timed_out');
  });

  test('may leave the loop; the server goes on and does it once', async () => {
    const client = await started();
    const idempotencyKey = 'order-1';
    for await (const event of client.dispatch(HELLO, { idempotencyKey }))
      if (event.type === 'turn_start') break;
    expect(await client.dispatch(HELLO, { idempotencyKey }).result()).toMatchObject({ output: 'Hello.' });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a client', () => {
  const KEY = 'sk_test_do_not_print_this';

  test('shows its key in nothing that can be printed', async () => {
    await started();
    const client = aClient(server, { apiKey: KEY });
    const lost = aClient(server, { apiKey: KEY, fetch: () => Promise.reject(new Error('no line')) });
    const stream = client.dispatch(HELLO);
    const failures = [await failureOf(stream.result()), await failureOf(lost.tools.get('tool_1'))];
    for (const thing of [client, client.tools, stream, ...failures]) {
      expect(inspect(thing, { depth: 10, showHidden: true })).not.toContain(KEY);
      expect(JSON.stringify(thing)).not.toContain(KEY);
    }
  });

  test.each([undefined, '', '  ', `${KEY}\u00e9`, `${KEY}\nX-Other: 1`])(
    'is not made with the key %j',
    async (apiKey) => {
      await started();
      expect(() => aClient(server, { apiKey })).toThrowError(/API key/);
      expect(() => aClient(server, { apiKey })).not.toThrowError(KEY);
    },
  );

  test.each(['localhost:8787', 'ftp://x.example', 'https://user:pass@x.example', ''])(
    'is not made with the address %j',
    async (baseUrl) => {
      await started();
      expect(() => aClient(server, { baseUrl })).toThrowError('`baseUrl` is no address of a server.');
    },
  );

  test('reaches a server that is mounted under a path', async () => {
    await started();
    const urls: string[] = [];
    const fetch = async (url: string) => {
      urls.push(url);
      return Response.json({ data: [], nextCursor: null });
    };
    await aClient(server, { fetch, baseUrl: 'https://x.example/chat/' }).tools.list({ limit: 5 });
    expect(urls).toEqual(['https://x.example/chat/v1/tools?limit=5']);
  });

  test('hands its key to nobody whom a redirect leads to', async () => {
    await started();
    const fetch = async (_: string, init: RequestInit) => {
      expect(init.redirect).toBe('manual');
      return new Response(null, { status: 302, headers: { location: 'https://evil.example/' } });
    };
    const failure = await failureOf(aClient(server, { fetch }).tools.get('tool_1'));
    expect(failure).toMatchObject({ code: 'unintelligible', status: 302 });
  });
});
