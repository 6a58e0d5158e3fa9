import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Medians by figure and contender, with the conditions of the run that they come from. */
export interface Figures {
  readonly chromium: string;
  readonly node: string;
  readonly cores: number;
  /** By figure, by contender. `null`: it could not be measured; `complaints` says why. */
  readonly medians: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  readonly complaints: readonly string[];
}

const FILE = resolve(import.meta.dirname, '../figures/page.json');

function readFigures(): Figures | undefined {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Figures) : undefined;
}

/** What this run did not measure stays as it was. */
export function keepFigures(figures: Figures): Figures {
  const before = readFigures()?.medians ?? {};
  const names = new Set([...Object.keys(before), ...Object.keys(figures.medians)]);
  const medians = Object.fromEntries(
    [...names].map((name) => [name, { ...before[name], ...figures.medians[name] }]),
  );
  const kept = { ...figures, medians };
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`);
  return kept;
}
