import temml from 'temml';

/** Longest formula that is drawn, in characters. */
const MAX_CHARS = 5_000;

/** What names something new. Few characters of it become any number of them, and nobody defines anything in a chat. */
const DEFINES = /\\(?:[a-z]*def|(?:future)?let|[a-z]*command)(?![A-Za-z])/;

/** Most elements that a formula becomes, and how deep they stand in each other: browsers take long to lay out more. */
const MAX_ELEMENTS = 3_000;
const MAX_DEPTH = 40;

/**
 * Draws the TeX that stands in an element as MathML. What cannot be read stays as it is written. Nothing in it leads
 * anywhere or loads anything.
 */
export function drawMaths(target: HTMLElement, isDisplay: boolean): void {
  const tex = (target.textContent ?? '').trim();
  if (tex === '' || tex.length > MAX_CHARS || DEFINES.test(tex)) return;
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
  if (isModest(drawn)) target.replaceChildren(...drawn.childNodes);
}

function isModest(drawn: Element): boolean {
  let elements = 0;
  let level = [...drawn.children];
  for (let depth = 0; level.length > 0; depth += 1) {
    elements += level.length;
    if (depth > MAX_DEPTH || elements > MAX_ELEMENTS) return false;
    level = level.flatMap(({ children }) => [...children]);
  }
  return true;
}
