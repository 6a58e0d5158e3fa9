import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';
import { gate, hasNative, modelContext, spy } from './hosts.ts';

// The same expectations hold for the browser's own (project `native`) and for the polyfill (project `browser`).

const TOOL = { name: 'tool', description: 'Does it.', execute: () => 'ok' };

let registrations = new AbortController();

beforeAll(() => installPolyfill());

afterEach(() => {
  registrations.abort();
  registrations = new AbortController();
});

function register(tool: object, options: object = {}): Promise<undefined> {
  return modelContext().registerTool(tool, { signal: registrations.signal, ...options });
}

async function entry(name: string) {
  const tool = (await modelContext().getTools()).find((listed) => listed.name === name);
  if (tool === undefined) throw new Error(`${name} is not listed`);
  return tool;
}

async function call(name: string, input: unknown = {}, options?: object) {
  return modelContext().executeTool(await entry(name), input, options);
}

/** The events of what an earlier test took out. Nothing tells when the last of them has come. */
function earlierChanges(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}

async function failure(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'no failure',
    (error: unknown) =>
      error instanceof Error || error instanceof DOMException ? error.name : String(error),
  );
}

describe('registering', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'tool'],
    ['no name', { ...TOOL, name: undefined }],
    ['a symbol as name', { ...TOOL, name: Symbol('tool') }],
    ['no description', { ...TOOL, description: undefined }],
    ['no function', { ...TOOL, execute: undefined }],
    ['text for a function', { ...TOOL, execute: 'ok' }],
    ['null as schema', { ...TOOL, inputSchema: null }],
    ['text as schema', { ...TOOL, inputSchema: '{}' }],
    ['a circle as schema', { ...TOOL, inputSchema: circle }],
    ['a schema without a JSON form', { ...TOOL, inputSchema: { toJSON: () => undefined } }],
    ['text for annotations', { ...TOOL, annotations: 'readOnly' }],
  ])('rejects %s with a TypeError', async (_, tool) => {
    expect(await failure(modelContext().registerTool(tool))).toBe('TypeError');
    expect(await modelContext().getTools()).toEqual([]);
  });

  test.each([
    ['an empty name', { ...TOOL, name: '' }],
    ['a name with a space', { ...TOOL, name: 'a b' }],
    ['a name of 129 characters', { ...TOOL, name: 'a'.repeat(129) }],
    ['an empty description', { ...TOOL, description: '' }],
  ])('rejects %s with an InvalidStateError', async (_, tool) => {
    expect(await failure(register(tool))).toBe('InvalidStateError');
  });

  test.each([
    ['128 characters', 'a'.repeat(128)],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['every kind of character', 'Az09_.-'],
  ])('takes a name of %s', async (_, name) => {
    expect(await register({ ...TOOL, name })).toBe(undefined);
    expect((await modelContext().getTools()).map((tool) => tool.name)).toEqual([name]);
  });

  test('turns a number into a name, and reads members that are inherited', async () => {
    class Tool {
      readonly name = 42;
      readonly description = 'An instance.';
      execute() {
        return 'from the prototype';
      }
    }
    await register(new Tool());
    expect(await call('42')).toBe('from the prototype');
  });

  test('passes on what a getter throws', async () => {
    const tool = {
      ...TOOL,
      get description(): string {
        throw new RangeError('no');
      },
    };
    expect(await failure(register(tool))).toBe('RangeError');
  });

  test('rejects a second tool of one name', async () => {
    await register(TOOL);
    expect(await failure(register(TOOL))).toBe('InvalidStateError');
  });

  test('rejects options that are none, and a signal that is none', async () => {
    expect(await failure(modelContext().registerTool(TOOL, 'now'))).toBe('TypeError');
    expect(await failure(modelContext().registerTool(TOOL, { signal: 1 }))).toBe('TypeError');
  });

  test('rejects with the reason of a signal that has aborted, after all that is wrong with the tool', async () => {
    const signal = AbortSignal.abort('too late');
    expect(await failure(register(TOOL, { signal }))).toBe('too late');
    expect(await failure(register({ ...TOOL, name: 'a b' }, { signal }))).toBe('InvalidStateError');
    expect(await modelContext().getTools()).toEqual([]);
  });

  test('unregisters by the signal, and takes the name again in the same tick', async () => {
    const first = new AbortController();
    await register(TOOL, { signal: first.signal });
    first.abort();
    await register({ ...TOOL, description: 'Another.' });
    expect((await entry('tool')).description).toBe('Another.');
  });

  test('tells of every change, a task later', async () => {
    await earlierChanges();
    const changed = vi.fn();
    modelContext().addEventListener('toolchange', changed);
    const both = new AbortController();
    const registered = ['a', 'b'].map((name) => register({ ...TOOL, name }, { signal: both.signal }));
    expect(changed).not.toHaveBeenCalled();
    await Promise.all(registered);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    both.abort();
    expect(changed).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(4));
    modelContext().removeEventListener('toolchange', changed);
  });

  test('has handler attributes that hold objects only', async () => {
    await earlierChanges();
    const changed = vi.fn();
    modelContext().ontoolchange = changed;
    await register(TOOL);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    modelContext().ontoolchange = 'changed';
    expect(modelContext().ontoolchange).toBe(null);
  });
});

