import axe from 'axe-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { type MountOptions, mount, type PagehandWidget } from '../../../widget/index.ts';
import { API, answerWith, frames, HELLO, session, streamed } from '../transport/wire.ts';
import { hosts, inside, until } from './page.ts';

const mounted: PagehandWidget[] = [];
let token = '';

beforeEach(async () => {
  localStorage.clear();
  token = `ct_test_${crypto.randomUUID()}`;
  await page.viewport(1280, 800);
});
afterEach(() => {
  for (const widget of mounted.splice(0)) widget.destroy();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function aChat(options: Partial<MountOptions> = {}): PagehandWidget {
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  const widget = mount({ token, api: API, ...options });
  mounted.push(widget);
  return widget;
}

const chat = () => inside(hosts().at(-1) ?? null);
const launcher = () => chat().find('#l') as HTMLButtonElement;
const teaser = () => chat().find('.teaser');

/** Waits for the teaser's delay without waiting. */
async function delayed(): Promise<void> {
  const sheets = hosts().at(-1)?.shadowRoot?.adoptedStyleSheets.length ?? 0;
  await until(() => (hosts().at(-1)?.shadowRoot?.adoptedStyleSheets.length ?? 0) >= sheets);
}

function withoutDelay() {
  const wait = window.setTimeout;
  vi.spyOn(window, 'setTimeout').mockImplementation(((run: () => void, ms?: number) =>
    wait(run, ms === 4000 ? 0 : ms)) as typeof setTimeout);
}

test('a teaser stands beside the launcher without covering it, and pressing it opens the chat', async () => {
  withoutDelay();
  aChat({ teaser: 'Questions about mugs?' });
  await until(() => teaser() !== null);
  const [box, button] = [teaser(), launcher()].map((node) => (node as HTMLElement).getBoundingClientRect());
  expect(box?.right).toBeLessThan(button?.left ?? 0);
  expect(chat().find('[aria-live] .teaser, .teaser[role=status]')).toBeNull();
  const { violations } = await axe.run(hosts().at(-1) as HTMLElement, { resultTypes: ['violations'] });
  expect(violations.map(({ id }) => id)).toEqual([]);
  chat().button('Questions about mugs?').click();
  await until(() => launcher().ariaExpanded === 'true' && teaser() === null);
});

test('a teaser that was dismissed does not come again, in no page of the visitor', async () => {
  withoutDelay();
  aChat({ teaser: 'Questions?', locale: 'de-AT' }).on('open', () => expect.unreachable());
  await until(() => teaser() !== null);
  chat().button('Ausblenden').focus();
  await userEvent.keyboard('{Enter}');
  expect(teaser()).toBeNull();
  expect(hosts().at(-1)?.shadowRoot?.activeElement).toBe(launcher());
  mounted.pop()?.destroy();
  aChat({ teaser: 'Questions?' });
  await delayed();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(teaser()).toBeNull();
});

test.each([
  ['on a phone', () => page.viewport(360, 640)],
  ['for who opened the chat', async () => {}],
  [
    'where nothing can be kept',
    async () => {
      vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
        throw new DOMException('Blocked.', 'SecurityError');
      });
    },
  ],
] as const)('there is no teaser %s', async (name, prepare) => {
  await prepare();
  withoutDelay();
  const widget = aChat({ teaser: 'Questions?' });
  if (name.startsWith('for who')) widget.open();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(teaser()).toBeNull();
});

test('a teaser of a chat that is gone never shows', async () => {
  const cleared = vi.spyOn(window, 'clearTimeout');
  aChat({ teaser: 'Questions?' });
  const [host] = hosts();
  await until(() => (host?.shadowRoot?.adoptedStyleSheets.length ?? 0) > 1);
  mounted.pop()?.destroy();
  expect(cleared).toHaveBeenCalled();
});

test('a bar waits in the middle of the foot, says what it is for, and becomes the panel', async () => {
  aChat({ mode: 'bar', locale: 'fr' });
  await until(() => launcher().checkVisibility() && launcher().ariaLabel === 'Écrire un message…');
  const box = launcher().getBoundingClientRect();
  expect(Math.round(box.left + box.width / 2)).toBe(640);
  expect(box.width).toBeGreaterThan(600);
  launcher().click();
  await until(() => chat().find('[role=dialog]') !== null);
  expect(launcher().checkVisibility()).toBe(false);
  await until(() => hosts().at(-1)?.shadowRoot?.activeElement?.localName === 'textarea');
  await userEvent.keyboard('{Escape}');
  await until(() => launcher().checkVisibility());
  expect(hosts().at(-1)?.shadowRoot?.activeElement).toBe(launcher());
  expect(launcher().ariaLabel).toBe('Écrire un message…');
});

test('a theme reaches the launcher before the chat is opened', async () => {
  aChat({ theme: { tokens: { accent: '#010203', 'launcher-size': '48px' } } });
  await until(() => getComputedStyle(launcher()).backgroundColor === 'rgb(1, 2, 3)');
  expect(launcher().getBoundingClientRect().width).toBe(48);
});

test('a page opens at once and has no launcher', async () => {
  aChat({ mode: 'page' });
  await until(() => chat().find('[role=main]') !== null && !launcher().checkVisibility());
});

test('what ends while the chat is closed is counted on the launcher and in its name, until it is read', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const widget = aChat();
  answerWith({
    init: session(),
    chat: async () => {
      await gate;
      return streamed([frames(HELLO)]);
    },
  });
  const sent = widget.send('Hi');
  await until(() => chat().find('.phase.thinking') !== null);
  widget.close();
  await until(() => launcher().ariaExpanded === 'false');
  release();
  await sent;
  await until(() => launcher().dataset.unread === '1');
  await until(() => launcher().ariaLabel === 'Open chat, 1 new answer');
  launcher().click();
  await until(() => launcher().dataset.unread === undefined);
  widget.close();
  await until(() => launcher().ariaExpanded === 'false');
  expect(launcher().ariaLabel).toBe('Open chat');
});

test('the last line of the panel is the site’s, with its links and nothing else that a text could do', async () => {
  aChat({
    open: true,
    footer: 'We keep chats for 30 days: [privacy](/privacy), [x](javascript:alert(1)) <b>',
  });
  await until(() => chat().find('.footer-note') !== null);
  const note = chat().find('.footer-note');
  expect(note?.textContent).toBe('We keep chats for 30 days: privacy, [x](javascript:alert(1)) <b>');
  expect([...(note?.querySelectorAll('a') ?? [])].map((link) => link.getAttribute('href'))).toEqual([
    '/privacy',
  ]);
});
