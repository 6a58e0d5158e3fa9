import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, visit } from '../support/chat-page.ts';
import { PNG } from '../support/files.ts';
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

test('files that a visitor attaches go to the server in pieces, and the model gets them', async () => {
  const chat = await visit(browser, `${product.url}${SITE}`);
  const pieces: string[] = [];
  chat.page.on('response', (response) => {
    if (response.request().method() === 'PATCH') pieces.push(`${response.status()}`);
  });
  await chat.launcher.click();
  const chooser = chat.page.waitForEvent('filechooser');
  await chat.page.getByRole('button', { name: 'Attach files' }).click();
  const text = `name,price\nBlue mug,12\n${'x'.repeat(300_000)}`;
  await (await chooser).setFiles([
    { name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(text) },
    { name: 'mug.png', mimeType: 'image/png', buffer: PNG },
  ]);
  await chat.say('What is in there?');
  await see(chat.thread).toContainText('It begins with', { timeout: 20_000 });
  await see(chat.thread).toContainText('Blue mug,12');
  await see(chat.thread).toContainText('cannot look into images');
  // More than one for the table, one for the picture.
  expect(pieces.length).toBeGreaterThan(2);
  expect(new Set(pieces)).toEqual(new Set(['200']));
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();
});

test('what is no picture whatever it calls itself is refused, in words', async () => {
  const chat = await visit(browser, `${product.url}${SITE}`);
  await chat.launcher.click();
  const chooser = chat.page.waitForEvent('filechooser');
  await chat.page.getByRole('button', { name: 'Attach files' }).click();
  const archive = Buffer.from('504b0506000000000000000000000000000000000000', 'hex');
  await (await chooser).setFiles({ name: 'photo.png', mimeType: 'image/png', buffer: archive });
  await see(
    chat.page.getByText('What is in this file is of a kind that cannot be attached.').first(),
  ).toBeVisible({
    timeout: 20_000,
  });
  await chat.page.context().close();
});
