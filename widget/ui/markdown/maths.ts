import temml from 'temml';

/** Longest formula that is drawn, in characters. */
const MAX_CHARS = 5_000;

/**
 * Draws the TeX that stands in an element as MathML. What cannot be read stays as it is written. Nothing in it leads
 * anywhere or loads anything.
 */
export function drawMaths(target: HTMLElement, isDisplay: boolean): void {
  const tex = (target.textContent ?? '').trim();
  if (tex === '' || tex.length > MAX_CHARS) return;
  const drawn = document.createElement('span');
  try {
    temml.render(tex, drawn, {
      displayMode: isDisplay,
      throwOnError: true,
      trust: false,
      strict: false,
      maxSize: [20, 100],
      maxExpand: 200,
    });
  } catch {
    // No TeX, or more of it than this reader knows.
    return;
  }
  target.replaceChildren(...drawn.childNodes);
}
