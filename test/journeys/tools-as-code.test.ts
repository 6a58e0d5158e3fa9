import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDeliveryService } from '../../scripts/delivery-service.mjs';
import { type ChatPage, launch, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct } from '../support/product.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const CLI = resolve(import.meta.dirname, '../../server/dist/cli.js');

let product: Product;
let browser: Browser;
let folder: string;
let key = '';
let service: string;

beforeAll(async () => {
  const port = await freePort();
  product = await startProduct({ port });
  service = (await startDeliveryService(port + 1)) ?? '';
  browser = await launch('none');
  folder = temporaryDirectory();
});

afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

test('a tool is kept as code, planned, converged, and called beside a tool of the page in one turn [R3-00, R2-06]', async () => {
  expect(service).not.toBe('');
  const made = await pagehand('keys', 'create', 'laptop', '--scope', '*', '--json');
  key = (JSON.parse(made.printed) as { key: string }).key;
  write('Finds the next free delivery slots for a postcode.');

  expect(await pagehand('tools', 'plan')).toMatchObject({
    code: 1,
    printed: expect.stringMatching(/1 to create/),
  });
  expect(await pagehand('tools', 'ensure')).toMatchObject({
    code: 0,
    printed: expect.stringMatching(/1 created/),
  });
  expect(await pagehand('tools', 'plan')).toMatchObject({
    code: 0,
    printed: expect.stringMatching(/1 unchanged/),
  });

  const chat = await visit(browser, product.url);
  await chat.say('Add two blue mugs to my cart and find delivery slots for postcode 1010');
  await allowAll(chat);
  await see(chat.row('Add to the cart')).toContainText('you allowed');
  await see(chat.row('Find delivery slots')).toContainText('done');
  await see(chat.page.getByRole('region', { name: 'Cart' })).toContainText(/Blue mug/i);
  await see(chat.thread).toContainText(/\d{4}-\d{2}-\d{2}/);
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();

  write('Finds free delivery slots.');
  const drift = await pagehand('tools', 'plan');
  expect(drift.code).toBe(1);
  expect(drift.printed).toMatch(/- .*next free delivery slots for a postcode/);
  expect(drift.printed).toMatch(/\+ .*Finds free delivery slots\./);
});

/** As the documentation has it. */
function write(description: string): void {
  writeFileSync(
    join(folder, 'delivery.ts'),
    `import { defineTool } from '@pagehand/server/sdk';

    export const deliverySlots = defineTool({
      name: 'find_delivery_slots',
      description: '${description}',
      toolType: 'external',
      parametersSchema: {
        type: 'object',
        properties: { postcode: { type: 'string' } },
        required: ['postcode'],
      },
      config: { url: '${service}/slots?postcode={{postcode}}', method: 'GET' },
    });`,
  );
}

function pagehand(...words: string[]): Promise<{ readonly code: number; readonly printed: string }> {
  const env = {
    PATH: process.env.PATH ?? '',
    PAGEHAND_URL: product.url,
    PAGEHAND_DB: product.database,
    ...(key === '' ? {} : { PAGEHAND_API_KEY: key }),
  };
  const folderOption = words[0] === 'tools' ? ['--dir', folder] : [];
  return new Promise((done) => {
    execFile(
      process.execPath,
      [CLI, ...words, ...folderOption],
      { env, cwd: folder },
      (error, stdout, stderr) => {
        done({
          code: typeof error?.code === 'number' ? error.code : 0,
          printed: stdout === '' ? stderr : stdout,
        });
      },
    );
  });
}

/** Allows whatever is asked until the turn has ended. */
async function allowAll(chat: ChatPage): Promise<void> {
  const allow = chat.page.getByRole('button', { name: 'Allow once' }).first();
  await allow.click({ timeout: 20_000 });
}
