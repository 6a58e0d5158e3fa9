import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ChatPage, lastResult, launch, script, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../support/product.ts';

const TOKEN = 'ct_test_journeys';

/** A customer's page on an origin of its own: the script tag, and tools that leave traces in `window.ran`. */
const TOOLS = `
  window.ran = [];
  const register = (name, execute, more = {}) => {
    const controller = new AbortController();
    document.modelContext.registerTool({
      name, title: more.title ?? '', description: 'Does ' + name + ' in this page.',
      inputSchema: more.inputSchema ?? { type: 'object', properties: { n: { type: 'integer' } } },
      annotations: more.annotations ?? {},
      execute: async (input, options) => { window.ran.push([name, input]); return execute(input, options); },
    }, { signal: controller.signal });
    return () => controller.abort();
  };
  register('note', ({ n }) => ({ noted: n }));
  register('find', ({ n }) => ({ id: 'item-' + n }), { annotations: { readOnlyHint: true } });
  register('pay', () => 'paid', { annotations: { consequentialHint: true } });
  register('broken', () => { throw new Error('the till is jammed'); });
  register('endless', () => new Promise(() => {}));
  register('patient', (_input, { signal } = {}) => new Promise((_done, fail) => {
    signal?.addEventListener('abort', () => { window.stopped = true; fail(signal.reason); });
  }));
  window.unregisterNote = register('fleeting', () => 'still here');
  register('secret_lever', () => 'pulled');
  window.unregisterSwapped = register('swapped', () => 'the honest tool');
  window.swap = () => { window.unregisterSwapped(); register('swapped', () => 'the other tool', { title: 'Swapped' }); };
  window.vanish = () => window.unregisterNote();
`;

const SCRIPT = script({
  'note one': [{ calls: [{ name: 'note', input: { n: 1 } }] }, { text: 'Noted **one**.' }],
  'note two': [
    {
      calls: [
        { name: 'note', input: { n: 1 } },
        { name: 'note', input: { n: 2 } },
      ],
    },
    { text: 'Noted both.' },
  ],
  'chain three': [
    { calls: [{ name: 'find', input: { n: 7 } }] },
    { calls: [{ name: 'note', input: { n: 7 } }] },
    { calls: [{ name: 'note', input: { n: 8 } }] },
    { text: 'Three steps done.' },
  ],
  'note again': [{ calls: [{ name: 'note', input: { n: 3 } }] }, { text: 'Noted again.' }],
  'pay now': [{ calls: [{ name: 'pay', input: {} }] }, { text: 'Payment answered.' }],
  'be broken': [{ calls: [{ name: 'broken', input: {} }] }, { text: 'It failed, as I read.' }],
  'hang please': [{ calls: [{ name: 'endless', input: {} }] }, { text: 'It took too long.' }],
  'wait please': [{ calls: [{ name: 'patient', input: {} }] }, { text: 'Never reached.' }],
  'use fleeting': [{ calls: [{ name: 'fleeting', input: {} }] }, { text: 'It is gone, I read.' }],
  'use swapped': [{ calls: [{ name: 'swapped', input: {} }] }, { text: 'It changed, I read.' }],
  'wrong number': [{ calls: [{ name: 'note', input: { n: 'many' } }] }, { text: 'The number was refused.' }],
  'pull lever': [{ calls: [{ name: 'secret_lever', input: {} }] }, { text: 'No such lever for me.' }],
  'talk long': [{ text: 'word '.repeat(400), pauseMs: 25 }],
  hello: [{ text: 'Hello there.' }],
});

