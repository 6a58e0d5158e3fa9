import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The checkout's top folder. */
export const ROOT = resolve(import.meta.dirname, '..');

/** Where the scripts remember what they have done; safe to delete. */
export const CACHE = join(ROOT, '.cache');

/**
 * Runs a command in the checkout and stops this process when it fails.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function run(command, args) {
  const shell = process.platform === 'win32';
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Whether a stamp of this name already holds this value.
 * @param {string} name
 * @param {string} value
 */
export function isStamped(name, value) {
  const file = join(CACHE, name);
  return existsSync(file) && readFileSync(file, 'utf8') === value;
}

/**
 * @param {string} name
 * @param {string} value
 */
export function stamp(name, value) {
  const file = join(CACHE, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}

/** Installs what `package-lock.json` says, unless that is there already. */
export function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
      `Pagehand needs Node 20.19 or newer; this is ${process.versions.node}. Install a current Node and start again.`,
    );
    process.exit(1);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const value = `${lock} ${process.platform} ${process.arch}`;
  if (existsSync(join(ROOT, 'node_modules/vite')) && isStamped('installed', value)) return;
  console.log('Installing packages (first start only) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  stamp('installed', value);
}
