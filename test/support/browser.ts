import { existsSync } from 'node:fs';

/** Where a Chrome or Chromium may already stand, in the order in which it is preferred. */
const CANDIDATES = [
  process.env['PAGEHAND_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/** The browser to drive; `undefined` leaves the choice to Playwright's own. */
export const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Launch options without `document.modelContext`, as in a visitor's browser of today, or with the native one. */
export function launchOptions(webmcp: 'none' | 'native') {
  return {
    ...(executablePath === undefined ? {} : { executablePath }),
    args: webmcp === 'native' ? [...QUIET, '--enable-features=WebMCP'] : QUIET,
  };
}
