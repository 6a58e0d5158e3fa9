import { canonicalContent, NotCanonical } from '../../protocol/canonical.ts';
import type { ToolDefinition, ToolType } from '../../protocol/definition.ts';
import { MAX_TOOL_DESCRIPTION_CHARS } from '../../protocol/limits.ts';
import { RESERVED_TOOL_NAMES } from '../../protocol/saved.ts';
import { nearest } from '../config/nearest.ts';
import { isRecord } from '../dispatch/tool-input.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Finding } from './kind.ts';
import { kindOf } from './kinds/kinds.ts';
import { reviewParametersSchema } from './review-schema.ts';
import { readDefinition } from './review-shape.ts';
import { type Piece, piecesOf, textsIn } from './template.ts';

export interface ReviewParts {
  readonly sandbox: Sandbox;
  /** Whether the server keeps a secret of this name. Default: nobody asks. */
  readonly hasSecret?: (name: string) => Promise<boolean>;
}

export interface Review {
  /** As it is kept: unknown fields left out, header names in lower case. `undefined`: it cannot be read. */
  readonly definition: ToolDefinition | undefined;
  readonly findings: readonly Finding[];
}

/** What is wrong or odd about a tool's definition, before anybody runs or keeps it. Runs and reaches nothing. */
export async function reviewDefinition(input: unknown, parts: ReviewParts): Promise<Review> {
  const read = readDefinition(input);
  if (read.definition === undefined) return read;
  const limits = reviewSize(read.definition);
  if (limits.length > 0) return { definition: undefined, findings: limits };
  const headers = reviewHeaders(read.definition);
  const definition = headers.definition;
  const findings = [
    ...read.findings,
    ...headers.findings,
    ...reviewDescription(definition),
    ...reviewParametersSchema(definition.parametersSchema),
    ...reviewPlaceholders(definition),
    ...(await reviewSecrets(definition, parts)),
    ...((await kindOf(definition)?.review(definition, parts)) ?? []),
  ];
  return { definition, findings: withoutRepeats(findings) };
}

/** What a kept tool may not be called: names that routes or ids have. */
export function reviewName(name: string): readonly Finding[] {
  const refuse = (message: string, suggestion: string): readonly Finding[] => [
    { severity: 'error', code: 'reserved_name', message, suggestion, path: 'name' },
  ];
  if (RESERVED_TOOL_NAMES.includes(name.toLowerCase())) {
    return refuse(
      `"${name}" is a word of the addresses below \`/v1/tools\`.`,
      `Say what it does, for example "${name} orders".`,
    );
  }
  const prefix = ID_PREFIXES.find((one) => name.toLowerCase().startsWith(one));
  if (prefix !== undefined) {
    return refuse(`Names that begin with \`${prefix}\` are for ids.`, 'Leave the prefix out.');
  }
  if (name !== name.trim()) {
    return [
      {
        severity: 'error',
        code: 'invalid_field',
        message:
          '`name` begins or ends with white space, which nobody sees and which would be a part of its identity.',
        suggestion: `Write ${JSON.stringify(name.trim())}.`,
        path: 'name',
      },
    ];
  }
  return [];
}

const ID_PREFIXES: readonly string[] = ['tool_', 'builtin:', 'mcp:', 'webmcp:'];

function reviewSize(definition: ToolDefinition): readonly Finding[] {
  try {
    canonicalContent(definition);
    return [];
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    return [{ severity: 'error', code: 'not_canonical', message: error.message }];
  }
}

