import type { StreamEvent } from '../protocol/event.ts';
import type { ApprovedBy, Phase } from './chat/state.ts';
import type { WidgetError } from './errors.ts';
import type { HostChat } from './host/host-chat-api.ts';
import type { Scheme, ThemeOptions } from './theme/theme-options.ts';
import type { Implementation, PageCallOutcome, Snapshot } from './tools/page-tools.ts';
import type { Identity } from './transport/visitor.ts';

export type Position = 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';
/** Light or dark alone, a whole theme, or that as JSON. */
export type Theme = Scheme | ThemeOptions | `{${string}`;
/**
 * `floating`: a launcher in a corner and a panel beside it. `docked`: a panel at the side that `position` names, which
 * makes room. `inline`: fills `target`. `page`: fills the window. `bar`: a bar at the foot of the page, which becomes
 * a panel.
 */
export type Mode = 'floating' | 'docked' | 'inline' | 'page' | 'bar';

/** Options of `mount` and, under the same names, of the script tag's `data-` attributes. */
export interface MountOptions {
  /** The surface's client token, `ct_live_…` or `ct_test_…`. */
  readonly token: string;
  /** Where the server is, `https://chat.example.com`. The script tag's default is the script's own origin. */
  readonly api?: string;
  /** Default `inline` with a `target`, else `floating`. */
  readonly mode?: Mode;
  /** An element, or a selector, to fill. */
  readonly target?: Element | string;
  /** The launcher's name for who cannot see it. Default: `Open chat`, and once the chat is there, in its language. */
  readonly label?: string;
  /** Default `bottom-right`. */
  readonly position?: Position;
  /** Default `auto`: as the visitor's system says. */
  readonly theme?: Theme;
  /** A sentence beside the launcher, shown once to a visitor who does not open the chat by themselves. */
  readonly teaser?: string;
  /** The last line of the panel, with links as `[text](https://…)`. */
  readonly footer?: string;
  /** A BCP 47 tag, for `lang`, direction, dates and numbers. Default: the page's `lang`. */
  readonly locale?: string;
  /** Opens at once. Default false. */
  readonly open?: boolean;
  /** Whether visitors can attach files, as far as the server takes them. Default true. In the script tag `on` or `off`. */
  readonly attachments?: boolean | 'on' | 'off';
  /** Whether visitors find their earlier conversations, where the server keeps them. Default true. */
  readonly history?: boolean | 'off';
  /** Who visits, as the site's own server proves it: an HMAC or a JWT, or a function that gets one. */
  readonly identity?: Identity;
  /**
   * Whether messages can be dictated and answers read aloud, in browsers that can. Default false: most browsers send
   * what is said to a service of their maker. In the script tag `on` or `off`.
   */
  readonly voice?: boolean | 'on' | 'off';
  readonly webmcp?: {
    /** Default true. False: the page's tools are left alone. */
    readonly enabled?: boolean;
    /** Default true. False: no polyfill is installed where the browser has no `document.modelContext`. */
    readonly polyfill?: boolean;
    /** Tools that run unasked if they also say that they only read: exact names, or a prefix and one `*`. */
    readonly autoApprove?: readonly string[];
    /** Tools that always ask. */
    readonly requireConfirmFor?: readonly string[];
    /** Longest wait for one tool, in milliseconds. Default 30 000. */
    readonly timeoutMs?: number;
  };
}

/**
 * What a host page can listen to: by `on`, or as DOM events `pagehand:open`, `pagehand:message`, … that bubble up from
 * the chat's element, with the same object as their `detail`; `event` only after somebody asked for it by `on`. What a
 * listener throws is the page's to see.
 */
