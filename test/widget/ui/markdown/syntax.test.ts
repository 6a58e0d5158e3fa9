import { describe, expect, test } from 'vitest';
import { draw, outline } from './draw.ts';

const inline: readonly [string, string][] = [
  ['plain', 'plain'],
  [
    '*a* _b_ **c** __d__ ***e***',
    '<em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em>',
  ],
  ['**bold *and* more**', '<strong>bold <em>and</em> more</strong>'],
  ['snake_case_name and 2 * 3 * 4', 'snake_case_name and 2 * 3 * 4'],
  ['~~gone~~ but ~5 to ~10 stay', '<del>gone</del> but ~5 to ~10 stay'],
  ['**“引用”**文字', '<strong>“引用”</strong>文字'],
  ['`code *raw* &amp;` and ``a ` b``', '<code>code *raw* &amp;amp;</code> and <code>a ` b</code>'],
  ['**open', '**open'],
  ['`open', '`open'],
  ['\\*no\\* \\<b\\> \\q', '*no* &lt;b&gt; \\q'],
  ['a  \nb\\\nc\nd', 'a<br>b<br>c\nd'],
  ['&lt;b&gt; &#65;&#x42; &nope; AT&T', '&lt;b&gt; AB &amp;nope; AT&amp;T'],
  ['<b>bold</b> <script>alert(1)</script>', '&lt;b&gt;bold&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;'],
  ['[a *b*](https://x.test/y "title")', '<a href="https://x.test/y">a <em>b</em></a>'],
  ['[a](<https://x.test/with space>)', '<a href="https://x.test/with%20space">a</a>'],
  ['[wiki](https://x.test/a_(b))', '<a href="https://x.test/a_(b)">wiki</a>'],
  ['*[a*](https://x.test/)', '*<a href="https://x.test/">a*</a>'],
  ['[not a link] [1]', '[not a link] [1]'],
  ['![a cat](https://x.test/cat.png)', '<a href="https://x.test/cat.png">a cat</a>'],
  ['[![badge](https://x.test/b.png)](https://x.test/)', '<a href="https://x.test/">badge</a>'],
  [
    'see https://x.test/a_b. And (https://x.test/c).',
    'see <a href="https://x.test/a_b">https://x.test/a_b</a>. And (<a href="https://x.test/c">https://x.test/c</a>).',
  ],
  ['**https://x.test/**', '<strong><a href="https://x.test/">https://x.test/</a></strong>'],
  [
    '<https://x.test/> <me@x.test>',
    '<a href="https://x.test/">https://x.test/</a> <a href="mailto:me@x.test">me@x.test</a>',
  ],
  [
    '[tel](tel:+491234) [mail](mailto:a@x.test)',
    '<a href="tel:+491234">tel</a> <a href="mailto:a@x.test">mail</a>',
  ],
];

describe('inline syntax', () => {
  test.each(inline)('%j', (source, expected) => {
    expect(outline(draw(source))).toBe(`<p>${expected}</p>`);
  });
});

const blocks: readonly [string, string][] = [
  ['# A\n## B ##\n###### F', '<h3>A</h3><h4>B</h4><h5>F</h5>'],
  ['### A\n### B\n##### C\n# D\n## E', '<h3>A</h3><h3>B</h3><h4>C</h4><h3>D</h3><h4>E</h4>'],
  ['#no', '<p>#no</p>'],
  ['a\nb\n\nc', '<p>a\nb</p><p>c</p>'],
  ['a\n---\nb', '<p>a</p><hr><p>b</p>'],
  ['- a\n- b\n\n- c', '<ul><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li></ul>'],
  ['3. a\n4. b', '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>'],
  [
    '- a\n  - b\n    - c\n- d',
    '<ul><li><p>a</p><ul><li><p>b</p><ul><li><p>c</p></li></ul></li></ul></li><li><p>d</p></li></ul>',
  ],
  ['1. a\n  - b\n2. c', '<ol><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>'],
  ['- a\n\n  b\n\nc', '<ul><li><p>a</p><p>b</p></li></ul><p>c</p>'],
  ['- a\n* b', '<ul><li><p>a</p></li></ul><ul><li><p>b</p></li></ul>'],
  ['it was in\n1986. A great year', '<p>it was in\n1986. A great year</p>'],
  ['> a\n> > b\nc\n\nd', '<blockquote><p>a</p><blockquote><p>b\nc</p></blockquote></blockquote><p>d</p>'],
  ['> - a\n> - b', '<blockquote><ul><li><p>a</p></li><li><p>b</p></li></ul></blockquote>'],
  ['```js\nlet a;\n\n<b>\n```\nafter', '<pre js><code>let a;\n\n&lt;b&gt;</code></pre><p>after</p>'],
  ['````\n```\n````', '<pre ><code>```</code></pre>'],
  ['~~~\nopen', '<pre ><code>open</code></pre>'],
  ['- a\n  ```\n  x\n    y\n  ```', '<ul><li><p>a</p><pre ><code>x\n  y</code></pre></li></ul>'],
  ['***', '<hr>'],
  ['- - -', '<hr>'],
  ['* * * a', '<ul><li><ul><li><ul><li><p>a</p></li></ul></li></ul></li></ul>'],
  ['a\r\nb\r\n\r\n- c\r\n', '<p>a\nb</p><ul><li><p>c</p></li></ul>'],
];

describe('blocks', () => {
  test.each(blocks)('%j', (source, expected) => {
    expect(outline(draw(source))).toBe(expected);
  });
});

test('a table has header cells with a scope, alignment, and as many cells in every row', () => {
  const target = draw('Prices:\n| a | b \\| c | d |\n|:--|:-:|--:|\n| 1 | `x` |\n| 1 | 2 | 3 | 4 |\n\nend');
  const cell = (tag: string, align: string, text: string) =>
    `<${tag} class="${align}"${tag === 'th' ? ' scope="col"' : ''}>${text}</${tag}>`;
  expect(outline(target)).toBe(
    `<p>Prices:</p><table><thead><tr>${cell('th', 'start', 'a')}${cell('th', 'center', 'b | c')}${cell('th', 'end', 'd')}</tr></thead>` +
      `<tbody><tr>${cell('td', 'start', '1')}${cell('td', 'center', '<code>x</code>')}${cell('td', 'end', '')}</tr>` +
      `<tr>${cell('td', 'start', '1')}${cell('td', 'center', '2')}${cell('td', 'end', '3')}</tr></tbody></table><p>end</p>`,
  );
});

test('tasks say whether they are done', () => {
  const tasks = [...draw('- [x] a\n- [ ] b').querySelectorAll('[role=img]')];
  expect(tasks.map((task) => task.getAttribute('aria-label'))).toEqual(['Done', 'To do']);
});

test('the panel that holds an answer keeps the only headings above the third level', () => {
  expect(draw('# a\n## b').querySelectorAll('h1, h2')).toHaveLength(0);
});
