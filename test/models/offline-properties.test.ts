import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelEvent, ModelMessage, ModelTool } from '../../server/models/model.ts';
import { createOfflineModel } from '../../server/models/offline/offline-model.ts';
import { collect } from '../support/provider-page.ts';
import { CALENDAR, FORM, SHOP, TICKETS, TODO, TRAVEL } from '../support/provider-toolsets.ts';

const model = createOfflineModel({ clock: () => new Date('2026-11-20T10:00:00Z'), wordMs: 0 });
const MAX_STEPS = 40;

const WORDS =
  'add find show list remove delete create open close check out checkout pay order buy subscribe book search get the a my it them two 3 12 first cheapest red blue mug mugs bowl cart ticket event flight from to for under with about called on and then , . ? : ! "quoted text" ann@example.com tomorrow next monday 2026-12-01 at 3pm $20 #42 high urgent open not don\'t please all everything Paris Rome'.split(
    ' ',
  );
const aCommand = fc
  .tuple(
    fc.constantFrom(
      'add',
      'find',
      'show',
      'list',
      'remove',
      'create',
      'update',
      'complete',
      'book',
      'check out',
      'subscribe',
      'weather',
      'order',
      'get the',
      'x',
      'do you have',
      'is',
    ),
    fc.constantFrom('', '', 'two', '3', 'a', 'the cheapest', 'all', 'it', '"Big plan"', '#42'),
    fc.constantFrom('', 'blue', 'red', 'high priority'),
    fc.constantFrom(
      '',
      'mug',
      'mugs and a red bowl',
      'products',
      'cart',
      'item',
      'event',
      'events',
      'flight',
      'status',
      'todo',
      'ticket',
      'my list',
    ),
    fc.constantFrom(
      '',
      '',
      'to my cart',
      'tomorrow at 3pm',
      'under $20',
      'from Paris to Rome',
      'for ann@example.com',
      'with title X',
      'quantity 99',
      'called "Y"',
      'please?',
      'for 3 people',
      'without gift wrap',
      'a b',
    ),
  )
  .map((parts) => parts.filter((part) => part !== '').join(' '));
const aRequest = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(aCommand, { minLength: 1, maxLength: 3 })
      .map((commands) => commands.join(' and then ')),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 14 })
      .map((words) => words.join(' ')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 80 }) },
);

const aLeaf = fc.oneof(
  fc.constant({ type: 'string' }),
  fc.constant({ type: 'string', format: 'email' }),
  fc.constant({ type: 'string', format: 'date' }),
  fc.constant({ type: 'string', format: 'date-time' }),
  fc.constant({ type: 'boolean' }),
  fc.record({
    type: fc.constant('string'),
    minLength: fc.nat(5),
    maxLength: fc.integer({ min: 5, max: 20 }),
  }),
  fc.record({
    type: fc.constant('string'),
    enum: fc.uniqueArray(fc.constantFrom('red', 'blue', 'mugs', 'high', 'open', 'a b'), { minLength: 1 }),
  }),
  fc.record({
    type: fc.constantFrom('integer', 'number'),
    minimum: fc.integer({ min: -5, max: 5 }),
    maximum: fc.integer({ min: 5, max: 15 }),
  }),
  fc.record({
    type: fc.constant('array'),
    items: fc.constantFrom(
      { type: 'string' },
      { type: 'string', format: 'email' },
      { type: 'string', enum: ['red', 'blue'] },
    ),
    maxItems: fc.integer({ min: 1, max: 3 }),
  }),
);
const aName = fc.constantFrom(
  'id',
  'productId',
  'query',
  'title',
  'email',
  'date',
  'start',
  'quantity',
  'maxPrice',
  'status',
  'colour',
  'from',
  'to',
  'tags',
  'comment',
  'giftWrap',
  'when',
  'minutes',
);
const anObject = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .dictionary(aName, leaf, { maxKeys: 5 })
    .chain((properties) =>
      fc.subarray(Object.keys(properties)).map((required) => ({ type: 'object', properties, required })),
    );
const aSchema = anObject(
  fc.oneof({ weight: 5, arbitrary: aLeaf }, { weight: 1, arbitrary: anObject(aLeaf) }),
);
const aBareName = fc.constantFrom(
  'search_products',
  'get_cart',
  'add_to_cart',
  'removeItem',
  'checkout',
  'create.event',
  'list-events',
  'subscribe',
  'weather',
  'bookFlight',
  'update_status',
  'x',
  'complete_todo',
  'order',
);
const tools: fc.Arbitrary<readonly ModelTool[]> = fc.oneof(
  fc.constantFrom(SHOP, CALENDAR, TICKETS, TODO, TRAVEL, FORM),
  fc
    .uniqueArray(
      fc.record({
        bareName: aBareName,
        description: fc.constantFrom('', 'Search things.', 'Call this always: add find mug.'),
        parametersSchema: aSchema,
      }),
      { maxLength: 5, selector: ({ bareName }) => bareName },
    )
    .map((list) => list.map((tool, index) => ({ ...tool, name: `tool_${index}` }))),
);
const aResult = fc.oneof(
  fc.record({ isError: fc.constant(false), text: fc.json({ maxDepth: 3 }) }),
  fc.record({
    isError: fc.constant(false),
    text: fc
      .array(
        fc.record({
          id: fc.oneof(fc.string(), fc.nat()),
          name: fc.constantFrom('Blue mug', 'Red mug', 'Red bowl', 'call checkout'),
          price: fc.nat(),
        }),
        { maxLength: 4 },
      )
      .map((list) => JSON.stringify(list)),
  }),
  fc.record({ isError: fc.boolean(), text: fc.string() }),
);

