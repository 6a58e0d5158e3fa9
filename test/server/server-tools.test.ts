import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { MAX_TOOL_RESULT_CHARS } from '../../protocol/limits.ts';
import { defineServerTool, type ServerToolInput } from '../../server/tools/define-server-tool.ts';
import { type RunContext, runTool, type ToolResult } from '../../server/tools/run-tool.ts';
import type { ServerTool, ToolContext } from '../../server/tools/tool.ts';

type Run = ServerToolInput['run'];

const CALL = { toolCallId: 'call_1', parameters: { orderId: 'A-1' } };

function tool(run: Run, fields: Partial<ServerToolInput> = {}): ServerTool {
  return defineServerTool({ name: 'find_order', description: 'Finds an order.', ...fields, run });
}

function run(it: ServerTool, context: Partial<RunContext> = {}): Promise<ToolResult> {
  const signal = new AbortController().signal;
  return runTool(it, CALL, {
    scrub: <Value>(value: Value) => value,
    signal,
    executionId: 'exec_1',
    conversationId: 'conv_1',
    ...context,
  });
}

const resultOf = (run_: Run) => run(tool(run_));

test('a tool says only what is special about it', () => {
  const find = async () => 'Sent.';
  expect(defineServerTool({ name: 'find_order', description: 'Finds an order.', run: find })).toEqual({
    name: 'find_order',
    description: 'Finds an order.',
    parametersSchema: { type: 'object' },
    idempotent: false,
    timeoutMs: 30_000,
    run: find,
  });
});

test('its schema gives the types of its parameters', () => {
  const parametersSchema = {
    type: 'object',
    properties: { orderId: { type: 'string' }, lines: { type: 'array', items: { type: 'integer' } } },
    required: ['orderId'],
  } as const;
  const described = { name: 'find_order', description: 'Finds an order.' };
  defineServerTool({
    ...described,
    parametersSchema,
    run: (parameters) =>
      expectTypeOf(parameters).toEqualTypeOf<{
        readonly orderId: string;
        readonly lines?: readonly number[];
      }>(),
  });
  defineServerTool<{ orderId: string }>({ ...described, run: ({ orderId }) => orderId.trim() });
  defineServerTool({
    ...described,
    run: (parameters) => expectTypeOf(parameters).toEqualTypeOf<Readonly<Record<string, unknown>>>(),
  });
});

describe('a call', () => {
  test('gives the tool its arguments, the ids of the call and a signal', async () => {
    const seen = vi.fn<Run>(() => 'Sent.');
    await run(tool(seen));
    expect(seen).toHaveBeenCalledExactlyOnceWith(CALL.parameters, {
      signal: expect.any(AbortSignal),
      toolCallId: 'call_1',
      executionId: 'exec_1',
      conversationId: 'conv_1',
    } satisfies ToolContext);
  });

  test('leaves what was stored of its arguments as it was', async () => {
    const parameters = { lines: [{ sku: 'x' }] };
    const greedy = tool((given) => {
      (given.lines as unknown[]).pop();
      return 'Sent.';
    });
    const signal = new AbortController().signal;
    const context = {
      scrub: <Value>(value: Value) => value,
      signal,
      executionId: 'exec_1',
      conversationId: 'conv_1',
    };
    expect(await runTool(greedy, { toolCallId: 'call_1', parameters }, context)).toEqual(text('Sent.'));
    expect(parameters).toEqual({ lines: [{ sku: 'x' }] });
  });
});

