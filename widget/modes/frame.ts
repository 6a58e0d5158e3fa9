import type { Signal } from '@preact/signals';
import type { Words } from '../messages.ts';
import type { Mode, Position, ResolvedOptions } from '../options.ts';
import type { PanelSlots } from '../ui/panel-slots.ts';

/** How the panel stands in the page, for whoever cannot see it. */
export interface Stance {
  readonly role: 'dialog' | 'complementary' | 'region' | 'main';
  /** Nothing else on the page can be reached. */
  readonly modal: boolean;
}

/** The panel and its surroundings, as a mode sees and shapes them. */
export interface Frame {
  readonly root: ShadowRoot;
  /** Holds the panel; its classes and custom properties are the mode's to set. */
  readonly container: HTMLElement;
  readonly open: Signal<boolean>;
  readonly stance: Signal<Stance>;
  readonly position: Position;
  readonly words: Words;
  readonly slots: PanelSlots;
  /** Under which the browser keeps sizes. */
  readonly storageKey: string;
}

/** What a mode adds to the frame that all of them share. */
export interface ModeModule {
  readonly styles: string;
  /** Called once, after the first drawing. Returns the undo. */
  readonly start: (frame: Frame) => () => void;
}

/** Screens on which an open panel takes everything that the keyboard leaves. The styles say the same. */
export const SMALL_SCREEN = '(max-width: 480px), (max-height: 420px)';

/** The mode that comes of the options, whatever they say. */
export function modeOf({ mode = 'floating', target }: ResolvedOptions): Mode {
  if (target !== undefined) return 'inline';
  return /^(docked|page|bar)$/.test(mode) ? mode : 'floating';
}

/** Fetches what only this mode needs. Rejects where it cannot be had. */
export async function loadMode(mode: Mode): Promise<ModeModule | undefined> {
  if (mode === 'docked') return import('./docked.tsx');
  if (mode === 'page') return import('./page.ts');
  if (mode === 'bar') return import('./bar.ts');
  return undefined;
}