/** Two spellings of one header are one header, and a request has it once. */
function reviewHeaders(definition: ToolDefinition): {
  definition: ToolDefinition;
  findings: readonly Finding[];
} {
  const headers = 'headers' in definition.config ? definition.config.headers : undefined;
  if (!isRecord(headers)) return { definition, findings: [] };
  const names = Object.keys(headers);
  const lower = names.map((name) => name.toLowerCase());
  const twice = names.filter((_, index) => lower.indexOf(lower[index] ?? '') !== index);
  if (twice.length > 0) {
    const findings = twice.map((name): Finding => {
      const message = `\`config.headers\` has "${name.toLowerCase()}" twice, in different cases.`;
      const suggestion = 'Keep one of them.';
      return {
        severity: 'error',
        code: 'duplicate_header',
        message,
        suggestion,
        path: `config.headers.${name}`,
      };
    });
    return { definition, findings };
  }
  const changed = names.filter((name) => name !== name.toLowerCase());
  if (changed.length === 0) return { definition, findings: [] };
  const kept = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const message = `Header names are kept in lower case: ${changed.map((name) => `\`${name}\` as \`${name.toLowerCase()}\``).join(', ')}.`;
  return {
    definition: { ...definition, config: { ...definition.config, headers: kept } } as ToolDefinition,
    findings: [{ severity: 'warning', code: 'header_lower_cased', message, path: 'config.headers' }],
  };
}

function reviewDescription({ description }: ToolDefinition): readonly Finding[] {
  if (description.trim() === '') {
    return [
      {
        severity: 'warning',
        code: 'empty_description',
        message: 'The tool has no description, so a model can only guess from its name when to call it.',
        suggestion: 'Say what it does and when to use it.',
        path: 'description',
      },
    ];
  }
  if (description.length <= MAX_TOOL_DESCRIPTION_CHARS) return [];
  const message = `A model reads the first ${MAX_TOOL_DESCRIPTION_CHARS} characters of the description, and it has ${description.length}.`;
  return [
    {
      severity: 'warning',
      code: 'long_description',
      message,
      suggestion: 'Shorten it.',
      path: 'description',
    },
  ];
}

/** Types whose config is a template. */
const TEMPLATED: readonly ToolType[] = ['external', 'graphql', 'mcp'];

interface PlacedPiece {
  readonly piece: Exclude<Piece, string>;
  readonly path: string;
}

function placedPieces({ toolType, config }: ToolDefinition): readonly PlacedPiece[] {
  if (!TEMPLATED.includes(toolType)) return [];
  return textsIn(config, 'config').flatMap(({ text, path }) =>
    piecesOf(text).flatMap((piece) => (typeof piece === 'string' ? [] : [{ piece, path }])),
  );
}

function reviewPlaceholders(definition: ToolDefinition): readonly Finding[] {
  const { properties } = definition.parametersSchema ?? {};
  const declared = isRecord(properties) ? Object.keys(properties) : [];
  return placedPieces(definition).flatMap(({ piece, path }): readonly Finding[] => {
    if (piece.root === 'bad') {
      const code = /^\{\{\s*secrets?\b/.test(piece.written)
        ? 'invalid_secret_reference'
        : 'invalid_placeholder';
      const message = `${piece.written} ${piece.problem}`;
      const suggestion = piece.mend === undefined ? {} : { suggestion: `Write ${piece.mend}.` };
      return [{ severity: 'error', code, message, ...suggestion, path }];
    }
    if (piece.root !== 'parameter' || declared.includes(piece.path[0])) return [];
    const [name] = piece.path;
    const meant = nearest(name, declared);
    return [
      {
        severity: 'warning',
        code: 'undeclared_parameter',
        message: `${piece.written} names a parameter that \`parametersSchema\` does not declare, so no model will send it.`,
        suggestion:
          meant === undefined
            ? `Add "${name}" to its \`properties\`.`
            : `Did you mean {{${[meant, ...piece.path.slice(1)].join('.')}}}?`,
        path,
      },
    ];
  });
}

async function reviewSecrets(
  definition: ToolDefinition,
  { hasSecret }: ReviewParts,
): Promise<readonly Finding[]> {
  if (hasSecret === undefined) return [];
  const named = placedPieces(definition).flatMap(({ piece, path }) =>
    piece.root === 'secret' ? [{ name: piece.name, path }] : [],
  );
  const findings = named.map(async ({ name, path }): Promise<readonly Finding[]> => {
    if (await hasSecret(name)) return [];
    const message = `{{secret:${name}}} is not stored yet. Until it is, every call of the tool fails.`;
    const suggestion = `Store it, for example with \`pagehand secrets set ${name}\`.`;
    return [{ severity: 'warning', code: 'secret_not_found', message, suggestion, path }];
  });
  return (await Promise.all(findings)).flat();
}

/** A kind may see what was seen here. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ severity, path, message }) => {
    const key = `${severity} ${path} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
