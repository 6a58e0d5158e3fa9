import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleServer } from '../faults/bundle.ts';
import { missing } from '../faults/coverage.ts';
import { REQUEST_FAULTS } from '../faults/request-faults.ts';
import type { Result } from '../faults/run-fault.ts';
import { runSeries } from '../faults/series.ts';
import { STEP_FAULTS } from '../faults/step-faults.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Faults that take seconds each; `npm run faults` has them. */
const SLOW = ['locked-beyond-patience'];

test('processes that die, freeze and lose their disk strand no turn, lose no event and act on nothing twice', async () => {
  const folder = temporaryDirectory();
  const file = await bundleServer(join(folder, 'server'));
  const results: Result[] = [];
  const leaks = await runSeries({
    engine: 'sqlite',
    seed: 1,
    runs: 20,
    faults: [...STEP_FAULTS, ...REQUEST_FAULTS].filter(({ name }) => !SLOW.includes(name)),
    cells: 2,
    folder,
    file,
    onResult: (result) => results.push(result),
  });
  const violations = results.flatMap((result) => {
    const { fault, place } = result.plan;
    return result.violations.map((one) => `${fault.name} at ${place.step}:${place.side}: ${one}`);
  });
  expect([...violations, ...leaks]).toEqual([]);
  expect(results.filter(({ injected }) => injected).length).toBeGreaterThanOrEqual(20);
}, 120_000);

test('every fault and every test that the list of faults names is there', () => {
  expect(missing()).toEqual([]);
});
