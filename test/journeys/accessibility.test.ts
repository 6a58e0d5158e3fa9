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

/** What goes on moving for a visitor who asked for no motion. */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ playState, effect }) => playState === 'running' && Number(effect?.getTiming().duration) > 0)
      .map(({ effect }) => (effect as KeyframeEffect).target?.outerHTML.slice(0, 120) ?? ''),
  );
}

/** Buttons of the chat that a finger would miss. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...(document.querySelector('[data-pagehand]')?.shadowRoot?.querySelectorAll('button') ?? [])]
      .filter((button) => button.checkVisibility({ visibilityProperty: true }))
      .filter((button) => Math.min(button.offsetWidth, button.offsetHeight) < 44)
      .map(
        (button) =>
          `${button.offsetWidth} × ${button.offsetHeight} ${button.ariaLabel ?? button.textContent ?? ''}`,
      ),
  );
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
  test('in no state axe finds anything, light or dark, or anything moves unasked; by touch nothing is too small', {
    timeout: 400_000,
  }, async () => {
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
      for (const one of await moving(chat.page)) found.push(`${state}, moves: ${one}`);
      if (hasTouch) for (const one of await smallTargets(chat.page)) found.push(`${state}, small: ${one}`);
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
