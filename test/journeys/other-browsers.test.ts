import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { script } from '../support/chat-page.ts';
import type { DrivenPage, Found } from '../support/driven-page.ts';
import { type LaunchOptions, OTHER_BROWSERS, type OtherBrowser } from '../support/other-browsers.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../support/product.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const TOKEN = 'ct_test_other_browsers';
/** Each test starts a browser of its own. */
vi.setConfig({ testTimeout: 120_000 });

const PATIENT = { timeout: 30_000, interval: 100 };

/** Keeps what the page's console says in anger, over reloads. */
const WATCH = `
  const keep = (...words) => {
    const kept = JSON.parse(sessionStorage.getItem('complaints') ?? '[]');
    sessionStorage.setItem('complaints', JSON.stringify([...kept, words.map(String).join(' ')]));
  };
  for (const level of ['error', 'warn']) {
    const say = console[level];
    console[level] = (...words) => { keep(...words); say.apply(console, words); };
  }
  addEventListener('error', ({ message }) => keep(message));
  addEventListener('unhandledrejection', ({ reason }) => keep(reason));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => keep(violatedDirective, blockedURI));
`;

const TOOLS = `
  document.modelContext.registerTool({
    name: 'note', description: 'Notes a number.', inputSchema: { type: 'object', properties: { n: { type: 'integer' } } },
    execute: async ({ n }) => { document.querySelector('h1').textContent = 'Noted ' + n; return { noted: n }; },
  });
`;

const WORDS = Array.from({ length: 60 }, (_, index) => `word${index + 1}.`).join(' ');

const SCRIPT = script({
  talk: [{ text: WORDS, pauseMs: 100 }],
  'note seven': [{ calls: [{ name: 'note', input: { n: 7 } }] }, { text: 'Noted **seven**.' }],
  'Where do you ship to?': [
    {
      text: 'To all of Europe:\n\n| Land | Days |\n| --- | ---: |\n| France | 2 |\n| Norway | 4 |\n\n- by post\n- by boat\n\n```js\nconst days = 2;\n```',
    },
  ],
  'When are you open?': [{ text: 'From **nine** to five.' }],
});

