import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { CACHE, ensureInstalled, ROOT } from './install.mjs';
import { ensurePostgres } from './postgres.mjs';

/** What `npm run bench -- <name> … [--option …]` can measure. Without a name: `page` and `server`. Options are the bench's own. */
const BENCHES = {
  page: 'bench/page-cost.ts',
  server: 'bench/server-cost.ts',
  store: 'bench/store-throughput.ts',
  tools: 'bench/tools-cost.ts',
};

const firstOption = process.argv.findIndex((word) => word.startsWith('--'));
const named = process.argv.slice(2, firstOption < 0 ? undefined : firstOption);
const unknown = named.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. Name ${Object.keys(BENCHES).join(', ')}, or none.`);
  process.exit(1);
}
const wanted = named.length === 0 ? ['page', 'server'] : named;

ensureInstalled();
if (wanted.includes('page')) ensureBrowser();
if (wanted.includes('server') || wanted.includes('store')) ensurePostgres();
await ensureBuilt();
if (wanted.includes('server') || wanted.includes('store')) await buildWorkers();
const { createJiti } = await import('jiti');
const jiti = createJiti(import.meta.url);
for (const [name, file] of Object.entries(BENCHES)) {
  if (wanted.includes(name)) await jiti.import(join(ROOT, file));
}

/** The processes that are measured run as the server does: built, without a compiler inside. */
async function buildWorkers() {
  const { build } = await import('vite');
  const names = ['pagehand', 'floors', 'visitors', 'store-writer'];
  await build({
    configFile: false,
    publicDir: false,
    root: ROOT,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir: join(CACHE, 'bench'),
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: Object.fromEntries(names.map((name) => [name, join(ROOT, `bench/server/${name}.ts`)])),
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  });
}
