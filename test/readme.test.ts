import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** Below the root, so that the packages are found. */
const FOLDER = join(ROOT, `.cache/readme-${process.pid}`);

/** As much of Node as examples use: all of its types would stand beside those of the browser. */
const NODE = `declare const process: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): void };
};
`;

/** Chapters for whoever runs a server or calls one. */
const ON_SERVERS = ['Give it your own API', 'Call it from a server'];

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

interface Block {
  readonly language: string;
  readonly code: string;
}

/** The code of one section, block by block. */
function blocks(section: string, file = 'README.md'): readonly Block[] {
  const document = readFileSync(join(ROOT, file), 'utf8');
  const text = document.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

test('what the README says of frameworks, of control from the page, of tools and of the SDK compiles, as does docs/tools.md', {
  timeout: 120_000,
}, () => {
  const found = ['In your framework', 'Control it from the page', ...ON_SERVERS]
    .flatMap((section) => blocks(section))
    .concat(blocks('The SDK', 'docs/tools.md'))
    // What stands on its own; the rest goes on with names of the page's.
    .filter(({ language, code }) => /^tsx?$/.test(language) && /^(import|document\.)/.test(code));
  expect(found.length).toBeGreaterThanOrEqual(6);
  mkdirSync(FOLDER, { recursive: true });
  const files = found.map(({ language, code }, index) => {
    const name = `block-${index}.${language}`;
    const pragma = language === 'tsx' ? '/** @jsxImportSource react */\n' : '';
    writeFileSync(join(FOLDER, name), `${pragma}${code}\n${NODE}export {};\n`);
    return name;
  });
  const paths = {
    pagehand: ['../../widget/index.ts'],
    'pagehand/react': ['../../widget/react.ts'],
    '@pagehand/server/sdk': ['../../server/sdk/index.ts'],
  };
  const config = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      composite: false,
      declaration: false,
      emitDeclarationOnly: false,
      noEmit: true,
      allowImportingTsExtensions: true,
      rootDir: ROOT,
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      types: ['vite/client'],
      jsx: 'react-jsx',
      jsxImportSource: 'preact',
      paths,
    },
    files,
  };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', FOLDER], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