describe('listing', () => {
  test('gives name, title, description, schema, annotations, window and origin, and nothing else', async () => {
    await register({
      ...TOOL,
      title: 'The tool',
      inputSchema: { type: 'object', properties: { a: { type: 'string' } } },
      annotations: { readOnlyHint: true, destructiveHint: true },
      outputSchema: {},
    });
    const { window: owner, ...listed } = await entry('tool');
    expect(owner).toBe(window);
    expect(listed).toEqual({
      name: 'tool',
      title: 'The tool',
      description: 'Does it.',
      inputSchema: { type: 'object', properties: { a: { type: 'string' } } },
      annotations: {
        readOnlyHint: true,
        untrustedContentHint: false,
        consequentialHint: false,
        debugging: false,
      },
      origin: location.origin,
    });
  });

  test('leaves out what was not given, except an empty title', async () => {
    await register(TOOL);
    expect(Object.keys(await entry('tool')).sort()).toEqual([
      'description',
      'name',
      'origin',
      'title',
      'window',
    ]);
    expect((await entry('tool')).title).toBe('');
  });

  test('lists a tool that was registered a line earlier, without waiting', async () => {
    const registered = register(TOOL);
    expect(await modelContext().getTools()).toHaveLength(1);
    await registered;
  });

  test('gives copies in the order of the names', async () => {
    for (const name of ['b', 'Z', 'a.b', 'a-b', '_'])
      await register({ ...TOOL, name, inputSchema: { type: 'object' } });
    const [first, second] = [await modelContext().getTools(), await modelContext().getTools()];
    expect(first.map((tool) => tool.name)).toEqual(['Z', '_', 'a-b', 'a.b', 'b']);
    expect(first[0]).not.toBe(second[0]);
    expect(first[0]?.inputSchema).not.toBe(second[0]?.inputSchema);
    Object.assign(first[0]?.inputSchema ?? {}, { type: 'array' });
    expect((await entry('Z')).inputSchema).toEqual({ type: 'object' });
  });

  test('copies the schema at registration', async () => {
    const inputSchema = { type: 'object' };
    await register({ ...TOOL, inputSchema });
    inputSchema.type = 'string';
    expect((await entry('tool')).inputSchema).toEqual({ type: 'object' });
  });
});

