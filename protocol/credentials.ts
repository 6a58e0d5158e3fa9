/** What an API key may be allowed to do something with. */
export const SCOPE_RESOURCES = [
  'DISPATCH',
  'TOOLS',
  'AGENTS',
  'FLOWS',
  'SECRETS',
  'TOKENS',
  'KEYS',
  'RECEIPTS',
  'METRICS',
] as const;
export type ScopeResource = (typeof SCOPE_RESOURCES)[number];

/** `READ` asks and changes nothing. */
export type ScopeAction = 'READ' | 'WRITE';

/** `*`, or a resource with `:READ`, `:WRITE`, or `:*` for both. */
export function isScope(scope: string): boolean {
  return scope === '*' || parsed(scope) !== undefined;
}

/** Whether these scopes allow an action, or all of another scope. */
export function allows(scopes: readonly string[], wanted: string): boolean {
  if (scopes.includes('*')) return true;
  const parts = parsed(wanted);
  if (parts === undefined) return false;
  const { resource, actions } = parts;
  return actions.every(
    (action) => scopes.includes(`${resource}:*`) || scopes.includes(`${resource}:${action}`),
  );
}

const ACTIONS: Readonly<Record<string, readonly ScopeAction[]>> = {
  '*': ['READ', 'WRITE'],
  READ: ['READ'],
  WRITE: ['WRITE'],
};

function parsed(
  scope: string,
): { readonly resource: string; readonly actions: readonly ScopeAction[] } | undefined {
  const [, resource = '', action = ''] = /^([A-Z]+):(\*|READ|WRITE)$/.exec(scope) ?? [];
  const actions = ACTIONS[action];
  return actions !== undefined && SCOPE_RESOURCES.some((known) => known === resource)
    ? { resource, actions }
    : undefined;
}
