import {
  ConversationChange,
  ConversationRequest,
  ConversationResponse,
  ConversationSearch,
  ConversationSummary,
  ConversationsRequest,
  ConversationsResponse,
  DeleteConversationRequest,
  DeleteConversationsRequest,
  DeleteConversationsResponse,
  IDENTITY_PROOF_HEADER,
  IDENTITY_STATUS_HEADER,
  ProjectionsRequest,
  ProjectionsResponse,
  VISITOR_TOKEN_HEADER,
  VisitorResetRequest,
  VisitorResetResponse,
} from '../../protocol/history.ts';
import { MAX_SMALL_BODY_BYTES } from '../../protocol/limits.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { displayMessages } from '../display-messages.ts';
import { RequestError } from '../errors.ts';
import type { RateLimits } from '../guard/rate-limits.ts';
import type { ActiveSession, Sessions } from '../sessions.ts';
import type { ConversationRecord, RecordedMessage, RecordPlace } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { beginning } from '../store/words.ts';
import { isTheirs, type Viewer, type Visitors, whoseRecords } from '../visitors.ts';
import { SESSION_ERRORS } from './client.ts';
import { PAGE_SIZES, pageSize } from './page-size.ts';
import { type Call, type ClientRoute, clientRoute, type HeaderParameter, jsonAnswer } from './route.ts';

export interface HistoryRouteParts {
  readonly store: Store;
  readonly dispatcher: Dispatcher;
  readonly sessions: Sessions;
  readonly visitors: Visitors;
  readonly limits: RateLimits;
}

/** Messages that one page looks at. It begins with a message of the visitor where it can. */
const MESSAGES_PER_PAGE = 100;

/** Words of one search that count. */
const MAX_SEARCH_WORDS = 8;

/** Characters of one batch of projections, and its bytes where each is escaped. From the public wire. */
const MAX_PROJECTION_CHARS = 49_152;
const MAX_PROJECTION_BYTES = 6 * MAX_PROJECTION_CHARS + MAX_SMALL_BODY_BYTES;

const MAX_TITLE_CHARS = 200;

const VISITOR_TOKEN: HeaderParameter = {
  name: VISITOR_TOKEN_HEADER,
  description: "The visitor's secret, as `POST /v1/client/init` told it once.",
};
const IDENTITY_PROOF: HeaderParameter = {
  name: IDENTITY_PROOF_HEADER,
  description: "A proof of who the visitor is to the site, made by the site's own server.",
};

const BY_VIEWER = { headers: [VISITOR_TOKEN, IDENTITY_PROOF] };
const VIEWER_ERRORS = [
  ...SESSION_ERRORS,
  'visitor_required',
  'visitor_history_disabled',
  'visitor_identity_mismatch',
  'invalid_identity_proof',
  'identity_required',
] as const;

/** The routes of visitors who come back to what was said. */
export function historyRoutes(parts: HistoryRouteParts): ClientRoute[] {
  return [
    listRoute(parts),
    searchRoute(parts),
    readRoute(parts),
    changeRoute(parts),
    projectionsRoute(parts),
    deleteRoute(parts),
    deleteAllRoute(parts),
    resetRoute(parts),
  ];
}

function listRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'GET',
    path: '/v1/client/conversations',
    summary: "Lists the visitor's conversations, the pinned ones first, then by their latest turn.",
    request: ConversationsRequest,
    ...BY_VIEWER,
    answer: { description: 'One page.', json: ConversationsResponse },
    errors: [...VIEWER_ERRORS, 'invalid_cursor'],
    async handle(call, { sessionId, cursor, limit, targetId }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      const isOfTarget = targetId === undefined || targetId === viewer.surface.agent.id;
      return isOfTarget
        ? pageOf(viewer, { cursor, limit: pageSize(limit) }, parts)
        : answer(viewer, { data: [], nextCursor: null } satisfies ConversationsResponse);
    },
  });
}

function searchRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/conversations/search',
    operation: 'searchClientConversations',
    query: ['sessionId'],
    summary:
      "Finds the visitor's conversations by words of their titles and messages, in the order of the list.",
    request: ConversationSearch,
    ...BY_VIEWER,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'One page.', json: ConversationsResponse },
    errors: [...VIEWER_ERRORS, 'invalid_cursor'],
    async handle(call, { sessionId, cursor, q }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      const words = q.split(/\s+/).filter(Boolean).slice(0, MAX_SEARCH_WORDS);
      return pageOf(viewer, { cursor, limit: PAGE_SIZES.usual, words }, parts);
    },
  });
}

interface PageWanted {
  readonly cursor: string | undefined;
  readonly limit: number;
  readonly words?: readonly string[];
}

async function pageOf(
  viewer: Viewer,
  { cursor, limit, words = [] }: PageWanted,
  { store }: HistoryRouteParts,
): Promise<Response> {
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const found = await store.records(whoseRecords(viewer), { limit: limit + 1, after, words });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return answer(viewer, {
    data: page.map((record) => summaryOf(record, viewer)),
    nextCursor: found.length > limit && last !== undefined ? cursorOf(last) : null,
  } satisfies ConversationsResponse);
}

function readRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'GET',
    path: '/v1/client/conversations/{conversationId}',
    operation: 'clientConversation',
    summary: 'Gives the last messages of a conversation, or those before them.',
    request: ConversationRequest,
    ...BY_VIEWER,
    answer: { description: 'One page of messages, oldest first.', json: ConversationResponse },
    errors: [...VIEWER_ERRORS, 'not_found', 'invalid_cursor'],
    async handle(call, { sessionId, conversationId, messageCursor }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      const record = await theirRecord(viewer, conversationId, parts);
      const before = messageCursor === undefined ? Number.MAX_SAFE_INTEGER : positionOf(messageCursor);
      const rows = await parts.store.recordedMessages(
        conversationId,
        Math.min(before, MAX_POSITION),
        MESSAGES_PER_PAGE + 1,
      );
      const page = wholeAnswers(rows);
      const first = page[0];
      return answer(viewer, {
        ...summaryOf(record, viewer),
        messages: displayMessages(page),
        nextMessageCursor: page.length < rows.length && first !== undefined ? String(first.position) : null,
        conversationRevision: String(record.revision),
      } satisfies ConversationResponse);
    },
  });
}

function changeRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'PATCH',
    path: '/v1/client/conversations/{conversationId}',
    operation: 'changeClientConversation',
    query: ['sessionId'],
    summary: 'Names a conversation, or pins it.',
    request: ConversationChange,
    ...BY_VIEWER,
    maxBodyBytes: MAX_SMALL_BODY_BYTES,
    answer: { description: 'The conversation as lists have it now.', json: ConversationSummary },
    errors: [...VIEWER_ERRORS, 'not_found'],
    async handle(call, { sessionId, conversationId, title, pinned }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      await theirRecord(viewer, conversationId, parts);
      await parts.store.changeRecord(conversationId, {
        title: title === undefined ? undefined : beginning(title, MAX_TITLE_CHARS),
        isPinned: pinned,
      });
      return answer(viewer, summaryOf(await theirRecord(viewer, conversationId, parts), viewer));
    },
  });
}

function projectionsRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'PATCH',
    path: '/v1/client/conversations/{conversationId}/display-projections',
    operation: 'projectClientConversation',
    query: ['sessionId'],
    summary: 'Keeps what the widget showed instead of the words of messages.',
    request: ProjectionsRequest,
    headers: [VISITOR_TOKEN],
    maxBodyBytes: MAX_PROJECTION_BYTES,
    answer: { description: 'The revision that this made.', json: ProjectionsResponse },
    errors: [...VIEWER_ERRORS, 'not_found'],
    async handle(call, { sessionId, conversationId, messages }) {
      const { sessions, visitors, limits, store } = parts;
      const active = await sessions.require(sessionId, call.header('origin'));
      await limits.history(active.session);
      const viewer = await visitors.requireSecret(call.header(VISITOR_TOKEN.name), active.surface);
      const chars = messages.reduce((sum, { displayContent }) => sum + displayContent.length, 0);
      if (chars > MAX_PROJECTION_CHARS) throw tooManyCharacters(chars);
      const record = await store.record(conversationId);
      if (record === undefined || record.isDeleted || !mayProject(viewer, record, active)) throw notFound();
      const revision = await store.saveDisplays(
        conversationId,
        messages.map(({ id, displayContent }) => ({ clientId: id, display: displayContent })),
      );
      return answer(viewer, { conversationRevision: String(revision) });
    },
  });
}

function deleteRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'DELETE',
    path: '/v1/client/conversations/{conversationId}',
    operation: 'deleteClientConversation',
    summary: 'Deletes a conversation with all that was said and attached; an answer that runs ends first.',
    request: DeleteConversationRequest,
    ...BY_VIEWER,
    answer: { description: 'How many are gone.', json: DeleteConversationsResponse },
    errors: [...VIEWER_ERRORS, 'not_found', 'execution_conflict', 'overloaded'],
    async handle(call, { sessionId, conversationId }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      await theirRecord(viewer, conversationId, parts);
      const isDeleted = await parts.dispatcher.deleteConversation(conversationId);
      return answer(viewer, { deleted: isDeleted ? 1 : 0 });
    },
  });
}

function deleteAllRoute(parts: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'DELETE',
    path: '/v1/client/conversations',
    operation: 'deleteClientConversations',
    summary: 'Deletes all conversations of the visitor.',
    request: DeleteConversationsRequest,
    ...BY_VIEWER,
    answer: { description: 'How many are gone.', json: DeleteConversationsResponse },
    errors: [...VIEWER_ERRORS, 'execution_conflict', 'overloaded'],
    async handle(call, { sessionId, targetId }) {
      const { viewer } = await viewerOf(call, sessionId, parts);
      const isOfTarget = targetId === undefined || targetId === viewer.surface.agent.id;
      return answer(viewer, { deleted: isOfTarget ? await deleteAll(viewer, parts) : 0 });
    },
  });
}

