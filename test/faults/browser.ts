import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Request } from 'playwright';
import { type ChatPage, launch, visitIn } from '../support/chat-page.ts';
import { freePort, startSite } from '../support/product.ts';
import { Cell } from './cell.ts';
import type { Witness } from './checks.ts';
import { type Random, seeded, seedOf } from './random.ts';
import { type RoundRobin, startRoundRobin } from './round-robin.ts';
import { answerTo, CLIENT_TOKEN, request, type ScenarioName } from './script.ts';

export interface BrowserOptions {
  /** The server under test. */
  readonly file: string;
  readonly folder: string;
  readonly seed: number;
  readonly runs: number;
  readonly onResult: (result: BrowserResult) => void;
}

interface BrowserResult {
  readonly fault: string;
  readonly scenario: ScenarioName;
  /** `complete`: every word stands there. `told`: the page says what went wrong, with a way on. */
  readonly how: 'complete' | 'told' | 'silent' | 'stranded';
  /** What the page says where it is not complete. */
  readonly words: string;
  readonly violations: readonly string[];
}

/** Where something is done to the page, to its network or to the servers behind it, in the middle of a turn. */
interface Stage {
  readonly chat: ChatPage;
  readonly context: BrowserContext;
  readonly cell: Cell;
  readonly balancer: RoundRobin;
  readonly random: Random;
}

const FAULTS: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  'server killed': async ({ cell, random }) => random.pick(cell.processes).signal('SIGKILL'),
  'all servers killed': async ({ cell }) => {
    for (const process of cell.processes) process.signal('SIGKILL');
  },
  'connections cut': async ({ balancer }) => balancer.cut(),
  'page reloaded': ({ chat }) => chat.page.reload(),
  'page reloaded twice': async ({ chat, random }) => {
    await chat.page.reload();
    await sleep(random.whole(0, 400));
    await chat.page.reload();
  },
  'offline and back': async ({ context, random }) => {
    await context.setOffline(true);
    await sleep(random.whole(200, 2_500));
    await context.setOffline(false);
  },
  'reloaded, and killed': async ({ chat, cell, random }) => {
    random.pick(cell.processes).signal('SIGKILL');
    await chat.page.reload();
  },
};

const ASKED: readonly ScenarioName[] = ['words', 'page', 'parallel', 'effect', 'mixed', 'chain', 'long'];

/** Longest turn that a visitor watches, in milliseconds. */
const LIMIT_MS = 40_000;

/** Slow enough that a fault meets the turn half-way, in milliseconds. */
const WORD_MS = 40;

const TOOLS = `
  for (const name of ['look', 'pick']) document.modelContext.registerTool({
    name, description: 'Has the page ' + name + '.', annotations: { readOnlyHint: true },
    inputSchema: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
    execute: async ({ key }) => {
      localStorage.setItem('ran', (localStorage.getItem('ran') ?? '') + key + ' ');
      await new Promise((done) => setTimeout(done, 120));
      return name + ' did ' + key;
    },
  });
`;

/** The built widget in Chromium, on a page with tools, with two servers behind a balancer. */
export async function runBrowser({ file, folder, seed, runs, onResult }: BrowserOptions): Promise<void> {
  const port = await freePort();
  const cell = await Cell.open(
    { folder: join(folder, 'browser'), file, engine: 'sqlite' },
    {
      leaseMs: 1_000,
      env: {
        FAULTS_ORIGIN: `http://127.0.0.1:${port}`,
        FAULTS_WIDGET: resolve(import.meta.dirname, '../../widget/dist/cdn'),
        FAULTS_WORD_MS: String(WORD_MS),
      },
    },
  );
  const balancer = await startRoundRobin(cell.processes);
  const html = `<!doctype html><html lang="en"><head><title>A shop</title>
    <script src="${balancer.url}/webmcp.js"></script><script src="/tools.js"></script>
    <script async src="${balancer.url}/pagehand.js" data-token="${CLIENT_TOKEN}"></script></head><body></body></html>`;
  const site = await startSite({ '/': html, '/tools.js': TOOLS }, port);
  let browser = await launch('none');
  for (let run = 0; run < runs; run++) {
    const house = { browser, cell, balancer, origin: site.origin };
    try {
      onResult(await runOnce(run, seeded(seedOf(seed, run)), house));
    } catch (error) {
      // A browser that the machine took away says nothing about the chat.
      if (browser.isConnected()) throw error;
      browser = await launch('none');
    }
  }
  await browser.close();
  await site.close();
  await balancer.close();
  await cell.close();
}

