import type { ReadonlySignal } from '@preact/signals';
import { createContext, type RefObject } from 'preact';
import { useContext } from 'preact/hooks';
import type { Chat } from '../chat/chat.ts';
import type { LateComposing } from '../chat/late-composing.ts';
import type { CommandSource } from '../composer-sources.ts';
import type { Drawings } from '../host/drawings.tsx';
import type { Words } from '../messages.ts';
import type { MountOptions } from '../options.ts';
import type { PanelSlots } from './panel-slots.ts';

/** What every part of one view shares. */
export interface View {
  readonly chat: Chat;
  readonly root: ShadowRoot;
  /** Whether the panel is shown, where it can be put away. */
  readonly open: ReadonlySignal<boolean>;
  readonly words: Words;
  readonly composing?: LateComposing | undefined;
  /** Whether files may be attached, as far as the server takes them. */
  readonly attaches?: MountOptions['attachments'] | undefined;
  /** Whether messages can be dictated and answers read aloud. Default false. */
  readonly voice?: MountOptions['voice'] | undefined;
  /** The site tries the chat out: what is for whoever set it up is shown, too. */
  readonly isTest: boolean;
  /** Where other parts of the chat put what they show in the panel. */
  readonly slots: PanelSlots;
  /** What the page draws itself. */
  /** Of commands and mentions: the page's. */
  readonly sources?: ReadonlySignal<readonly CommandSource[]> | undefined;
  readonly drawings: ReadonlySignal<Drawings | undefined> | undefined;
  /** Fetches what a conversation needs, unless it is there or on its way. */
  readonly loadLateParts: () => void;
  readonly panel: RefObject<HTMLElement | null>;
  readonly composer: RefObject<HTMLTextAreaElement | null>;
}

export const ViewContext = createContext<View | undefined>(undefined);

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === undefined) throw new Error('A part of the view was drawn outside of it.');
  return view;
}
