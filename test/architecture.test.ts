import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const ROOMS = ['protocol', 'widget', 'server', 'demo', 'bench'];

interface Source {
  readonly file: string;
  readonly text: string;
  /** Local imports as paths from the root, packages by name. Type-only imports are marked. */
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[];
}

const sources = ROOMS.flatMap((room) => read(join(ROOT, room)));

/** Who may import whom, for the walls that no compiler holds. `from` and `to` are path prefixes. */
const WALLS: readonly { from: string; not: readonly string[]; except?: readonly string[]; why: string }[] = [
  {
    from: 'protocol/',
    not: ['widget/', 'server/', 'demo/', 'test/'],
    why: 'the wire knows nobody who speaks it',
  },
  {
    from: 'widget/',
    not: ['server/', 'demo/', 'test/'],
    why: 'a SPA must not install one server dependency',
  },
  { from: 'server/', not: ['widget/', 'demo/', 'test/'], why: 'the server serves widgets of others too' },
  {
    from: 'demo/',
    not: ['server/', 'test/'],
    why: 'the demo is a page, and pages talk to the server over HTTP',
  },
  {
    from: 'widget/ui/',
    not: ['widget/transport/', 'widget/loader.ts'],
    why: 'the view sees the chat and nothing behind it',
  },
  {
    from: 'widget/chat/',
    not: ['widget/ui/', 'widget/transport/http-transport.ts'],
    why: 'the chat is driven in tests without a view or a network',
  },
  {
    from: 'widget/transport/',
    not: ['widget/chat/', 'widget/ui/', 'widget/tools/'],
    why: 'the transport carries, it does not decide',
  },
  {
    from: 'widget/tools/',
    not: ['widget/chat/', 'widget/ui/', 'widget/transport/'],
    why: 'the page tools serve any caller',
  },
  {
    from: 'server/dispatch/',
    not: [
      'server/routes/',
      'server/app.ts',
      'server/store/sql-store.ts',
      'server/store/sqlite.ts',
      'server/store/postgres.ts',
      'server/store/open-store.ts',
    ],
    why: 'the loop runs without HTTP and on any store',
  },
  {
    from: 'server/store/',
    not: ['server/routes/', 'server/dispatch/', 'server/app.ts'],
    why: 'the store keeps, it does not run',
  },
  {
    from: 'server/models/',
    not: ['server/routes/', 'server/dispatch/', 'server/store/'],
    why: 'a model sees one request',
  },
  {
    from: 'server/sdk/',
    not: [
      'server/tools/',
      'server/dispatch/',
      'server/store/',
      'server/routes/',
      'server/config/',
      'server/http/',
      'server/egress/',
      'server/sandbox/',
      'server/secrets/',
      'server/cli/',
      'node:',
    ],
    why: 'who calls the server, from Node or a Worker, has none of its code',
  },
  {
    from: 'server/cli/',
    not: ['server/dispatch/', 'server/routes/', 'server/tools/'],
    why: 'the command line speaks to a server as everybody else does, and opens a store only to set it up',
  },
  {
    from: 'server/tools/',
    not: ['server/routes/', 'server/app.ts', 'server/store/sql-store.ts', 'server/http/'],
    why: 'a tool runs for whoever calls it',
  },
];

