import type { Phase, ToolCallState } from '../chat/state.ts';
import type { CommandSource } from '../composer-sources.ts';
import type { MountOptions, PagehandWidget } from '../options.ts';

/**
 * All that a page can do with a chat once the chat is there, given by `ready`. Nothing of it answers a question for
 * the visitor's consent, and nothing of it tells the session. What it sets holds until its undo is called or the chat
 * is destroyed.
 */
export interface HostChat extends Pick<PagehandWidget, 'open' | 'close' | 'toggle' | 'on'> {
  /** Sends a message as the visitor, and leaves the panel as it is. Resolves when the turn is over. */
  send(text: string): Promise<void>;
  /** Ends the turn that is under way, on both sides. */
  stop(): void;
  /** What *Retry* does after a failure. */
  retry(): Promise<void>;
  /** Begins another conversation. Where the server keeps earlier ones, this one can be found again. */
  startNew(): Promise<void>;
  /** For whoever signs out: the thread is emptied, and this browser finds no earlier conversation any more. */
  forget(): Promise<void>;
  /** Puts a text into the message field, in the place of what stands there. */
  setDraft(text: string): void;
  /** Opens the chat and puts the focus into the message field. */
  focus(): void;
  /** The thread, plain and frozen. The same object as long as nothing changed. */
  messages(): readonly HostMessage[];
  /** Calls back now and with each change, at most once a frame. Returns the undo. */
  subscribe(listener: (conversation: HostConversation) => void): () => void;
  /**
   * Changes options of the mounted chat; thread, draft and a running turn stay. What is left out stays as it is.
   * Rejects with `WidgetError` `invalid_option`, and then changes nothing.
   */
  update(options: LiveOptions): Promise<void>;
  /**
   * What goes beside each message, under this name in `context` of the request. A provider that throws,
   * or takes longer than 2 s, is left out of that request and reported to the page. Returns the undo.
   */
  addContext(name: string, provider: ContextProvider): () => void;
  /**
   * Variables of the page, added to those that are set: sent as `inputs`, and filled into the surface's copy where
   * that says `{{name}}` or `{{name|otherwise}}`. `undefined` takes one away.
   */
  setVariables(variables: Readonly<Record<string, string | number | boolean | undefined>>): void;
  /** Hooks of each message. Returns the undo. Several are asked in the order in which they were given. */
  use(hooks: MessageHooks): () => void;
  /** Commands behind `/` or mentions behind `@` in the message field. Returns the undo. */
  addCommands(source: CommandSource): () => void;
  /** Draws parts of the thread in the place of the chat. The newest counts. Returns the undo. */
  setRenderer(what: Rendered, renderer: Renderer, options?: RendererOptions): () => void;
}

/** The options that can change while the chat stands. */
export type LiveOptions = Partial<Pick<MountOptions, 'theme' | 'position' | 'locale'>>;

export interface HostConversation {
  readonly phase: Phase;
  readonly messages: readonly HostMessage[];
  readonly isOpen: boolean;
}

export interface HostMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  /** Of an answer: its texts, with an empty line between two. */
  readonly text: string;
  readonly isComplete: boolean;
  readonly vote?: 'up' | 'down';
  readonly tools: readonly HostToolCall[];
}

export interface HostToolCall {
  readonly id: string;
  /** Bare. */
  readonly name: string;
  readonly title: string;
  readonly status: ToolCallState['status'];
  /** A copy. */
  readonly input: unknown;
  /** What came of it, as the model reads it. */
  readonly result?: string;
}

/** Any JSON value, now or within 2 s. `undefined`: nothing this time. `signal` fires when nobody waits any more. */
export type ContextProvider = (signal: AbortSignal) => unknown;

/** A message that is about to go out. */
export interface OutgoingMessage {
  readonly id: string;
  readonly text: string;
}

export interface MessageHooks {
  /**
   * May change the message, add to the request's `metadata`, or refuse it with a sentence that the visitor reads; the
   * message then stands in the message field again. One that throws, or takes longer than 5 s, is reported to the
   * page and passed over. Asked once for each message, and once more by a page that goes on with it after a reload.
   */
  readonly beforeSend?: (
    message: OutgoingMessage,
    signal: AbortSignal,
  ) => BeforeSendAnswer | undefined | Promise<BeforeSendAnswer | undefined>;
  /** Told of each complete answer. */
  readonly afterReceive?: (answer: HostMessage) => void;
}

export interface BeforeSendAnswer {
  /** Takes the place of what the visitor wrote, in the thread too. */
  readonly text?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A sentence for the visitor. The message is not sent. */
  readonly refuse?: string;
}

/** `message`: what the visitor wrote. `answer`: one text of an answer. `tool:name`: a call of that tool. */
export type Rendered = 'message' | 'answer' | `tool:${string}`;

/** What a renderer draws: plain, frozen. */
export type RenderedPart =
  | { readonly kind: 'message'; readonly id: string; readonly text: string }
  | { readonly kind: 'answer'; readonly id: string; readonly text: string; readonly isComplete: boolean }
  | ({ readonly kind: 'tool' } & HostToolCall);

/**
 * Fills an element, with the page's own means. It is asked again, for the emptied element, when the part changes;
 * with `update` the element is left to that. One that throws gives way to what the chat draws itself.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a renderer that returns nothing is one, too
export type Renderer = (part: RenderedPart, element: HTMLElement) => void | (() => void) | Drawn;

export interface Drawn {
  update?(part: RenderedPart): void;
  /** The element goes. */
  remove?(): void;
}

export interface RendererOptions {
  /**
   * `page` (default): the element stands in the page's own tree and is shown through a slot, so the page's style
   * sheets count. `chat`: it stands inside the chat, whose tokens and fonts count.
   */
  readonly styledBy?: 'page' | 'chat';
}
