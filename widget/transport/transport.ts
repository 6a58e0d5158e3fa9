import type { StreamEvent } from '../../protocol/event.ts';
import type { ConversationResponse, ConversationsResponse } from '../../protocol/history.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { ChatRequest, FeedbackRequest, InitResponse } from '../../protocol/request.ts';
import type { ClientTool } from '../../protocol/tool.ts';

/** The tools of a turn on the wire. The transport sends a known set once and then its fingerprint alone. */
export interface OutgoingTools {
  readonly clientTools: readonly ClientTool[];
  readonly fingerprint: string;
}

/** What the page sends along with a message. */
export type MessageExtras = Partial<Pick<ChatRequest, 'metadata' | 'inputs' | 'context'>>;

export interface OutgoingChat extends MessageExtras {
  readonly messages: readonly ChatMessage[];
  readonly assistantMessageId: string;
  readonly tools: OutgoingTools;
}

export interface OutgoingResume {
  readonly executionId: string;
  /** By `toolCallId`, or by name where the server gave no id. */
  readonly toolOutputs: Readonly<Record<string, unknown>>;
  readonly tools: OutgoingTools;
}

/** A question for the rest of an execution. */
export interface OutgoingFollow {
  readonly executionId: string;
  /** Events up to this `seq` are known. 0: none. */
  readonly after: number;
}

/** A visitor's earlier conversations. Rejects with `WidgetError` only. */
export interface HistoryTransport {
  /** Pinned ones first, then the latest; `cursor` goes on where an answer ended. */
  list(
    page: { readonly cursor: string | undefined; readonly query: string | undefined },
    signal: AbortSignal,
  ): Promise<ConversationsResponse>;
  /** The newest messages; `cursor` leads to older ones. */
  conversation(id: string, cursor: string | undefined, signal: AbortSignal): Promise<ConversationResponse>;
  change(
    id: string,
    changes: { readonly title?: string; readonly pinned?: boolean },
    signal: AbortSignal,
  ): Promise<void>;
  /** `undefined`: all of them. */
  remove(id: string | undefined, signal: AbortSignal): Promise<void>;
}

/** Events of one answer, in order. Rejects with `WidgetError` where the stream breaks; simply ends where the server ended it. */
export type EventStream = AsyncIterable<StreamEvent>;

/** The chat's way to its server. Opens and renews the session by itself. Rejects with `WidgetError` only. */
export interface Transport {
  /** Opens the session if there is none that is still good. The answer's `capabilities` say what the server can do. */
  init(signal: AbortSignal): Promise<InitResponse>;
  /** Fetches what streams need. Without it the first of them does. */
  prepare(): Promise<void>;
  chat(request: OutgoingChat, signal: AbortSignal): Promise<EventStream>;
  resume(request: OutgoingResume, signal: AbortSignal): Promise<EventStream>;
  /** The events after a position, then live. Only for servers that announce `replay`. */
  follow(request: OutgoingFollow, signal: AbortSignal): Promise<EventStream>;
  /** Ends an execution on the server, also from a page that is closing. Only for servers that announce `cancel`. */
  cancel(executionId: string): Promise<void>;
  feedback(feedback: Omit<FeedbackRequest, 'sessionId' | 'token'>): Promise<void>;
  /** Fetches what asks for earlier conversations. Only where the answer to `init` has `config.history`. */
  history(): Promise<HistoryTransport>;
  /** Of the session that is open, where one is. */
  conversationId(): string | undefined;
  /** Leaves the session for one in this conversation of the visitor's; without an id, the next one is in a new conversation. */
  enter(conversationId: string | undefined, signal: AbortSignal): Promise<void>;
  /** Leaves session and visitor behind, and tells the server that the visitor's secret is void, as far as it can be told. */
  forgetVisitor(): Promise<void>;
  /** Forgets the session and what was sent in it. */
  reset(): void;
}
