import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, ROOT } from './install.mjs';
import { ensurePostgres } from './postgres.mjs';

ensureInstalled();
ensurePostgres();
if (process.argv.includes('browser')) {
  ensureBrowser();
  await ensureBuilt();
}
const { createJiti } = await import('jiti');
await createJiti(import.meta.url).import(join(ROOT, 'test/faults/main.ts'));
