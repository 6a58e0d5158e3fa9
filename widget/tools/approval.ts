import type { PageTool } from './page-tools.ts';

export interface ApprovalRules {
  /** Patterns of tools that always ask: exact bare names, or a prefix and one trailing `*`. */
  readonly requireConfirmFor: readonly string[];
  /** Patterns of tools that may run unasked if they also say that they only read. */
  readonly autoApprove: readonly string[];
  /** Fingerprints that the visitor allowed for this conversation. */
  readonly remembered: ReadonlySet<string>;
}

export type ApprovalVerdict =
  | { readonly ask: true; readonly canRemember: boolean }
  | { readonly ask: false; readonly approvedBy: 'visitor_always' | 'site_rule' };

/** Decides whether the visitor is asked. The page's hints can only add a question, never remove one. */
export function approvalFor(tool: PageTool, rules: ApprovalRules): ApprovalVerdict {
  const consequential =
    tool.annotations.consequentialHint === true ||
    rules.requireConfirmFor.some((pattern) => matches(pattern, tool.name));
  if (consequential) return { ask: true, canRemember: false };
  if (rules.remembered.has(tool.fingerprint)) return { ask: false, approvedBy: 'visitor_always' };
  const readOnly = tool.annotations.readOnlyHint === true;
  if (readOnly && rules.autoApprove.some((pattern) => matches(pattern, tool.name))) {
    return { ask: false, approvedBy: 'site_rule' };
  }
  return { ask: true, canRemember: true };
}

/** An exact bare name, or a prefix and one trailing `*`. Anything else in a pattern is a literal. */
function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
