import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../../protocol/limits.ts';
import { parseJson } from '../../server/guard/parse-json.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function verdict(body: string | Uint8Array): unknown {
  try {
    return { value: parseJson(typeof body === 'string' ? bytes(body) : body) };
  } catch (error) {
    return (error as Error).message;
  }
}

describe('JSON from a stranger', () => {
  test.each([
    ['an empty body', '', 'The body ends where a value is missing at character 1.'],
    ['white space alone', ' \n', 'The body ends where a value is missing at character 3.'],
    ['a byte order mark', '\ufeff{}', 'The body begins with a byte order mark.'],
    ['trailing data', '{} x', 'There is something after the JSON value at character 4.'],
    ['a second value', '{}{}', 'There is something after the JSON value at character 3.'],
    ['a trailing comma', '{"a":1,}', 'A key in double quotes is missing at character 8.'],
    ['a bare key', '{a:1}', 'A key in double quotes is missing at character 2.'],
    ['a missing colon', '{"a" 1}', 'A colon is missing at character 6.'],
    ['a missing comma', '[1 2]', 'A comma or a closing bracket is missing at character 4.'],
    ['a wrong bracket', '{"a":[1}', 'A comma or a closing bracket is missing at character 8.'],
    ['an end in an object', '{"a":1', 'The body ends too early at character 7.'],
    ['an end in a string', '"abc', 'The body ends inside a string at character 5.'],
    [
      'a raw line break in a string',
      '"a\nb"',
      'There is a character that a JSON string cannot hold at character 3.',
    ],
    ['an unknown escape', '"\\x41"', 'There is a character that a JSON string cannot hold at character 2.'],
    ['NaN', '[NaN]', 'A value is missing at character 2.'],
    ['a leading zero', '[01]', 'A comma or a closing bracket is missing at character 3.'],
    ['a key twice', '{"a":1,"b":2,"a":3}', 'A key stands twice in one object at character 14.'],
    ['a key twice, once escaped', '{"a":1,"\\u0061":2}', 'A key stands twice in one object at character 8.'],
    ['__proto__', '{"a":{"__proto__":{}}}', 'There is a key that no request may use at character 7.'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}', 'There is a key that no request may use at character 2.'],
    [
      'the prototype of a constructor',
      '{"constructor":{"prototype":{}}}',
      'There is a key that no request may use at character 17.',
    ],
  ])('%s is refused with its place', (_, body, message) => {
    expect(verdict(body)).toBe(message);
  });

  test('bytes that are no UTF-8 are refused with the place of the first', () => {
    expect(verdict(Uint8Array.of(0x22, 0xc3, 0xa9, 0xff, 0x22))).toBe(
      'The body is not UTF-8: byte 4 begins no character.',
    );
    expect(verdict(Uint8Array.of(0x22, 0xe2, 0x82))).toBe(
      'The body is not UTF-8: byte 3 begins no character.',
    );
  });

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('%s may nest to the limit and not one deeper', (_, open, close) => {
    const nested = (depth: number) => `${open.repeat(depth - 1)}[]${close.repeat(depth - 1)}`;
    expect(verdict(nested(MAX_JSON_DEPTH))).toHaveProperty('value');
    expect(verdict(nested(MAX_JSON_DEPTH + 1))).toContain('nested more than 64 levels deep');
    expect(verdict(nested(10_000))).toContain('nested more than 64 levels deep');
  });

  test.each([
    ['empty objects', (count: number) => `[${'{},'.repeat(count - 2)}{}]`],
    ['numbers', (count: number) => `[${'0,'.repeat(count - 2)}0]`],
    ['entries', (count: number) => `{${Array.from({ length: count - 1 }, (_, i) => `"${i}":0`).join()}}`],
  ])('a body may hold so many values and not one more: %s', (_, holding) => {
    expect(verdict(holding(MAX_JSON_VALUES))).toHaveProperty('value');
    expect(verdict(holding(MAX_JSON_VALUES + 1))).toContain('more than 50000 values');
  });

  test('lone surrogates, a property called constructor and equal keys of different objects are ordinary data', () => {
    const body = '{"a":"\\ud800","constructor":"Ferrari","b":{"a":1},"c":[{"a":1},{"a":2}],"prototype":1}';
    expect(verdict(body)).toEqual({ value: JSON.parse(body) });
  });

  test('everything else that JSON can say is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(undefined, 1, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        fc.pre(!text.includes('__proto__'));
        expect(verdict(JSON.stringify(value, null, indent))).toEqual({ value });
      }),
    );
  });

  test('whatever JSON.parse refuses is refused, for any damage to a good body', () => {
    const good =
      '{"messages":[{"role":"user","content":"h\\u00e9 \\"x\\""}],"n":[-1.5e+3,true,false,null,0]}';
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(3), fc.string({ maxLength: 2 }), (at, removed, inserted) => {
        const damaged = good.slice(0, at) + inserted + good.slice(at + removed);
        let parses = true;
        try {
          JSON.parse(damaged);
        } catch {
          parses = false;
        }
        if (parses) expect(String(verdict(damaged))).not.toMatch(/missing|ends|after|cannot hold/);
        else expect(verdict(damaged)).toEqual(expect.any(String));
      }),
      { numRuns: 2_000 },
    );
  });
});
