import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** A new, empty directory. It goes when the process that runs the tests ends. */
export function temporaryDirectory(): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'pagehand-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  return mkdtempSync(join(root, 'test-'));
}
