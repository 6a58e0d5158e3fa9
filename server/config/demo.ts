import type { Config } from './config.ts';
import { resolveConfig } from './resolve.ts';

/** The token of the workbench. Public by nature: it opens the demo surface, on the demo's own origins only. */
export const DEMO_TOKEN = 'ct_test_demo';

/** The token of the demo's customer page, which has the script tag and nothing else. */
const SITE_TOKEN = 'ct_test_site';

export interface DemoOptions {
  /** Default: `offline`. */
  readonly model?: string;
  /** Where the customer page stands. Default: nowhere, and its token is not there. */
  readonly siteOrigins?: readonly string[];
}

const INSTRUCTIONS = [
  'You help visitors of a small shop for tableware. Use the tools of the page to search the shop, to look into the cart and to change it.',
  'Look a product up before you name its price or add it. Never check out unless the visitor asked for it.',
  'If a tool fails, say what happened and what can be done. Answer in one or two sentences.',
].join(' ');

/** The configuration without a file: one surface `demo` for the workbench and its sample shop. */
export function demoConfig(origins: readonly string[], options: DemoOptions = {}): Config {
  const siteOrigins = options.siteOrigins ?? [];
  const input = {
    surfaces: [
      {
        id: 'demo',
        agent: { name: 'Shop assistant', model: options.model, instructions: INSTRUCTIONS, maxToolCalls: 10 },
        copy: {
          title: 'Shop assistant',
          welcomeMessage:
            'Hello! I can search this shop, look into your cart and fill it. What are you looking for?',
          placeholder: 'Try: add two blue mugs to my cart',
          suggestions: [
            'Add two blue mugs to my cart',
            'What is in my cart?',
            'Is the rust bowl in stock?',
            'Check out',
          ],
        },
        behavior: {
          webmcp: {
            enabled: true,
            allowlist: [{ origin: '*', tools: ['*'] }],
            requireConfirmFor: ['checkout'],
            autoApprove: ['search_products', 'get_cart', 'check_stock'],
          },
        },
        clientTokens: [
          { token: DEMO_TOKEN, allowedOrigins: origins },
          ...(siteOrigins.length === 0 ? [] : [{ token: SITE_TOKEN, allowedOrigins: siteOrigins }]),
        ],
      },
    ],
  };
  return resolveConfig(input, { file: 'the demo configuration', env: {}, model: 'offline' });
}
