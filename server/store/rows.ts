import type { Insertable, Selectable } from 'kysely';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import type { ModelMessage } from '../models/model.ts';
import {
  type Conversation,
  DEFAULT_WORKSPACE,
  type Execution,
  type ExecutionStatus,
  type Feedback,
  type NewMessage,
  type Outcome,
  type Owner,
  type Session,
  type StoredMessage,
  StoreError,
  type ToolSet,
} from './store.ts';
import type { Tables } from './tables.ts';
import { searchableWords } from './words.ts';

/** What stands in `executions.state`; everything else of an execution has a column. */
type ExecutionState = Omit<
  Execution,
  'id' | 'version' | 'status' | 'conversationId' | 'createdAtMs' | 'expiresAtMs'
>;

export function sessionRow(session: Session): Insertable<Tables['sessions']> {
  return {
    id_hash: session.idHash,
    token_hash: session.tokenHash,
    surface_id: session.surfaceId,
    origin: session.origin,
    conversation_id: session.conversationId,
    message_count: session.messageCount,
    expires_at_ms: session.expiresAtMs,
  };
}

export function readSession(row: Selectable<Tables['sessions']>): Session {
  return {
    idHash: row.id_hash,
    tokenHash: row.token_hash,
    surfaceId: row.surface_id,
    origin: row.origin,
    conversationId: row.conversation_id,
    messageCount: row.message_count,
    expiresAtMs: row.expires_at_ms,
  };
}

export function conversationRow(conversation: Conversation): Insertable<Tables['conversations']> {
  return {
    id: conversation.id,
    owner_kind: conversation.owner.kind,
    owner_hash: conversation.owner.hash,
    surface_id: conversation.surfaceId,
    message_count: 0,
    created_at_ms: conversation.createdAtMs,
    updated_at_ms: conversation.createdAtMs,
    visitor_id: conversation.visitorId ?? null,
    end_user_id: conversation.endUserId ?? null,
  };
}

export function readConversation(row: Selectable<Tables['conversations']>): Conversation {
  return {
    id: row.id,
    owner: { kind: row.owner_kind as Owner['kind'], hash: row.owner_hash },
    surfaceId: row.surface_id,
    createdAtMs: row.created_at_ms,
  };
}

export function messageRow(
  conversationId: string,
  position: number,
  entry: NewMessage,
  createdAtMs: number,
): Insertable<Tables['messages']> {
  return {
    conversation_id: conversationId,
    position,
    client_id: entry.clientId,
    message: JSON.stringify(entry.message),
    words: searchableWords(entry.message),
    display: entry.display === undefined ? null : JSON.stringify(entry.display),
    created_at_ms: createdAtMs,
  };
}

export function readMessage(
  row: Pick<Selectable<Tables['messages']>, 'position' | 'client_id' | 'message' | 'is_replaced'>,
): StoredMessage {
  return {
    position: row.position,
    clientId: row.client_id,
    message: JSON.parse(row.message) as ModelMessage,
    ...(row.is_replaced === 1 ? { isReplaced: true } : {}),
  };
}

/** What the first schema's executions lack. */
const LATER_FIELDS = {
  started: [],
  runAfter: 0,
  turnId: null,
  takeovers: 0,
  workspace: DEFAULT_WORKSPACE,
  surfaceId: null,
  record: {},
  user: {},
  secretKeys: [],
  tokens: { input: 0, output: 0 },
  spawned: 0,
  approvals: [],
  approvalTimeoutMs: null,
  pauseEndsAtMs: null,
  stopReason: null,
  continues: null,
  flow: null,
} satisfies Partial<Execution>;

/** Without what the store itself keeps beside the execution. */
export function executionRow(
  execution: Execution,
): Omit<
  Insertable<Tables['executions']>,
  'surface_id' | 'messages_before' | 'lease_owner' | 'lease_until_ms'
> {
  const { id, version, status, conversationId, createdAtMs, expiresAtMs, ...state } = execution;
  return {
    id,
    version,
    status,
    conversation_id: conversationId,
    created_at_ms: createdAtMs,
    expires_at_ms: expiresAtMs,
    state: JSON.stringify(state satisfies ExecutionState),
  };
}

export type StoredExecution = Selectable<Tables['executions']> & { readonly last_seq: number | null };

/** `last_seq` is the end of the log: events between two boundaries move it without touching the execution's row. */
export function readExecution(row: StoredExecution): Execution {
  const state = readState(row);
  return {
    ...LATER_FIELDS,
    ...state,
    id: row.id,
    version: row.version,
    status: row.status as ExecutionStatus,
    conversationId: row.conversation_id,
    seq: row.last_seq ?? state.seq,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

/** Throws `unavailable` where nothing can be read. */
function readState({ id, state }: StoredExecution): ExecutionState {
  try {
    const read: unknown = JSON.parse(state);
    if (typeof read === 'object' && read !== null) return read as ExecutionState;
  } catch {
    // Said below. The parser's own words would quote the row.
  }
  throw new StoreError(
    'unavailable',
    `The execution "${id}" is damaged and goes no further. Restore it from a backup, or end it with ` +
      `\`update executions set status = 'failed' where id = '${id}'\`.`,
  );
}

export function eventRow(event: StreamEvent): Insertable<Tables['events']> {
  return { execution_id: event.executionId, seq: event.seq, event: JSON.stringify(event) };
}

export function readEvent(row: Pick<Selectable<Tables['events']>, 'event'>): StreamEvent {
  return JSON.parse(row.event) as StreamEvent;
}

export function toolSetRow(sessionIdHash: string, set: ToolSet): Insertable<Tables['tool_sets']> {
  return { session_id_hash: sessionIdHash, fingerprint: set.fingerprint, tools: JSON.stringify(set.tools) };
}

export function readToolSet(row: Pick<Selectable<Tables['tool_sets']>, 'fingerprint' | 'tools'>): ToolSet {
  return { fingerprint: row.fingerprint, tools: JSON.parse(row.tools) as readonly ClientTool[] };
}

export function feedbackRow(feedback: Feedback): Insertable<Tables['feedback']> {
  return {
    id: feedback.id,
    conversation_id: feedback.conversationId,
    body: JSON.stringify({
      type: feedback.type,
      messageId: feedback.messageId,
      rating: feedback.rating,
      comment: feedback.comment,
    }),
    created_at_ms: feedback.createdAtMs,
  };
}

export function outcomeRow(outcome: Outcome): Insertable<Tables['outcomes']> {
  return {
    key_hash: outcome.keyHash,
    request_hash: outcome.requestHash,
    execution_id: outcome.executionId,
    after_seq: outcome.after,
    expires_at_ms: outcome.expiresAtMs,
  };
}

export function readOutcome(row: Selectable<Tables['outcomes']>): Outcome {
  return {
    keyHash: row.key_hash,
    requestHash: row.request_hash,
    executionId: row.execution_id,
    after: row.after_seq,
    expiresAtMs: row.expires_at_ms,
  };
}
