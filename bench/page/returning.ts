import type { Browser } from 'playwright';
import { newMark } from './answer.ts';
import type { Contender } from './contenders.ts';
import type { Ground } from './measures.ts';
import type { Site } from './site.ts';
import { type VisitOptions, visit } from './visit.ts';

/**
 * A visitor who comes back. A chat that keeps its thread by itself has had the conversation before, message by
 * message, and finds in the browser what it left there; any other gets the messages from the page.
 */
export function returningVisitors(browser: Browser, site: Site): Ground['returning'] {
  const left = new Map<string, Promise<VisitOptions>>();
  return async (contender, messages) => {
    if (!contender.keepsHistory) return { query: `history=${messages}` };
    const key = `${contender.id} ${messages}`;
    const known = left.get(key) ?? converse(browser, site, contender, messages);
    left.set(key, known);
    return known;
  };
}

async function converse(
  browser: Browser,
  site: Site,
  contender: Contender,
  messages: number,
): Promise<VisitOptions> {
  const visited = await visit(browser, site, contender);
  await visited.load();
  await visited.open();
  for (let turn = 0; turn < messages / 2; turn += 1) {
    const order = { tokens: 0, pace: 0, mark: newMark() };
    await visited.write(order);
    await visited.send(order);
    await visited.drawn(order.mark, 0);
  }
  await visited.page.waitForTimeout(1000);
  // A page that goes writes what it keeps.
  await visited.page.goto(`${site.origin}/page/blank`);
  await visited.page.waitForTimeout(500);
  const storageState = await visited.page.context().storageState({ indexedDB: true });
  await visited.close();
  return { storageState };
}
