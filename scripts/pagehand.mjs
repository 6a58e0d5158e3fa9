import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, ROOT } from './install.mjs';

// The command line of this checkout, for whoever has not installed the package: `npm run -s pagehand -- tools plan`.
ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
await ensureBuilt();
// npm runs scripts in the top folder, and remembers where it was called.
process.chdir(process.env.INIT_CWD ?? process.cwd());
await import(pathToFileURL(join(ROOT, 'server/dist/cli.js')).href);
