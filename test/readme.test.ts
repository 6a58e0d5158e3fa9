import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** Below the root, so that the packages are found. */
const FOLDER = join(ROOT, `.cache/readme-${process.pid}`);

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** The code of one section, block by block. */
function blocks(section: string): { readonly language: string; readonly code: string }[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const text = readme.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

test('what the README says of frameworks and of control from the page compiles', { timeout: 120_000 }, () => {
  const found = ['In your framework', 'Control it from the page']
    .flatMap(blocks)
    // What stands on its own; the rest goes on with names of the page's.
    .filter(({ language, code }) => /^tsx?$/.test(language) && /^(import|document\.)/.test(code));
  expect(found.length).toBeGreaterThanOrEqual(3);
  mkdirSync(FOLDER, { recursive: true });
  const files = found.map(({ language, code }, index) => {
    const name = `block-${index}.${language}`;
    const pragma = language === 'tsx' ? '/** @jsxImportSource react */\n' : '';
    writeFileSync(join(FOLDER, name), `${pragma}${code}\nexport {};\n`);
    return name;
  });
  const paths = Object.fromEntries(
    Object.entries({ '': 'index', '/react': 'react' }).map(([name, file]) => [
      `pagehand${name}`,
      [`../../widget/${file}.ts`],
    ]),
  );
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
