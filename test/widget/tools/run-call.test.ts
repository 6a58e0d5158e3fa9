import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import type { PageTools } from '../../../widget/tools/page-tools.ts';
import { put, spy } from './hosts.ts';

const execute = spy('done');
let inputSchema: object | undefined;

beforeEach(() => {
  inputSchema = undefined;
  execute.mockClear();
  const tools = () => [
    { name: 'tool', description: 'Does it.', inputSchema, window, origin: location.origin },
  ];
  put(document, 'modelContext', {
    getTools: async () => tools(),
    executeTool: async (tool: { name: string }, input: unknown) => {
      if (typeof input === 'string') throw new TypeError('The input is not an object');
      return tool.name === 'tool' ? execute(input) : undefined;
    },
  });
});

afterEach(() => {
  Reflect.deleteProperty(document, 'modelContext');
  vi.restoreAllMocks();
});

async function run(tools: PageTools, input: unknown = {}, toolCallId: string = crypto.randomUUID()) {
  return tools.run({ toolCallId, name: 'tool', input }, await tools.snapshot(), new AbortController().signal);
}

describe('arguments', () => {
  const properties = (property: object) => ({ type: 'object', properties: { q: property } });

  test.each<[string, object, unknown]>([
    [
      'a pattern, which the tool checks itself',
      properties({ type: 'string', pattern: '^(a+)+$' }),
      { q: `${'a'.repeat(40)}!` },
    ],
    ['a property that is called pattern', { ...properties({}), additionalProperties: false }, { q: 1 }],
    [
      'names by pattern, with nothing else allowed',
      { type: 'object', patternProperties: { '^(x+)+$': {} }, additionalProperties: false },
      { other: 1 },
    ],
    ['a reference that leads nowhere', properties({ $ref: 'https://example.com/schema.json' }), { q: 1 }],
    ['a reference to itself', { type: 'object', $ref: '#' }, {}],
    [
      'a format whose check takes exponential time',
      properties({ type: 'string', format: 'url' }),
      { q: `http://${'a'.repeat(60)}\u0001` },
    ],
    [
      'more values than a check has time for',
      properties({ items: { anyOf: Array.from({ length: 200 }, () => ({ type: 'string' })) } }),
      { q: Array.from({ length: 20_000 }, () => 0) },
    ],
    ['a type that is none', properties({ type: 42 }), { q: 1 }],
    [
      'a schema of an older draft',
      { $schema: 'http://json-schema.org/draft-07/schema#', ...properties({ items: [{}] }) },
      { q: [1] },
    ],
    [
      'references that multiply',
      {
        type: 'object',
        $ref: '#/$defs/a0',
        $defs: Object.fromEntries(
          Array.from({ length: 40 }, (_, level) => [
            `a${level}`,
            level === 39
              ? {}
              : { allOf: [{ $ref: `#/$defs/a${level + 1}` }, { $ref: `#/$defs/a${level + 1}` }] },
          ]),
        ),
      },
      {},
    ],
  ])('with %s do not stop a call', async (_, schema, input) => {
    inputSchema = schema;
    expect(await run(createPageTools(), input)).toMatchObject({ status: 'done' });
  });

  test.each<[string, object, unknown, string]>([
    ['a value outside an enum', properties({ enum: ['a', 'b'] }), { q: 'c' }, 'q:'],
    ['a property too many', { ...properties({}), additionalProperties: false }, { q: 1, more: 1 }, 'more'],
    [
      'a broken local reference',
      { ...properties({ $ref: '#/$defs/n' }), $defs: { n: { type: 'number' } } },
      { q: 'x' },
      'q:',
    ],
    ['a number too small', properties({ type: 'number', minimum: 1 }), { q: 0 }, 'q:'],
    ['text', {}, 'q', 'object'],
  ])('with %s stop it, with words', async (_, schema, input, word) => {
    inputSchema = schema;
    const outcome = await run(createPageTools(), input);
    expect(outcome).toMatchObject({
      status: 'refused',
      reason: 'invalid_arguments',
      output: { isError: true },
    });
    expect(outcome.output.content[0]?.text).toContain(word);
    expect(execute).not.toHaveBeenCalled();
  });

  test('that are not there are an empty object', async () => {
    await run(createPageTools(), undefined);
    expect(execute).toHaveBeenCalledWith({});
  });
});

