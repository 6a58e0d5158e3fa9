import { ID_PREFIX } from '../../protocol/ids.ts';
import { MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import {
  CancelResponse,
  DispatchCancelRequest,
  DispatchRequest,
  DispatchResumeRequest,
} from '../../protocol/request.ts';
import type { Answerer, Answerers } from '../definitions/answerers.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { RequestError } from '../errors.ts';
import { refuseDuplicates } from '../guard/client-tools.ts';
import { IDEMPOTENCY_KEY, idempotencyOf } from '../guard/idempotency.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { admit, isToolPattern } from '../policy.ts';
import { RESUME_ERRORS } from './client.ts';
import { ANSWER, contextOf, respond, unfit, withoutSecrets } from './dispatch-answer.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

export interface DispatchRouteParts {
  readonly answerers: Answerers;
  readonly dispatcher: Dispatcher;
  readonly streams: EventStreams;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
}

/** The routes for servers that hold an API key. */
export function dispatchRoutes(parts: DispatchRouteParts): KeyRoute[] {
  return [dispatchRoute(parts), dispatchResumeRoute(parts), dispatchCancelRoute(parts)];
}

function dispatchRoute(parts: DispatchRouteParts): KeyRoute {
  const { answerers, dispatcher, streams, clock, newId } = parts;
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
      'flow_not_found',
      'secrets_not_allowed',
      'too_many_client_tools',
      'client_tools_too_large',
      'duplicate_client_tool',
      'too_many_runtime_tools',
      'invalid_tool',
      'tool_not_found',
      'unresolved_variable',
      'mcp_server_failed',
      'idempotency_key_reused',
      'overloaded',
    ],
    async handle(call, body, key) {
      const { agent, choices, flow } = await answererOf(body, key.workspace, answerers);
      const tools = body.clientTools ?? [];
      refuseDuplicates(tools);
      const allowlist = body.clientToolsPolicy?.allowlist;
      requirePatterns(allowlist ?? []);
      const pageContext = flow === undefined ? contextOf(body.inputs) : undefined;
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const scope = { owner, conversationId: null, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, withoutSecrets(body));
      const conversationId = newId(ID_PREFIX.conversation);
      return respond(body.streamResponse, streams, call, () =>
        dispatcher.start({
          owner,
          workspace: key.workspace,
          surfaceId: null,
          conversationId,
          newConversation: { id: conversationId, owner, surfaceId: null, createdAtMs: clock() },
          agent,
          flow,
          choices: body.tools === undefined ? choices : [...choices, body.tools],
          record: body.record,
          user: body.user,
          secrets: body.secrets,
          messages: body.messages ?? [],
          pageContext,
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
    errors: [...RESUME_ERRORS, 'secrets_required'],
    async handle(call, body, key) {
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const scope = { owner, conversationId: null, route: path };
      const idempotency = idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, withoutSecrets(body));
      return respond(body.streamResponse, streams, call, () =>
        dispatcher.resume({
          executionId: body.executionId,
          owner,
          conversationId: null,
          toolOutputs: body.toolOutputs,
          secrets: body.secrets,
          admission: undefined,
          ...idempotency,
        }),
      );
    },
  });
}

function dispatchCancelRoute({ dispatcher }: DispatchRouteParts): KeyRoute {
  return keyRoute({
    method: 'POST',
    path: '/v1/dispatch/cancel',
    summary:
      'Ends an execution, whatever it is doing: calls of tools that run are stopped, what waits is refused.',
    request: DispatchCancelRequest,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'How the execution ended, also when it had ended before.', json: CancelResponse },
    errors: ['execution_not_found', 'execution_conflict', 'conversation_deleted'],
    async handle(_, { executionId }, key) {
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const status = await dispatcher.cancel({ executionId, owner, conversationId: null });
      return jsonAnswer({ executionId, status } satisfies CancelResponse);
    },
  });
}

/** A flow may begin without a word; an agent has to be asked something. */
function answererOf(
  { agent, flow, inputs, messages = [] }: DispatchRequest,
  workspace: string,
  answerers: Answerers,
): Promise<Answerer> {
  if (flow !== undefined) return answerers.flow(workspace, flow, inputs);
  if (messages.length === 0) throw unfit('messages', 'send at least one message of role `user` to the agent');
  return answerers.agent(workspace, agent ?? {});
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
