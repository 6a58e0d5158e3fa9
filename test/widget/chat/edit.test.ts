import { expect, test } from 'vitest';
import { WidgetError } from '../../../widget/errors.ts';
import { aWorld, broken, COMPLETE, START, says } from './fakes.ts';

const EDIT = { capabilities: ['edit'] } as const;

async function aThread(
  script: Parameters<typeof aWorld>[0]['script'],
  capabilities: readonly 'edit'[] = ['edit'],
) {
  const world = aWorld({
    script: [[START, ...says('One.'), COMPLETE], [START, ...says('Two.'), COMPLETE], ...script],
    capabilities,
  });
  await world.chat.send('First');
  await world.chat.send('Second');
  return world;
}

test('an edited message takes the place of the old one and of all that followed', async () => {
  const world = await aThread([[START, ...says('Better.'), COMPLETE]]);
  await world.chat.edit('usr_1', 'First, but better');
  expect(world.requests[2]).toMatchObject({
    kind: 'chat',
    replacesMessageId: 'usr_1',
    messages: [{ id: 'usr_5', role: 'user', content: 'First, but better' }],
  });
  expect(world.chat.conversation.value).toMatchObject({
    phase: 'idle',
    entries: [{ id: 'usr_5', text: 'First, but better' }, { parts: [{ text: 'Better.' }] }],
  });
});

test('regenerate asks again what the answer answered', async () => {
  const world = await aThread([[START, ...says('Two again.'), COMPLETE]]);
  await world.chat.regenerate('ast_4');
  expect(world.requests[2]).toMatchObject({ replacesMessageId: 'usr_3' });
  expect(world.chat.conversation.value.entries).toMatchObject([
    { text: 'First' },
    { parts: [{ text: 'One.' }] },
    { text: 'Second' },
    { id: 'ast_6', parts: [{ text: 'Two again.' }] },
  ]);
});

test('a running answer is left first, and nothing of it stays', async () => {
  const world = aWorld({
    script: [
      { events: [START, ...says('Well').slice(0, 2)], after: 'nothing' },
      [START, ...says('Sure.'), COMPLETE],
    ],
    ...EDIT,
  });
  const first = world.chat.send('One');
  await world.phase('answering');
  await world.chat.edit('usr_1', 'Two');
  await first;
  expect(world.chat.conversation.value.entries).toMatchObject([
    { text: 'Two' },
    { parts: [{ kind: 'text', text: 'Sure.' }] },
  ]);
});

test('a server that cannot do it gets no such request: the text goes into the draft', async () => {
  const world = await aThread([], []);
  await world.chat.edit('usr_1', 'First, but better');
  await world.chat.regenerate('ast_4');
  expect(world.chat.draft.value).toBe('First, but better');
  expect(world.requests).toHaveLength(2);
  expect(world.chat.conversation.value.entries).toHaveLength(4);
});

test('an answer, a blank text and an unknown entry are not edited', async () => {
  const world = await aThread([]);
  await world.chat.edit('ast_2', 'Mine now');
  await world.chat.edit('usr_1', '   ');
  await world.chat.edit('nobody', 'Hello');
  expect(world.requests).toHaveLength(2);
});

test('until the server has begun to answer, every further try says what it replaces; after that none does', async () => {
  const world = await aThread([
    new WidgetError('execution_expired', 'Gone.', { retryable: false }),
    { events: [START, ...says('Well').slice(0, 2)], after: broken() },
    [START, ...says('At last.'), COMPLETE],
  ]);
  await world.chat.edit('usr_3', 'Second, but better');
  expect(world.chat.conversation.value.phase).toBe('failed');
  await world.chat.retry();
  expect(world.chat.conversation.value.phase).toBe('failed');
  await world.chat.retry();
  expect(world.requests.map((request) => 'replacesMessageId' in request)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(world.chat.conversation.value.phase).toBe('idle');
});

test('what it replaces is kept for the next page with the turn', async () => {
  const world = aWorld({
    script: [
      [START, ...says('One.'), COMPLETE],
      { events: [], after: 'nothing', before: new Promise(() => {}) },
    ],
    ...EDIT,
  });
  await world.chat.send('First');
  void world.chat.edit('usr_1', 'Better');
  await world.phase('thinking');
  expect(world.chat.turnRecord()).toMatchObject({ userId: 'usr_3', replaces: 'usr_1' });
  world.chat.destroy();
});
