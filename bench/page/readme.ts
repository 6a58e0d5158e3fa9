import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Figures } from './figures-file.ts';
import { footnotesOf, tableOf } from './report.ts';

const README = resolve(import.meta.dirname, '../../README.md');
const BEGIN = '<!-- figures of `npm run bench -- page --write` -->';
const END = '<!-- end of figures -->';

/** Puts the table of the last figures between its two marks. */
export function writeReadme(figures: Figures): void {
  const text = readFileSync(README, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no place for the table: ${BEGIN} … ${END}`);
  writeFileSync(README, `${text.slice(0, begin)}${BEGIN}\n${markdownOf(figures)}\n${text.slice(end)}`);
}

function markdownOf(figures: Figures): string {
  const [head = [], ...rows] = tableOf(figures);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', ...footnotesOf(figures)].join('\n');
}
