import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_KEY, aServer, CONFIG, type TestServer } from '../support/server.ts';

const KEY = { authorization: `Bearer ${API_KEY}` };

let server: TestServer;
beforeEach(async () => {
  server = await aServer({ config: { ...CONFIG, apiKeys: [{ key: API_KEY, scopes: ['*'] }] } });
});
afterEach(() => server.close());

/** Names in the way of `p0`, `p1` … */
const named = <Value>(letter: string, count: number, value: Value) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${letter}${index}`, value]));

function definition(config: Record<string, unknown>, parametersSchema: Record<string, unknown>) {
  const whole = { url: 'https://service.invalid/', method: 'POST', ...config };
  return { name: 'Hostile', description: 'Hostile.', toolType: 'external', parametersSchema, config: whole };
}

async function saved(tool: ReturnType<typeof definition>) {
  const response = await server.post('/v1/tools', tool, KEY);
  const body = (await response.json()) as {
    readonly details?: readonly string[];
    readonly validation?: { readonly warnings: readonly { readonly code: string }[] };
  };
  const codes = (body.validation?.warnings ?? []).map(({ code }) => code);
  return { status: response.status, details: body.details ?? [], codes };
}

/** Each took the process for seconds, or minutes. */
describe('a definition that is made to be slow to look at is looked at in no time', () => {
  test('thousands of placeholders that no parameter stands behind', async () => {
    const body = Object.keys(named('unknown', 15_000, 0)).map((name) => `{{${name}}}`);
    const properties = named('p', 1_400, {});
    const tool = definition({ body: body.join('') }, { type: 'object', properties });
    const { status, codes } = await saved(tool);
    expect(status).toBe(200);
    expect(codes.filter((code) => code === 'unknown_parameter')).toHaveLength(20);
  }, 15_000);

  test('placeholders and parameters with endless names', async () => {
    const name = 'x'.repeat(12_000);
    const body = Array.from({ length: 20 }, (_, index) => `{{${name}${index}}}`);
    const tool = definition({ body: body.join('') }, { type: 'object', properties: { [`${name}y`]: {} } });
    const { status, codes } = await saved(tool);
    expect(status).toBe(200);
    expect(codes.filter((code) => code === 'unknown_parameter')).toHaveLength(20);
  }, 15_000);

  test('a schema that breaks one rule thousands of times, twenty times over', async () => {
    const types = Array.from({ length: 3_000 }, (_, index) => index);
    for (let round = 0; round < 10; round += 1) {
      const { status, details } = await saved(
        definition({}, { type: 'object', properties: { a: { type: types } } }),
      );
      expect([status, details.length]).toEqual([400, 5]);
      const many = await saved(definition({}, { type: 'object', properties: named('p', 1_600, 1) }));
      expect([many.status, many.details.length]).toEqual([400, 5]);
    }
  }, 15_000);

  test('names that are required and not declared', async () => {
    const required = Object.keys(named('missing', 700, 0));
    const tool = definition({}, { type: 'object', properties: named('p', 400, {}), required });
    const { status, codes } = await saved(tool);
    expect(status).toBe(200);
    expect(codes.filter((code) => code === 'schema_required_undeclared')).toHaveLength(20);
  }, 15_000);
});

describe('a call whose values are put in many times over is refused before it fills the memory', () => {
  const parameters = { x: 'ä'.repeat(60_000) };
  const schema = { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] };

  test.each([
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{{x}}'.repeat(4_000) },
    ],
    ['a text', { body: `Text: ${'{{x}}'.repeat(20_000)}` }],
    ['JSON', { body: Array.from({ length: 20_000 }, () => '{{x}}') }],
    ['an address', { url: `https://service.invalid/?${'{{x}}'.repeat(20_000)}` }],
    ['a header', { headers: { 'x-text': '{{x}}'.repeat(20_000) } }],
  ])(
    'in %s',
    async (_, config) => {
      const body = { definition: definition(config, schema), parameters };
      const response = await server.post('/v1/tools/test', body, KEY);
      expect(await response.json()).toMatchObject({
        status: 'error',
        error: { code: 'invalid_arguments', message: expect.stringContaining('Send less') },
      });
    },
    15_000,
  );

  test('in the prompt of a flow', async () => {
    const response = await server.dispatch({
      agent: undefined,
      messages: undefined,
      flow: { steps: [{ type: 'prompt', config: { userPrompt: '{{x}}'.repeat(15_000) } }] },
      inputs: { x: 'x'.repeat(200_000) },
      streamResponse: false,
    });
    expect(await response.text()).toContain('Send less');
  }, 15_000);
});

test('secrets that repeat themselves, in a text that repeats them too, hold nobody up', async () => {
  const secrets = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`key${index}`, `${'a'.repeat(32_000)}${index}`]),
  );
  const tool = definition({ body: { x: '{{x}}' } }, { type: 'object', properties: { x: {} } });
  const body = { definition: tool, parameters: { x: 'a'.repeat(60_000) }, secrets };
  const response = await server.post('/v1/tools/test', body, KEY);
  expect(await response.json()).toMatchObject({ status: 'error', error: { code: 'egress_failed' } });
}, 30_000);
