import { isRecord } from '../is-record.ts';
import { ToolError } from './tool-error.ts';
import type { Variables } from './variables.ts';

/** What stands in a template for a value of the call. */
export type Placeholder = { readonly written: string } & (
  | { readonly root: 'parameter'; readonly path: readonly [string, ...string[]] }
  | { readonly root: '_record' | '_flow' | '_user'; readonly path: readonly string[] }
  /** `{{secrets.key}}`, of the dispatch. */
  | { readonly root: 'secrets'; readonly key: string }
  /** `{{secret:KEY}}`, kept by the server. */
  | { readonly root: 'secret'; readonly name: string }
);

/** Something that begins like a placeholder and is none. */
export interface BadPlaceholder {
  readonly root: 'bad';
  readonly written: string;
  /** As a sentence. */
  readonly problem: string;
  /** The right spelling, where one was likely meant. */
  readonly mend?: string;
}

/** A template, cut into its literal texts and what stands between them. */
export type Piece = string | Placeholder | BadPlaceholder;

/** The value of a placeholder. Throws or rejects with `ToolError` where there is none. */
export type Lookup = (placeholder: Placeholder) => unknown;

/** Roots that no parameter can take for itself. */
export const RESERVED_ROOTS: readonly string[] = ['secrets', 'secret', '_record', '_flow', '_user'];

/** One pass: what a value brings along is never read as a template. */
export function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (;;) {
    const open = template.indexOf('{{', at);
    if (open === -1) break;
    const close = template.indexOf('}}', open + 2);
    if (open > at) pieces.push(template.slice(at, open));
    if (close === -1) {
      pieces.push(bad(template.slice(open), 'has no `}}` at its end.'));
      return pieces;
    }
    pieces.push(readPlaceholder(template.slice(open, close + 2)));
    at = close + 2;
  }
  if (at < template.length) pieces.push(template.slice(at));
  return pieces;
}

/** All placeholders in the texts of a JSON value, keys left out, in their order. */
export function placeholdersIn(value: unknown): readonly Placeholder[] {
  return textsIn(value, '').flatMap(({ text }) =>
    piecesOf(text).filter((piece): piece is Placeholder => typeof piece !== 'string' && piece.root !== 'bad'),
  );
}

/** Every text in a JSON value, keys left out, with its path below `path`. */
export function textsIn(
  value: unknown,
  path: string,
): readonly { readonly text: string; readonly path: string }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, `${path}[${index}]`));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, path === '' ? key : `${path}.${key}`));
}

/** For people and models: objects and lists as JSON, everything else as it is read aloud. */
export function renderText(template: string, lookup: Lookup): Promise<string> {
  return fill(template, lookup, asText);
}

