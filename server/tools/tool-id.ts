import { ID_PREFIX } from '../../protocol/ids.ts';
import { BUILTIN_PREFIX } from './builtins/builtins.ts';

export const MCP_PREFIX = 'mcp:';
export const SAVED_PREFIX = ID_PREFIX.tool;
/** Of a saved tool, by its name. */
export const NAMED_PREFIX = 'saved:';

/** What an entry of `toolIds` names. */
export type ToolId =
  | { readonly kind: 'saved'; readonly id: string }
  /** A saved one by its name, which is the same in every environment. `*`: all of the workspace. */
  | { readonly kind: 'named'; readonly id: string; readonly name: string }
  | { readonly kind: 'builtin'; readonly id: string; readonly name: string }
  | {
      readonly kind: 'mcp';
      readonly id: string;
      readonly server: string;
      /** `*`: all. */
      readonly tool: string;
    };

/** `undefined`: it has none of the forms. */
export function readToolId(id: string): ToolId | undefined {
  if (id.startsWith(SAVED_PREFIX)) return { kind: 'saved', id };
  if (id.startsWith(NAMED_PREFIX)) return { kind: 'named', id, name: id.slice(NAMED_PREFIX.length) };
  if (id.startsWith(BUILTIN_PREFIX)) return { kind: 'builtin', id, name: id.slice(BUILTIN_PREFIX.length) };
  const [, server, tool] = /^mcp:([A-Za-z0-9_.-]{1,64}):(.+)$/s.exec(id) ?? [];
  return server === undefined || tool === undefined ? undefined : { kind: 'mcp', id, server, tool };
}

export function savedName(name: string): string {
  return `${NAMED_PREFIX}${name}`;
}

export function mcpName(server: string, tool: string): string {
  return `${MCP_PREFIX}${server}:${tool}`;
}

/** A canonical name as its author gave it, without what the server put before it. */
export function bareName(canonicalName: string): string {
  const id = readToolId(canonicalName);
  if (id?.kind === 'builtin') return id.name;
  return id?.kind === 'mcp' ? id.tool : canonicalName;
}
