import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draw, drawOpen, outline, startDrawing } from './draw.ts';

const ANSWER = `# Mugs

We have **two** kinds, *both* glazed. See [the shop](https://x.test/) and \`code\`.

1. Blue
   - small
   - large

   With a paragraph.
2. Green

| Name | Price |
|------|------:|
| Blue | 12 |
| Green | 9 |

> A quote
> - with a list

\`\`\`js
const a = 1;

const b = 2;
\`\`\`

- [x] done
- [ ] open

---

The end.
`;

const SYNTAX = fc.constantFrom(
  ...[
    '**',
    '*',
    '_',
    '~~',
    '`',
    '```',
    '```js\n',
    '[',
    ']',
    '](',
    ')',
    'https://x.test',
    '<',
    '>',
    '> ',
    '- ',
    '1. ',
    '# ',
  ],
  ...[
    '| a | b |',
    '\n|---|---|\n',
    '|',
    '---',
    '\n',
    '\n\n',
    '  ',
    '    ',
    '\t',
    '\\',
    '&amp;',
    '&',
    '!',
    '[ ] ',
    '\r\n',
    'a',
    'word ',
  ],
);
const text = fc.array(
  fc.oneof({ weight: 5, arbitrary: SYNTAX }, fc.string({ unit: 'grapheme', maxLength: 4 })),
  { maxLength: 40 },
);

function stream(parts: readonly string[]): Element {
  const { target, drawing } = startDrawing();
  let shown = '';
  for (const part of parts) {
    shown += part;
    drawing.update(shown, false);
  }
  drawing.update(shown, true);
  target.remove();
  return target;
}

test('any text ends up the same, in whatever pieces it came', () => {
  fc.assert(
    fc.property(text, (parts) => {
      expect(stream(parts).innerHTML).toBe(draw(parts.join('')).innerHTML);
    }),
    { numRuns: 1500 },
  );
});

test('an answer ends up the same when it comes character by character', () => {
  expect(stream([...ANSWER]).innerHTML).toBe(draw(ANSWER).innerHTML);
});

test('what is finished is never touched again', () => {
  const { target, drawing } = startDrawing();
  const touched = new Set<Node>();
  const observer = new MutationObserver((records) => {
    for (const record of records) touched.add(record.target);
  });
  const finished: { node: Element; html: string }[] = [];
  for (let end = 1; end <= ANSWER.length; end += 1) {
    drawing.update(ANSWER.slice(0, end), false);
    // All but the last block, one update after it ceased to be the last.
    const known = finished.length;
    for (const node of [...target.children].slice(known, -2)) {
      observer.observe(node, { attributes: true, childList: true, characterData: true, subtree: true });
      finished.push({ node, html: node.outerHTML });
    }
  }
  drawing.update(ANSWER, true);
  for (const record of observer.takeRecords()) touched.add(record.target);
  expect(finished.length).toBeGreaterThan(5);
  expect([...touched]).toEqual([]);
  expect(finished.map(({ node }) => node)).toEqual([...target.children].slice(0, finished.length));
  target.remove();
});

test('finished items of an open list and finished rows of an open table keep their nodes', () => {
  const { target, drawing } = startDrawing();
  drawing.update('- one\n- two\n- th', false);
  const items = [...target.querySelectorAll('li')].slice(0, 2);
  drawing.update('- one\n- two\n- three\n- four\n- five', false);
  expect([...target.querySelectorAll('li')].slice(0, 2)).toEqual(items);

  const table = '| a |\n|---|\n| 1 |\n| 2 |\n';
  drawing.update(table, false);
  const rows = [...target.querySelectorAll('tbody tr')];
  drawing.update(`${table}| 3 |\n| 4`, false);
  expect([...target.querySelectorAll('tbody tr')].slice(0, 1)).toEqual(rows.slice(0, 1));
  target.remove();
});

