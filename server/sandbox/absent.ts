const NO_NETWORK = 'Code has no network: a tool of the type "external" makes requests.';
const NO_MODULES = 'Code has no modules: write what it needs into it.';
const NO_PROCESS = 'Code has no process and no environment: give it what it needs as parameters.';
const NO_TIMERS = 'Code has no timers: it runs until its value is there.';
const NO_PAGE = 'Code has no page: it runs on the server, alone.';
const NO_FILES = 'Code has no files: give it what it needs as parameters.';
const JAVASCRIPT_ONLY = 'Code has only what the language itself has.';

/** Names that code knows from elsewhere and that are not there, each with what to do instead. */
export const ABSENT: ReadonlyMap<string, string> = new Map([
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((name) => [name, NO_NETWORK] as const),
  ...['require', 'module', 'exports'].map((name) => [name, NO_MODULES] as const),
  ...['process', 'Deno', 'Bun', 'global', '__dirname', '__filename'].map(
    (name) => [name, NO_PROCESS] as const,
  ),
  ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => [name, NO_TIMERS] as const),
  ...['window', 'document', 'localStorage', 'sessionStorage', 'alert'].map(
    (name) => [name, NO_PAGE] as const,
  ),
  ['fs', NO_FILES],
  ...[
    'Buffer',
    'URL',
    'URLSearchParams',
    'TextEncoder',
    'TextDecoder',
    'crypto',
    'structuredClone',
    'Intl',
  ].map((name) => [name, JAVASCRIPT_ONLY] as const),
]);
