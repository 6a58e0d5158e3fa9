import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../protocol/error.ts';
import type { ExecuteToolResponse, SavedToolResponse } from '../../protocol/saved.ts';
import { type EchoingService, startEchoingService } from '../support/echoing-service.ts';
import { API_KEY, aServer, CONFIG, type TestServer } from '../support/server.ts';

let service: EchoingService;
let server: TestServer;
beforeAll(async () => {
  service = await startEchoingService();
  const apiKeys = [{ key: API_KEY, scopes: ['*'] }];
  server = await aServer({ config: { ...CONFIG, apiKeys, egress: { internal: [service.host] } } });
});
afterEach(() => {
  service.received.length = 0;
});
afterAll(async () => {
  await server.close();
  await service.close();
});

async function post<Body = ErrorBody>(path: string, body: unknown) {
  const response = await server.post(path, body, { authorization: `Bearer ${API_KEY}` });
  return { status: response.status, body: (await response.json()) as Body };
}

let names = 0;

function orderTool(config: object) {
  names += 1;
  return {
    name: `Order ${names}`,
    description: 'Finds an order.',
    toolType: 'external',
    parametersSchema: {
      type: 'object',
      properties: { orderId: { type: 'string' } },
      required: ['orderId'],
    },
    config: { url: `http://${service.host}/body?order={{orderId}}`, ...config },
  };
}

const headers = (authorization: string) => ({ headers: { authorization } });

describe('a reference to a secret', () => {
  const saving = async (config: object) =>
    (await post<SavedToolResponse & ErrorBody>('/v1/tools', orderTool(config))).body;

  test('that is not stored is told by its name, until it is [R3-19]', async () => {
    const tool = await saving(headers('Bearer {{secret:ORDERS_KEY}}'));
    const missing = tool.validation.warnings.find(({ code }) => code === 'secret_not_found');
    expect(missing).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('{{secret:ORDERS_KEY}}'),
      suggestion: expect.stringContaining('ORDERS_KEY'),
    });
    await post('/v1/secrets', { name: 'ORDERS_KEY', value: 'a-kept-secret-value' });
    const again = await saving(headers('Bearer {{secret:ORDERS_KEY}}'));
    expect(again.validation.warnings.map(({ code }) => code)).not.toContain('secret_not_found');
  });

  test.each([
    ['{{secrets:ORDERS_KEY}}', '{{secret:ORDERS_KEY}}'],
    ['{{secret.ORDERS_KEY}}', '{{secret:ORDERS_KEY}}'],
    ['{{secret.orders_key}}', '{{secrets.orders_key}}'],
    ['{{secret:orders-key}}', '{{secret:ORDERS_KEY}}'],
    ['{{secrets}}', '{{secrets.key}}'],
  ])('spelt %s is refused with the right spelling [R2x-12, R3-19]', async (written, right) => {
    for (const [path, body] of [
      ['/v1/tools', orderTool(headers(`Bearer ${written}`))],
      [
        '/v1/tools/ensure',
        { name: 'Orders', definition: { ...orderTool(headers(written)), name: 'Orders' } },
      ],
      ['/v1/tools/test', { definition: orderTool(headers(written)), parameters: { orderId: '1' } }],
    ] as const) {
      const { status, body: refused } = await post(path, body);
      expect([status, refused.code]).toEqual([400, 'invalid_tool']);
      expect(refused.details?.join('\n')).toContain(`Write ${right}`);
    }
    expect(service.received).toEqual([]);
  });

  test('in code is refused', async () => {
    const definition = {
      ...orderTool({}),
      toolType: 'custom',
      config: { code: 'const key = "{{secret:ORDERS_KEY}}";\nreturn key;' },
    };
    const { body } = await post('/v1/tools', definition);
    expect([body.code, body.details?.[0]]).toEqual(['invalid_tool', expect.stringMatching(/line 1/)]);
  });

  test('to a parameter that the schema does not declare is told, with the one that was meant', async () => {
    const url = `http://${service.host}/body?order={{orderid}}`;
    const { validation } = await saving({ url });
    expect(validation.warnings).toContainEqual(
      expect.objectContaining({ path: 'config.url', suggestion: expect.stringContaining('{{orderId}}') }),
    );
  });
});

