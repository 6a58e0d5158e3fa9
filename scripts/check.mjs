import { join } from 'node:path';
import { ensureInstalled, ROOT, run } from './install.mjs';
import { checkTypes, fillPackages, PACKAGES } from './packages.mjs';

ensureInstalled();

/**
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 */
function step(title, command, args) {
  console.log(`\n— ${title}`);
  run(process.execPath, [join(ROOT, 'node_modules', command), ...args]);
}

step('format and lint', '@biomejs/biome/bin/biome', ['ci', '.']);
step('types', 'typescript/bin/tsc', ['-b']);
step('unused code', 'knip/bin/knip.js', []);
console.log('\n— packages');
await fillPackages();
checkTypes();
for (const name of PACKAGES)
  step(`package exports of ${name}`, 'publint/src/cli.js', ['run', name, '--strict']);
step('size budget', 'size-limit/bin.js', []);
