import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, ROOT } from './install.mjs';

ensureInstalled();
ensureBrowser();
await ensureBuilt();
const { createJiti } = await import('jiti');
await createJiti(import.meta.url).import(join(ROOT, 'bench/page-cost.ts'));
