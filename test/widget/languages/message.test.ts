import { expect, test } from 'vitest';
import { format } from '../../../widget/languages/message.ts';

test('values stand in their places, numbers as the locale writes them', () => {
  expect(format('Trying again in {seconds} s.', { seconds: 1234.5 }, 'de')).toBe(
    'Trying again in 1.234,5 s.',
  );
  expect(format('Allow “{title}”?', { title: '{odd} # name' }, 'en')).toBe('Allow “{odd} # name”?');
});

test('a plural is chosen by the rules of its language', () => {
  const polish = '{count, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}';
  expect([1, 2, 5, 22].map((count) => format(polish, { count }, 'pl'))).toEqual([
    '1 plik',
    '2 pliki',
    '5 plików',
    '22 pliki',
  ]);
});

test('an exact number goes before the rule, and text stands around the choice', () => {
  const message = 'There {count, plural, =0 {is nothing} one {is # file} other {are # files}} here.';
  expect([0, 1, 3].map((count) => format(message, { count }, 'en'))).toEqual([
    'There is nothing here.',
    'There is 1 file here.',
    'There are 3 files here.',
  ]);
});

test('a choice by word falls back to other, and choices may stand inside each other', () => {
  const message = '{kind, select, image {{count, plural, one {an image} other {# images}}} other {a file}}';
  expect(format(message, { kind: 'image', count: 2 }, 'en')).toBe('2 images');
  expect(format(message, { kind: 'sound', count: 2 }, 'en')).toBe('a file');
});

test('an apostrophe is written twice or alone', () => {
  expect(format("l''heure, l'heure", {}, 'fr')).toBe("l'heure, l'heure");
});

test('a value that is missing leaves its name, and a message that nobody closed ends', () => {
  expect(format('{a} {b', {}, 'en')).toBe('{a} {b}');
});
