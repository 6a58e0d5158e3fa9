import type { Browser, BrowserContext } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ChatPage, lastResult, launch, script, visitIn } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../support/product.ts';

const TOKEN = 'ct_test_continuity';

/** Tools that outlive their page on purpose or not. What ran is kept over pages and tabs. */
const TOOLS = `
  const register = (name, execute) => document.modelContext.registerTool({
    name, description: 'Does ' + name + ' in this page.', inputSchema: { type: 'object', properties: {} },
    execute: async (input, options) => {
      localStorage.setItem('ran', (localStorage.getItem('ran') ?? '') + name + ' ');
      return execute(input, options);
    },
  });
  register('note', () => 'noted');
  register('patient', () => new Promise((done) => { window.finish = () => done('finished'); }));
  register('lead', () => { location.href = '/next'; return new Promise(() => {}); });
`;

const WORDS = Array.from({ length: 60 }, (_, index) => `word${index + 1}.`).join(' ');

const SCRIPT = script({
  talk: [{ text: WORDS, pauseMs: 40 }],
  'talk again': [{ text: 'And again.' }],
  'note it': [{ calls: [{ name: 'note', input: {} }] }, { text: 'It is noted.' }],
  'be patient': [{ calls: [{ name: 'patient', input: {} }] }, { text: 'The tool has answered.' }],
  'lead me': [{ calls: [{ name: 'lead', input: {} }] }, { text: 'Here we are.' }],
});