describe.each(['none', 'native'] as const)('a page of a customer, WebMCP in the browser: %s', (webmcp) => {
  let product: Product;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let site: Awaited<ReturnType<typeof startSite>>;
  let browser: Browser;
  let chat: ChatPage;

  beforeAll(async () => {
    provider = await startProvider(SCRIPT);
    const [sitePort, productPort] = [await freePort(), await freePort()];
    const host = `http://127.0.0.1:${productPort}`;
    site = await startSite(
      {
        '/': `<!doctype html><html lang="en"><head><title>Shop</title><script src="${host}/webmcp.js"></script><script src="/tools.js"></script>
          <script async src="${host}/pagehand.js" data-token="${TOKEN}"></script></head><body><h1>A shop</h1></body></html>`,
        '/late': `<!doctype html><html lang="en"><head><title>Shop</title>
          <script async src="${host}/pagehand.js" data-token="${TOKEN}"></script></head><body><h1>A shop</h1>
          <script>addEventListener('load', () => { const go = () => { if (document.modelContext) { const s = document.createElement('script'); s.src = '/tools.js'; document.head.append(s); } else setTimeout(go, 20); }; go(); });</script></body></html>`,
        '/impatient': `<!doctype html><html lang="en"><head><title>Shop</title><script src="${host}/webmcp.js"></script><script src="/tools.js"></script>
          <script src="${host}/pagehand.js"></script><script>Pagehand.mount({ token: '${TOKEN}', api: '${host}', webmcp: { timeoutMs: 400 } })</script></head><body></body></html>`,
        '/tools.js': TOOLS,
      },
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
            behavior: {
              webmcp: {
                enabled: true,
                allowlist: [
                  {
                    origin: site.origin,
                    tools: ['note', 'find', 'pay', 'broken', 'endless', 'patient', 'fleeting', 'swapp*'],
                  },
                ],
                autoApprove: ['find'],
              },
            },
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

  afterEach(async () => {
    await chat?.page.context().close();
  });

  async function open(path = '/'): Promise<void> {
    chat = await visit(browser, site.origin + path);
    await chat.launcher.click();
    await chat.message.waitFor();
  }

  const text = async () => (await chat.thread.textContent()) ?? '';

  const ran = () => chat.page.evaluate(() => (window as unknown as { ran: unknown }).ran);

  test('one call: asks, runs in the page, answers in Markdown, leaves a receipt [R2-46b]', async () => {
    await open();
    await chat.say('note one');
    const card = chat.approval('note');
    await see(card).toContainText('1');
    expect(await ran()).toEqual([]);
    await card.getByRole('button', { name: 'Allow once' }).click({ delay: 20 });
    await see(chat.thread.getByText('Noted one.')).toBeVisible();
    await see(chat.thread.locator('strong')).toHaveText('one');
    await see(chat.row('note')).toContainText('allowed');
    expect(await ran()).toEqual([['note', { n: 1 }]]);
    expect(lastResult(provider.calls)).toContain('{"noted":1}');
    expect(chat.complaints).toEqual([]);
  });

  test('tools registered after the widget arrived are found [R2-35]', async () => {
    await open('/late');
    await chat.page.waitForFunction(() => 'ran' in window);
    await chat.say('note one');
    await chat.approval('note').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread.getByText('Noted one.')).toBeVisible();
  });

  test('two parallel calls of one tool are asked, run and answered one by one', async () => {
    await open();
    await chat.say('note two');
    for (let index = 0; index < 2; index += 1) {
      await chat.approval('note').first().getByRole('button', { name: 'Allow once' }).click();
    }
    await see(chat.thread.getByText('Noted both.')).toBeVisible();
    expect(await ran()).toEqual([
      ['note', { n: 1 }],
      ['note', { n: 2 }],
    ]);
    await see(chat.row('note')).toHaveCount(2);
  });

  test('a chain of three calls; the read-only one that the site allows is not asked', async () => {
    await open();
    await chat.say('chain three');
    for (let index = 0; index < 2; index += 1) {
      await chat.approval('note').getByRole('button', { name: 'Allow once' }).click();
      await see(chat.row('note').nth(index)).toContainText('you allowed');
    }
    await see(chat.thread.getByText('Three steps done.')).toBeVisible();
    expect(await ran()).toEqual([
      ['find', { n: 7 }],
      ['note', { n: 7 }],
      ['note', { n: 8 }],
    ]);
  });

  test('a declined call never runs, and the model reads that it was declined', async () => {
    await open();
    await chat.say('note one');
    await chat.approval('note').getByRole('button', { name: 'Decline' }).click();
    await see(chat.thread.getByText('Noted one.')).toBeVisible();
    expect(await ran()).toEqual([]);
    expect(lastResult(provider.calls)).toMatch(/declined/i);
    await see(chat.row('note')).toContainText(/declined/i);
  });

  test('always allow spares the next question, and no question of a consequential tool', async () => {
    await open();
    await chat.say('note one');
    await chat.approval('note').getByRole('button', { name: 'Always allow in this conversation' }).click();
    await see(chat.thread.getByText('Noted one.')).toBeVisible();
    await chat.say('note again');
    await see(chat.thread.getByText('Noted again.')).toBeVisible();
    expect(await ran()).toEqual([
      ['note', { n: 1 }],
      ['note', { n: 3 }],
    ]);
    await chat.say('pay now');
    await see(chat.approval('pay')).toBeVisible();
    await see(chat.approval('pay').getByRole('button', { name: /Always/ })).toHaveCount(0);
    await chat.approval('pay').getByRole('button', { name: 'Decline' }).click();
    await see(chat.thread.getByText('Payment answered.')).toBeVisible();
  });

  test('a tool that throws ends as a failed row that the model reads', async () => {
    await open();
    await chat.say('be broken');
    await chat.approval('broken').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread.getByText('It failed, as I read.')).toBeVisible();
    await see(chat.row('broken')).toContainText(/failed/i);
  });

  test('a tool that hangs is given up after the time limit', async () => {
    chat = await visit(browser, `${site.origin}/impatient`);
    await chat.launcher.click();
    await chat.say('hang please');
    await chat.approval('endless').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread.getByText('It took too long.')).toBeVisible();
    expect(lastResult(provider.calls)).toMatch(/may still be running/i);
  });

  test('a tool that is unregistered between offer and call is refused with words', async () => {
    await open();
    await chat.say('use fleeting');
    await see(chat.approval('fleeting')).toBeVisible();
    await chat.page.evaluate(() => (window as unknown as { vanish(): void }).vanish());
    await chat.approval('fleeting').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread.getByText('It is gone, I read.')).toBeVisible();
    expect(await ran()).toEqual([]);
  });

  test('a tool that is replaced between offer and call is refused with words', async () => {
    await open();
    await chat.say('use swapped');
    await see(chat.approval('swapped')).toBeVisible();
    await chat.page.evaluate(() => (window as unknown as { swap(): void }).swap());
    await chat.approval('swapped').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread.getByText('It changed, I read.')).toBeVisible();
    expect(await ran()).toEqual([]);
  });

  test('arguments against the schema never reach the page', async () => {
    await open();
    await chat.say('wrong number');
    await see(chat.thread.getByText('The number was refused.')).toBeVisible();
    expect(await ran()).toEqual([]);
  });

  test('a tool outside the allowlist never reaches the model', async () => {
    await open();
    await chat.say('pull lever');
    await see(chat.thread.getByText('No such lever for me.')).toBeVisible();
    const offered = provider.calls.flatMap(({ tools = [] }) => tools.map((tool) => tool.function.name));
    expect(offered.some((name) => name.includes('note'))).toBe(true);
    expect(offered.filter((name) => name.includes('lever'))).toEqual([]);
    expect(await ran()).toEqual([]);
  });

  test('stop in mid-stream ends the answer at once, and the next message works', async () => {
    await open();
    await chat.say('talk long');
    await see(chat.thread.getByText(/word word/)).toBeVisible();
    await chat.stop.click();
    await chat.settled();
    const length = (await text()).length;
    await chat.say('hello');
    await see(chat.thread.getByText('Hello there.')).toBeVisible();
    expect((await text()).length).toBeLessThan(length + 600);
  });

  test('stop in mid-tool asks the tool to stop, and the next message works', async () => {
    await open();
    await chat.say('wait please');
    await chat.approval('patient').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.row('patient')).toContainText(/running/i);
    await chat.stop.click();
    await chat.settled();
    await see(chat.row('patient')).toContainText(/stopped|cancelled/i);
    await chat.page.waitForFunction(() => (window as unknown as { stopped?: boolean }).stopped === true);
    await chat.say('hello');
    await see(chat.thread.getByText('Hello there.')).toBeVisible();
  });

  test('no key of the operator shows in what the server printed', () => {
    expect(product.output()).not.toContain('canary');
    expect(product.output()).not.toContain(TOKEN);
  });
});
