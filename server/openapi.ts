import * as z from 'zod/mini';
import { ERRORS, ErrorBody, type ErrorCode } from '../protocol/error.ts';
import { ClientToolsReport, StreamEvent } from '../protocol/event.ts';
import { ChatMessage } from '../protocol/message.ts';
import {
  CancelRequest,
  CancelResponse,
  ChatRequest,
  DispatchRequest,
  DispatchResponse,
  DispatchResumeRequest,
  FeedbackRequest,
  FeedbackResponse,
  InitRequest,
  InitResponse,
  ResumeRequest,
} from '../protocol/request.ts';
import { ClientTool } from '../protocol/tool.ts';
import type { HeaderParameter, Route } from './routes/route.ts';

/** Schemas that the document names, so that generated clients get types by these names. */
const NAMED = {
  CancelRequest,
  CancelResponse,
  ChatMessage,
  ChatRequest,
  ClientTool,
  ClientToolsReport,
  DispatchRequest,
  DispatchResponse,
  DispatchResumeRequest,
  ErrorBody,
  FeedbackRequest,
  FeedbackResponse,
  InitRequest,
  InitResponse,
  ResumeRequest,
  StreamEvent,
};

/** What any route may answer, and what each kind of route may answer beside that. */
const COMMON: readonly ErrorCode[] = ['internal', 'store_unavailable', 'shutting_down'];
const WITH_BODY: readonly ErrorCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type'];
const BY_AUTH: Readonly<Record<Route['auth'], readonly ErrorCode[]>> = {
  none: [],
  client: ['invalid_request', 'rate_limited', 'origin_not_allowed'],
  api_key: ['invalid_request', 'rate_limited', 'unauthorized', 'insufficient_scope'],
};

/** Describes the routes of a table as OpenAPI 3.1. The table also registers them, so the two cannot differ. */
export function openApiDocument(routes: readonly Route[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pagehand server',
      version: '1',
      description: 'Chats that use the tools of the page. Browsers use `/v1/client`, servers `/v1/dispatch`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'A secret API key, `sk_…`.' },
        session: { type: 'http', scheme: 'bearer', description: 'The `sessionId` of `init`, `cs_…`.' },
      },
      schemas: namedSchemas(),
    },
  };
}

function describeRoute(route: Route): Record<string, unknown> {
  const parameters = [...describeInput(route), ...(route.headers ?? []).map(describeHeader)];
  return {
    operationId: operationId(route),
    summary: route.summary,
    security: describeSecurity(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.auth === 'none' || route.method === 'GET'
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference(route.request) } },
          },
        }),
    responses: { 200: describeAnswer(route), ...describeErrors(route) },
  };
}

/** `POST /v1/client/init` is `clientInit`, and names in braces say nothing. */
function operationId({ path }: Route): string {
  const words = path
    .replace('/v1/', '')
    .split(/[/.]|\{\w+\}/)
    .filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('');
}

/** With a body a client route finds the session there. */
function describeSecurity({ auth, method }: Route): Record<string, string[]>[] {
  if (auth === 'api_key') return [{ apiKey: [] }];
  return auth === 'client' && method === 'GET' ? [{ session: [] }] : [];
}

/** What a route without a body takes from its address. */
function describeInput(route: Route): Record<string, unknown>[] {
  if (route.auth === 'none' || route.method !== 'GET') return [];
  const { properties = {}, required = [] } = z.toJSONSchema(route.request, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === 'boolean' ? {} : property;
    return {
      name,
      in: route.path.includes(`{${name}}`) ? 'path' : 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function describeHeader({ name, description }: HeaderParameter): Record<string, unknown> {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function describeAnswer({ answer }: Route): Record<string, unknown> {
  const content = {
    ...(answer.events ? { 'text/event-stream': { schema: reference(StreamEvent) } } : {}),
    ...(answer.json === undefined ? {} : { 'application/json': { schema: reference(answer.json) } }),
  };
  const framing = answer.events
    ? ' Each frame carries `id: <seq>`, `event: <type>` and one event as `data`; the schema is that of one event.'
    : '';
  return { description: `${answer.description}${framing}`, content };
}

function describeErrors(route: Route): Record<string, unknown> {
  const withBody = route.method === 'POST' ? WITH_BODY : [];
  const codes = [...new Set([...COMMON, ...withBody, ...BY_AUTH[route.auth], ...route.errors])];
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const names = codes.filter((code) => ERRORS[code].status === status).map((code) => `\`${code}\``);
      return [
        status,
        { description: names.join(', '), content: { 'application/json': { schema: reference(ErrorBody) } } },
      ];
    }),
  );
}

const address = (name: string) => `#/components/schemas/${name}`;

function reference(schema: z.ZodMiniType): Record<string, unknown> {
  const name = Object.entries(NAMED).find(([, named]) => named === schema)?.[0];
  return name === undefined ? withoutHead(z.toJSONSchema(schema, { io: 'input' })) : { $ref: address(name) };
}

function namedSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: address });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutHead(schema)]));
}

function withoutHead(schema: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}
