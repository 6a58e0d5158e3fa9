import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatPage, launch, visit, visitIn } from '../support/chat-page.ts';
import { type Product, startProduct } from '../support/product.ts';

let product: Product;
let browser: Browser;

beforeAll(async () => {
  product = await startProduct();
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

const SITE = '/demo/site.html';
const PATIENT = { timeout: 20_000 };

async function opened(chat: ChatPage): Promise<ChatPage> {
  await chat.launcher.click();
  await see(chat.page.getByRole('button', { name: 'Earlier conversations' })).toBeVisible(PATIENT);
  return chat;
}

async function ask(chat: ChatPage, words: string) {
  await chat.say(words);
  await see(chat.thread).toContainText(words, PATIENT);
  await chat.settled();
}

const list = ({ page }: ChatPage) => page.getByRole('region', { name: 'Conversations' });

test('a visitor begins a new chat, finds the earlier one, and goes on in it', async () => {
  const chat = await opened(await visit(browser, `${product.url}${SITE}`));
  await ask(chat, 'Where do you ship to?');
  await chat.page.getByRole('button', { name: 'New chat' }).click();
  await see(chat.thread).not.toContainText('ship to', PATIENT);
  await ask(chat, 'When are you open?');

  await chat.page.getByRole('button', { name: 'Earlier conversations' }).click();
  const found = list(chat);
  await see(found.getByRole('button', { name: /^Where do you ship to/ })).toBeVisible(PATIENT);
  await see(found.getByRole('button', { name: /^When are you open/ })).toHaveAttribute(
    'aria-current',
    'true',
  );
  await found.getByRole('searchbox').fill('ship');
  await see(found.getByRole('button', { name: /^When are you open/ })).toHaveCount(0, PATIENT);
  await found.getByRole('button', { name: /^Where do you ship to/ }).click();
  await see(chat.thread).toContainText('Where do you ship to?', PATIENT);
  await see(chat.thread).not.toContainText('When are you open?');

  await ask(chat, 'And how fast?');
  await chat.page.reload();
  await see(chat.thread).toContainText('And how fast?', PATIENT);
  await see(chat.thread).toContainText('Where do you ship to?');
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();
});

test('names, pins and deletions last, and a deleted conversation is gone from the chat', async () => {
  const chat = await opened(await visit(browser, `${product.url}${SITE}`));
  await ask(chat, 'First question');
  await chat.page.getByRole('button', { name: 'Earlier conversations' }).click();
  const found = list(chat);
  await found.getByRole('button', { name: 'Rename First question' }).click();
  await found.getByRole('textbox', { name: 'Name of the conversation' }).fill('About shipping');
  await found.getByRole('button', { name: 'Save' }).click();
  await found.getByRole('button', { name: 'Pin About shipping' }).click();
  await see(found.getByRole('heading', { name: 'Pinned' })).toBeVisible(PATIENT);
  await chat.page.reload();
  await chat.page.getByRole('button', { name: 'Earlier conversations' }).click(PATIENT);
  await see(found.getByRole('button', { name: 'Pin About shipping' })).toHaveAttribute(
    'aria-pressed',
    'true',
    PATIENT,
  );

  await found.getByRole('button', { name: 'Delete About shipping' }).click();
  await found.getByRole('button', { name: 'Delete', exact: true }).click();
  await see(found.getByText('No conversations yet.')).toBeVisible(PATIENT);
  await found.getByRole('button', { name: 'Back to the chat' }).click();
  await see(chat.thread).not.toContainText('First question', PATIENT);
  await ask(chat, 'A new beginning');
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();
});

test('another tab goes along to a new chat', async () => {
  const one = await opened(await visit(browser, `${product.url}${SITE}`));
  await ask(one, 'Said in one tab');
  const other = await visitIn(one.page.context(), `${product.url}${SITE}`);
  await other.launcher.click();
  await see(other.thread).toContainText('Said in one tab', PATIENT);
  await other.page.getByRole('button', { name: 'New chat' }).click(PATIENT);
  await see(one.thread).not.toContainText('Said in one tab', PATIENT);
  await ask(one, 'Said in the new one');
  await see(other.thread).toContainText('Said in the new one', PATIENT);
  await one.page.getByRole('button', { name: 'Earlier conversations' }).click();
  await see(list(one).getByRole('listitem')).toHaveCount(2, PATIENT);
  await one.page.context().close();
});
