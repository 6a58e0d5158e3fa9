import type { Browser } from 'playwright';
import { expect as see } from 'playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, visit } from '../support/chat-page.ts';
import { freePort, type Product, startProduct, startSite } from '../support/product.ts';

/** What a page's policy must allow for the chat, and nothing else: its script and its server. */
const policy = (host: string) =>
  `default-src 'none'; script-src 'self' ${host}; connect-src ${host}; require-trusted-types-for 'script'; trusted-types 'none'`;

const NONCE = 'bm9uY2U';

/** A policy that names no host for scripts: what a nonced script loads is as trusted as the script. */
const noncePolicy = (host: string) => `default-src 'none'; script-src 'nonce-${NONCE}'; connect-src ${host}`;

describe.each(['none', 'native'] as const)('origins and policies, WebMCP in the browser: %s', (webmcp) => {
  let product: Product;
  let browser: Browser;
  const sites: Awaited<ReturnType<typeof startSite>>[] = [];
  let allowed: string;
  let strict: string;
  let nonced: string;
  let stranger: string;

  beforeAll(async () => {
    const port = await freePort();
    const host = `http://127.0.0.1:${port}`;
    const tools = `document.modelContext.registerTool({ name: 'count_visitors', description: 'Counts the visitors of this page.',
      inputSchema: { type: 'object', properties: {} }, execute: () => { window.counted = true; return { visitors: 12 }; } });`;
    const body = (token: string) =>
      `<!doctype html><html lang="en"><head><title>Site</title><script nonce="${NONCE}" src="${host}/webmcp.js"></script><script nonce="${NONCE}" src="/tools.js"></script>
       <script async nonce="${NONCE}" src="${host}/pagehand.js" data-token="${token}"></script></head><body><h1>Site</h1></body></html>`;
    const open = async (token: string, headers: Record<string, string> = {}) => {
      const site = await startSite({ '/': { body: body(token), headers }, '/tools.js': tools });
      sites.push(site);
      return site.origin;
    };
    allowed = await open('ct_test_one');
    strict = await open('ct_test_two', { 'content-security-policy': policy(host) });
    nonced = await open('ct_test_three', { 'content-security-policy': noncePolicy(host) });
    stranger = await open('ct_test_one');
    const surface = (id: string, token: string, origin: string) => ({
      id,
      agent: { model: 'offline' },
      behavior: { webmcp: { enabled: true, allowlist: [{ origin, tools: ['count_*'] }] } },
      clientTokens: [{ token, allowedOrigins: [origin] }],
    });
    product = await startProduct({
      port,
      config: {
        surfaces: [
          surface('one', 'ct_test_one', allowed),
          surface('two', 'ct_test_two', strict),
          surface('three', 'ct_test_three', nonced),
        ],
      },
    });
    browser = await launch(webmcp);
  });

  afterAll(async () => {
    await browser?.close();
    await product?.stop();
    await Promise.all(sites.map((site) => site.close()));
  });

  test.each([
    ['a page on another origin with its own token', () => allowed],
    ['a page under a strict policy that requires Trusted Types', () => strict],
    ['a page whose policy lets in nonces alone', () => nonced],
  ])('%s chats and runs its tool', async (_what, origin) => {
    const chat = await visit(browser, origin());
    const violations = chat.page.evaluate(() => {
      const seen: string[] = [];
      addEventListener('securitypolicyviolation', (event) =>
        seen.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
      (window as unknown as { violations: string[] }).violations = seen;
    });
    await violations;
    await chat.launcher.click();
    await chat.say('count the visitors');
    await chat.approval('count_visitors').getByRole('button', { name: 'Allow once' }).click();
    await see(chat.thread).toContainText('12');
    expect(await chat.page.evaluate(() => (window as unknown as { counted: boolean }).counted)).toBe(true);
    expect(
      await chat.page.evaluate(() => (window as unknown as { violations: string[] }).violations),
    ).toEqual([]);
    expect(chat.complaints).toEqual([]);
    await chat.page.context().close();
  });

  test('a page whose origin the token does not allow is refused with words, and keeps what was typed', async () => {
    const chat = await visit(browser, stranger);
    await chat.launcher.click();
    await chat.say('count the visitors');
    await see(chat.page.getByRole('alert').first()).toContainText(
      /cannot be reached.*What you wrote is kept/i,
    );
    await see(chat.page.getByText('count the visitors')).toBeVisible();
    expect(await chat.page.evaluate(() => 'counted' in window)).toBe(false);
    await chat.page.context().close();
  });
});
