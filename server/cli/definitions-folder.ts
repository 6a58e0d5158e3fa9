import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import type { ToolDefinition } from '../../protocol/definition.ts';
import { FileFailed, runFile } from '../config/run-file.ts';
import { canonicalDefinition } from '../sdk/define-tool.ts';
import * as sdk from '../sdk/index.ts';
import { UsageError } from './command.ts';

/** A definition that a repository keeps. */
export interface KeptTool {
  readonly definition: ToolDefinition;
  /** Where it stands, from the working directory. */
  readonly file: string;
  /** Whether the file is JSON, which may be written over. */
  readonly isJson: boolean;
}

/** Where definitions are kept unless something else is said, from the working directory. */
export const DEFAULT_FOLDER = 'tools';

const MODULES = ['.ts', '.mts', '.js', '.mjs'];

/** What stands beside definitions and is none. */
const OTHERS = /(\.d\.m?ts|\.(test|spec)\.\w+)$/;

/**
 * Every definition of a folder and those below it: exports of modules and entries of JSON files, by name. Throws
 * `UsageError` where the folder is not there, and `PagehandError` `invalid_definition`, with all that is wrong, where a file
 * cannot be read, a definition is not whole, or a name is there twice.
 */
export async function readDefinitions(cwd: string, folder: string): Promise<readonly KeptTool[]> {
  const top = resolve(cwd, folder);
  if (!existsSync(top)) {
    throw new UsageError(
      `There is no folder "${folder}" here. Make it, put files into it that export definitions, or name another with --dir.`,
    );
  }
  const tools: KeptTool[] = [];
  const problems: string[] = [];
  for (const path of filesOf(top)) {
    const file = relative(cwd, path);
    const isJson = extname(path) === '.json';
    for (const candidate of await candidatesIn(path, file, problems)) {
      try {
        tools.push({ definition: canonicalDefinition(candidate), file, isJson });
      } catch (error) {
        if (!(error instanceof sdk.PagehandError)) throw error;
        problems.push(...error.details.map((detail) => `${file}: ${nameOf(candidate)}${detail}`));
      }
    }
  }
  problems.push(...namesGivenTwice(tools));
  if (problems.length > 0) throw unusableDefinitions(folder, problems);
  return tools.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
}

/** Each problem says which file and which tool it is about. */
export function unusableDefinitions(folder: string, problems: readonly string[]): sdk.PagehandError {
  return new sdk.PagehandError('invalid_definition', `Nothing was written: ${folder} has what cannot work.`, {
    details: problems,
  });
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesOf(path);
      const isSource = [...MODULES, '.json'].includes(extname(entry.name)) && !OTHERS.test(entry.name);
      return isSource ? [path] : [];
    });
}

async function candidatesIn(path: string, file: string, problems: string[]): Promise<readonly unknown[]> {
  try {
    return extname(path) === '.json' ? fromJson(path) : await fromModule(path, file);
  } catch (error) {
    if (error instanceof FileFailed) problems.push(error.message);
    else if (error instanceof SyntaxError) problems.push(`${file}: this is not JSON: ${error.message}`);
    else throw error;
    return [];
  }
}

function fromJson(path: string): unknown[] {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return Array.isArray(value) ? value : [value];
}

/** Exports that say of which type they are, and lists of such. What else a module exports is its own business. */
async function fromModule(path: string, file: string): Promise<unknown[]> {
  const module = await runFile(path, file, { '@pagehand/server/sdk': sdk });
  const isTool = (value: unknown) => typeof value === 'object' && value !== null && 'toolType' in value;
  return [...new Set(Object.values(module).flat().filter(isTool))];
}

function nameOf(candidate: unknown): string {
  const isNamed = typeof candidate === 'object' && candidate !== null && 'name' in candidate;
  return isNamed ? `"${String(candidate.name)}": ` : '';
}

function namesGivenTwice(tools: readonly KeptTool[]): string[] {
  const files = new Map<string, string>();
  return tools.flatMap(({ definition: { name }, file }) => {
    const other = files.get(name);
    files.set(name, file);
    if (other === undefined) return [];
    return `"${name}" is defined twice, in ${other} and in ${file}. A name is the identity of a tool: rename or remove one.`;
  });
}
