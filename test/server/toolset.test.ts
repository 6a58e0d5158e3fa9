import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import type { ClientTool, JsonSchema } from '../../protocol/tool.ts';
import { findTool, offerTools as nameTools } from '../../server/dispatch/toolset.ts';
import type { AdmittedTool } from '../../server/policy.ts';
import type { OfferedTool } from '../../server/store/store.ts';
import { checkInput } from '../../server/tools/tool-input.ts';
import type { ResolvedTool } from '../../server/tools/toolbox.ts';

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;

/** As for a page, whose tools give way. */
function offerTools(
  admitted: readonly AdmittedTool[],
  before: readonly OfferedTool[] = [],
  serverTools: readonly ResolvedTool[] = [],
): readonly OfferedTool[] {
  return nameTools({ admitted, before, serverTools, wins: 'server' });
}

describe('names', () => {
  test('a page tool is offered under a readable name that every provider takes', () => {
    const [tool] = offerTools([page('search_products')]);
    expect(tool).toMatchObject({
      bareName: 'search_products',
      canonicalName: 'webmcp:search_products',
      modelName: 'webmcp__search_products',
    });
  });

  test('names that encode alike, are too long or are not ASCII stay apart and legal', () => {
    const tools = offerTools([
      page('a.b'),
      page('a_b'),
      sdk('webmcp__a_b'),
      page('x'.repeat(128)),
      page(`${'x'.repeat(127)}y`),
      sdk('найти товар'),
      sdk('🛒'),
      sdk('__proto__'),
    ]);
    const names = tools.map(({ modelName }) => modelName);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(LEGAL);
    for (const tool of tools) expect(findTool(tools, tool.modelName)).toBe(tool);
    expect(findTool(tools, 'webmcp__a_b')?.canonicalName).toBe('webmcp__a_b');
  });

  test('of two names that encode alike neither gets the plain one, so that an old call is never read as the other', () => {
    const names = offerTools([page('a.b'), page('a_b')]).map(({ modelName }) => modelName);
    expect(names).toEqual([
      expect.stringMatching(/^webmcp__a_b_[0-9a-f]{8}$/),
      expect.stringMatching(/^webmcp__a_b_[0-9a-f]{8}$/),
    ]);
  });

  test('whatever the names are, encoding them is a bijection onto legal names', () => {
    const name = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_.-]{1,128}$/),
      fc.string({ minLength: 1, maxLength: 128, unit: 'binary' }),
      fc.constantFrom('a:b', 'a__b', 'a.b', 'a_b', 'webmcp__a'),
    );
    const tools = fc.uniqueArray(fc.tuple(name, fc.boolean()), {
      selector: ([n, p]) => `${p}${n}`,
      maxLength: 50,
    });
    fc.assert(
      fc.property(tools, (list) => {
        const admitted = list.map(([bare, isPage]) => (isPage ? page(bare) : sdk(bare)));
        const unique = [...new Map(admitted.map((one) => [canonical(one), one])).values()];
        const offered = offerTools(unique);
        expect(new Set(offered.map(({ modelName }) => modelName)).size).toBe(unique.length);
        for (const { modelName } of offered) expect(modelName).toMatch(LEGAL);
      }),
    );
  });

  test('the order that a page registers its tools in changes nothing', () => {
    const tools = [page('b'), page('a'), sdk('c'), page('a.b'), page('a_b')];
    expect(offerTools([...tools].reverse())).toEqual(offerTools(tools));
  });

  test('a tool that stays keeps its name when the set is replaced, even where it would now be named otherwise', () => {
    const before = offerTools([page('a.b')]);
    const after = offerTools([page('a.b'), page('a_b')], before);
    expect(after.find(({ bareName }) => bareName === 'a.b')?.modelName).toBe('webmcp__a_b');
    expect(after.find(({ bareName }) => bareName === 'a_b')?.modelName).toMatch(/^webmcp__a_b_[0-9a-f]{8}$/);
  });

  test('the same tool twice is refused and hides nothing', () => {
    expect(() => offerTools([page('a'), page('a')])).toThrow(
      expect.objectContaining({ code: 'duplicate_client_tool' }),
    );
  });

  test('a description over the limit is cut with a mark, and not through a character', () => {
    const description = `${'x'.repeat(MAX_TOOL_DESCRIPTION_CHARS - 9)}${'🛒'.repeat(10)}`;
    const [tool] = offerTools([page('a', undefined, description)]);
    expect(tool?.description.length).toBeLessThanOrEqual(MAX_TOOL_DESCRIPTION_CHARS);
    expect(tool?.description).toMatch(/ … \(cut\)$/);
    expect(tool?.description).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
    const exact = 'x'.repeat(MAX_TOOL_DESCRIPTION_CHARS);
    expect(offerTools([page('a', undefined, exact)])[0]?.description).toBe(exact);
  });

  test('a tool without a schema, or without a type in it, is offered with an object schema', () => {
    const [a, b] = offerTools([page('a'), page('b', { properties: { q: { type: 'string' } } })]);
    expect(a?.parametersSchema).toEqual({ type: 'object', properties: {} });
    expect(b?.parametersSchema).toEqual({ type: 'object', properties: { q: { type: 'string' } } });
  });
});

