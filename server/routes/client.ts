import { ID_PREFIX } from '../../protocol/ids.ts';
import { MAX_PAGE_CONTEXT_CHARS, MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import {
  CancelRequest,
  CancelResponse,
  type Capability,
  ChatRequest,
  FeedbackRequest,
  FeedbackResponse,
  InitRequest,
  InitResponse,
  ResumeRequest,
} from '../../protocol/request.ts';
import { BUILT_IN_TOOLS, type ClientTool } from '../../protocol/tool.ts';
import type { Credentials } from '../credentials.ts';
import type { Answerers } from '../definitions/answerers.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import { fileRulesOf } from '../files/create-files.ts';
import { meantTools } from '../guard/client-tools.ts';
import {
  checkIdempotencyKey,
  IDEMPOTENCY_KEY,
  idempotencyOf,
  NEEDLESS_IDEMPOTENCY_KEY,
} from '../guard/idempotency.ts';
import type { RateLimits } from '../guard/rate-limits.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { type Admission, admit, NO_TOOLS } from '../policy.ts';
import {
  type ActiveSession,
  type OpenedSession,
  ownerOf,
  requireActive,
  requireOrigin,
  type Sessions,
} from '../sessions.ts';
import type { Store } from '../store/store.ts';
import { toldVisitor, type Visitors, type Welcome } from '../visitors.ts';
import { type ClientRoute, clientRoute, jsonAnswer } from './route.ts';

export interface ClientRouteParts {
  readonly answerers: Answerers;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly visitors: Visitors;
  readonly limits: RateLimits;
  readonly streams: EventStreams;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

export const SESSION_ERRORS = ['session_expired', 'invalid_client_token'] as const;

/** What this server can do beyond the public wire. */
const CAPABILITIES: readonly Capability[] = ['replay', 'cancel', 'edit'];

export const RESUME_ERRORS = [
  'execution_not_found',
  'unknown_tool_output',
  'ambiguous_tool_output',
  'already_resolved',
  'execution_not_awaiting',
  'execution_expired',
  'execution_conflict',
  'idempotency_key_reused',
  'overloaded',
] as const;

const CLIENT_TOOL_ERRORS = [
  'too_many_client_tools',
  'client_tools_too_large',
  'duplicate_client_tool',
  'client_tools_resend_required',
] as const;

/** The routes of the widget. */
export function clientRoutes(parts: ClientRouteParts): ClientRoute[] {
  return [initRoute(parts), chatRoute(parts), resumeRoute(parts), cancelRoute(parts), feedbackRoute(parts)];
}

function initRoute({ credentials, sessions, visitors, limits }: ClientRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/init',
    summary: 'Opens a session for a client token, or continues the conversation of an earlier session.',
    request: InitRequest,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'The session and what the widget needs to draw itself.', json: InitResponse },
    errors: [
      'invalid_client_token',
      'visitor_history_disabled',
      'visitor_required',
      'invalid_identity_proof',
      'identity_required',
      'not_found',
    ],
    async handle({ origin }, body) {
      const grant = requireActive(await credentials.clientToken(body.token));
      requireOrigin(grant, origin);
      await limits.clientToken(grant.token.hash, grant.surface);
      const welcome = await visitors.welcome(body, grant.surface);
      return jsonAnswer(initResponse(await sessions.open(body, grant, origin, welcome), welcome));
    },
  });
}

function initResponse(
  { surface, sessionId, session, revision }: OpenedSession,
  welcome: Welcome | undefined,
): InitResponse {
  const { agent, copy, behavior, mediaHosts, theme } = surface;
  const files = fileRulesOf(surface.files);
  return {
    sessionId,
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    flow: { id: agent.id, name: agent.name, description: null },
    conversationId: session.conversationId,
    targetId: agent.id,
    ...(welcome === undefined
      ? {}
      : { conversationRevision: String(revision), visitor: toldVisitor(welcome) }),
    capabilities: [
      ...CAPABILITIES,
      ...(surface.hasHistory ? ['history'] : []),
      ...(files === undefined ? [] : ['files']),
    ],
    config: {
      title: copy.title,
      welcomeMessage: copy.welcomeMessage,
      placeholder: copy.placeholder,
      suggestions: [...copy.suggestions],
      theme: theme === null ? null : { tokens: { ...theme.tokens } },
      webmcp: {
        enabled: behavior.webmcp.enabled,
        requireConfirmFor: [...behavior.webmcp.requireConfirmFor],
        autoApprove: [...behavior.webmcp.autoApprove],
      },
      builtInTools: behavior.sdkTools.filter((name) => BUILT_IN_TOOLS.includes(name)),
      history: surface.hasHistory,
      mediaHosts: [...mediaHosts],
      csat: surface.hasCsat,
      ...(files === undefined ? {} : { files }),
    },
  };
}

