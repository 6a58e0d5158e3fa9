import { signal } from '@preact/signals';
import { within } from '@testing-library/preact';
import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { loadMode } from '../../../widget/modes/frame.ts';
import type { Mode } from '../../../widget/options.ts';
import {
  anAnswer,
  aQuestion,
  aText,
  drawn,
  fakeChat,
  hideAll,
  partsLoaded,
  type ShowProps,
  show,
} from './fake-chat.ts';

beforeAll(partsLoaded);
beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
});
afterEach(hideAll);

const TALK = { entries: [aQuestion(), anAnswer([aText('Two blue mugs are in **your cart**.')])] };

async function showIn(mode: Mode, props: ShowProps = {}) {
  return show(fakeChat(TALK), { mode, modeModule: await loadMode(mode), ...props });
}

/** What a visitor hears and sees of the panel, whatever its role. */
function panelOf(view: HTMLElement): HTMLElement {
  const panel = view.querySelector<HTMLElement>('.panel');
  if (panel === null) throw new Error('There is no panel.');
  return panel;
}

/** When nothing moves in any more. */
function settled(view: HTMLElement) {
  return Promise.all(
    view
      .getAnimations({ subtree: true })
      .filter(({ effect }) => effect?.getTiming().iterations === 1)
      .map(({ finished }) => finished),
  );
}

const rootStyle = () => getComputedStyle(document.documentElement);

describe('docked', () => {
  test('the page makes room on the side of the position while the panel is open, and takes it back', async () => {
    const open = signal(false);
    const { view } = await showIn('docked', { open, position: 'bottom-left' });
    expect(rootStyle().marginLeft).toBe('0px');
    open.value = true;
    await vi.waitFor(() => expect(rootStyle().marginLeft).toBe('400px'));
    expect(document.documentElement.style.getPropertyValue('--ph-docked-left')).toBe('400px');
    expect(panelOf(view).getBoundingClientRect()).toMatchObject({ left: 0, top: 0, width: 400, height: 800 });
    expect(within(view).getByRole('complementary', { name: 'Mug shop' })).toBeVisible();
    open.value = false;
    await vi.waitFor(() => expect(rootStyle().marginLeft).toBe('0px'));
    expect(document.documentElement.getAttribute('style') ?? '').toBe('');
  });

  test('what the page had set is put back when the chat is taken away', async () => {
    const { style } = document.documentElement;
    style.setProperty('margin-right', '7px', 'important');
    onTestFinished(() => void document.documentElement.removeAttribute('style'));
    const { undo } = await showIn('docked');
    expect(style.marginRight).toBe('400px');
    undo();
    expect([style.marginRight, style.getPropertyPriority('margin-right')]).toEqual(['7px', 'important']);
  });

  test('the edge is moved by the arrows, says its width, and the width is kept', async () => {
    const { view, undo } = await showIn('docked', { storageKey: 'k' });
    const edge = within(view).getByRole('separator', { name: 'Width of the chat' });
    edge.focus();
    await userEvent.keyboard('{ArrowLeft}{Shift>}{ArrowLeft}{/Shift}');
    expect(edge.getAttribute('aria-valuenow')).toBe('496');
    await vi.waitFor(() => expect(rootStyle().marginRight).toBe('496px'));
    await userEvent.keyboard('{Home}{ArrowRight}');
    expect(edge.getAttribute('aria-valuenow')).toBe('300');
    await userEvent.keyboard('{End}');
    expect(edge.getAttribute('aria-valuenow')).toBe(edge.getAttribute('aria-valuemax'));
    await userEvent.keyboard('{Home}{ArrowLeft}');
    undo();
    const again = await showIn('docked', { storageKey: 'k' });
    expect(panelOf(again.view).getBoundingClientRect().width).toBe(316);
  });

  test('the edge is dragged by the pointer and goes back by a double press', async () => {
    const { view } = await showIn('docked');
    const edge = within(view).getByRole('separator');
    const at = (clientX: number) => ({ clientX, pointerId: 1, button: 0, bubbles: true, cancelable: true });
    edge.setPointerCapture = () => {};
    edge.dispatchEvent(new PointerEvent('pointerdown', at(880)));
    edge.dispatchEvent(new PointerEvent('pointermove', at(780)));
    await drawn();
    expect(panelOf(view).getBoundingClientRect().width).toBe(500);
    edge.dispatchEvent(new PointerEvent('lostpointercapture', at(780)));
    edge.dispatchEvent(new PointerEvent('pointermove', at(700)));
    await drawn();
    expect(panelOf(view).getBoundingClientRect().width).toBe(500);
    edge.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
    await drawn();
    expect(panelOf(view).getBoundingClientRect().width).toBe(400);
  });

  test('in a narrow window it lies over the page as a dialog', async () => {
    await page.viewport(800, 700);
    const { view } = await showIn('docked');
    expect(rootStyle().marginRight).toBe('0px');
    const dialog = within(view).getByRole('dialog');
    expect(dialog.getAttribute('aria-modal')).toBeNull();
    await page.viewport(1280, 800);
    await vi.waitFor(() => expect(rootStyle().marginRight).toBe('400px'), { timeout: 5000 });
    expect(within(view).getByRole('complementary')).toBe(dialog);
  });
});