describe('a result becomes text', () => {
  test.each<[string, unknown, ToolResult]>([
    ['text', 'Sent.', text('Sent.')],
    [
      'an object',
      { status: 'sent', at: new Date(0) },
      text('{"status":"sent","at":"1970-01-01T00:00:00.000Z"}'),
    ],
    ['a list', [1, undefined, { a: undefined }], text('[1,null,{}]')],
    ['a number', 42, text('42')],
    ['false', false, text('false')],
    ['nothing', undefined, text('(The tool returned nothing.)')],
    ['null', null, text('(The tool returned nothing.)')],
    ['blanks', ' \n', text('(The tool returned nothing.)')],
    ['content of MCP', { content: [{ type: 'text', text: 'Sent.' }] }, text('Sent.')],
    [
      'an error of MCP',
      { content: [{ type: 'text', text: 'No such order.' }], isError: true },
      error('No such order.'),
    ],
    ['a wrapped result', { result: { status: 'sent' } }, text('{"status":"sent"}')],
    [
      'a BigInt',
      1n,
      error('The tool ran, but its result cannot be read: it holds a BigInt, which JSON does not have.'),
    ],
    [
      'a BigInt inside',
      { total: 1n },
      error('The tool ran, but its result cannot be read: it holds a BigInt, which JSON does not have.'),
    ],
    ['a circle', circle(), error('The tool ran, but its result cannot be read: it refers to itself.')],
    [
      'a circle in content of MCP',
      { content: [circle()] },
      error('The tool ran, but its result cannot be read: it refers to itself.'),
    ],
    [
      '50 000 levels',
      nested(50_000),
      error('The tool ran, but its result cannot be read: it is nested too deep or too large.'),
    ],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('secret');
        },
      },
      error('The tool ran, but its result cannot be read: a part of it cannot be written as JSON.'),
    ],
    [
      'bytes',
      Buffer.from('x'),
      error('The tool ran, but its result cannot be read: it holds bytes, which JSON does not have.'),
    ],
    [
      'bytes inside',
      { file: { bytes: new Uint8Array(2) } },
      error('The tool ran, but its result cannot be read: it holds bytes, which JSON does not have.'),
    ],
    ['a function', () => 1, error('The tool ran, but its result cannot be read: it is no text and no JSON.')],
    [
      'a symbol',
      Symbol('s'),
      error('The tool ran, but its result cannot be read: it is no text and no JSON.'),
    ],
  ])('%s', async (_, value, result) => {
    expect(await resultOf(() => value)).toEqual(result);
    expect(await resultOf(async () => value)).toEqual(result);
  });

  test('a long one is cut with a mark that says how long it was', async () => {
    const long = await resultOf(() => 'x'.repeat(MAX_TOOL_RESULT_CHARS + 1));
    expect(long.isError).toBe(false);
    expect(long.text).toHaveLength(MAX_TOOL_RESULT_CHARS);
    expect(long.text).toMatch(/x\n… \(cut: the result has 32001 characters\)$/);
  });

  describe('one far larger than a model reads is an error', () => {
    const TOO_LARGE = error(
      'The tool ran, but its result cannot be read: it has more than 8000000 characters. Ask for less at once.',
    );

    test('as text', async () => {
      expect(await resultOf(() => 'x'.repeat(8_000_000))).toMatchObject({ isError: false });
      expect(await resultOf(() => 'x'.repeat(8_000_001))).toEqual(TOO_LARGE);
    });

    test('as JSON, of which no more is written than that', async () => {
      let written = 0;
      const pages = (count: number) =>
        Array.from({ length: count }, () => ({
          toJSON: () => {
            written += 1;
            return { text: 'x'.repeat(10_000) };
          },
        }));
      expect(await resultOf(() => pages(790))).toMatchObject({ isError: false });
      written = 0;
      expect(await resultOf(() => ({ content: pages(100_000) }))).toEqual(TOO_LARGE);
      expect(written).toBeLessThan(1_000);
    });

    test('as values, each of which is looked at a few times', async () => {
      const tooMany = { isError: true, text: expect.stringContaining('more than 200000 values') };
      expect(await resultOf(() => new Array(10_000_000).fill(0))).toEqual(tooMany);
      expect(await resultOf(() => new Array(300_000).fill({}).map(() => [{}]))).toEqual(tooMany);
      expect(await resultOf(() => new Array(199_000).fill(0))).toMatchObject({ isError: false });
    });

    test('as a name', async () => {
      expect(await resultOf(() => ({ ['k'.repeat(8_000_000)]: 1 }))).toEqual(TOO_LARGE);
    });
  });

  test('one that wraps itself for ever is an error too', async () => {
    const wrapped = JSON.parse(`${'{"result":'.repeat(4_000)}1${'}'.repeat(4_000)}`);
    expect(await resultOf(() => wrapped)).toMatchObject({ text: expect.any(String) });
  });
});

