#!/usr/bin/env node
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from './run-cli.ts';

const { stdin, stdout, stderr, env } = process;

process.exitCode = await runCli(
  {
    env,
    cwd: process.cwd(),
    hasColours: stdout.isTTY && !env.NO_COLOR,
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    readInput: (prompt) => (stdin.isTTY ? typed(prompt) : text(stdin)),
  },
  process.argv.slice(2),
);

/** One line of a person. What is typed goes nowhere else. */
function typed(prompt: string): Promise<string> {
  stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  return new Promise((done) => {
    let line = '';
    lines.once('line', (answer) => {
      line = answer;
      lines.close();
    });
    lines.once('close', () => {
      stderr.write('\n');
      done(line);
    });
  });
}
