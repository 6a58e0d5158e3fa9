import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatPage, launch, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startSite } from '../support/product.ts';

const TOKEN = 'ct_test_messages';

let product: Product;
let site: Awaited<ReturnType<typeof startSite>>;
let browser: Browser;

beforeAll(async () => {
  const [sitePort, productPort] = [await freePort(), await freePort()];
  const page = `<!doctype html><html lang="en"><head><title>Shop</title>
  <script async src="http://127.0.0.1:${productPort}/pagehand.js" data-token="${TOKEN}"></script></head><body></body></html>`;
  site = await startSite({ '/': page }, sitePort);
  product = await startProduct({
    port: productPort,
    config: {
      surfaces: [
        {
          id: 'shop',
          agent: { model: 'offline', instructions: 'Help the customers.' },
          behavior: { sdkTools: ['suggest_replies', 'ask_user_question'] },
          clientTokens: [{ token: TOKEN, allowedOrigins: [site.origin] }],
        },
      ],
    },
  });
  browser = await launch('none');
});

afterAll(async () => {
  await browser?.close();
  await product?.stop();
  await site?.close();
});

async function openChat(): Promise<ChatPage> {
  const chat = await visit(browser, `${site.origin}/`);
  await chat.launcher.click();
  await chat.message.waitFor();
  return chat;
}

test('a question waits over a reload, and what is pressed reaches the model', async () => {
  const chat = await openChat();
  await chat.say('Ask me which size: small, medium or large; which colours (several): red, blue');
  const sheet = chat.page.getByRole('region', { name: 'Question for you' });
  await see(sheet.getByRole('heading', { name: 'Which size?' })).toBeVisible();
  await chat.page.reload();
  await see(sheet.getByRole('heading', { name: 'Which size?' })).toBeVisible();
  await see(sheet.getByRole('button', { name: 'Skip' })).toHaveAttribute('aria-disabled', 'false');
  await sheet.getByRole('button', { name: 'large' }).click();
  await sheet.getByRole('button', { name: 'red' }).click();
  await sheet.getByRole('button', { name: 'blue' }).click();
  await sheet.getByRole('button', { name: 'Send' }).click();
  await see(chat.thread).toContainText('You said: “large”, “red”, “blue”.');
  await see(sheet).toHaveCount(0);
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();
});

test('a suggested reply is sent when it is pressed', async () => {
  const chat = await openChat();
  await chat.say('Suggest: Hello, Goodbye');
  const replies = chat.thread.getByRole('list', { name: 'Suggestions' });
  await see(replies.getByRole('button')).toHaveText(['Hello', 'Goodbye']);
  await replies.getByRole('button', { name: 'Goodbye' }).click();
  await see(chat.thread).toContainText('Goodbye.');
  await see(replies).toHaveCount(0);
  await chat.page.context().close();
});

test('an edited message replaces all that followed, here and on the server', async () => {
  const chat = await openChat();
  await chat.say('Thanks');
  await see(chat.thread).toContainText('You are welcome.');
  await chat.say('Bye');
  await see(chat.thread).toContainText('Goodbye.');
  await chat.thread.getByText('Thanks', { exact: true }).hover();
  await chat.thread.getByRole('button', { name: 'Edit message' }).first().click();
  await chat.thread.getByRole('textbox', { name: 'Edit message' }).fill('Hello');
  await chat.page.keyboard.press('Enter');
  await see(chat.thread).toContainText('I am the offline model of this chat.');
  await see(chat.thread).not.toContainText('You are welcome.');
  await see(chat.thread).not.toContainText('Goodbye.');
  await chat.settled();
  const again = chat.page.waitForRequest((request) => request.url().endsWith('/v1/client/chat'));
  await chat.thread.getByRole('button', { name: 'Answer again' }).click();
  expect((await again).postDataJSON()).toMatchObject({
    replacesMessageId: expect.any(String),
    messages: [{ content: 'Hello' }],
  });
  await chat.settled();
  await see(chat.thread.getByText('Hello', { exact: true })).toHaveCount(1);
  expect(chat.complaints).toEqual([]);
  await chat.page.context().close();
});

test('a message over a running answer ends it early, and nobody says that the visitor stopped it', async () => {
  const chat = await openChat();
  await chat.say('help');
  await chat.stop.waitFor();
  await chat.message.fill('Thanks');
  await chat.send.click();
  await see(chat.thread).toContainText('This answer ended early: another message was sent.');
  await see(chat.thread).toContainText('You are welcome.');
  await see(chat.thread).not.toContainText('You stopped this answer.');
  await chat.page.context().close();
});
