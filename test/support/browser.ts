import { findBrowser } from '../../scripts/browser.mjs';

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
  const executablePath = findBrowser();
  return {
    ...(executablePath === undefined ? {} : { executablePath }),
    args: webmcp === 'native' ? [...QUIET, '--enable-features=WebMCP'] : QUIET,
  };
}
