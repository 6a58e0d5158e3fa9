/**
 * What the chat costs the page, beside other chats and beside a floor that does nothing but show Markdown: all of them
 * in turns on one machine, because figures of a shared machine drift and ratios hold. CONTRIBUTING.md names the options.
 */
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { launchOptions } from '../test/support/browser.ts';
import { median, spread } from './figures.ts';
import { buildFloor, buildRivals } from './page/build-pages.ts';
import { BLANK, CONTENDERS, type Contender, HEADS } from './page/contenders.ts';
import { type Figures, keepFigures } from './page/figures-file.ts';
import { type Ground, MEASURES, type Measure } from './page/measures.ts';
import { writeReadme } from './page/readme.ts';
import { printRows } from './page/report.ts';
import { returningVisitors } from './page/returning.ts';
import { openSite } from './page/site.ts';
import { visit } from './page/visit.ts';

const CDN = resolve(import.meta.dirname, '../widget/dist/cdn');

const PERSONA = resolve(import.meta.dirname, 'rivals/node_modules/@runtypelabs/persona/dist');

/** By figure, by contender. */
type Samples = Map<string, Map<string, number[]>>;

async function measurePageCost(): Promise<void> {
  const firstOption = process.argv.findIndex((word) => word.startsWith('--'));
  const { values } = parseArgs({
    args: firstOption < 0 ? [] : process.argv.slice(firstOption),
    options: {
      only: { type: 'string' },
      measure: { type: 'string' },
      runs: { type: 'string', default: '5' },
      long: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const contenders = chosen('chat', CONTENDERS, values.only);
  const measures = chosen('measure', MEASURES, values.measure).filter(
    ({ id, isLong }) => !isLong || values.long || values.measure?.split(',').includes(id),
  );
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error('`--runs` takes a whole number from 1 on.');

  const rivals = contenders.filter(({ isRival }) => isRival);
  const floor = await buildFloor();
  const built =
    rivals.length === 0
      ? floor
      : await buildRivals(rivals.filter(({ isPublished }) => !isPublished).map(({ page }) => page));
  const site = await openSite({
    folders: { pagehand: CDN, floor, rivals: built, persona: PERSONA },
    heads: HEADS,
  });
  const browser = await chromium.launch({ headless: true, ...launchOptions('none') });
  const ground: Ground = { browser, site, returning: returningVisitors(browser, site) };
  const samples: Samples = new Map();
  const complaints: string[] = [];
  try {
    console.log(`Chromium ${browser.version()}, Node ${process.versions.node}, ${cpus().length} cores\n`);
    for (const contender of contenders) await meet(ground, contender);
    for (const measure of measures) {
      const taken: Samples = new Map();
      complaints.push(...(await take(measure, measure.runs(runs), ground, contenders, taken)));
      printSamples(taken);
      for (const [figure, byContender] of taken) samples.set(figure, byContender);
      // A run takes long enough to be cut short.
      if (values.write) keepFigures(figuresOf(samples, complaints, browser.version()));
    }
    printRows(figuresOf(samples, complaints, browser.version()), contenders);
    for (const complaint of complaints) console.log(complaint);
    if (values.write) writeReadme(keepFigures(figuresOf(samples, complaints, browser.version())));
  } finally {
    await browser.close();
    await site.close();
  }
}

function figuresOf(samples: Samples, complaints: readonly string[], version: string): Figures {
  return {
    chromium: version,
    node: process.versions.node,
    cores: cpus().length,
    medians: Object.fromEntries(
      [...samples].map(([figure, byContender]) => [
        figure,
        Object.fromEntries([...byContender].map(([id, taken]) => [id, median(taken)])),
      ]),
    ),
    complaints,
  };
}

/** Before anything is measured: the server compresses a file when it is first asked for. What fails will say so later. */
async function meet({ browser, site }: Ground, contender: Contender): Promise<void> {
  const first = await visit(browser, site, contender);
  await first
    .load()
    .then(() => first.page.waitForTimeout(1000))
    .then(() => first.open())
    .catch(() => {});
  await first.close();
}

/** In turns, so that what else the machine does falls on all of them. */
async function take(
  measure: Measure,
  runs: number,
  ground: Ground,
  contenders: readonly Contender[],
  samples: Samples,
): Promise<string[]> {
  const complaints = new Map<string, string>();
  for (let run = 0; run < runs; run += 1) {
    for (const contender of measure.withBlank ? [BLANK, ...contenders] : contenders) {
      const isMeant = contender.onlyMeasures?.includes(measure.id) ?? true;
      if (!isMeant || complaints.has(contender.id)) continue;
      try {
        record(samples, contender.id, await measure.run(ground, contender));
      } catch (error) {
        const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
        complaints.set(contender.id, `${contender.name}, ${measure.id}: ${reason}`);
      }
    }
  }
  return [...complaints.values()];
}

/** Every figure as it was taken: who works on one wants to see how far it drifts. */
function printSamples(samples: Samples): void {
  for (const [figure, byContender] of samples) {
    console.log(figure);
    for (const [id, values] of byContender) console.log(`  ${id.padEnd(14)} ${spread(values, 2)}`);
  }
  console.log('');
}

function record(samples: Samples, id: string, sample: Readonly<Record<string, number>>): void {
  for (const [figure, value] of Object.entries(sample)) {
    const byContender = samples.get(figure) ?? new Map<string, number[]>();
    samples.set(figure, byContender);
    byContender.set(id, [...(byContender.get(id) ?? []), value]);
  }
}

function chosen<T extends { readonly id: string }>(
  what: string,
  all: readonly T[],
  wanted: string | undefined,
): readonly T[] {
  if (wanted === undefined) return all;
  const ids = wanted.split(',');
  const unknown = ids.filter((id) => !all.some((one) => one.id === id));
  if (unknown.length > 0)
    throw new Error(
      `There is no ${what} ${unknown.join(', ')}. There are ${all.map(({ id }) => id).join(', ')}.`,
    );
  return all.filter(({ id }) => ids.includes(id));
}

await measurePageCost();
