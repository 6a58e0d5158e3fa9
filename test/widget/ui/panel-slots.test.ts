import { within } from '@testing-library/preact';
import axe from 'axe-core';
import { h } from 'preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { createPanelSlots } from '../../../widget/ui/panel-slots.ts';
import { drawn, fakeChat, hideAll, show } from './fake-chat.ts';

beforeEach(() => page.viewport(1280, 800));
afterEach(hideAll);

test('an action with an icon is a button of the header, and goes with its undo', async () => {
  const slots = createPanelSlots();
  const { view } = show(fakeChat(), { slots });
  const pressed = vi.fn();
  const undo = slots.addAction({ id: 'new', label: () => 'New chat', icon: 'M4 4h4', onSelect: pressed });
  await drawn();
  await userEvent.click(within(view).getByRole('button', { name: 'New chat' }));
  expect(pressed).toHaveBeenCalledOnce();
  undo();
  await drawn();
  expect(within(view).queryByRole('button', { name: 'New chat' })).toBeNull();
});

test('the same id again takes the place of the first', async () => {
  const slots = createPanelSlots();
  const action = { id: 'a', icon: 'M4 4h4', onSelect: () => {} };
  const first = slots.addAction({ ...action, label: () => 'One' });
  slots.addAction({ ...action, label: () => 'Two' });
  first();
  const { view } = show(fakeChat(), { slots });
  expect(
    within(view)
      .getAllByRole('button')
      .map(({ ariaLabel }) => ariaLabel),
  ).toContain('Two');
  expect(slots.actions.value.filter(({ id }) => id === 'a')).toHaveLength(1);
});

test('actions without an icon stand in a menu that is driven by the keyboard', async () => {
  const slots = createPanelSlots();
  const pressed: string[] = [];
  for (const name of ['Rename', 'Delete'])
    slots.addAction({ id: name, label: () => name, onSelect: () => pressed.push(name) });
  const { view, root, open } = show(fakeChat(), { slots });
  const more = await within(view).findByRole('button', { name: 'More' }, { timeout: 8000 });
  more.focus();
  await userEvent.keyboard('{ArrowDown}');
  const items = await within(view).findAllByRole('menuitem', {}, { timeout: 8000 });
  const isAt = (item: HTMLElement | undefined) =>
    vi.waitFor(() => expect(root.activeElement).toBe(item), 8000);
  await isAt(items[0]);
  await userEvent.keyboard('{ArrowUp}');
  await isAt(items[1]);
  await userEvent.keyboard('{ArrowDown}');
  await isAt(items[0]);
  // A colour on its way to another one has a contrast of its own.
  await Promise.allSettled(view.getAnimations({ subtree: true }).map(({ finished }) => finished));
  const { violations } = await axe.run(root.host as HTMLElement, { resultTypes: ['violations'] });
  expect(violations.map(({ id }) => id)).toEqual([]);
  await userEvent.keyboard('{Escape}');
  await isAt(more);
  expect([within(view).queryByRole('menu'), open.value]).toEqual([null, true]);
  await userEvent.keyboard('{Enter}');
  await isAt((await within(view).findAllByRole('menuitem', {}, { timeout: 8000 }))[0]);
  await userEvent.keyboard('{End}{Enter}');
  await vi.waitFor(() => expect(pressed).toEqual(['Delete']), 8000);
  await isAt(more);
});

test('a press beside the menu closes it', async () => {
  const slots = createPanelSlots();
  slots.addAction({ id: 'a', label: () => 'Rename', onSelect: () => {} });
  const { view } = show(fakeChat(), { slots });
  await userEvent.click(await within(view).findByRole('button', { name: 'More' }, { timeout: 8000 }));
  await drawn();
  await userEvent.click(within(view).getByRole('log'));
  await drawn();
  expect(within(view).queryByRole('menu')).toBeNull();
});

test('what takes the place of the thread hides it and keeps what was written', async () => {
  const slots = createPanelSlots();
  const chat = fakeChat();
  const { view } = show(chat, { slots });
  await userEvent.fill(within(view).getByRole('textbox'), 'A draft');
  const undo = slots.add('instead-of-thread', () => h('p', null, 'All conversations'));
  await drawn();
  expect(within(view).getByText('All conversations')).toBeVisible();
  expect(within(view).queryByRole('textbox')).toBeNull();
  undo();
  await drawn();
  expect(within(view).getByRole('textbox')).toHaveValue('A draft');
});

test('the other places stand where their names say', async () => {
  const slots = createPanelSlots();
  for (const name of ['footer', 'above-composer', 'below-header'] as const)
    slots.add(name, () => h('p', { class: 'mark' }, name));
  const { view } = show(fakeChat(), { slots });
  const order = [...view.querySelectorAll('header, .thread, .composer, .mark')].map(
    (node) => node.closest('.mark')?.textContent ?? (node.className || node.localName),
  );
  expect(order).toEqual(['header', 'below-header', 'thread', 'above-composer', 'composer', 'footer']);
});