for (const browser of OTHER_BROWSERS) {
  const { name, missing } = browser;
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name} (left out: ${missing})`,
    () => journeys(browser),
  );
}

function journeys(browser: OtherBrowser): void {
  let product: Product;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let site: Awaited<ReturnType<typeof startSite>>;
  let page: DrivenPage;

  beforeAll(async () => {
    provider = await startProvider(SCRIPT);
    const port = await freePort();
    const host = `http://127.0.0.1:${port}`;
    // Forbids all that the chat can do without, styles included. Browsers ask for the site's icon.
    const policy = `default-src 'none'; img-src 'self'; script-src 'self' ${host}; connect-src ${host}; require-trusted-types-for 'script'`;
    site = await startSite({
      '/': {
        body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
          <meta name="viewport" content="width=device-width"><script src="/watch.js"></script>
          <script src="${host}/webmcp.js"></script><script src="/tools.js"></script>
          <script async src="${host}/pagehand.js" data-token="${TOKEN}"></script></head><body><h1>A shop</h1></body></html>`,
        headers: { 'content-security-policy': policy },
      },
      '/watch.js': WATCH,
      '/tools.js': TOOLS,
    });
    product = await startProduct({
      port,
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
  });

  afterAll(async () => {
    await product?.stop();
    await site?.close();
    await provider?.close();
  });

  afterEach(async () => {
    await page?.close();
  });

  async function visit(options?: LaunchOptions): Promise<void> {
    page = await browser.launch(options);
    await page.goto(`${site.origin}/`);
  }

  const launcher = () => page.see('button', 'Open chat');
  const message = () => page.see('textbox', 'Message');
  const button = (name: string | RegExp, within?: Found) => page.see('button', name, within);

  async function open(): Promise<void> {
    await page.click(await launcher());
    await message();
  }

  async function say(words: string): Promise<void> {
    await page.click(await message());
    await page.type(words);
    await page.press('Enter');
  }

  const thread = async () => page.text(await page.see('log'));
  const reads = (words: string | RegExp) =>
    expect
      .poll(thread, PATIENT)
      .toMatch(typeof words === 'string' ? new RegExp(words.replaceAll('.', '\\.')) : words);
  const settled = () => expect.poll(() => page.count('button', 'Stop'), PATIENT).toBe(0);

  async function hasFocus(found: Found): Promise<void> {
    await expect.poll(async () => page.is(await page.focused(), found), PATIENT).toBe(true);
  }

  const complaints = () => page.evaluate(() => sessionStorage.getItem('complaints') ?? '');

  test('by keyboard alone: opens with the focus in the field, sends, closes with Escape, and the focus is back', async () => {
    await visit();
    const opener = await launcher();
    await page.press('Tab');
    await hasFocus(opener);
    await page.press('Enter');
    const field = await message();
    await hasFocus(field);
    await page.type('When are you open?');
    await page.press('Enter');
    await reads('From nine to five.');
    await settled();
    await hasFocus(await message());
    await page.press('Escape');
    await expect.poll(() => page.count('dialog'), PATIENT).toBe(0);
    await hasFocus(await launcher());
    expect(await complaints()).toBe('');
  });

  test('an answer is drawn while it comes, outlives a reload in its middle, and stands there once', async () => {
    await visit();
    await open();
    await say('talk');
    await reads('word5.');
    expect(await thread()).not.toContain('word60.');
    await page.reload();
    await reads('word60.');
    await settled();
    expect((await thread()).match(/word\d+\./g)).toEqual(WORDS.split(' '));
    expect(await complaints()).toBe('');
  });

  test('a tool of the page runs when the visitor allows it, and leaves a receipt that a reload keeps', async () => {
    await visit();
    await open();
    await say('note seven');
    const heading = () => page.evaluate(() => document.querySelector('h1')?.textContent);
    const allow = await button('Allow once');
    expect(await heading()).toBe('A shop');
    await page.click(allow);
    await reads('Noted seven.');
    expect(await heading()).toBe('Noted 7');
    await reads('allowed');
    await page.reload();
    await reads('Noted seven.');
    await reads('allowed');
    expect(await complaints()).toBe('');
  });

  test('a new chat begins empty, and the earlier one is found again', async () => {
    await visit();
    await open();
    await say('Where do you ship to?');
    await reads('const days = 2;');
    await settled();
    await page.click(await button('New chat'));
    await expect.poll(thread, PATIENT).not.toContain('ship to');
    await say('When are you open?');
    await reads('From nine to five.');
    await settled();
    await page.click(await button('Earlier conversations'));
    const list = await page.see('region', 'Conversations');
    await page.click(await page.see('searchbox', undefined, list));
    await page.type('ship');
    await page.click(await button(/^Where do you ship to/, list));
    await reads('const days = 2;');
    expect(await thread()).not.toContain('nine');
    expect(await complaints()).toBe('');
  });

  test('a file from the disk goes to the server and into the thread', async () => {
    const file = join(temporaryDirectory(), 'orders.csv');
    writeFileSync(file, `name,price\nBlue mug,12\n${'x'.repeat(300_000)}`);
    await visit();
    await open();
    await page.choose(await button('Attach files'), file);
    await page.see('listitem', /orders\.csv/);
    await say('What is in there?');
    await reads('orders.csv');
    // The scripted model says what it was given.
    await reads('Blue mug,12');
    expect(await complaints()).toBe('');
  });

  test('two windows show one running turn, and one conversation', async () => {
    await visit();
    await open();
    await say('talk');
    await reads('word3.');
    await page.newWindow();
    await page.goto(`${site.origin}/`);
    await open();
    await reads('word60.');
    await settled();
    expect((await thread()).match(/word\d+\./g)).toEqual(WORDS.split(' '));
  });

  test('a narrow window in dark colours: the panel fills it, nothing is cut off, and light words stand on dark', async () => {
    await visit({ dark: true });
    await page.smallWindow(360, 740);
    await page.goto(`${site.origin}/`);
    await open();
    await say('Where do you ship to?');
    await reads('const days = 2;');
    await settled();
    const drawn = await page.evaluate(
      (panel, field) => {
        const box = (panel as unknown as Element).getBoundingClientRect();
        const words = getComputedStyle(field as unknown as Element).color;
        const ground = getComputedStyle(panel as unknown as Element).backgroundColor;
        const light = (colour: string) => Number(/\d+/.exec(colour)?.[0]);
        return {
          left: box.left,
          right: Math.round(document.documentElement.clientWidth - box.right),
          words: light(words) > 200,
          ground: light(ground) < 60,
          wider: (panel as unknown as Element).scrollWidth > (panel as unknown as Element).clientWidth,
        };
      },
      await page.see('dialog'),
      await message(),
    );
    expect(drawn).toEqual({ left: 0, right: 0, words: true, ground: true, wider: false });
    expect(await complaints()).toBe('');
  });

  test('in a private window a reload keeps the conversation, too', async () => {
    await visit({ incognito: true });
    await open();
    await say('When are you open?');
    await reads('From nine to five.');
    await settled();
    await page.reload();
    await reads('From nine to five.');
    expect(await complaints()).toBe('');
  });
}
