import { BUILT_IN_TOOLS } from '../../protocol/tool.ts';
import type { Config } from './config.ts';
import { resolveConfig } from './resolve.ts';

/** The token of the workbench. Public by nature: it opens the demo surface, on the demo's own origins only. */
export const DEMO_TOKEN = 'ct_test_demo';

/** The token of the sample pages beside the workbench, each with tools of its own. */
const SITE_TOKEN = 'ct_test_site';

export interface DemoOptions {
  /** Default: `offline`. */
  readonly model?: string;
  /** Where the sample pages stand. Default: nowhere, and their surface is not there. */
  readonly siteOrigins?: readonly string[];
  /** `host:port` of services of this machine that tools may call. Default: none. */
  readonly internal?: readonly string[];
}

const MANNERS = 'If a tool fails, say what happened and what can be done. Answer in one or two sentences.';

const SHOP_INSTRUCTIONS = [
  'You help visitors of a small shop for tableware. Use the tools of the page to search the shop, to look into the cart and to change it.',
  'Look a product up before you name its price or add it. Never check out unless the visitor asked for it.',
  MANNERS,
].join(' ');

const PAGE_INSTRUCTIONS = `You help the visitors of this page with the tools that it offers. ${MANNERS}`;

/** The configuration without a file: the surface `demo` for the workbench and its shop, and `pages` for the sample pages. */
export function demoConfig(origins: readonly string[], options: DemoOptions = {}): Config {
  const siteOrigins = options.siteOrigins ?? [];
  const input = {
    surfaces: [
      {
        id: 'demo',
        agent: {
          name: 'Shop assistant',
          model: options.model,
          instructions: SHOP_INSTRUCTIONS,
          maxToolCalls: 10,
          // Whatever is saved can be tried at once.
          uses: { toolIds: ['saved:*'] },
        },
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
          sdkTools: [...BUILT_IN_TOOLS],
        },
        clientTokens: [{ token: DEMO_TOKEN, allowedOrigins: origins }],
      },
      ...(siteOrigins.length === 0 ? [] : [samplePages(siteOrigins, options.model)]),
    ],
    egress: { internal: options.internal ?? [] },
  };
  return resolveConfig(input, {
    file: 'the demo configuration',
    env: {},
    model: options.model ?? 'offline',
  });
}

function samplePages(origins: readonly string[], model: string | undefined) {
  return {
    id: 'pages',
    agent: { name: 'Page assistant', model, instructions: PAGE_INSTRUCTIONS, maxToolCalls: 10 },
    copy: {
      title: 'Page assistant',
      welcomeMessage: 'Hello! I can use what this page offers, and I ask before I change anything.',
      placeholder: 'Ask, or say what to do',
      suggestions: ['What can you do here?'],
    },
    behavior: {
      webmcp: { enabled: true, autoApprove: ['list_*', 'opening_hours', 'open_page'] },
      sdkTools: [...BUILT_IN_TOOLS],
    },
    clientTokens: [{ token: SITE_TOKEN, allowedOrigins: origins }],
  };
}
