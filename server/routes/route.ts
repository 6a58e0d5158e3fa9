import * as z from 'zod/mini';
import type { ScopeResource } from '../../protocol/credentials.ts';
import type { ErrorCode } from '../../protocol/error.ts';
import type { ApiKeyConfig } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { checkSubmission } from '../guard/client-tools.ts';
import { checkRuntimeTools, refuseSecrets } from '../guard/dispatch-limits.ts';

/** What a route knows of the request beside its input. */
export interface Call {
  readonly requestId: string;
  /** The HTTP `Origin`; `null` as text when the browser hides it or there is none. */
  readonly origin: string;
  /** Whom it counts against, where that is known. */
  readonly address: string | undefined;
  /** Aborts when whoever asked goes away. */
  readonly signal: AbortSignal;
  /** The value of a header, by its name in any case. */
  header(name: string): string | undefined;
  /** The bytes of the body, for a route whose `body` is `bytes`. Rejects with `RequestError` where there are more. */
  bytes(maxBytes: number): Promise<Uint8Array>;
}

/** A header that a route reads beside those of HTTP itself. */
export interface HeaderParameter {
  readonly name: string;
  readonly description: string;
}

/** What answers with 200: JSON of this schema, a stream of events, either as the request says, or the bytes of a file, or text. */
interface RouteAnswer {
  readonly description: string;
  readonly json?: z.ZodMiniType;
  readonly events?: true;
  readonly bytes?: true;
  /** Also as `application/x-ndjson`, where `Accept` asks for it: one item of the list a line. */
  readonly lines?: true;
  /** Text, of this media type. */
  readonly text?: string;
}

interface RouteFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Names in braces stand for one segment each, and are fields of the route's `request`. */
  readonly path: string;
  /** Of the operation in the OpenAPI document. Default: the words of the path, for which only one route has room. */
  readonly operation?: string;
  /**
   * What it carries. Default: `json` with POST, PUT and PATCH, else `none`. `bytes` are left to the route, which reads them
   * once it knows who sends them.
   */
  readonly body?: 'json' | 'bytes' | 'none';
  /** Fields that stand in the query beside a JSON body. Default: none. */
  readonly query?: readonly string[];
  readonly summary: string;
  readonly answer: RouteAnswer;
  /** Codes that this route answers beside those that every route of its kind may answer. */
  readonly errors: readonly ErrorCode[];
  /** Optional ones that it reads. */
  readonly headers?: readonly HeaderParameter[];
  /** Of the request's body. Default `MAX_BODY_BYTES`. */
  readonly maxBodyBytes?: number;
}

/** A route without input that anybody may ask. */
export interface OpenRoute extends RouteFacts {
  readonly auth: 'none';
  handle(call: Call): Response | Promise<Response>;
}

/** A route for browsers: its body names the client token or the session; without a body, `Authorization` does. */
export interface ClientRoute extends RouteFacts {
  readonly auth: 'client';
  /** Of the JSON body, the path's values and those that `query` names; without such a body, of the path's and the query's, which are strings. */
  readonly request: z.ZodMiniType;
  handle(call: Call, input: unknown): Promise<Response>;
}

interface KeyRouteFacts extends RouteFacts {
  /** What the key must be allowed: to read it with GET, else to change it. Default: `DISPATCH`. */
  readonly scope?: ScopeResource;
  /** `READ` where a key that only reads may ask too; what it then may not have, the route refuses itself. */
  readonly access?: 'READ';
}

/** A route for servers that hold a secret API key. */
export interface KeyRoute extends KeyRouteFacts {
  readonly auth: 'api_key';
  /** As of a client route. */
  readonly request: z.ZodMiniType;
  handle(call: Call, input: unknown, key: ApiKeyConfig): Promise<Response>;
}

/** One row of the table that registers the routes and writes the OpenAPI document. */
export type Route = OpenRoute | ClientRoute | KeyRoute;

export function clientRoute<Schema extends z.ZodMiniType>(
  route: RouteFacts & {
    readonly request: Schema;
    handle(call: Call, input: z.infer<Schema>): Promise<Response>;
  },
): ClientRoute {
  return {
    ...route,
    auth: 'client',
    handle(call, input) {
      refuseSecrets(input);
      return route.handle(call, read(route.request, input));
    },
  };
}

export function keyRoute<Schema extends z.ZodMiniType>(
  route: KeyRouteFacts & {
    readonly request: Schema;
    handle(call: Call, input: z.infer<Schema>, key: ApiKeyConfig): Promise<Response>;
  },
): KeyRoute {
  return {
    ...route,
    auth: 'api_key',
    handle: (call, input, key) => route.handle(call, read(route.request, input), key),
  };
}

export function bodyOf({ method, body }: Route): 'json' | 'bytes' | 'none' {
  return body ?? (['POST', 'PUT', 'PATCH'].includes(method) ? 'json' : 'none');
}

/** What stands behind `Bearer` in `Authorization`. */
export function bearerOf(call: Call): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(call.header('authorization') ?? '')?.[1];
}

/** Answers that hold credentials or a person's words belong in no cache. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { headers: { 'Cache-Control': 'no-store', ...headers } });
}

const MAX_DETAILS = 20;
const english = z.locales.en().localeError;
const words: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : english(issue);

function read<Schema extends z.ZodMiniType>(schema: Schema, input: unknown): z.infer<Schema> {
  checkSubmission(input);
  checkRuntimeTools(input);
  const result = schema.safeParse(input, { error: words });
  if (result.success) return result.data;
  const details = result.error.issues
    .slice(0, MAX_DETAILS)
    .map((issue) => `${pathOf(issue.path)}: ${issue.message}`);
  throw new RequestError(
    'invalid_request',
    `The request does not fit this route: ${details[0] ?? 'unknown'}.`,
    {
      hint: 'Mend the fields in `details`; `/openapi.json` describes all of them.',
      details,
    },
  );
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? 'body' : text.replace(/^\./, '');
}
