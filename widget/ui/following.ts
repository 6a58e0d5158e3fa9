import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** How near the end a reader who scrolls down counts as there, in pixels: about a line. */
const NEAR = 24;
/** How far off the end one who did not scroll may be, in pixels: fractions of a zoomed page. */
const ROUNDING = 2;

export interface Following {
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** What is scrolled: its growth is followed. */
  readonly content: RefObject<HTMLDivElement | null>;
  /** What stands at the end. Another of it is something new; what grows above is not. */
  readonly newest: readonly unknown[];
}

export interface Followed {
  readonly following: ReadonlySignal<boolean>;
  /** Something was added below since the reader left the end. */
  readonly newBelow: ReadonlySignal<boolean>;
  jump(): void;
}

/** Keeps the end of a thread in view, but only for a reader who is there. */
export function useFollowing({ scroller, content, newest }: Following): Followed {
  const following = useSignal(true);
  const newBelow = useSignal(false);

  const jump = () => {
    const element = scroller.current;
    if (element === null) return;
    following.value = true;
    newBelow.value = false;
    element.scrollTop = element.scrollHeight;
  };

  useLayoutEffect(() => {
    const [outer, inner] = [scroller.current, content.current];
    if (outer === null || inner === null) return;
    const lastTop = () => outer.scrollHeight - outer.clientHeight;
    let [top, last] = [0, 0];
    const onScroll = () => {
      // A hidden panel has no height and no end.
      if (outer.clientHeight === 0) return;
      // The event tells late of an earlier scroll. A thread that grew since leaves its reader behind, one that shrank
      // pulls them up to its end: neither is a reader who went back.
      const wentBack = outer.scrollTop < Math.min(top, lastTop() - ROUNDING);
      [top, last] = [outer.scrollTop, lastTop()];
      following.value = top >= last - (wentBack ? ROUNDING : NEAR) || (following.peek() && !wentBack);
      if (following.value) newBelow.value = false;
    };
    // Called after layout and before paint: the reader never sees the thread below its end.
    const observer = new ResizeObserver(() => {
      if (outer.clientHeight === 0) return;
      if (following.peek()) outer.scrollTop = outer.scrollHeight;
      [top, last] = [outer.scrollTop, lastTop()];
    });
    outer.addEventListener('scroll', onScroll, { passive: true });
    observer.observe(outer);
    observer.observe(inner);
    return () => {
      outer.removeEventListener('scroll', onScroll);
      observer.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    if (!following.peek()) newBelow.value = true;
  }, newest);

  return { following, newBelow, jump };
}
