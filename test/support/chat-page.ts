import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright';
import { launchOptions } from './browser.ts';
import type { ModelCall, ModelStep } from './product.ts';

export type Webmcp = 'none' | 'native';

export function launch(webmcp: Webmcp): Promise<Browser> {
  return chromium.launch({ headless: true, ...launchOptions(webmcp) });
}

/** The chat as a visitor meets it, found by role and name alone. */
export interface ChatPage {
  readonly page: Page;
  readonly launcher: Locator;
  readonly panel: Locator;
  readonly thread: Locator;
  readonly message: Locator;
  readonly send: Locator;
  readonly stop: Locator;
  readonly alert: Locator;
  /** What the page's console said in anger. */
  readonly complaints: string[];
  say(text: string): Promise<void>;
  /** The approval card of a tool. */
  approval(tool: string): Locator;
  /** The row of a tool in the thread. */
  row(tool: string): Locator;
  /** Resolves when no turn is under way. */
  settled(): Promise<void>;
}

export async function visit(browser: Browser, url: string): Promise<ChatPage> {
  return visitIn(await browser.newContext(), url);
}

/** Another tab of the same visitor. */
export async function visitIn(context: BrowserContext, url: string): Promise<ChatPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return chatPage(page, complaints);
}

function chatPage(page: Page, complaints: string[]): ChatPage {
  const thread = page.getByRole('log');
  const message = page.getByRole('textbox', { name: 'Message' });
  const send = page.getByRole('button', { name: 'Send', exact: true });
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  return {
    page,
    launcher: page.getByRole('button', { name: 'Open chat' }),
    panel: page.getByRole('dialog'),
    thread,
    message,
    send,
    stop,
    alert: page.getByRole('alert').filter({ has: page.getByRole('button', { name: 'Retry' }) }),
    complaints,
    say: async (text) => {
      await message.fill(text);
      await send.click();
    },
    approval: (tool) =>
      page
        .getByRole('group', { name: tool })
        .filter({ has: page.getByRole('button', { name: 'Allow once' }) }),
    row: (tool) => thread.getByRole('group', { name: tool }),
    settled: async () => {
      await stop.waitFor({ state: 'hidden' });
    },
  };
}

/**
 * A scripted model: for each thing a visitor says, the steps of the answer in order. The step is told from how many
 * of the model's own messages follow what was said.
 */
export function script(steps: Record<string, readonly ModelStep[]>): (call: ModelCall) => ModelStep {
  return ({ messages, tools = [] }) => {
    const last = messages.findLastIndex((message) => message.role === 'user');
    const said = textOf(messages[last]?.content);
    const step = steps[said]?.[messages.slice(last + 1).filter(({ role }) => role === 'assistant').length];
    if (step === undefined) return { text: `The script has no step for “${said}”.` };
    if (!('calls' in step)) return step;
    return {
      calls: step.calls.map(({ name, input }) => ({
        name: tools.find((tool) => tool.function.name.endsWith(name))?.function.name ?? name,
        input,
      })),
    };
  };
}

/** The newest tool result that a model was given. */
export function lastResult(calls: readonly ModelCall[]): string {
  const results = calls.at(-1)?.messages.filter(({ role }) => role === 'tool') ?? [];
  return textOf(results.at(-1)?.content);
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: string }) => part.text ?? '').join('');
}
