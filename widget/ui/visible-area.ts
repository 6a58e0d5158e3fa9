/**
 * Tells the styles how much of the page an on-screen keyboard leaves: `--visible-height` and `--visible-top`, in
 * pixels. Written through the CSSOM, which no content policy forbids. Returns the undo.
 */
export function trackVisibleArea(container: HTMLElement): () => void {
  const viewport = globalThis.visualViewport;
  if (!viewport) return () => {};
  const update = () => {
    // A zoomed page is looked at through the viewport, not squeezed into it.
    const zoomed = viewport.scale > 1.01;
    container.style.setProperty('--visible-height', zoomed ? '' : `${viewport.height}px`);
    container.style.setProperty('--visible-top', zoomed ? '' : `${viewport.offsetTop}px`);
  };
  update();
  viewport.addEventListener('resize', update);
  viewport.addEventListener('scroll', update);
  return () => {
    viewport.removeEventListener('resize', update);
    viewport.removeEventListener('scroll', update);
  };
}
