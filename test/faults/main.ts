import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBrowser } from './browser.ts';
import { bundleServer } from './bundle.ts';
import { coverageLines } from './coverage.ts';
import { DRILLS } from './drills.ts';
import type { Engine } from './fault.ts';
import { seeded } from './random.ts';
import { aligned, Report } from './report.ts';
import { REQUEST_FAULTS } from './request-faults.ts';
import { runSeries } from './series.ts';
import { STEP_FAULTS } from './step-faults.ts';
import { runCluster } from './three-processes.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'both' },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    run: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    visitors: { type: 'string', default: '16' },
    cells: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
});

/** Violations of one drill that are named. */
const MAX_PRINTED = 10;

/** Everything that `--only` takes. The last two take their own time and are not part of a run without it. */
const NAMES = [
  ...new Set([...STEP_FAULTS, ...REQUEST_FAULTS, ...DRILLS].map(({ name }) => name)),
  'cluster',
  'browser',
];

if (!['sqlite', 'postgres', 'both'].includes(values.engine))
  stop(`--engine takes sqlite, postgres or both, not ${values.engine}.`);
if (values.only !== undefined && !NAMES.includes(values.only))
  stop(`--only takes one of ${NAMES.join(', ')}.`);
for (const name of ['runs', 'seed', 'run', 'seconds', 'visitors', 'cells'] as const)
  if (values[name] !== undefined && !/^\d+$/.test(values[name])) stop(`--${name} takes a whole number.`);

const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'pagehand-faults-'));
const faults = [...STEP_FAULTS, ...REQUEST_FAULTS].filter(
  ({ name }) => values.only === undefined || values.only === name,
);
const engines = (['sqlite', 'postgres'] as const).filter((engine) =>
  ['both', engine].includes(values.engine),
);
// What is started here ends with this process, however that ends.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => {
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
});

const times = new Map<string, number>();
let violations = 0;
try {
  const file = await bundleServer(join(folder, 'server'));
  for (const engine of engines) {
    violations += await injectAll(engine, file);
    if (values.run === undefined) violations += await drill(engine, file);
  }
  if (values.only === 'cluster') violations += await cluster(file);
  if (values.only === 'browser') violations += await browse(file);
  if (values.only === undefined && values.run === undefined)
    console.log(`\nfaults and where they are tried\n${coverageLines(times).join('\n')}`);
} finally {
  if (values.keep) console.log(`Kept: ${folder}`);
}
process.exit(violations > 0 ? 1 : 0);

function stop(problem: string): never {
  console.error(problem);
  process.exit(2);
}

function count(name: string, more: number): void {
  times.set(name, (times.get(name) ?? 0) + more);
}

async function injectAll(engine: Engine, file: string): Promise<number> {
  if (faults.length === 0) return 0;
  const report = new Report();
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  console.log(`\n${engine}: ${values.runs} faults, seed ${seed}`);
  const progress = setInterval(
    () => console.log(`  ${seconds()} s: ${report.injected} faults, ${report.violations} violations`),
    10_000,
  );
  const leaks = await runSeries({
    engine,
    seed,
    runs: Number(values.runs),
    ...(values.run === undefined ? {} : { only: Number(values.run) }),
    faults,
    cells: Number(values.cells),
    folder,
    file,
    onResult(result) {
      report.add(result);
      if (result.violations.length === 0) return;
      const { fault, place, run } = result.plan;
      console.log(
        `\n  ${fault.name} at ${place.step}:${place.side} #${place.ordinal} of "${place.scenario}"`,
      );
      for (const violation of result.violations) console.log(`    ${violation}`);
      const only = values.only === undefined ? '' : ` --only ${values.only}`;
      console.log(`    npm run faults -- --engine ${engine} --seed ${seed} --run ${run}${only}`);
    },
  });
  clearInterval(progress);
  for (const leak of leaks) console.log(`  ${leak}`);
  for (const [name, more] of report.times()) count(name, more);
  console.log(`\n${report.table()}\n`);
  console.log(
    `${engine}: ${report.injected} faults in ${seconds()} s, ${report.violations + leaks.length} violations`,
  );
  return report.violations + leaks.length;
}

async function drill(engine: Engine, file: string): Promise<number> {
  const drills = DRILLS.filter(
    ({ name, engines }) => engines.includes(engine) && (values.only === undefined || values.only === name),
  );
  const rows: string[][] = [];
  let total = 0;
  for (const { name, run } of drills) {
    const own = join(folder, `${engine}-${name}`);
    mkdirSync(own);
    const found = new Set<string>();
    const done = await run({
      engine,
      folder: own,
      file,
      random: seeded(seed),
      report: (one) => found.add(one),
    });
    for (const violation of [...found].slice(0, MAX_PRINTED)) console.log(`  ${name}: ${violation}`);
    rows.push([name, engine, String(done), String(found.size)]);
    count(name, done);
    total += found.size;
  }
  if (rows.length > 0) console.log(`\n${aligned([['drill', 'engine', 'times', 'violations'], ...rows])}`);
  return total;
}

async function cluster(file: string): Promise<number> {
  const { seconds, visitors } = values;
  console.log(`\nthree processes, one PostgreSQL, ${visitors} visitors, ${seconds} s, seed ${seed}`);
  const { turns, kills, endings, violations } = await runCluster({
    file,
    folder,
    seed,
    seconds: Number(seconds),
    visitors: Number(visitors),
  });
  for (const violation of violations.slice(0, MAX_PRINTED)) console.log(`  ${violation}`);
  const stranded = endings.get('stranded') ?? 0;
  const complete = endings.get('complete') ?? 0;
  const doubled = violations.filter((one) => /twice|times|shows|remembers|reads/.test(one)).length;
  const lost = violations.filter((one) => /lost|not stored|gap/.test(one)).length;
  console.log(
    aligned([
      ['turns', 'kills', 'complete', 'stranded', 'lost', 'doubled', 'violations'],
      [turns, kills, complete, stranded, lost, doubled, violations.length].map(String),
    ]),
  );
  return violations.length + turns - complete;
}

async function browse(file: string): Promise<number> {
  console.log(`\nthe widget in Chromium: ${values.runs} faults, seed ${seed}`);
  const rows = new Map<string, { runs: number; complete: number; told: number; violations: number }>();
  await runBrowser({
    file,
    folder,
    seed,
    runs: Number(values.runs),
    onResult({ fault, scenario, how, words, violations: found }) {
      const row = rows.get(fault) ?? { runs: 0, complete: 0, told: 0, violations: 0 };
      rows.set(fault, row);
      row.runs += 1;
      row.violations += found.length;
      if (how === 'complete' || how === 'told') row[how] += 1;
      if (words !== '') console.log(`  ${fault}, "${scenario}": the page says "${words}"`);
      for (const violation of found) console.log(`  ${fault}, "${scenario}" (${how}): ${violation}`);
    },
  });
  const cells = [...rows].map(([fault, row]) => [
    fault,
    '',
    ...[row.runs, row.complete, row.told, row.violations].map(String),
  ]);
  console.log(`\n${aligned([['fault', '', 'runs', 'complete', 'told', 'violations'], ...cells])}`);
  return [...rows.values()].reduce((sum, row) => sum + row.violations, 0);
}
