import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draw } from './draw.ts';

const NOWHERE = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'blob:1',
  'file:///etc/passwd',
  'intent://x',
  'https://',
];

test.each(NOWHERE)('a link to %j is shown as its text', (url) => {
  for (const source of [`[go](${url})`, `[go](<${url}>)`, `![go](${url})`, `<${url}>`]) {
    expect(draw(source).querySelectorAll('a'), source).toHaveLength(0);
  }
});

test('a link opens elsewhere and vouches for nothing', () => {
  const link = draw('[a](https://x.test/)').querySelector('a');
  expect(link?.target).toBe('_blank');
  expect(link?.rel).toBe('noopener noreferrer nofollow ugc');
});

test.each([
  ['[paypal.com](https://evil.test/login)', 'paypal.com (evil.test)'],
  ['[https://paypal.com](https://evil.test/)', 'https://paypal.com (evil.test)'],
  ['https://paypal.com@evil.test/', 'https://paypal.com@evil.test/ (evil.test)'],
  ['[www.x.test](https://x.test/a)', 'www.x.test'],
  ['[the shop](https://x.test/)', 'the shop'],
  ['https://x.test/a', 'https://x.test/a'],
])('%s is shown as %s', (source, text) => {
  expect(draw(source).querySelector('a')?.textContent).toBe(text);
});

const ALLOWED =
  'A BLOCKQUOTE BR BUTTON CODE DEL DIV EM H3 H4 H5 H6 HR LI OL P PRE SPAN STRONG TABLE TBODY TD TH THEAD TR UL';

test('no text makes an element or attribute of its own', () => {
  const pieces = fc.constantFrom(
    '<img src=x onerror=alert(1)>',
    '<script>',
    '<a href="javascript:alert(1)">',
    '](javascript:alert(1))',
    '[x](https://a.test "onclick=")',
    '![',
    '**',
    '`',
    '\n',
    '|',
    '- ',
    '&lt;script&gt;',
    '<svg/onload=alert(1)>',
    'style="color:red"',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), (parts) => {
      for (const node of draw(parts.join('')).querySelectorAll('*')) {
        expect(ALLOWED.split(' ')).toContain(node.tagName);
        for (const { name, value } of node.attributes) {
          expect(name).not.toMatch(/^on|^style$|^src$|^id$/);
          if (name === 'href') expect(value).toMatch(/^(https?|mailto|tel):/);
        }
      }
    }),
  );
});

test('rows that say little become little, however wide their table is', () => {
  const columns = '|x'.repeat(60);
  const target = draw(`${columns}|\n${'|-'.repeat(60)}|\n${'|\n'.repeat(500)}`);
  expect(target.querySelectorAll('tbody tr')).toHaveLength(500);
  expect(target.querySelectorAll('td').length).toBeLessThan(1_100);
});