/** A JSON value with every text filled in. A text that is one placeholder becomes the value itself, type included. */
export async function renderJson(tree: unknown, lookup: Lookup): Promise<unknown> {
  if (typeof tree === 'string') {
    const pieces = piecesOf(tree);
    const [only] = pieces;
    if (pieces.length !== 1 || only === undefined || typeof only === 'string')
      return renderText(tree, lookup);
    return await lookup(requireGood(only));
  }
  if (Array.isArray(tree)) return Promise.all(tree.map((item) => renderJson(item, lookup)));
  if (!isRecord(tree)) return tree;
  const entries = Object.entries(tree).map(
    async ([key, item]) => [key, await renderJson(item, lookup)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Any template, with an encoding for the place where its values land. */
export async function fill(
  template: string,
  lookup: Lookup,
  encode: (value: unknown, placeholder: Placeholder) => string,
): Promise<string> {
  const parts = piecesOf(template).map(async (piece) => {
    if (typeof piece === 'string') return piece;
    const placeholder = requireGood(piece);
    return encode(await lookup(placeholder), placeholder);
  });
  return (await Promise.all(parts)).join('');
}

/** Throws the `ToolError` of what only looks like a placeholder. */
export function requireGood(piece: Placeholder | BadPlaceholder): Placeholder {
  if (piece.root !== 'bad') return piece;
  throw new ToolError('unresolved_variable', badSentence(piece));
}

export function badSentence({ written, problem, mend }: BadPlaceholder): string {
  return `${written} ${problem}${mend === undefined ? '' : ` Write ${mend}.`}`;
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Most that is filled in during one call, in characters of its values, each as often as it stands there. A value that a
 * model gives, times all the placeholders that fit into a definition, is more than the process can hold.
 */
const MAX_FILLED_CHARS = 8 * 1024 * 1024;

/**
 * What placeholders stand for in one call: its parameters, and what the execution has beside them. For one call only: it
 * throws `ToolError` `invalid_arguments` where all that it gave becomes too much.
 */
export function lookupIn(parameters: Readonly<Record<string, unknown>>, variables: Variables): Lookup {
  const lookup = valuesIn(parameters, variables);
  let left = MAX_FILLED_CHARS;
  const counted = (value: unknown) => {
    if (left >= 0) left -= asText(value).length;
    if (left >= 0) return value;
    const most = `${MAX_FILLED_CHARS} characters`;
    throw new ToolError('invalid_arguments', `All that is filled in would be more than ${most}. Send less.`);
  };
  return (placeholder) => {
    const value = lookup(placeholder);
    return value instanceof Promise ? value.then(counted) : counted(value);
  };
}

function valuesIn(parameters: Readonly<Record<string, unknown>>, variables: Variables): Lookup {
  return (placeholder) => {
    if (placeholder.root === 'secret') return variables.managedSecret(placeholder.name);
    if (placeholder.root === 'secrets') return dispatchSecret(placeholder, variables);
    if (placeholder.root === 'parameter') {
      return found(placeholder, placeholder.path, parameters, 'the call has no such parameter');
    }
    const source = { _record: variables.record, _flow: variables.flow, _user: variables.user }[
      placeholder.root
    ];
    return found(placeholder, placeholder.path, source, `\`${placeholder.root}\` has no such field here`);
  };
}

/** The same for what a model reads: secrets are refused there. */
export function lookupWithoutSecrets(
  parameters: Readonly<Record<string, unknown>>,
  variables: Variables,
): Lookup {
  const lookup = lookupIn(parameters, variables);
  return (placeholder) => {
    if (placeholder.root !== 'secret' && placeholder.root !== 'secrets') return lookup(placeholder);
    throw new ToolError(
      'unresolved_variable',
      `${placeholder.written} is a secret, and a model would read it here. Secrets stand only in what tools send.`,
    );
  };
}

function dispatchSecret({ key, written }: { key: string; written: string }, variables: Variables): string {
  const secret = variables.secret(key);
  if (secret !== undefined) return secret;
  throw new ToolError(
    'secrets_required',
    `The secret "${key}", which ${written} stands for, is not there. Send it in \`secrets\`.`,
  );
}

/** Own properties only, and items of lists by their number. */
function found(placeholder: Placeholder, path: readonly string[], root: unknown, why: string): unknown {
  let value = root;
  for (const step of path) {
    const isThere = Array.isArray(value)
      ? /^(0|[1-9][0-9]{0,8})$/.test(step) && Object.hasOwn(value, step)
      : isRecord(value) && Object.hasOwn(value, step);
    value = isThere ? (value as Readonly<Record<string, unknown>>)[step] : undefined;
    if (value === undefined) {
      throw new ToolError('unresolved_variable', `${placeholder.written} stands for nothing: ${why}.`);
    }
  }
  return value;
}

const STEP = /^[\p{L}\p{N}_$-]+$/u;
const NEVER: readonly string[] = ['__proto__', 'constructor', 'prototype'];

function readPlaceholder(written: string): Placeholder | BadPlaceholder {
  const inner = written.slice(2, -2).trim();
  if (inner === '') return bad(written, 'names nothing.', '{{name}}');
  if (inner.includes('{')) return bad(written, 'has braces within its braces.', '{{name}}');
  if (inner.includes(':')) return readManaged(written, inner);
  const [root = '', ...path] = inner.split('.').map((step) => step.trim());
  if (![root, ...path].every((step) => STEP.test(step))) {
    return bad(
      written,
      'is no placeholder: names are of letters, digits, `_`, `$` and `-`, with dots between them.',
    );
  }
  const never = [root, ...path].find((step) => NEVER.includes(step));
  if (never !== undefined) return bad(written, `uses the name \`${never}\`, which no placeholder may use.`);
  if (root === 'secret') {
    const [key = 'KEY'] = path;
    const isManaged = key === key.toUpperCase();
    return bad(written, 'is no placeholder.', isManaged ? `{{secret:${key}}}` : `{{secrets.${key}}}`);
  }
  if (root === 'secrets') {
    const [key] = path;
    if (key !== undefined && path.length === 1) return { written, root, key };
    return bad(written, 'does not name one secret.', `{{secrets.${path.join('_') || 'key'}}}`);
  }
  if (root === '_record' || root === '_flow' || root === '_user') return { written, root, path };
  return { written, root: 'parameter', path: [root, ...path] };
}

function readManaged(written: string, inner: string): Placeholder | BadPlaceholder {
  const [root = '', ...rest] = inner.split(':').map((part) => part.trim());
  const name = rest.join(':');
  if (root === 'secret' && /^[A-Z0-9_]+$/.test(name)) return { written, root, name };
  if (root !== 'secret' && root !== 'secrets') {
    return bad(
      written,
      'is no placeholder: only `{{secret:KEY}}` has a colon.',
      `{{${inner.replaceAll(':', '.')}}}`,
    );
  }
  const upper = name.toUpperCase().replaceAll(/[^A-Z0-9_]+/g, '_') || 'KEY';
  const problem =
    'does not name a secret that the server keeps: that is `secret`, a colon, and upper-case letters, digits and `_`.';
  return bad(written, problem, `{{secret:${upper}}}`);
}

function bad(written: string, problem: string, mend?: string): BadPlaceholder {
  const shown = written.length <= 80 ? written : `${written.slice(0, 80)}…`;
  return { root: 'bad', written: shown, problem, ...(mend === undefined ? {} : { mend }) };
}
