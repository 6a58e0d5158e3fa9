import { within } from '@testing-library/preact';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { anAnswer, aQuestion, aText, drawn, fakeChat, hideAll, partsLoaded, show } from '../fake-chat.ts';

beforeAll(partsLoaded);
beforeEach(() => page.viewport(360, 640));
afterEach(() => {
  hideAll();
  vi.restoreAllMocks();
});

async function answered(text: string): Promise<HTMLElement> {
  const { view } = show(fakeChat({ entries: [aQuestion(), anAnswer([aText(text)])] }));
  await drawn();
  return view;
}

const ROW = `|${' a wide cell of a table |'.repeat(12)}`;
const LINE = 'const wide = "far beyond the edge of a phone";'.repeat(4);

test.each([
  ['table', '.table', `${ROW}\n${'|---'.repeat(12)}|\n${ROW}`],
  ['line of code', '.code pre', `\`\`\`js\n${LINE}\n\`\`\``],
])('a wide %s scrolls in its own place, by keyboard too, and the thread does not', async (_, place, text) => {
  const view = await answered(text);
  const block = view.querySelector(place) as HTMLElement;
  const scroller = view.querySelector('.scroller') as HTMLElement;
  expect(block.scrollWidth).toBeGreaterThan(block.clientWidth);
  expect(scroller.scrollWidth).toBe(scroller.clientWidth);
  block.focus();
  await userEvent.keyboard('{ArrowRight}');
  await vi.waitFor(() => expect(block.scrollLeft).toBeGreaterThan(0), 10_000);
});

test('a block of code is copied as it was written, and says so', async () => {
  const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  const view = await answered(`Run this:\n\n\`\`\`js\n${LINE}\n\`\`\``);
  const code = view.querySelector('.code') as HTMLElement;
  await userEvent.click(within(code).getByRole('button', { name: 'Copy' }));
  expect(write.mock.calls.map(([text]) => text.trimEnd())).toEqual([LINE]);
  await vi.waitFor(() => expect(within(code).getByRole('button').textContent).toBe('Copied'), 10_000);
});
