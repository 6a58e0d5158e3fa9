import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { run } from './install.mjs';

/** Where a Chrome or Chromium may already stand, in the order in which it is preferred. */
const CANDIDATES = [
  process.env.PAGEHAND_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/**
 * The browser to drive; `undefined` leaves the choice to Playwright's own.
 * @returns {string | undefined}
 */
export function findBrowser() {
  return CANDIDATES.find((path) => path !== undefined && existsSync(path));
}

/** Gets a browser where there is none: Debian's package for root, else Playwright's download. */
export function ensureBrowser() {
  if (findBrowser() !== undefined) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Installing Chromium for the browser tests …');
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']);
    return;
  }
  run(process.execPath, [createRequire(import.meta.url).resolve('playwright/cli.js'), 'install', 'chromium']);
}
