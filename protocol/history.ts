import * as z from 'zod/mini';
import { Id } from './ids.ts';

/** The header that names the visitor on every request of this plane. */
export const VISITOR_TOKEN_HEADER = 'X-Visitor-Token';

/** The header that proves who the visitor is to the site: an HMAC or a JWT of the site's own server. */
export const IDENTITY_PROOF_HEADER = 'X-Identity-Proof';

/** The header of every answer of this plane; its values are those of `IdentityStatus`. */
export const IDENTITY_STATUS_HEADER = 'X-History-Identity-Status';

/** One conversation in a list. */
export const ConversationSummary = z.object({
  id: Id,
  /** What the visitor called it, else the beginning of their first message; `null` before that. */
  title: z.nullable(z.string()),
  targetId: z.nullable(z.string()),
  /** The older name of `targetId`. */
  flowId: z.nullable(z.string()),
  /** The beginning of what was said last. */
  preview: z.nullable(z.string()),
  messageCount: z.number(),
  /** ISO 8601. */
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Beyond the public wire, with the capability `history`. */
  pinned: z.optional(z.boolean()),
});
export type ConversationSummary = z.infer<typeof ConversationSummary>;

/** `GET /v1/client/conversations`: pinned ones first, then the latest. */
export const ConversationsRequest = z.object({
  sessionId: Id,
  cursor: z.optional(z.string()),
  /** 1 to 100. Default 25. */
  limit: z.optional(z.string()),
  targetId: z.optional(Id),
});

/** `POST /v1/client/conversations/search`, beyond the public wire: in a body, because addresses are written into logs. */
export const ConversationSearch = z.object({
  sessionId: Id,
  cursor: z.optional(z.string()),
  /** Words that the title or a message has. */
  q: z.string().check(z.maxLength(200)),
});
export const ConversationsResponse = z.object({
  data: z.array(ConversationSummary),
  nextCursor: z.nullable(z.string()),
});
export type ConversationsResponse = z.infer<typeof ConversationsResponse>;

/** A message as a widget shows it again. */
export const DisplayMessage = z.object({
  /** The id that its client gave it, so that feedback and edits find it. */
  id: Id,
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  displayContent: z.optional(z.string()),
  displayAvailable: z.boolean(),
  /** ISO 8601. */
  timestamp: z.optional(z.string()),
  /** Beyond the public wire: what the visitor attached, and the receipts of the calls of this answer. */
  attachments: z.optional(
    z.array(z.object({ fileId: z.optional(Id), filename: z.string(), mimeType: z.string() })),
  ),
  calls: z.optional(
    z.array(
      z.object({
        toolCallId: Id,
        name: z.string(),
        input: z.optional(z.unknown()),
        result: z.string(),
        isError: z.boolean(),
      }),
    ),
  ),
});
export type DisplayMessage = z.infer<typeof DisplayMessage>;

/** `GET /v1/client/conversations/{conversationId}`: the newest page, oldest first inside; the cursor leads to older ones. */
export const ConversationRequest = z.object({
  conversationId: Id,
  sessionId: Id,
  messageCursor: z.optional(z.string()),
});
export const ConversationResponse = z.extend(ConversationSummary, {
  messages: z.array(DisplayMessage),
  nextMessageCursor: z.nullable(z.string()),
  conversationRevision: z.string(),
});
export type ConversationResponse = z.infer<typeof ConversationResponse>;

/** `PATCH /v1/client/conversations/{conversationId}`. Beyond the public wire, with the capability `history`. */
export const ConversationChange = z.object({
  conversationId: Id,
  sessionId: Id,
  /** Empty: the beginning of the first message again. */
  title: z.optional(z.string().check(z.maxLength(200))),
  pinned: z.optional(z.boolean()),
});

/** `PATCH /v1/client/conversations/{conversationId}/display-projections`: what a widget showed instead of the words. */
export const ProjectionsRequest = z.object({
  conversationId: Id,
  sessionId: Id,
  /** More than clients of the public wire bring in one request, which browsers keep alive up to 64 kB. */
  messages: z
    .array(z.object({ id: Id, displayContent: z.string().check(z.maxLength(32_768)) }))
    .check(z.maxLength(1_000)),
});
export const ProjectionsResponse = z.object({ conversationRevision: z.string() });

/** `DELETE /v1/client/conversations` and `DELETE /v1/client/conversations/{conversationId}`: how many are gone. */
export const DeleteConversationsRequest = z.object({ sessionId: Id, targetId: z.optional(Id) });
export const DeleteConversationRequest = z.object({ conversationId: Id, sessionId: Id });
export const DeleteConversationsResponse = z.object({ deleted: z.union([z.number(), z.boolean()]) });

/** `POST /v1/client/visitor/reset`: the visitor's secret is void; their conversations stay for whoever proves an identity. */
export const VisitorResetRequest = z.object({ sessionId: z.optional(Id) });
export const VisitorResetResponse = z.object({ reset: z.literal(true) });
