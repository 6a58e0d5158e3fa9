import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { cdp, page, userEvent } from 'vitest/browser';
import { type MountOptions, mount, type PagehandWidget } from '../../../widget/index.ts';
import { API, answerWith, frames, HELLO, session, streamed } from '../transport/wire.ts';
import { hosts, inside, until } from './page.ts';

/** Another one for each test: what is kept of a surface outlives them. */
let token = '';
const mounted: PagehandWidget[] = [];

beforeEach(async () => {
  token = `ct_test_${crypto.randomUUID()}`;
  answerWith({ init: session(), chat: () => streamed([frames(HELLO)]) });
  await page.viewport(1280, 800);
});

afterEach(() => {
  for (const widget of mounted.splice(0)) widget.destroy();
});

function aChat(options: Partial<MountOptions> = {}): PagehandWidget {
  const widget = mount({ token, api: API, ...options });
  mounted.push(widget);
  return widget;
}

const chat = () => inside(hosts().at(-1) ?? null);
const field = () => chat().find('textarea') as HTMLTextAreaElement | null;
const focused = () => hosts().at(-1)?.shadowRoot?.activeElement ?? null;

async function openByHand(): Promise<void> {
  await userEvent.click(chat().find('#l') as HTMLElement);
  await opened();
}

async function opened(): Promise<void> {
  await until(() => field() !== null && focused() === field());
}

test.each(['top-left', 'top-right', 'bottom-left', 'bottom-right'] as const)(
  'the launcher stands in the corner %s',
  (position) => {
    aChat({ position });
    const box = (chat().find('#l') as HTMLElement).getBoundingClientRect();
    const [y, x] = position.split('-');
    const fromEdge = {
      top: box.top,
      bottom: innerHeight - box.bottom,
      left: box.left,
      right: document.documentElement.clientWidth - box.right,
    };
    expect([fromEdge[y as 'top'], fromEdge[x as 'left']]).toEqual([20, 20]);
  },
);

test('with the keyboard alone: to the launcher, into the field, and back to the launcher', async () => {
  const before = document.createElement('button');
  document.body.prepend(before);
  onTestFinished(() => before.remove());
  aChat();
  before.focus();
  await userEvent.keyboard('{Tab}');
  const launcher = chat().find('#l');
  expect(focused()).toBe(launcher);
  expect(launcher?.ariaExpanded).toBe('false');
  await userEvent.keyboard('{Enter}');
  await opened();
  expect(launcher?.ariaExpanded).toBe('true');
  await userEvent.keyboard('{Escape}');
  await until(() => focused() === launcher);
  expect(launcher?.ariaExpanded).toBe('false');
});

describe('on a phone', () => {
  beforeEach(() => page.viewport(390, 844));

  test('the field stands above the keyboard, and comes down with it', async () => {
    const { visualViewport } = window;
    const area = Object.assign(new EventTarget(), { height: 844, width: 390, offsetTop: 0, scale: 1 });
    Object.defineProperty(window, 'visualViewport', { value: area, configurable: true });
    onTestFinished(() => {
      Object.defineProperty(window, 'visualViewport', { value: visualViewport, configurable: true });
    });
    const turn = (to: { height: number; offsetTop: number }) => {
      Object.assign(area, to).dispatchEvent(new Event('resize'));
    };
    aChat();
    await openByHand();
    const foot = () => Math.round(chat().find('.composer')?.getBoundingClientRect().bottom ?? 0);
    turn({ height: 500, offsetTop: 0 });
    await until(() => foot() <= 500 && foot() > 400);
    turn({ height: 500, offsetTop: 120 });
    await until(() => foot() <= 620 && foot() > 500);
    turn({ height: 844, offsetTop: 0 });
    await until(() => foot() > 744);
  });
});

test('a visitor is spoken to in their language, and no other one is fetched', async () => {
  const fetched = () =>
    performance
      .getEntriesByType('resource')
      .flatMap(({ name }) => /\/languages\/(?:early|late)\/([\w-]+)\.ts/.exec(name)?.[1] ?? []);
  performance.clearResourceTimings();
  const widget = aChat({ locale: 'de-AT' });
  await openByHand();
  await widget.send('Hallo');
  await until(() => chat().text().includes('世界'));
  expect(field()?.lang || field()?.closest('[lang]')?.getAttribute('lang')).toMatch(/^de/);
  expect([...new Set(fetched())]).toEqual(['de']);
});

describe('for who asks the system for', () => {
  async function media(name: string, value: string): Promise<void> {
    const set = (features: { name: string; value: string }[]) =>
      cdp().send('Emulation.setEmulatedMedia', { features });
    await set([{ name, value }]);
    onTestFinished(async () => {
      await set([]);
    });
  }

  test('no motion, nothing moves', async () => {
    expect(await moved()).toBeGreaterThan(0);
    await media('prefers-reduced-motion', 'reduce');
    expect(await moved()).toBe(0);
  });

  /** How often anything was seen to move while a visitor opens the chat, asks and is answered. */
  async function moved(): Promise<number> {
    let seen = 0;
    const look = () => {
      const moving = hosts().flatMap((host) => host.shadowRoot?.getAnimations() ?? []);
      seen += moving.filter(({ effect }) => Number(effect?.getComputedTiming().duration) > 0).length;
      frame = requestAnimationFrame(look);
    };
    let frame = requestAnimationFrame(look);
    const widget = aChat();
    await openByHand();
    await widget.send('Hi');
    await until(() => chat().text().includes('世界'));
    cancelAnimationFrame(frame);
    mounted.pop();
    widget.destroy();
    token += '_';
    return seen;
  }

  test('few colours, what only a ground set apart has an edge, and the focus shows', async () => {
    const widget = aChat();
    await openByHand();
    await widget.send('Hi');
    await until(() => chat().find('.visitor') !== null);
    const edge = () => getComputedStyle(chat().find('.visitor') as HTMLElement).borderTopWidth;
    expect(edge()).toBe('0px');
    await media('forced-colors', 'active');
    expect(edge()).toBe('1px');
    field()?.focus();
    await userEvent.keyboard('{Shift>}{Tab}{/Shift}');
    const { outlineStyle, outlineWidth } = getComputedStyle(focused() as HTMLElement);
    expect(outlineStyle).not.toBe('none');
    expect(Number.parseFloat(outlineWidth)).toBeGreaterThanOrEqual(2);
  });
});
