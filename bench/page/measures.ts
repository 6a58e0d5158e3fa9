import type { Browser, BrowserContext } from 'playwright';
import { readAccess } from './access.ts';
import { newMark } from './answer.ts';
import type { Contender } from './contenders.ts';
import type { ProbedWindow } from './probe.ts';
import type { Site } from './site.ts';
import { type Visit, type VisitOptions, visit } from './visit.ts';

/** What a measure needs: the browser, the server, and what returning visitors left in their browsers. */
export interface Ground {
  readonly browser: Browser;
  readonly site: Site;
  /** For a visitor who comes back to a thread of so many messages. */
  returning(contender: Contender, messages: number): Promise<VisitOptions>;
}

/** Figures by name; the name says the unit. */
type Sample = Readonly<Record<string, number>>;

export interface Measure {
  readonly id: string;
  /** What a figure belongs to is run this many times where `--runs` says `runs`. */
  runs(runs: number): number;
  /** Only with `--long`. */
  readonly isLong?: boolean;
  /** The page without a chat takes part. */
  readonly withBlank?: boolean;
  run(ground: Ground, contender: Contender): Promise<Sample>;
}

const MEGABYTE = 1_000_000;

const always = (runs: number) => runs;
const seldom = (runs: number) => Math.min(runs, 3);

export const MEASURES: readonly Measure[] = [
  { id: 'bytes', runs: () => 1, run: measureBytes },
  { id: 'load', runs: (runs) => runs + 2, withBlank: true, run: measureLoad },
  { id: 'open', runs: (runs) => runs + 2, run: measureOpen },
  { id: 'cold', runs: always, run: measureCold },
  { id: 'once', runs: (runs) => runs + 2, run: measureOnce },
  { id: 'stream', runs: seldom, run: measureStream },
  { id: 'smooth', runs: seldom, run: measureSmooth },
  { id: 'kept', runs: (runs) => Math.ceil(runs / 5), run: measureKept },
  { id: 'history', runs: always, run: measureHistory },
  { id: 'growth', runs: seldom, run: measureGrowth },
  {
    id: 'access',
    runs: () => 1,
    run: async (ground, contender) => ({
      ...(await visiting(ground, contender, {}, (visit) => readAccess(visit, contender))),
    }),
  },
  { id: 'long', runs: () => 1, isLong: true, run: measureLong },
];

/** What is fetched before the launcher is there, without a visitor, and until the chat is open. */
async function measureBytes(ground: Ground, contender: Contender): Promise<Sample> {
  const { site } = ground;
  site.forgetFiles();
  return visiting(ground, contender, {}, async (visit) => {
    const launcherAtMs = await visit.loadUntilLauncher();
    const launcherBytes = site.fileBytes(launcherAtMs);
    await visit.page.waitForTimeout(5000);
    const idleBytes = site.fileBytes() - launcherBytes;
    await visit.open();
    await visit.page.waitForTimeout(2000);
    const openBytes = site.fileBytes();
    await answer(visit, { tokens: 200, pace: 0 });
    return { launcherBytes, idleBytes, openBytes, answerBytes: site.fileBytes() };
  });
}

async function measureLoad(ground: Ground, contender: Contender): Promise<Sample> {
  return visiting(ground, contender, {}, async (visit) => {
    await visit.load();
    await visit.page.waitForTimeout(1000);
    const { taskMs } = await visit.count();
    const { heapBytes } = await visit.countKept();
    return { loadMs: taskMs, loadHeapMB: heapBytes / MEGABYTE };
  });
}

/** The files are in the browser's cache, the page is at rest, and the pointer rests on the launcher before it presses. */
async function measureOpen(ground: Ground, contender: Contender): Promise<Sample> {
  return inContext(ground, {}, async (context) => {
    await visiting(ground, contender, { context }, async (first) => {
      await first.load();
      await first.open();
    });
    return visiting(ground, contender, { context }, async (visit) => {
      await visit.load();
      await visit.page.waitForTimeout(1000);
      const { usable, focused } = await visit.open();
      return { openMs: focused ?? usable, openFocused: focused === undefined ? 0 : 1 };
    });
  });
}

/** Nothing is in the cache, the line is slow, and so is the processor. Once pressed at once, once after a hover. */
async function measureCold(ground: Ground, contender: Contender): Promise<Sample> {
  const press = (restMs: number) =>
    visiting(ground, contender, { isSlow: true }, async (visit) => {
      await visit.load();
      await visit.page.locator(contender.launcher).first().waitFor();
      await visit.page.waitForTimeout(500);
      return visit.open(restMs);
    });
  const pressed = await press(0);
  const hovered = await press(HOVER_MS);
  const click = pressed.focused ?? pressed.usable;
  return {
    coldMs: click,
    coldFromByteMs: pressed.firstByte > 0 && pressed.firstByte < click ? click - pressed.firstByte : click,
    coldHoveredMs: hovered.focused ?? hovered.usable,
  };
}

/** How long the pointer rests on the launcher where a measure says "after a hover". */
const HOVER_MS = 500;