describe('server tools', () => {
  test('come first, in the order of the agent, under exactly their names', () => {
    const offered = offerTools([page('a'), sdk('b')], [], [server('z'), server('c')]);
    expect(offered.map(({ modelName }) => modelName)).toEqual(['z', 'c', 'b', 'webmcp__a']);
    expect(offered[0]).toEqual({
      bareName: 'z',
      canonicalName: 'z',
      modelName: 'z',
      origin: 'server',
      pageOrigin: null,
      description: 'What it does.',
      parametersSchema: { type: 'object', properties: {} },
      binding: { kind: 'configured' },
      needsApproval: false,
    });
  });

  test('are the ones that answer to their name, whatever a caller brings under it', () => {
    const offered = offerTools([sdk('find_order'), page('find_order')], [], [server('find_order')]);
    expect(offered.map(({ canonicalName, origin }) => [canonicalName, origin])).toEqual([
      ['find_order', 'server'],
      ['webmcp:find_order', 'webmcp'],
    ]);
  });

  test.each([
    { name: 'a page tool', admitted: page('find'), mine: 'webmcp__find' },
    { name: 'a page tool that encodes alike', admitted: page('f.i'), mine: 'webmcp__f_i' },
    { name: 'a tool of the caller', admitted: sdk('find order'), mine: 'find_order' },
  ])('keep the name that $name would have, and that one gets another', ({ admitted, mine }) => {
    const offered = offerTools([admitted], [], [server(mine)]);
    expect(findTool(offered, mine)?.origin).toBe('server');
    expect(offered[1]?.modelName).toMatch(new RegExp(`^${mine}_[0-9a-f]{8}$`));
  });

  test('that are new take their name even from a page tool that had it in this execution', () => {
    const before = offerTools([page('find')]);
    expect(before[0]?.modelName).toBe('webmcp__find');
    const after = offerTools([page('find')], before, [server('webmcp__find')]);
    expect(findTool(after, 'webmcp__find')?.origin).toBe('server');
    expect(after[1]?.modelName).toMatch(/^webmcp__find_[0-9a-f]{8}$/);
  });

  test('keep their names beside a page tool that keeps its hashed one', () => {
    const tools = [server('webmcp__find')];
    const before = offerTools([page('find')], [], tools);
    expect(offerTools([page('find'), page('find_all')], before, tools)[1]).toEqual(before[1]);
  });

  test('whatever the names are, each is the one behind its name and no two share one', () => {
    const name = fc.constantFrom('a', 'a_b', 'a.b', 'a:b', 'webmcp__a', 'webmcp__a_b', 'webmcp__a.b');
    const list = fc.uniqueArray(fc.tuple(name, fc.boolean()), { selector: ([n, p]) => `${p}${n}` });
    const own = fc.uniqueArray(fc.constantFrom('a', 'a_b', 'webmcp__a', 'webmcp__a_b'));
    fc.assert(
      fc.property(list, list, own, (first, second, names) => {
        const admit = (some: typeof first) => some.map(([bare, isPage]) => (isPage ? page(bare) : sdk(bare)));
        const tools = names.map(server);
        const offered = offerTools(admit(second), offerTools(admit(first)), tools);
        expect(new Set(offered.map(({ modelName }) => modelName)).size).toBe(offered.length);
        for (const { name: mine } of tools) expect(findTool(offered, mine)?.origin).toBe('server');
        for (const { modelName } of offered) expect(modelName).toMatch(LEGAL);
      }),
    );
  });
});

