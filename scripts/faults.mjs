import { join } from 'node:path';
import { ensureInstalled, ROOT } from './install.mjs';
import { ensurePostgres } from './postgres.mjs';

ensureInstalled();
ensurePostgres();
const { createJiti } = await import('jiti');
await createJiti(import.meta.url).import(join(ROOT, 'test/faults/main.ts'));
