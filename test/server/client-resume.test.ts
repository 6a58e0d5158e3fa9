import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import {
  aServer,
  callsEachTool,
  eventsOf,
  OTHER_ORIGIN,
  OTHER_TOKEN,
  refusal,
  SEARCH_TOOL,
  STORE_ORIGIN,
  type TestServer,
} from '../support/server.ts';

const CART_TOOL = { ...SEARCH_TOOL, name: 'get_cart', description: 'Reads the cart.' };
const DAY_MS = 24 * 60 * 60_000;

const awaits = (events: readonly StreamEvent[]) =>
  events.filter((event): event is EventOf<'await'> => event.type === 'await');
const content = (text: string) => ({ content: [{ type: 'text', text }] });

describe('a turn that waits for the page', () => {
  let server: TestServer;
  let sessionId: string;
  beforeEach(async () => {
    server = await aServer({ model: callsEachTool });
    ({ sessionId } = await server.init());
  });
  afterEach(() => server.close());

  const pause = async (...tools: readonly object[]) => {
    const events = await eventsOf(await server.chat({ sessionId, clientTools: tools }));
    const [first] = awaits(events);
    return { events, executionId: first?.executionId ?? '', pending: awaits(events) };
  };
  const outputs = (pending: readonly EventOf<'await'>[]) =>
    Object.fromEntries(pending.map(({ toolCallId = '', toolName = '' }) => [toolCallId, content(toolName)]));

  test('names the tool bare, with its origin, its call and its arguments, and ends without an end [R2-26, R2x-4]', async () => {
    const { events, pending } = await pause(SEARCH_TOOL);
    expect(pending).toMatchObject([
      {
        toolName: 'search_products',
        origin: 'webmcp',
        toolCallId: expect.any(String),
        executionId: events[0]?.executionId,
        parameters: {},
        pageOrigin: STORE_ORIGIN,
      },
    ]);
    expect(events.at(-1)?.type).toBe('await');
    const types = events.map(({ type }) => type);
    expect(types).not.toContain('turn_complete');
    expect(types).not.toContain('execution_complete');
  });

  test('goes on in the same execution, with the next iteration and without a second start [R2-42, R2-47]', async () => {
    const { events, executionId, pending } = await pause(SEARCH_TOOL);
    const rest = await eventsOf(
      await server.resume({ sessionId, executionId, toolOutputs: outputs(pending) }),
    );
    expect(rest.map(({ type }) => type)).not.toContain('execution_start');
    expect(rest.find(({ type }) => type === 'turn_start')).toMatchObject({ iteration: 2 });
    expect(rest.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
    expect([...events, ...rest].map(({ seq }) => seq)).toEqual(
      [...events, ...rest].map((_, index) => index + 1),
    );
    expect(new Set([...events, ...rest].map((event) => event.executionId)).size).toBe(1);
    expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({
      role: 'tool',
      results: [{ text: expect.stringContaining('search_products'), isError: false, untrusted: true }],
    });
  });

  test.each([
    ['the id of the call', (call: EventOf<'await'>) => ({ [call.toolCallId ?? '']: content('ok') })],
    ['the prefixed name', () => ({ 'webmcp:search_products': content('ok') })],
    ['the bare name', () => ({ search_products: content('ok') })],
    ['the bare name, with a raw string', () => ({ search_products: 'ok' })],
    ['the bare name, with any JSON', () => ({ search_products: { result: ['ok'] } })],
  ])('takes its output by %s', async (_, toolOutputs) => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    const call = pending[0] as EventOf<'await'>;
    const rest = await eventsOf(
      await server.resume({ sessionId, executionId, toolOutputs: toolOutputs(call) }),
    );
    expect(rest.at(-1)).toMatchObject({ type: 'execution_complete' });
    expect(JSON.stringify(server.asked.at(-1)?.messages.at(-1))).toContain('ok');
  });

  test('keeps what is still missing when some outputs come, and asks for it again', async () => {
    const { executionId, pending } = await pause(SEARCH_TOOL, CART_TOOL);
    expect(pending).toHaveLength(2);
    const [first, second] = pending;
    const rest = await eventsOf(
      await server.resume({ sessionId, executionId, toolOutputs: outputs(pending.slice(0, 1)) }),
    );
    expect(awaits(rest)).toMatchObject([{ toolCallId: second?.toolCallId }]);
    expect(rest.at(-1)?.type).toBe('await');
    const end = await eventsOf(
      await server.resume({ sessionId, executionId, toolOutputs: outputs(pending.slice(1)) }),
    );
    expect(end.at(-1)?.type).toBe('execution_complete');
    expect(server.asked.at(-1)?.messages.at(-1)).toMatchObject({
      results: [{ toolCallId: first?.toolCallId }, { toolCallId: second?.toolCallId }],
    });
  });

  test('answers the same outputs with the same events, and refuses other ones', async () => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    const toolOutputs = outputs(pending);
    const once = await eventsOf(await server.resume({ sessionId, executionId, toolOutputs }));
    expect(await eventsOf(await server.resume({ sessionId, executionId, toolOutputs }))).toEqual(once);
    const changed = { [pending[0]?.toolCallId ?? '']: content('another') };
    expect(await refusal(await server.resume({ sessionId, executionId, toolOutputs: changed }))).toBe(
      '409 already_resolved',
    );
    expect(server.asked).toHaveLength(2);
  });

  test.each([
    ['an output for no call', { toolOutputs: { call_none: 'x' } }, '400 unknown_tool_output'],
    ['no outputs', { toolOutputs: {} }, '400 invalid_request'],
    ['outputs that are a list', { toolOutputs: ['x'] }, '400 invalid_request'],
    ['no execution', { executionId: undefined }, '400 invalid_request'],
    ['an execution that never was', { executionId: 'exec_none' }, '404 execution_not_found'],
    ['a session that never was', { sessionId: 'cs_none' }, '401 session_expired'],
  ])('refuses %s', async (_, body, expected) => {
    const { executionId } = await pause(SEARCH_TOOL);
    const whole = { sessionId, executionId, toolOutputs: { search_products: 'x' }, ...body };
    expect(await refusal(await server.resume(whole))).toBe(expected);
  });

  test('refuses a name that two pending calls share [R2-45]', async () => {
    const twice = await aServer({
      *model({ messages }) {
        if (messages.at(-1)?.role === 'tool') {
          yield { type: 'finish', reason: 'end_turn' };
          return;
        }
        for (const toolCallId of ['call_a', 'call_b']) {
          yield { type: 'tool_call', call: { toolCallId, name: 'webmcp__search_products', input: {} } };
        }
        yield { type: 'finish', reason: 'tool_calls' };
      },
    });
    const session = await twice.init();
    const events = await eventsOf(
      await twice.chat({ sessionId: session.sessionId, clientTools: [SEARCH_TOOL] }),
    );
    const body = { sessionId: session.sessionId, executionId: awaits(events)[0]?.executionId };
    expect(awaits(events)).toHaveLength(2);
    expect(await refusal(await twice.resume({ ...body, toolOutputs: { search_products: 'x' } }))).toBe(
      '400 ambiguous_tool_output',
    );
    await twice.close();
  });

  test('belongs to the conversation and not to the session that began it [R2-44, R2x-16]', async () => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    server.advance(2 * 60 * 60_000);
    const body = { executionId, toolOutputs: outputs(pending) };
    expect(await refusal(await server.resume({ sessionId, ...body }))).toBe('401 session_expired');
    const renewed = await server.init({ sessionId });
    const rest = await eventsOf(await server.resume({ sessionId: renewed.sessionId, ...body }));
    expect(rest.at(-1)?.type).toBe('execution_complete');
  });

  test.each([
    ['another conversation of the same site', async () => (await server.init()).sessionId, STORE_ORIGIN],
    [
      'a session of another token',
      async () => (await server.init({ token: OTHER_TOKEN }, OTHER_ORIGIN)).sessionId,
      OTHER_ORIGIN,
    ],
    [
      'a session of another token on the same site',
      async () => (await server.init({ token: OTHER_TOKEN }, STORE_ORIGIN)).sessionId,
      STORE_ORIGIN,
    ],
  ])('cannot be seen from %s', async (_, theirs, origin) => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    const body = { sessionId: await theirs(), executionId, toolOutputs: outputs(pending) };
    expect(await refusal(await server.resume(body, origin))).toBe('404 execution_not_found');
  });

  test('cannot be seen with an API key', async () => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    expect(await refusal(await server.dispatch({ executionId, toolOutputs: outputs(pending) }))).toBe(
      '404 execution_not_found',
    );
  });

  test.each(['http://localhost:3000', OTHER_ORIGIN, 'null', 'https://store.example.com.evil.io'])(
    'cannot be resumed from %s',
    async (origin) => {
      const { executionId, pending } = await pause(SEARCH_TOOL);
      const body = { sessionId, executionId, toolOutputs: outputs(pending) };
      expect(await refusal(await server.resume(body, origin))).toBe('403 origin_not_allowed');
    },
  );

  test('expires after a day', async () => {
    const { executionId, pending } = await pause(SEARCH_TOOL);
    server.advance(DAY_MS + 1);
    const renewed = await server.init({ sessionId });
    const body = { sessionId: renewed.sessionId, executionId, toolOutputs: outputs(pending) };
    expect(await refusal(await server.resume(body))).toBe('410 execution_expired');
  });

  test('is overtaken by a new message, and its calls get results that say so', async () => {
    const { pending } = await pause(SEARCH_TOOL);
    await eventsOf(
      await server.chat({
        sessionId,
        messages: [
          { id: 'usr_1', role: 'user', content: 'Hello' },
          { id: 'usr_2', role: 'user', content: 'Never mind' },
        ],
      }),
    );
    const told = server.asked.at(-1)?.messages ?? [];
    expect(told.find(({ role }) => role === 'tool')).toMatchObject({
      results: [{ toolCallId: pending[0]?.toolCallId, isError: true }],
    });
  });
});
