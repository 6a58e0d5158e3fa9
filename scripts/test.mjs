import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { CACHE, ensureInstalled, ROOT, run } from './install.mjs';
import { ensurePostgres } from './postgres.mjs';

ensureInstalled();
ensureBrowser();
ensurePostgres();
run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b']);
await ensureBuilt();

const report = join(CACHE, 'tests.json');
mkdirSync(CACHE, { recursive: true });
rmSync(report, { force: true });
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: 'inherit' },
);

const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
console.log(
  `${numPassedTests} passed, ${numFailedTests} failed${numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''}`,
);
process.exit(status ?? 1);
