import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, ROOT, run } from './install.mjs';

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
await ensureBuilt();
for (const name of ['widget', 'server']) {
  const types = join(ROOT, name, 'dist/types');
  rmSync(types, { recursive: true, force: true });
  for (const room of ['protocol', name]) {
    cpSync(join(ROOT, '.types', room), join(types, room), { recursive: true });
  }
  step(`package exports of ${name}`, 'publint/src/cli.js', ['run', name, '--strict']);
}
step('size budget', 'size-limit/bin.js', []);
