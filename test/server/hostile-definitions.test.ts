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
