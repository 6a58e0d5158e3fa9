import { effect, signal } from '@preact/signals';
import { type Frame, SMALL_SCREEN } from './frame.ts';
import { holdPage } from './hold-page.ts';

/** On small screens an open panel covers the page, and is the only thing there is. Returns the undo. */
export function startSheet({ root, open, stance }: Frame): () => void {
  const media = matchMedia(SMALL_SCREEN);
  const small = signal(media.matches);
  const onChange = () => {
    small.value = media.matches;
  };
  media.addEventListener('change', onChange);
  const stop = effect(() => {
    if (!open.value || !small.value) return;
    const before = stance.peek();
    const release = holdPage(root.host as HTMLElement);
    stance.value = { role: 'dialog', modal: true };
    return () => {
      release();
      stance.value = before;
    };
  });
  return () => {
    media.removeEventListener('change', onChange);
    stop();
  };
}
