import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const ROOT = resolve(import.meta.dirname, '../..');
const RIVALS = join(ROOT, 'bench/rivals');
const BUILT = join(ROOT, '.cache/bench-pages');

/** Builds the floor; returns the folder of its files. */
export async function buildFloor(): Promise<string> {
  const outDir = join(BUILT, 'floor');
  await build({
    configFile: false,
    publicDir: false,
    root: ROOT,
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      rolldownOptions: {
        input: join(ROOT, 'bench/floor/floor.ts'),
        output: { entryFileNames: 'floor.js' },
      },
    },
  });
  return outDir;
}

/** Installs the rivals as their lock file says, and builds a page's script for each; returns the folder of the files. */
export async function buildRivals(ids: readonly string[]): Promise<string> {
  installRivals();
  for (const id of ids) await buildRival(id);
  return join(BUILT, 'rivals');
}

function installRivals(): void {
  const stamp = join(RIVALS, 'node_modules/.bench-stamp');
  const lock = createHash('sha256')
    .update(readFileSync(join(RIVALS, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the rivals (first run only) …');
  const args = ['ci', '--prefix', RIVALS, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0)
    throw new Error('The rivals could not be installed; `--only pagehand,floor` does without them.');
  writeFileSync(stamp, lock);
}

/** Once for a lock file and a page: nothing else changes what comes out. */
async function buildRival(id: string): Promise<void> {
  const outDir = join(BUILT, 'rivals', id);
  const source = join(RIVALS, 'pages', id, 'page.js');
  const value = createHash('sha256')
    .update(readFileSync(join(RIVALS, 'package-lock.json')))
    .update(readFileSync(source))
    .update(readFileSync(join(RIVALS, 'pages/host.js')))
    .digest('hex');
  const stamp = `${outDir}.stamp`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === value) return;
  await build({
    configFile: false,
    publicDir: false,
    root: RIVALS,
    base: `/rivals/${id}/`,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      rolldownOptions: {
        input: source,
        output: { entryFileNames: 'page.js', assetFileNames: '[name][extname]' },
      },
    },
  });
  writeFileSync(stamp, value);
}
