import { signal } from '@preact/signals';
import { within } from '@testing-library/preact';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { CommandSource } from '../../../../widget/composer-sources.ts';
import { aQuestion, drawn, type FakeChat, fakeChat, hideAll, partsLoaded, show } from '../fake-chat.ts';

beforeAll(partsLoaded);
afterEach(hideAll);

const PEOPLE = ['Ada Lovelace', 'Alan', 'Grace'];

function people(search?: CommandSource['search']): CommandSource {
  return {
    trigger: '@',
    name: 'People',
    search:
      search ??
      ((query) =>
        PEOPLE.filter((name) => name.toLowerCase().startsWith(query.toLowerCase())).map((label) => ({
          id: `p-${label}`,
          label,
          data: { known: label },
        }))),
  };
}

function commands(ran: string[] = []): CommandSource {
  return {
    trigger: '/',
    name: 'Commands',
    search: (query) =>
      [
        { id: 'help', label: 'help', detail: 'What I can do', send: 'What can you do?' },
        { id: 'order', label: 'order', fill: 'Where is my order ' },
        { id: 'cart', label: 'cart', run: () => ran.push('cart') },
      ].filter(({ label }) => label.startsWith(query)),
  };
}

function compose(sources: CommandSource[], chat: FakeChat = fakeChat()) {
  const { view, root, open } = show(chat, { sources: signal(sources) });
  return {
    chat,
    root,
    open,
    view,
    field: within(view).getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' }),
    options: () =>
      within(view)
        .queryAllByRole('option')
        .map(
          (option) => `${option.getAttribute('aria-selected') === 'true' ? '> ' : ''}${option.textContent}`,
        ),
  };
}

async function type(field: HTMLElement, text: string) {
  await userEvent.click(field);
  await userEvent.keyboard(text);
}

test('a slash at the beginning shows the commands, the first one chosen and told to who does not see it', async () => {
  const { field, options, view } = compose([commands()]);
  await type(field, '/');
  await vi.waitFor(() => expect(options()).toEqual(['> Commands/helpWhat I can do', '/order', '/cart']));
  const list = within(view).getByRole('listbox', { name: 'Suggestions' });
  expect(field.getAttribute('aria-controls')).toBe(list.id);
  expect(field.getAttribute('aria-activedescendant')).toBe(within(list).getAllByRole('option')[0]?.id);
});

test('arrows go round, and Enter sends what a command sends', async () => {
  const { field, options, chat } = compose([commands()]);
  await type(field, '/');
  await vi.waitFor(() => expect(options()).toHaveLength(3));
  await userEvent.keyboard('{ArrowUp}{ArrowDown}{Enter}');
  expect(chat.sent).toEqual(['What can you do?']);
  expect(field.value).toBe('');
  expect(field.hasAttribute('aria-activedescendant')).toBe(false);
});

test('a command may fill the field, or have the page do something', async () => {
  const ran: string[] = [];
  const { field, options, chat } = compose([commands(ran)]);
  await type(field, '/o');
  await vi.waitFor(() => expect(options()).toEqual(['> Commands/order']));
  await userEvent.keyboard('{Tab}');
  expect(field.value).toBe('Where is my order ');
  await userEvent.clear(field);
  await type(field, '/c');
  await vi.waitFor(() => expect(options()).toEqual(['> Commands/cart']));
  await userEvent.keyboard('{Enter}');
  expect(ran).toEqual(['cart']);
  expect(chat.sent).toEqual([]);
});

test('a mention stands in the text where it was begun, and the text goes on behind it', async () => {
  const { field, options } = compose([people()]);
  await type(field, 'Ask @a');
  await vi.waitFor(() => expect(options()).toEqual(['> People@Ada Lovelace', '@Alan']));
  await userEvent.keyboard('{ArrowDown}{Enter}about it');
  expect(field.value).toBe('Ask @Alan about it');
});

test('an address is no mention, and a path is no command', async () => {
  const { field, options } = compose([people(), commands()]);
  await type(field, 'me@a and/h');
  await drawn();
  expect(options()).toEqual([]);
});

test('Esc closes the list and not the chat', async () => {
  const { field, options, open } = compose([commands()]);
  await type(field, '/');
  await vi.waitFor(() => expect(options()).toHaveLength(3));
  await userEvent.keyboard('{Escape}');
  await drawn();
  expect(options()).toEqual([]);
  expect(open.value).toBe(true);
  expect(field.value).toBe('/');
});

test('a click chooses, and the focus stays in the field', async () => {
  const { field, options, view, root } = compose([people()]);
  await type(field, '@g');
  await vi.waitFor(() => expect(options()).toHaveLength(1));
  await userEvent.click(within(view).getByRole('option'));
  expect(field.value).toBe('@Grace ');
  expect(root.activeElement).toBe(field);
});

test('keys of who composes a character belong to the composition', async () => {
  const { field, options, chat } = compose([commands()]);
  await type(field, '/');
  await vi.waitFor(() => expect(options()).toHaveLength(3));
  field.dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, isComposing: true }),
  );
  expect(chat.sent).toEqual([]);
  expect(options()).toHaveLength(3);
});

test('what is searched for late gives way to what was typed since, and its signal fires', async () => {
  const asked: { readonly query: string; readonly signal: AbortSignal }[] = [];
  const { field, options } = compose([
    people((query, searching) => {
      asked.push({ query, signal: searching });
      if (query === '') return new Promise(() => {});
      return [{ id: query, label: query }];
    }),
  ]);
  await type(field, '@');
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await userEvent.keyboard('x');
  await vi.waitFor(() => expect(options()).toEqual(['> People@x']));
  expect(asked[0]?.signal.aborted).toBe(true);
});

test('a source that fails is reported to the page, and the others go on', async () => {
  const reported = vi.spyOn(globalThis, 'reportError').mockImplementation(() => {});
  const { field, options } = compose([
    people(() => {
      throw new Error('no directory');
    }),
    people(() => [{ id: '1', label: 'Ada' }]),
  ]);
  await type(field, '@');
  await vi.waitFor(() => expect(options()).toEqual(['> People@Ada']));
  expect(reported).toHaveBeenCalledOnce();
  reported.mockRestore();
});

test('nothing found is said', async () => {
  const { field, view } = compose([people(() => [])]);
  await type(field, '@zzz');
  await vi.waitFor(() => expect(within(view).getByText('Nothing found')).toBeTruthy());
});

test('ArrowUp in an empty field brings back what was said, and ArrowDown and Esc lead out again', async () => {
  const chat = fakeChat({ entries: [aQuestion('first', 'u1'), aQuestion('second', 'u2')] });
  const { field, open } = compose([], chat);
  await userEvent.click(field);
  await userEvent.keyboard('{ArrowUp}');
  expect(field.value).toBe('second');
  await userEvent.keyboard('{ArrowUp}{ArrowUp}');
  expect(field.value).toBe('first');
  await userEvent.keyboard('{ArrowDown}');
  expect(field.value).toBe('second');
  await userEvent.keyboard('{Escape}');
  expect(field.value).toBe('');
  expect(open.value).toBe(true);
  await userEvent.keyboard('draft{ArrowUp}');
  expect(field.value).toBe('draft');
});

test('the room that is left is said before it is used up', async () => {
  const chat = fakeChat();
  const { view } = compose([], chat);
  chat.draft.value = 'a'.repeat(31_990);
  await vi.waitFor(() => expect(within(view).getByText('10 characters left')).toBeTruthy());
  chat.draft.value = 'a'.repeat(32_001);
  await vi.waitFor(() => expect(within(view).getByText('1 character too many')).toBeTruthy());
});
