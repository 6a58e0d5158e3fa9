import type { Locator, Page } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ChatPage } from '../support/chat-page.ts';
import { type EveryState, type SiteMode, startEveryState } from '../support/every-state.ts';
import { PDF } from '../support/files.ts';

const PATIENT = { timeout: 20_000 };

let all: EveryState;
let chat: ChatPage;
let page: Page;

beforeAll(async () => {
  all = await startEveryState();
});

afterEach(async () => {
  await page?.context().close();
});

afterAll(async () => {
  await all?.close();
});

/** Opens the chat of a page with the keyboard. */
async function openByKeyboard(mode: SiteMode = 'floating', phone = false): Promise<void> {
  chat = await all.visit(mode, {
    viewport: phone ? { width: 360, height: 740 } : { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  });
  page = chat.page;
  await tabTo(page.getByRole('button', { expanded: false }));
  await page.keyboard.press('Enter');
  await see(chat.message).toBeFocused(PATIENT);
  await see(page.getByRole('button', { name: 'Earlier conversations' })).toBeVisible(PATIENT);
}

const isFocused = (target: Locator) =>
  target
    .evaluate((element) => (element.getRootNode() as Document).activeElement === element)
    .catch(() => false);

/** Presses Tab, or Shift+Tab, until something has the focus. */
async function tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await target.first().waitFor(PATIENT);
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key);
    if (await isFocused(target.first())) return;
  }
  throw new Error(`${key} does not lead to ${target}`);
}

async function write(words: string): Promise<void> {
  await see(chat.message).toBeFocused();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
}

/** Something that can be seen has the focus. */
async function focusIsSomewhere(): Promise<void> {
  const where = () =>
    page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active === null || active === document.body || active.shadowRoot !== null
        ? 'nothing'
        : 'something';
    });
  await see.poll(where).toBe('something');
}

