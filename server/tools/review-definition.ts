import * as z from 'zod/mini';
import { ToolDefinition } from '../../protocol/definition.ts';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { BUILT_IN_TOOLS, WEBMCP_PREFIX } from '../../protocol/tool.ts';
import { reviewSchema } from '../guard/tool-schema.ts';
import { BUILTIN_PREFIX } from './builtins/builtins.ts';
import type { Finding, ToolParts } from './kind.ts';
import { kindOf } from './kinds/kinds.ts';
import { MCP_PREFIX, SAVED_PREFIX } from './tool-id.ts';

export const SPAWN_TOOL = 'spawn_subagent';

/** What only the server calls its tools, in lower case. */
const RESERVED_PREFIXES = [WEBMCP_PREFIX, MCP_PREFIX, BUILTIN_PREFIX, SAVED_PREFIX];
const RESERVED_NAMES = [...BUILT_IN_TOOLS, SPAWN_TOOL];

const words = z.locales.en().localeError;

export type ReadDefinition =
  | { readonly definition: ToolDefinition }
  /** Why it is none. */
  | { readonly findings: readonly Finding[] };

export function readDefinition(value: unknown): ReadDefinition {
  const result = ToolDefinition.safeParse(value, { error: words });
  if (result.success) return { definition: result.data };
  return {
    findings: result.error.issues.map(({ path, message }) => ({
      severity: 'error',
      code: 'invalid_definition',
      message: `${pathText(path)}: ${message}`,
      path: pathText(path),
    })),
  };
}

/** All that is wrong or odd about a definition. Nothing is run and nobody is asked. */
export async function reviewDefinition(
  value: unknown,
  parts: Pick<ToolParts, 'sandbox'>,
): Promise<readonly Finding[]> {
  const read = readDefinition(value);
  if ('findings' in read) return read.findings;
  const { definition } = read;
  const kind = kindOf(definition);
  return [
    ...nameFindings(definition),
    ...descriptionFindings(definition),
    ...schemaFindings(definition),
    ...(kind === undefined ? [notHere(definition)] : await kind.review(definition, parts)),
  ];
}

/** Findings as the lines of an error's `details`. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ path, line, message, suggestion }) => {
    const place = [path, line === undefined ? undefined : `line ${line}`].filter((one) => one !== undefined);
    const isNamed = path !== undefined && message.startsWith(path);
    const sentence = suggestion === undefined ? message : `${message} ${suggestion}`;
    return place.length === 0 || isNamed ? sentence : `${place.join(', ')}: ${sentence}`;
  });
}

function nameFindings({ name }: ToolDefinition): readonly Finding[] {
  const prefix = RESERVED_PREFIXES.find((reserved) => name.toLowerCase().startsWith(reserved));
  if (prefix !== undefined) {
    return [
      {
        severity: 'error',
        code: 'reserved_name',
        message: `Names that begin with \`${prefix}\` belong to the server.`,
        suggestion: 'Give the tool another name.',
        path: 'name',
      },
    ];
  }
  if (name.endsWith('*')) {
    return [
      {
        severity: 'error',
        code: 'reserved_name',
        message: 'A name with `*` at its end would be read as a pattern.',
        suggestion: 'Give the tool another name.',
        path: 'name',
      },
    ];
  }
  if (!RESERVED_NAMES.includes(name)) return [];
  return [
    {
      severity: 'error',
      code: 'reserved_name',
      message: `\`${name}\` is the name of a tool that Pagehand itself brings along.`,
      suggestion: 'Give the tool another name.',
      path: 'name',
    },
  ];
}

function descriptionFindings({ description }: ToolDefinition): readonly Finding[] {
  if (description.trim() === '') {
    return [
      {
        severity: 'warning',
        code: 'no_description',
        message: 'It has no description, and a model chooses a tool by it.',
        suggestion: 'Say what the tool does and when to use it.',
        path: 'description',
      },
    ];
  }
  if (description.length <= MAX_TOOL_DESCRIPTION_CHARS) return [];
  return [
    {
      severity: 'warning',
      code: 'long_description',
      message: `A model reads its first ${MAX_TOOL_DESCRIPTION_CHARS} characters only.`,
      suggestion: 'Shorten it.',
      path: 'description',
    },
  ];
}

function schemaFindings({ parametersSchema }: ToolDefinition): readonly Finding[] {
  const reviewed = reviewSchema(parametersSchema);
  if ('schema' in reviewed) return [];
  return [{ severity: 'error', code: reviewed.reason, message: reviewed.message, path: 'parametersSchema' }];
}

function notHere({ toolType }: ToolDefinition): Finding {
  return {
    severity: 'error',
    code: 'type_not_available',
    message: `Tools of the type \`${toolType}\` cannot run on this server.`,
    suggestion: 'Use another type, or a release of the server that has it.',
    path: 'toolType',
  };
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? 'definition' : text.replace(/^\./, '');
}
