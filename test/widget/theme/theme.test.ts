import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import { PRESETS } from '../../../demo/theme/presets.ts';
import { applyTheme } from '../../../widget/theme/apply-theme.ts';
import { contrast, readColour } from '../../../widget/theme/contrast.ts';
import { TOKEN_KINDS, TOKEN_NAMES } from '../../../widget/theme/token-kinds.ts';
import css from '../../../widget/theme/tokens.css?inline';
import { COLOUR_PAIRS, TOKEN_MEANINGS, tokenDefaults } from '../../../widget/theme/tokens.ts';
import { drawn, fakeChat, hideAll, show } from '../ui/fake-chat.ts';

const said: string[] = [];

beforeEach(async () => {
  await page.viewport(1280, 800);
  said.length = 0;
  vi.spyOn(console, 'error').mockImplementation((sentence) => void said.push(String(sentence)));
});
afterEach(() => {
  hideAll();
  vi.restoreAllMocks();
});

function themed(theme: unknown, scheme: 'light' | 'dark' = 'light') {
  const { root, view } = show(fakeChat(), { theme: scheme });
  applyTheme(root, [theme, scheme], view);
  const probe = document.createElement('i');
  view.append(probe);
  return {
    root,
    view,
    colour(token: string) {
      probe.style.color = `color-mix(in srgb, var(--${token}) 100%, transparent 0%)`;
      const colour = readColour(getComputedStyle(probe).color);
      if (colour === undefined) throw new Error(`--${token} is no colour.`);
      return colour;
    },
    style: () => getComputedStyle(view),
  };
}

test('the sheet, the kinds and the meanings name the same tokens', () => {
  expect([...tokenDefaults(css).keys()].sort()).toEqual([...TOKEN_NAMES].sort());
  expect(Object.keys(TOKEN_MEANINGS).sort()).toEqual([...TOKEN_NAMES].sort());
});

test('every default is a value that its token takes', () => {
  for (const [name, { light, dark }] of tokenDefaults(css)) {
    const property = TOKEN_KINDS[name as keyof typeof TOKEN_KINDS];
    for (const value of [light, dark]) expect(CSS.supports(property, value), `${name}: ${value}`).toBe(true);
  }
});

describe.each(PRESETS)('in the preset $name', ({ theme }) => {
  test.each(['light', 'dark'] as const)('%s colours can be told from each other', (scheme) => {
    const { colour } = themed(theme, scheme);
    for (const { colour: name, on, least } of COLOUR_PAIRS) {
      expect(contrast(colour(name), colour(on)), `${name} on ${on}`).toBeGreaterThanOrEqual(least);
    }
    expect(said).toEqual([]);
  });
});

test('a token is set by its name, with or without its beginning, and light and dark may differ', () => {
  const theme = { tokens: { '--ph-text': { light: '#010203', dark: '#fafbfc' }, radius: '3px' } };
  expect(themed(theme, 'light').style().color).toBe('rgb(1, 2, 3)');
  const { view, style } = themed(theme, 'dark');
  expect(style().color).toBe('rgb(250, 251, 252)');
  expect(getComputedStyle(view.querySelector('.panel') as Element).borderTopLeftRadius).toBe('3px');
});

test.each([
  [{ tokens: { acent: 'red' } }, 'no token "acent"; the nearest is "accent"'],
  [{ tokens: { accent: 'bluish' } }, '"accent" is no color: "bluish"'],
  [{ tokens: { shadow: 'url(https://x.test/a)' } }, '"shadow" must not load'],
  [{ tokens: { font: 'x; color: red' } }, '"font" must not load or escape'],
  [{ tokens: { font: 'u\\72l(x)' } }, 'must not load or escape'],
  [{ tokens: { accent: { light: '#000' } } }, '"accent" must be a text'],
  [{ tokens: { radius: 7 } }, '"radius" must be a text'],
  [{ density: 'huge' }, '"theme.density" must be'],
  ['{"tokens"', '"theme" must be'],
  [{ hostAccent: '--nowhere' }, 'no colour in --nowhere'],
])('%j is named in the console and the rest stands', (theme, sentence) => {
  const rest =
    typeof theme === 'string'
      ? theme
      : { ...theme, tokens: { ...('tokens' in theme ? theme.tokens : {}), good: '#123456' } };
  const { colour } = themed(rest);
  expect(said.join(' ')).toContain(sentence);
  if (typeof rest !== 'string')
    expect(colour('good').map((part) => Math.round(part * 255))).toEqual([0x12, 0x34, 0x56]);
});

