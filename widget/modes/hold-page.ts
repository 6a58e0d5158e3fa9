/**
 * While the chat covers the page, nothing of the page can be focused, read or scrolled; an overlay of the browser's
 * own would take the launcher and the announcements with it. Returns the undo.
 */
export function holdPage(host: HTMLElement): () => void {
  const held: Element[] = [];
  for (let inside: Element | null = host; inside !== null; inside = inside.parentElement) {
    for (const beside of inside.parentElement?.children ?? []) {
      if (beside === inside || beside.hasAttribute('inert') || !(beside instanceof HTMLElement)) continue;
      if (['HEAD', 'SCRIPT', 'STYLE', 'LINK'].includes(beside.tagName)) continue;
      beside.inert = true;
      held.push(beside);
    }
  }
  const letScroll = lockScrolling();
  return () => {
    for (const element of held.splice(0)) element.removeAttribute('inert');
    letScroll();
  };
}

/** Of all the chats of a page, the first locks and the last unlocks. */
let locks = 0;
let unlock = () => {};

function lockScrolling(): () => void {
  locks += 1;
  if (locks === 1) {
    const { style, clientWidth } = document.documentElement;
    const before = [style.overflow, style.scrollbarGutter] as const;
    // A scrollbar that takes room leaves its room behind: the page must not jump.
    if (innerWidth > clientWidth) style.scrollbarGutter = 'stable';
    style.overflow = 'hidden';
    unlock = () => {
      [style.overflow, style.scrollbarGutter] = before;
    };
  }
  let isLocked = true;
  return () => {
    if (!isLocked) return;
    isLocked = false;
    locks -= 1;
    if (locks === 0) unlock();
  };
}
