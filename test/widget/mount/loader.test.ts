import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PagehandApi } from '../../../widget/options.ts';
import { hosts, inside, until } from './page.ts';

const TOKEN = 'ct_test_loader';

declare global {
  var __APP_FILE__: string;
  var __DRESS_FILE__: string;
  var startedApps: { options: Record<string, unknown> }[];
  var sentTexts: string[];
}

/** An app that is made up, as a file of its own. */
const APP = URL.createObjectURL(
  new Blob(
    [
      `export function startApp(given) {
        globalThis.startedApps.push(given);
        let isOpen = false;
        return {
          setOpen(open) { if (open !== isOpen) { isOpen = open; given.onOpenChange(open); given.emit(open ? "open" : "close"); } },
          send: async (text) => void globalThis.sentTexts.push(text),
          destroy() {},
        };
      }`,
    ],
    { type: 'text/javascript' },
  ),
);

const DRESS = URL.createObjectURL(new Blob(['export function dress() {}'], { type: 'text/javascript' }));

let run = 0;

beforeEach(() => {
  globalThis.__APP_FILE__ = APP;
  globalThis.__DRESS_FILE__ = DRESS;
  globalThis.startedApps = [];
  globalThis.sentTexts = [];
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  pagehand()?.destroy();
  expect(hosts()).toEqual([]);
  expect('Pagehand' in window).toBe(false);
  Reflect.deleteProperty(document, 'currentScript');
  Reflect.deleteProperty(Document.prototype, 'modelContext');
  document.querySelector('#later')?.remove();
  vi.restoreAllMocks();
});

function pagehand(): PagehandApi {
  return window.Pagehand as PagehandApi;
}

/** Runs the loader as a script tag with these attributes would. */
async function load(
  attributes: Record<string, string>,
  src: string | undefined = 'https://chat.example.com/pagehand.js',
) {
  const script = document.createElement('script');
  if (src !== '') script.src = src;
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  Object.defineProperty(document, 'currentScript', { value: script, configurable: true });
  run += 1;
  await import(/* @vite-ignore */ `../../../widget/loader.ts?run=${run}`);
}

function complaints(): string[] {
  return vi.mocked(console.error).mock.calls.map(([sentence]) => String(sentence));
}

test('an element that is called currentScript does not choose where the app comes from', async () => {
  const image = document.createElement('img');
  image.dataset.token = TOKEN;
  Object.defineProperty(document, 'currentScript', { value: image, configurable: true });
  run += 1;
  await import(/* @vite-ignore */ `../../../widget/loader.ts?run=${run}`);
  expect(hosts()).toEqual([]);
  expect(() => pagehand().mount({ token: TOKEN })).toThrow();
});

test('a script tag with a token puts a launcher into the page', async () => {
  await load({ 'data-token': TOKEN });
  inside(hosts()[0] ?? null)
    .button('Open chat')
    .click();
  await until(() => startedApps.length === 1);
  expect(startedApps[0]?.options).toMatchObject({
    token: TOKEN,
    api: 'https://chat.example.com',
    position: 'bottom-right',
  });
  expect(complaints()).toEqual([]);
});

test('every attribute reaches the chat', async () => {
  await load({
    'data-token': TOKEN,
    'data-api': 'https://api.example.com/base',
    'data-position': 'top-left',
    'data-theme': 'dark',
    'data-locale': 'pt-BR',
    'data-open': '',
    'data-webmcp': 'off',
  });
  await until(() => startedApps.length === 1);
  expect(startedApps[0]?.options).toMatchObject({
    api: 'https://api.example.com/base',
    position: 'top-left',
    theme: 'dark',
    locale: 'pt-BR',
    webmcp: { enabled: false },
  });
  await until(() => inside(hosts()[0] ?? null).button('Open chat').ariaExpanded === 'true');
});

test('data-target fills an element', async () => {
  const target = document.createElement('main');
  target.id = 'later';
  document.body.append(target);
  await load({ 'data-token': TOKEN, 'data-target': '#later' });
  expect(hosts()[0]?.parentElement).toBe(target);
});