test.each(['#ffe14d', '#1f5fbf', '#111111', 'oklch(0.85 0.2 110)', 'rgb(255 255 255)'])(
  'on the accent %s the text is chosen by its contrast',
  (accent) => {
    for (const scheme of ['light', 'dark'] as const) {
      const { colour } = themed({ tokens: { accent, bubble: accent } }, scheme);
      expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colour('on-bubble'), colour('bubble'))).toBeGreaterThanOrEqual(4.5);
    }
  },
);

test.each(['#ffe14d', '#0b1f4b', '#808080'])(
  'the page’s accent %s becomes legible in light and in dark',
  (accent) => {
    document.body.style.accentColor = accent;
    onTestFinished(() => document.body.removeAttribute('style'));
    for (const scheme of ['light', 'dark'] as const) {
      const { colour } = themed({ hostAccent: true }, scheme);
      expect(contrast(colour('accent'), colour('surface'))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
    }
  },
);

test('an accent of the page that can be read is taken as it is, from the property that is named', () => {
  document.documentElement.style.setProperty('--shop-blue', '#0b3d91');
  onTestFinished(() => document.documentElement.removeAttribute('style'));
  const { colour } = themed({ hostAccent: '--shop-blue' });
  expect(colour('accent').map((part) => Math.round(part * 255))).toEqual([0x0b, 0x3d, 0x91]);
});

test('the font of the page is taken on request', () => {
  document.body.style.fontFamily = 'Georgia, serif';
  onTestFinished(() => document.body.removeAttribute('style'));
  expect(themed({}).style().fontFamily).toContain('system-ui');
  expect(themed({ hostFont: true }).style().fontFamily).toBe('Georgia, serif');
});

test('what a page writes for the chat’s element goes before a theme', () => {
  const { root, style } = themed({ tokens: { text: '#010203' } });
  (root.host as HTMLElement).style.setProperty('--ph-text', '#040506');
  expect(style().color).toBe('rgb(4, 5, 6)');
});

test('the surface’s theme is set when the session opens, and the page’s own goes over it', async () => {
  const chat = fakeChat();
  chat.surface.value = undefined;
  const { view } = show(chat, { theme: { scheme: 'dark', tokens: { text: '#fefefe' } } });
  const surface = fakeChat().surface.value;
  if (surface === undefined) throw new Error('There is no surface.');
  chat.surface.value = { ...surface, theme: { tokens: { text: '#010101', muted: '#c0c0c0' } } };
  await vi.waitFor(
    () => expect(getComputedStyle(view.querySelector('.phase') as Element).color).toBe('rgb(192, 192, 192)'),
    { timeout: 8000 },
  );
  expect(getComputedStyle(view)).toMatchObject({ color: 'rgb(254, 254, 254)', colorScheme: 'dark' });
});

test('the undo takes the theme away', async () => {
  const { root, view } = show(fakeChat(), { theme: 'light' });
  const before = getComputedStyle(view).color;
  const undo = applyTheme(root, [{ tokens: { text: '#010203' } }]);
  expect(getComputedStyle(view).color).toBe('rgb(1, 2, 3)');
  undo();
  await drawn();
  expect(getComputedStyle(view).color).toBe(before);
  expect(root.querySelectorAll('.ph')).toHaveLength(1);
});
