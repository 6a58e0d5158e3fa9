import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { canonicalContent, NotCanonical } from '../../protocol/canonical.ts';

/** As server and SDK make it. */
const contentHash = (content: Parameters<typeof canonicalContent>[0]) =>
  createHash('sha256').update(canonicalContent(content)).digest('hex');

const weather = {
  toolType: 'external',
  description: 'Fetch the current weather for a city',
  parametersSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  config: { url: 'https://api.example.com/weather?q={{city}}', method: 'GET' },
} as const;

test('a definition has the canonical form and the hash that every implementation must give', () => {
  expect(canonicalContent(weather)).toBe(
    '{"config":{"method":"GET","url":"https://api.example.com/weather?q={{city}}"},"description":"Fetch the current weather for a city","parametersSchema":{"properties":{"city":{"type":"string"}},"required":["city"],"type":"object"},"toolType":"external"}',
  );
  expect(contentHash(weather)).toBe('7fbdd36f8fc8fee7f66ce4e8a3848779fd87357081acb2457485a721ea960a4f');
});

test('a space more is another content, and so is a header, whatever the case of its name', () => {
  expect(contentHash({ ...weather, description: `${weather.description} ` })).toBe(
    '10ee11bf33000e6f52c40e3c6875ad3f6c0dbe25a5f2745d90352220acc6d32f',
  );
  for (const name of ['authorization', 'Authorization']) {
    const config = { ...weather.config, headers: { [name]: 'Bearer {{secret:WEATHER_KEY}}' } };
    expect(contentHash({ ...weather, config })).toBe(
      '35652fc5596717fa40db6c85c1374cfc55a253175d10467a37181d9a9413df56',
    );
  }
});

test('the order of keys and fields without a value do not matter', () => {
  const config = { method: 'GET', url: weather.config.url, timeout: undefined };
  expect(contentHash({ ...weather, config })).toBe(contentHash(weather));
});

test.each([
  ['a number that is not finite', { size: Number.NaN }],
  ['half a character', { text: '\ud800' }],
  ['too deep a nesting', JSON.parse(`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`)],
  ['too many characters', { text: 'x'.repeat(300_000) }],
])('%s has no canonical form', (_, config) => {
  expect(() => canonicalContent({ ...weather, config })).toThrow(NotCanonical);
});
