import type { StopReason } from '../../protocol/event.ts';

/** What the chat is doing, one word at a time; the UI puts it in a sentence. */
export type Phase =
  | 'idle'
  /** Sent, nothing heard yet. */
  | 'thinking'
  /** Words are arriving. */
  | 'answering'
  /** A tool runs, in the page or on the server. */
  | 'acting'
  /** The visitor has to decide about a call. */
  | 'waiting'
  /** Somebody who runs the site has to decide about a call. */
  | 'on_hold'
  /** The turn goes on by itself as soon as it can; `Conversation.wait` says what for. */
  | 'reconnecting'
  /** The last turn failed; `Conversation.failure` says how. */
  | 'failed';

/** Why a call was not run. */
type RefusedReason =
  /** Of `PageCallOutcome`. */
  | 'gone'
  | 'changed'
  | 'invalid_arguments'
  | 'not_offered'
  | 'already_run'
  /** Somebody who runs the site did not approve it. */
  | 'denied'
  /** Nobody decided in time. */
  | 'undecided'
  /** The server asks for something that this chat has no answer to. */
  | 'unanswerable';

/** Why a call ended before it was done. */
export type CancelledReason =
  | 'stopped'
  | 'new_message'
  | 'failed'
  | 'unanswerable'
  | 'page_left'
  /** The turn ended first, and its result was not told. */
  | 'turn_ended';

/** How a tool call stands. Exactly one of these, never two flags. */
export type ToolCallState =
  /** The model called it; checked next. */
  | { readonly status: 'requested' }
  | {
      readonly status: 'approval';
      readonly canRemember: boolean;
      /** Another tab asks, and only there it can be answered. */
      readonly elsewhere?: boolean;
    }
  /** The model asks the visitor something, and the sheet above the composer waits for the answer. */
  | {
      readonly status: 'asking';
      /** Another tab asks, and only there it can be answered. */
      readonly elsewhere?: boolean;
    }
  /** Somebody who runs the site has to approve it. */
  | {
      readonly status: 'on_hold';
      readonly approvalId: string;
      /** When the server stops waiting, in milliseconds since 1970, where it says so. */
      readonly untilMs: number | undefined;
    }
  | { readonly status: 'running'; readonly startedAtMs: number }
  | { readonly status: 'done'; readonly result: string; readonly durationMs: number | undefined }
  | { readonly status: 'failed'; readonly result: string; readonly durationMs: number | undefined }
  | { readonly status: 'declined' }
  /** The widget or the server did not let it run; `detail` is what the model was told. */
  | { readonly status: 'refused'; readonly reason: RefusedReason; readonly detail?: string }
  /** Stopped by the visitor, or overtaken; it may still be running in the page. */
  | { readonly status: 'cancelled'; readonly reason: CancelledReason; readonly detail?: string }
  /** Began on a page that is gone; what it did, nobody can say. */
  | { readonly status: 'unknown' };

export type ApprovedBy = 'visitor_once' | 'visitor_always' | 'site_rule' | 'operator' | 'server';

export interface TextPart {
  readonly kind: 'text';
  readonly id: string;
  readonly text: string;
  readonly streaming: boolean;
  /** The server's own sentence about a failure. It gives way to the failure itself when that arrives. */
  readonly role?: 'error';
}

export interface ReasoningPart {
  readonly kind: 'reasoning';
  readonly id: string;
  readonly text: string;
  readonly streaming: boolean;
  readonly startedAtMs?: number;
  /** Once it has ended. */
  readonly durationMs?: number;
}

/** One tool call and, once it has ended, its receipt. */
export interface ToolCallPart {
  readonly kind: 'tool';
  /** The `toolCallId`, or the name where a server gives none. */
  readonly id: string;
  /** Bare. */
  readonly name: string;
  /** The page's title for it, else the bare name. */
  readonly title: string;
  /** What the page says of it; empty for server tools. */
  readonly description: string;
  readonly runsIn: 'page' | 'widget' | 'server';
  /** The page's origin; empty for server tools. */
  readonly pageOrigin: string;
  readonly input: unknown;
  readonly approvedBy: ApprovedBy | undefined;
  /** What a server tool said while it ran. */
  readonly output?: string;
  readonly state: ToolCallState;
}

