import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { run } from 'axe-core';
import type { Page } from 'playwright';
import { newMark } from './answer.ts';
import type { Contender } from './contenders.ts';
import { installProbe, type ProbedWindow } from './probe.ts';
import type { Visit } from './visit.ts';

/** Yes is 1, no is 0. Rules are those of axe-core that found something, with its best practices. */
export interface Access {
  readonly axeOpened: number;
  readonly axeAnswered: number;
  readonly opensByKeyboard: number;
  readonly focusGoesIn: number;
  readonly escapeCloses: number;
  readonly focusComesBack: number;
  readonly liveRegion: number;
}

/** As text: it is written for the page, and looks for a window wherever it is loaded. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const MOST_TABS = 12;

const LIVE = '[aria-live]:not([aria-live=off]), [role=log], [role=status], output';

/** With the keyboard alone, as far as the chat lets it come; where it does not open so, the mouse opens it. */
export async function readAccess(visit: Visit, contender: Contender): Promise<Access> {
  const { page } = visit;
  const { launcher, input } = contender;
  await visit.load();
  await page.locator(launcher).first().waitFor();
  await page.waitForTimeout(1000);
  await page.evaluate(installProbe);

  const isReached = await tabTo(page, launcher);
  if (isReached) await page.keyboard.press('Enter');
  const isOpen = isReached && (await comes(page, 'isThere', input));
  if (!isOpen) await visit.open();
  const focusGoesIn = isOpen && (await comes(page, 'isFocused', input));
  await page.waitForTimeout(500);
  const axeOpened = await brokenRules(page, contender.name);

  const order = { tokens: 400, pace: 0, mark: newMark() };
  await visit.write(order);
  await visit.send(order);
  await visit.drawn(order.mark);
  const axeAnswered = await brokenRules(page, `${contender.name} after an answer`);
  const liveRegion = await asks(page, 'hasAny', LIVE);

  await page.locator(input).filter({ visible: true }).first().focus();
  await page.keyboard.press('Escape');
  const escapeCloses = await comes(page, 'isGone', input);
  const focusComesBack = escapeCloses && (await comes(page, 'isFocused', launcher));
  return {
    axeOpened,
    axeAnswered,
    opensByKeyboard: Number(isOpen),
    focusGoesIn: Number(focusGoesIn),
    escapeCloses: Number(escapeCloses),
    focusComesBack: Number(focusComesBack),
    liveRegion: Number(liveRegion),
  };
}

async function tabTo(page: Page, selector: string): Promise<boolean> {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press('Tab');
    if (await asks(page, 'isFocused', selector)) return true;
  }
  return false;
}

type Question = 'isThere' | 'isGone' | 'isFocused' | 'hasAny';

function asks(page: Page, question: Question, selector: string): Promise<boolean> {
  return page.evaluate(([name, wanted]) => (window as unknown as ProbedWindow).benchProbe[name](wanted), [
    question,
    selector,
  ] as const);
}

/** Within two seconds. */
async function comes(page: Page, question: Question, selector: string): Promise<boolean> {
  for (let round = 0; round < 20; round += 1) {
    if (await asks(page, question, selector)) return true;
    await page.waitForTimeout(100);
  }
  return false;
}

/** Which rules they are is said as they are found. */
async function brokenRules(page: Page, name: string): Promise<number> {
  await page.evaluate(AXE);
  const rules = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: { run: typeof run } }).axe.run(document, {
      resultTypes: ['violations'],
    });
    return violations.map(({ id, impact, nodes }) => `${id} (${impact}, ${nodes.length})`);
  });
  if (rules.length > 0) console.log(`axe, ${name}: ${rules.join(', ')}`);
  return rules.length;
}