describe('arguments', () => {
  const schema = {
    type: 'object',
    properties: {
      id: { type: 'string', minLength: 2 },
      quantity: { type: 'integer', minimum: 1, maximum: 99 },
      size: { enum: ['s', 'm'] },
      lines: {
        type: 'array',
        items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } },
      },
    },
    required: ['id'],
  };

  test.each([
    { input: { id: 'ab' } },
    { input: { id: 'ab', quantity: 99, size: 'm', lines: [{ sku: 'x' }] } },
    { input: { id: 'ab', undeclared: true } },
  ])('$input fits', ({ input }) => {
    expect(checkInput(tool(schema), input)).toEqual({ ok: true, parameters: input });
  });

  test.each([
    { input: {}, says: /"id"/ },
    { input: { id: 'ab', quantity: 0 }, says: /quantity: 0 is less than 1/ },
    { input: { id: 'ab', quantity: 1.5 }, says: /quantity/ },
    { input: { id: 'ab', quantity: '2' }, says: /quantity/ },
    { input: { id: 'ab', size: 'xl' }, says: /size/ },
    { input: { id: 'ab', lines: [{ sku: 'x' }, {}] }, says: /lines\/1/ },
    { input: '{"id": "ab"', says: /not valid JSON.*\{"id": "ab"/ },
    { input: ['ab'], says: /one JSON object/ },
    { input: 7, says: /one JSON object/ },
    { input: { id: nested(100) }, says: /nested/ },
    { input: { id: 'x'.repeat(64_001) }, says: /longer than 64000/ },
  ])('$says is said of arguments that do not fit', ({ input, says }) => {
    expect(checkInput(tool(schema), input)).toEqual({ ok: false, problem: expect.stringMatching(says) });
  });

  test('all that is wrong is said at once', () => {
    const checked = checkInput(tool(schema), { quantity: 0, size: 'xl' });
    expect(checked).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/"id"[\s\S]*quantity[\s\S]*size/),
    });
  });

  test('a check that would take long is not begun', () => {
    const zeros = (count: number) => ({ list: Array.from({ length: count }, () => 0) });
    const listOf = (items: unknown) =>
      tool({ type: 'object', properties: { list: { type: 'array', items } } });
    const alternatives = listOf({ anyOf: Array.from({ length: 100 }, () => ({ type: 'string' })) });
    expect(checkInput(alternatives, zeros(10_000))).toEqual({
      ok: false,
      problem: expect.stringMatching(/too many values/),
    });
    const choices = listOf({ enum: Array.from({ length: 1_000 }, (_, i) => `v${i}`) });
    expect(checkInput(choices, zeros(10_000))).toMatchObject({ ok: false });
    const row = {
      type: 'object',
      properties: Object.fromEntries('abcdef'.split('').map((key) => [key, {}])),
    };
    const rows = Array.from({ length: 300 }, (_, a) => ({ a, b: 0, c: 0, d: 0, e: 0, f: 0 }));
    expect(checkInput(listOf(row), { list: rows })).toMatchObject({ ok: true });
  });

  test('long texts against thousands of rules are refused before they hold anybody up', () => {
    const format = { anyOf: Array.from({ length: 600 }, () => ({ format: 'date-time' })) };
    const all = { allOf: Array.from({ length: 6 }, () => ({ $ref: '#/$defs/format' })) };
    const hostile = tool({ type: 'object', properties: { x: all }, $defs: { format } });
    const long = [{ x: ' '.repeat(60_000) }, { x: { ['x'.repeat(60_000)]: 1 } }];
    for (const input of long) {
      const problem = expect.stringMatching(/too many values/);
      expect(checkInput(hostile, input)).toEqual({ ok: false, problem });
    }
    const honest = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`f${at}`, { type: 'string' }]));
    const input = { f1: 'word '.repeat(12_000) };
    expect(checkInput(tool({ type: 'object', properties: honest }), input)).toMatchObject({ ok: true });
  });

  test('one rule that every item breaks is said in a few sentences', () => {
    const texts = tool({
      type: 'object',
      properties: { list: { type: 'array', items: { type: 'string' } } },
    });
    const checked = checkInput(texts, { list: Array.from({ length: 9_000 }, () => 0) });
    expect(checked).toMatchObject({ ok: false, problem: expect.stringMatching(/list\/0: .*list\/4: /) });
    expect(JSON.stringify(checked).length).toBeLessThan(2_000);
  });

  test.each([undefined, null, ''])('%j stands for no arguments', (input) => {
    expect(checkInput(tool({ type: 'object' }), input)).toEqual({ ok: true, parameters: {} });
    expect(checkInput(tool(schema), input)).toMatchObject({ ok: false });
  });

  test('an undeclared property is refused only where the schema says so', () => {
    const closed = { ...schema, additionalProperties: false };
    expect(checkInput(tool(closed), { id: 'ab', extra: 1 })).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/extra/),
    });
    // The pattern is not run here, so what it may allow is left to the page.
    expect(
      checkInput(tool({ ...closed, patternProperties: { '^x-': {} } }), { id: 'ab', 'x-y': 1 }),
    ).toMatchObject({ ok: true });
  });

  test('a parameter called like a keyword or like a method is a parameter', () => {
    const odd = tool({
      type: 'object',
      properties: { pattern: { type: 'number' }, constructor: { type: 'string' } },
    });
    for (const input of [
      { pattern: 1, constructor: 'BMW' },
      { constructor: 'x', prototype: 'y' },
    ])
      expect(checkInput(odd, input)).toEqual({ ok: true, parameters: input });
    expect(checkInput(odd, { pattern: 'x' })).toMatchObject({ ok: false });
    expect(checkInput(odd, { constructor: 1 })).toMatchObject({ ok: false });
  });

  test.each([
    ['{"id":"ab","__proto__":{"isAdmin":true}}', '__proto__'],
    ['{"id":"ab","lines":[{"sku":"x","deep":{"__proto__":null}}]}', '__proto__'],
    ['{"id":"ab","constructor":{"prototype":{"isAdmin":true}}}', 'constructor.prototype'],
    ['{"id":"ab","a":[{"constructor":{"prototype":1}}]}', 'constructor.prototype'],
  ])('%s, which would change more than itself where it is copied, reaches no tool', (input, key) => {
    expect(checkInput(tool(schema), JSON.parse(input))).toEqual({
      ok: false,
      problem: `The arguments use the name \`${key}\`, which no call may use. Leave it out.`,
    });
  });

  test('references within the schema count', () => {
    const withRef = {
      type: 'object',
      properties: { to: { $ref: '#/$defs/place' }, from: { $ref: '#/definitions/a~1b' } },
      $defs: { place: { type: 'object', required: ['city'] } },
      definitions: { 'a/b': { type: 'number' } },
    };
    expect(checkInput(tool(withRef), { to: { city: 'Rome' }, from: 1 })).toMatchObject({ ok: true });
    expect(checkInput(tool(withRef), { to: {} })).toMatchObject({ ok: false });
    expect(checkInput(tool(withRef), { from: 'x' })).toMatchObject({ ok: false });
  });

  test('a schema that refers to itself is checked as far as it is written out', () => {
    const tree = {
      type: 'object',
      properties: { value: { type: 'number' }, children: { type: 'array', items: { $ref: '#' } } },
      required: ['value'],
    };
    expect(checkInput(tool(tree), { value: 1, children: [{ value: 2, children: [] }] })).toMatchObject({
      ok: true,
    });
    expect(checkInput(tool(tree), { value: 1, children: [{}] })).toMatchObject({ ok: false });
    expect(checkInput(tool({ $ref: '#' }), {})).toMatchObject({ ok: true });
  });

  test.each([
    { name: 'not', schema: { properties: { a: { not: { pattern: '^x' } } } } },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema.
    { name: 'if', schema: { properties: { a: { if: { pattern: '^x' }, then: false } } } },
    { name: 'oneOf', schema: { properties: { a: { oneOf: [{ pattern: '^x' }, { type: 'string' }] } } } },
    {
      name: 'not around a reference',
      schema: { properties: { a: { not: { $ref: '#/$defs/p' } } }, $defs: { p: { pattern: '^x' } } },
    },
  ])('leaving a pattern out never refuses a right call by way of $name', ({ schema: lax }) => {
    expect(checkInput(tool(lax), { a: 'y' })).toMatchObject({ ok: true });
  });

  test.each([
    { name: '3000 levels', schema: { properties: { a: nested(3000) } }, says: /too deep/ },
    {
      name: 'a document elsewhere',
      schema: { $ref: 'https://evil.example/schema.json' },
      says: /another document/,
    },
    {
      name: 'a reference to nowhere',
      schema: { properties: { a: { $ref: '#/$defs/none' } } },
      says: /leads nowhere/,
    },
    { name: 'a prototype as target', schema: { $ref: '#/constructor' }, says: /leads nowhere/ },
    { name: 'an unknown type', schema: { properties: { a: { type: 'strin' } } }, says: /`type` is "strin"/ },
    { name: 'an enum that is none', schema: { properties: { a: { enum: 5 } } }, says: /`enum` is 5/ },
    { name: 'a number as schema', schema: { properties: { a: 5 } }, says: /not a schema/ },
    { name: 'references that double 25 times', schema: doubling(25), says: /multiply/ },
  ])('a schema with $name makes the call fail in words', ({ schema: hostile, says }) => {
    const checked = checkInput(tool(hostile as JsonSchema), { a: 1 });
    expect(checked).toEqual({ ok: false, problem: expect.stringMatching(says) });
  });

  test.each([
    { name: 'pattern', schema: { properties: { a: { pattern: '^(a+)+$' } } } },
    { name: 'patternProperties', schema: { patternProperties: { '^(a+)+$': {} } } },
    { name: 'propertyNames', schema: { propertyNames: { pattern: '^(a+)+$' } } },
    { name: 'format', schema: { properties: { url: { format: 'url' } } } },
    { name: 'uniqueItems', schema: { properties: { list: { uniqueItems: true } } } },
    { name: 'a broken pattern', schema: { properties: { a: { pattern: '(((' } } } },
  ])('$name of a stranger is not run', ({ schema: slow }) => {
    // Run, the expressions take minutes on these, and the list is refused.
    const slowest = `${'a'.repeat(40)}!`;
    const input = { a: slowest, [slowest]: 1, url: `http://${slowest}`, list: [1, 1] };
    expect(checkInput(tool(slow), input)).toMatchObject({ ok: true });
  });

  test('checking leaves the schema as it was', () => {
    const frozen = deepFreeze({
      type: 'object',
      properties: { a: { $ref: '#/$defs/b' } },
      $defs: { b: { type: 'string' } },
    });
    expect(checkInput(tool(frozen), { a: 'x' })).toMatchObject({ ok: true });
    expect(Object.getOwnPropertyNames(frozen)).toEqual(['type', 'properties', '$defs']);
  });
});

