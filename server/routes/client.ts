import { ID_PREFIX } from '../../protocol/ids.ts';
import { MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import {
  ChatRequest,
  FeedbackRequest,
  FeedbackResponse,
  InitRequest,
  InitResponse,
  ResumeRequest,
} from '../../protocol/request.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import type { Credentials } from '../credentials.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import { meantTools } from '../guard/client-tools.ts';
import type { RateLimits } from '../guard/rate-limits.ts';
import { eventStream } from '../http/event-stream.ts';
import type { Log } from '../log.ts';
import { type Admission, admit, NO_TOOLS } from '../policy.ts';
import {
  type ActiveSession,
  type OpenedSession,
  requireActive,
  requireOrigin,
  type Sessions,
} from '../sessions.ts';
import type { Owner, Store } from '../store/store.ts';
import { type ClientRoute, clientRoute, jsonAnswer } from './route.ts';

export interface ClientRouteParts {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly limits: RateLimits;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: Log;
}

const SESSION_ERRORS = ['session_expired', 'invalid_client_token'] as const;

const CLIENT_TOOL_ERRORS = [
  'too_many_client_tools',
  'client_tools_too_large',
  'duplicate_client_tool',
  'client_tools_resend_required',
] as const;

/** The routes of the widget. */
export function clientRoutes(parts: ClientRouteParts): ClientRoute[] {
  return [initRoute(parts), chatRoute(parts), resumeRoute(parts), feedbackRoute(parts)];
}

function initRoute({ credentials, sessions, limits }: ClientRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/init',
    summary: 'Opens a session for a client token, or continues the conversation of an earlier session.',
    request: InitRequest,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'The session and what the widget needs to draw itself.', json: InitResponse },
    errors: ['invalid_client_token', 'visitor_history_disabled', 'not_found'],
    async handle({ origin }, body) {
      const grant = requireActive(credentials.clientToken(body.token));
      requireOrigin(grant, origin);
      limits.clientToken(grant.token.hash, grant.surface);
      if (body.visitorHistory === true) {
        throw new RequestError(
          'visitor_history_disabled',
          'This server keeps no history for visitors to browse.',
          {
            hint: 'Open the session without `visitorHistory`.',
          },
        );
      }
      return jsonAnswer(initResponse(await sessions.open(body, grant, origin)));
    },
  });
}

function initResponse({ surface, sessionId, session }: OpenedSession): InitResponse {
  const { agent, copy, behavior } = surface;
  return {
    sessionId,
    expiresAt: new Date(session.expiresAtMs).toISOString(),
    flow: { id: agent.id, name: agent.name, description: null },
    conversationId: session.conversationId,
    config: {
      title: copy.title,
      welcomeMessage: copy.welcomeMessage,
      placeholder: copy.placeholder,
      suggestions: [...copy.suggestions],
      theme: null,
      webmcp: {
        enabled: behavior.webmcp.enabled,
        requireConfirmFor: [...behavior.webmcp.requireConfirmFor],
        autoApprove: [...behavior.webmcp.autoApprove],
      },
    },
  };
}

function chatRoute(parts: ClientRouteParts): ClientRoute {
  const { store, dispatcher, sessions, limits, log } = parts;
  return clientRoute({
    method: 'POST',
    path: '/v1/client/chat',
    summary: 'Starts an execution with what the visitor typed and the tools of the page.',
    request: ChatRequest,
    answer: { description: 'The events of the execution, up to its end or a pause.', events: true },
    errors: [
      ...SESSION_ERRORS,
      ...CLIENT_TOOL_ERRORS,
      'message_limit_reached',
      'execution_conflict',
      'conversation_deleted',
    ],
    async handle({ origin, requestId }, body) {
      const active = await sessions.require(body.sessionId, origin);
      limits.clientToken(active.token.hash, active.surface);
      limits.message(active.session, active.surface);
      requireMessagesLeft(active);
      const { idHash, conversationId } = active.session;
      const { tools, remember } = await meantTools(store, idHash, body);
      const answer = await dispatcher.start({
        owner: ownerOf(active),
        conversationId,
        agent: active.surface.agent,
        messages: body.messages,
        assistantMessageId: body.assistantMessageId ?? null,
        admission: tools === undefined ? NO_TOOLS : admitFor(active, tools),
      });
      await store.countMessage(idHash, sessions.expiry(active));
      if (remember !== undefined) await store.saveToolSet(idHash, remember);
      return eventStream(answer.events, { log, requestId });
    },
  });
}

function resumeRoute({ store, dispatcher, sessions, limits, log }: ClientRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/resume',
    summary: 'Brings the outputs of awaited calls. Counts as no message.',
    request: ResumeRequest,
    answer: { description: 'The rest of the events, up to the end or the next pause.', events: true },
    errors: [
      ...SESSION_ERRORS,
      'execution_not_found',
      'unknown_tool_output',
      'ambiguous_tool_output',
      'already_resolved',
      'execution_not_awaiting',
      'execution_expired',
      'execution_conflict',
      ...CLIENT_TOOL_ERRORS,
    ],
    async handle({ origin, requestId }, body) {
      const active = await sessions.require(body.sessionId, origin);
      limits.resume(active.session);
      const { idHash, conversationId } = active.session;
      const { tools, remember } = await meantTools(store, idHash, body);
      const answer = await dispatcher.resume({
        executionId: body.executionId,
        owner: ownerOf(active),
        conversationId,
        toolOutputs: body.toolOutputs,
        admission: tools === undefined ? undefined : admitFor(active, tools),
      });
      if (remember !== undefined) await store.saveToolSet(idHash, remember);
      return eventStream(answer.events, { log, requestId });
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
      limits.clientToken(active.token.hash, active.surface);
      limits.feedback(active.session);
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

/** The token owns its executions, not the session: a session may end while a tool waits for the visitor. */
function ownerOf({ token }: ActiveSession): Owner {
  return { kind: 'client_token', hash: token.hash };
}

function admitFor({ surface, session }: ActiveSession, tools: readonly ClientTool[]): Admission {
  const { webmcp, sdkTools } = surface.behavior;
  return admit(tools, { kind: 'surface', origin: session.origin, webmcp, sdkTools });
}

function requireMessagesLeft({ session, surface }: ActiveSession): void {
  const { messagesPerSession } = surface.limits;
  if (session.messageCount < messagesPerSession) return;
  throw new RequestError(
    'message_limit_reached',
    `This chat has reached its limit of ${messagesPerSession} messages.`,
    {
      hint: `This chat has reached its limit of ${messagesPerSession} messages. Start a new chat to go on.`,
    },
  );
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
