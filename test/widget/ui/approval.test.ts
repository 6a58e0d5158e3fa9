import { fireEvent, within } from '@testing-library/preact';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import {
  ASKING,
  aCall,
  anAnswer,
  aQuestion,
  asking,
  aText,
  drawn,
  type FakeChat,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

beforeAll(async () => {
  // On a small screen the chat is a sheet, and nothing beside it takes the focus.
  await page.viewport(1280, 800);
  await partsLoaded();
});
afterEach(hideAll);

async function ask(chat: FakeChat) {
  const shown = show(chat);
  await drawn();
  const card = () => within(shown.view).getByRole('group', { name: 'Add to cart' });
  const button = (name: string) => within(card()).getByRole('button', { name });
  const armed = () => vi.waitFor(() => expect(button('Decline').getAttribute('aria-disabled')).toBe('false'));
  return { ...shown, card, button, armed };
}

test.each([
  ['Allow once', 'once'],
  ['Always allow in this conversation', 'always'],
  ['Decline', 'decline'],
] as const)('%s decides the call', async (name, decision) => {
  const chat = fakeChat(asking(aCall(ASKING)));
  const { button, armed } = await ask(chat);
  await armed();
  await userEvent.click(button(name));
  expect(chat.decisions).toEqual([['c1', decision]]);
});

test('where it may not be remembered, that is not offered', async () => {
  const { card } = await ask(fakeChat(asking(aCall({ status: 'approval', canRemember: false }))));
  expect(
    within(card())
      .getAllByRole('button')
      .map((button) => button.textContent),
  ).toEqual(['Allow once', 'Decline']);
});

test('an event that a script made decides nothing', async () => {
  const chat = fakeChat(asking(aCall(ASKING)));
  const { button, armed } = await ask(chat);
  await armed();
  button('Allow once').click();
  fireEvent.click(button('Allow once'));
  fireEvent.keyDown(button('Allow once'), { key: 'Enter' });
  button('Allow once').dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
  expect(chat.decisions).toEqual([]);
});

test('a card that just appeared takes no answer: the click was meant for what stood there', async () => {
  const chat = fakeChat(asking(aCall(ASKING)));
  const shown = show(chat);
  const button = within(shown.view).getByRole('button', { name: 'Allow once' });
  expect(button.getAttribute('aria-disabled')).toBe('true');
  await userEvent.click(button, { force: true });
  const tooEarly = chat.decisions.length;
  await vi.waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('false'));
  await userEvent.click(button);
  expect([tooEarly, chat.decisions.length]).toEqual([0, 1]);
});

test('it shows the title, the bare name, the page, the arguments and what the page says of it', async () => {
  const { card } = await ask(fakeChat(asking(aCall(ASKING))));
  for (const words of [
    'Allow “Add to cart”?',
    'add_to_cart',
    'https://shop.example.com',
    'Adds a product to the cart.',
    'The page says',
  ]) {
    expect(within(card()).getByText(words)).toBeVisible();
  }
  expect(facts(card())).toEqual([
    ['product', '"blue-mug"'],
    ['quantity', '2'],
  ]);
});

function facts(card: HTMLElement): [string, string][] {
  return [...card.querySelectorAll('.arguments > div')].map((row) => [
    row.querySelector('dt')?.textContent ?? '',
    row.querySelector('dd')?.textContent ?? '',
  ]);
}

test('arguments are shown to the letter: quotes, line breaks and what cannot be seen', async () => {
  const input = {
    note: 'ok"\n\nAllow once  ',
    hidden: 'a\u202eb\u200bc\u00a0d\u{e0041}e',
    list: [1, { deep: true }],
    nothing: null,
    'evil\nname': 1,
    persian: 'می\u200cخواهم',
    long: 'x'.repeat(5000),
  };
  const { card } = await ask(fakeChat(asking(aCall(ASKING, { input }))));
  expect(facts(card())).toEqual([
    ['note', '"ok\\"\\n\\nAllow once  "'],
    ['hidden', '"a\\u202eb\\u200bc\\u00a0d\\u{e0041}e"'],
    ['list', '[\n  1,\n  {\n    "deep": true\n  }\n]'],
    ['nothing', 'null'],
    ['evil\\u000aname', '1'],
    ['persian', '"می\u200cخواهم"'],
    ['long', `"${'x'.repeat(5000)}"`],
  ]);
});

test.each([[undefined], [{}], [null]])('a call without arguments says so: %o', async (input) => {
  const { card } = await ask(fakeChat(asking(aCall(ASKING, { input }))));
  expect(within(card()).getByText('No arguments.')).toBeVisible();
});

test('names that sound personal or secret are flagged in words, at any depth', async () => {
  const input = {
    cardNumber: 1,
    user_email: 1,
    order: { items: [{ apiToken: 1 }] },
    shipping: 1,
    discard: 1,
    hotel: 1,
  };
  const { card } = await ask(fakeChat(asking(aCall(ASKING, { input }))));
  const flagged = [...card().querySelectorAll('dt')].flatMap((term) =>
    term.textContent?.endsWith(' may be personal or secret') ? [term.firstChild?.textContent] : [],
  );
  expect(flagged).toEqual(['cardNumber', 'user_email', 'order']);
});

test('a name that mixes alphabets is flagged, and may read like the one beside it', async () => {
  const { card } = await ask(fakeChat(asking(aCall(ASKING, { input: { amount: 1, 'am\u043eunt': 900 } }))));
  const flagged = within(card()).getAllByText('letters of several alphabets');
  expect(flagged).toHaveLength(1);
  expect(flagged[0]?.closest('div')?.textContent).toContain('900');
});

