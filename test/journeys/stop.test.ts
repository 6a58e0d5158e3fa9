import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatPage, launch, script, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../support/product.ts';

const TOKEN = 'ct_test_stop';
const WORDS = Array.from({ length: 100 }, (_, index) => `word${index + 1}.`).join(' ');
const TOOLS = `document.modelContext.registerTool({
  name: 'note', description: 'Notes.', inputSchema: { type: 'object', properties: {} }, execute: () => 'noted',
});`;

let product: Product;
let provider: Awaited<ReturnType<typeof startProvider>>;
let site: Awaited<ReturnType<typeof startSite>>;
let browser: Browser;

beforeAll(async () => {
  provider = await startProvider(
    script({
      talk: [{ text: WORDS, pauseMs: 60 }],
      'note it': [{ calls: [{ name: 'note', input: {} }] }, { text: 'It is noted.' }],
      next: [{ text: 'Here I am.' }],
    }),
  );
  const [sitePort, productPort] = [await freePort(), await freePort()];
  const host = `http://127.0.0.1:${productPort}`;
  const page = `<!doctype html><html lang="en"><head><title>Shop</title>
  <script src="${host}/webmcp.js"></script><script src="/tools.js"></script>
  <script async src="${host}/pagehand.js" data-token="${TOKEN}"></script></head><body></body></html>`;
  site = await startSite({ '/': page, '/tools.js': TOOLS }, sitePort);
  product = await startProduct({
    port: productPort,
    env: { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'sk-canary-provider-key' },
    config: {
      surfaces: [
        {
          id: 'shop',
          agent: { model: 'openai-compatible/scripted', instructions: 'Help the customers.' },
          behavior: { webmcp: { enabled: true } },
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
  await provider?.close();
});

/** A chat, and how the server says that each execution which it was told to end has ended. */
async function openChat(): Promise<{ readonly chat: ChatPage; readonly ended: string[] }> {
  const chat = await visit(browser, `${site.origin}/`);
  const ended: string[] = [];
  chat.page.on('response', async (response) => {
    if (!response.url().endsWith('/v1/client/cancel') || response.request().method() !== 'POST') return;
    const { status } = (await response.json()) as { status: string };
    ended.push(status);
  });
  await chat.launcher.click();
  await chat.message.waitFor();
  return { chat, ended };
}

async function goesOn(chat: ChatPage): Promise<void> {
  await chat.say('next');
  await see(chat.thread).toContainText('Here I am.');
  await chat.page.context().close();
}

test('Stop while the model speaks ends the run on the server, too', async () => {
  const { chat, ended } = await openChat();
  await chat.say('talk');
  await see(chat.thread).toContainText('word5.');
  await chat.stop.click();
  await see(chat.thread).toContainText('You stopped this answer.');
  await expect.poll(() => ended).toEqual(['cancelled']);
  await goesOn(chat);
});

test('Stop while the visitor decides does, too', async () => {
  const { chat, ended } = await openChat();
  await chat.say('note it');
  await chat.approval('note').waitFor();
  await chat.stop.click();
  await see(chat.approval('note')).toHaveCount(0);
  await expect.poll(() => ended).toEqual(['cancelled']);
  await goesOn(chat);
});

test('Stop before the server has said a word ends what it then begins', async () => {
  const { chat, ended } = await openChat();
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  await chat.page.route('**/v1/client/chat', async (route) => {
    arrived();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await chat.say('talk');
  await asked;
  await chat.stop.click();
  await see(chat.thread).toContainText('You stopped this answer.');
  await expect.poll(() => ended).toEqual(['cancelled']);
  await chat.page.unrouteAll();
  await goesOn(chat);
});
