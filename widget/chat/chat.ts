import type { ReadonlySignal, Signal } from '@preact/signals';
import type { InitResponse } from '../../protocol/request.ts';
import type { Conversation } from './state.ts';

export type Decision = 'once' | 'always' | 'decline';

/** One chat: its state as signals, and all that can be done with it. The UI sees nothing else. */
export interface Chat {
  readonly conversation: ReadonlySignal<Conversation>;
  /** The surface's copy and rules; `undefined` until the session is open. */
  readonly surface: ReadonlySignal<InitResponse['config'] | undefined>;
  /** What stands in the composer. Survives every failure. */
  readonly draft: Signal<string>;
  /** The visitor begins to write: fetches what a turn needs. A failure shows when it is sent. */
  prepare(): void;
  /** Sends a message; the draft is the caller's to clear. While the chat is busy it stops that turn first. */
  send(text: string): Promise<void>;
  /**
   * Ends the turn on both sides: the stream is left, running page tools are asked to stop, open questions are declined,
   * and the server is told where it listens.
   */
  stop(): void;
  /** Goes on with the failed turn, or sends its message again where there is nothing to go on with. */
  retry(): Promise<void>;
  /** The visitor's answer to a call in state `approval`. Ignored for any other call. */
  decide(toolCallId: string, decision: Decision): void;
  vote(entryId: string, vote: 'up' | 'down'): void;
  destroy(): void;
}
