import * as z from 'zod/mini';
import { ToolDefinition } from '../protocol/definition.ts';
import { ERRORS, ErrorBody, type ErrorCode } from '../protocol/error.ts';
import { ClientToolsReport, StreamEvent } from '../protocol/event.ts';
import { FileRequest, FileState } from '../protocol/file.ts';
import {
  ConversationResponse,
  ConversationSummary,
  ConversationsResponse,
  DisplayMessage,
  VISITOR_TOKEN_HEADER,
} from '../protocol/history.ts';
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
import {
  EnsureRequest,
  EnsureResponse,
  ExecuteToolResponse,
  PullResponse,
  SavedTool,
  SavedToolResponse,
  TestToolRequest,
  ToolsResponse,
} from '../protocol/saved.ts';
import {
  SavedAgent,
  SavedAgentResponse,
  SavedFlow,
  SavedFlowResponse,
} from '../protocol/saved-definitions.ts';
import { ClientTool } from '../protocol/tool.ts';
import { scopeOf } from './guard/api-key.ts';
import { bodyOf, type ClientRoute, type HeaderParameter, type KeyRoute, type Route } from './routes/route.ts';

/** Schemas that the document names, so that generated clients get types by these names. */
const NAMED = {
  CancelRequest,
  CancelResponse,
  ChatMessage,
  ChatRequest,
  ClientTool,
  ClientToolsReport,
  ConversationResponse,
  ConversationSummary,
  ConversationsResponse,
  DispatchRequest,
  DispatchResponse,
  DispatchResumeRequest,
  DisplayMessage,
  EnsureRequest,
  EnsureResponse,
  ErrorBody,
  ExecuteToolResponse,
  FeedbackRequest,
  FeedbackResponse,
  FileRequest,
  FileState,
  InitRequest,
  InitResponse,
  PullResponse,
  ResumeRequest,
  SavedAgent,
  SavedAgentResponse,
  SavedFlow,
  SavedFlowResponse,
  SavedTool,
  SavedToolResponse,
  StreamEvent,
  TestToolRequest,
  ToolDefinition,
  ToolsResponse,
};

/** What any route may answer, and what each kind of route may answer beside that. */
const COMMON: readonly ErrorCode[] = ['internal', 'store_unavailable', 'shutting_down'];
const BY_BODY: Readonly<Record<ReturnType<typeof bodyOf>, readonly ErrorCode[]>> = {
  none: [],
  json: ['invalid_json', 'body_too_large', 'unsupported_media_type'],
  bytes: ['body_too_large', 'unsupported_media_type'],
};
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
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'A secret API key, `sk_…`, with the named scope.',
        },
        apiKeyHeader: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'The same in a header of its own.',
        },
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
    ...describeBody(route),
    responses: { 200: describeAnswer(route), ...describeErrors(route) },
  };
}

function describeBody(route: Route): Record<string, unknown> {
  const body = bodyOf(route);
  if (route.auth === 'none' || body === 'none') return {};
  const content =
    body === 'json'
      ? { 'application/json': { schema: bodySchema(route) } }
      : { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  return { requestBody: { required: true, content } };
}

/** What the address says is left out. */
function bodySchema({ path, query = [], request }: ClientRoute | KeyRoute): Record<string, unknown> {
  const inAddress = [...query, ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)];
  if (inAddress.length === 0) return reference(request);
  const { properties = {}, required = [], ...schema } = z.toJSONSchema(request, { io: 'input' });
  return {
    ...withoutHead(schema),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !inAddress.includes(name))),
    required: required.filter((name) => !inAddress.includes(name)),
  };
}

/** `POST /v1/client/init` is `clientInit`, and names in braces say nothing. */
function operationId({ path, operation }: Route): string {
  if (operation !== undefined) return operation;
  const words = path
    .replace('/v1/', '')
    .split(/[/.]|\{\w+\}/)
    .filter(Boolean);
  return words.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('');
}

/** A client route finds the session in its body or its query, or the visitor in a header, or else the session in `Authorization`. */
function describeSecurity(route: Route): Record<string, string[]>[] {
  if (route.auth === 'api_key') return [{ apiKey: [scopeOf(route)] }, { apiKeyHeader: [scopeOf(route)] }];
  if (route.auth === 'none' || bodyOf(route) === 'json') return [];
  const { required = [] } = z.toJSONSchema(route.request, { io: 'input' });
  const hasOther = route.headers?.some(({ name }) => name === VISITOR_TOKEN_HEADER) === true;
  return hasOther || required.includes('sessionId') ? [] : [{ session: [] }];
}

/** What a route takes from its address. */
function describeInput(route: Route): Record<string, unknown>[] {
  if (route.auth === 'none') return [];
  const { properties = {}, required = [] } = z.toJSONSchema(route.request, { io: 'input' });
  const isInPath = (name: string) => route.path.includes(`{${name}}`);
  const isInBody = (name: string) =>
    bodyOf(route) === 'json' && !isInPath(name) && route.query?.includes(name) !== true;
  const fields = Object.entries(properties).filter(([name]) => !isInBody(name));
  return fields.map(([name, property]) => {
    const { description, ...schema } = typeof property === 'boolean' ? {} : property;
    return {
      name,
      in: isInPath(name) ? 'path' : 'query',
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
    ...(answer.bytes ? { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } : {}),
    ...(answer.lines ? { 'application/x-ndjson': { schema: { type: 'string' } } } : {}),
    ...(answer.text === undefined ? {} : { [answer.text]: { schema: { type: 'string' } } }),
    ...(answer.json === undefined ? {} : { 'application/json': { schema: reference(answer.json) } }),
  };
  const framing = answer.events
    ? ' Each frame carries `id: <seq>`, `event: <type>` and one event as `data`; the schema is that of one event.'
    : '';
  return { description: `${answer.description}${framing}`, content };
}

function describeErrors(route: Route): Record<string, unknown> {
  const codes = [...new Set([...COMMON, ...BY_BODY[bodyOf(route)], ...BY_AUTH[route.auth], ...route.errors])];
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