function page(name: string, parametersSchema?: JsonSchema, description = 'What it does.'): AdmittedTool {
  return { tool: clientTool(name, 'webmcp', parametersSchema, description), notes: [] };
}

function sdk(name: string): AdmittedTool {
  return { tool: clientTool(name, 'sdk', undefined, 'What it does.'), notes: [] };
}

function server(name: string): ResolvedTool {
  return {
    name,
    description: 'What it does.',
    parametersSchema: { type: 'object' },
    origin: 'server',
    binding: { kind: 'configured' },
    needsApproval: false,
  };
}

function clientTool(
  name: string,
  origin: 'webmcp' | 'sdk',
  schema: JsonSchema | undefined,
  description: string,
): ClientTool {
  return { name, description, origin, ...(schema === undefined ? {} : { parametersSchema: schema }) };
}

function canonical({ tool: { name, origin } }: AdmittedTool): string {
  return origin === 'webmcp' ? `webmcp:${name}` : name;
}

function tool(parametersSchema: JsonSchema): OfferedTool {
  const [offered] = offerTools([page('tool')]);
  return { ...(offered as OfferedTool), parametersSchema };
}

function nested(levels: number): JsonSchema {
  let schema: JsonSchema = { type: 'object' };
  for (let level = 0; level < levels; level++) schema = { type: 'object', properties: { a: schema } };
  return schema;
}

function doubling(levels: number): JsonSchema {
  const $defs: Record<string, JsonSchema> = { d0: { type: 'object' } };
  for (let level = 1; level <= levels; level++) {
    const $ref = `#/$defs/d${level - 1}`;
    $defs[`d${level}`] = { allOf: [{ $ref }, { $ref }] };
  }
  return { $ref: `#/$defs/d${levels}`, $defs };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
