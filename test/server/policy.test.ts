import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_TOOL_DESCRIPTION_CHARS,
  MAX_TOOL_SCHEMA_BYTES,
  MAX_TOOL_SCHEMA_DEPTH,
} from '../../protocol/limits.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import type { AllowlistRule } from '../../server/config/config.ts';
import { type AdmissionRules, admit, isToolPattern } from '../../server/policy.ts';

const ORIGIN = 'https://store.example.com';

function aTool(fields: Partial<ClientTool> = {}): ClientTool {
  return {
    name: 'search',
    description: 'Searches.',
    parametersSchema: { type: 'object' },
    origin: 'webmcp',
    ...fields,
  };
}

function surface(
  allowlist: readonly AllowlistRule[],
  fields: { enabled?: boolean; sdkTools?: string[] } = {},
): AdmissionRules {
  const { enabled = true, sdkTools = [] } = fields;
  return {
    kind: 'surface',
    origin: ORIGIN,
    webmcp: { enabled, allowlist, requireConfirmFor: [], autoApprove: [] },
    sdkTools,
  };
}

/** `admitted`, or why not. */
function verdict(tool: ClientTool, rules: AdmissionRules): string {
  return admit([tool], rules).refused[0]?.reason ?? 'admitted';
}

describe('the allowlist of a surface', () => {
  test.each([
    ['search', 'search', true],
    ['search', 'Search', false],
    ['search', 'search2', false],
    ['search_*', 'search_products', true],
    ['search_*', 'search_', true],
    ['search_*', 'search', false],
    ['search_*', 'SEARCH_products', false],
    ['*', 'anything', true],
    ['*', '.hidden', true],
    ['*', '__proto__', true],
    ['get.*', 'get.cart', true],
    ['get.*', 'getXcart', false],
    ['a*b', 'axb', false],
    ['*x', 'ax', false],
    ['**', 'anything', false],
    ['', '', false],
    ['search_?', 'search_1', false],
    ['search_[12]', 'search_1', false],
    ['{search,get}', 'search', false],
    ['!search', 'get', false],
    ['@(search)', 'search', false],
    ['(search)', 'search', false],
    ['se\u200barch', 'search', false],
    ['\u0455earch', 'search', false],
  ])('%j admits %j: %s', (pattern, name, expected) => {
    const rules = surface([{ origin: ORIGIN, tools: [pattern] }]);
    expect(verdict(aTool({ name }), rules) === 'admitted').toBe(expected);
  });

  test('a pattern means its prefix for every legal name that holds a letter or digit', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{0,20}[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/);
    const prefix = fc.stringMatching(/^[A-Za-z0-9_.-]{0,6}$/);
    fc.assert(
      fc.property(name, prefix, (bare, start) => {
        const rules = surface([{ origin: '*', tools: [`${start}*`] }]);
        expect(verdict(aTool({ name: bare }), rules) === 'admitted').toBe(bare.startsWith(start));
      }),
    );
  });

  test.each([
    ['its own origin', ORIGIN, 'admitted'],
    ['every origin', '*', 'admitted'],
    ['another port', `${ORIGIN}:8443`, 'not_allowlisted'],
    ['a parent domain', 'https://example.com', 'not_allowlisted'],
    ['a wildcard host', 'https://*.example.com', 'not_allowlisted'],
    ['a trailing slash', `${ORIGIN}/`, 'not_allowlisted'],
  ])('a rule for %s', (_, origin, expected) => {
    expect(verdict(aTool(), surface([{ origin, tools: ['*'] }]))).toBe(expected);
  });

  test('an empty one admits everything, and a switched-off surface nothing', () => {
    expect(verdict(aTool(), surface([]))).toBe('admitted');
    expect(verdict(aTool(), surface([], { enabled: false }))).toBe('webmcp_disabled');
    expect(verdict(aTool(), surface([{ origin: '*', tools: ['*'] }], { enabled: false }))).toBe(
      'webmcp_disabled',
    );
  });

  test('a rule without tools admits none', () => {
    expect(verdict(aTool(), surface([{ origin: '*', tools: [] }]))).toBe('not_allowlisted');
  });
});