describe('a call of a saved tool', () => {
  const call = async (config: object, body: object) => {
    const { body: tool } = await post<SavedToolResponse>('/v1/tools', orderTool(config));
    return post<ExecuteToolResponse>(`/v1/tools/${tool.id}/execute`, body);
  };

  test('goes out with its parameters, the secrets of both kinds, the record and the user [R2-54, R2x-13]', async () => {
    await post('/v1/secrets', { name: 'SHOP_KEY', value: 'kept-by-the-server' });
    const { body } = await call(
      {
        headers: {
          Authorization: 'Bearer {{secret:SHOP_KEY}}',
          'X-Dispatch': '{{secrets.shop_key}}',
          'X-Record': '{{_record.type}}',
          'X-User': '{{_user.id}}',
        },
      },
      {
        parameters: { orderId: 'a/b?c' },
        secrets: { shop_key: 'of-this-call-alone' },
        record: { type: 'gold' },
        user: { id: 'user_7' },
      },
    );
    expect(body.status).toBe('success');
    const { url, headers: sent } = JSON.parse(service.received[0] ?? '{}');
    expect(url).toBe('/body?order=a%2Fb%3Fc');
    expect(sent).toMatchObject({
      authorization: 'Bearer kept-by-the-server',
      'x-dispatch': 'of-this-call-alone',
      'x-record': 'gold',
      'x-user': 'user_7',
    });
    const told = JSON.stringify(body);
    expect(told).toContain('user_7');
    expect(told).not.toMatch(/kept-by-the-server|of-this-call-alone/);
    const receipts = await server.store.receipts.receipts({
      workspace: 'default',
      executionId: body.executionId,
      limit: 10,
    });
    expect(receipts).toHaveLength(1);
    expect(JSON.stringify(receipts)).not.toMatch(/kept-by-the-server|of-this-call-alone/);
  });

  test('whose secret did not come with it reaches nobody, and says which', async () => {
    const { status, body } = await call(headers('{{secrets.shop_key}}'), { parameters: { orderId: '1' } });
    expect([status, body.status, body.error?.code]).toEqual([200, 'error', 'secrets_required']);
    expect(body.error?.message).toContain('shop_key');
    expect(service.received).toEqual([]);
  });

  test('that was answered with an error says so [R2x-13]', async () => {
    const { body } = await call({ url: `http://${service.host}/status` }, { parameters: { orderId: '1' } });
    expect([body.status, body.error?.code]).toEqual(['error', 'upstream_error']);
    expect(body.error?.message).toContain('418');
  });

  test('to a place that nobody opened goes nowhere', async () => {
    const { body } = await call({ url: 'http://127.0.0.1:1234/x' }, { parameters: { orderId: '1' } });
    expect([body.status, body.error?.code]).toEqual(['error', 'egress_blocked']);
  });

  test('whose receipt cannot be kept is told all the same: it was made', async () => {
    const refuse = () => Promise.reject(new Error('The disk is full.'));
    const broken = await aServer({
      config: {
        ...CONFIG,
        apiKeys: [{ key: API_KEY, scopes: ['*'] }],
        egress: { internal: [service.host] },
      },
      wrapStore: (store) =>
        new Proxy(store, {
          get(target, name) {
            const member: unknown = Reflect.get(target, name);
            if (name === 'receipts') return { ...store.receipts, addReceipts: refuse };
            return typeof member === 'function' ? member.bind(target) : member;
          },
        }),
    });
    const response = await broken.post(
      '/v1/tools/test',
      { definition: orderTool({}), parameters: { orderId: '1' } },
      { authorization: `Bearer ${API_KEY}` },
    );
    expect([response.status, ((await response.json()) as ExecuteToolResponse).status]).toEqual([
      200,
      'success',
    ]);
    expect(service.received).toHaveLength(1);
    expect(broken.logged()).toContain('receipts of a call could not be stored');
    await broken.close();
  });
});