interface House {
  readonly browser: Browser;
  readonly cell: Cell;
  readonly balancer: RoundRobin;
  readonly origin: string;
}

async function runOnce(
  run: number,
  random: Random,
  { browser, cell, balancer, origin }: House,
): Promise<BrowserResult> {
  const names = Object.keys(FAULTS);
  const fault = names[run % names.length] ?? '';
  const scenario = random.pick(ASKED);
  const tag = `b${run}`;
  await Promise.all(cell.processes.map((process) => process.ready()));
  const context = await browser.newContext();
  const conversations = new Set<string>();
  const sessions = new Set<string>();
  context.on('requestfinished', (finished) => void noteSession(finished, conversations, sessions));
  const chat = await visitIn(context, `${origin}/`);
  await chat.launcher.click();
  await chat.message.waitFor();
  await chat.say(request(scenario, tag));
  await sleep(random.whole(0, 1_600));
  await FAULTS[fault]?.({ chat, context, cell, balancer, random });
  const how = await watch(chat, scenario, tag);
  const words = wordsIn(await threadText(chat), tag);
  const told = how === 'complete' ? '' : ((await chat.panel.textContent().catch(() => '')) ?? '');
  const ran = (await chat.page.evaluate(() => localStorage.getItem('ran'))) ?? '';
  const violations = [
    ...(how === 'silent' ? ['the turn ended, and the page does not say how'] : []),
    ...(how === 'stranded' ? ['I1 the page still shows a running turn'] : []),
    ...(new Set(words).size < words.length ? [`I2 the page shows words twice: ${words.join(' ')}`] : []),
    ...(conversations.size > 1 ? ['the page went on in another conversation'] : []),
  ];
  const [conversationId = ''] = [...conversations];
  await cell.settle(conversationId);
  const witness: Witness = {
    sessionId: [...sessions][0] ?? 'none',
    conversationId,
    problems: [],
    logs: new Map(),
    pageRuns: countOf(ran.split(' ').filter((key) => key !== '')),
    sent: new Map(),
    mayLoseResults: true,
    shown: () => '',
  };
  violations.push(...(await cell.judge(witness)));
  await context.close();
  return { fault, scenario, how, words: told, violations };
}

/** Waits until the visitor can tell how the turn went. */
async function watch(chat: ChatPage, scenario: ScenarioName, tag: string): Promise<BrowserResult['how']> {
  const wanted = wordsIn(answerTo(scenario, tag), tag).join();
  const deadline = Date.now() + LIMIT_MS;
  let isQuiet = false;
  while (Date.now() < deadline) {
    await sleep(300);
    const isOpen = await chat.message.isVisible().catch(() => false);
    if (!isOpen) {
      await chat.launcher.click({ timeout: 500 }).catch(() => undefined);
      continue;
    }
    if (await chat.stop.isVisible()) {
      isQuiet = false;
      continue;
    }
    if (wordsIn(await threadText(chat), tag).join() === wanted) return 'complete';
    // Twice: between two requests of a turn nothing may be drawn for a moment.
    if (isQuiet) return (await isTold(chat)) ? 'told' : 'silent';
    isQuiet = true;
    await sleep(700);
  }
  return 'stranded';
}

async function isTold(chat: ChatPage): Promise<boolean> {
  return (await chat.panel.getByRole('button', { name: /retry|try again/i }).count()) > 0;
}

async function threadText(chat: ChatPage): Promise<string> {
  return (await chat.thread.textContent().catch(() => '')) ?? '';
}

function wordsIn(text: string, tag: string): readonly string[] {
  return text.match(new RegExp(`${tag}\\.\\d+\\.\\d+`, 'g')) ?? [];
}

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

async function noteSession(
  finished: Request,
  conversations: Set<string>,
  sessions: Set<string>,
): Promise<void> {
  if (!finished.url().endsWith('/v1/client/init')) return;
  const response = await finished.response();
  const body: unknown = await response?.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) return;
  if ('conversationId' in body) conversations.add(String(body.conversationId));
  if ('sessionId' in body) sessions.add(String(body.sessionId));
}
