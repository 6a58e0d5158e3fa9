/**
 * What the chat costs the page: main-thread time in Chromium, paired in one run with a floor, because figures of a
 * shared machine drift and ratios hold. The floor of loading is the same page without the chat; the floor of
 * streaming is a hand-written page that puts the same bytes of the same server into one text node, once a frame.
 */
import { type Browser, chromium, type Page } from 'playwright';
import { launchOptions } from '../test/support/browser.ts';
import { freePort, type Product, startProduct, startProvider, startSite } from '../test/support/product.ts';
import { median, spread } from './figures.ts';

const RUNS = 7;
const TOKEN = 'ct_test_bench';

const SECTION = `## Shipping to islands

We ship **every weekday** before 15:00, and the \`tracking\` page shows the parcel within the hour:

- parcels up to 2 kg go by post, [see the table](https://example.com/rates)
- anything heavier goes by courier, *signed for*

| weight | price | days |
| --- | ---: | ---: |
| 0.5 kg | 4.90 | 2 |
| 2.0 kg | 7.90 | 3 |

\`\`\`ts
const price = rates.find((rate) => rate.limit >= weight)?.price ?? quote(weight);
\`\`\`

`;

/** About 2,000 tokens of the usual mix: headings, lists, tables, code. */
const ANSWER = SECTION.repeat(17);

interface Sample {
  readonly milliseconds: number;
}

async function measurePageCost(): Promise<void> {
  const provider = await startProvider(({ messages }) => ({
    text: ANSWER,
    ...(JSON.stringify(messages.at(-1)).includes('slowly') ? { pauseMs: 5 } : {}),
  }));
  const port = await freePort();
  const host = `http://127.0.0.1:${port}`;
  const sitePort = await freePort();
  const site = await startSite(
    { '/blank': page(''), '/chat': page(scriptTag(host)), '/floor': page(floor(host)) },
    sitePort,
  );
  const product = await startProduct({
    port,
    config: config(site.origin),
    env: { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'none' },
  });
  const browser = await chromium.launch({ headless: true, ...launchOptions('none') });
  try {
    console.log(
      `Chromium ${browser.version()}, Node ${process.versions.node}, median of ${RUNS} (lowest–highest), main-thread ms\n`,
    );
    await compare('page load, chat not opened', browser, [
      ['with the script tag', (page) => load(page, `${site.origin}/chat`)],
      ['the same page without it', (page) => load(page, `${site.origin}/blank`)],
    ]);
    for (const [what, message] of [
      ['2,000 tokens at once', 'tell me'],
      ['2,000 tokens at 200 a second', 'tell me slowly'],
    ] as const) {
      await compare(what, browser, [
        ['Pagehand', (page) => stream(page, `${site.origin}/chat`, message)],
        ['floor: text only', (page) => streamFloor(page, `${site.origin}/floor`, message)],
      ]);
    }
  } finally {
    await browser.close();
    await stopAll(product, site, provider);
  }
}

async function compare(
  what: string,
  browser: Browser,
  rivals: readonly (readonly [string, (page: Page) => Promise<Sample>])[],
): Promise<void> {
  const samples = rivals.map((): number[] => []);
  for (let run = 0; run < RUNS; run += 1) {
    for (const [index, [, measure]] of rivals.entries()) {
      const context = await browser.newContext();
      samples[index]?.push((await measure(await context.newPage())).milliseconds);
      await context.close();
    }
  }
  console.log(what);
  for (const [index, [name]] of rivals.entries()) {
    console.log(`  ${name.padEnd(28)} ${spread(samples[index] ?? [])}`);
  }
  const [ours = 0, floor = 1] = samples.map(median);
  console.log(`  ratio ${(ours / floor).toFixed(2)}\n`);
}

async function load(page: Page, url: string): Promise<Sample> {
  const task = await taskClock(page);
  await page.goto(url, { waitUntil: 'load' });
  await page.waitForTimeout(500);
  return { milliseconds: await task() };
}

async function stream(page: Page, url: string, message: string): Promise<Sample> {
  await page.goto(url);
  await page.getByRole('button', { name: 'Open chat' }).click();
  await page.getByRole('textbox', { name: 'Message' }).fill(message);
  const task = await taskClock(page);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('log').getByRole('heading').nth(16).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor({ state: 'hidden' });
  return { milliseconds: await task() };
}

async function streamFloor(page: Page, url: string, message: string): Promise<Sample> {
  await page.goto(url);
  const task = await taskClock(page);
  await page.evaluate(
    (text) => (window as unknown as { send(text: string): Promise<void> }).send(text),
    message,
  );
  return { milliseconds: await task() };
}

/** The browser's own count of the main thread's busy time, from now on. */
async function taskClock(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  };
  const before = await read();
  return async () => (await read()) - before;
}

function config(origin: string) {
  return {
    surfaces: [
      {
        id: 'bench',
        agent: { model: 'openai-compatible/scripted' },
        clientTokens: [{ token: TOKEN, allowedOrigins: [origin] }],
        limits: { messagesPerMinute: 600, requestsPerMinute: 6000 },
      },
    ],
  };
}

function page(head: string): string {
  return `<!doctype html><html lang="en"><head><title>Bench</title>${head}</head><body><h1>A page</h1><p>${'Words. '.repeat(200)}</p></body></html>`;
}

function scriptTag(host: string): string {
  return `<script async src="${host}/pagehand.js" data-token="${TOKEN}"></script>`;
}

function floor(host: string): string {
  return `<script>
    window.send = async (content) => {
      const post = (path, body) => fetch('${host}/v1/client/' + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      const { sessionId } = await (await post('init', { token: '${TOKEN}' })).json();
      const reader = (await post('chat', { sessionId, messages: [{ role: 'user', content }] })).body.pipeThrough(new TextDecoderStream()).getReader();
      const output = document.body.appendChild(document.createElement('pre'));
      let text = '', drawn = true, rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        rest += value;
        const frames = rest.split('\\n\\n');
        rest = frames.pop();
        for (const frame of frames) {
          const data = frame.split('\\n').find((line) => line.startsWith('data: '));
          const event = data && JSON.parse(data.slice(6));
          if (event?.type === 'text_delta') text += event.delta;
        }
        if (drawn) { drawn = false; requestAnimationFrame(() => { output.textContent = text; drawn = true; }); }
      }
      output.textContent = text;
    };
  </script>`;
}

async function stopAll(product: Product, ...others: readonly { close(): Promise<void> }[]): Promise<void> {
  await product.stop();
  await Promise.all(others.map((other) => other.close()));
}

await measurePageCost();