describe('executing', () => {
  test.each([
    ['nothing', () => modelContext().executeTool()],
    ['null', () => modelContext().executeTool(null)],
    ['a name', () => modelContext().executeTool('tool', {})],
    [
      'no window',
      async () => modelContext().executeTool({ ...(await entry('tool')), window: undefined }, {}),
    ],
    [
      'no origin',
      async () => modelContext().executeTool({ ...(await entry('tool')), origin: undefined }, {}),
    ],
    [
      'no description',
      async () => modelContext().executeTool({ ...(await entry('tool')), description: undefined }, {}),
    ],
    ['JSON for input', () => call('tool', '{}')],
    ['a number for input', () => call('tool', 1)],
    ['null for input', () => call('tool', null)],
    ['an input without a JSON form', () => call('tool', { toJSON: () => undefined })],
    ['a signal that is none', () => call('tool', {}, { signal: 1 })],
  ])('rejects %s with a TypeError', async (_, attempt) => {
    const execute = spy();
    await register({ ...TOOL, execute });
    expect(await failure(attempt())).toBe('TypeError');
    expect(execute).not.toHaveBeenCalled();
  });

  test('knows by a TypeError which form of input it takes, even for a name that no tool can have', async () => {
    const impossible = { name: ' ', description: ' ', window, origin: location.origin };
    expect(await failure(modelContext().executeTool(impossible, '{}'))).toBe('TypeError');
    expect(await failure(modelContext().executeTool(impossible, {}))).toBe('UnknownError');
  });

  test('rejects a tool of another origin, and one that is not there, with an UnknownError', async () => {
    await register(TOOL);
    const tool = await entry('tool');
    expect(await failure(modelContext().executeTool({ ...tool, origin: 'https://other.example' }, {}))).toBe(
      'UnknownError',
    );
    expect(await failure(modelContext().executeTool({ ...tool, name: 'nope' }, {}))).toBe('UnknownError');
  });

  test.each([
    ['an object', { a: 1 }, { a: 1 }],
    ['nothing as an empty object', undefined, {}],
    ['a list', [1], [1]],
    ['only what JSON has', { f() {}, u: undefined, n: Number.NaN }, { n: null }],
  ])('hands over %s', async (_, input, received) => {
    const execute = spy();
    await register({ ...TOOL, execute });
    await call('tool', input);
    expect(execute.mock.calls[0]?.[0]).toEqual(received);
    expect(execute.mock.calls[0]?.[0]).not.toBe(input);
  });

  test.each([
    ['text as it is', 'hello', 'hello'],
    ['empty text', '', 'Operation succeeded'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 42, '42'],
    ['minus zero', -0, '0'],
    ['NaN', Number.NaN, 'NaN'],
    ['a bigint', 10n, '10'],
    ['false', false, 'false'],
    ['an object', { a: 1 }, '{"a":1}'],
    ['a list', [1, undefined], '[1,null]'],
    ['a map', new Map([[1, 2]]), '{}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a function', () => 1, 'undefined'],
    ['an object without a JSON form', { toJSON: () => undefined }, 'undefined'],
    ['a promise', Promise.resolve('later'), 'later'],
  ])('resolves %s', async (_, value, expected) => {
    await register({ ...TOOL, execute: () => value });
    expect(await call('tool')).toBe(expected);
  });

  test('rejects with an UnknownError when the tool throws, rejects or returns what has no JSON form', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const broken = [
      () => {
        throw new Error('boom');
      },
      () => Promise.reject('boom'),
      () => circle,
      () => ({ n: 10n }),
    ];
    for (const [index, execute] of broken.entries())
      await register({ ...TOOL, name: `broken${index}`, execute });
    const names = await Promise.all(broken.map((_, index) => failure(call(`broken${index}`))));
    expect(names).toEqual(broken.map(() => 'UnknownError'));
  });

  test('runs the tool a task later, without `this`, then tells that it is active', async () => {
    const order: string[] = [];
    const activated = (event: Event) => order.push(`${event.type} ${Reflect.get(event, 'toolName')}`);
    modelContext().addEventListener('toolactivated', activated);
    await register({
      ...TOOL,
      execute(this: unknown) {
        order.push(this === TOOL ? 'with this' : 'execute');
        return 'ok';
      },
    });
    const running = call('tool').then((result) => order.push(String(result)));
    await Promise.resolve();
    expect(order).toEqual([]);
    await running;
    expect(order).toEqual(['execute', 'toolactivated tool', 'ok']);
    modelContext().removeEventListener('toolactivated', activated);
  });

  test('finishes a call whose tool is unregistered meanwhile', async () => {
    const [started, release] = [gate(), gate()];
    const registration = new AbortController();
    await register(
      {
        ...TOOL,
        execute() {
          started.open();
          return release.wait;
        },
      },
      { signal: registration.signal },
    );
    const running = call('tool');
    await started.wait;
    registration.abort();
    release.open('finished');
    expect(await running).toBe('finished');
  });

  test('finds nobody when the tool is unregistered in the task of the call, and the new one when it is replaced', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    await register(TOOL, { signal: first.signal });
    const tool = await entry('tool');
    const lost = modelContext().executeTool(tool, {});
    first.abort();
    expect(await failure(lost)).toBe('UnknownError');
    await register({ ...TOOL, execute: () => 'old' }, { signal: second.signal });
    const replaced = modelContext().executeTool(tool, {});
    second.abort();
    const registered = register({ ...TOOL, execute: () => 'new' });
    expect(await replaced).toBe('new');
    await registered;
  });

  test('rejects at once with the caller\u2019s reason, and then tells the tool and the page', async () => {
    const order: string[] = [];
    const started = gate();
    const cancelled = new Promise<void>((resolve) => {
      modelContext().ontoolcancel = (event: Event) => {
        order.push(`toolcancel ${Reflect.get(event, 'toolName')}`);
        resolve();
      };
    });
    await register({
      ...TOOL,
      execute(_: unknown, { signal }: { signal: AbortSignal }) {
        signal.addEventListener('abort', () => order.push(`tool ${signal.reason.name}`));
        started.open();
        return new Promise(() => undefined);
      },
    });
    const stop = new AbortController();
    const running = call('tool', {}, { signal: stop.signal }).catch((reason) =>
      order.push(`rejected ${reason}`),
    );
    await started.wait;
    stop.abort('mine');
    await Promise.all([running, cancelled]);
    expect(order).toEqual(['rejected mine', 'tool AbortError', 'toolcancel tool']);
    modelContext().ontoolcancel = null;
  });

  test('still runs a tool whose call is aborted in the same task, but not one that is aborted before', async () => {
    const started = gate();
    const execute = vi.fn(() => started.open());
    await register({ ...TOOL, execute });
    const tool = await entry('tool');
    expect(await failure(modelContext().executeTool(tool, {}, { signal: AbortSignal.abort('before') }))).toBe(
      'before',
    );
    const stop = new AbortController();
    const running = modelContext().executeTool(tool, {}, { signal: stop.signal });
    stop.abort();
    expect(await failure(running)).toBe('AbortError');
    await started.wait;
    expect(execute).toHaveBeenCalledTimes(1);
  });
});

describe.skipIf(hasNative)('the polyfill alone', () => {
  test('keeps the message of what a tool throws', async () => {
    await register({ ...TOOL, execute: () => Promise.reject(new Error('The shelf is empty.')) });
    await expect(call('tool')).rejects.toThrow('The shelf is empty.');
  });

  test('survives a tool that returns a symbol', async () => {
    await register({ ...TOOL, execute: () => Symbol('mug') });
    expect(await call('tool')).toBe('Symbol(mug)');
  });

  test('never goes over what is there, and gives no other document a context', () => {
    const before = modelContext();
    installPolyfill();
    expect(modelContext()).toBe(before);
    const other = new DOMParser().parseFromString('<p>', 'text/html');
    expect(Reflect.get(other, 'modelContext')).toBe(undefined);
    expect('modelContext' in navigator).toBe(false);
  });
});

describe.runIf(hasNative)('beside the browser\u2019s own', () => {
  test('the polyfill leaves it alone', () => {
    expect(String(Object.getPrototypeOf(modelContext()).getTools)).toContain('[native code]');
  });
});
