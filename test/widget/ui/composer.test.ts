import { within } from '@testing-library/preact';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { drawn, type FakeChat, fakeChat, hideAll, show } from './fake-chat.ts';

afterEach(hideAll);

function compose(chat: FakeChat) {
  const { view, root } = show(chat);
  const button = (name: string) => within(view).queryByRole('button', { name });
  return {
    view,
    root,
    field: within(view).getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' }),
    button,
  };
}

test('Enter sends what was typed, without the space around it, and empties the field', async () => {
  const chat = fakeChat();
  const { field } = compose(chat);
  await userEvent.fill(field, '  two mugs ');
  await userEvent.keyboard('{Enter}');
  await drawn();
  expect(chat.sent).toEqual(['two mugs']);
  expect(field.value).toBe('');
});

test('Shift and Enter begin a new line', async () => {
  const chat = fakeChat();
  const { field } = compose(chat);
  await userEvent.click(field);
  await userEvent.keyboard('a{Shift>}{Enter}{/Shift}b');
  expect(chat.draft.value).toBe('a\nb');
  expect(chat.sent).toEqual([]);
});

test.each([{ isComposing: true }, { keyCode: 229 }])(
  'Enter that ends a composition sends nothing: %o',
  (init) => {
    const chat = fakeChat();
    chat.draft.value = 'かな';
    const { field } = compose(chat);
    field.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }),
    );
    expect(chat.sent).toEqual([]);
  },
);

test('Send sends too, and the focus goes on in the field', async () => {
  const chat = fakeChat();
  chat.draft.value = 'hello';
  const { button, root, field } = compose(chat);
  await userEvent.click(button('Send') as HTMLElement);
  expect(chat.sent).toEqual(['hello']);
  expect(root.activeElement).toBe(field);
});

test('nothing but space is not sent', async () => {
  const chat = fakeChat();
  const { field, button } = compose(chat);
  await userEvent.fill(field, ' \n ');
  await userEvent.keyboard('{Enter}');
  expect(button('Send')?.getAttribute('aria-disabled')).toBe('true');
  expect(chat.sent).toEqual([]);
});

test('what stands in the draft stands in the field, whoever put it there', async () => {
  const chat = fakeChat();
  const { field } = compose(chat);
  chat.draft.value = 'kept after a failure';
  await drawn();
  expect(field.value).toBe('kept after a failure');
});

test('the field grows with its text up to six lines, then scrolls', async () => {
  const chat = fakeChat();
  const { field } = compose(chat);
  const one = field.clientHeight;
  chat.draft.value = 'a\nb\nc';
  await drawn();
  const three = field.clientHeight;
  chat.draft.value = 'a\n'.repeat(40);
  await drawn();
  const many = field.clientHeight;
  expect(three).toBeGreaterThan(one + 30);
  expect(many).toBeGreaterThan(three);
  expect(many).toBeLessThan(170);
  expect(field.scrollHeight).toBeGreaterThan(many);
});

test('single keys stay inside, so that shortcuts of the page do not fire; commands pass', async () => {
  const { field } = compose(fakeChat());
  const heard: string[] = [];
  const listener = (event: KeyboardEvent) => heard.push(event.key);
  document.addEventListener('keydown', listener);
  await userEvent.click(field);
  await userEvent.keyboard('k/{Control>}b{/Control}');
  document.removeEventListener('keydown', listener);
  expect(heard.filter((key) => key !== 'Control')).toEqual(['b']);
});

describe('while the chat is busy', () => {
  test('Stop takes the place of Send and ends the turn', async () => {
    const chat = fakeChat({ phase: 'answering' });
    const { button } = compose(chat);
    expect(button('Send')).toBeNull();
    await userEvent.click(button('Stop') as HTMLElement);
    expect(chat.calls).toEqual(['stop']);
  });

  test('a message that was begun can be sent as well', async () => {
    const chat = fakeChat({ phase: 'acting' });
    chat.draft.value = 'wait, three';
    const { button } = compose(chat);
    expect(button('Stop')).not.toBeNull();
    await userEvent.click(button('Send') as HTMLElement);
    expect(chat.sent).toEqual(['wait, three']);
  });

  test('by touch it goes to the thread instead: the field would raise the keyboard over the answer', async () => {
    const { matchMedia } = window;
    vi.spyOn(window, 'matchMedia').mockImplementation((query) =>
      query === '(pointer: coarse)' ? ({ matches: true } as MediaQueryList) : matchMedia.call(window, query),
    );
    const chat = fakeChat({ phase: 'answering' });
    const { button, root, view } = compose(chat);
    button('Stop')?.focus();
    chat.conversation.value = { ...chat.conversation.value, phase: 'idle' };
    await drawn();
    expect(root.activeElement).toBe(within(view).getByRole('log'));
    vi.restoreAllMocks();
  });

  test('the focus that stood on Stop goes to the field when the turn ends', async () => {
    const chat = fakeChat({ phase: 'answering' });
    const { button, root, field } = compose(chat);
    button('Stop')?.focus();
    chat.conversation.value = { ...chat.conversation.value, phase: 'idle' };
    await drawn();
    expect(root.activeElement).toBe(field);
  });
});
