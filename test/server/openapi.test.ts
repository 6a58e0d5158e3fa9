import { Validator } from '@cfworker/json-schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../protocol/error.ts';
import {
  aServer,
  callsEachTool,
  eventsOf,
  SEARCH_TOOL,
  STORE_TOKEN,
  type TestServer,
} from '../support/server.ts';

interface Media {
  readonly schema: object;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, Media> }
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, object>;
    readonly securitySchemes: Record<string, object>;
  };
}

describe('the OpenAPI document', () => {
  let server: TestServer;
  let document: Document;
  beforeAll(async () => {
    server = await aServer({ model: callsEachTool });
    document = (await (await server.request('/openapi.json')).json()) as Document;
  });
  afterAll(() => server.close());

  /** What a value does wrong by a schema of the document. */
  const problems = (schema: object, value: unknown) => {
    const whole = { ...schema, components: document.components };
    return new Validator(whole, '2020-12', false)
      .validate(value)
      .errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`);
  };
  const operation = (path: string) => Object.values(document.paths[path] ?? {})[0] as Operation;
  const answerSchema = (path: string, status: number, media: string) =>
    operation(path).responses[status]?.content?.[media]?.schema ?? { not: {} };
  const requestSchema = (path: string) =>
    operation(path).requestBody?.content['application/json']?.schema ?? { not: {} };

  test('is OpenAPI 3.1 and lists every route once', () => {
    expect(document.openapi).toBe('3.1.0');
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId, security }]) => [
        method,
        path,
        operationId,
        security.length > 0,
      ]),
    );
    expect(listed).toEqual([
      ['post', '/v1/client/init', 'clientInit', false],
      ['post', '/v1/client/chat', 'clientChat', false],
      ['post', '/v1/client/resume', 'clientResume', false],
      ['post', '/v1/client/cancel', 'clientCancel', false],
      ['post', '/v1/client/feedback', 'clientFeedback', false],
      ['post', '/v1/dispatch', 'dispatch', true],
      ['post', '/v1/dispatch/resume', 'dispatchResume', true],
      ['post', '/v1/dispatch/cancel', 'dispatchCancel', true],
      ['post', '/v1/dispatch/approve', 'dispatchApprove', true],
      ['post', '/v1/agents/{agentId}/approve', 'agentsApprove', true],
      ['post', '/v1/dispatch/continue', 'dispatchContinue', true],
      ['post', '/v1/agents', 'createAgent', true],
      ['get', '/v1/agents', 'listAgents', true],
      ['get', '/v1/agents/{id}', 'agent', true],
      ['put', '/v1/agents/{id}', 'updateAgent', true],
      ['delete', '/v1/agents/{id}', 'deleteAgent', true],
      ['post', '/v1/flows', 'createFlow', true],
      ['get', '/v1/flows', 'listFlows', true],
      ['get', '/v1/flows/{id}', 'flow', true],
      ['put', '/v1/flows/{id}', 'updateFlow', true],
      ['delete', '/v1/flows/{id}', 'deleteFlow', true],
      ['post', '/v1/tools/ensure', 'ensureTool', true],
      ['get', '/v1/tools/pull', 'pullTool', true],
      ['post', '/v1/tools', 'createTool', true],
      ['get', '/v1/tools', 'listTools', true],
      ['get', '/v1/tools/{id}', 'tool', true],
      ['put', '/v1/tools/{id}', 'updateTool', true],
      ['delete', '/v1/tools/{id}', 'deleteTool', true],
      ['post', '/v1/tools/{id}/execute', 'executeTool', true],
      ['post', '/v1/tools/{id}/test', 'testSavedTool', true],
      ['post', '/v1/tools/test', 'testTool', true],
      ['get', '/v1/client/executions/{executionId}/events', 'clientExecutionsEvents', true],
      ['get', '/v1/agents/{agentId}/executions/{executionId}/events', 'agentsExecutionsEvents', true],
      ['get', '/v1/client/conversations', 'clientConversations', false],
      ['delete', '/v1/client/conversations', 'deleteClientConversations', false],
      ['post', '/v1/client/conversations/search', 'searchClientConversations', false],
      ['get', '/v1/client/conversations/{conversationId}', 'clientConversation', false],
      ['patch', '/v1/client/conversations/{conversationId}', 'changeClientConversation', false],
      ['delete', '/v1/client/conversations/{conversationId}', 'deleteClientConversation', false],
      [
        'patch',
        '/v1/client/conversations/{conversationId}/display-projections',
        'projectClientConversation',
        false,
      ],
      ['post', '/v1/client/visitor/reset', 'clientVisitorReset', false],
      ['get', '/v1/secrets', 'listSecrets', true],
      ['post', '/v1/secrets', 'saveSecret', true],
      ['post', '/v1/secrets/rotate', 'rotateSecrets', true],
      ['delete', '/v1/secrets/{name}', 'deleteSecret', true],
      ['get', '/v1/receipts', 'listReceipts', true],
      ['get', '/v1/client-tokens', 'listClientTokens', true],
      ['post', '/v1/client-tokens', 'createClientToken', true],
      ['patch', '/v1/client-tokens/{id}', 'changeClientToken', true],
      ['delete', '/v1/client-tokens/{id}', 'deleteClientToken', true],
      ['post', '/v1/client-tokens/{id}/regenerate', 'regenerateClientToken', true],
      ['get', '/v1/api-keys', 'listApiKeys', true],
      ['post', '/v1/api-keys', 'createApiKey', true],
      ['post', '/v1/api-keys/{id}/revoke', 'revokeApiKey', true],
      ['post', '/v1/client/files', 'clientFiles', false],
      ['patch', '/v1/client/files/{fileId}', 'appendClientFile', false],
      ['get', '/v1/client/files/{fileId}', 'clientFileState', true],
      ['delete', '/v1/client/files/{fileId}', 'deleteClientFile', false],
      ['get', '/v1/client/files/{fileId}/content', 'clientFileContent', true],
      ['get', '/metrics', 'metrics', true],
      ['get', '/healthz', 'healthz', false],
      ['get', '/readyz', 'readyz', false],
      ['get', '/openapi.json', 'openapiJson', false],
    ]);
  });

  test('refers only to what it holds, and carries nothing but JSON Schema inside', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = '']) => target);
    expect(references.length).toBeGreaterThan(20);
    for (const target of new Set(references)) {
      expect(
        Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
      ).toContain(target);
    }
    expect(text).not.toMatch(/"\$schema"|"\$id"|~standard|undefined/);
  });

  test('names only codes that exist, under their own status', () => {
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        for (const [status, { description }] of Object.entries(responses)) {
          if (status === '200') continue;
          for (const [, code = ''] of description.matchAll(/`([^`]+)`/g)) {
            expect(ERRORS).toHaveProperty(code);
            expect(String(ERRORS[code as keyof typeof ERRORS].status)).toBe(status);
          }
        }
      }
    }
  });

  test('describes what the routes take', () => {
    const messages = [{ role: 'user', content: 'Hi' }];
    const good: readonly [string, object][] = [
      ['/v1/client/init', { token: STORE_TOKEN, flowId: 'x' }],
      ['/v1/client/chat', { sessionId: 'cs_1', messages, clientTools: [SEARCH_TOOL], context: {} }],
      [
        '/v1/client/resume',
        { sessionId: 'cs_1', executionId: 'exec_1', toolOutputs: { a: [1] }, streamResponse: true },
      ],
      ['/v1/client/cancel', { sessionId: 'cs_1', executionId: 'exec_1' }],
      ['/v1/client/feedback', { sessionId: 'cs_1', type: 'nps', rating: 3 }],
      ['/v1/dispatch', { agent: { model: 'offline' }, messages }],
      ['/v1/dispatch/resume', { executionId: 'exec_1', toolOutputs: {} }],
    ];
    for (const [path, body] of good) {
      expect([path, problems(requestSchema(path), body)]).toEqual([path, []]);
      // That it is an agent or a flow is said in words.
      if (path !== '/v1/dispatch') expect(problems(requestSchema(path), {})).not.toEqual([]);
      expect(
        problems(requestSchema(path), {
          ...body,
          messages: 7,
          token: 7,
          executionId: 7,
          toolOutputs: 7,
          type: 7,
        }),
      ).not.toEqual([]);
    }
    const file = { sessionId: 'cs_1', filename: 'a.txt', size: 3 };
    expect(problems(requestSchema('/v1/client/files'), file)).toEqual([]);
    expect(problems(requestSchema('/v1/client/files'), { ...file, size: 0 })).not.toEqual([]);
    const piece = document.paths['/v1/client/files/{fileId}']?.patch;
    expect(Object.keys(piece?.requestBody?.content ?? {})).toEqual(['application/octet-stream']);
    expect(piece?.parameters?.map(({ name }) => name)).toEqual(['fileId', 'sessionId', 'Upload-Offset']);
  });

  test('describes what the routes take from their address and their headers', () => {
    const parameters = (path: string) =>
      (operation(path).parameters ?? []).map((one) => `${one.in} ${one.name}${one.required ? '' : '?'}`);
    expect(parameters('/v1/agents/{agentId}/executions/{executionId}/events')).toEqual([
      'path agentId',
      'path executionId',
      'query conversationId',
      'query after?',
      'header Last-Event-ID?',
    ]);
    const follow = '/v1/client/executions/{executionId}/events';
    expect(parameters(follow)).toEqual(['path executionId', 'query after?', 'header Last-Event-ID?']);
    expect(operation(follow)).not.toHaveProperty('requestBody');
    expect(operation(follow).security).toEqual([{ session: [] }]);
    const after = operation(follow).parameters?.find(({ name }) => name === 'after');
    expect(after?.description).toContain('`seq`');
    expect(problems(after?.schema ?? {}, '12')).toEqual([]);
    expect(problems(after?.schema ?? {}, '-1')).not.toEqual([]);
    for (const path of ['/v1/client/chat', '/v1/client/resume', '/v1/client/cancel', '/v1/dispatch/resume']) {
      expect(parameters(path)).toEqual(['header Idempotency-Key?']);
    }
    for (const [path, methods] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters: all = [] } of Object.values(methods)) {
        const described = all.filter((one) => one.in === 'path' && one.required).map(({ name }) => name);
        expect(described).toEqual(names);
      }
    }
  });

  test('describes what the routes answer', async () => {
    const opened = await server.init();
    expect(problems(answerSchema('/v1/client/init', 200, 'application/json'), opened)).toEqual([]);
    const { sessionId } = opened;
    const events = await eventsOf(await server.chat({ sessionId, clientTools: [SEARCH_TOOL] }));
    const body = { sessionId, executionId: events[0]?.executionId, toolOutputs: { search_products: 'x' } };
    const rest = await eventsOf(await server.resume(body));
    for (const event of [...events, ...rest]) {
      expect([
        event.type,
        problems(answerSchema('/v1/client/chat', 200, 'text/event-stream'), event),
      ]).toEqual([event.type, []]);
    }
    const follow = '/v1/client/executions/{executionId}/events';
    const followed = await eventsOf(await server.follow(sessionId, body.executionId ?? ''));
    expect(followed).toHaveLength(events.length + rest.length);
    for (const event of followed) {
      expect(problems(answerSchema(follow, 200, 'text/event-stream'), event)).toEqual([]);
    }
    const cancelled = await (await server.cancel({ sessionId, executionId: body.executionId })).json();
    expect(problems(answerSchema('/v1/client/cancel', 200, 'application/json'), cancelled)).toEqual([]);
    const answer = await (await server.dispatch({ streamResponse: false })).json();
    expect(problems(answerSchema('/v1/dispatch', 200, 'application/json'), answer)).toEqual([]);
    const refused = await server.chat({ sessionId: 'cs_none' });
    expect(
      problems(answerSchema('/v1/client/chat', refused.status, 'application/json'), await refused.json()),
    ).toEqual([]);
    const feedback = await server.post('/v1/client/feedback', { sessionId, type: 'nps', rating: 3 });
    expect(
      problems(answerSchema('/v1/client/feedback', 200, 'application/json'), await feedback.json()),
    ).toEqual([]);
  });
});
