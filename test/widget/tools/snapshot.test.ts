import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  MAX_CLIENT_TOOLS,
  MAX_CLIENT_TOOLS_BYTES,
  MAX_FINGERPRINT_CHARS,
  MAX_TOOL_DESCRIPTION_CHARS,
  MAX_TOOL_SCHEMA_BYTES,
  MAX_TOOL_SCHEMA_DEPTH,
} from '../../../protocol/limits.ts';
import { ClientTool } from '../../../protocol/tool.ts';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import { hasNative, put, spy, type TestTool } from './hosts.ts';

/** What the page of a test lists, exactly as it stands here. */
let listed: Record<string, unknown>[] = [];

beforeEach(() => {
  listed = [];
  put(document, 'modelContext', {
    getTools: async () => listed,
    executeTool: async () => {
      throw new TypeError('The input is not an object');
    },
  });
});

afterEach(() => {
  Reflect.deleteProperty(document, 'modelContext');
});

function list(...tools: (Partial<TestTool> & Record<string, unknown>)[]): void {
  listed = tools.map((tool) => ({ description: 'Does it.', window, origin: location.origin, ...tool }));
}

function snapshot() {
  return createPageTools().snapshot();
}

async function reasons() {
  return (await snapshot()).refused.map(({ name, reason }) => `${name}: ${reason}`);
}

function nested(levels: number): object {
  return levels === 1 ? {} : { not: nested(levels - 1) };
}

