import type { ChatMessage } from '../../protocol/message.ts';
import { RequestError } from '../errors.ts';
import type { Admission } from '../policy.ts';
import type { Execution } from '../store/store.ts';
import { secretsRequired } from './answered.ts';
import type { Desk } from './desk.ts';
import type { Answer, ContinueExecution, StartRequest } from './dispatcher.ts';
import { isOpen } from './execution.ts';
import { rememberedAnswer } from './outcome.ts';
import { startOnce } from './start.ts';

/** What the model reads where it had to stop and nobody says anything new. */
const GO_ON: ChatMessage = { role: 'user', content: 'Go on from where you stopped.' };

/** Goes on with an ended execution, or finds what this request led to before. Nothing: look again, others were faster. */
export async function continueOnce(
  request: ContinueExecution,
  execution: Execution,
  desk: Desk,
): Promise<Answer | undefined> {
  const remembered = await rememberedAnswer(request.idempotency, desk);
  if (remembered !== undefined) return remembered;
  if (isOpen(execution)) throw stillOpen(execution);
  const { id, conversationId, stopReason, secretKeys } = execution;
  const isSilent = request.messages.length === 0;
  const latest = await desk.deps.store.latestExecution(conversationId);
  if (latest !== undefined && latest.id !== id) {
    if (isSilent && latest.continues === id) return desk.read(latest, latest.runAfter, 'answer');
    throw wentOn(latest);
  }
  if (isSilent && stopReason !== 'max_tool_calls' && stopReason !== 'length') throw nothingToSay();
  const given = request.secrets ?? {};
  const missing = secretKeys.filter((key) => !Object.hasOwn(given, key));
  if (missing.length > 0) throw secretsRequired(missing);
  return startOnce(asStart(request, execution, isSilent ? [GO_ON] : request.messages), desk);
}

function asStart(
  { owner, pageContext, secrets, idempotency }: ContinueExecution,
  execution: Execution,
  messages: readonly ChatMessage[],
): StartRequest {
  const { workspace, surfaceId, conversationId, agent, maxToolCalls, pauseLifetimeMs, record, user } =
    execution;
  return {
    owner,
    workspace,
    surfaceId,
    conversationId,
    agent: { ...agent, maxToolCalls, pauseMinutes: pauseLifetimeMs / 60_000, tools: [], uses: {} },
    continues: execution,
    record,
    user,
    secrets,
    messages,
    pageContext,
    assistantMessageId: null,
    admission: admissionOf(execution),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/** What its client had brought along, as it was admitted. */
function admissionOf({ tools }: Execution): Admission {
  const admitted = tools.flatMap(
    ({ bareName: name, origin, binding, pageOrigin, description, parametersSchema }) =>
      origin === 'server' || binding !== undefined
        ? []
        : [
            {
              tool: {
                name,
                origin,
                description,
                parametersSchema,
                ...(pageOrigin === null ? {} : { pageOrigin }),
              },
              notes: [],
            },
          ],
  );
  return { origin: null, admitted, refused: [] };
}

function stillOpen({ status }: Execution): RequestError {
  const hint =
    status === 'running'
      ? 'Wait for its end, or read its events.'
      : 'Bring what it waits for with `POST /v1/dispatch/resume` or `/v1/dispatch/approve`.';
  return new RequestError('execution_conflict', 'This execution has not ended yet.', { hint });
}

function wentOn({ id }: Execution): RequestError {
  return new RequestError('execution_conflict', 'The conversation has gone on since this execution.', {
    hint: `Continue its newest execution, ${id}.`,
  });
}

function nothingToSay(): RequestError {
  return new RequestError('invalid_request', 'There is nothing to go on with.', {
    hint: 'Only an execution that ended with `max_tool_calls` or `length` goes on by itself. Send a message.',
    details: ['continuation.messages: send at least one message of role `user`'],
  });
}
