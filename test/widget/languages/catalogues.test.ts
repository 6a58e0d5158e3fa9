import { describe, expect, test } from 'vitest';

interface Catalogue {
  readonly messages: Readonly<Record<string, string>>;
}

const EARLY = import.meta.glob<Catalogue>('../../../widget/languages/early/*.ts', { eager: true });
const LATE = import.meta.glob<Catalogue>('../../../widget/languages/late/*.ts', { eager: true });

function byLanguage(files: Readonly<Record<string, Catalogue>>) {
  return Object.fromEntries(
    Object.entries(files).map(([path, { messages }]) => [path.replace(/^.*\/|\.ts$/g, ''), messages]),
  );
}

const early = byLanguage(EARLY);
const late = byLanguage(LATE);
const english = { ...early.en, ...late.en };

/** The values that a message is filled with, and the plural rules that it knows. */
function shapeOf(message: string) {
  const placeholders = [...message.matchAll(/\{\s*(\w+)\s*(?=[,}])/g)].map(([, name]) => name ?? '');
  const rules = [...message.matchAll(/\b(zero|one|two|few|many|other)\s*\{/g)].map(([, rule]) => rule ?? '');
  return { placeholders: [...new Set(placeholders)].sort(), rules: [...new Set(rules)].sort() };
}

function isBalanced(message: string): boolean {
  let depth = 0;
  for (const char of message) {
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

test('every language has both halves', () => {
  expect(Object.keys(late)).toEqual(Object.keys(early));
});

describe.each(Object.keys(early))('the messages in %s', (language) => {
  const messages: Readonly<Record<string, string>> = { ...early[language], ...late[language] };

  test('are all there, and none is empty', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort());
    expect(Object.entries(messages).filter(([, message]) => message.trim() === '')).toEqual([]);
  });

  test('take the values that the English ones take', () => {
    const off = Object.entries(messages).filter(
      ([key, message]) =>
        !isBalanced(message) ||
        String(shapeOf(message).placeholders) !== String(shapeOf(english[key] ?? '').placeholders),
    );
    expect(off).toEqual([]);
  });

  test('have the plurals of their language', () => {
    const rules = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    const off = Object.entries(messages)
      .filter(([, message]) => /,\s*plural\s*,/.test(message))
      .filter(([, message]) => String(shapeOf(message).rules) !== String(rules));
    expect(off).toEqual([]);
  });
});
