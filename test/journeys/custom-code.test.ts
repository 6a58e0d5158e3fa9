import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';

const KEY = 'sk_test_author_of_code';
const SURFACE = {
  id: 'store',
  clientTokens: [{ token: 'ct_test_journey', allowedOrigins: ['http://localhost'] }],
};

let product: Product;
beforeAll(async () => {
  product = await startProduct({ config: { surfaces: [SURFACE], apiKeys: [{ key: KEY, scopes: ['*'] }] } });
});
afterAll(() => product.stop());

test('the built server runs code in its sandbox, outlives what never ends, and stops when told', async () => {
  expect(await run('return { total: amount * 2 }')).toEqual({ status: 'success', result: { total: 42 } });
  const endless = await Promise.all([1, 2, 3].map(() => run('while (true) {}', 200)));
  expect(endless.map(({ error }) => error?.code)).toEqual(Array(3).fill('code_out_of_time'));
  expect(await run('return "still here"')).toEqual({ status: 'success', result: 'still here' });
});

async function run(
  code: string,
  timeout = 10_000,
): Promise<{ status: string; result?: unknown; error?: { code: string } }> {
  const tool = {
    name: 'code',
    description: 'Runs.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: { amount: { type: 'number' } } },
    config: { code, timeout },
  };
  const response = await fetch(`${product.url}/v1/tools/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ definition: tool, parameters: { amount: 21 } }),
  });
  const { status, result, error } = (await response.json()) as {
    status: string;
    result?: unknown;
    error?: { code: string };
  };
  return { status, ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) };
}
