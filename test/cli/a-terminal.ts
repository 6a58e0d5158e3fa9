import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Terminal } from '../../server/cli/command.ts';
import { runCli } from '../../server/cli/run-cli.ts';

interface Ran {
  readonly exit: number;
  /** What programs read. */
  readonly out: string;
  /** What people read beside it. */
  readonly notes: string;
}

/** A folder of its own, and what the command line does there. */
export interface TestTerminal {
  readonly cwd: string;
  write(file: string, content: string): void;
  run(...args: string[]): Promise<Ran>;
  /** As `run`, with this on standard input. */
  runWith(input: string, ...args: string[]): Promise<Ran>;
  remove(): void;
}

export function aTerminal(defaults: Partial<Terminal> = {}): TestTerminal {
  const cwd = mkdtempSync(join(tmpdir(), 'pagehand-cli-'));
  const runWith = async (input: string, ...args: string[]): Promise<Ran> => {
    const out: string[] = [];
    const notes: string[] = [];
    const exit = await runCli(
      {
        env: {},
        cwd,
        hasColours: false,
        print: (text) => void out.push(`${text}\n`),
        note: (text) => void notes.push(`${text}\n`),
        readInput: async () => input,
        ...defaults,
      },
      args,
    );
    return { exit, out: out.join(''), notes: notes.join('') };
  };
  return {
    cwd,
    write(file, content) {
      const path = join(cwd, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    },
    run: (...args) => runWith('', ...args),
    runWith,
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  };
}
