import axe from 'axe-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { Conversation } from '../../../widget/chat/state.ts';
import type { ViewProps } from '../../../widget/ui/view.tsx';
import {
  ASKING,
  aCall,
  anAnswer,
  aQuestion,
  asking,
  aText,
  fakeChat,
  hideAll,
  partsLoaded,
  show,
} from './fake-chat.ts';

const MARKDOWN = `## Head\n\nText with a [link](https://x.test), \`code\` and **bold**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n
\`\`\`js\nlet a;\n\`\`\`\n\n> quote\n\n- [x] done\n- [ ] open`;

const states: Record<string, Partial<Conversation>> = {
  empty: {},
  answer: { entries: [aQuestion(), { ...anAnswer([aText(MARKDOWN)]), vote: 'up' }] },
  calls: {
    phase: 'acting',
    entries: [
      aQuestion(),
      anAnswer([
        { kind: 'reasoning', id: 'r', text: 'Thinking.', streaming: false },
        aCall({ status: 'running', startedAtMs: 0 }, { id: '1' }),
        aCall({ status: 'done', result: 'ok', durationMs: 1 }, { id: '2' }),
        aCall({ status: 'failed', result: 'no', durationMs: 1 }, { id: '3' }),
        aCall({ status: 'refused', reason: 'changed' }, { id: '4' }),
        { kind: 'notice', id: 'n', notice: 'length' },
      ]),
    ],
  },
  'long thread': {
    entries: Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0 ? aQuestion(`Question ${i}`, `u${i}`) : anAnswer([aText(MARKDOWN)], `a${i}`),
    ),
  },
  approval: asking(aCall(ASKING, { input: { email: 'a@x.test', note: 'x' } })),
  failure: {
    phase: 'failed',
    entries: [aQuestion()],
    failure: { message: 'It broke off.', hint: 'Press Retry.', retryable: true },
  },
};

beforeEach(() => page.viewport(900, 800));
beforeAll(partsLoaded);
afterEach(hideAll);

async function violations(props: Partial<ViewProps>, conversation: Partial<Conversation>): Promise<string[]> {
  const { root, view } = show(fakeChat(conversation), props);
  // Colours are measured when nothing fades in any more.
  await Promise.all(
    view
      .getAnimations({ subtree: true })
      .filter(({ effect }) => effect?.getTiming().iterations === 1)
      .map(({ finished }) => finished),
  );
  const { violations: found } = await axe.run(root.host as HTMLElement, { resultTypes: ['violations'] });
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (theme) => {
  test.each(Object.keys(states))('%s', async (name) => {
    expect(await violations({ theme }, states[name] ?? {})).toEqual([]);
  });
});

test('axe finds nothing inline', async () => {
  expect(await violations({ mode: 'inline' }, states.answer ?? {})).toEqual([]);
});

describe('on a small screen', () => {
  test.each([
    [320, 480],
    [375, 667],
    [640, 400],
  ])('%i × %i: the panel fills it and nothing sticks out', async (width, height) => {
    await page.viewport(width, height);
    for (const name of Object.keys(states)) {
      const { view } = show(fakeChat(states[name]));
      const panel = view.querySelector('.panel') as HTMLElement;
      const box = panel.getBoundingClientRect();
      expect([box.width, box.height], name).toEqual([width, height]);
      expect(panel.scrollWidth, name).toBeLessThanOrEqual(width);
      expect(view.querySelector('.composer')?.getBoundingClientRect().bottom, name).toBeLessThanOrEqual(
        height,
      );
      expect(view.querySelector('.content')?.scrollWidth, name).toBeLessThanOrEqual(width);
      hideAll();
    }
  });
});

test('every target is at least 24 pixels in both directions', () => {
  const { view } = show(fakeChat(states.answer));
  for (const button of view.querySelectorAll('button, summary')) {
    const { width, height } = button.getBoundingClientRect();
    expect(Math.min(width, height), button.outerHTML).toBeGreaterThanOrEqual(24);
  }
});
