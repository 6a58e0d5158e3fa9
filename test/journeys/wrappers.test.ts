import type { Browser, Locator, Page } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** The chats of a page, by the elements that they put into it. */
function chats(page: Page): Locator {
  return page.locator('[data-pagehand]');
}

async function mark(page: Page): Promise<void> {
  await chats(page).evaluate((host) => host.setAttribute('data-mark', 'the same'));
}

describe.each(['react', 'vue', 'svelte', 'element'])('the wrapper for %s', (framework) => {
  async function visitPage(query = ''): Promise<ChatPage> {
    return visit(browser, `${product.url}/demo/wrappers/${framework}/${query}`);
  }

  test('mounts one chat, answers, and tells the page of it', async () => {
    const chat = await visitPage();
    const { page } = chat;
    await see(chats(page)).toHaveCount(1);
    await chat.launcher.click();
    await chat.say('what are you?');
    await see(chat.thread).toContainText(/offline/i);
    await see(page.getByRole('list', { name: 'Events' })).toHaveText(/open\s*sent\s*answered/);
    await see(page.getByRole('main').getByRole('status')).toHaveText('open, 2 messages');
    expect(chat.complaints).toEqual([]);
    await page.context().close();
  });

  test('a changed prop keeps the chat, its thread and its draft', async () => {
    const chat = await visitPage();
    const { page } = chat;
    await page.getByRole('button', { name: 'Ask' }).click();
    await see(chat.thread).toContainText(/offline/i);
    await chat.settled();
    await chat.message.fill('half a sent');
    await mark(page);
    await page.getByRole('button', { name: 'Dark' }).click();
    await see(page.locator('[data-mark] .ph')).toHaveAttribute('data-theme', 'dark');
    await see(chat.thread).toContainText(/offline/i);
    await see(chat.message).toHaveValue('half a sent');
    await see(chats(page)).toHaveCount(1);
    expect(chat.complaints).toEqual([]);
    await page.context().close();
  });

  test('unmounting leaves nothing, and mounting again finds the thread', async () => {
    const chat = await visitPage();
    const { page } = chat;
    await page.getByRole('button', { name: 'Ask' }).click();
    await see(chat.thread).toContainText(/offline/i);
    await chat.settled();
    await chat.panel.press('Escape');
    await page.getByRole('button', { name: 'Take the chat away' }).click();
    await see(chats(page)).toHaveCount(0);
    expect(await page.locator('[data-pagehand-part], [data-pagehand]').count()).toBe(0);
    await page.getByRole('button', { name: 'Bring the chat back' }).click();
    await see(chats(page)).toHaveCount(1);
    await chat.launcher.click();
    await see(chat.thread).toContainText('what are you?');
    expect(chat.complaints).toEqual([]);
    await page.context().close();
  });

  test('inline it fills the element that the page gave it', async () => {
    const chat = await visitPage('?inline');
    const { page } = chat;
    await see(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
    const [outer, inner] = await Promise.all([
      page.locator('.chat').boundingBox(),
      chats(page).boundingBox(),
    ]);
    expect(Math.round((outer?.width ?? 0) - (inner?.width ?? 0))).toBeLessThanOrEqual(2);
    await chat.say('what are you?');
    await see(chat.thread).toContainText(/offline/i);
    expect(chat.complaints).toEqual([]);
    await page.context().close();
  });
});

test('in Vue, `v-model:open` opens the chat and follows it', async () => {
  const chat = await visit(browser, `${product.url}/demo/wrappers/vue/`);
  const { page } = chat;
  const box = page.getByRole('checkbox', { name: 'Open' });
  await box.check();
  await see(chat.panel).toBeVisible();
  await chat.panel.press('Escape');
  await see(box).not.toBeChecked();
  await page.context().close();
});

test('in React, strict mode makes one chat and not two, one after the other', async () => {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    const made: string[] = [];
    Object.assign(window, { made });
    new MutationObserver((records) => {
      for (const node of records.flatMap(({ addedNodes }) => [...addedNodes])) {
        if (node instanceof HTMLElement && node.dataset.pagehand) made.push(node.dataset.pagehand);
      }
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${product.url}/demo/wrappers/react/`);
  await see(page.getByRole('button', { name: 'Open chat' })).toBeVisible();
  expect(await page.evaluate(() => Reflect.get(window, 'made'))).toEqual(['ct_test_site']);
  await page.close();
});

test('the page of the four links to each of them', async () => {
  const page = await browser.newPage();
  await page.goto(`${product.url}/demo/wrappers/`);
  for (const name of ['React', 'Vue', 'Svelte', 'A plain element']) {
    const response = await page.request.get(
      (await page
        .getByRole('link', { name })
        .getAttribute('href')
        .then((href) => `${product.url}${href}`)) ?? '',
    );
    expect(response.status()).toBe(200);
  }
  await page.close();
});
