import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatPage, launch, visit } from '../support/chat-page.ts';
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

async function openChat(): Promise<ChatPage> {
  const chat = await visit(browser, `${product.url}/demo/site.html`);
  await chat.launcher.click();
  await chat.message.waitFor();
  return chat;
}

async function isAnswered(chat: ChatPage): Promise<void> {
  await see(chat.thread).toContainText(/offline model/i);
  expect(await chat.thread.getByText('what are you?').count()).toBe(1);
}

test('what is written without a network goes out with the network, though nothing for it was there yet', async () => {
  const chat = await openChat();
  await chat.page.context().setOffline(true);
  await chat.say('what are you?');
  await see(chat.panel).toContainText('Offline');
  await see(chat.stop).toBeVisible();
  await chat.page.context().setOffline(false);
  await isAnswered(chat);
  await chat.page.context().close();
});

test('code that does not come is an alert, the message stays, and Retry goes on', async () => {
  const chat = await openChat();
  await chat.page.route(/chunks\/(driver|streams|create-page-tools|conversation-parts)-/, (route) =>
    route.abort(),
  );
  await chat.say('what are you?');
  await see(chat.alert).toContainText('A part of the chat did not load.');
  await see(chat.alert).toHaveCount(1);
  await see(chat.thread).toContainText('what are you?');
  await chat.page.unrouteAll();
  await chat.alert.getByRole('button', { name: 'Retry' }).click();
  await isAnswered(chat);
  await chat.page.context().close();
});