test('the paragraph that is growing keeps the text node in which a reader may have selected', () => {
  const { target, drawing } = startDrawing();
  drawing.update('some **bold** words', false);
  const nodes = [...(target.firstElementChild?.childNodes ?? [])];
  drawing.update('some **bold** words and more', false);
  expect([...(target.firstElementChild?.childNodes ?? [])]).toEqual(nodes);
  target.remove();
});

test('a text that is not the continuation of the one before is drawn anew', () => {
  const { target, drawing } = startDrawing();
  drawing.update('one\n\ntwo', false);
  drawing.update('other', false);
  expect(target.innerHTML).toBe('<p>other</p>');
  target.remove();
});

describe('syntax that is half there', () => {
  test.each([
    ['**bo', '<p><strong>bo</strong></p>'],
    ['**bold*', '<p><strong>bold</strong></p>'],
    ['a *', '<p>a </p>'],
    ['a `co', '<p>a <code>co</code></p>'],
    ['~~go', '<p><del>go</del></p>'],
    ['see [the sho', '<p>see the sho</p>'],
    ['see [the shop]', '<p>see the shop</p>'],
    ['see [the shop](https://x.te', '<p>see the shop</p>'],
    ['see https://x.te', '<p>see https://x.te</p>'],
    ['a &am', '<p>a </p>'],
    ['a\n\n#', '<p>a</p>'],
    ['a\n\n-', '<p>a</p>'],
    ['a\n\n12', '<p>a</p>'],
    ['a\n\n``', '<p>a</p>'],
    ['a\n\n```py', '<p>a</p>'],
    ['```\nx\n``', '<pre ><code>x</code></pre>'],
    ['a\n\n| x | y |', '<p>a</p>'],
    ['a\n\n| x | y |\n|--', '<p>a</p>'],
    ['5*3 and 2*', '<p>5*3 and 2</p>'],
  ])('%j shows no raw marks', (source, expected) => {
    expect(outline(drawOpen(source)).replace(/<p><\/p>$/, '')).toBe(expected);
  });

  test('is shown as written once no more is to come', () => {
    expect(draw('a\n\n| x | y |').textContent).toBe('a| x | y |');
    expect(draw('see [the sho').textContent).toBe('see [the sho');
    expect(draw('42').textContent).toBe('42');
  });
});

describe('hostile lengths', () => {
  const N = 30_000;
  const texts: Record<string, string> = {
    stars: '*'.repeat(N),
    'stars with words': '*a '.repeat(N),
    'stars both ways': 'a**b'.repeat(N),
    'mixed marks': '*_~~'.repeat(N),
    brackets: '['.repeat(N),
    'bracket pairs': '[]'.repeat(N),
    'link starts': '[a]('.repeat(N),
    'link starts with titles': '[a](b "'.repeat(N),
    'closing brackets': `${'['.repeat(N)}${']'.repeat(N)}`,
    backticks: '`'.repeat(N),
    'backticks of all lengths': Array.from({ length: 300 }, (_, i) => `${'`'.repeat(i)} `).join(''),
    quotes: '>'.repeat(N),
    'deep quotes': '> '.repeat(N),
    'deep list': '- '.repeat(N),
    'staircase of items': Array.from({ length: 500 }, (_, i) => `${' '.repeat(i * 2)}- a`).join('\n'),
    'angle brackets': '<'.repeat(N),
    entities: '&'.repeat(N),
    'closing parentheses': `https://x.test/${')'.repeat(N)}`,
    urls: 'https://'.repeat(N / 4),
    pipes: `${'|'.repeat(N)}\n${'|-'.repeat(N)}|`,
    'delimiter rows': '| a |\n|---|\n'.repeat(N / 10),
    spaces: `#${' '.repeat(N)}#${' '.repeat(N)}a`,
    backslashes: '\\'.repeat(N),
  };
  test.each(Object.entries(texts))(
    '%s are read in one go, nested no deeper than a stack stands',
    (_, source) => {
      const target = draw(source);
      let depth = 0;
      for (let node = target.firstElementChild; node !== null; node = node.lastElementChild) depth += 1;
      expect(depth).toBeLessThan(64);
      drawOpen(source);
    },
  );
});
