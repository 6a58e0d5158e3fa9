import type { ToolDefinitionOf } from '../../../../protocol/definition.ts';
import { CUSTOM_TOOL_TIMEOUT_MS } from '../../../../protocol/limits.ts';
import { ABSENT } from '../../../sandbox/absent.ts';
import type { Sandbox } from '../../../sandbox/sandbox.ts';
import { isVariableName } from '../../../sandbox/variable-names.ts';
import type { Finding } from '../../kind.ts';
import { ToolError } from '../../tool-error.ts';
import { blankOut } from './blank-out.ts';

/** Findings of one sort that are told; the rest is more of the same. */
const MAX_ALIKE = 20;

export async function reviewCode(
  { config }: ToolDefinitionOf<'custom'>,
  names: readonly string[],
  sandbox: Sandbox,
): Promise<readonly Finding[]> {
  const { code } = config;
  if (code.trim() === '') return [EMPTY, ...reviewTimeout(config)];
  const bare = blankOut(code);
  const syntax = await reviewSyntax(code, names, sandbox);
  return [
    ...syntax,
    ...reviewTimeout(config),
    ...reviewPlaceholders(code, bare),
    ...(syntax.length > 0 || /\breturn\b/.test(bare) ? [] : [NO_RETURN]),
    ...reviewAbsent(bare, names),
    ...reviewNames(names),
  ];
}

const EMPTY: Finding = {
  severity: 'error',
  code: 'empty_code',
  message: 'The tool has no code.',
  suggestion: 'Write the body of a function that returns the result: `return amount * rate;`',
  path: 'config.code',
};

const NOT_CHECKED: Finding = {
  severity: 'warning',
  code: 'not_checked',
  message: 'The code could not be compiled now, so nothing is known of its syntax.',
  suggestion: 'Try again in a few seconds to hear what is wrong with it.',
  path: 'config.code',
};

const NO_RETURN: Finding = {
  severity: 'warning',
  code: 'missing_return',
  message: 'The code returns nothing, so every call gives null.',
  suggestion: 'End it with `return …;`.',
  path: 'config.code',
};

async function reviewSyntax(
  code: string,
  names: readonly string[],
  sandbox: Sandbox,
): Promise<readonly Finding[]> {
  const found = await sandbox.check(code, names).catch((error: unknown) => {
    if (error instanceof ToolError) return error;
    throw error;
  });
  if (found === undefined) return [];
  if (found instanceof ToolError) return [NOT_CHECKED];
  const { line, column, message } = found;
  const suggestion = message.includes('redefinition of parameter')
    ? 'Parameters are variables already: give yours another name.'
    : 'The code is the body of an async function: `await` and `return` are there, `import` and `export` are not.';
  const text = `The code cannot be compiled: ${message}.`;
  const place = { path: 'config.code', line, column };
  return [{ severity: 'error', code: 'syntax_error', message: text, suggestion, ...place }];
}

function reviewTimeout({ timeout }: ToolDefinitionOf<'custom'>['config']): readonly Finding[] {
  if (timeout === undefined || (timeout >= 1 && timeout <= CUSTOM_TOOL_TIMEOUT_MS)) return [];
  return [
    {
      severity: 'error',
      code: 'timeout_out_of_range',
      message: `\`config.timeout\` is ${timeout}; it is in milliseconds, from 1 to ${CUSTOM_TOOL_TIMEOUT_MS}.`,
      suggestion: `Leave it out for ${CUSTOM_TOOL_TIMEOUT_MS} ms.`,
      path: 'config.timeout',
    },
  ];
}

function reviewPlaceholders(code: string, bare: string): readonly Finding[] {
  const found: Finding[] = [];
  for (const { 0: text, 1: name = '', index } of code.matchAll(/\{\{\s{0,9}([^{}\s]{1,200})\s{0,9}\}\}/g)) {
    if (found.length === MAX_ALIKE) break;
    const isSecret = /^secrets?[.:]/.test(name);
    // Outside of texts, `{{x}}` is a block in a block.
    if (!isSecret && bare[index] === '{') continue;
    const [severity, kind, what, suggestion] = isSecret
      ? ([
          'error',
          'secret_in_code',
          'Code gets no secrets',
          'Use the secret in the url, the headers or the body of a tool of the type "external".',
        ] as const)
      : ([
          'warning',
          'placeholder_in_code',
          'Placeholders are not filled in code',
          `Parameters are variables: \`parameters[${JSON.stringify(name)}]\`.`,
        ] as const);
    const message = `${what}: ${text} stays as it stands.`;
    found.push({ severity, code: kind, message, suggestion, path: 'config.code', ...placeOf(code, index) });
  }
  return found;
}

function reviewAbsent(bare: string, names: readonly string[]): readonly Finding[] {
  const used = new Map<string, number>();
  for (const { 0: name, index } of bare.matchAll(/[A-Za-z_$][\w$]*/g)) {
    if (ABSENT.has(name) && !used.has(name) && isGlobal(bare, name, index)) used.set(name, index);
  }
  return [...used]
    .filter(([name]) => !names.includes(name) && !declares(bare, name))
    .map(([name, index]) => ({
      severity: 'warning',
      code: 'not_available',
      message: `There is no "${name}" in the sandbox.`,
      suggestion: ABSENT.get(name) ?? '',
      path: 'config.code',
      ...placeOf(bare, index),
    }));
}

/** Called, constructed or read from, and no property, label or key. */
function isGlobal(bare: string, name: string, index: number): boolean {
  const before = bare.slice(Math.max(0, index - 100), index).trimEnd();
  const after = bare.slice(index + name.length, index + name.length + 100).trimStart();
  return !before.endsWith('.') && (/^[.([?]/.test(after) || /\bnew$/.test(before));
}

function declares(bare: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|var|function|class)\\s+${name}\\b`).test(bare);
}

function reviewNames(names: readonly string[]): readonly Finding[] {
  return names
    .filter((name) => !isVariableName(name))
    .map((name) => ({
      severity: 'warning',
      code: 'not_a_variable',
      message: `The parameter "${name}" cannot be a variable.`,
      suggestion: `Read it as \`parameters[${JSON.stringify(name)}]\`.`,
      path: `parametersSchema.properties.${name}`,
    }));
}

function placeOf(code: string, index: number): { readonly line: number; readonly column: number } {
  const before = code.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