describe('a call id', () => {
  const surface = () => ({ storageKey: crypto.randomUUID() });
  const twice = { status: 'refused', reason: 'already_run' };

  function blockDatabase() {
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
      throw new DOMException('Blocked', 'SecurityError');
    });
  }

  function blockWebStorage() {
    for (const name of ['localStorage', 'sessionStorage'] as const) {
      vi.spyOn(window, name, 'get').mockImplementation(() => {
        throw new DOMException('Blocked', 'SecurityError');
      });
    }
  }

  test('runs once in two tabs that come at the same time', async () => {
    const key = surface();
    const [one, other] = [createPageTools(key), createPageTools(key)];
    const outcomes = await Promise.all([run(one, {}, 'same'), run(other, {}, 'same')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['done', 'refused']);
    expect(execute).toHaveBeenCalledTimes(1);
  });

  test('runs once where there is no database, also in another tab', async () => {
    blockDatabase();
    const key = surface();
    expect(await run(createPageTools(key), {}, 'same')).toMatchObject({ status: 'done' });
    expect(await run(createPageTools(key), {}, 'same')).toMatchObject(twice);
    expect(execute).toHaveBeenCalledTimes(1);
  });

  test('runs once where every storage is blocked, as long as the page lasts', async () => {
    blockDatabase();
    blockWebStorage();
    const tools = createPageTools();
    expect(await run(tools, {}, 'same')).toMatchObject({ status: 'done' });
    expect(await run(tools, {}, 'same')).toMatchObject(twice);
    expect(execute).toHaveBeenCalledTimes(1);
  });

  test('is remembered before the tool runs, for a tool that takes the page away', async () => {
    const key = surface();
    const call = { toolCallId: 'leaving', name: 'tool', input: {} };
    const remembered: unknown[] = [];
    execute.mockImplementationOnce(async () => {
      const next = createPageTools(key);
      remembered.push(await next.check(call, await next.snapshot()));
    });
    await run(createPageTools(key), {}, 'leaving');
    expect(remembered).toEqual([expect.objectContaining(twice)]);
  });

  test.each(['{"not":"a list"}', 'not JSON'])(
    'survives what somebody else wrote in its place: %s',
    async (text) => {
      const key = surface();
      localStorage.setItem(`pagehand:started:${key.storageKey}`, text);
      expect(await run(createPageTools(key), {}, 'a')).toMatchObject({ status: 'done' });
    },
  );

  test('that was refused may be tried again', async () => {
    inputSchema = { type: 'object', required: ['q'] };
    const tools = createPageTools(surface());
    expect(await run(tools, {}, 'same')).toMatchObject({ reason: 'invalid_arguments' });
    expect(await run(tools, { q: 1 }, 'same')).toMatchObject({ status: 'done' });
  });

  test('counts as run when the tool was swapped while it was written down, and the other one does not run', async () => {
    const tools = createPageTools(surface());
    const offered = await tools.snapshot();
    const add = IDBObjectStore.prototype.add;
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(function (this: IDBObjectStore, ...given) {
      inputSchema = { type: 'object', title: 'another tool' };
      return add.apply(this, given);
    });
    const call = { toolCallId: 'swapped', name: 'tool', input: {} };
    const { signal } = new AbortController();
    expect(await tools.run(call, offered, signal)).toMatchObject({ reason: 'changed' });
    expect(execute).not.toHaveBeenCalled();
  });
});

test('an implementation that comes later is used at once', async () => {
  Reflect.deleteProperty(document, 'modelContext');
  const tools = createPageTools();
  const [first, second] = [spy('first'), spy('second')];
  for (const execute of [first, second]) {
    put(document, 'modelContext', {
      getTools: async () => [{ name: 'tool', description: 'd', window, origin: location.origin }],
      executeTool: async (tool: { name: string }, input: unknown) =>
        typeof input === 'string' ? Promise.reject(new TypeError('no')) : execute(tool),
    });
    await run(tools);
  }
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1, 1]);
});

describe('a page that answers with traps', () => {
  const trap = () => {
    throw new Error('trap');
  };
  const withTrap = (key: string) => Object.defineProperty({}, key, { enumerable: true, get: trap });

  test.each([
    ['a result', () => withTrap('isError')],
    ['a part of a result', () => ({ content: [withTrap('text')] })],
    ['an error', () => Promise.reject(withTrap('message'))],
  ])('that throw when %s is read gets an outcome like any other', async (_, answer) => {
    put(document, 'modelContext', {
      getTools: async () => [{ name: 'tool', description: 'd', window, origin: location.origin }],
      executeTool: async (_tool: unknown, input: unknown) =>
        typeof input === 'string' ? Promise.reject(new TypeError('no')) : answer(),
    });
    const outcome = await run(createPageTools());
    expect(outcome.status).toMatch(/done|failed/);
    expect(outcome.output.content[0]?.text).toMatch(/\w/);
  });

  test.each(['getTools', 'executeTool'])('that throws when %s is looked up has no tools', async (key) => {
    const host = { getTools: async () => [], executeTool: async () => '' };
    Object.defineProperty(host, key, { get: trap });
    put(document, 'modelContext', host);
    const tools = createPageTools();
    expect((await tools.snapshot()).clientTools).toEqual([]);
    expect(tools.implementation()).toBe('none');
  });

  test('names the page itself, whatever a tool says of its origin', async () => {
    put(document, 'modelContext', {
      getTools: async () => [{ name: 'tool', description: 'd', window, origin: 'https://bank.example' }],
      executeTool: async () => '',
    });
    const { tools } = await createPageTools().snapshot();
    expect(tools.get('tool')?.pageOrigin).toBe(location.origin);
  });
});