describe('tools of the SDK', () => {
  const sdk = (name: string) => aTool({ name, origin: 'sdk' });

  test('from a browser are the built-in ones and those that the surface names', () => {
    const rules = surface([], { sdkTools: ['open_panel'] });
    expect(verdict(sdk('suggest_replies'), rules)).toBe('admitted');
    expect(verdict(sdk('ask_user_question'), rules)).toBe('admitted');
    expect(verdict(sdk('open_panel'), rules)).toBe('admitted');
    expect(verdict(sdk('open_panel2'), rules)).toBe('sdk_not_admitted');
  });

  test('are never gated for a caller with an API key, whose policy narrows page tools only', () => {
    const rules: AdmissionRules = { kind: 'api_key', allowlist: ['search_*'] };
    expect(verdict(sdk('Weather Lookup'), rules)).toBe('admitted');
    expect(verdict(aTool({ name: 'search_all' }), rules)).toBe('admitted');
    expect(verdict(aTool({ name: 'get_cart' }), rules)).toBe('not_allowlisted');
    expect(verdict(aTool({ name: 'get_cart' }), { kind: 'api_key', allowlist: [] })).toBe('not_allowlisted');
    expect(verdict(aTool({ name: 'get_cart' }), { kind: 'api_key', allowlist: undefined })).toBe('admitted');
  });
});

describe('names', () => {
  test.each([
    ['webmcp:search', 'reserved_prefix'],
    ['WebMCP:search', 'reserved_prefix'],
    ['mcp:linear:create', 'reserved_prefix'],
    ['builtin:web', 'reserved_prefix'],
    ['a b', 'invalid_name'],
    ['a:b', 'invalid_name'],
    ['\u{1f600}', 'invalid_name'],
    ['suche_ä', 'invalid_name'],
    ['s\u0435arch', 'invalid_name'],
    ['__proto__', 'admitted'],
    ['constructor', 'admitted'],
    ['-', 'admitted'],
    ['x'.repeat(128), 'admitted'],
  ])('%j is %s', (name, expected) => {
    expect(verdict(aTool({ name }), surface([]))).toBe(expected);
  });

  test.each(['webmcp:x', 'mcp:x', 'builtin:x'])('%s is not for the SDK either', (name) => {
    expect(verdict(aTool({ name, origin: 'sdk' }), { kind: 'api_key', allowlist: undefined })).toBe(
      'reserved_prefix',
    );
  });
});

