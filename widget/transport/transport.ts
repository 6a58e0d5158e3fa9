import type { StreamEvent } from '../../protocol/event.ts';
import type { ChatMessage } from '../../protocol/message.ts';
import type { FeedbackRequest, InitResponse } from '../../protocol/request.ts';
import type { ClientTool } from '../../protocol/tool.ts';

/** The tools of a turn on the wire. The transport sends a known set once and then its fingerprint alone. */
export interface OutgoingTools {
  readonly clientTools: readonly ClientTool[];
  readonly fingerprint: string;
}

export interface OutgoingChat {
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

/** Events of one answer, in order. Rejects with `WidgetError` where the stream breaks; simply ends where the server ended it. */
export type EventStream = AsyncIterable<StreamEvent>;

/** The chat's way to its server. Opens and renews the session by itself. Rejects with `WidgetError` only. */
export interface Transport {
  /** Opens the session if there is none that is still good. */
  init(signal: AbortSignal): Promise<InitResponse>;
  chat(request: OutgoingChat, signal: AbortSignal): Promise<EventStream>;
  resume(request: OutgoingResume, signal: AbortSignal): Promise<EventStream>;
  feedback(feedback: Omit<FeedbackRequest, 'sessionId' | 'token'>): Promise<void>;
  /** Forgets the session and what was sent in it. */
  reset(): void;
}