function chatRoute({
  answerers,
  store,
  dispatcher,
  sessions,
  limits,
  streams,
}: ClientRouteParts): ClientRoute {
  const path = '/v1/client/chat';
  return clientRoute({
    method: 'POST',
    path,
    summary: 'Starts an execution with what the visitor typed and the tools of the page.',
    request: ChatRequest,
    headers: [IDEMPOTENCY_KEY],
    answer: { description: 'The events of the execution, up to its end or a pause.', events: true },
    errors: [
      ...SESSION_ERRORS,
      ...CLIENT_TOOL_ERRORS,
      'idempotency_key_reused',
      'message_limit_reached',
      'message_not_found',
      'execution_conflict',
      'conversation_deleted',
      'unsupported_file',
      'file_not_found',
      'file_too_large',
      'agent_not_found',
      'flow_not_found',
      'unresolved_variable',
      'tool_not_found',
      'mcp_server_failed',
      'overloaded',
    ],
    async handle(call, body) {
      const active = await sessions.require(body.sessionId, call.origin);
      const { session, surface, token } = active;
      await limits.clientToken(token.hash, surface);
      await limits.message(session, surface);
      const { idHash, conversationId } = session;
      const owner = ownerOf(active);
      const scope = { owner, conversationId, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, body);
      const { tools, remember } = await meantTools(store, idHash, body);
      const begin = async () => {
        const answer = await dispatcher.start({
          owner,
          workspace: surface.workspace,
          surfaceId: surface.id,
          conversationId,
          ...(await answerers.ofSurface(surface, body.inputs)),
          user: await userOf(active, store),
          messages: body.messages,
          replacesMessageId: body.replacesMessageId,
          files: surface.files,
          pageContext: pageContextOf(body),
          assistantMessageId: body.assistantMessageId ?? null,
          admission: tools === undefined ? NO_TOOLS : admitFor(active, tools),
          count: {
            sessionIdHash: idHash,
            limit: surface.limits.messagesPerSession,
            expiresAtMs: sessions.expiry(active),
          },
          maxRunning: surface.limits.concurrentRuns,
          ...idempotency,
        });
        if (remember !== undefined) await store.saveToolSet(idHash, remember);
        return answer;
      };
      return streams.answer(call.requestId, begin, idHash);
    },
  });
}

function resumeRoute({ store, dispatcher, sessions, limits, streams }: ClientRouteParts): ClientRoute {
  const path = '/v1/client/resume';
  return clientRoute({
    method: 'POST',
    path,
    summary: 'Brings the outputs of awaited calls. Counts as no message.',
    request: ResumeRequest,
    headers: [IDEMPOTENCY_KEY],
    answer: { description: 'The rest of the events, up to the end or the next pause.', events: true },
    errors: [...SESSION_ERRORS, ...RESUME_ERRORS, ...CLIENT_TOOL_ERRORS, 'conversation_deleted'],
    async handle(call, body) {
      const active = await sessions.require(body.sessionId, call.origin);
      await limits.resume(active.session);
      const { idHash, conversationId } = active.session;
      const owner = ownerOf(active);
      const scope = { owner, conversationId, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, body);
      const { tools, remember } = await meantTools(store, idHash, body);
      const begin = async () => {
        const answer = await dispatcher.resume({
          executionId: body.executionId,
          owner,
          conversationId,
          toolOutputs: body.toolOutputs,
          admission: tools === undefined ? undefined : admitFor(active, tools),
          maxRunning: active.surface.limits.concurrentRuns,
          ...idempotency,
        });
        if (remember !== undefined) await store.saveToolSet(idHash, remember);
        return answer;
      };
      return streams.answer(call.requestId, begin, idHash);
    },
  });
}