describe('schemas', () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 1 ? { type: 'object' } : { type: 'object', additionalProperties: nested(depth - 1) };
  const admitted = (parametersSchema: Record<string, unknown> | undefined) => {
    const tool = { name: 'search', description: '', origin: 'webmcp' } as const;
    return admit([parametersSchema === undefined ? tool : { ...tool, parametersSchema }], surface([]));
  };

  test('a missing one stands for no parameters', () => {
    expect(admitted(undefined).admitted[0]).toMatchObject({
      tool: { parametersSchema: { type: 'object', properties: {} } },
      notes: [],
    });
  });

  test('one without a type becomes one of an object, and says so', () => {
    expect(admitted({ properties: { a: { type: 'string' } } }).admitted[0]).toMatchObject({
      tool: { parametersSchema: { type: 'object', properties: { a: { type: 'string' } } } },
      notes: ['`type: "object"` was added to its schema.'],
    });
  });

  test.each([
    ['another type', { type: 'string' }, 'invalid_schema'],
    ['a list of types', { type: ['object', 'null'] }, 'invalid_schema'],
    ['properties that are a list', { type: 'object', properties: ['a'] }, 'invalid_schema'],
    ['a type that is no type', { type: 'object', properties: { a: { type: 'strin' } } }, 'invalid_schema'],
    [
      'another document',
      { type: 'object', properties: { a: { $ref: 'https://evil.example/s' } } },
      'invalid_schema',
    ],
    [
      'a reference to nowhere',
      { type: 'object', properties: { a: { $ref: '#/$defs/none' } } },
      'invalid_schema',
    ],
    ['a reference to itself', { type: 'object', properties: { a: { $ref: '#' } } }, 'admitted'],
    [
      'a slow pattern',
      { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
      'admitted',
    ],
    ['a draft-07 mark', { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' }, 'admitted'],
    [
      'a property called constructor',
      { type: 'object', properties: { constructor: { type: 'string' } } },
      'admitted',
    ],
  ])('one with %s', (_, schema, expected) => {
    expect(admitted(schema).refused[0]?.reason ?? 'admitted').toBe(expected);
  });

  test('one may be as deep and as large as the limits and no more', () => {
    const inflated = (bytes: number) => ({
      type: 'object',
      description: 'é'.repeat((bytes - JSON.stringify({ type: 'object', description: '' }).length) / 2),
    });
    const odd = JSON.stringify({ type: 'object', description: '' }).length % 2;
    expect(admitted(nested(MAX_TOOL_SCHEMA_DEPTH)).refused).toEqual([]);
    expect(admitted(nested(MAX_TOOL_SCHEMA_DEPTH + 1)).refused).toMatchObject([
      { reason: 'schema_too_large' },
    ]);
    expect(admitted(inflated(MAX_TOOL_SCHEMA_BYTES - odd)).refused).toEqual([]);
    expect(admitted(inflated(MAX_TOOL_SCHEMA_BYTES + 2 - odd)).refused).toMatchObject([
      { reason: 'schema_too_large' },
    ]);
  });
});

describe('descriptions', () => {
  const reviewed = (description: string) => admit([aTool({ description })], surface([])).admitted[0];

  test('a long one is cut with a mark, and no character is cut in half', () => {
    const long = reviewed('\u{1f600}'.repeat(MAX_TOOL_DESCRIPTION_CHARS));
    expect(long?.tool.description.length).toBeLessThanOrEqual(MAX_TOOL_DESCRIPTION_CHARS);
    expect(long?.tool.description).toMatch(/^(\u{1f600})+ … \(cut\)$/u);
    expect(long?.notes).toEqual(['Its description was cut to 2000 characters.']);
  });

  test('hidden characters are left out, and those that languages need stay', () => {
    expect(reviewed('Find\u202e\u{e0041}\u0000 a mug')).toMatchObject({
      tool: { description: 'Find a mug' },
      notes: ['Hidden characters were left out of its description.'],
    });
    const honest = 'نمی\u200cخواهم 👩\u200d🚀\n\tok';
    expect(reviewed(honest)).toMatchObject({ tool: { description: honest }, notes: [] });
  });
});

test('every refusal says what is wrong and what mends it, and the order of the tools stays', () => {
  const tools = [
    aTool({ name: 'b' }),
    aTool({ name: 'a b' }),
    aTool({ name: 'a' }),
    aTool({ name: 'x', origin: 'sdk' }),
  ];
  const { admitted, refused, origin } = admit(tools, surface([]));
  expect(origin).toBe(ORIGIN);
  expect(admitted.map(({ tool }) => tool.name)).toEqual(['b', 'a']);
  for (const { message } of refused) expect(message).toMatch(/^[A-Z].*\. [A-Z].*\.$/);
});

test('a pattern is a name with at most one star at its end', () => {
  expect(['*', 'a', 'a*', 'a.b-c_d*'].every(isToolPattern)).toBe(true);
  expect(
    ['', '**', 'a*b', '*a', 'a**', 'a?', 'a b', 'ä*', 'a\n', `${'x'.repeat(129)}`].some(isToolPattern),
  ).toBe(false);
});
