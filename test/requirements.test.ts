import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { REQUIREMENTS } from './requirements.ts';

const TESTS = import.meta.dirname;

/** A literal that ends with numbers in brackets: the name of a test or a row of its table. */
const NAME_WITH_NUMBERS = /['"`]([^'"`\n]{3,}?) ?\[(R\d+x?-\d+b?(?:, ?R\d+x?-\d+b?)*)\]['"`]/g;

/** Numbers by the tests that have them at the end of their name. */
const shown = testsByNumber();

test('every requirement of the server tools has a test that drives it', () => {
  const rows = Object.entries(REQUIREMENTS).map(([number, sentence]) => {
    const [first = 'NOTHING', ...others] = shown.get(number) ?? [];
    return `${number.padEnd(7)} ${sentence}\n        ${first}${others.length === 0 ? '' : `, and ${others.length} more`}`;
  });
  console.log(rows.join('\n'));
  expect(Object.keys(REQUIREMENTS).filter((number) => !shown.has(number))).toEqual([]);
});

test('a number in the name of a test is one of the requirements', () => {
  const known = new Set(Object.keys(REQUIREMENTS));
  expect([...shown.keys()].filter((number) => !known.has(number))).toEqual([]);
});

function testsByNumber(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of filesIn(TESTS)) {
    const text = readFileSync(file, 'utf8');
    for (const [, name = '', tags = ''] of text.matchAll(NAME_WITH_NUMBERS)) {
      for (const number of tags.match(/R\d+x?-\d+b?/g) ?? []) {
        const title = `${relative(resolve(TESTS, '..'), file)} “${name.trim()}”`;
        found.set(number, [...(found.get(number) ?? []), title]);
      }
    }
  }
  return found;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return /\.(test\.tsx?|ts)$/.test(entry.name) && entry.name !== 'requirements.ts' ? [path] : [];
  });
}
