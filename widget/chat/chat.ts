import type { ReadonlySignal, Signal } from '@preact/signals';
import type { InitResponse } from '../../protocol/request.ts';
import type { History } from './history.ts';
import type { Attachment, Conversation, Mention } from './state.ts';

export type Decision = 'once' | 'always' | 'decline';

/** What the visitor said to one question: a choice or own words, several choices, or `undefined` for nothing. */
export type Reply = string | readonly string[] | undefined;

/** What goes with a message beside its words. */
export interface SendOptions {
  readonly attachments?: readonly Attachment[] | undefined;
  readonly mentions?: readonly Mention[] | undefined;
}

/** One chat: its state as signals, and all that can be done with it. The UI sees nothing else. */
export interface Chat {
  readonly conversation: ReadonlySignal<Conversation>;
  /** The surface's copy and rules; `undefined` until the session is open. */
  readonly surface: ReadonlySignal<InitResponse['config'] | undefined>;
  /** What the server can do beyond the public wire; empty until the session is open. */
  readonly capabilities: ReadonlySignal<readonly string[]>;
  /** What stands in the composer. Survives every failure. */
  readonly draft: Signal<string>;
  /** The visitor begins to write: fetches what a turn needs. A failure shows when it is sent. */
  prepare(): void;
  /**
   * Sends a message; the draft is the caller's to clear. An answer that still grows ends early. Without words and without
   * attachments nothing is sent.
   */
  send(text: string, options?: SendOptions): Promise<void>;
  /**
   * Says a message of the visitor's anew: it and all that followed leave the thread, here and on the server. Where the
   * server cannot do that, the text goes into the draft. Ignored for any other entry.
   */
  edit(entryId: string, text: string): Promise<void>;
  /** Asks again for this answer, as `edit` would with the same words. Ignored where the server cannot do that. */
  regenerate(entryId: string): Promise<void>;
  /**
   * Ends the turn on both sides: the stream is left, running page tools are asked to stop, open questions are declined,
   * and the server is told where it listens.
   */
  stop(): void;
  /** Goes on with the failed turn, or sends its message again where there is nothing to go on with. */
  retry(): Promise<void>;
  /** The visitor's answer to a call in state `approval`. Ignored for any other call. */
  decide(toolCallId: string, decision: Decision): void;
  /** The visitor's replies to a call in state `asking`, one for each of its questions. Ignored for any other call. */
  reply(toolCallId: string, replies: readonly Reply[]): void;
  /** `comment`: what the visitor adds to a vote, at most 4,000 characters. */
  vote(entryId: string, vote: 'up' | 'down', comment?: string): void;
  /** Tells the server that an answer was copied. */
  copied(entryId: string): void;
  /** Leaves this thread for an empty one. The server keeps what was said for the visitor, where it keeps histories. */
  startNew(): Promise<void>;
  /** For whoever signs out: the thread is emptied, and this browser finds no earlier conversation any more. */
  forget(): Promise<void>;
  /** The visitor's conversations. Only where `surface` says that there is a `history`. Rejects with `WidgetError`. */
  history(): Promise<History>;
  /** How the conversation was, 1 to 5; `undefined`: the visitor does not say. Rejects with `WidgetError`. */
  rate(rating: number | undefined, comment: string): Promise<void>;
  destroy(): void;
}
