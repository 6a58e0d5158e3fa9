import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { TOKEN_NAMES } from '../widget/theme/token-kinds.ts';
import { TOKEN_MEANINGS, tokenDefaults } from '../widget/theme/tokens.ts';

const read = (file: string) => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8');

test('the documented tokens are those that there are, with their defaults', () => {
  const defaults = tokenDefaults(read('widget/theme/tokens.css'));
  const rows = TOKEN_NAMES.map((name) => {
    const { light = '', dark = '' } = defaults.get(name) ?? {};
    const value = light === dark ? `\`${light}\`` : `\`${light}\`, dark \`${dark}\``;
    return `| \`--ph-${name}\` | ${TOKEN_MEANINGS[name]} | ${value} |`;
  });
  const table = ['| token | is | default |', '|---|---|---|', ...rows].join('\n');
  const [, documented = ''] =
    /<!-- tokens -->\n([\s\S]*?)\n?<!-- \/tokens -->/.exec(read('docs/theming.md')) ?? [];
  // What this shows as expected goes between the two comments of the document.
  expect(documented).toBe(table);
});
