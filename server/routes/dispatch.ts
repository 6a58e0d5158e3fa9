import { ID_PREFIX } from '../../protocol/ids.ts';
import { DEFAULT_MAX_TOOL_CALLS, DEFAULT_PAUSE_MINUTES } from '../../protocol/limits.ts';
import { DispatchRequest, DispatchResponse, DispatchResumeRequest } from '../../protocol/request.ts';
import { type Agent, type Config, ConfigError } from '../config/config.ts';
import type { Answer, Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import { refuseDuplicates } from '../guard/client-tools.ts';
import { collectAnswer } from '../http/collect-answer.ts';
import { eventStream } from '../http/event-stream.ts';
import type { Log } from '../log.ts';
import type { ModelResolver } from '../models/model.ts';
import { admit, isToolPattern } from '../policy.ts';
import type { Store } from '../store/store.ts';
import { type Call, jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

export interface DispatchRouteParts {
  readonly config: Config;
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly models: ModelResolver;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: Log;
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

function dispatchRoute({
  config,
  store,
  dispatcher,
  models,
  clock,
  newId,
  log,
}: DispatchRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/dispatch',
    summary: 'Starts an execution for a trusted caller, with an agent of the server or one of its own.',
    request: DispatchRequest,
    answer: ANSWER,
    errors: ['agent_not_found', 'too_many_client_tools', 'client_tools_too_large', 'duplicate_client_tool'],
    async handle(call, body, key) {
      const agent = findAgent(body.agent, config, models);
      const tools = body.clientTools ?? [];
      refuseDuplicates(tools);
      const allowlist = body.clientToolsPolicy?.allowlist;
      requirePatterns(allowlist ?? []);
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const conversationId = newId(ID_PREFIX.conversation);
      await store.createConversation({ id: conversationId, owner, surfaceId: null, createdAtMs: clock() });
      const answer = await dispatcher.start({
        owner,
        conversationId,
        agent,
        messages: body.messages,
        assistantMessageId: null,
        admission: admit(tools, { kind: 'api_key', allowlist }),
      });
      return respond(answer, body.streamResponse, call, log);
    },
  });
}

function dispatchResumeRoute({ dispatcher, log }: DispatchRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/dispatch/resume',
    summary: 'Brings the outputs of awaited calls.',
    request: DispatchResumeRequest,
    answer: ANSWER,
    errors: [
      'execution_not_found',
      'unknown_tool_output',
      'ambiguous_tool_output',
      'already_resolved',
      'execution_not_awaiting',
      'execution_expired',
      'execution_conflict',
    ],
    async handle(call, body, key) {
      const answer = await dispatcher.resume({
        executionId: body.executionId,
        owner: { kind: 'api_key', hash: key.hash },
        conversationId: null,
        toolOutputs: body.toolOutputs,
        admission: undefined,
      });
      return respond(answer, body.streamResponse, call, log);
    },
  });
}

async function respond(
  answer: Answer,
  streamed: boolean | undefined,
  { requestId }: Call,
  log: Log,
): Promise<Response> {
  if (streamed === false) return jsonAnswer(await collectAnswer(answer));
  return eventStream(answer.events, { log, requestId });
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
