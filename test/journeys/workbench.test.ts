import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChatPage, launch, visit } from '../support/chat-page.ts';
import { type Product, startProduct } from '../support/product.ts';

describe.each(['none', 'native'] as const)('the workbench, WebMCP in the browser: %s', (webmcp) => {
  let product: Product;
  let browser: Browser;

  beforeAll(async () => {
    product = await startProduct();
    browser = await launch(webmcp);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  test('a stranger types the sentence of the README and sees it done', async () => {
    const chat = await visit(browser, product.url);
    await chat.say('add two blue mugs to my cart');
    await allowAll(chat);
    await see(chat.row('Add to the cart')).toContainText('you allowed');
    await see(chat.page.getByRole('region', { name: 'Cart' })).toContainText(/Blue mug/i);
    await see(chat.page.getByRole('region', { name: 'Cart' })).toContainText('2');
    expect(chat.complaints).toEqual([]);
    await chat.page.context().close();
  });

  test('it says which implementation of WebMCP it found', async () => {
    const chat = await visit(browser, product.url);
    await see(chat.page.getByText(webmcp === 'native' ? /native/i : /polyfill/i).first()).toBeVisible();
    await chat.page.context().close();
  });

  test('a customer\u2019s page that has only the script tag chats', async () => {
    const chat = await visit(browser, `${product.url}/demo/site.html`);
    await chat.launcher.click();
    await chat.say('what are you?');
    await see(chat.thread).toContainText(/offline/i);
    expect(chat.complaints).toEqual([]);
    await chat.page.context().close();
  });

  test('a SPA that imports the package chats', async () => {
    const chat = await visit(browser, `${product.url}/demo/spa.html`);
    await chat.launcher.click();
    await chat.say('what are you?');
    await see(chat.thread).toContainText(/offline/i);
    expect(chat.complaints).toEqual([]);
    await chat.page.context().close();
  });
});

/** Allows whatever is asked until the turn has ended. */
async function allowAll(chat: ChatPage): Promise<void> {
  const allow = chat.page.getByRole('button', { name: 'Allow once' }).first();
  for (let asked = 0; asked < 6; asked += 1) {
    await see(allow.or(chat.send)).toBeVisible();
    if (await chat.send.isVisible()) return;
    await allow.click();
  }
}
