import { type ReadonlySignal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';

/** Something that the visitor can do from the panel's header. */
export interface HeaderAction {
  readonly id: string;
  /** In the visitor's language. Called at every drawing. */
  readonly label: () => string;
  /** A path on a square of 20. With it the action is a button of its own, without it an item of the menu. */
  readonly icon?: string;
  /** The menu is closed, and its button has the focus. */
  readonly onSelect: () => void;
}

export type SlotName =
  /** Under the header, over the thread: it takes its height from the thread. */
  | 'below-header'
  /** While anything is here the thread and the composer are hidden, and keep what they hold. */
  | 'instead-of-thread'
  | 'above-composer'
  /** The last line of the panel. */
  | 'footer'
  /** Before everything, placed by its own styles. */
  | 'edge';

/** Where other parts of the chat put what they show in the panel. Every `add` returns its undo. */
export interface PanelSlots {
  readonly actions: ReadonlySignal<readonly HeaderAction[]>;
  readonly filled: ReadonlySignal<readonly FilledSlot[]>;
  /** Actions stand in the order in which they were added; the same id again takes the place of the first. */
  addAction(action: HeaderAction): () => void;
  add(slot: SlotName, Part: ComponentType): () => void;
}

interface FilledSlot {
  readonly slot: SlotName;
  readonly Part: ComponentType;
}

export function createPanelSlots(): PanelSlots {
  const actions = signal<readonly HeaderAction[]>([]);
  const filled = signal<readonly FilledSlot[]>([]);
  return {
    actions,
    filled,
    addAction(action) {
      const known = actions.peek();
      actions.value = known.some(({ id }) => id === action.id)
        ? known.map((other) => (other.id === action.id ? action : other))
        : [...known, action];
      return () => {
        actions.value = actions.peek().filter((other) => other !== action);
      };
    },
    add(slot, Part) {
      const part = { slot, Part };
      filled.value = [...filled.peek(), part];
      return () => {
        filled.value = filled.peek().filter((other) => other !== part);
      };
    },
  };
}