function resetRoute({ visitors }: HistoryRouteParts): ClientRoute {
  return clientRoute({
    method: 'POST',
    path: '/v1/client/visitor/reset',
    body: 'none',
    summary: "Voids the visitor's secret. Their conversations stay for whoever proves to be that end user.",
    request: VisitorResetRequest,
    headers: [VISITOR_TOKEN],
    answer: { description: 'It opens nothing any more.', json: VisitorResetResponse },
    errors: [],
    // The secret itself is what entitles: a session may have expired by then.
    async handle(call) {
      await visitors.reset(call.header(VISITOR_TOKEN.name));
      return jsonAnswer(
        { reset: true },
        {
          [IDENTITY_STATUS_HEADER]: 'not_provided',
        },
      );
    },
  });
}

async function viewerOf(
  call: Call,
  sessionId: string,
  { sessions, visitors, limits }: HistoryRouteParts,
): Promise<{ readonly viewer: Viewer; readonly active: ActiveSession }> {
  const active = await sessions.require(sessionId, call.header('origin'));
  await limits.history(active.session);
  const credentials = {
    visitorToken: call.header(VISITOR_TOKEN.name),
    identityProof: call.header(IDENTITY_PROOF.name),
  };
  return { active, viewer: await visitors.require(credentials, active.surface) };
}

/** 404 for what is somebody else's: that it exists is theirs to know. */
async function theirRecord(
  viewer: Viewer,
  conversationId: string,
  { store }: HistoryRouteParts,
): Promise<ConversationRecord> {
  const record = await store.record(conversationId);
  if (record === undefined || record.isDeleted || !isTheirs(viewer, record)) throw notFound();
  return record;
}

/** Widgets send no proof here: the session that has the conversation open stands in for it. */
function mayProject(viewer: Viewer, record: ConversationRecord, { session }: ActiveSession): boolean {
  if (isTheirs(viewer, record)) return true;
  const endUserId = viewer.visitor?.endUserId ?? null;
  return endUserId !== null && record.endUserId === endUserId && session.conversationId === record.id;
}

async function deleteAll(viewer: Viewer, { store, dispatcher }: HistoryRouteParts): Promise<number> {
  let deleted = 0;
  for (;;) {
    const page = await store.records(whoseRecords(viewer), { limit: PAGE_SIZES.most });
    let deletedOfPage = 0;
    for (const { id } of page) if (await dispatcher.deleteConversation(id)) deletedOfPage += 1;
    deleted += deletedOfPage;
    if (deletedOfPage === 0) return deleted;
  }
}

/** From a message of the visitor on, or else without the results whose calls stand before. */
function wholeAnswers(rows: readonly RecordedMessage[]): readonly RecordedMessage[] {
  if (rows.length <= MESSAGES_PER_PAGE) return rows;
  const page = rows.slice(1);
  const question = page.findIndex(({ message }) => message.role === 'user');
  if (question !== -1) return page.slice(question);
  return page.slice(page.findIndex(({ message }) => message.role !== 'tool'));
}

function summaryOf(record: ConversationRecord, { surface }: Viewer): ConversationSummary {
  return {
    id: record.id,
    title: record.title ?? record.opening,
    targetId: surface.agent.id,
    flowId: surface.agent.id,
    preview: record.preview,
    messageCount: record.messageCount,
    createdAt: new Date(record.createdAtMs).toISOString(),
    updatedAt: new Date(record.updatedAtMs).toISOString(),
    pinned: record.isPinned,
  };
}

function answer({ identityStatus }: Viewer, value: unknown): Response {
  return jsonAnswer(value, { [IDENTITY_STATUS_HEADER]: identityStatus });
}

const CURSOR = /^([01])\.([0-9]{1,15})\.([^\s\p{C}]{1,200})$/u;

function cursorOf({ isPinned, updatedAtMs, id }: RecordPlace): string {
  return Buffer.from(`${isPinned ? 1 : 0}.${updatedAtMs}.${id}`).toString('base64url');
}

function placeOf(cursor: string): RecordPlace {
  const [, pinned, updatedAtMs, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (pinned === undefined || updatedAtMs === undefined || id === undefined)
    throw invalidCursor('nextCursor');
  return { isPinned: pinned === '1', updatedAtMs: Number(updatedAtMs), id };
}

/** Of the store's integers. */
const MAX_POSITION = 2_147_483_647;

function positionOf(cursor: string): number {
  if (!/^[0-9]{1,10}$/.test(cursor)) throw invalidCursor('nextMessageCursor');
  return Number(cursor);
}

function invalidCursor(field: string): RequestError {
  return new RequestError('invalid_cursor', 'The cursor to go on from is none of this server.', {
    hint: `Send the \`${field}\` of the page before, or none for the first page.`,
  });
}

function tooManyCharacters(chars: number): RequestError {
  return new RequestError('invalid_request', `The projections have ${chars} characters together.`, {
    hint: `Send at most ${MAX_PROJECTION_CHARS} at once, and the rest after that.`,
  });
}

function notFound(): RequestError {
  return new RequestError('not_found', 'There is no such conversation of this visitor.', {
    hint: '`GET /v1/client/conversations` lists those that there are.',
  });
}
