import type { SiteParts } from './site.ts';

/** A chat of the bench: where its page is, and how a visitor works it. Selectors reach through open shadow roots. */
export interface Contender {
  readonly id: string;
  readonly name: string;
  /** Name of its page. */
  readonly page: string;
  /** More for the page's address. */
  readonly query?: string;
  /** Its own, or the host's button where it has none. */
  readonly launcher: string;
  readonly input: string;
  /** Pressed to send; absent: Enter. */
  readonly send?: string;
  /** It keeps its history by itself; others get one from the page. */
  readonly keepsHistory?: boolean;
  /** Takes part in these alone, and has no column of its own. */
  readonly onlyMeasures?: readonly string[];
  /** Comes from npm, into `bench/rivals`. */
  readonly isRival?: boolean;
  /** Served as it is published; of others a page's script is built. */
  readonly isPublished?: boolean;
}

const FLOOR = {
  page: 'floor',
  launcher: '.launcher',
  input: '.panel textarea',
} as const;

/** The page without a chat. */
export const BLANK: Contender = { id: 'blank', name: 'blank page', page: 'blank', launcher: '', input: '' };

export const CONTENDERS: readonly Contender[] = [
  {
    id: 'pagehand',
    name: 'Pagehand',
    page: 'pagehand',
    launcher: '#l',
    input: 'textarea',
    keepsHistory: true,
  },
  { id: 'floor', name: 'floor', ...FLOOR },
  {
    id: 'persona',
    name: 'Persona 4.17.0',
    page: 'persona',
    launcher: 'button:has([data-role="launcher-title"])',
    input: 'textarea',
    isRival: true,
    isPublished: true,
  },
  {
    id: 'deep-chat',
    name: 'deep-chat 2.4.2',
    page: 'deep-chat',
    launcher: '.host-launcher',
    input: '#text-input',
    isRival: true,
  },
  {
    id: 'deep-chat-partial',
    name: 'deep-chat (partialRender)',
    page: 'deep-chat',
    query: 'partial',
    launcher: '.host-launcher',
    input: '#text-input',
    isRival: true,
  },
  {
    id: 'nlux',
    name: '@nlux/core 2.17.1',
    page: 'nlux',
    launcher: '.host-launcher',
    input: '.host-panel textarea',
    isRival: true,
  },
  {
    id: 'n8n',
    name: '@n8n/chat 1.37.0',
    page: 'n8n',
    launcher: '.chat-window-toggle',
    input: '.chat-inputs textarea',
    isRival: true,
  },
  {
    id: 'assistant-ui',
    name: 'assistant-ui 0.15.21',
    page: 'assistant-ui',
    launcher: '.host-launcher',
    input: 'textarea',
    isRival: true,
  },
  {
    id: 'copilotkit',
    name: 'CopilotKit v2 1.74.0',
    page: 'copilotkit',
    launcher: '[data-testid="copilot-chat-toggle"], [data-slot="chat-toggle-button"]',
    input: 'textarea',
    isRival: true,
  },
  { id: 'floor30', name: 'floor at 30 Hz', ...FLOOR, query: 'every=2', onlyMeasures: ['stream'] },
  { id: 'floor20', name: 'floor at 20 Hz', ...FLOOR, query: 'every=3', onlyMeasures: ['stream'] },
];

export const HEADS: SiteParts['heads'] = {
  blank: () => '',
  pagehand: () => '<script async src="/pagehand/pagehand.js" data-token="ct_test_bench"></script>',
  floor: () => '<script type="module" src="/floor/floor.js"></script>',
  persona: () => `<script>${PERSONA}</script><script async src="/persona/install.global.js"></script>`,
  'deep-chat': () => built('deep-chat'),
  nlux: () => built('nlux', 'page.css'),
  n8n: () => built('n8n', 'page.css'),
  'assistant-ui': () => built('assistant-ui'),
  copilotkit: () => built('copilotkit', 'katex.css', 'page.css'),
};

/** As its installer reads it: the same wire as Pagehand's, and the messages of an earlier conversation. */
const PERSONA = `window.siteAgentConfig = {
  clientToken: 'ct_test_bench',
  apiUrl: location.origin,
  config: {
    persistState: false,
    initialMessages: (window.benchHistory ?? []).map(({ role, text }, index) => ({
      id: 'h' + index, role, content: text, createdAt: new Date(1.7e12 + index * 1000).toISOString(),
    })),
  },
};`;

function built(id: string, ...sheets: string[]): string {
  const links = sheets.map((sheet) => `<link rel="stylesheet" href="/rivals/${id}/${sheet}">`);
  return `${links.join('')}<script type="module" src="/rivals/${id}/page.js"></script>`;
}
