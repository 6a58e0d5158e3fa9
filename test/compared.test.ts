import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const DOCS = resolve(import.meta.dirname, '../docs');

const page = readFileSync(resolve(DOCS, 'compared.md'), 'utf8');

const [heads = [], ...rows] = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
  .map((line) => line.slice(1, -1).split('|'))
  .map((cells) => cells.map((cell) => cell.trim()));

const features = rows.filter(([name]) => name !== '');

test('every row says something of every chat', () => {
  expect(features.length).toBeGreaterThan(50);
  for (const cells of features) {
    expect(cells, cells[0]).toHaveLength(heads.length);
    expect(
      cells.filter((cell) => cell === ''),
      cells[0],
    ).toEqual([]);
  }
});

test('what we have names what shows it, and what we have not says why', () => {
  for (const [name, own = ''] of features) {
    expect(own, name).toMatch(/^(yes(, [^:]+)?: \[.+\]\(.+\)|no: .{10,})/);
  }
});

test('what is named exists', () => {
  const targets = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  const files = targets.filter((target) => !target.startsWith('https:'));
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => !existsSync(resolve(DOCS, file)))).toEqual([]);
});

test('whatever is said of another chat has its source, and every source is of use', () => {
  for (const [name, , ...others] of features) {
    for (const cell of others) expect(cell, name).toMatch(/^\?$|\[\^[\w-]+\]$/);
  }
  const named = new Set([...page.matchAll(/\[\^([\w-]+)\](?!:)/g)].map(([, id]) => id));
  const given = [...page.matchAll(/^\[\^([\w-]+)\]:/gm)].map(([, id]) => id);
  expect([...named].sort()).toEqual([...given].sort());
});
