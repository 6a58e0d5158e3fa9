import { ID_PREFIX } from '../../protocol/ids.ts';
import { DEFAULT_MAX_TOOL_CALLS, DEFAULT_PAUSE_MINUTES } from '../../protocol/limits.ts';
import { DispatchRequest, DispatchResponse, DispatchResumeRequest } from '../../protocol/request.ts';
import { type Agent, type Config, ConfigError } from '../config/config.ts';
import type { Answer, Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import { refuseDuplicates } from '../guard/client-tools.ts';
import { IDEMPOTENCY_KEY, idempotencyOf } from '../guard/idempotency.ts';
import { collectAnswer } from '../http/collect-answer.ts';
import type { EventStreams } from '../http/event-stream.ts';
import type { ModelResolver } from '../models/model.ts';
import { admit, isToolPattern } from '../policy.ts';
import { RESUME_ERRORS } from './client.ts';
import { type Call, jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

export interface DispatchRouteParts {
  readonly config: Config;
  readonly dispatcher: Dispatcher;
  readonly models: ModelResolver;
  readonly streams: EventStreams;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

/** The routes for servers that hold an API key. */
export function dispatchRoutes(parts: DispatchRouteParts): KeyRoute[] {
  return [dispatchRoute(parts), dispatchResumeRoute(parts)];
}

const ANSWER = {
  description:
    'Events up to the end or a pause; with `streamResponse: false`, where the execution stands then.',
  events: true,
  json: DispatchResponse,
} as const;

function dispatchRoute(parts: DispatchRouteParts): KeyRoute {
  const { config, dispatcher, models, streams, clock, newId } = parts;
  const path = '/v1/dispatch';
  return keyRoute({
    method: 'POST',
    path,
    summary: 'Starts an execution for a trusted caller, with an agent of the server or one of its own.',
    request: DispatchRequest,
    headers: [IDEMPOTENCY_KEY],
    answer: ANSWER,
    errors: [
      'agent_not_found',
      'too_many_client_tools',
      'client_tools_too_large',
      'duplicate_client_tool',
      'idempotency_key_reused',
      'overloaded',
    ],
    async handle(call, body, key) {
      const agent = findAgent(body.agent, config, models);
      const tools = body.clientTools ?? [];
      refuseDuplicates(tools);
      const allowlist = body.clientToolsPolicy?.allowlist;
      requirePatterns(allowlist ?? []);
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const scope = { owner, conversationId: null, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, body);
      const conversationId = newId(ID_PREFIX.conversation);
      return respond(body.streamResponse, streams, call, () =>
        dispatcher.start({
          owner,
          workspace: key.workspace,
          surfaceId: null,
          conversationId,
          newConversation: { id: conversationId, owner, surfaceId: null, createdAtMs: clock() },
          agent,
          messages: body.messages,
          assistantMessageId: null,
          admission: admit(tools, { kind: 'api_key', allowlist }),
          ...idempotency,
        }),
      );
    },
  });
}

function dispatchResumeRoute({ dispatcher, streams }: DispatchRouteParts): KeyRoute {
  const path = '/v1/dispatch/resume';
  return keyRoute({
    method: 'POST',
    path,
    summary: 'Brings the outputs of awaited calls.',
    request: DispatchResumeRequest,
    headers: [IDEMPOTENCY_KEY],
    answer: ANSWER,
    errors: RESUME_ERRORS,
    async handle(call, body, key) {
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const scope = { owner, conversationId: null, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, body);
      return respond(body.streamResponse, streams, call, () =>
        dispatcher.resume({
          executionId: body.executionId,
          owner,
          conversationId: null,
          toolOutputs: body.toolOutputs,
          admission: undefined,
          ...idempotency,
        }),
      );
    },
  });
}

async function respond(
  isStreamed: boolean | undefined,
  streams: EventStreams,
  { requestId }: Call,
  begin: () => Promise<Answer>,
): Promise<Response> {
  if (isStreamed === false) return jsonAnswer(await collectAnswer(await begin()));
  return streams.answer(requestId, begin);
}

function findAgent(wanted: DispatchRequest['agent'], { surfaces }: Config, models: ModelResolver): Agent {
  if ('id' in wanted) {
    const agents = surfaces.map(({ agent }) => agent);
    const agent = agents.find(({ id }) => id === wanted.id);
    if (agent !== undefined) return agent;
    throw new RequestError('agent_not_found', `There is no agent "${wanted.id}".`, {
      hint: `The configured agents are: ${agents.map(({ id }) => id).join(', ') || 'none'}.`,
    });
  }
  try {
    models(wanted.model);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const details = [`agent.model: ${error.message}`];
    throw new RequestError('invalid_request', `The model "${wanted.model}" cannot work here.`, {
      details,
      cause: error,
    });
  }
  return {
    id: 'inline',
    name: 'Inline agent',
    model: wanted.model,
    instructions: wanted.instructions ?? '',
    maxToolCalls: wanted.maxToolCalls ?? DEFAULT_MAX_TOOL_CALLS,
    pauseMinutes: DEFAULT_PAUSE_MINUTES,
    tools: [],
  };
}

function requirePatterns(patterns: readonly string[]): void {
  const wrong = patterns.flatMap((pattern, index) =>
    isToolPattern(pattern)
      ? []
      : [`clientToolsPolicy.allowlist[${index}]: not an exact tool name or a prefix followed by one *`],
  );
  if (wrong.length === 0) return;
  throw new RequestError('invalid_request', 'A pattern of `clientToolsPolicy.allowlist` means nothing.', {
    hint: 'Write an exact name, or a prefix followed by one `*`.',
    details: wrong,
  });
}
