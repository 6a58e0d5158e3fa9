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

test('what was dropped and typed goes on after a break in the middle and a reload, from the byte where it was', async () => {
  const chat = await visit(browser, `${product.url}${SITE}`);
  const { page } = chat;
  const begun: string[] = [];
  const offsets: number[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/client/files')) begun.push(request.method());
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  await chat.launcher.click();
  await page.getByRole('button', { name: 'Attach files' }).waitFor();
  let pieces = 0;
  await page.route('**/v1/client/files/**', (route) => {
    if (route.request().method() === 'PATCH') pieces += 1;
    return pieces < 2 ? route.continue() : route.abort();
  });
  const text = `name,price\nBlue mug,12\n${'x'.repeat(600_000)}`;
  const files = await page.evaluateHandle((content) => {
    const data = new DataTransfer();
    data.items.add(new File([content], 'orders.csv', { type: 'text/csv' }));
    return data;
  }, text);
  await chat.panel.dispatchEvent('drop', { dataTransfer: files });
  await chat.message.fill('What is in there?');
  await see(page.getByText('Connection lost: trying again…')).toBeVisible({ timeout: 20_000 });
  // Longer than a pause of the writer.
  await page.waitForTimeout(1_000);
  await page.unroute('**/v1/client/files/**');
  await page.reload();
  await see(chat.message).toHaveValue('What is in there?', { timeout: 20_000 });
  await see(page.getByRole('listitem').filter({ hasText: 'orders.csv' })).toContainText('586 kB', {
    timeout: 20_000,
  });
  await chat.send.click();
  await see(chat.thread).toContainText('Blue mug,12', { timeout: 20_000 });
  await see(chat.message).toHaveValue('');
  expect(begun).toEqual(['POST']);
  // The first piece went once; after the break each attempt began behind it.
  expect(offsets.filter((offset) => offset === 0)).toHaveLength(1);
  await page.context().close();
});

test('a pasted picture is drawn in the thread, also after a reload, where the policy of the page loads no image', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${product.url}/demo/csp.html`);
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByRole('button', { name: 'Attach files' }).waitFor();
  await page.getByRole('textbox', { name: 'Message' }).evaluate(
    (field, bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], 'mug.png', { type: 'image/png' }));
      field.dispatchEvent(
        new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }),
      );
    },
    [...PNG],
  );
  await see(page.getByRole('listitem').filter({ hasText: 'mug.png' })).toContainText('PNG', {
    timeout: 20_000,
  });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const sent = page.getByRole('log').getByRole('listitem').filter({ hasText: 'mug.png' });
  await see(sent.locator('canvas')).toBeVisible({ timeout: 20_000 });
  await see(page.getByRole('log')).toContainText('cannot look into images', { timeout: 20_000 });
  await page.reload();
  await see(sent.locator('canvas')).toBeVisible({ timeout: 20_000 });
  await context.close();
});
