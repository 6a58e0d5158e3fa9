import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isStamped, ROOT, run, stamp } from './install.mjs';

/** In this order: the loader carries the app's name, the pages import the npm build. */
const BUILDS = ['app', 'loader', 'polyfill', 'npm', 'server', 'pages'];
const SOURCES = ['protocol', 'widget', 'server', 'demo', 'index.html', 'vite.config.ts', 'package-lock.json'];
const OUTPUTS = [
  'widget/dist/cdn/pagehand.js',
  'widget/dist/npm/index.js',
  'server/dist/main.js',
  'server/dist/cli.js',
  'demo/dist/index.html',
  'server/dist/pagehand-web/pages/index.html',
];

/** Builds everything that `npm start` serves, unless nothing changed since. */
export async function ensureBuilt() {
  const value = fingerprint();
  if (isStamped('built', value) && OUTPUTS.every((file) => existsSync(join(ROOT, file)))) return;
  console.log('Building …');
  // Loaded here and not at the top: a second start has nothing to build and should not pay for the bundler.
  const { build } = await import('vite');
  for (const mode of BUILDS) {
    await build({ mode, root: ROOT, configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
  }
  // What the server serves travels with it: its package has to work where there is no checkout.
  cpSync(join(ROOT, 'widget/dist/cdn'), join(ROOT, 'server/dist/pagehand-web/widget'), { recursive: true });
  cpSync(join(ROOT, 'demo/dist'), join(ROOT, 'server/dist/pagehand-web/pages'), { recursive: true });
  linkPrograms();
  stamp('built', value);
}

/** For `npx`. npm links programs that are there when it installs, and makes them executable; these are built later. */
function linkPrograms() {
  for (const program of ['cli.js', 'main.js']) chmodSync(join(ROOT, 'server/dist', program), 0o755);
  if (existsSync(join(ROOT, 'node_modules/.bin/pagehand'))) return;
  run('npm', ['rebuild', '@pagehand/server', '--ignore-scripts', '--silent']);
}

/** Of the sources' names, sizes and times: cheap enough for every start. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const source of SOURCES) visit(join(ROOT, source), hash);
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @param {import('node:crypto').Hash} hash
 */
function visit(path, hash) {
  const entry = statSync(path);
  if (entry.isDirectory()) {
    for (const name of readdirSync(path).sort()) {
      if (name !== 'dist' && name !== 'node_modules') visit(join(path, name), hash);
    }
    return;
  }
  hash.update(`${path} ${entry.size} ${entry.mtimeMs}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await ensureBuilt();
