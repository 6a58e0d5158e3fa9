import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WHOLE_CONFIG } from './sdk/a-client.ts';
import { API_KEY, aServer, type TestServer } from './support/server.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const DEFINITIONS = [...read('docs/tools.md').matchAll(/^```json\n([\s\S]*?)^```/gm)]
  // A part of a request stands without its braces.
  .flatMap(([, json = '']) => (json.startsWith('{') ? [JSON.parse(json) as Record<string, unknown>] : []))
  .filter(({ name }) => typeof name === 'string');

let server: TestServer;
beforeAll(async () => {
  server = await aServer({ config: WHOLE_CONFIG });
});
afterAll(() => server.close());

test('the definitions that docs/tools.md shows are saved as they stand there', async () => {
  expect(DEFINITIONS.length).toBeGreaterThanOrEqual(5);
  for (const definition of DEFINITIONS) {
    // No test has the model that the example of a flow names, nor the tool that it only hints at.
    const body = JSON.stringify(definition)
      .replace('anthropic/claude-sonnet-5', 'offline')
      .replace('tool_…', 'saved:*');
    const answer = await server.request('steps' in definition ? '/v1/flows' : '/v1/tools', {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"id"')]);
  }
});

test.each([
  'README.md',
  'CONTRIBUTING.md',
  'docs/tools.md',
  'docs/scaling.md',
  'docs/theming.md',
  'docs/compared.md',
])('every link of %s to a chapter leads to one', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)\s]*)#([^)\s]+)\)/g)].filter(
    ([, path]) => !path?.includes(':'),
  );
  const lost = links.filter(([, path = '', chapter = '']) => {
    const target = path === '' ? file : join(dirname(file), path);
    return !chaptersOf(read(target)).includes(chapter);
  });
  expect(lost.map(([link]) => link)).toEqual([]);
});

/** As GitHub names the places of headings. */
function chaptersOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
