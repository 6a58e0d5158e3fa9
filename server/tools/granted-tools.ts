import type { ToolBinding } from './kind.ts';
import { savedName } from './tool-id.ts';
import { matchesAny } from './tool-pattern.ts';

/** A tool that somebody has, as far as it decides who else may have it. */
export interface Grantable {
  /** Canonical. */
  readonly name: string;
  readonly origin: 'server' | 'sdk' | 'webmcp';
  readonly binding: ToolBinding | undefined;
}

/**
 * Whether a child may have a tool of its parent by these names, ids and patterns. Tools of the client stay with the
 * parent. A pattern gives no tool that makes children of its own: such a one is meant by its whole name.
 */
export function isGranted({ name, origin, binding }: Grantable, patterns: readonly string[]): boolean {
  if (origin !== 'server') return false;
  const id = binding?.kind === 'defined' ? binding.id : null;
  const names = id === null ? [name] : [name, savedName(name), id];
  if (names.some((one) => patterns.includes(one))) return true;
  return !isDelegating(binding) && names.some((one) => matchesAny(patterns, one));
}

/** Whether its calls make children. */
export function isDelegating(binding: ToolBinding | undefined): boolean {
  if (binding?.kind === 'defined') return binding.definition.toolType === 'subagent';
  return binding?.kind === 'spawn_subagent';
}
