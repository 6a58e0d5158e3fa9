import * as z from 'zod/mini';
import { Id } from '../../protocol/ids.ts';
import { DispatchApproveRequest } from '../../protocol/request.ts';
import type { ApiKeyConfig } from '../config/config.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { IDEMPOTENCY_KEY, idempotencyOf } from '../guard/idempotency.ts';
import type { EventStreams } from '../http/event-stream.ts';
import { ANSWER, respond, withoutSecrets } from './dispatch-answer.ts';
import { type Call, type KeyRoute, keyRoute } from './route.ts';

export interface ApproveRouteParts {
  readonly dispatcher: Dispatcher;
  readonly streams: EventStreams;
}

const SUMMARY =
  "Lets a call run that waits for a person, or refuses it. Any API key of the execution's workspace may decide.";

const ERRORS = [
  'execution_not_found',
  'approval_not_found',
  'already_decided',
  'execution_not_awaiting',
  'execution_conflict',
  'secrets_required',
  'idempotency_key_reused',
  'overloaded',
] as const;

/** The two ways to decide: by the execution alone, and by its agent, as widgets of this wire do. */
export function approveRoutes(parts: ApproveRouteParts): KeyRoute[] {
  const facts = {
    method: 'POST',
    summary: SUMMARY,
    headers: [IDEMPOTENCY_KEY],
    answer: ANSWER,
    errors: ERRORS,
  } as const;
  return [
    keyRoute({
      ...facts,
      path: '/v1/dispatch/approve',
      request: DispatchApproveRequest,
      handle: (call, body, key) => decide(call, { ...body, agentId: null }, key, parts),
    }),
    keyRoute({
      ...facts,
      path: '/v1/agents/{agentId}/approve',
      request: z.extend(DispatchApproveRequest, { agentId: Id }),
      handle: (call, body, key) => decide(call, body, key, parts),
    }),
  ];
}

async function decide(
  call: Call,
  body: DispatchApproveRequest & { readonly agentId: string | null },
  key: ApiKeyConfig,
  { dispatcher, streams }: ApproveRouteParts,
): Promise<Response> {
  const { executionId, agentId, approvalId, decision, reason, secrets } = body;
  const owner = { kind: 'api_key', hash: key.hash } as const;
  const scope = { owner, conversationId: null, route: '/v1/dispatch/approve' };
  return respond(body.streamResponse, streams, call, () =>
    dispatcher.approve({
      executionId,
      workspace: key.workspace,
      agentId,
      approvalId,
      decision,
      reason: reason ?? null,
      by: key.label,
      secrets,
      ...idempotencyOf(call.header(IDEMPOTENCY_KEY.name), scope, withoutSecrets(body)),
    }),
  );
}
