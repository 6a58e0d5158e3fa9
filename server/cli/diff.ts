/** One line of a difference: kept, removed or added. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Unchanged lines that are shown around a change. */
const CONTEXT = 2;

/** Above this many pairs of lines the search is given up, and everything shown as replaced. */
const MAX_PAIRS = 4_000_000;

/** What is shown where lines were left out. */
const GAP: DiffLine = { mark: ' ', text: '\u2026' };

/**
 * The lines in which two values differ. Texts are compared as they are, everything else as indented JSON; `undefined`
 * has no line.
 */
export function diffValues(before: unknown, after: unknown): DiffLine[] {
  return shortened(diffLines(linesOf(before), linesOf(after)));
}

function linesOf(value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value === 'string' && value.includes('\n')) return value.split('\n');
  return (JSON.stringify(value, null, 2) ?? '').split('\n');
}

function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return [
    ...marked(' ', before.slice(0, start)),
    ...changedLines(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...marked(' ', before.slice(before.length - end)),
  ];
}

/** By the longest sequence of lines that both have. */
function changedLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length * after.length > MAX_PAIRS) return [...marked('-', before), ...marked('+', after)];
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      lines.push({ mark: ' ', text: before[row] ?? '' });
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push({ mark: '-', text: before[row] ?? '' });
      row += 1;
    } else {
      lines.push({ mark: '+', text: after[column] ?? '' });
      column += 1;
    }
  }
  return [...lines, ...marked('-', before.slice(row)), ...marked('+', after.slice(column))];
}

function marked(mark: DiffLine['mark'], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ mark, text }));
}

/** Without the unchanged lines that are far from any change. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  for (const [at, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    for (let other = at - CONTEXT; other <= at + CONTEXT; other += 1) near.add(other);
  }
  return lines.flatMap((line, at) => {
    if (near.has(at)) return [line];
    return near.has(at - 1) && lines.slice(at).some((_, further) => near.has(at + further)) ? [GAP] : [];
  });
}