describe('what is offered', () => {
  test('has the form of the wire, without the handle', async () => {
    list({
      name: 'a',
      inputSchema: { properties: {} },
      annotations: { readOnlyHint: true, debugging: true },
    });
    const { clientTools, tools } = await snapshot();
    expect(clientTools).toEqual([
      {
        name: 'a',
        description: 'Does it.',
        parametersSchema: { type: 'object', properties: {} },
        origin: 'webmcp',
        pageOrigin: location.origin,
        annotations: { readOnlyHint: true },
      },
    ]);
    expect(clientTools.map((tool) => ClientTool.parse(tool))).toEqual(clientTools);
    expect(structuredClone([...tools.values()])).toEqual([...tools.values()]);
  });

  test('is one set whatever the order in which the page lists it', async () => {
    list({ name: 'a' }, { name: 'b' });
    const before = await snapshot();
    list({ name: 'b' }, { name: 'a' });
    expect(await snapshot()).toEqual(before);
    expect(before.fingerprint.length).toBeLessThanOrEqual(MAX_FINGERPRINT_CHARS);
    expect(before.fingerprint).toMatch(/^2:/);
  });

  test.each([
    ['name', { name: 'b' }],
    ['title', { title: 'Other' }],
    ['description', { description: 'Does something else.' }],
    ['schema', { inputSchema: { type: 'object', required: ['a'] } }],
    ['annotations', { annotations: { readOnlyHint: true } }],
    ['origin', { origin: 'https://other.example' }],
  ])('has another fingerprint when its %s changes', async (_, change) => {
    list({ name: 'a' });
    const before = await snapshot();
    list({ name: 'a', ...change });
    const after = await snapshot();
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect([...after.tools.values()][0]?.fingerprint).not.toBe(before.tools.get('a')?.fingerprint);
  });

  test('survives names that are properties of every object', async () => {
    list({ name: '__proto__' }, { name: 'constructor' }, { name: 'toString' });
    expect([...(await snapshot()).tools.keys()]).toEqual(['__proto__', 'constructor', 'toString']);
  });

  test('keeps a property of the schema that is called __proto__', async () => {
    list({ name: 'a', inputSchema: JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') });
    expect(JSON.stringify((await snapshot()).clientTools[0]?.parametersSchema)).toContain(
      '"__proto__":{"type":"string"}',
    );
  });

  test('reads a schema that is JSON', async () => {
    const json = '{"type":"object","required":["q"]}' as unknown as object;
    list({ name: 'a', inputSchema: json }, { name: 'b', inputSchema: '' as unknown as object });
    const { tools } = await snapshot();
    expect(tools.get('a')?.parametersSchema).toEqual({ type: 'object', required: ['q'] });
    expect(tools.get('b')?.parametersSchema).toBe(undefined);
  });
});

describe('hidden characters', () => {
  test.each([
    ['tag characters', 'pay\u{e0070}\u{e0061} me', 'pay me'],
    ['bidirectional overrides', '\u202eevil\u202c', 'evil'],
    ['direction marks', 'a\u200fb\u061c', 'ab'],
    ['zero-width spaces', 'a\u200bb\ufeffc\u2060', 'abc'],
    ['control characters', 'a\u0000b\u001b[31m\u0085', 'ab[31m'],
    ['soft hyphens', 'a\u00adb', 'ab'],
    ['joiners between plain letters', 'pay\u200dment\u200c', 'payment'],
    ['variation selectors that hide data', 'a\ufe01\u{e0100}b\ufe0f', 'ab'],
    ['half a surrogate pair', 'a\ud800b', 'ab'],
    ['line separators', 'a\u2028b', 'ab'],
  ])('%s are taken out', async (_, hidden, shown) => {
    list({
      name: 'a',
      title: hidden,
      description: hidden,
      inputSchema: { properties: { q: { description: hidden } } },
    });
    expect((await snapshot()).tools.get('a')).toMatchObject({
      title: shown,
      description: shown,
      parametersSchema: { properties: { q: { description: shown } } },
    });
  });

  test.each([
    ['line breaks and tabs', 'one\n\ttwo\r\nthree'],
    ['Persian', 'می\u200cروم'],
    ['Hindi', 'क्\u200dष'],
    ['emoji', '👩\u200d💻 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 👍🏽'],
    ['accents', 'e\u0301 ﬁ ß Ж'],
  ])('%s stay', async (_, description) => {
    list({ name: 'a', description });
    expect((await snapshot()).tools.get('a')?.description).toBe(description);
  });

  test.each([
    ['the name of a property', { properties: { 'q\u200b': {} } }],
    ['a value that is compared', { properties: { q: { enum: ['a\u{e0041}'] } } }],
    ['a constant', { properties: { q: { const: 'a\u202e' } } }],
  ])('in %s refuse the tool, because the tool compares letter by letter', async (_, inputSchema) => {
    list({ name: 'a', inputSchema });
    expect(await reasons()).toEqual(['a: invalid_schema']);
  });
});

describe('what is kept back, with a reason for its author', () => {
  test.each([
    ['a name with a space', { name: 'a b' }, 'a b: invalid_name'],
    ['a name that is no text', { name: 7 as unknown as string }, ': invalid_name'],
    ['a name with a colon', { name: 'webmcp:a' }, 'webmcp:a: invalid_name'],
    ['a schema of a list', { name: 'a', inputSchema: { type: 'array' } }, 'a: invalid_schema'],
    ['a list for a schema', { name: 'a', inputSchema: [] }, 'a: invalid_schema'],
    ['broken JSON for a schema', { name: 'a', inputSchema: '{' as unknown as object }, 'a: invalid_schema'],
    ['a schema without a JSON form', { name: 'a', inputSchema: () => 1 }, 'a: invalid_schema'],
    [
      'a schema too deep',
      { name: 'a', inputSchema: nested(MAX_TOOL_SCHEMA_DEPTH + 1) },
      'a: schema_too_deep',
    ],
    ['a schema very much too deep', { name: 'a', inputSchema: nested(1_500) }, 'a: schema_too_deep'],
  ])('%s', async (_, tool, refusal) => {
    list(tool);
    expect(await reasons()).toEqual([refusal]);
    expect((await snapshot()).refused[0]?.message).toMatch(/^[A-Z].{20,}/);
  });

  test('a tool whose fields throw when they are read', async () => {
    list({ name: 'good' });
    listed.push({
      name: 'bad',
      get description(): string {
        throw new Error('no');
      },
    });
    listed.push({
      get name(): string {
        throw new Error('no');
      },
    });
    const { tools, refused } = await snapshot();
    expect([...tools.keys()]).toEqual(['good']);
    expect(refused).toHaveLength(2);
  });

  test('a schema over its limit, and not one at it', async () => {
    const around = JSON.stringify({ type: 'object', description: '' }).length;
    const schema = (bytes: number) => ({
      type: 'object',
      description: `${'é'.repeat((bytes - around) / 2)}`,
    });
    list(
      { name: 'at', inputSchema: schema(MAX_TOOL_SCHEMA_BYTES) },
      { name: 'over', inputSchema: schema(MAX_TOOL_SCHEMA_BYTES + 2) },
    );
    expect(await reasons()).toEqual(['over: schema_too_large']);
    list({ name: 'deep', inputSchema: nested(MAX_TOOL_SCHEMA_DEPTH) });
    expect(await reasons()).toEqual([]);
  });

  test('a description over its limit is cut with a mark, never through a pair', async () => {
    list({ name: 'a', description: '😀'.repeat(MAX_TOOL_DESCRIPTION_CHARS), title: 't'.repeat(500) });
    const tool = (await snapshot()).tools.get('a');
    expect(tool?.description.length).toBeLessThanOrEqual(MAX_TOOL_DESCRIPTION_CHARS);
    expect(tool?.description).toMatch(/^(?:😀)+ … \[cut\]$/u);
    expect(tool?.title).toHaveLength(100);
  });

  test('the tools after the fiftieth name', async () => {
    const names = Array.from(
      { length: MAX_CLIENT_TOOLS + 2 },
      (_, index) => `t${String(index).padStart(3, '0')}`,
    );
    list(...names.map((name) => ({ name })));
    const { clientTools } = await snapshot();
    expect(clientTools.map(({ name }) => name)).toEqual(names.slice(0, MAX_CLIENT_TOOLS));
    expect(await reasons()).toEqual(['t050: too_many_tools', 't051: too_many_tools']);
  });

  test('the tools that no longer fit into the bytes of a turn, while smaller ones still do', async () => {
    const description = 'é'.repeat(MAX_TOOL_DESCRIPTION_CHARS);
    const names = Array.from({ length: 20 }, (_, index) => `t${String(index).padStart(2, '0')}`);
    list(...names.map((name) => ({ name, description })), { name: 'z' });
    const { clientTools, refused } = await snapshot();
    expect(new TextEncoder().encode(JSON.stringify(clientTools)).length).toBeLessThanOrEqual(
      MAX_CLIENT_TOOLS_BYTES,
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason === 'too_many_bytes')).toBe(true);
    expect(clientTools.at(-1)?.name).toBe('z');
  });

  test('tools of frames, and nothing of ours because of them', async () => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    list(
      { name: 'both', description: 'Ours.' },
      { name: 'both', window: frame.contentWindow },
      { name: 'theirs', window: frame.contentWindow },
    );
    const { tools } = await snapshot();
    expect([...tools.values()].map(({ name, description }) => `${name} ${description}`)).toEqual([
      'both Ours.',
    ]);
    expect(await reasons()).toEqual(['both: duplicate_name', 'theirs: other_frame']);
    frame.remove();
  });

  test('two tools of one name in one window, both', async () => {
    list({ name: 'a' }, { name: 'a', description: 'Other.' });
    expect(await reasons()).toEqual(['a: duplicate_name', 'a: duplicate_name']);
    expect((await snapshot()).tools.size).toBe(0);
  });

  test.skipIf(hasNative)('a form of another implementation that asks for a password', async () => {
    const form = document.body.appendChild(document.createElement('form'));
    form.setAttribute('toolname', 'login');
    const input = form.appendChild(document.createElement('input'));
    Object.assign(input, { type: 'password', name: 'pw' });
    list(
      { name: 'login' },
      { name: 'login2', inputSchema: { type: 'object', properties: { password: {} }, required: [] } },
    );
    expect(await reasons()).toEqual(['login: sensitive_form']);
    form.remove();
  });
});