describe.each(['none', 'native'] as const)(
  'a turn outlives what happens to its page, WebMCP: %s',
  (webmcp) => {
    let product: Product;
    let provider: Awaited<ReturnType<typeof startProvider>>;
    let site: Awaited<ReturnType<typeof startSite>>;
    let browser: Browser;
    let context: BrowserContext;
    let chat: ChatPage;

    beforeAll(async () => {
      provider = await startProvider(SCRIPT);
      const [sitePort, productPort] = [await freePort(), await freePort()];
      const host = `http://127.0.0.1:${productPort}`;
      const page = (title: string) => `<!doctype html><html lang="en"><head><title>${title}</title>
      <script src="${host}/webmcp.js"></script><script src="/tools.js"></script>
      <script async src="${host}/pagehand.js" data-token="${TOKEN}"></script></head><body><h1>${title}</h1></body></html>`;
      site = await startSite(
        { '/': page('A shop'), '/next': page('The next page'), '/tools.js': TOOLS },
        sitePort,
      );
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
      browser = await launch(webmcp);
    });

    afterAll(async () => {
      await browser?.close();
      await product?.stop();
      await site?.close();
      await provider?.close();
    });

    beforeEach(async () => {
      context = await browser.newContext();
      chat = await openTab();
    });

    afterEach(async () => {
      await context.close();
    });

    async function openTab(): Promise<ChatPage> {
      const tab = await visitIn(context, `${site.origin}/`);
      await tab.launcher.click();
      await tab.message.waitFor();
      return tab;
    }

    const allow = (tool: string) => chat.approval(tool).getByRole('button', { name: 'Allow once' }).click();
    const ran = async () => (await chat.page.evaluate(() => localStorage.getItem('ran')))?.trim() ?? '';

    /** The whole answer stands there, every word of it once. */
    async function seesAllWords(tab = chat): Promise<void> {
      await see(tab.thread).toContainText('word60.');
      await tab.settled();
      const text = (await tab.thread.textContent()) ?? '';
      expect(text.match(/word\d+\./g)).toEqual(WORDS.split(' '));
    }

    test('a reload while the model speaks: the chat is open again, and the answer goes on', async () => {
      await chat.say('talk');
      await see(chat.thread).toContainText('word5.');
      await chat.page.reload();
      await seesAllWords();
      await chat.say('talk again');
      await see(chat.thread).toContainText('And again.');
    });

    test('a reload while the visitor decides: the card is there again, and works', async () => {
      await chat.say('note it');
      await chat.approval('note').waitFor();
      await chat.page.reload();
      await allow('note');
      await see(chat.thread).toContainText('It is noted.');
      expect(await ran()).toBe('note');
    });

    test('a reload while a tool runs: its outcome is unknown, here and to the model, and it does not run again', async () => {
      await chat.say('be patient');
      await allow('patient');
      await see(chat.row('patient')).toContainText(/running/i);
      await expect.poll(ran).toBe('patient');
      await chat.page.reload();
      await see(chat.thread).toContainText('The tool has answered.');
      await see(chat.row('patient')).toContainText('outcome unknown');
      expect(lastResult(provider.calls)).toMatch(/unknown/i);
      expect(await ran()).toBe('patient');
    });

    test('a tool that leads to another page: the turn goes on there', async () => {
      await chat.say('lead me');
      await allow('lead');
      await chat.page.waitForURL('**/next');
      await see(chat.thread).toContainText('Here we are.');
      expect(lastResult(provider.calls)).toContain('/next');
      expect(lastResult(provider.calls)).not.toMatch(/unknown/i);
      expect(await ran()).toBe('lead');
    });

    test('a walk to another page while the model speaks: the answer goes on there', async () => {
      await chat.say('talk');
      await see(chat.thread).toContainText('word5.');
      await chat.page.goto(`${site.origin}/next`);
      await seesAllWords();
    });

    test.each<[string, () => Promise<unknown>]>([
      ['closed', () => chat.page.close()],
      ['crashed', () => chat.page.goto('chrome://crash').catch(() => {})],
    ])(
      'two tabs show one running turn; its owner is %s, and the other one goes on with it',
      async (_how, end) => {
        const other = await openTab();
        await chat.say('talk');
        await see(other.thread).toContainText('word5.');
        await end();
        await seesAllWords(other);
      },
    );

    test('two tabs: only the one that asks can decide; the other can stop, and write', async () => {
      const other = await openTab();
      await chat.say('note it');
      await chat.approval('note').waitFor();
      await see(other.row('note')).toContainText('waits for your decision in another tab');
      await see(other.approval('note')).toHaveCount(0);
      await other.stop.click();
      await chat.settled();
      await see(chat.approval('note')).toHaveCount(0);
      await other.say('talk again');
      await see(chat.thread).toContainText('And again.');
      expect(await ran()).toBe('');
    });

    test('two tabs that open at once are one conversation', async () => {
      const opened = new Set<string>();
      const fresh = await browser.newContext();
      fresh.on('response', (response) => {
        if (!response.url().endsWith('/v1/client/init') || !response.ok()) return;
        void response.json().then(({ conversationId }) => opened.add(conversationId));
      });
      const tabs = await Promise.all([1, 2].map(() => visitIn(fresh, `${site.origin}/`)));
      await Promise.all(tabs.map((tab) => tab.launcher.click()));
      await Promise.all(tabs.map((tab) => tab.message.waitFor()));
      await tabs[0]?.say('talk again');
      for (const tab of tabs) await see(tab.thread).toContainText('And again.');
      expect(opened.size).toBe(1);
      await fresh.close();
    });

    test('a result while the server is down arrives when it is back', async () => {
      await chat.say('be patient');
      await allow('patient');
      await chat.page.waitForFunction(() => 'finish' in window);
      await product.kill();
      await chat.page.evaluate(() => (window as unknown as { finish(): void }).finish());
      await see(chat.row('patient')).toContainText(/done/i);
      await product.start();
      await see(chat.thread).toContainText('The tool has answered.', { timeout: 20_000 });
      expect(lastResult(provider.calls)).toContain('finished');
      expect(await ran()).toBe('patient');
    });

    test('a result while the server is down survives a reload, too', async () => {
      await chat.say('be patient');
      await allow('patient');
      await chat.page.waitForFunction(() => 'finish' in window);
      await product.kill();
      await chat.page.evaluate(() => (window as unknown as { finish(): void }).finish());
      await see(chat.row('patient')).toContainText(/done/i);
      await product.start();
      await chat.page.reload();
      await see(chat.thread).toContainText('The tool has answered.', { timeout: 20_000 });
      expect(lastResult(provider.calls)).toContain('finished');
      expect(await ran()).toBe('patient');
    });

    test('offline in mid-turn and back: nothing is lost, nothing is said twice', async () => {
      await chat.say('note it');
      await chat.approval('note').waitFor();
      await context.setOffline(true);
      await allow('note');
      await see(chat.panel).toContainText(/offline/i);
      await context.setOffline(false);
      await see(chat.thread).toContainText('It is noted.');
      expect(await ran()).toBe('note');
    });

    test('where the browser has no database for us, a reload is survived all the same', async () => {
      await chat.page.close();
      await context.addInitScript(() => {
        IDBFactory.prototype.open = () => {
          throw new DOMException('denied', 'SecurityError');
        };
      });
      chat = await openTab();
      await chat.say('talk');
      await see(chat.thread).toContainText('word5.');
      await chat.page.reload();
      await seesAllWords();
    });
  },
);
