import { join } from 'node:path';
import { ensureInstalled, ROOT } from './install.mjs';

ensureInstalled();
const { createJiti } = await import('jiti');
await createJiti(import.meta.url).import(join(ROOT, 'test/faults/main.ts'));
