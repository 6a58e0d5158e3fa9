import { DispatchContinueRequest } from '../../protocol/request.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { IDEMPOTENCY_KEY, idempotencyOf } from '../guard/idempotency.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { ANSWER, contextOf, respond, withoutSecrets } from './dispatch-answer.ts';
import { type KeyRoute, keyRoute } from './route.ts';

export interface ContinueRouteParts {
  readonly dispatcher: Dispatcher;
  readonly streams: EventStreams;
}

export function continueRoute({ dispatcher, streams }: ContinueRouteParts): KeyRoute {
  const path = '/v1/dispatch/continue';
  return keyRoute({
    method: 'POST',
    path,
    summary:
      'Goes on with the conversation of an ended execution, with its agent and its tools as they were.',
    request: DispatchContinueRequest,
    headers: [IDEMPOTENCY_KEY],
    answer: ANSWER,
    errors: [
      'execution_not_found',
      'execution_conflict',
      'conversation_deleted',
      'secrets_required',
      'idempotency_key_reused',
      'overloaded',
    ],
    async handle(call, body, key) {
      const { executionId, continuation = {}, secrets } = body;
      const owner = { kind: 'api_key', hash: key.hash } as const;
      const scope = { owner, conversationId: null, route: path };
      const pageContext = contextOf(continuation.inputs);
      return respond(body.streamResponse, streams, call, () =>
        dispatcher.continue({
          executionId,
          owner,
          conversationId: null,
          messages: continuation.messages ?? [],
          pageContext,
          secrets,
          ...idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, withoutSecrets(body)),
        }),
      );
    },
  });
}