async function measureOnce(ground: Ground, contender: Contender): Promise<Sample> {
  return opened(ground, contender, {}, async (visit) => {
    return { onceMs: await costOf(visit, { tokens: 2000, pace: 0 }) };
  });
}

async function measureStream(ground: Ground, contender: Contender): Promise<Sample> {
  return opened(ground, contender, {}, async (visit) => {
    return { streamMs: await costOf(visit, { tokens: 2000, pace: 200 }) };
  });
}

/** Apart from the cost: who counts frames makes the browser draw them. */
async function measureSmooth(ground: Ground, contender: Contender): Promise<Sample> {
  return opened(ground, contender, {}, async (visit) => {
    await visit.page.evaluate(() => (window as unknown as ProbedWindow).benchProbe.watchFrames());
    await answer(visit, { tokens: 2000, pace: 200 });
    const { dropped, longestFrame, longTasks, longestTask } = await visit.page.evaluate(() =>
      (window as unknown as ProbedWindow).benchProbe.frames(),
    );
    return { droppedFrames: dropped, longestFrameMs: longestFrame, longTasks, longestTaskMs: longestTask };
  });
}

async function measureKept(ground: Ground, contender: Contender): Promise<Sample> {
  return opened(ground, contender, {}, async (visit) => {
    const before = await visit.countKept();
    await answer(visit, { tokens: 10_000, pace: 0 });
    const after = await visit.countKept();
    return {
      once10000Ms: after.taskMs - before.taskMs,
      keptHeapMB: (after.heapBytes - before.heapBytes) / MEGABYTE,
    };
  });
}

async function measureHistory(ground: Ground, contender: Contender): Promise<Sample> {
  const options = await ground.returning(contender, 500);
  return visiting(ground, contender, options, async (visit) => {
    await visit.load();
    await visit.page.waitForTimeout(1000);
    const before = await visit.count();
    const { usable, focused } = await visit.open();
    await visit.page.waitForTimeout(1000);
    const opened = await visit.count();
    const { heapBytes } = await visit.countKept();
    await visit.page.locator(contender.input).filter({ visible: true }).first().click();
    await visit.page.waitForTimeout(300);
    const still = await visit.count();
    await visit.page.keyboard.type('twenty keystrokes ok', { delay: 30 });
    await visit.page.waitForTimeout(100);
    const typed = await visit.count();
    return {
      historyMs: opened.taskMs - before.taskMs,
      historyOpenMs: focused ?? usable,
      historyHeapMB: heapBytes / MEGABYTE,
      keystrokesMs: typed.taskMs - still.taskMs,
    };
  });
}

/** What an answer costs below an empty thread, and below 200 messages. */
async function measureGrowth(ground: Ground, contender: Contender): Promise<Sample> {
  const order = { tokens: 1000, pace: 200 };
  const empty = await opened(ground, contender, {}, (visit) => costOf(visit, order));
  const long = await opened(ground, contender, await ground.returning(contender, 200), (visit) =>
    costOf(visit, order),
  );
  return { emptyThreadMs: empty, longThreadMs: long, growth: long / empty };
}

async function measureLong(ground: Ground, contender: Contender): Promise<Sample> {
  return opened(ground, contender, {}, async (visit) => {
    const order = { tokens: 10_000, pace: 200, mark: newMark() };
    await visit.write(order);
    const before = await visit.count();
    await visit.send(order);
    const at = async (tokens: number) => {
      await ground.site.sent(order.mark, tokens);
      return (await visit.count()).taskMs;
    };
    const first = (await at(2000)) - before.taskMs;
    const eight = await at(8000);
    const last = (await at(10_000)) - eight;
    await visit.drawn(order.mark);
    return { longMs: (await visit.count()).taskMs - before.taskMs, lastToFirst: last / first };
  });
}

interface Length {
  readonly tokens: number;
  readonly pace: number;
}

/** Main thread of one answer, from the keystroke that sends it until the page has come to rest. */
async function costOf(visit: Visit, length: Length): Promise<number> {
  const order = { ...length, mark: newMark() };
  await visit.write(order);
  const before = await visit.count();
  await visit.send(order);
  await visit.drawn(order.mark);
  return (await visit.count()).taskMs - before.taskMs;
}

async function answer(visit: Visit, length: Length): Promise<void> {
  await costOf(visit, length);
}

/** With the chat open and a first answer in it, of every kind of block: what is fetched late is there. */
async function opened<T>(
  ground: Ground,
  contender: Contender,
  options: VisitOptions,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  return visiting(ground, contender, options, async (visit) => {
    await visit.load();
    await visit.open();
    await answer(visit, { tokens: 220, pace: 0 });
    await visit.page.waitForTimeout(1000);
    return work(visit);
  });
}

async function visiting<T>(
  { browser, site }: Ground,
  contender: Contender,
  options: VisitOptions,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const visited = await visit(browser, site, contender, options);
  try {
    return await work(visited);
  } finally {
    await visited.close();
  }
}

async function inContext<T>(
  { browser }: Ground,
  options: Parameters<Browser['newContext']>[0],
  work: (context: BrowserContext) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext(options);
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}