test('many arguments are counted, so that nobody takes the first ones for all', async () => {
  const input = Object.fromEntries(Array.from({ length: 151 }, (_, index) => [`field_${index}`, index]));
  const { card } = await ask(fakeChat(asking(aCall(ASKING, { input }))));
  expect(within(card()).getByRole('heading', { name: 'With exactly these 151 values' })).toBeDefined();
});

test('what page and model wrote makes no element and no attribute but the name of the group', async () => {
  const evil = '<img src=x onerror=alert(1)> [Allow once](javascript:alert(1)) "onclick="x';
  const call = aCall(ASKING, {
    name: evil,
    title: evil,
    description: evil,
    pageOrigin: evil,
    input: { [evil]: evil },
  });
  const { view } = await ask(fakeChat({ phase: 'waiting', entries: [aQuestion(evil), anAnswer([call])] }));
  const region = within(view).getByRole('region', { name: 'Needs your decision' });
  expect(region.querySelectorAll('img, a, script')).toHaveLength(0);
  expect(within(region).getAllByRole('button')).toHaveLength(3);
  for (const node of region.querySelectorAll('*')) {
    for (const { name, value } of node.attributes) {
      if (value.includes('onerror')) expect(name).toBe('aria-label');
    }
  }
});

test('the card stands outside the thread, where no answer can imitate it', async () => {
  const answer = anAnswer([aText('# Allow “Add to cart”?\n\n[Allow once](https://x.test/)'), aCall(ASKING)]);
  const { view, card } = await ask(fakeChat({ phase: 'waiting', entries: [aQuestion(), answer] }));
  const log = within(view).getByRole('log');
  expect(log.contains(card())).toBe(false);
  expect(within(log).queryByRole('button', { name: 'Allow once' })).toBeNull();
  expect(within(log).queryByRole('group', { name: 'Add to cart' })).toBeNull();
});

test('several calls are asked about one after another, each anew', async () => {
  const second = aCall(ASKING, { id: 'c2', input: { product: 'green-mug' } });
  const chat = fakeChat(asking(aCall(ASKING), second));
  const { view, card, armed } = await ask(chat);
  expect(within(card()).getByText('1 more after this')).toBeVisible();
  await armed();
  chat.conversation.value = { ...chat.conversation.value, ...asking(aCall({ status: 'declined' }), second) };
  await drawn();
  const region = within(view).getByRole('region', { name: 'Needs your decision' });
  expect(facts(region)).toEqual([['product', '"green-mug"']]);
  expect(within(region).getByRole('button', { name: 'Allow once' }).getAttribute('aria-disabled')).toBe(
    'true',
  );
});

describe('the focus', () => {
  async function arrive(chat: FakeChat, before: (view: HTMLElement) => void) {
    const { view, root } = show(chat);
    before(view);
    chat.conversation.value = { ...chat.conversation.value, ...asking(aCall(ASKING)) };
    await drawn();
    return { view, root, card: within(view).getByRole('group', { name: 'Add to cart' }) };
  }

  test('goes to the card, not to a button of it, when the visitor is in the chat', async () => {
    const { root, card } = await arrive(fakeChat(), (view) => within(view).getByRole('textbox').focus());
    expect(root.activeElement).toBe(card);
  });

  test('stays with a visitor who is writing', async () => {
    const chat = fakeChat();
    chat.draft.value = 'and also';
    const { root, view } = await arrive(chat, (shown) => within(shown).getByRole('textbox').focus());
    expect(root.activeElement).toBe(within(view).getByRole('textbox'));
  });

  test('stays with a visitor who is elsewhere on the page', async () => {
    const field = document.createElement('input');
    document.body.append(field);
    const { root } = await arrive(fakeChat(), () => field.focus());
    expect(root.activeElement).toBeNull();
    expect(document.activeElement).toBe(field);
    field.remove();
  });

  test('goes back to the composer when the last card is answered', async () => {
    const chat = fakeChat();
    const { root, view, card } = await arrive(chat, (shown) => within(shown).getByRole('textbox').focus());
    within(card).getByRole('button', { name: 'Decline' }).focus();
    chat.conversation.value = {
      ...chat.conversation.value,
      ...asking(aCall({ status: 'declined' })),
      phase: 'thinking',
    };
    await drawn();
    expect(root.activeElement).toBe(within(view).getByRole('textbox'));
  });
});

test('it is answered by keyboard alone', async () => {
  const chat = fakeChat(asking(aCall(ASKING)));
  const { card, armed } = await ask(chat);
  await armed();
  card().focus();
  await userEvent.keyboard('{Tab}{Tab}{Tab}{Enter}');
  expect(chat.decisions).toEqual([['c1', 'decline']]);
});

test('no length of title, description or arguments pushes the answers out of the panel', async () => {
  const endless = 'endless words '.repeat(2000);
  const call = aCall(ASKING, { title: endless, description: endless, input: { [endless]: endless } });
  const { view } = show(fakeChat(asking(call)));
  const panel = within(view).getByRole('dialog').getBoundingClientRect();
  for (const button of within(view).getAllByRole('button', {
    name: /Allow once|Decline|Always allow|Stop/,
  })) {
    expect(button.getBoundingClientRect().bottom).toBeLessThanOrEqual(panel.bottom);
    expect(button.getBoundingClientRect().top).toBeGreaterThan(panel.top);
  }
});
