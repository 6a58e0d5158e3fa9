/** Words in colour, for a terminal that shows it. */
export interface Paint {
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  faint(text: string): string;
  bold(text: string): string;
}

export function paintFor({ hasColours }: { readonly hasColours: boolean }): Paint {
  const colour = (on: number, off: number) => (text: string) =>
    hasColours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    green: colour(32, 39),
    red: colour(31, 39),
    yellow: colour(33, 39),
    faint: colour(2, 22),
    bold: colour(1, 22),
  };
}

/** Rows under each other, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