describe('as a page', () => {
  test('it fills the window at a readable measure, is the main thing there, and cannot be closed', async () => {
    const beside = document.createElement('main');
    document.body.append(beside);
    onTestFinished(() => beside.remove());
    const { view, undo } = await showIn('page', { open: signal(false) });
    expect(panelOf(view).getBoundingClientRect()).toMatchObject({
      left: 0,
      top: 0,
      width: 1280,
      height: 800,
    });
    expect(within(view).getByRole('main', { name: 'Mug shop' })).toBeVisible();
    expect(within(view).queryByRole('button', { name: 'Close' })).toBeNull();
    const composer = view.querySelector('.composer')?.getBoundingClientRect();
    expect(composer?.width).toBe(46 * 16);
    expect(composer?.left).toBeCloseTo((1280 - 46 * 16) / 2, 0);
    expect(beside.inert).toBe(true);
    undo();
    expect(beside.inert).toBe(false);
  });
});

test('as a bar it rises from the middle of the foot of the page, and falls back at Escape', async () => {
  const { view, open } = await showIn('bar');
  const box = panelOf(view).getBoundingClientRect();
  expect(Math.round(box.left + box.width / 2)).toBe(640);
  expect(Math.round(box.bottom)).toBe(780);
  within(view).getByRole('textbox').focus();
  await userEvent.keyboard('{Escape}');
  expect(open.value).toBe(false);
});

describe('on a small screen', () => {
  test.each(['floating', 'docked', 'bar'] as const)(
    '%s is a dialog that holds everything else',
    async (mode) => {
      await page.viewport(360, 640);
      const beside = document.createElement('a');
      beside.href = '#x';
      beside.textContent = 'A link of the page';
      document.body.append(beside);
      onTestFinished(() => beside.remove());
      const { view, open } = await showIn(mode);
      await vi.waitFor(() => expect(panelOf(view).getAttribute('aria-modal')).toBe('true'), {
        timeout: 5000,
      });
      const covers = { left: 0, top: 0, width: 360, height: 640 };
      await vi.waitFor(() => expect(panelOf(view).getBoundingClientRect()).toMatchObject(covers), {
        timeout: 5000,
      });
      expect([beside.inert, rootStyle().overflow]).toEqual([true, 'hidden']);
      open.value = false;
      await drawn();
      expect([beside.inert, document.documentElement.style.overflow]).toEqual([false, '']);
      expect(panelOf(view).getAttribute('aria-modal')).toBeNull();
    },
  );

  test('what the page itself had made inert stays so, and turning the phone lets the page go', async () => {
    await page.viewport(360, 640);
    const beside = document.createElement('div');
    beside.inert = true;
    document.body.append(beside);
    onTestFinished(() => beside.remove());
    const { view } = await showIn('floating');
    await vi.waitFor(() => expect(panelOf(view).ariaModal).toBe('true'), { timeout: 5000 });
    await page.viewport(1280, 800);
    await vi.waitFor(() => expect(panelOf(view).ariaModal).toBeNull(), { timeout: 5000 });
    expect(beside.inert).toBe(true);
  });
});

test('a floating panel grows and shrinks back, with the focus where it was', async () => {
  const { view, root } = await showIn('floating');
  const before = panelOf(view).getBoundingClientRect();
  await userEvent.click(within(view).getByRole('button', { name: 'Maximise' }));
  await drawn();
  const after = panelOf(view).getBoundingClientRect();
  expect(after.width).toBeGreaterThan(before.width);
  const restore = within(view).getByRole('button', { name: 'Restore size' });
  expect(root.activeElement).toBe(restore);
  await userEvent.click(restore);
  await drawn();
  expect(panelOf(view).getBoundingClientRect().width).toBe(before.width);
});

describe.each(['floating', 'docked', 'page', 'bar', 'inline'] as const)(
  'axe finds nothing in mode %s',
  (mode) => {
    test.each([
      [1280, 800, 'light', 'en'],
      [1280, 800, 'dark', 'ar'],
      [360, 640, 'light', 'en'],
    ] as const)('%i × %i, %s, %s', async (width, height, theme, locale) => {
      await page.viewport(width, height);
      const { root, view } = await showIn(mode, { theme, locale });
      if (width === 360 && mode !== 'inline')
        await vi.waitFor(() => expect(document.documentElement.style.overflow).toBe('hidden'), {
          timeout: 5000,
        });
      await settled(view);
      const { violations } = await axe.run(root.host as HTMLElement, { resultTypes: ['violations'] });
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
    });
  },
);
