import { brotliCompressSync } from 'node:zlib';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from '../support/chat-page.ts';
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

test('a visitor who never means to chat downloads the loader alone', async () => {
  const page = await browser.newPage();
  const scripts = collect(page);
  await page.goto(`${product.url}/demo/csp.html`);
  await page.getByRole('button', { name: 'Open chat' }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  expect([...(await scripts()).keys()].filter((path) => path.includes('/chunks/'))).toEqual([]);
  await page.close();
});

test('the first open downloads at most 32 kB in brotli, and no schema library', async () => {
  const page = await browser.newPage();
  const scripts = collect(page);
  await page.goto(`${product.url}/demo/csp.html`);
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  await page.waitForLoadState('networkidle');
  const downloaded = [...(await scripts())].filter(
    ([path]) => path === '/pagehand.js' || path.startsWith('/chunks/'),
  );
  expect(downloaded.length).toBeGreaterThanOrEqual(2);
  const bytes = downloaded.reduce((sum, [, text]) => sum + brotliCompressSync(text).length, 0);
  expect(bytes).toBeLessThanOrEqual(32_000);
  expect(downloaded.filter(([, text]) => text.includes('_zod')).map(([path]) => path)).toEqual([]);
  await page.close();
});

/** Every script of our server that the page fetched, by path. */
function collect(page: Page): () => Promise<Map<string, string>> {
  const pending: Promise<[string, string]>[] = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith('.js')) pending.push(response.text().then((text) => [pathname, text]));
  });
  return async () => new Map(await Promise.all(pending));
}
