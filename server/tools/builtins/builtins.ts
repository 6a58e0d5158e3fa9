import type { Builtin, BuiltinParts } from './builtin.ts';
import { calculatorTool } from './calculator.ts';
import { clockTool } from './clock.ts';
import { fetchPageTool } from './fetch-page.ts';

/** All built-in tools, by what stands behind `builtin:`. */
const BUILTINS: Readonly<Record<string, (parts: BuiltinParts) => Builtin>> = {
  calculator: calculatorTool,
  clock: clockTool,
  fetch_page: fetchPageTool,
};

export const BUILTIN_PREFIX = 'builtin:';

export const BUILTIN_NAMES: readonly string[] = Object.keys(BUILTINS).sort();

export function builtin(name: string, parts: BuiltinParts): Builtin | undefined {
  return Object.hasOwn(BUILTINS, name) ? BUILTINS[name]?.(parts) : undefined;
}
