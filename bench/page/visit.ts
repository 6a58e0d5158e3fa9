import type { Browser, BrowserContext, CDPSession, Page } from 'playwright';
import { lastWords, type Order, orderText } from './answer.ts';
import type { Contender } from './contenders.ts';
import { type InputWait, installProbe, type ProbedWindow } from './probe.ts';
import type { Site } from './site.ts';

/** What the browser itself counts. */
interface Counted {
  /** Tasks of the main thread, in milliseconds of processor time since the page began. */
  readonly taskMs: number;
  readonly heapBytes: number;
}

/** One page with one chat, and the visitor before it. */
export interface Visit {
  readonly page: Page;
  count(): Promise<Counted>;
  /** As `count`, after all that is garbage is gone. */
  countKept(): Promise<Counted>;
  load(): Promise<void>;
  /** Loads, and returns the time of day at which the launcher could be used. Watching costs: no measure of time does it. */
  loadUntilLauncher(): Promise<number>;
  /** Presses the launcher after the pointer has rested on it, and waits for the input. */
  open(restMs?: number): Promise<InputWait>;
  /** Writes an order into the input. */
  write(order: Order): Promise<void>;
  /** Sends what is written, and returns when its answer begins on the line. */
  send(order: Order): Promise<void>;
  /** Resolves when all of the answer is drawn, and the page has come to rest. */
  drawn(mark: string, restMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly query?: string;
  readonly context?: BrowserContext;
  /** Fast 4G and a quarter of the processor. */
  readonly isSlow?: boolean;
  readonly storageState?: Awaited<ReturnType<BrowserContext['storageState']>>;
}

/** Fast 4G, as the developer tools of Chromium have it. */
const FAST_4G = { offline: false, latency: 165, downloadThroughput: 1_012_500, uploadThroughput: 168_750 };

/** After what a measure waits for, for what comes late: saving, observers, garbage. */
const REST_MS = 400;

const LONGEST_ANSWER_MS = 240_000;

export async function visit(
  browser: Browser,
  site: Site,
  contender: Contender,
  options: VisitOptions = {},
): Promise<Visit> {
  const { storageState } = options;
  const context = options.context ?? (await browser.newContext({ ...(storageState && { storageState }) }));
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const session = await context.newCDPSession(page);
  // The thread's own time: the wall's would count what else the machine does while a task waits for its turn.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  if (options.isSlow) await slowDown(session);

  async function count(): Promise<Counted> {
    const { metrics } = await session.send('Performance.getMetrics');
    const read = (wanted: string) => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
    return { taskMs: read('TaskDuration') * 1000, heapBytes: read('JSHeapUsedSize') };
  }

  const shows = (words: string) =>
    page.evaluate((text) => (window as unknown as ProbedWindow).benchProbe.shows(text), words);

  async function load() {
    const query = [contender.query, options.query].filter(Boolean).join('&');
    await page.goto(`${site.origin}/page/${contender.page}?${query}`, { waitUntil: 'load' });
  }

  return {
    page,
    count,
    async countKept() {
      for (let round = 0; round < 3; round += 1) {
        await session.send('HeapProfiler.collectGarbage');
        await page.waitForTimeout(100);
      }
      return count();
    },
    load,
    async loadUntilLauncher() {
      await page.addInitScript(installProbe);
      await page.addInitScript(
        (selector) => (window as unknown as ProbedWindow).benchProbe.watchLauncher(selector),
        contender.launcher,
      );
      await load();
      return page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.launcherAt);
    },
    async open(restMs = 200) {
      const launcher = page.locator(contender.launcher).first();
      await launcher.waitFor();
      await page.evaluate(installProbe);
      await page.evaluate(
        (selector) => (window as unknown as ProbedWindow).benchProbe.watchInput(selector),
        contender.input,
      );
      const box = await launcher.boundingBox();
      if (box === null) throw new Error(`${contender.name} shows no launcher.`);
      await press(session, box.x + box.width / 2, box.y + box.height / 2, restMs);
      return page.evaluate(async () => {
        const wait = await (window as unknown as ProbedWindow).benchProbe.waited;
        if (wait === undefined) throw new Error('Nobody watches the input.');
        return wait;
      });
    },
    async write(order) {
      await page.locator(contender.input).filter({ visible: true }).first().click();
      await page.keyboard.insertText(orderText(order));
    },
    async send(order) {
      if (contender.send === undefined) await page.keyboard.press('Enter');
      else await page.locator(contender.send).filter({ visible: true }).first().click();
      await within(site.sent(order.mark, 1), 15_000, `${contender.name} did not ask for its answer.`);
    },
    async drawn(mark, restMs = REST_MS) {
      await within(site.sent(mark, Number.POSITIVE_INFINITY), LONGEST_ANSWER_MS, 'The answer was not sent.');
      const until = performance.now() + LONGEST_ANSWER_MS;
      while (!(await shows(lastWords(mark)))) {
        if (performance.now() > until) throw new Error(`${contender.name} did not draw the whole answer.`);
        await page.waitForTimeout(restMs === 0 ? 10 : 100);
      }
      await page.waitForTimeout(restMs);
    },
    close: () => (options.context === undefined ? context.close() : page.close()),
  };
}

/** Without a rest all is on its way at once: a slow machine would make a hover of what lies between. */
async function press(session: CDPSession, x: number, y: number, restMs: number): Promise<void> {
  const send = (type: 'mouseMoved' | 'mousePressed' | 'mouseReleased') =>
    session.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
  if (restMs > 0) {
    await send('mouseMoved');
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  await Promise.all([send('mousePressed'), send('mouseReleased')]);
}

async function slowDown(session: CDPSession): Promise<void> {
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', FAST_4G);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
}

async function within<T>(promise: Promise<T>, limitMs: number, complaint: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), limitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
