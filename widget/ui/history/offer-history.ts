import { effect } from '@preact/signals';
import type { Chat } from '../../chat/chat.ts';
import type { Words } from '../../messages.ts';
import type { PanelSlots } from '../panel-slots.ts';

interface HistoryOffer {
  readonly chat: Chat;
  readonly slots: PanelSlots;
  readonly words: Words;
}

const CLOCK = 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4.2l2.8 1.8';
/** A sheet and a pen: a plus stands for what is attached. */
const WRITE =
  'M9 4H5.5A1.5 1.5 0 0 0 4 5.5v9A1.5 1.5 0 0 0 5.5 16h9a1.5 1.5 0 0 0 1.5-1.5V11M8.5 11.5l.4-2.2 5.6-5.6 1.8 1.8-5.6 5.6z';

/** Puts *New chat* into the header, and *Earlier conversations* where they are kept. Returns the undo. */
export function offerHistory({ chat, slots, words }: HistoryOffer): () => void {
  const { say } = words;
  let hide: (() => void) | undefined;

  async function show() {
    if (hide !== undefined) return hide();
    let isWanted = true;
    hide = () => {
      isWanted = false;
      hide = undefined;
    };
    const { showHistory } = await import('./show-history.tsx').catch(() => ({ showHistory: undefined }));
    if (!isWanted) return;
    hide = showHistory?.(chat, slots, words, () => {
      hide = undefined;
    });
  }

  const startNew = () => {
    hide?.();
    void chat.startNew();
  };

  const undo = effect(() => {
    const surface = chat.surface.value;
    if (surface === undefined) return undefined;
    const undos = [
      slots.addAction({ id: 'new', label: () => say('history.new'), icon: WRITE, onSelect: startNew }),
    ];
    if (surface.history === true) {
      undos.push(
        slots.addAction({ id: 'history', label: () => say('history.open'), icon: CLOCK, onSelect: show }),
      );
    }
    return () => {
      for (const take of undos) take();
    };
  });
  return () => {
    undo();
    hide?.();
  };
}
