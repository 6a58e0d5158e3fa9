import type { Signal } from '@preact/signals';
import type { Chat } from '../chat/chat.ts';
import type { Position, Theme } from '../options.ts';

export interface ViewProps {
  readonly chat: Chat;
  /** Whether the panel is shown. Written by the panel's own *Close* too. Always true inline. */
  readonly open: Signal<boolean>;
  readonly layout: 'floating' | 'inline';
  readonly position: Position;
  readonly theme: Theme;
  /** A BCP 47 tag. */
  readonly locale: string;
}

/** Draws the panel into a shadow root that holds nothing else but the launcher; adopts its own styles. Returns the undo. */
export function renderView(_root: ShadowRoot, _props: ViewProps): () => void {
  throw new Error('The view is drawn in the next commit.');
}
