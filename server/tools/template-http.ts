import {
  asText,
  fill,
  type Lookup,
  type Piece,
  type Placeholder,
  piecesOf,
  requireGood,
} from './template.ts';
import { ToolError } from './tool-error.ts';

/** Longest address that is called, in characters. Servers refuse longer ones. */
const MAX_URL_CHARS = 16_384;

/** The parts of an address: where it leads, which no value of a call decides, and what is filled in. */
export interface UrlTemplate {
  /** `https://api.example.com`, as it is written. */
  readonly authority: string;
  readonly rest: readonly Piece[];
}

/** Reads the template of an address. `problem`: why there is none, as the rest of a sentence. */
export function readUrl(template: string): UrlTemplate | { readonly problem: string } {
  const pieces = piecesOf(template);
  const [first, ...others] = pieces;
  const match = typeof first === 'string' ? /^(https?:\/\/[^/\\?#]+)(.*)$/is.exec(first) : null;
  const [, authority = '', path = ''] = match ?? [];
  if (typeof first !== 'string' || (path === '' && others.length > 0)) {
    return {
      problem:
        'has a placeholder in its scheme, host or port. Write these out; placeholders stand behind the host.',
    };
  }
  if (authority === '')
    return {
      problem: 'is not an address of http or https. Write for example "https://api.example.com/v1/orders".',
    };
  if (pieces.some((piece) => typeof piece === 'string' && /[\s\p{Cc}\\]/u.test(piece))) {
    return {
      problem:
        'has a space, a line break or a backslash in it. Write `%20` for a space and `/` between parts.',
    };
  }
  if (authority.includes('@')) {
    return {
      problem: 'has a user or a password before its host. Send credentials in a header, as a secret.',
    };
  }
  if (!URL.canParse(authority)) return { problem: 'has a host or a port that cannot be.' };
  return { authority, rest: path === '' ? [] : [path, ...others] };
}

/**
 * The address of one call. Values are encoded, so that each stays within its part of the path or its value of the
 * query. Rejects with `ToolError`: `invalid_arguments` for what cannot stand there, `unresolved_variable`,
 * `secrets_required`, `failed` for an address that is none.
 */
export async function renderUrl(template: string, lookup: Lookup): Promise<string> {
  const url = readUrl(template);
  if ('problem' in url) throw new ToolError('failed', `The tool's address ${url.problem}`);
  let place: 'path' | 'query' = 'path';
  let rest = '';
  for (const piece of url.rest) {
    if (typeof piece === 'string') {
      if (/[?#]/.test(piece)) place = 'query';
      rest += piece;
      continue;
    }
    const placeholder = requireGood(piece);
    const value = await lookup(placeholder);
    rest += place === 'path' ? inPath(value, placeholder) : inQuery(value, placeholder);
  }
  requirePlainPath(rest.split(/[?#]/, 1)[0] ?? '');
  const address = url.authority + rest;
  if (address.length <= MAX_URL_CHARS) return address;
  throw new ToolError(
    'invalid_arguments',
    `The address is longer than ${MAX_URL_CHARS} characters. Send less.`,
  );
}

/** Names come out in lower case. Rejects with `invalid_arguments` for a value that no header can have. */
export async function renderHeaders(
  headers: Readonly<Record<string, string>>,
  lookup: Lookup,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(headers).map(
    async ([name, value]) => [name.toLowerCase(), await fill(value, lookup, inHeader)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** A body that is written as one text, encoded for what it says it is: a form, JSON, or a text as it is. */
export async function renderBody(
  template: string,
  contentType: string | undefined,
  lookup: Lookup,
): Promise<string> {
  const type = contentType?.toLowerCase() ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) return fill(template, lookup, inQuery);
  const isJson =
    contentType === undefined
      ? /^\s*[[{"]/.test(template) && !/^\s*\{\{/.test(template)
      : type.includes('json');
  return isJson ? renderJsonText(template, lookup) : fill(template, lookup, asText);
}

/** Within quotes a value becomes a part of that string, elsewhere a JSON value of its own. */
async function renderJsonText(template: string, lookup: Lookup): Promise<string> {
  let quoted = false;
  let text = '';
  for (const piece of piecesOf(template)) {
    if (typeof piece === 'string') {
      quoted = endsQuoted(piece, quoted);
      text += piece;
      continue;
    }
    const value = await lookup(requireGood(piece));
    text += quoted ? JSON.stringify(asText(value)).slice(1, -1) : JSON.stringify(value);
  }
  return text;
}

function endsQuoted(literal: string, startsQuoted: boolean): boolean {
  let quoted = startsQuoted;
  for (let at = 0; at < literal.length; at += 1) {
    if (quoted && literal[at] === '\\') at += 1;
    else if (literal[at] === '"') quoted = !quoted;
  }
  return quoted;
}

function inPath(value: unknown, placeholder: Placeholder): string {
  const text = plainText(value, placeholder, 'an address');
  if (text === '') {
    throw new ToolError(
      'invalid_arguments',
      `${placeholder.written} is empty, and a path cannot leave out a part.`,
    );
  }
  // Encoded too: some servers decode a path before they resolve its `..`.
  if (text.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')) {
    throw new ToolError(
      'invalid_arguments',
      `${placeholder.written} has \`.\` or \`..\` as a part of a path.`,
    );
  }
  return encoded(text, placeholder);
}

function inQuery(value: unknown, placeholder: Placeholder): string {
  return encoded(plainText(value, placeholder, 'an address or a form'), placeholder);
}

function encoded(text: string, { written }: Placeholder): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new ToolError('invalid_arguments', `${written} holds half a character, which cannot be sent.`);
  }
}

/** What HTTP allows in a header: one line of Latin-1. */
function inHeader(value: unknown, placeholder: Placeholder): string {
  const text = plainText(value, placeholder, 'a header');
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text;
  throw new ToolError(
    'invalid_arguments',
    `${placeholder.written} holds a line break or another character that no header can have.`,
  );
}

function plainText(value: unknown, { written }: Placeholder, place: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
  throw new ToolError(
    'invalid_arguments',
    `${written} is ${kind}, and ${place} takes text, numbers, true and false.`,
  );
}

/** A value beside literal dots makes a step up too, and so do dots that are encoded. */
function requirePlainPath(path: string): void {
  const steps = path.split('/').map((segment) => segment.replaceAll(/%2e/gi, '.'));
  if (!steps.some((step) => step === '.' || step === '..')) return;
  throw new ToolError('invalid_arguments', 'The address has `.` or `..` as a part of its path.');
}