describe('a page without tools', () => {
  test.each([
    ['forbids them', () => Promise.reject(new DOMException('Not allowed', 'NotAllowedError'))],
    ['fails to list them', () => Promise.reject(new Error('boom'))],
    ['lists no list', () => Promise.resolve('tools')],
    ['lists nothing that is an object', () => Promise.resolve([null, 1, 'a'])],
  ])('%s, and nothing is said', async (_, getTools) => {
    put(document, 'modelContext', { getTools, executeTool: spy() });
    expect(await snapshot()).toMatchObject({ clientTools: [], refused: [] });
  });

  test('throws as it lists them, and nothing is said', async () => {
    const getTools = () => {
      throw new Error('boom');
    };
    put(document, 'modelContext', { getTools, executeTool: spy() });
    expect((await snapshot()).tools.size).toBe(0);
  });

  test('never answers, and the turn goes on', async () => {
    vi.useFakeTimers();
    put(document, 'modelContext', { getTools: () => new Promise(() => undefined), executeTool: spy() });
    const reading = snapshot();
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await reading).tools.size).toBe(0);
    vi.useRealTimers();
  });

  test('has no implementation that lists and runs', async () => {
    put(document, 'modelContext', { registerTool: spy() });
    const tools = createPageTools();
    expect(tools.implementation()).toBe('none');
    expect((await tools.snapshot()).tools.size).toBe(0);
  });
});
