import type { Browser, BrowserContextOptions } from 'playwright';
import { expect as see } from 'playwright/test';
import { type ChatPage, launch, script, visitIn } from './chat-page.ts';
import { freePort, startProduct, startProvider, startSite } from './product.ts';

const MODES = ['floating', 'docked', 'bar', 'page', 'inline'] as const;
export type SiteMode = (typeof MODES)[number];

const TOKEN = 'ct_test_every_state';
const PATIENT = { timeout: 20_000 };

/** An answer with all that Markdown can be. */
const ANSWER = `## Two blue mugs

They are **both** in stock, [see how to care for them](https://shop.example.com/care):

| Mug | Holds | Price | Glaze | Made by |
|---|---|---|---|---|
| Harbour | 0.3 l | € 18 | matt, food-safe | Ines |
| Midnight | 0.4 l | € 22 | glossy, food-safe | Tomás |

\`\`\`js
// Orders two, wrapped as a present, and prints the number of the order on the console.
const order = await shop.order('harbour', { quantity: 2, wrap: true });
\`\`\`

> Both are dishwasher-safe.

1. Choose one
2. Pay

- [x] in stock
- [ ] engraved`;

const SCRIPT = script({
  'Show me blue mugs': [{ calls: [{ name: 'find', input: { what: 'blue mug' } }] }, { text: ANSWER }],
  'Order two': [
    { calls: [{ name: 'order', input: { mug: 'Harbour', quantity: 2, email: 'ada@example.com' } }] },
    { text: 'Both are **ordered**.' },
  ],
  'I need a present': [
    {
      calls: [
        {
          name: 'ask_user_question',
          input: {
            questions: [
              {
                question: 'Who is it for?',
                header: 'Person',
                options: [
                  { label: 'Somebody who drinks tea', description: 'Cups with a lid' },
                  { label: 'Somebody who drinks coffee', description: 'Small and thick' },
                ],
              },
              {
                question: 'Which colours?',
                header: 'Colours',
                multiSelect: true,
                options: [{ label: 'Blue' }, { label: 'Rust' }],
              },
            ],
          },
        },
      ],
    },
    { text: 'Then take the Harbour.' },
  ],
  'What next?': [
    { calls: [{ name: 'suggest_replies', input: { suggestions: ['Wrap it', 'Pay now'] } }] },
    { text: 'You choose.' },
  ],
  'Tell me slowly': [{ text: `${'It takes its time. '.repeat(6)}Then it ends. `.repeat(3), pauseMs: 40 }],
  'Tell me in two sentences': [{ text: 'The first sentence is here. The second ends it.', pauseMs: 30 }],
  'Thank you': [{ text: 'You are welcome.' }],
});

const TOOLS = `
  const register = (name, title, execute, more) => document.modelContext.registerTool({
    name, title, description: 'Does what it is called.', execute,
    inputSchema: { type: 'object', properties: {} }, ...more,
  });
  register('find', 'Search the shop', () => ({ found: 2, in: 'mugs' }), { annotations: { readOnlyHint: true } });
  register('order', 'Order', () => 'ordered');
`;

const COMMANDS = `(window.Pagehand ||= []).push((pagehand) => pagehand.ready((chat) => chat.addCommands({
  trigger: '/', name: 'Shop',
  search: (query) => [{ id: 'thanks', label: 'thanks', detail: 'Say it', send: 'Thank you' },
    { id: 'wrap', label: 'wrap', detail: 'Wrap it as a present', fill: 'Wrap it in ' }].filter(({ label }) => label.startsWith(query)),
})));`;

/** A customer's page for each mode, with a server and a model that says what a visitor's words ask for. */
export interface EveryState {
  readonly browser: Browser;
  readonly provider: Awaited<ReturnType<typeof startProvider>>;
  /** The page of a mode, in a browser of its own. */
  visit(mode: SiteMode, context?: BrowserContextOptions, locale?: 'en' | 'ar'): Promise<ChatPage>;
  close(): Promise<void>;
}

export async function startEveryState(): Promise<EveryState> {
  const provider = await startProvider(SCRIPT);
  const [sitePort, productPort] = [await freePort(), await freePort()];
  const host = `http://127.0.0.1:${productPort}`;
  const files: Record<string, string> = { '/tools.js': TOOLS, '/commands.js': COMMANDS };
  for (const mode of MODES) {
    for (const locale of ['en', 'ar']) files[`/${mode}-${locale}`] = sitePage(host, mode, locale);
  }
  const site = await startSite(files, sitePort);
  const product = await startProduct({
    port: productPort,
    env: { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'sk-scripted' },
    config: {
      surfaces: [
        {
          id: 'shop',
          agent: { model: 'openai-compatible/scripted', instructions: 'Help the customers.' },
          copy: {
            title: 'Mug shop',
            welcomeMessage: 'Hello! I know every mug in this shop, and I can put them into your cart.',
            placeholder: 'Ask about mugs…',
            suggestions: ['Show me blue mugs', 'Order two', 'Do you ship abroad?'],
          },
          csat: true,
          behavior: {
            webmcp: {
              enabled: true,
              allowlist: [{ origin: site.origin, tools: ['*'] }],
              autoApprove: ['find'],
            },
            sdkTools: ['suggest_replies', 'ask_user_question'],
          },
          clientTokens: [{ token: TOKEN, allowedOrigins: [site.origin] }],
        },
      ],
    },
  });
  const browser = await launch('none');
  return {
    browser,
    provider,
    visit: async (mode, context = {}, locale = 'en') =>
      visitIn(await browser.newContext(context), `${site.origin}/${mode}-${locale}`),
    close: async () => {
      await browser.close();
      await product.stop();
      await site.close();
      await provider.close();
    },
  };
}

function sitePage(host: string, mode: SiteMode, locale: string): string {
  const inline = mode === 'inline' ? ' data-target="#chat"' : ` data-mode="${mode}"`;
  return `<!doctype html><html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}"><head><title>Shop</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <style>:root { color-scheme: light dark } html { background: Canvas } body { font: 16px/1.5 sans-serif; margin: 16px } a { color: inherit } #chat { block-size: min(620px, 90vh) }</style>
    <script src="${host}/webmcp.js"></script><script src="/tools.js"></script><script src="/commands.js"></script></head>
    <body><main><h1>Mugs</h1><p>Thrown by hand. <a href="#all">See them all</a></p><div id="chat"></div></main>
    <script async src="${host}/pagehand.js" data-token="${TOKEN}"${inline} data-teaser="Which mug are you looking for?"></script></body></html>`;
}

/** Opens the chat, where it is not open by itself. */
export async function opened(chat: ChatPage, mode: SiteMode): Promise<ChatPage> {
  if (mode !== 'page' && mode !== 'inline') await chat.page.getByRole('button', { expanded: false }).click();
  await chat.page.getByRole('textbox').waitFor(PATIENT);
  // New chat, earlier conversations: they come with the answer of the server.
  await see.poll(() => chat.page.getByRole('button').count(), PATIENT).toBeGreaterThan(6);
  return chat;
}
