import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readableText } from '../../server/tools/builtins/readable-html.ts';

const ADDRESS = 'https://shop.example/a/b';
const textOf = (html: string) => readableText(html, ADDRESS).text;

test('any text is read as a page, to its end, and no link leads elsewhere than the web', () => {
  const pieces = fc.constantFrom(
    '<p>',
    '</p>',
    '<a href=',
    '<a href="x">',
    "<a href='javascript:x'>",
    '</a>',
    '"',
    "'",
    '>',
    '<',
    '</',
    '<!--',
    '-->',
    '<!doctype',
    '<?x',
    '<script>',
    '</script>',
    '<style',
    '<title>',
    '</title>',
    '<head>',
    '<body>',
    '<main>',
    '</main>',
    '<div hidden>',
    '</div>',
    '<svg/>',
    '<pre>',
    '<br/>',
    '<td>',
    '&amp;',
    '&#0;',
    '&#xffffff;',
    '&nope;',
    'word ',
    '\n',
    '=',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 60 }), (parts) => {
      const { title, text } = readableText(parts.join(''), ADDRESS);
      expect([typeof title, typeof text]).toEqual(['string', 'string']);
      expect(text).not.toMatch(/\]\(javascript:/);
    }),
  );
});

test('what nobody sees on the page is not read', () => {
  const html = `
    <head><title>Shop</title><script>if (a < b) document.write("<p>no</p>")</script><style>p::after { content: "no" }</style></head>
    <p>yes<!-- no --> <span hidden>no <span>no</span> no</span><noscript>no</noscript><template><p>no</template>
    <svg><text>no</text></svg><span style="display: none">no</span><span aria-hidden="true">no</span></p><p>yes`;
  expect(textOf(html)).toBe('yes\n\nyes');
  expect(readableText(html, ADDRESS).title).toBe('Shop');
});

test('the main part is read alone, where it is more than a line', () => {
  const page = (main: string) =>
    `<nav>Menu</nav><main><h2>News</h2><p>${main}</p></main><footer>Imprint</footer>`;
  expect(textOf(page('word '.repeat(60)))).toBe(`## News\n\n${'word '.repeat(60).trim()}`);
  expect(textOf(page('short'))).toBe('Menu\n\n## News\n\nshort\n\nImprint');
});

test('tables, code, images and characters keep their sense', () => {
  const html = `<table><tr><th>Item<th>Price<tr><td>Mug<td>9&euro;</table><pre>if (a &lt; b)
    return;</pre><img alt="A blue &quot;mug&quot;"><base href="/c/"><a href="d">D</a> &#8220;x&#x201d; &Auml;&nope;`;
  expect(textOf(html)).toBe(
    [
      '| Item | Price',
      '| Mug | 9€',
      '',
      'if (a < b)',
      '    return;',
      '',
      '[image: A blue "mug"] [D](https://shop.example/c/d) “x” Ä&nope;',
    ].join('\n'),
  );
});

test('a page made to be endless work is given up in time', () => {
  const size = 300_000;
  for (const part of ['<a>', '<a href=x>y', '<', '<div hidden>', "<a ='", '<p>x', '</', ' ) ']) {
    expect(textOf(part.repeat(size / part.length)).length).toBeLessThan(2_000_000);
  }
});