export interface WidgetEvents {
  open: undefined;
  close: undefined;
  /** The chat's code and thread are there. A chat that nobody means to open never says so. */
  ready: undefined;
  /** The visitor's message was sent, or the answer to it is complete. */
  message: { readonly kind: 'sent' | 'answered'; readonly id: string; readonly text: string };
  phase: { readonly phase: Phase; readonly before: Phase };
  vote: { readonly messageId: string; readonly vote: 'up' | 'down' };
  /** The visitor is asked about a call, or has decided. */
  approval: {
    readonly kind: 'asked' | 'decided';
    readonly toolCallId: string;
    readonly name: string;
    readonly title: string;
    /** Of a decision. */
    readonly allowed?: boolean;
  };
  /** The visitor began another conversation, or went back to an earlier one. */
  conversation: { readonly kind: 'new' | 'opened' };
  /** How many answers came while the chat was closed; 0 when it is opened. */
  unread: { readonly count: number };
  /** A file of the message that is being written. */
  attachment: {
    readonly kind: 'added' | 'uploaded' | 'failed' | 'removed';
    readonly name: string;
    readonly mediaType: string;
    readonly bytes: number;
  };
  /** The visitor said how it was, 1 to 5. */
  feedback: { readonly rating: number; readonly comment: string };
  /** The last word of a chat that is taken out of the page. */
  destroy: undefined;
  /** The tools of a turn, as they are about to be sent. */
  snapshot: { readonly snapshot: Snapshot; readonly implementation: Implementation };
  /** Every event of a stream, as it came: thousands for one answer, and so for those alone who ask by `on`. */
  event: StreamEvent;
  /** A page call that ended. */
  call: {
    readonly toolCallId: string;
    readonly name: string;
    readonly input: unknown;
    readonly approvedBy: ApprovedBy | undefined;
    readonly outcome: PageCallOutcome | { readonly status: 'declined' };
  };
  error: WidgetError;
}

/** The chat's events as DOM events. */
export type PagehandEventMap = {
  readonly [Name in keyof WidgetEvents as `pagehand:${Name}`]: CustomEvent<WidgetEvents[Name]>;
};

export type Emit = <Name extends keyof WidgetEvents>(name: Name, detail: WidgetEvents[Name]) => void;

/** A mounted chat. */
export interface PagehandWidget {
  open(): void;
  close(): void;
  toggle(): void;
  /** Opens the chat and sends a message as the visitor. */
  send(text: string): Promise<void>;
  /** Returns the undo. */
  on<Name extends keyof WidgetEvents>(name: Name, listener: (detail: WidgetEvents[Name]) => void): () => void;
  /**
   * Calls back with all that a page can do with a chat, as soon as the chat is there: now or later. It does not fetch
   * the chat by itself. Returns the undo; what the callback returns is called with it, or when the chat is destroyed.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that returns nothing is one, too
  ready(callback: (chat: HostChat) => (() => void) | void): () => void;
  /** Takes the chat out of the page. Leaves no element, listener, timer or global of this mount behind. */
  destroy(): void;
}

/**
 * `window.Pagehand` of the script tag: its own chat, and the way to more. Before the script is there, a page pushes
 * functions onto a list that the script then takes over:
 *
 * ```js
 * (window.Pagehand ||= []).push((pagehand) => pagehand.open());
 * ```
 */
export interface PagehandApi extends PagehandWidget {
  /** Another chat on this page. */
  mount(options: MountOptions): PagehandWidget;
  /** Calls back at once. */
  push(...commands: ((pagehand: PagehandApi) => void)[]): void;
  /** Takes every chat of this script out of the page, and `window.Pagehand` with them. */
  destroy(): void;
}

declare global {
  interface HTMLElementEventMap extends PagehandEventMap {}
  interface DocumentEventMap extends PagehandEventMap {}
  interface Window {
    /** Of the script tag: a list of functions until the script is there. */
    Pagehand?: PagehandApi | ((pagehand: PagehandApi) => void)[];
  }
}

/** Options with every default in its place. */
export interface ResolvedOptions {
  readonly token: string;
  readonly label?: string;
  readonly api: string;
  readonly target: Element | undefined;
  readonly position: Position;
  readonly mode?: Mode;
  readonly teaser?: string;
  readonly footer?: string;
  readonly theme?: Theme;
  readonly locale?: string;
  readonly open?: boolean;
  readonly attachments?: MountOptions['attachments'];
  readonly voice?: MountOptions['voice'];
  readonly history?: MountOptions['history'];
  readonly identity?: MountOptions['identity'];
  readonly webmcp?: NonNullable<MountOptions['webmcp']>;
}

/** What an option must match. */
const PATTERNS = {
  token: /^ct_(live|test)_[\w-]+$/,
  api: /^https?:..\w/,
  position: /^(top|bottom)-(left|right)$/,
};

/**
 * Checks what a page's author wrote. Throws an `Error` with the name of the option and what it may be; `mount` makes
 * it a `WidgetError`, which the loader has no room for.
 */
export function resolveOptions({ target, ...options }: MountOptions, api: string): ResolvedOptions {
  const given = {
    api,
    position: 'bottom-right' as const,
    ...options,
  };
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    if (!pattern.test(given[name as keyof typeof PATTERNS]))
      throw Error(`"${name}" must match ${pattern.source}`);
  }
  const element = typeof target === 'string' ? document.querySelector(target) : target;
  if (element === null) throw Error('"target" must be in this page');
  return { ...given, target: element };
}