/** Something the thread has to say about a turn: cut short, limit reached, stopped. */
export interface NoticePart {
  readonly kind: 'notice';
  readonly id: string;
  readonly notice:
    | Exclude<StopReason, 'end_turn'>
    | 'stopped'
    /** Another message came before this answer was complete. */
    | 'new_message'
    /** The line broke, and the server cannot tell the rest. */
    | 'interrupted';
}

/** Where something in the answer comes from. */
export interface SourcePart {
  readonly kind: 'source';
  readonly id: string;
  /** Absolute, `http` or `https`. */
  readonly url: string;
  readonly title: string;
}

/** An image, a sound, a film or a file that the model made or found. */
export interface MediaPart {
  readonly kind: 'media';
  readonly id: string;
  /** As the server names it: `image`, `audio`, `video`, `file`, or a media type. */
  readonly mediaType: string;
  /** A URL, or a `data:` URI. Empty until it is there, and where it was too large to be kept. */
  readonly url: string;
  readonly streaming: boolean;
}

/** A piece of work that stands beside the conversation: a document, a file, code. */
export interface ArtifactPart {
  readonly kind: 'artifact';
  readonly id: string;
  readonly artifactType: string;
  readonly title: string;
  readonly text: string;
  readonly streaming: boolean;
  readonly file?: { readonly path: string; readonly mimeType: string; readonly language: string };
}

export type AssistantPart =
  | TextPart
  | ReasoningPart
  | ToolCallPart
  | NoticePart
  | SourcePart
  | MediaPart
  | ArtifactPart;

/** A file of a message. Its bytes stand elsewhere: on the server, or in this page's memory. */
export interface Attachment {
  /** Of an upload: its `fileId`. */
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly mimeType: string;
  /** The server has it. Otherwise it goes out inside the message. */
  readonly isUploaded: boolean;
}

/** Something of the site's that a message names. */
export interface Mention {
  readonly id: string;
  /** As it stands in the text, without its `@`. */
  readonly name: string;
  /** The source that knows it. */
  readonly source: string;
  /** What the site wants the model to know of it. JSON. */
  readonly data?: unknown;
}

export interface UserEntry {
  readonly role: 'user';
  readonly id: string;
  readonly text: string;
  readonly attachments?: readonly Attachment[] | undefined;
  readonly mentions?: readonly Mention[] | undefined;
}

export interface AssistantEntry {
  readonly role: 'assistant';
  /** The `assistantMessageId` of its dispatch; feedback refers to it. */
  readonly id: string;
  readonly parts: readonly AssistantPart[];
  readonly vote: 'up' | 'down' | undefined;
  /** The visitor was asked after it how the conversation was. */
  readonly rated?: boolean;
  /** `seq` of the last event that changed it: whoever goes on with it from a copy asks for what came after. */
  readonly seq?: number;
}

export type Entry = UserEntry | AssistantEntry;

export interface Failure {
  /** What code compares; a server of others may have codes of its own. */
  readonly code?: string;
  /** As the server or the error put it, for whoever set the chat up; visitors read it only where the code is unknown. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  /** What happened, in the words of the catalogue: `failure.…`. Default: the code. */
  readonly says?: string;
  /** What was kept and what to press, in the words of the catalogue: `advice.…`. */
  readonly advice?: 'again' | 'restarts' | 'connection' | 'rewrite' | 'wait';
  /** With `wait`: how long the server asks for, in milliseconds. 0: not said. */
  readonly waitMs?: number;
}

/** What a turn waits for before it goes on by itself. */
export interface Wait {
  readonly reason: 'reconnecting' | 'offline' | 'too_many' | 'busy';
  /** When it tries again, in milliseconds since 1970, where the server named a time. */
  readonly untilMs?: number;
}

/**
 * The whole state of one conversation. Unchanged entries and parts keep their identity from one state to the next,
 * so a view redraws just what is new.
 */
export interface Conversation {
  readonly phase: Phase;
  readonly entries: readonly Entry[];
  readonly executionId: string | undefined;
  /** The entry that the current turn writes to. It appears in `entries` with its first part. */
  readonly answerId?: string;
  readonly failure: Failure | undefined;
  /** In phase `reconnecting`. */
  readonly wait?: Wait | undefined;
}

export const EMPTY_CONVERSATION: Conversation = {
  phase: 'idle',
  entries: [],
  executionId: undefined,
  failure: undefined,
};
