import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MAX_TOOL_RESULT_CHARS } from '../../../protocol/limits.ts';
import { createPageTools, type PageToolsOptions } from '../../../widget/tools/create-page-tools.ts';
import type { PageCallOutcome, PageTools } from '../../../widget/tools/page-tools.ts';
import { gate, type Host, NOTHING, spy, type Traits } from './hosts.ts';

/** Hints make a tool one that Chromium's list tells from a form, so that its calls may overlap. */
const SCRIPT = { annotations: {} };
const COUNT = {
  inputSchema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
};

let host: Host;

/** What every implementation must give a chat. `install` puts one into the page. */
export function adapterSuite(name: string, install: () => Host, traits: Traits): void {
  describe(name, () => {
    beforeEach(() => {
      host = install();
    });
    afterEach(() => {
      host.remove();
    });
    offers(traits);
    refuses();
    runs(traits);
    returnsValues();
  });
}

function offers(traits: Traits): void {
  test('says which implementation it found', () => {
    expect(pageTools().implementation()).toBe(host.implementation);
  });

  test('offers tools that were registered before it and after it, in the order of their names', async () => {
    await host.register({
      name: 'late',
      title: 'Later',
      annotations: { readOnlyHint: true, consequentialHint: true },
      ...COUNT,
    });
    const tools = pageTools();
    await host.register({ name: 'early' });
    const { tools: offered, refused, clientTools } = await tools.snapshot();
    expect([...offered.keys()]).toEqual(['early', 'late']);
    expect(refused).toEqual([]);
    expect(offered.get('late')).toMatchObject({
      name: 'late',
      title: traits.listsTitle ? 'Later' : '',
      description: 'Does late.',
      parametersSchema: COUNT.inputSchema,
      annotations: Object.fromEntries(traits.listsAnnotations.map((hint) => [hint, true])),
      pageOrigin: location.origin,
    });
    expect(clientTools[0]).toEqual({
      name: 'early',
      description: 'Does early.',
      origin: 'webmcp',
      pageOrigin: location.origin,
    });
  });

  test('no longer offers a tool that was unregistered', async () => {
    const unregister = await host.register({ name: 'gone' });
    const tools = pageTools();
    expect((await tools.snapshot()).tools.size).toBe(1);
    unregister();
    expect((await tools.snapshot()).tools.size).toBe(0);
  });

  test('gives the same fingerprint for the same tools and another one for others', async () => {
    const unregister = await host.register({ name: 'a' });
    const tools = pageTools();
    const before = await tools.snapshot();
    expect((await tools.snapshot()).fingerprint).toBe(before.fingerprint);
    unregister();
    await host.register({ name: 'a', description: 'Does something else.' });
    expect((await tools.snapshot()).fingerprint).not.toBe(before.fingerprint);
  });

  test.runIf(traits.announcesChanges)('tells of many changes together, until nobody listens', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const listener = vi.fn();
    const stop = pageTools().onChange(listener);
    await Promise.all(names.map((name) => host.register({ name })));
    await vi.waitFor(() => expect(listener).toHaveBeenCalled());
    await pause();
    expect(listener.mock.calls.length).toBeLessThan(names.length);
    stop();
    listener.mockClear();
    await host.register({ name: 'f' });
    await pause();
    expect(listener).not.toHaveBeenCalled();
  });
}