test('open, write, read, copy, vote, say why, edit and close: by keyboard alone', async () => {
  await openByKeyboard();
  await tabTo(page.getByRole('button', { name: 'Show me blue mugs' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(chat.thread.getByRole('heading', { name: 'Two blue mugs' })).toBeVisible(PATIENT);
  // What was pressed is gone; the focus is not.
  await focusIsSomewhere();
  await chat.settled();

  await tabTo(chat.thread.getByRole('button', { name: 'Search the shop' }));
  await page.keyboard.press('Enter');
  await see(chat.thread.getByRole('heading', { name: 'Arguments' })).toBeVisible();
  await tabTo(chat.thread.getByRole('link', { name: /see how to care/ }));
  // What is wider than the chat scrolls, and can be reached to be scrolled.
  await tabTo(chat.thread.getByRole('group', { name: 'Table' }));
  await tabTo(chat.thread.getByRole('button', { name: 'Copy answer' }));
  await page.keyboard.press('Enter');
  await see(chat.thread.getByText(/Copied|Could not copy/)).toBeVisible();
  await tabTo(chat.thread.getByRole('button', { name: 'Bad answer' }));
  await page.keyboard.press('Space');
  await see(chat.thread.getByRole('button', { name: 'Bad answer' })).toHaveAttribute('aria-pressed', 'true');
  await tabTo(chat.thread.getByRole('textbox', { name: 'What was wrong? (optional)' }));
  await page.keyboard.type('Too long');
  await page.keyboard.press('Enter');
  await see(chat.thread.getByText('Thank you.')).toBeVisible();
  await see(chat.thread.getByRole('button', { name: 'Bad answer' })).toBeFocused();

  const edit = chat.thread.getByRole('button', { name: 'Edit message' });
  await tabTo(edit, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(chat.thread.getByRole('textbox', { name: 'Edit message' })).toBeFocused();
  await page.keyboard.press('Escape');
  await see(edit).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('Thank you');
  await page.keyboard.press('Enter');
  await see(chat.thread).toContainText('You are welcome.', PATIENT);
  await see(chat.message).toBeFocused();

  const maximise = page.getByRole('button', { name: 'Maximise' });
  await tabTo(maximise, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(page.getByRole('button', { name: 'Restore size' })).toBeFocused();

  await page.keyboard.press('Escape');
  await see(page.getByRole('button', { expanded: false })).toBeFocused();
  await see(page.getByRole('dialog')).toHaveCount(0);
  // Nothing of the closed panel is left in the way.
  await page.keyboard.press('Shift+Tab');
  await see(page.getByRole('link', { name: 'See them all' })).toBeFocused();
});

test('a call is allowed or declined, questions are answered: the focus goes there and comes back', async () => {
  await openByKeyboard();
  for (const [answer, receipt] of [
    ['Decline', /you declined it/],
    ['Allow once', /you allowed it/],
  ] as const) {
    await write('Order two');
    await see(chat.approval('Order')).toBeFocused(PATIENT);
    const button = chat.approval('Order').getByRole('button', { name: answer });
    await tabTo(button);
    // What has just appeared takes no answer that was meant for something else.
    await see(button).toHaveAttribute('aria-disabled', 'false');
    await page.keyboard.press('Enter');
    await see(chat.row('Order').last()).toContainText(receipt, PATIENT);
    await see(chat.message).toBeFocused();
    await chat.settled();
  }
  await write('I need a present');
  const sheet = page.getByRole('region', { name: 'Question for you' });
  await see(sheet.getByRole('heading', { name: 'Who is it for?' })).toBeVisible(PATIENT);
  await focusIsSomewhere();
  await tabTo(sheet.getByRole('button', { name: /coffee/ }));
  await see(sheet.getByRole('button', { name: 'Skip' })).toHaveAttribute('aria-disabled', 'false');
  await page.keyboard.press('Enter');
  await see(sheet.getByRole('heading', { name: 'Which colours?' })).toBeVisible();
  await focusIsSomewhere();
  await tabTo(sheet.getByRole('button', { name: 'Rust' }));
  await page.keyboard.press('Space');
  await see(sheet.getByRole('button', { name: 'Rust' })).toHaveAttribute('aria-pressed', 'true');
  await tabTo(sheet.getByRole('button', { name: 'Send' }));
  await page.keyboard.press('Enter');
  await see(chat.thread).toContainText('take the Harbour', PATIENT);
  await see(sheet).toHaveCount(0);
  await see(chat.message).toBeFocused();
  await chat.settled();

  await write('What next?');
  await tabTo(chat.thread.getByRole('button', { name: 'Wrap it' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(chat.thread.getByRole('button', { name: 'Pay now' })).toHaveCount(0, PATIENT);
  await focusIsSomewhere();
});

test('commands by arrows, Enter and Escape; files come and go; what was said before comes back', async () => {
  await openByKeyboard();
  await page.keyboard.type('/');
  const option = (name: RegExp) => page.getByRole('option', { name });
  await see(option(/thanks/)).toHaveAttribute('aria-selected', 'true', PATIENT);
  await page.keyboard.press('ArrowDown');
  await see(option(/wrap/)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await see(page.getByRole('listbox')).toHaveCount(0);
  await see(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.type('w');
  await option(/wrap/).waitFor(PATIENT);
  await page.keyboard.press('Enter');
  await see(chat.message).toHaveValue('Wrap it in ');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');

  const chooser = page.waitForEvent('filechooser');
  await tabTo(page.getByRole('button', { name: 'Attach files' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(
    ['one.pdf', 'two.pdf'].map((name) => ({ name, mimeType: 'application/pdf', buffer: PDF })),
  );
  const files = page.getByRole('list', { name: 'Attached files' });
  await see(files.getByRole('listitem')).toHaveCount(2, PATIENT);
  await tabTo(files.getByRole('button', { name: 'Remove one.pdf' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(files.getByRole('listitem')).toHaveCount(1);
  await focusIsSomewhere();
  await tabTo(files.getByRole('button', { name: 'Remove two.pdf' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(files).toHaveCount(0);
  await see(chat.message).toBeFocused();

  await write('Thank you');
  await see(chat.thread).toContainText('You are welcome.', PATIENT);
  await chat.settled();
  await page.keyboard.press('ArrowUp');
  await see(chat.message).toHaveValue('Thank you');
});

test('conversations are searched, named, pinned, deleted and left by keyboard, and the focus is never lost', async () => {
  await openByKeyboard();
  await write('Thank you');
  await see(chat.thread).toContainText('You are welcome.', PATIENT);
  await chat.settled();
  await tabTo(page.getByRole('button', { name: 'New chat' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  await see(chat.thread).not.toContainText('You are welcome.', PATIENT);
  await focusIsSomewhere();
  await tabTo(chat.message);
  await write('What next?');
  await see(chat.thread).toContainText('You choose.', PATIENT);
  await chat.settled();

  await tabTo(page.getByRole('button', { name: 'Earlier conversations' }), 'Shift+Tab');
  await page.keyboard.press('Enter');
  const list = page.getByRole('region', { name: 'Conversations' });
  await see(list.getByRole('listitem')).toHaveCount(2, PATIENT);
  await focusIsSomewhere();
  await tabTo(list.getByRole('searchbox'));
  await page.keyboard.type('Thank');
  await see(list.getByRole('listitem')).toHaveCount(1, PATIENT);
  await see(list.getByRole('searchbox')).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await see(list.getByRole('listitem')).toHaveCount(2, PATIENT);

  await tabTo(list.getByRole('button', { name: 'Rename Thank you' }));
  await page.keyboard.press('Enter');
  await see(list.getByRole('textbox', { name: 'Name of the conversation' })).toBeFocused();
  await page.keyboard.type('Manners');
  await page.keyboard.press('Enter');
  await see(list.getByRole('button', { name: 'Rename Manners' })).toBeFocused(PATIENT);
  await page.keyboard.press('Tab');
  await see(list.getByRole('button', { name: 'Pin Manners' })).toBeFocused();
  await page.keyboard.press('Space');
  await see(list.getByRole('button', { name: 'Pin Manners' })).toHaveAttribute(
    'aria-pressed',
    'true',
    PATIENT,
  );
  await see(list.getByRole('button', { name: 'Pin Manners' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await see(list.getByRole('button', { name: 'Keep' })).toBeFocused();
  await page.keyboard.press('Escape');
  await see(list.getByRole('button', { name: 'Delete Manners' })).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(list.getByRole('button', { name: 'Delete', exact: true }));
  await page.keyboard.press('Enter');
  await see(list.getByRole('listitem')).toHaveCount(1, PATIENT);
  await focusIsSomewhere();
  await page.keyboard.press('Escape');
  await see(chat.message).toBeFocused(PATIENT);
  await see(page.getByRole('dialog')).toBeVisible();
});

test('how it was is said by keyboard, and the form leaves the focus behind', async () => {
  await openByKeyboard();
  for (const words of ['Thank you', 'What next?']) {
    await write(words);
    await see(chat.thread).toContainText(words === 'Thank you' ? 'You are welcome.' : 'You choose.', PATIENT);
    await chat.settled();
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  const form = chat.thread.getByRole('group', { name: 'How was this conversation?' });
  await form.waitFor(PATIENT);
  await tabTo(chat.thread.getByRole('button', { name: 'Not now' }), 'Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ArrowRight');
  await see(form.getByRole('radio', { checked: true })).toBeFocused();
  await tabTo(chat.thread.getByRole('button', { name: 'Send' }));
  await page.keyboard.press('Enter');
  await see(form).toHaveCount(0, PATIENT);
  await focusIsSomewhere();
});

test('on a phone an open chat keeps the focus in it, and lets it go when it closes', async () => {
  await openByKeyboard('floating', true);
  await see(page.getByRole('dialog')).toHaveAttribute('aria-modal', 'true', PATIENT);
  for (let presses = 0; presses < 25; presses += 1) {
    await page.keyboard.press('Tab');
    expect(await isFocused(page.getByRole('link', { name: 'See them all', includeHidden: true }))).toBe(
      false,
    );
  }
  await tabTo(page.getByRole('button', { name: 'Close' }));
  await page.keyboard.press('Enter');
  await see(page.getByRole('button', { expanded: false })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await see(page.getByRole('link', { name: 'See them all' })).toBeFocused();
});

test('a docked chat is made wider and narrower by arrows, and says how wide it is', async () => {
  await openByKeyboard('docked');
  const edge = page.getByRole('separator', { name: 'Width of the chat' });
  await tabTo(edge, 'Shift+Tab');
  const before = Number(await edge.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowLeft');
  await see(edge).toHaveAttribute('aria-valuenow', String(before + 16));
  await page.keyboard.press('Home');
  await see(edge).toHaveAttribute('aria-valuenow', (await edge.getAttribute('aria-valuemin')) ?? '');
  await page.keyboard.press('Escape');
  await see(page.getByRole('button', { expanded: false })).toBeFocused();
});

test('an answer is announced by whole sentences, each once', async () => {
  await openByKeyboard();
  await page.evaluate(() => {
    const heard: string[] = [];
    (window as unknown as { heard: string[] }).heard = heard;
    const root = document.querySelector('[data-pagehand]')?.shadowRoot;
    const listen = (region: Element) =>
      new MutationObserver(() => heard.push(region.textContent ?? '')).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    const found = new MutationObserver(() => {
      const region = root?.querySelector('.ph > [role=status]');
      if (!region) return;
      found.disconnect();
      listen(region);
    });
    if (root) found.observe(root, { childList: true, subtree: true });
  });
  await write('Tell me slowly');
  await see(chat.thread).toContainText('Then it ends.', PATIENT);
  await chat.settled();
  const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  expect(heard.length).toBeGreaterThan(1);
  expect(heard.length).toBeLessThan(12);
  for (const words of heard) expect(words).toMatch(/^[A-Z].*\.\u00a0?$/);
  const whole = heard.join(' ');
  expect(whole.match(/It takes its time\./g)).toHaveLength(18);
  expect(whole).toMatch(/The answer is complete\.$/);
});
