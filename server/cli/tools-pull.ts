import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { canonicalContent } from '../../protocol/canonical.ts';
import type { ToolDefinition } from '../../protocol/definition.ts';
import { isRecord } from '../is-record.ts';
import { PagehandError, type PullResponse } from '../sdk/index.ts';
import {
  type Command,
  clientOf,
  EXIT,
  readArgs,
  SERVER_DETAILS,
  SERVER_OPTIONS,
  UsageError,
} from './command.ts';
import { DEFAULT_FOLDER, type KeptTool, readDefinitions } from './definitions-folder.ts';
import { type Paint, paintFor } from './paint.ts';
import { showToolDiff } from './tool-diff.ts';

/** What became of one tool of the server. */
interface Pulled {
  readonly name: string;
  /** `by_hand`: it is defined in a module, which only people may change. */
  readonly result: 'unchanged' | 'written' | 'by_hand' | 'not_on_server';
  readonly file: string;
  readonly definition?: ToolDefinition;
  readonly contentHash?: string;
  readonly lastModifiedSource?: string | null;
  readonly updatedAt?: string | null;
}

export const toolsPullCommand: Command = {
  name: 'tools pull',
  usage: '[name …] [--dir <folder>]',
  summary: 'Brings saved tools into the folder, so that git shows what changed on the server.',
  details: [
    'Without a name: every tool that the folder defines. A definition in JSON is written over, a new one becomes a JSON',
    'file; of one in a module the difference is shown, to be taken over by hand, and it ends with 1.',
    `--dir <folder>    where the definitions are; default ${DEFAULT_FOLDER}`,
    ...SERVER_DETAILS,
  ],
  async run(terminal, args) {
    const { cwd } = terminal;
    const { options, words } = readArgs(args, { ...SERVER_OPTIONS, dir: 'string' }, { max: 100 });
    const folder = options.dir ?? DEFAULT_FOLDER;
    const isThere = existsSync(resolve(cwd, folder));
    if (!isThere && words.length === 0)
      throw new UsageError(
        `There is no folder "${folder}" here. Name the tools to pull, or the folder with --dir.`,
      );
    const kept = isThere ? await readDefinitions(cwd, folder) : [];
    const client = clientOf(terminal, options);
    const names = words.length > 0 ? words : kept.map(({ definition }) => definition.name);
    const paint = paintFor(terminal);
    const pulled: Pulled[] = [];
    for (const name of names) {
      const local = kept.find(({ definition }) => definition.name === name);
      const answer = await client.tools.pull(name).catch((error: unknown) => {
        if (error instanceof PagehandError && error.status === 404 && words.length === 0) return undefined;
        throw error;
      });
      const file = local?.file ?? relative(cwd, newFile(cwd, folder, name));
      const outcome = answer === undefined ? notThere(name, file) : take(cwd, file, answer, local);
      pulled.push(outcome);
      if (!options.json) terminal.print(show(outcome, local, paint));
    }
    if (options.json) terminal.print(JSON.stringify({ tools: pulled }, null, 2));
    return pulled.some(({ result }) => result === 'by_hand') ? EXIT.failed : EXIT.ok;
  },
};

function notThere(name: string, file: string): Pulled {
  return { name, file, result: 'not_on_server' };
}

function take(
  cwd: string,
  file: string,
  { definition, contentHash, lastModifiedSource, updatedAt }: PullResponse,
  local: KeptTool | undefined,
): Pulled {
  const facts = { name: definition.name, file, definition, contentHash, lastModifiedSource, updatedAt };
  if (local !== undefined && isSame(local.definition, definition)) return { ...facts, result: 'unchanged' };
  if (local !== undefined && !local.isJson) return { ...facts, result: 'by_hand' };
  write(resolve(cwd, file), definition);
  return { ...facts, result: 'written' };
}

function isSame(local: ToolDefinition, remote: ToolDefinition): boolean {
  return local.name === remote.name && canonicalContent(local) === canonicalContent(remote);
}

/** Over the definition of the same name; others in the file stay. */
function write(path: string, definition: ToolDefinition): void {
  const { name, description, toolType, parametersSchema, config } = definition;
  const entry = { name, description, toolType, parametersSchema, config };
  const before: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  const after = Array.isArray(before)
    ? before.map((other: { readonly name?: unknown }) =>
        other.name === name ? inOrderOf(other, entry) : other,
      )
    : inOrderOf(before, entry);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(after, null, 2)}\n`);
}

/** With its keys where the file has them: git then shows what changed, and not that the server sorts them. */
function inOrderOf(before: unknown, after: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(after))
    return after.map((item, index) => inOrderOf(before[index], item));
  if (!isRecord(before) || !isRecord(after)) return after;
  const kept = Object.keys(before).filter((key) => Object.hasOwn(after, key));
  const fresh = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  return Object.fromEntries([...kept, ...fresh].map((key) => [key, inOrderOf(before[key], after[key])]));
}

/** Named after the tool, and not there yet. */
function newFile(cwd: string, folder: string, name: string): string {
  const words = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-');
  const stem = words.replace(/^-|-$/g, '') || 'tool';
  for (let count = 1; ; count += 1) {
    const path = join(resolve(cwd, folder), count === 1 ? `${stem}.json` : `${stem}-${count}.json`);
    if (!existsSync(path)) return path;
  }
}

function show({ name, file, result, definition }: Pulled, local: KeptTool | undefined, paint: Paint): string {
  if (result === 'unchanged') return paint.faint(`= ${name}  unchanged`);
  if (result === 'not_on_server') return paint.faint(`+ ${name}  is not on the server yet  ${file}`);
  const diff = showToolDiff(local?.definition, definition, paint);
  if (result === 'written')
    return [`${paint.yellow(`~ ${name}  written`)}  ${paint.faint(file)}`, ...diff].join('\n');
  return [
    `${paint.red(`! ${name}  differs, and is code`)}  ${paint.faint(file)}`,
    ...diff,
    '      Take this over by hand, or let the repository win: pagehand tools ensure --on-conflict overwrite',
  ].join('\n');
}