/** Packages that one place owns. */
const VENDORS: readonly { vendor: RegExp; owners: readonly string[]; why: string }[] = [
  {
    vendor: /^(ai|@ai-sdk\/.*)$/,
    owners: ['server/models/'],
    why: 'the model SDK is replaceable and loaded only when configured',
  },
  { vendor: /^(libsql|kysely|pg)$/, owners: ['server/store/'], why: 'the engine is replaceable' },
  { vendor: /^(undici|ipaddr\.js)$/, owners: ['server/egress/'], why: 'one guarded way out for tools' },
  { vendor: /^quickjs-wasi/, owners: ['server/sandbox/'], why: 'the sandbox is replaceable' },
  { vendor: /^@modelcontextprotocol\//, owners: ['server/mcp/'], why: 'one client of MCP servers' },
  {
    vendor: /^(prom-client|@opentelemetry\/.*)$/,
    owners: ['server/telemetry/'],
    why: 'what is counted and traced is said by one observer',
  },
  { vendor: /^canonicalize$/, owners: ['protocol/canonical.ts'], why: 'there is one canonical form' },
  { vendor: /^file-type$/, owners: ['server/files/'], why: 'what a file is is told in one place' },
  { vendor: /^picomatch$/, owners: ['server/policy.ts'], why: 'patterns are matched behind one shape check' },
  { vendor: /^jiti$/, owners: ['server/config/'], why: 'only the operator\u2019s own file is ever executed' },
  {
    vendor: /^(react|react-dom|vue|svelte)(\/|$)/,
    owners: ['widget/react.ts', 'widget/vue.ts', 'demo/wrappers/'],
    why: 'a framework comes with the page that has it',
  },
  { vendor: /^preact|^@preact\//, owners: ['widget/', 'demo/'], why: 'the server draws nothing' },
  {
    vendor: /^hono|^@hono\//,
    owners: [
      'server/app.ts',
      'server/main.ts',
      'server/assets.ts',
      'server/routes/',
      'server/guard/',
      'server/guard.ts',
      'server/index.ts',
      'server/sse.ts',
      'server/http/',
      'bench/',
    ],
    why: 'HTTP stops at the edge',
  },
];

/** Words that stand in one file only. */
const SINGLE_PLACES: readonly { word: RegExp; within: string; owners: readonly string[]; why: string }[] = [
  {
    word: /\bfetch\(/,
    within: 'widget/',
    owners: ['widget/transport/http-transport.ts'],
    why: 'one way out of the page',
  },
  {
    word: /\b(document|navigator)\.modelContext/,
    within: 'widget/',
    owners: ['widget/tools/webmcp.ts', 'widget/tools/polyfill.ts'],
    why: 'one adapter knows the dialects',
  },
  {
    word: /process\.env\b/,
    within: 'server/',
    owners: ['server/main.ts', 'server/cli/main.ts', 'server/config/environment.ts'],
    why: 'secrets enter by one door',
  },
];

test.each(WALLS)('$from keeps its wall: $why', ({ from, not, except = [] }) => {
  const breaches = sources
    .filter(({ file }) => file.startsWith(from) && !except.includes(file))
    .flatMap(({ file, imports }) =>
      imports
        .filter(({ target }) => not.some((room) => target.startsWith(room)))
        .map(({ target }) => `${file} imports ${target}`),
    );
  expect(breaches).toEqual([]);
});

test.each(VENDORS)('$vendor is imported only where it belongs: $why', ({ vendor, owners }) => {
  const breaches = sources.flatMap(({ file, imports }) =>
    imports
      .filter(({ target }) => vendor.test(target) && !owners.some((owner) => file.startsWith(owner)))
      .map(({ target }) => `${file} imports ${target}`),
  );
  expect(breaches).toEqual([]);
});

test.each(SINGLE_PLACES)('$word stands in one place of $within: $why', ({ word, within, owners }) => {
  const breaches = sources
    .filter(
      ({ file, text }) =>
        file.startsWith(within) && !owners.includes(file) && word.test(withoutComments(text)),
    )
    .map(({ file }) => file);
  expect(breaches).toEqual([]);
});

test('what the visitor downloads never turns text into code or markup', () => {
  const sinks =
    /\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|eval\(|new Function\()/;
  const breaches = sources
    .filter(
      ({ file, text }) =>
        (file.startsWith('widget/') || file.startsWith('demo/')) && sinks.test(withoutComments(text)),
    )
    .map(({ file }) => file);
  expect(breaches).toEqual([]);
});

test('Node\u2019s modules stay out of what runs in a browser', () => {
  const breaches = sources
    .filter(({ file }) => /^(protocol|widget|demo)\//.test(file))
    .flatMap(({ file, imports }) =>
      imports.filter(({ target }) => target.startsWith('node:')).map(() => file),
    );
  expect(breaches).toEqual([]);
});

test('names and exports keep the house style', () => {
  const breaches = sources.flatMap(({ file, text }) => [
    ...(/(^|\/)(utils?|misc|helpers|common)(\.|\/)/.test(file)
      ? [`${file}: says nothing about what is in it`]
      : []),
    ...(/^export default/m.test(text) ? [`${file}: default export`] : []),
    ...(/\bas any\b|: any\b/.test(withoutComments(text)) ? [`${file}: any`] : []),
  ]);
  expect(breaches).toEqual([]);
});

function read(folder: string): Source[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : read(path);
    if (!/\.tsx?$/.test(entry.name)) return [];
    const text = readFileSync(path, 'utf8');
    return [{ file: relative(ROOT, path), text, imports: importsOf(path, text) }];
  });
}

function importsOf(path: string, text: string): Source['imports'] {
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...statements].map(([, typeOnly, statical, dynamic]) => {
    const target = statical ?? dynamic ?? '';
    return {
      target: target.startsWith('.') ? relative(ROOT, resolve(dirname(path), target)) : target,
      typeOnly: typeOnly !== undefined,
    };
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
