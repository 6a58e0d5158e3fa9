import { checkToken, isToken, nearestToken } from './check-token.ts';
import { type Colour, contrast, legible, readColour, textOn, writeColour } from './contrast.ts';
import { readTheme, type ThemeOptions } from './theme-options.ts';

type Shades = { readonly light: string; readonly dark: string };

/** What the accent needs on the surface: it is the colour of links. */
const LEAST = 4.5;

/** By which names pages keep their accent. Names alone; what is no colour is passed over. */
const ACCENTS = [
  '--accent',
  '--accent-color',
  '--color-accent',
  '--primary',
  '--primary-color',
  '--color-primary',
  '--brand',
  '--brand-color',
  '--color-brand',
  '--bs-primary',
  '--wp--preset--color--primary',
];

const DENSITIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  compact: { space: '12px', gap: '12px', 'line-height': '1.4' },
  normal: {},
  roomy: { space: '20px', gap: '24px', 'line-height': '1.6' },
};

/**
 * Sets tokens on the chat's element and light or dark on the container of its panel, the later theme over the earlier. A wrong value is named in the console and left
 * out. Rules of the page for `[data-pagehand]` go before it. Returns the undo.
 */
export function applyTheme(
  root: ShadowRoot,
  themes: readonly unknown[],
  container?: HTMLElement,
): () => void {
  const read = themes.map((theme) => attempt(() => readTheme(theme)) ?? {});
  const theme: ThemeOptions = Object.assign({}, ...read, {
    tokens: Object.assign({}, ...read.map(({ tokens }) => tokens)),
  });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(':host{}#l{}');
  const [host, launcher] = [...sheet.cssRules] as CSSStyleRule[];
  const set = (name: string, value: string) => host?.style.setProperty(`--ph-${name}`, value);
  // First: whoever adopts a sheet later wins.
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  const given = givenTokens(theme);
  for (const [name, value] of Object.entries(given)) set(name, written(value));
  const probe = openProbe(root);
  try {
    if (theme.hostAccent !== undefined && theme.hostAccent !== false && given.accent === undefined) {
      const accent = hostAccent(theme.hostAccent, probe);
      if (accent !== undefined) {
        given.accent = accent;
        set('accent', written(accent));
      }
    }
    for (const [text, ground] of [
      ['on-accent', 'accent'],
      ['on-bubble', 'bubble'],
    ] as const) {
      if (given[ground] !== undefined && given[text] === undefined) set(text, written(probe.textOn(ground)));
    }
  } finally {
    probe.close();
  }
  // The panel says it for itself; the launcher stands beside it.
  const { scheme = 'auto' } = theme;
  launcher?.style.setProperty('color-scheme', scheme === 'auto' ? 'light dark' : scheme);
  if (container !== undefined) container.dataset.theme = scheme;
  return () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
  };
}

/** All tokens that a theme sets, its shorthands among them. A wrong value is named in the console and left out. */
export function givenTokens(theme: ThemeOptions): Record<string, string | Shades> {
  return { ...shorthands(theme), ...checkedTokens(theme) };
}

function shorthands({ radius, density = 'normal', hostFont }: ThemeOptions): Record<string, string | Shades> {
  const font = hostFont ? getComputedStyle(document.body).fontFamily : '';
  const isLength = radius !== undefined && attempt(() => checkToken('radius', radius)) !== undefined;
  if (DENSITIES[density] === undefined) complain('"theme.density" must be compact, normal or roomy.');
  return {
    ...DENSITIES[density],
    ...(isLength ? { radius, 'radius-small': `calc(${radius} * 0.57)` } : {}),
    ...(font === '' ? {} : { font }),
  };
}

function checkedTokens({ tokens = {} }: ThemeOptions): Record<string, string | Shades> {
  return Object.fromEntries(
    Object.entries(tokens).flatMap(([key, value]) => {
      const name = key.replace(/^--ph-/, '');
      if (!isToken(name)) {
        complain(`The theme has no token "${key}"; the nearest is "${nearestToken(name)}".`);
        return [];
      }
      const checked = attempt(() =>
        typeof value === 'string'
          ? checkToken(name, value)
          : { light: checkToken(name, value?.light), dark: checkToken(name, value?.dark) },
      );
      return checked === undefined ? [] : [[name, checked] as const];
    }),
  );
}

/** A value of a token as CSS. */
export function written(value: string | Shades): string {
  return typeof value === 'string' ? value : `light-dark(${value.light}, ${value.dark})`;
}

interface Probe {
  colour(value: string, scheme: 'light' | 'dark'): Colour | undefined;
  /** What is read most easily on a token's colour. */
  textOn(token: string): Shades;
  close(): void;
}

/** Lets the browser compute colours, in whatever notation they are written. */
function openProbe(root: ShadowRoot): Probe {
  const around = document.createElement('div');
  const element = document.createElement('span');
  // The tokens are set there, and nothing of it is drawn.
  around.className = 'ph';
  around.hidden = true;
  around.append(element);
  root.append(around);
  const colour: Probe['colour'] = (value, scheme) => {
    element.style.colorScheme = scheme;
    element.style.color = '';
    element.style.color = `color-mix(in srgb, ${value} 100%, transparent 0%)`;
    return element.style.color === '' ? undefined : readColour(getComputedStyle(element).color);
  };
  const both = (choose: (scheme: 'light' | 'dark') => Colour): Shades => ({
    light: writeColour(choose('light')),
    dark: writeColour(choose('dark')),
  });
  return {
    colour,
    textOn: (token) => both((scheme) => textOn(colour(`var(--ph-${token})`, scheme) ?? [0, 0, 0])),
    close: () => around.remove(),
  };
}

function hostAccent(named: string | true, probe: Probe): Shades | undefined {
  const style = getComputedStyle(document.body);
  const root = getComputedStyle(document.documentElement);
  const values =
    named === true
      ? [
          style.accentColor,
          ...ACCENTS.flatMap((name) => [style.getPropertyValue(name), root.getPropertyValue(name)]),
        ]
      : [style.getPropertyValue(named), root.getPropertyValue(named)];
  const value = values.find(
    (candidate) => candidate.trim() !== '' && CSS.supports('color', candidate) && candidate !== 'auto',
  );
  if (value === undefined) {
    complain(
      named === true
        ? 'The page names no accent: set `accent-color` on its body, or "theme.hostAccent" to the name of a custom property.'
        : `"theme.hostAccent": the page has no colour in ${named}.`,
    );
    return undefined;
  }
  const shade = (scheme: 'light' | 'dark') => {
    const [accent, surface] = [
      probe.colour(value, scheme),
      probe.colour(`var(--ph-surface, ${SURFACES[scheme]})`, scheme),
    ];
    if (accent === undefined || surface === undefined) return value;
    return contrast(accent, surface) >= LEAST ? value : writeColour(legible(accent, surface, LEAST));
  };
  return { light: shade('light'), dark: shade('dark') };
}

/** Of `tokens.css`, which is not there yet when the launcher alone is. */
const SURFACES = { light: '#fff', dark: '#1a1b1d' };

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    complain(`${(error as Error).message}.`);
    return undefined;
  }
}

function complain(sentence: string): void {
  console.error(`Pagehand: ${sentence}`);
}
