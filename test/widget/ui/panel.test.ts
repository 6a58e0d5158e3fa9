import { signal } from '@preact/signals';
import { within } from '@testing-library/preact';
import { afterEach, describe, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { drawn, fakeChat, hideAll, show } from './fake-chat.ts';

afterEach(hideAll);

test('the panel is a dialog named by the surface, without a claim to be the only thing on the page', () => {
  const { view } = show(fakeChat());
  const dialog = within(view).getByRole('dialog', { name: 'Mug shop' });
  expect(dialog.getAttribute('aria-modal')).toBeNull();
});

test('before the session is open the panel has a name of its own', () => {
  const chat = fakeChat();
  chat.surface.value = undefined;
  expect(within(show(chat).view).getByRole('dialog', { name: 'Chat' })).toBeVisible();
});

test('inline it is a region that fills its target and cannot be closed', async () => {
  const { view, root } = show(fakeChat(), { mode: 'inline' });
  const region = within(view).getByRole('region', { name: 'Mug shop' });
  expect(within(view).queryByRole('button', { name: 'Close' })).toBeNull();
  expect(region.getBoundingClientRect()).toMatchObject({ width: 400, height: 500 });
  expect(root.host.getBoundingClientRect().height).toBe(500);
});

test.each([
  ['idle', 'Ready'],
  ['thinking', 'Thinking…'],
  ['answering', 'Answering…'],
  ['acting', 'Working on it…'],
  ['waiting', 'Waiting for you'],
  ['failed', 'Something went wrong'],
] as const)('while %s it says so in words', (phase, words) => {
  expect(within(show(fakeChat({ phase })).view).getByText(words)).toBeVisible();
});

describe('closing', () => {
  test('by its button', async () => {
    const { view, open } = show(fakeChat());
    await userEvent.click(within(view).getByRole('button', { name: 'Close' }));
    await drawn();
    expect(open.value).toBe(false);
    expect(within(view).queryByRole('dialog')).toBeNull();
  });

  test('by Escape from anywhere in it, and the page does not hear that key', async () => {
    const { view, open } = show(fakeChat());
    const heard: string[] = [];
    const listener = (event: KeyboardEvent) => heard.push(event.key);
    document.addEventListener('keydown', listener);
    within(view).getByRole('log').focus();
    await userEvent.keyboard('{Escape}');
    document.removeEventListener('keydown', listener);
    expect(open.value).toBe(false);
    expect(heard).toEqual([]);
  });

  test('inline, Escape closes nothing', async () => {
    const { view, open } = show(fakeChat(), { mode: 'inline' });
    within(view).getByRole('textbox').focus();
    await userEvent.keyboard('{Escape}');
    expect(open.value).toBe(true);
  });
});

describe('the focus', () => {
  test('goes to the composer when the panel opens, and leaves it when the panel closes', async () => {
    const open = signal(false);
    const { view, root } = show(fakeChat(), { open });
    open.value = true;
    await drawn();
    expect(root.activeElement).toBe(within(view).getByRole('textbox', { name: 'Message' }));
    open.value = false;
    await drawn();
    expect(root.activeElement).toBeNull();
  });

  test('can be taken by whoever listens to the closing before the panel lets go of it', async () => {
    const open = signal(true);
    const { root, view } = show(fakeChat(), { open });
    const launcher = document.createElement('button');
    root.append(launcher);
    within(view).getByRole('textbox').focus();
    open.subscribe((isOpen) => {
      if (!isOpen) launcher.focus();
    });
    await userEvent.keyboard('{Escape}');
    await drawn();
    expect(root.activeElement).toBe(launcher);
  });
});

test('the undo takes away everything that was drawn and every style that was adopted', () => {
  const { root, undo } = show(fakeChat());
  expect(root.adoptedStyleSheets.length).toBeGreaterThan(0);
  undo();
  expect(root.childNodes).toHaveLength(0);
  expect(root.adoptedStyleSheets).toHaveLength(0);
});

test('nothing carries a style attribute or a handler attribute', () => {
  const { view } = show(fakeChat({ phase: 'answering' }));
  for (const node of view.querySelectorAll('*')) {
    for (const { name } of node.attributes) expect(name).not.toMatch(/^on|^style$/);
  }
});

test('a right-to-left language turns the panel round, and the English words stay marked as English', () => {
  const { view } = show(fakeChat(), { locale: 'ar-EG' });
  expect(getComputedStyle(view).direction).toBe('rtl');
  expect(view.lang).toBe('en');
  expect(within(view).getByRole('log').querySelector('[lang="ar-EG"]')).not.toBeNull();
});

test('a page replaces a token on its root or on the host', () => {
  const { view, root } = show(fakeChat({ phase: 'answering' }));
  const color = () => getComputedStyle(view).color;
  document.documentElement.style.setProperty('--ph-text', 'rgb(1, 2, 3)');
  expect(color()).toBe('rgb(1, 2, 3)');
  (root.host as HTMLElement).style.setProperty('--ph-text', 'rgb(4, 5, 6)');
  expect(color()).toBe('rgb(4, 5, 6)');
  document.documentElement.style.removeProperty('--ph-text');
});

test("the page's own text styles do not leak in", () => {
  document.body.style.cssText = 'letter-spacing: 9px; font: italic 30px serif; text-transform: uppercase';
  const { view } = show(fakeChat());
  const style = getComputedStyle(within(view).getByRole('textbox'));
  document.body.style.cssText = '';
  expect([style.letterSpacing, style.fontStyle, style.fontSize, style.textTransform]).toEqual([
    'normal',
    'normal',
    '15px',
    'none',
  ]);
});
