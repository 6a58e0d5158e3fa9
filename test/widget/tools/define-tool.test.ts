import { afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { defineTool } from '../../../widget/define-tool.ts';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';
import { modelContext } from './hosts.ts';

// On native WebMCP and on the polyfill alike.

let registration = new AbortController();

beforeAll(() => {
  installPolyfill();
});

afterEach(() => {
  registration.abort();
  registration = new AbortController();
});

async function call(
  execute: (input: { readonly q: string }, options: { readonly signal: AbortSignal }) => unknown,
) {
  const tool = defineTool<{ q: string }>({
    name: 'defined',
    description: 'Does it.',
    annotations: {},
    execute,
  });
  await modelContext().registerTool(tool, { signal: registration.signal });
  const tools = createPageTools();
  const offered = await tools.snapshot();
  const { signal } = registration;
  const outcome = await tools.run(
    { toolCallId: crypto.randomUUID(), name: 'defined', input: { q: 'mug' } },
    offered,
    signal,
  );
  return [outcome.status, outcome.output.content[0]?.text];
}

describe('a defined tool', () => {
  test('gives its result', async () => {
    expect(await call(({ q }) => `found ${q}`)).toEqual(['done', 'found mug']);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('The shelf is empty.');
      },
      'The shelf is empty.',
    ],
    ['rejects', () => Promise.reject(new TypeError('No such mug.')), 'No such mug.'],
    [
      'throws text',
      () => {
        throw 'plain text';
      },
      'plain text',
    ],
    [
      'throws an error without a message',
      () => {
        throw new Error();
      },
      'The tool failed.',
    ],
  ])('keeps its message when it %s', async (_, execute, message) => {
    expect(await call(execute)).toEqual(['failed', message]);
  });

  test('returns a symbol as its name, and text with half a pair as text', async () => {
    expect(await call(() => Symbol('mug'))).toEqual(['done', 'Symbol(mug)']);
    registration.abort();
    registration = new AbortController();
    expect(await call(() => 'a\ud800b')).toEqual(['done', 'a\ufffdb']);
  });

  test('gets a signal from implementations that pass none', async () => {
    const seen: unknown[] = [];
    const tool = defineTool({ name: 'old', description: 'd', execute: (_, { signal }) => seen.push(signal) });
    await tool.execute({});
    expect(seen[0]).toBeInstanceOf(AbortSignal);
  });
});

test('the schema gives execute the types of its input', () => {
  defineTool({
    name: 'add_to_cart',
    description: 'Puts a product into the cart.',
    inputSchema: {
      type: 'object',
      properties: {
        productId: { type: 'string' },
        quantity: { type: 'integer', minimum: 1 },
        size: { enum: ['s', 'm'] },
        notes: { type: ['string', 'null'] },
        options: { type: 'array', items: { type: 'object', properties: { gift: { type: 'boolean' } } } },
        rest: {},
      },
      required: ['productId'],
    },
    execute(input, { signal }) {
      expectTypeOf(input).toEqualTypeOf<{
        readonly productId: string;
        readonly quantity?: number;
        readonly size?: 's' | 'm';
        readonly notes?: string | null;
        readonly options?: readonly { readonly gift?: boolean }[];
        readonly rest?: unknown;
      }>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    },
  });
});

test('where the schema says nothing to the types, the author does, or the input is unknown', () => {
  const inputSchema: object = { type: 'object' };
  const tool = { name: 'search', description: 'Finds products.' };
  defineTool({ ...tool, execute: (input) => expectTypeOf(input).toEqualTypeOf<Unknown>() });
  defineTool({ ...tool, inputSchema, execute: (input) => expectTypeOf(input).toEqualTypeOf<Unknown>() });
  defineTool<{ query: string }>({ ...tool, inputSchema, execute: ({ query }) => query.trim() });
});

type Unknown = Readonly<Record<string, unknown>>;
