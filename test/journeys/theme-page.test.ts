import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from '../support/chat-page.ts';
import { type Product, startProduct } from '../support/product.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let product: Product;
let browser: Browser;

beforeAll(async () => {
  product = await startProduct();
  browser = await launch('none');
});
afterAll(async () => {
  await browser.close();
  await product.stop();
});

async function openThemePage(address = ''): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${product.url}/demo/theme${address}`);
  await page.getByRole('main').getByRole('log').first().waitFor();
  return { page, complaints };
}

test('the workbench leads to the theme page, and every state of the chat stands there', async () => {
  const { page, complaints } = await openThemePage();
  await page.goto(product.url);
  await page.getByRole('link', { name: 'Theme' }).click();
  const scenes = page.getByRole('figure');
  await scenes.nth(10).waitFor();
  expect(await scenes.count()).toBeGreaterThanOrEqual(15);
  const main = page.getByRole('main');
  await main.getByText('Thinking…', { exact: true }).first().waitFor();
  await main.getByRole('group', { name: 'Check out' }).getByRole('button', { name: 'Allow once' }).waitFor();
  await main.getByText('Who is it for?').first().waitFor();
  await main.getByText('A present for my sister').waitFor();
  await main.getByText('handle.jpg').first().waitFor();
  await main.getByRole('button', { name: 'Retry' }).first().waitFor();
  expect(complaints).toEqual([]);
  await page.close();
});

test('a colour that is changed is seen in the chats, in its contrast, in the address and in what is exported', async () => {
  const { page } = await openThemePage();
  await page.getByLabel('accent, light', { exact: true }).fill('#ffe14d');
  await page.getByText('1 pair is too faint to read.').waitFor();
  const send = page.getByRole('main').getByRole('button', { name: 'Stop' }).first();
  await send.waitFor();
  await page.waitForURL(/accent/);
  await page.getByRole('region', { name: 'The theme' }).getByText('"light": "#ffe14d"').waitFor();
  await page.getByRole('button', { name: 'CSS', exact: true }).click();
  await page.getByText('--ph-accent: light-dark(#ffe14d, #8db6f5);').waitFor();
  await page.getByRole('button', { name: 'Script tag' }).click();
  await page.getByText('data-theme=').waitFor();
  await page.reload();
  await page.getByText('1 pair is too faint to read.').waitFor();
  await page.getByRole('button', { name: 'Default accent', exact: true }).click();
  await page.getByText('Everything can be told apart').waitFor();
  await page.close();
});

test('what is brought as JSON is taken, and what is none is named', async () => {
  const { page } = await openThemePage();
  const field = page.getByRole('textbox', { name: 'Bring one' });
  await field.fill('{"tokens":');
  await page.getByRole('button', { name: 'Use this JSON' }).click();
  await page.getByRole('alert').filter({ hasText: '"theme" must be' }).waitFor();
  await field.fill('{"scheme":"dark","tokens":{"text":"#fefefe"},"radius":"3px"}');
  await page.getByRole('button', { name: 'Use this JSON' }).click();
  await expect
    .poll(() =>
      page
        .getByRole('main')
        .getByRole('log')
        .first()
        .evaluate((log) => getComputedStyle(log).color),
    )
    .toBe('rgb(254, 254, 254)');
  await page.close();
});

test('a broken address is a theme page all the same', async () => {
  const { page, complaints } = await openThemePage('#dark?theme={%22tok');
  await page.getByText('Everything can be told apart').waitFor();
  expect(complaints).toEqual([]);
  await page.close();
});

test('axe finds nothing on the page and in none of its chats', async () => {
  const { page } = await openThemePage();
  await page.getByText('A present for my sister').waitFor();
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(
          root: Document,
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  });
  expect(found).toEqual([]);
  await page.close();
});
