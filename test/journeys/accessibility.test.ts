import { createRequire } from 'node:module';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EveryState, type SiteMode, startEveryState } from '../support/every-state.ts';
import { walkStates } from '../support/walk-states.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let all: EveryState;

beforeAll(async () => {
  all = await startEveryState();
});

afterAll(async () => {
  await all?.close();
});

/** What axe finds by all of its rules that are not experiments, best practices and the sizes of targets with them. */
async function violations(page: Page, only: string): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: AXE });
  return page.evaluate(async (chosen) => {
    interface Axe {
      getRules(): { ruleId: string; tags: string[] }[];
      run(
        root: Document,
        options: object,
      ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
    }
    const { axe } = window as unknown as { axe: Axe };
    const rules = axe
      .getRules()
      .filter(
        ({ ruleId, tags }) =>
          new RegExp(chosen).test(ruleId) && !/experimental|wcag2a{3}|deprecated/.test(tags.join(' ')),
      );
    const found = await axe.run(document, {
      resultTypes: ['violations'],
      runOnly: { type: 'rule', values: rules.map(({ ruleId }) => ruleId) },
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`),
    );
  }, only);
}

const SHAPES: readonly [string, SiteMode, number, number, boolean][] = [
  ['floating', 'floating', 1280, 800, false],
  ['docked', 'docked', 1280, 800, false],
  ['bar', 'bar', 1280, 800, false],
  ['page', 'page', 1280, 800, false],
  ['inline', 'inline', 1280, 800, false],
  ['sheet on a phone', 'floating', 360, 740, true],
];

describe.each(SHAPES)('%s', (shape, mode, width, height, hasTouch) => {
  test('axe finds nothing in any state, light or dark', { timeout: 400_000 }, async () => {
    const chat = await all.visit(mode, {
      viewport: { width, height },
      hasTouch,
      isMobile: hasTouch,
      reducedMotion: 'reduce',
    });
    const found: string[] = [];
    const states: string[] = [];
    await walkStates(chat, mode, async (state) => {
      states.push(state);
      // The tree is the same in the dark, and only its colours are looked at again.
      for (const [colorScheme, only] of [
        ['light', '.'],
        ['dark', '^(color-contrast|link-in-text-block)$'],
      ] as const) {
        await chat.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        for (const one of await violations(chat.page, only)) found.push(`${state}, ${colorScheme}: ${one}`);
      }
    });
    console.info(`${shape}: ${states.length} states, light and dark: ${found.length} violations`);
    expect(found).toEqual([]);
    expect(states.length).toBeGreaterThan(15);
    await chat.page.context().close();
  });
});
