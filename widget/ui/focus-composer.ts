import type { RefObject } from 'preact';

/**
 * Where the focus goes when what had it is gone: to the field; by touch to the thread, because a field would raise the
 * keyboard over what the visitor reads.
 */
export function focusComposer(
  composer: RefObject<HTMLElement | null>,
  panel: RefObject<HTMLElement | null>,
): void {
  const byTouch = matchMedia('(pointer: coarse)').matches;
  const place = byTouch ? panel.current?.querySelector<HTMLElement>('.scroller') : composer.current;
  place?.focus({ preventScroll: true });
}
