import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleServer } from './bundle.ts';
import type { Engine } from './fault.ts';
import { Report } from './report.ts';
import { REQUEST_FAULTS } from './request-faults.ts';
import { runSeries } from './series.ts';
import { STEP_FAULTS } from './step-faults.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'both' },
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    run: { type: 'string' },
    only: { type: 'string' },
    cells: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
  },
});

const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'pagehand-faults-'));
const faults = [...STEP_FAULTS, ...REQUEST_FAULTS].filter(
  ({ name }) => values.only === undefined || values.only === name,
);
const engines = (['sqlite', 'postgres'] as const).filter((engine) =>
  ['both', engine].includes(values.engine),
);
let violations = 0;
try {
  const file = await bundleServer(join(folder, 'server'));
  for (const engine of engines) violations += await injectAll(engine, file);
} finally {
  if (values.keep) console.log(`Kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exit(violations > 0 ? 1 : 0);

async function injectAll(engine: Engine, file: string): Promise<number> {
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
  console.log(`\n${report.table()}\n`);
  console.log(
    `${engine}: ${report.injected} faults in ${seconds()} s, ${report.violations + leaks.length} violations`,
  );
  return report.violations + leaks.length;
}
