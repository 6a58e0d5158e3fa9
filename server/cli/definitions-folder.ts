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
 * `UsageError` where the folder is not there, a file cannot be read, or a name is there twice, and `PagehandError`
 * `invalid_definition` where a definition is not whole, with all that is wrong.
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
    const candidates = isJson ? fromJson(path, file) : await fromModule(path, file);
    for (const candidate of candidates) {
      try {
        tools.push({ definition: canonicalDefinition(candidate), file, isJson });
      } catch (error) {
        if (!(error instanceof sdk.PagehandError)) throw error;
        problems.push(...error.details.map((detail) => `${file}: ${nameOf(candidate)}${detail}`));
      }
    }
  }
  if (problems.length > 0) {
    throw new sdk.PagehandError('invalid_definition', `${folder} has definitions that are not whole.`, {
      details: problems,
      hint: 'Nothing was sent.',
    });
  }
  requireUnique(tools);
  return tools.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
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

function fromJson(path: string, file: string): unknown[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(value) ? value : [value];
  } catch (cause) {
    throw new UsageError(`${file}: this is not JSON.`, { cause });
  }
}

/** Exports that say of which type they are, and lists of such. What else a module exports is its own business. */
async function fromModule(path: string, file: string): Promise<unknown[]> {
  try {
    const module = await runFile(path, file, { '@pagehand/server/sdk': sdk });
    const isTool = (value: unknown) => typeof value === 'object' && value !== null && 'toolType' in value;
    return [...new Set(Object.values(module).flat().filter(isTool))];
  } catch (error) {
    if (error instanceof FileFailed) throw new UsageError(error.message);
    throw error;
  }
}

function nameOf(candidate: unknown): string {
  const isNamed = typeof candidate === 'object' && candidate !== null && 'name' in candidate;
  return isNamed ? `"${String(candidate.name)}": ` : '';
}

function requireUnique(tools: readonly KeptTool[]): void {
  const files = new Map<string, string>();
  for (const { definition, file } of tools) {
    const other = files.get(definition.name);
    if (other !== undefined)
      throw new UsageError(
        `"${definition.name}" is defined twice, in ${other} and in ${file}. A name is the identity of a tool: rename or remove one.`,
      );
    files.set(definition.name, file);
  }
}
