import * as z from 'zod/mini';
import { Id } from '../../protocol/ids.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import type { RateLimits } from '../guard/rate-limits.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { ownerOf, type Sessions } from '../sessions.ts';
import type { Store } from '../store/store.ts';
import { SESSION_ERRORS } from './client.ts';
import {
  bearerOf,
  type Call,
  type ClientRoute,
  clientRoute,
  type HeaderParameter,
  type KeyRoute,
  keyRoute,
} from './route.ts';

export interface FollowRouteParts {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly sessions: Sessions;
  readonly limits: RateLimits;
  readonly streams: EventStreams;
}

/** The routes of whoever comes back: they read an execution's log from where they were and then go along with it. */
export function followRoutes(parts: FollowRouteParts): (ClientRoute | KeyRoute)[] {
  return [clientFollowRoute(parts), agentFollowRoute(parts)];
}

/** Checked on its own, because a wrong one has a code of its own. */
const After = z.optional(
  z.string().register(z.globalRegistry, {
    pattern: '^[0-9]{1,15}$',
    description: 'The `seq` of the last event that is known. Default 0: all of them.',
  }),
);

const ClientFollowRequest = z.object({ executionId: Id, after: After });

const AgentFollowRequest = z.object({ agentId: Id, executionId: Id, conversationId: Id, after: After });

const LAST_EVENT_ID: HeaderParameter = {
  name: 'Last-Event-ID',
  description: 'As `after`, and before it: a browser that reconnects by itself repeats the old address.',
};

const ANSWER = {
  description: 'The events with a higher `seq`, then those to come, up to the end or a pause.',
  events: true,
} as const;

const FOLLOW_ERRORS = ['execution_not_found', 'invalid_cursor', 'overloaded'] as const;

function clientFollowRoute({ dispatcher, sessions, limits, streams }: FollowRouteParts): ClientRoute {
  return clientRoute({
    method: 'GET',
    path: '/v1/client/executions/{executionId}/events',
    summary: "Follows an execution of the session's conversation. Counts as no message.",
    request: ClientFollowRequest,
    headers: [LAST_EVENT_ID],
    answer: ANSWER,
    errors: ['unauthorized', ...SESSION_ERRORS, ...FOLLOW_ERRORS, 'conversation_deleted'],
    async handle(call, { executionId, after }) {
      const sessionId = bearerOf(call);
      if (sessionId === undefined) throw noSession();
      const active = await sessions.require(sessionId, call.header('origin'));
      await limits.follow(active.session);
      const { conversationId, idHash } = active.session;
      const cursor = cursorOf(call, after);
      const begin = () =>
        dispatcher.follow({ executionId, owner: ownerOf(active), conversationId, after: cursor });
      return streams.answer(call.requestId, begin, idHash);
    },
  });
}

function agentFollowRoute({ store, dispatcher, streams }: FollowRouteParts): KeyRoute {
  return keyRoute({
    method: 'GET',
    path: '/v1/agents/{agentId}/executions/{executionId}/events',
    summary: 'Follows an execution that this API key started.',
    request: AgentFollowRequest,
    headers: [LAST_EVENT_ID],
    answer: ANSWER,
    errors: FOLLOW_ERRORS,
    async handle(call, { agentId, executionId, conversationId, after }, key) {
      const cursor = cursorOf(call, after);
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const execution = await store.execution(executionId);
      const isTheirs = execution?.owner.kind === owner.kind && execution.owner.hash === owner.hash;
      if (!isTheirs || execution.agent.id !== agentId || execution.conversationId !== conversationId) {
        throw notFound();
      }
      return streams.answer(call.requestId, () =>
        dispatcher.follow({ executionId, owner, conversationId, after: cursor }),
      );
    },
  });
}

function cursorOf(call: Call, after = '0'): number {
  const text = call.header(LAST_EVENT_ID.name) ?? after;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new RequestError('invalid_cursor', 'The position to follow from is none.', {
    hint: 'Send the `id` of the last frame that you have as `after`, or nothing for all of them.',
  });
}

function noSession(): RequestError {
  return new RequestError('unauthorized', 'This route needs the session that the execution belongs to.', {
    hint: 'Send `Authorization: Bearer cs_…` with the `sessionId` of `POST /v1/client/init`.',
  });
}

function notFound(): RequestError {
  return new RequestError('execution_not_found', 'There is no such execution.', {
    hint: 'Send the agent, the conversation and the `executionId` of its events, all of one execution of this API key.',
  });
}