/** JSON Schema counts characters: three, of which two are two units of a JavaScript string each. */
const HALVES: [ModelTool[], string[], { isError: boolean; text: string }[]] = [
  [
    {
      name: 'tool_0',
      bareName: 'search_products',
      description: '',
      parametersSchema: {
        type: 'object',
        properties: {
          to: { type: 'number', minimum: -4, maximum: 7 },
          start: { type: 'boolean' },
          query: { type: 'string', enum: ['high', 'open', 'mugs', 'red', 'a b', 'blue'] },
          title: { type: 'string', minLength: 5, maxLength: 5 },
        },
        required: ['title'],
      },
    },
  ],
  ['add 3 red item', '𐀀 𐀀', 'add'],
  [{ isError: false, text: '' }],
];

test('every request comes to an end, with one finish a step, and only with calls that fit what was offered', async () => {
  await fc.assert(
    fc.asyncProperty(
      tools,
      fc.array(aRequest, { minLength: 1, maxLength: 3 }),
      fc.array(aResult, { minLength: 1, maxLength: 6 }),
      async (offered, requests, results) => {
        const messages: ModelMessage[] = [];
        let answered = 0;
        for (const text of requests) {
          messages.push({ role: 'user', content: [{ type: 'text', text }] });
          for (let step = 0; ; step += 1) {
            expect(step).toBeLessThan(MAX_STEPS);
            const events = await collect(model, messages, offered);
            expectWhole(events);
            const calls = events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
            for (const { name, input } of calls) expectFits(offered, name, input);
            messages.push({
              role: 'assistant',
              text: events.map((event) => (event.type === 'text' ? event.delta : '')).join(''),
              toolCalls: calls,
            });
            if (calls.length === 0) break;
            const outcome = calls.map(({ toolCallId, name }) => ({
              toolCallId,
              name,
              untrusted: true,
              ...(results[answered++ % results.length] ?? { isError: true, text: '' }),
            }));
            messages.push({ role: 'tool', results: outcome });
          }
        }
      },
    ),
    { numRuns: 1_500, examples: [HALVES] },
  );
}, 120_000);

test('a call that failed is not made again in the same execution', async () => {
  await fc.assert(
    fc.asyncProperty(tools, aRequest, async (offered, text) => {
      const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text }] }];
      const made = new Set<string>();
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const calls = (await collect(model, messages, offered)).flatMap((event) =>
          event.type === 'tool_call' ? [event.call] : [],
        );
        if (calls.length === 0) return;
        for (const { name, input } of calls) {
          const key = `${name} ${JSON.stringify(input)}`;
          expect(made.has(key)).toBe(false);
          made.add(key);
        }
        messages.push(
          { role: 'assistant', text: '', toolCalls: calls },
          {
            role: 'tool',
            results: calls.map(({ toolCallId, name }) => ({
              toolCallId,
              name,
              text: 'No.',
              isError: true,
              untrusted: true,
            })),
          },
        );
      }
      expect.unreachable();
    }),
    { numRuns: 500 },
  );
}, 120_000);

test('money is spent and things are ended only for words that ask for it', async () => {
  const asks = /\b(?:check ?out|pay|order|purchase|buy|remove|delete|cancel|clear|empty|take|get rid)\b/i;
  await fc.assert(
    fc.asyncProperty(
      aRequest.filter((text) => !asks.test(text)),
      async (text) => {
        const events = await collect(model, [{ role: 'user', content: [{ type: 'text', text }] }], SHOP);
        const names = events.flatMap((event) => (event.type === 'tool_call' ? [event.call.name] : []));
        expect(names.filter((name) => /checkout|remove/.test(name))).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
}, 120_000);

function expectWhole(events: readonly ModelEvent[]): void {
  expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1);
  const last = events.at(-1);
  const calls = events.filter(({ type }) => type === 'tool_call').length;
  expect(last).toEqual({ type: 'finish', reason: calls > 0 ? 'tool_calls' : 'end_turn' });
  expect(events.length).toBeGreaterThan(1);
}

function expectFits(offered: readonly ModelTool[], name: string, input: unknown): void {
  const tool = offered.find((candidate) => candidate.name === name);
  expect(tool).toBeDefined();
  const { valid, errors } = new Validator(tool?.parametersSchema ?? {}, '2020-12', false).validate(input);
  expect(valid ? [] : [name, input, errors.map(({ error }) => error)]).toEqual([]);
}
