import { within } from '@testing-library/preact';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { ToolCallPart } from '../../../widget/chat/state.ts';
import { aCall, anAnswer, aQuestion, fakeChat, hideAll, partsLoaded, show } from './fake-chat.ts';

beforeAll(partsLoaded);
afterEach(hideAll);

function row(call: ToolCallPart, locale = 'en'): HTMLElement {
  const { view } = show(fakeChat({ entries: [aQuestion(), anAnswer([call])] }), { locale });
  return within(within(view).getByRole('log')).getByRole('group', { name: call.title });
}

const allowed = { approvedBy: 'visitor_once' } as const;
const sentences: readonly [ToolCallPart, string][] = [
  [aCall({ status: 'requested' }), 'Add to cart · getting ready…'],
  [
    aCall({ status: 'running', startedAtMs: 0 }, allowed),
    'Add to cart · running in this page… · you allowed it',
  ],
  [
    aCall({ status: 'running', startedAtMs: 0 }, { runsIn: 'server', approvedBy: 'server' }),
    'Add to cart · running…',
  ],
  [
    aCall({ status: 'done', result: '', durationMs: 312 }, allowed),
    'Add to cart · done in 0.3 s · you allowed it',
  ],
  [aCall({ status: 'done', result: '', durationMs: 3 }), 'Add to cart · done in 0.1 s'],
  [aCall({ status: 'done', result: '', durationMs: 12_345 }), 'Add to cart · done in 12 s'],
  [aCall({ status: 'done', result: '', durationMs: undefined }), 'Add to cart · done'],
  [
    aCall({ status: 'done', result: '', durationMs: 300 }, { approvedBy: 'visitor_always' }),
    'Add to cart · done in 0.3 s · you allowed it for this conversation',
  ],
  [
    aCall({ status: 'failed', result: '', durationMs: 300 }, { approvedBy: 'site_rule' }),
    'Add to cart · failed after 0.3 s · allowed by this site',
  ],
  [aCall({ status: 'declined' }), 'Add to cart · you declined it'],
  [
    aCall({ status: 'refused', reason: 'changed' }),
    'Add to cart · not run: the page changed it after it was offered',
  ],
  [
    aCall({ status: 'on_hold', approvalId: 'appr_1', untilMs: undefined }),
    'Add to cart · waiting for somebody at this site to approve it',
  ],
  [aCall({ status: 'refused', reason: 'denied' }), 'Add to cart · not run: it was not approved'],
  [
    aCall({ status: 'done', result: '', durationMs: 300 }, { approvedBy: 'operator' }),
    'Add to cart · done in 0.3 s · approved by somebody at this site',
  ],
  [aCall({ status: 'unknown' }), 'Add to cart · outcome unknown: the page was left while it ran'],
  [
    aCall({ status: 'approval', canRemember: true, elsewhere: true }),
    'Add to cart · waits for your decision in another tab',
  ],
  [aCall({ status: 'cancelled', reason: 'new_message' }), 'Add to cart · stopped: another message was sent'],
];

test.each(sentences)('%#: reads as a sentence: %s', (call, sentence) => {
  expect(within(row(call)).getByRole('button').textContent).toBe(sentence);
});

test('numbers are written as the visitor writes them', () => {
  const call = aCall({ status: 'done', result: '', durationMs: 1500 });
  expect(row(call, 'de').textContent).toContain('1,5 s');
});

test('the receipt is one click away: tool, page, who approved, arguments, result', async () => {
  const group = row(
    aCall({ status: 'done', result: '{"total":"€25"}', durationMs: 300 }, { ...allowed, output: 'half way' }),
  );
  const button = within(group).getByRole('button', { name: /^Add to cart/ });
  expect(button.ariaExpanded).toBe('false');
  expect(within(group).queryByText('add_to_cart')).toBeNull();
  await userEvent.click(button);
  expect(button.ariaExpanded).toBe('true');
  for (const words of [
    'add_to_cart',
    'https://shop.example.com',
    'you allowed it',
    '"blue-mug"',
    '{"total":"€25"}',
    'half way',
  ]) {
    expect(within(group).getAllByText(words).at(-1)).toBeVisible();
  }
  await userEvent.click(within(group).getByText('As JSON'));
  expect(within(group).getByText(/^\{\s+"product": "blue-mug",\s+"quantity": 2\s+\}$/)).toBeVisible();
});

test('what a tool returned is text', async () => {
  const group = row(aCall({ status: 'done', result: '<b>x</b> [a](https://x.test)', durationMs: 1 }));
  await userEvent.click(within(group).getByRole('button'));
  expect(group.querySelectorAll('b, a')).toHaveLength(0);
});