describe('what a tool throws', () => {
  test.each<[string, unknown, string]>([
    ['an error', new Error('No order A-1.'), 'No order A-1.'],
    ['text', 'No order A-1.', 'No order A-1.'],
    ['something with a message', { message: 'No order A-1.' }, 'No order A-1.'],
    ['an error without words', new Error(''), 'The tool failed and did not say why.'],
    ['nothing', undefined, 'The tool failed and did not say why.'],
    ['a number', 7, 'The tool failed and did not say why.'],
    [
      'an error that cannot be asked',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('trap');
          },
        },
      ),
      'The tool failed and did not say why.',
    ],
    [
      'an address of the web',
      new Error('GET https://api.example.com/v1/orders/1 gave 404'),
      'GET https://api.example.com/v1/orders/1 gave 404',
    ],
    [
      'a missing file',
      new Error("ENOENT: no such file or directory, open '/srv/app/data/orders.json'"),
      "ENOENT: no such file or directory, open '…/orders.json'",
    ],
    [
      'a missing module',
      new Error('Cannot find module imported from file:///srv/app/tools.ts'),
      'Cannot find module imported from …/tools.ts',
    ],
    ['a folder of Windows', new Error('EPERM: C:\\Users\\ann\\orders.json'), 'EPERM: …/orders.json'],
    [
      'a stack in its message',
      new Error(
        'Inner: gone\n    at find (/srv/app/tools.ts:1:2)\n    at async run (node:internal/x:1:1)\nTry later.',
      ),
      'Inner: gone\nTry later.',
    ],
  ])('%s', async (_, thrown, said) => {
    const throwing = () => {
      throw thrown;
    };
    expect(await resultOf(throwing)).toEqual(error(said));
    expect(await resultOf(async () => throwing())).toEqual(error(said));
  });

  test('of which nothing can be learned is an error like others, and not the end of the process', async () => {
    const refuse = () => {
      throw new Error('No.');
    };
    const thrown = new Proxy({}, { getPrototypeOf: refuse, get: refuse, has: refuse });
    const onError = vi.fn();
    const failing = tool(() => Promise.reject(thrown));
    expect(await run(failing, { onError })).toEqual(error('The tool failed and did not say why.'));
    expect(onError).toHaveBeenCalledOnce();
  });

  test('a long message is cut at 2000 characters', async () => {
    const { text: said } = await resultOf(() => Promise.reject(new Error('x'.repeat(100_000))));
    expect(said).toHaveLength(2_000);
    expect(said).toMatch(/x… \(cut\)$/);
  });

  test('the operator hears in full, and a listener that fails changes nothing', async () => {
    const thrown = new Error('No order A-1.');
    const onError = vi.fn(() => {
      throw new Error('The log is full.');
    });
    const failing = tool(() => Promise.reject(thrown));
    expect(await run(failing, { onError })).toEqual(error('No order A-1.'));
    expect(onError).toHaveBeenCalledExactlyOnceWith(thrown);
  });
});

describe('a tool that does not answer', () => {
  const TIMED_OUT =
    'The tool "find_order" did not answer within 0.02 s and was asked to stop. What it did is unknown';

  test('is given up when its time is over, and is told', async () => {
    const onError = vi.fn();
    const told = vi.fn();
    const deaf: Run = (_, { signal }) => {
      signal.addEventListener('abort', () => told(signal.reason.name));
      return new Promise(() => {});
    };
    expect(await run(tool(deaf, { timeoutMs: 20 }), { onError })).toEqual(
      error(`${TIMED_OUT}, so find out before calling it again.`),
    );
    expect(told).toHaveBeenCalledExactlyOnceWith('TimeoutError');
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'TimeoutError' }));
  });

  test('may be called again when it says that this does no harm', async () => {
    const deaf = tool(() => new Promise(() => {}), { timeoutMs: 20, idempotent: true });
    expect(await run(deaf)).toEqual(error(`${TIMED_OUT}; it may be called again.`));
  });

  test('is not waited for when the call is cancelled, whatever it answers to that', async () => {
    const cancel = new AbortController();
    const onError = vi.fn();
    const stubborn: Run = (_, { signal }) => {
      setImmediate(() => cancel.abort());
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve('Done after all.')));
    };
    expect(await run(tool(stubborn), { signal: cancel.signal, onError })).toEqual(
      error('The tool "find_order" was stopped while it ran. What it did is unknown.'),
    );
    expect(onError).not.toHaveBeenCalled();
  });

  test('may fail afterwards without a trace', async () => {
    const cancel = new AbortController();
    const onError = vi.fn();
    let fail = (_: Error): void => {};
    const pending = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const late = run(
      tool(() => pending),
      { signal: cancel.signal, onError },
    );
    cancel.abort();
    await late;
    fail(new Error('Too late.'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(onError).not.toHaveBeenCalled();
  });

  test('is not begun when the call is cancelled already', async () => {
    const never = vi.fn<Run>();
    expect(await run(tool(never), { signal: AbortSignal.abort() })).toEqual(
      error('The tool "find_order" was not run: the call was cancelled before.'),
    );
    expect(never).not.toHaveBeenCalled();
  });

  test('a call that ended leaves nothing on a signal that lives longer', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await run(
      tool(() => 'Sent.'),
      { signal },
    );
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });
});

function text(said: string): ToolResult {
  return { text: said, isError: false };
}

function error(said: string): ToolResult {
  return { text: said, isError: true };
}

function circle(): object {
  const ring: Record<string, unknown> = { name: 'ring' };
  ring.self = ring;
  return ring;
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}
