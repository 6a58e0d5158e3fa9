import { printTable } from '../figures.ts';
import { CONTENDERS, type Contender } from './contenders.ts';
import type { Figures } from './figures-file.ts';
import { ROWS, type Row } from './targets.ts';

const OURS = 'pagehand';
const FLOOR = 'floor';

/** One line a measure, one column a chat, and whether the target is met. */
export function tableOf(figures: Figures, chats: readonly Contender[] = CONTENDERS): string[][] {
  const contenders = chats.filter(({ onlyMeasures }) => onlyMeasures === undefined);
  const rows = ROWS.filter(({ figures: names }) => names.some((name) => name in figures.medians));
  return [
    ['medians', ...contenders.map(({ name }) => name), 'of the floor', 'target', ''],
    ...rows.map((row) => [
      ['', 'yes/no'].includes(row.unit) ? row.title : `${row.title}, ${row.unit}`,
      ...contenders.map(({ id }) => cellOf(figures, row, id)),
      ratioOf(figures, row),
      row.target?.says ?? '',
      verdictOf(figures, row),
    ]),
  ];
}

export function printRows(figures: Figures, chats: readonly Contender[]): void {
  printTable(tableOf(figures, chats));
  for (const line of footnotesOf(figures)) console.log(line);
}

/** What has no column: the floor at other paces. */
export function footnotesOf({ medians }: Figures): string[] {
  const { floor, floor30, floor20 } = medians.streamMs ?? {};
  if (!floor || !floor30 || !floor20) return [];
  const [fast, middle, slow] = [floor, floor30, floor20].map((value) => value.toFixed(0));
  return [
    `2,000 tokens at 200/s by the floor: ${fast} ms at 60 Hz, ${middle} ms at 30 Hz, ${slow} ms at 20 Hz.`,
  ];
}

function figureOf({ medians }: Figures, row: Row, figure: string, id: string): number | undefined {
  const value = medians[figure]?.[id];
  if (value === undefined || value === null) return undefined;
  return row.isAdded ? value - (medians[figure]?.blank ?? 0) : value;
}

function cellOf(figures: Figures, row: Row, id: string): string {
  const cells = row.figures.map((figure) => {
    const value = figureOf(figures, row, figure, id);
    if (value === undefined) return '–';
    if (row.unit === 'yes/no') return value === 1 ? 'yes' : 'no';
    return (row.unit === 'kB' ? value / 1000 : value).toLocaleString('en', {
      minimumFractionDigits: row.digits,
      maximumFractionDigits: row.digits,
    });
  });
  const isUnfocused = row.figures.includes('openMs') && figures.medians.openFocused?.[id] === 0;
  return `${cells.join(', ')}${isUnfocused ? ' (no focus)' : ''}`;
}

function ratioOf(figures: Figures, row: Row): string {
  const [figure = ''] = row.figures;
  const ours = figureOf(figures, row, figure, OURS);
  const floor = figureOf(figures, row, figure, FLOOR);
  return ours === undefined || !floor || !['ms', 'MB', 'kB'].includes(row.unit)
    ? ''
    : `× ${(ours / floor).toFixed(2)}`;
}

function verdictOf(figures: Figures, row: Row): string {
  if (row.target === undefined) return '';
  const limits = Object.entries(row.target.most).map(([figure, most]) => {
    const ours = figureOf(figures, row, figure, OURS);
    const limit = most(figureOf(figures, row, figure, FLOOR) ?? Number.NaN);
    return ours === undefined || Number.isNaN(limit) ? undefined : ours <= limit;
  });
  if (limits.includes(undefined)) return '';
  return limits.every(Boolean) ? 'met' : 'not met';
}