function cancelRoute({ dispatcher, sessions, limits }: ClientRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/cancel',
    summary: 'Ends an execution, whatever it is doing. Counts as no message.',
    request: CancelRequest,
    headers: [NEEDLESS_IDEMPOTENCY_KEY],
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'How the execution ended, also when it had ended before.', json: CancelResponse },
    errors: [...SESSION_ERRORS, 'execution_not_found', 'execution_conflict', 'conversation_deleted'],
    async handle(call, { sessionId, executionId }) {
      const active = await sessions.require(sessionId, call.origin);
      await limits.cancel(active.session);
      checkIdempotencyKey(call.header(NEEDLESS_IDEMPOTENCY_KEY.name));
      const { conversationId } = active.session;
      const status = await dispatcher.cancel({ executionId, owner: ownerOf(active), conversationId });
      return jsonAnswer({ executionId, status } satisfies CancelResponse);
    },
  });
}

function feedbackRoute({ store, sessions, limits, clock, newId }: ClientRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/feedback',
    summary: 'Keeps what a visitor thought of an answer or of the chat.',
    request: FeedbackRequest,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'It was kept.', json: FeedbackResponse },
    errors: SESSION_ERRORS,
    async handle({ origin }, body) {
      const active = await sessions.require(body.sessionId, origin);
      await limits.clientToken(active.token.hash, active.surface);
      await limits.feedback(active.session);
      requireSense(body);
      const feedbackId = newId(ID_PREFIX.feedback);
      await store.saveFeedback({
        id: feedbackId,
        conversationId: active.session.conversationId,
        type: body.type,
        messageId: body.messageId ?? null,
        rating: body.rating ?? null,
        comment: body.comment ?? null,
        createdAtMs: clock(),
      });
      return jsonAnswer({ success: true, feedbackId } satisfies FeedbackResponse);
    },
  });
}

/** What `{{_user.id}}` stands for: whom a proof made known to the site, and nobody else. */
async function userOf(
  { surface, session }: ActiveSession,
  store: Store,
): Promise<Readonly<Record<string, unknown>>> {
  if (surface.identity === null) return {};
  const id = (await store.record(session.conversationId))?.endUserId;
  return id == null ? {} : { id };
}

/** Throws where it is more than a model should read with each message. */
function pageContextOf({ context, inputs }: ChatRequest): string | undefined {
  const told = { ...(isEmpty(inputs) ? {} : { inputs }), ...(isEmpty(context) ? {} : { context }) };
  if (isEmpty(told)) return undefined;
  const json = JSON.stringify(told);
  if (json.length <= MAX_PAGE_CONTEXT_CHARS) return json;
  throw new RequestError('invalid_request', `The page told ${json.length} characters of itself.`, {
    hint: `Send at most ${MAX_PAGE_CONTEXT_CHARS} in \`context\` and \`inputs\` together.`,
    details: ['context: is too large'],
  });
}

function isEmpty(bag: object | undefined): boolean {
  return bag === undefined || Object.keys(bag).length === 0;
}

function admitFor({ surface, session }: ActiveSession, tools: readonly ClientTool[]): Admission {
  const { webmcp, sdkTools } = surface.behavior;
  return admit(tools, { kind: 'surface', origin: session.origin, webmcp, sdkTools });
}

/** `csat` counts from 1 to 5, `nps` from 0 to 10, and the others are about one message. */
function requireSense({ type, messageId, rating }: FeedbackRequest): void {
  const range = type === 'csat' ? [1, 5] : type === 'nps' ? [0, 10] : undefined;
  if (range === undefined) {
    if (messageId === undefined) throw unfit('messageId', `is required for \`${type}\``);
    return;
  }
  const [lowest = 0, highest = 0] = range;
  if (rating === undefined || !Number.isInteger(rating) || rating < lowest || rating > highest) {
    throw unfit('rating', `is a whole number from ${lowest} to ${highest} for \`${type}\``);
  }
}

function unfit(field: string, problem: string): RequestError {
  return new RequestError('invalid_request', `The feedback does not make sense: \`${field}\` ${problem}.`, {
    details: [`${field}: ${problem}`],
  });
}
