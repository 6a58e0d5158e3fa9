import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';

const SECRET = 'k/9+"é &<x>\n~Zq';

const FORMS: readonly (readonly [string, (secret: string) => string])[] = [
  ['as it is', (secret) => secret],
  ['in a URL', (secret) => encodeURIComponent(secret)],
  [
    'in a URL, in lower case',
    (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  ],
  ['in a form', (secret) => new URLSearchParams({ a: secret }).toString()],
  ['in JSON', (secret) => JSON.stringify({ secret })],
  ['in JSON in JSON', (secret) => JSON.stringify(JSON.stringify({ secret }))],
  ['in JSON with escaped slashes', (secret) => JSON.stringify({ secret }).replaceAll('/', '\\/')],
  [
    'in HTML',
    (secret) =>
      secret
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
  ],
  ['in base64', (secret) => Buffer.from(secret).toString('base64')],
  ['in base64url', (secret) => Buffer.from(secret).toString('base64url')],
  ['behind one other byte in base64', (secret) => Buffer.from(`:${secret}`).toString('base64')],
  ['in a basic header', (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
  ['amid of base64', (secret) => Buffer.from(`{"a":"${secret}","b":1}`).toString('base64url')],
  ['in base64 in a URL', (secret) => encodeURIComponent(Buffer.from(secret).toString('base64'))],
  ['in hexadecimal', (secret) => Buffer.from(secret).toString('hex')],
];

test.each(FORMS)('a secret is taken out of a text %s', (_, form) => {
  const scrubber = createScrubber([SECRET]);
  const told = scrubber.scrub(`before ${form(SECRET)} after`);
  expect(told).toMatch(/^before .*\[redacted\].* after$/);
  expect(told).not.toContain('Zq');
  expect(told).not.toContain(Buffer.from(SECRET).toString('base64').slice(4, 12));
});

test('no secret is left in any form, whatever it is made of and whatever stands around it', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 6, maxLength: 60, unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...FORMS.slice(0, 1), ...FORMS.slice(3, 7), ...FORMS.slice(8, 12)),
      (secret, before, after, [, form]) => {
        fc.pre(Buffer.from(secret).toString() === secret && !'[redacted]'.includes(secret.trim()));
        const told = createScrubber([secret]).scrub(`${before}\u0000${form(secret)}\u0000${after}`);
        expect(told).toContain('[redacted]');
        expect(told.includes(secret)).toBe(false);
      },
    ),
  );
});

test('overlapping secrets go together, and what is beside them stays', () => {
  const scrubber = createScrubber(['abcdefgh', 'efghijkl', 'abcdef']);
  expect(scrubber.scrub('1abcdefghijkl2 abcdef3')).toBe('1[redacted]2 [redacted]3');
  expect(scrubber.scrub('abcdefabcdef')).toBe('[redacted]');
});

test.each([
  `${'x'.repeat(200)} secret-value-of`,
  'secret…',
  'secret-value-o ... (cut)',
  'secret-v\n… (cut: it was long)',
])('the beginning of a secret that was cut goes too: %j', (end) => {
  const scrubber = createScrubber(['secret-value-of-somebody']);
  expect(scrubber.scrub(`It said: ${end}`)).toMatch(/^It said: (x+ )?\[redacted\]/);
  expect(scrubber.scrub(`It said: ${end}`)).not.toContain('secret');
  expect(scrubber.scrub('It said: secret-value.')).toBe('It said: secret-value.');
});

test('the label of a credential stays readable, more of it does not', () => {
  const scrubber = createScrubber(['sk_live_abcdefghijklmnop', 'ct_test_abcdefghijklmnop']);
  expect(scrubber.scrub('by sk_live_ab… over ct_test_ab…')).toBe('by sk_live_ab… over ct_test_ab…');
  expect(scrubber.scrub('by sk_live_abcdefgh…')).toBe('by [redacted]…');
});

test('a name that is the beginning of a secret stays what it is', () => {
  const scrubber = createScrubber(['weather-key-of-somebody']);
  expect(scrubber.scrubValue({ toolName: 'weather' })).toEqual({ toolName: 'weather' });
});

test('values too short to tell from other words are not looked for', () => {
  const scrubber = createScrubber(['token', '']);
  expect(scrubber.scrub('the token')).toBe('the token');
});

test('a secret is looked for as long as somebody holds it', () => {
  const scrubber = createScrubber([]);
  const first = scrubber.hold(['first-secret', 'shared-secret']);
  const second = scrubber.hold(['shared-secret']);
  first();
  first();
  expect(scrubber.scrub('first-secret shared-secret')).toBe('first-secret [redacted]');
  second();
  expect(scrubber.scrub('first-secret shared-secret')).toBe('first-secret shared-secret');
});

test('letting go of one secret keeps those that look alike', () => {
  const scrubber = createScrubber(['prefix-one']);
  const letGo = scrubber.hold(['prefix-one ', 'prefix-two']);
  letGo();
  expect(scrubber.scrub('prefix-one prefix-two')).toBe('[redacted] prefix-two');
});

test('a JSON value is scrubbed in its texts, its numbers and its keys, and nothing gets lost', () => {
  const scrubber = createScrubber(['secret-1', 'secret-2', '123456789']);
  expect(
    scrubber.scrubValue({ a: [{ b: 'x secret-1' }, 123456789, null, true], 'secret-1': 1, 'secret-2': 2 }),
  ).toEqual({ a: [{ b: 'x [redacted]' }, '[redacted]', null, true], '[redacted]': 1, '[redacted] 2': 2 });
  const clean = { a: [1, { b: 'c' }], ['__proto__']: { d: 'e' } };
  expect(scrubber.scrubValue(clean)).toBe(clean);
});

test('a key named __proto__ stays a key', () => {
  const scrubber = createScrubber(['secret-1']);
  const value: unknown = JSON.parse('{"__proto__": {"a": "secret-1"}}');
  expect(JSON.stringify(scrubber.scrubValue(value))).toBe('{"__proto__":{"a":"[redacted]"}}');
});

test('a text that repeats a secret that repeats itself goes as a whole, at once', () => {
  const scrubber = createScrubber([`${'ab'.repeat(16_000)}c`]);
  expect(scrubber.scrub(`before ${'ab'.repeat(2_000_000)} after`)).toBe('[redacted]');
  expect(scrubber.scrub(`before ${'ab'.repeat(16_000)}c after`)).toBe('[redacted]');
}, 20_000);