function refuses(): void {
  test('does not run a tool that was not offered', async () => {
    const tools = pageTools();
    const offered = await tools.snapshot();
    const execute = spy();
    await host.register({ name: 'new', execute });
    expect(await run(tools, 'new', {}, { offered })).toMatchObject({
      status: 'refused',
      reason: 'not_offered',
    });
    expect(execute).not.toHaveBeenCalled();
  });

  test('does not run a tool that is gone', async () => {
    const unregister = await host.register({ name: 'gone' });
    const tools = pageTools();
    const offered = await tools.snapshot();
    unregister();
    const refusal = { status: 'refused', reason: 'gone', output: { isError: true } };
    expect(await tools.check({ toolCallId: 'x', name: 'gone', input: {} }, offered)).toMatchObject(refusal);
    expect(await run(tools, 'gone', {}, { offered })).toMatchObject(refusal);
  });

  test('does not run a tool that was replaced by another of its name', async () => {
    const [first, second] = [spy(), spy()];
    const unregister = await host.register({ name: 'pay', execute: first });
    const tools = pageTools();
    const offered = await tools.snapshot();
    unregister();
    await host.register({ name: 'pay', description: 'Pays somebody else.', execute: second });
    expect(await run(tools, 'pay', {}, { offered })).toMatchObject({ status: 'refused', reason: 'changed' });
    expect(first).not.toHaveBeenCalled();
    expect(second).not.toHaveBeenCalled();
  });

  test.each([
    ['that miss a property', {}, 'count'],
    ['of the wrong type', { count: 'two' }, 'count'],
    ['that are no object', [1], 'object'],
  ])('does not run a tool with arguments %s', async (_, input, word) => {
    const execute = spy();
    await host.register({ name: 'count', ...COUNT, execute });
    const outcome = await run(pageTools(), 'count', input);
    expect(outcome).toMatchObject({ status: 'refused', reason: 'invalid_arguments' });
    expect(words(outcome)).toContain(word);
    expect(execute).not.toHaveBeenCalled();
  });

  test('checks a good call without running it', async () => {
    const execute = spy();
    await host.register({ name: 'count', ...COUNT, execute });
    const tools = pageTools();
    const offered = await tools.snapshot();
    const checked = await tools.check({ toolCallId: 'x', name: 'count', input: { count: 2 } }, offered);
    expect(checked).toEqual({ tool: offered.tools.get('count') });
    expect(execute).not.toHaveBeenCalled();
  });

  test('runs one call id once, however often it is asked to, also after a reload', async () => {
    const execute = spy();
    await host.register({ name: 'once', execute });
    const tools = pageTools({ storageKey: 'ct_test_a' });
    const offered = await tools.snapshot();
    const call = { toolCallId: crypto.randomUUID(), name: 'once', input: {} };
    const signal = new AbortController().signal;
    const outcomes = await Promise.all([tools.run(call, offered, signal), tools.run(call, offered, signal)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['done', 'refused']);
    const repeated = { status: 'refused', reason: 'already_run' };
    expect(await tools.run(call, offered, signal)).toMatchObject(repeated);
    const reloaded = pageTools({ storageKey: 'ct_test_a' });
    expect(await reloaded.check(call, offered)).toMatchObject(repeated);
    expect(await reloaded.run(call, offered, signal)).toMatchObject(repeated);
    expect(execute).toHaveBeenCalledTimes(1);
    await pageTools({ storageKey: 'ct_test_b' }).run(call, offered, signal);
    expect(execute).toHaveBeenCalledTimes(2);
  });
}

function runs(traits: Traits): void {
  test('passes the arguments as an object', async () => {
    const execute = spy('fine');
    await host.register({ name: 'count', ...COUNT, execute });
    const outcome = await run(pageTools(), 'count', { count: 2 });
    expect(outcome).toEqual({
      status: 'done',
      output: { content: [{ type: 'text', text: 'fine' }] },
      durationMs: expect.any(Number),
    });
    expect(execute.mock.calls[0]?.[0]).toEqual({ count: 2 });
  });

  test('reports a tool that throws as a failure that the model can read', async () => {
    await host.register({
      name: 'broken',
      execute() {
        throw new Error('The shelf is empty.');
      },
    });
    const outcome = await run(pageTools(), 'broken', {});
    expect(outcome).toMatchObject({ status: 'failed', output: { isError: true } });
    expect(words(outcome)).toContain(
      traits.keepsThrownMessage ? 'The shelf is empty.' : 'The browser keeps the reason',
    );
  });

  test('stops waiting for a tool that does not answer in time', async () => {
    const stopped = gate();
    await host.register({
      name: 'hang',
      execute(_, options) {
        options?.signal?.addEventListener('abort', () => stopped.open());
        return new Promise(() => undefined);
      },
    });
    const outcome = await run(pageTools({ timeoutMs: 50 }), 'hang', {});
    expect(outcome).toMatchObject({ status: 'timed_out', output: { isError: true } });
    expect(words(outcome)).toContain('may still be running');
    if (traits.tellsToolToStop) await stopped.wait;
  });

  test('ends the wait at once when it is stopped', async () => {
    const started = gate();
    await host.register({
      name: 'hang',
      execute() {
        started.open();
        return new Promise(() => undefined);
      },
    });
    const stop = new AbortController();
    const running = run(pageTools(), 'hang', {}, { signal: stop.signal });
    await started.wait;
    stop.abort();
    expect(await running).toMatchObject({ status: 'cancelled', output: { isError: true } });
  });

  test('does not run a call that was stopped before it, and may run it later', async () => {
    const execute = spy();
    await host.register({ name: 'later', execute });
    const tools = pageTools();
    const offered = await tools.snapshot();
    const call = { toolCallId: crypto.randomUUID(), name: 'later', input: {} };
    expect(await tools.run(call, offered, AbortSignal.abort())).toMatchObject({ status: 'cancelled' });
    expect(execute).not.toHaveBeenCalled();
    expect(await tools.run(call, offered, new AbortController().signal)).toMatchObject({ status: 'done' });
  });

  test('runs two calls of one script tool side by side', async () => {
    const [both, release] = [gate(), gate()];
    let live = 0;
    await host.register({
      name: 'side',
      ...SCRIPT,
      ...COUNT,
      async execute(input) {
        live += 1;
        if (live === 2) both.open();
        await release.wait;
        return `done ${(input as { count: number }).count}`;
      },
    });
    const tools = pageTools();
    const runs = [run(tools, 'side', { count: 1 }), run(tools, 'side', { count: 2 })];
    await both.wait;
    release.open();
    expect((await Promise.all(runs)).map(words)).toEqual(['done 1', 'done 2']);
  });
}

function returnsValues(): void {
  const text = (value: string) => ({ type: 'text', text: value });
  const circle: Record<string, unknown> = {};
  circle.self = circle;

  test.each<[string, unknown, 'done' | 'failed', string]>([
    ['text', 'hello', 'done', 'hello'],
    ['empty text', '', 'done', NOTHING],
    ['nothing', undefined, 'done', NOTHING],
    ['null', null, 'done', NOTHING],
    ['a number', 42, 'done', '42'],
    ['false', false, 'done', 'false'],
    ['an object', { a: [1, 'b'] }, 'done', '{"a":[1,"b"]}'],
    ['a list', [1, 2], 'done', '[1,2]'],
    ['a map', new Map([[1, 2]]), 'done', '{}'],
    ['text that begins like JSON', '{ not JSON', 'done', '{ not JSON'],
    ['MCP text', { content: [text('one'), text('two')] }, 'done', 'one\ntwo'],
    ['an MCP error', { content: [text('no stock')], isError: true }, 'failed', 'no stock'],
    [
      'an MCP error without words',
      { content: [], isError: true },
      'failed',
      'The tool reported an error without a word.',
    ],
    ['structured content alone', { structuredContent: { n: 1 } }, 'done', '{"n":1}'],
    ['structured content with text', { content: [text('one')], structuredContent: { n: 1 } }, 'done', 'one'],
    [
      'an MCP image',
      { content: [{ type: 'image', mimeType: 'image/png', data: 'AAAA' }] },
      'done',
      '[image image/png]',
    ],
    [
      'an MCP resource',
      { content: [{ type: 'resource', resource: { uri: 'a:b', text: 'in it' } }] },
      'done',
      'in it',
    ],
    ['hidden characters alone', '\u200b\u2060', 'done', NOTHING],
    ['hidden characters', 'pay\u{e0041}\u202e me\u200b', 'done', 'pay me'],
  ])('reads %s', async (_, value, status, expected) => {
    await host.register({ name: 'give', execute: () => value });
    const outcome = await run(pageTools(), 'give', {});
    expect([outcome.status, words(outcome)]).toEqual([status, expected]);
  });

  test('cuts a result that is too long, with a mark', async () => {
    await host.register({ name: 'give', execute: () => 'é'.repeat(1_000_000) });
    const cut = words(await run(pageTools(), 'give', {}));
    expect(cut).toHaveLength(MAX_TOOL_RESULT_CHARS);
    expect(cut).toMatch(/é\n\[Cut here: the result is longer than 32000 characters.\]$/);
  });

  test('a value without a JSON form ends in words and not in silence', async () => {
    await host.register({ name: 'give', execute: () => circle });
    expect(words(await run(pageTools(), 'give', {}))).not.toBe('');
  });
}

function pageTools(options: PageToolsOptions = {}): PageTools {
  return createPageTools(options);
}

async function run(
  tools: PageTools,
  name: string,
  input: unknown,
  {
    offered,
    signal = new AbortController().signal,
  }: { offered?: Awaited<ReturnType<PageTools['snapshot']>>; signal?: AbortSignal } = {},
): Promise<PageCallOutcome> {
  return tools.run(
    { toolCallId: crypto.randomUUID(), name, input },
    offered ?? (await tools.snapshot()),
    signal,
  );
}

function words(outcome: PageCallOutcome): string {
  return outcome.output.content.map(({ text }) => text).join('|');
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}
