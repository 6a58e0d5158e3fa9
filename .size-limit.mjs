import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CDN = 'widget/dist/cdn';

/**
 * The app and all that it imports before it can draw; what it imports later, by `import()`, is not part of the first open.
 * @param {string} file
 * @param {Set<string>} seen
 * @returns {string[]}
 */
function withStaticImports(file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*["'](\.[^"']+)["']/g);
  return [
    file,
    ...[...imports].flatMap(([, target = '']) => withStaticImports(join(dirname(file), target), seen)),
  ];
}

const app = readdirSync(`${CDN}/chunks`).find((name) => name.startsWith('app-')) ?? 'app-is-not-built.js';

export default [
  { name: 'loader with launcher (brotli)', path: `${CDN}/pagehand.js`, limit: '3 kB', brotli: true },
  {
    name: 'everything the first open downloads (brotli)',
    path: [`${CDN}/pagehand.js`, ...withStaticImports(`${CDN}/chunks/${app}`)],
    limit: '32 kB',
    brotli: true,
  },
  { name: 'polyfill (gzip)', path: `${CDN}/webmcp.js`, limit: '1.6 kB', gzip: true },
];
