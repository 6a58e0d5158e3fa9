import * as z from 'zod/mini';
import { ERRORS, ErrorBody, type ErrorCode } from '../protocol/error.ts';
import { ClientToolsReport, StreamEvent } from '../protocol/event.ts';
import { ChatMessage } from '../protocol/message.ts';
import {
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
import type { Route } from './routes/route.ts';

/** Schemas that the document names, so that generated clients get types by these names. */
const NAMED = {
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
const WITH_BODY: readonly ErrorCode[] = [
  'invalid_json',
  'invalid_request',
  'body_too_large',
  'unsupported_media_type',
  'rate_limited',
];
const BY_AUTH: Readonly<Record<Route['auth'], readonly ErrorCode[]>> = {
  none: [],
  client: [...WITH_BODY, 'origin_not_allowed'],
  api_key: [...WITH_BODY, 'unauthorized', 'insufficient_scope'],
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
      },
      schemas: namedSchemas(),
    },
  };
}

function describeRoute(route: Route): Record<string, unknown> {
  return {
    operationId: operationId(route),
    summary: route.summary,
    security: route.auth === 'api_key' ? [{ apiKey: [] }] : [],
    ...(route.auth === 'none'
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

/** `POST /v1/client/init` is `clientInit`. */
function operationId({ path }: Route): string {
  const words = path.replace('/v1/', '').split(/[/.]/).filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('');
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
  const codes = [...new Set([...COMMON, ...BY_AUTH[route.auth], ...route.errors])];
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
