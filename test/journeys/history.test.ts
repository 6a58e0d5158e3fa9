import { createHmac } from 'node:crypto';
import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChatPage, launch, visit, visitIn } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startSite } from '../support/product.ts';

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
  // A page that follows one with an open chat has it open too.
  if (!(await chat.panel.isVisible())) await chat.launcher.click();
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

describe('a visitor whom the site knows', () => {
  const SECRET = 'a secret of the site that is long enough';
  let site: Awaited<ReturnType<typeof startSite>>;
  let known: Product;

  function proofOf(userId: string): string {
    const words = `${Buffer.from(userId).toString('base64url')}.${Math.floor(Date.now() / 1000) + 3600}`;
    return `${words}.${createHmac('sha256', SECRET).update(words).digest('hex')}`;
  }

  beforeAll(async () => {
    const port = await freePort();
    const page = (proof: string) =>
      `<!doctype html><html lang="en"><head><title>Site</title><script async src="http://127.0.0.1:${port}/pagehand.js"
       data-token="ct_test_known" data-identity="${proof}"></script></head><body><h1>Site</h1></body></html>`;
    site = await startSite({
      '/ada': page(proofOf('ada@example.com')),
      '/bob': page(proofOf('bob@example.com')),
      '/liar': page(proofOf('ada@example.com').replace(/.$/, (last) => (last === '0' ? '1' : '0'))),
    });
    known = await startProduct({
      port,
      env: { SITE_SECRET: SECRET },
      config: {
        surfaces: [
          {
            id: 'known',
            agent: { model: 'offline' },
            identity: { secret: { env: 'SITE_SECRET' } },
            clientTokens: [{ token: 'ct_test_known', allowedOrigins: [site.origin] }],
          },
        ],
      },
    });
  });

  afterAll(async () => {
    await known?.stop();
    await site?.close();
  });

  test('goes on on another device, and nobody else finds it', async () => {
    const atHome = await opened(await visit(browser, `${site.origin}/ada`));
    await ask(atHome, 'Begun at home');

    const onTheWay = await opened(await visit(browser, `${site.origin}/ada`));
    await onTheWay.page.getByRole('button', { name: 'Earlier conversations' }).click();
    await list(onTheWay)
      .getByRole('button', { name: /^Begun at home/ })
      .click(PATIENT);
    await see(onTheWay.thread).toContainText('Begun at home', PATIENT);
    await ask(onTheWay, 'Ended on the way');

    for (const path of ['/bob', '/liar']) {
      const other = await opened(await visit(browser, `${site.origin}${path}`));
      await ask(other, 'Mine alone');
      await other.page.getByRole('button', { name: 'Earlier conversations' }).click();
      await see(list(other).getByRole('button', { name: /^Mine alone/ })).toBeVisible(PATIENT);
      await see(list(other).getByRole('listitem')).toHaveCount(1);
      await other.page.context().close();
    }
    expect(known.output()).not.toContain('ada@example.com');
    // Somebody else signs in on the same browser, and then she does again.
    await atHome.page.goto(`${site.origin}/bob`);
    await opened(atHome);
    await see(atHome.message).toBeVisible();
    await ask(atHome, 'Bob was here');
    await see(atHome.thread).not.toContainText('Begun at home');
    await atHome.page.goto(`${site.origin}/ada`);
    await see(atHome.thread).toContainText('Begun at home', PATIENT);
    await see(atHome.thread).not.toContainText('Bob was here');
    await atHome.page.context().close();
    await onTheWay.page.context().close();
  });
});