test('a target below the script is waited for', async () => {
  const state = vi.spyOn(document, 'readyState', 'get').mockReturnValue('loading');
  window.Pagehand = [(pagehand) => pagehand.open()];
  await load({ 'data-token': TOKEN, 'data-target': '#later' });
  expect(hosts()).toEqual([]);
  const target = document.createElement('main');
  target.id = 'later';
  document.body.append(target);
  state.mockRestore();
  window.dispatchEvent(new Event('DOMContentLoaded'));
  expect(hosts()[0]?.parentElement).toBe(target);
});

test('calls that were queued before the script are made in their order', async () => {
  const heard: string[] = [];
  window.Pagehand = [
    (pagehand) => pagehand.on('open', () => heard.push('open')),
    () => {
      throw new Error('mine');
    },
    (pagehand) => void pagehand.send('Hello'),
  ];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    heard.push(event.message);
  };
  window.addEventListener('error', onError, { capture: true });
  await load({ 'data-token': TOKEN });
  await until(() => sentTexts.length === 1);
  window.removeEventListener('error', onError, { capture: true });
  expect(sentTexts).toEqual(['Hello']);
  expect(heard).toEqual(['Uncaught Error: mine', 'open']);
});

test('commands pushed later are made, too', async () => {
  await load({ 'data-token': TOKEN });
  let seen: PagehandApi | undefined;
  pagehand().push((api) => {
    seen = api;
  });
  await Promise.resolve();
  expect(seen).toBe(window.Pagehand);
});

test.each([
  [{ 'data-token': 'sk_live_secret' }, 'Pagehand: "data-token" must match'],
  [{ 'data-token': TOKEN, 'data-api': 'chat.example.com' }, 'Pagehand: "data-api" must match'],
  [{ 'data-token': TOKEN, 'data-position': 'bottom' }, 'Pagehand: "data-position" must match'],
  [{ 'data-token': TOKEN, 'data-target': '#nowhere' }, 'Pagehand: "data-target" must be in this page'],
  [{ 'data-token': TOKEN, 'data-target': '#' }, 'Pagehand: '],
])(
  'wrong attributes %j are one sentence in the console, and the page goes on',
  async (attributes, sentence) => {
    await load(attributes);
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toContain(sentence);
    expect(complaints()[0]).not.toContain('secret');
    expect(hosts()).toEqual([]);
  },
);

test.each([
  ['a forgotten token', {}, undefined],
  ['a module', {}, ''],
])('%s is told of after a moment', async (_, attributes, src) => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  await load(attributes, src);
  expect(complaints()).toEqual([]);
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect(complaints()).toEqual(['Pagehand: data-token is missing']);
});

test('a page may mount by itself, as many surfaces as it likes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  await load({});
  const first = pagehand().mount({ token: 'ct_test_one' });
  pagehand().mount({ token: 'ct_test_two', position: 'top-left' });
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  expect(hosts()).toHaveLength(2);
  expect(complaints()).toEqual([]);
  first.destroy();
  expect(hosts()).toHaveLength(1);
});

test('the same tag twice is one chat; a tag for another surface is another one', async () => {
  await load({ 'data-token': TOKEN });
  const first = window.Pagehand;
  await load({ 'data-token': TOKEN });
  expect(hosts()).toHaveLength(1);
  await load({ 'data-token': 'ct_test_other' });
  expect(hosts()).toHaveLength(2);
  expect(window.Pagehand).toBe(first);
});

test('after destroy the script can be loaded again', async () => {
  await load({ 'data-token': TOKEN });
  pagehand().destroy();
  expect(hosts()).toEqual([]);
  await load({ 'data-token': TOKEN });
  expect(hosts()).toHaveLength(1);
});

test('the script gives the page a modelContext, unless it is told not to', async () => {
  await load({ 'data-token': TOKEN, 'data-polyfill': 'off' });
  const without = 'modelContext' in document;
  pagehand().destroy();
  await load({ 'data-token': TOKEN });
  expect([without, 'modelContext' in document]).toEqual([false, true]);
});
