import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BROWSER_CLOCK, type Clock } from '../../../widget/chat/clock.ts';
import type { ToolCallPart } from '../../../widget/chat/state.ts';
import { joinTabs, type SharedChat } from '../../../widget/chat/tabs.ts';
import type { KeptThread } from '../../../widget/chat/thread-memory.ts';
import { aWorld, COMPLETE, calls, done, START, says, type World, type WorldOptions } from './fakes.ts';

/** Real time, but for long waits, which are fifty times as fast. */
const CLOCK: Clock = {
  ...BROWSER_CLOCK,
  after: (delayMs, callback) => BROWSER_CLOCK.after(delayMs < 1_000 ? delayMs : delayMs / 50, callback),
  nextFrame: (callback) => BROWSER_CLOCK.after(0, callback),
};

const FOREVER = (...events: ReturnType<typeof says>) => ({
  events: [START, ...events],
  after: 'nothing' as const,
});

interface Tab {
  readonly chat: SharedChat;
  /** Every chat that this tab had of its own; the last is the one of now. */
  readonly worlds: World[];
  shows(words: string): Promise<void>;
  phase(phase: string): Promise<void>;
  call(): ToolCallPart | undefined;
}

let key = '';
let kept: KeptThread;
const tabs: Tab[] = [];

beforeEach(() => {
  key = crypto.randomUUID();
  kept = { entries: [], turn: undefined };
});

afterEach(() => {
  for (const { chat } of tabs.splice(0)) chat.destroy();
});

/** Scripts are per chat of the tab: the first for the one that it opens with. */
async function openTab(
  scripts: WorldOptions['script'][] = [],
  options: Partial<WorldOptions> = {},
): Promise<Tab> {
  const worlds: World[] = [];
  const chat = await joinTabs({
    key,
    clock: CLOCK,
    kept,
    read: async () => kept,
    keep: async (thread) => {
      kept = thread;
    },
    create(thread) {
      const world = aWorld({
        ...options,
        script: scripts[worlds.length] ?? [],
        entries: thread.entries,
        ...(thread.turn && { kept: thread.turn }),
        remember: async (turn) => {
          kept = { entries: world.chat.conversation.peek().entries, turn };
        },
      });
      worlds.push(world);
      return world.chat;
    },
  });
  const call = () =>
    chat.conversation
      .peek()
      .entries.flatMap((entry) => (entry.role === 'assistant' ? entry.parts : []))
      .findLast((part) => part.kind === 'tool');
  const tab = {
    chat,
    worlds,
    call,
    shows: (words: string) =>
      patiently(() => expect(JSON.stringify(chat.conversation.peek().entries)).toContain(words)),
    phase: (phase: string) => patiently(() => expect(chat.conversation.peek().phase).toBe(phase)),
  };
  tabs.push(tab);
  return tab;
}

const requests = ({ worlds }: Tab) => worlds.flatMap(({ requests }) => requests);

describe('a tab that does not own the turn', () => {
  test('shows it live, and its end', async () => {
    const one = await openTab([[[START, ...says('Hello '), ...says('there.', 't2'), COMPLETE]]]);
    const other = await openTab();
    await one.chat.send('Hi');
    await other.phase('idle');
    await other.shows('there.');
    expect(other.chat.conversation.value.entries).toEqual(one.chat.conversation.value.entries);
    expect(requests(other)).toEqual([]);
  });

  test('shows it when it opens in the middle', async () => {
    const one = await openTab([[FOREVER(...says('So far'))]]);
    void one.chat.send('Hi');
    await one.shows('So far');
    const other = await openTab();
    await other.shows('So far');
    expect(other.chat.conversation.value.phase).toBe(one.chat.conversation.value.phase);
  });

  test('says that the decision is the other tab\u2019s, and cannot make it', async () => {
    const one = await openTab([[[START, calls('pay', 'call_1')]]], { tools: [{ name: 'pay' }] });
    const other = await openTab([], { tools: [{ name: 'pay' }] });
    void one.chat.send('Go');
    await other.phase('waiting');
    expect(other.call()?.state).toEqual({ status: 'approval', canRemember: true, elsewhere: true });
    expect(one.call()?.state).toEqual({ status: 'approval', canRemember: true });
    other.chat.decide('call_1', 'once');
    const line = new BroadcastChannel(`pagehand:${key}`);
    for (const type of ['decide', 'decision', 'call_changed']) {
      line.postMessage({ type, id: 'call_1', toolCallId: 'call_1', decision: 'once', changes: {} });
    }
    await one.phase('waiting');
    line.close();
    expect([...one.worlds, ...other.worlds].flatMap(({ ran }) => ran)).toEqual([]);
  });

  test('stops it', async () => {
    const one = await openTab([[FOREVER(...says('Word'))]], { capabilities: ['cancel'] });
    const other = await openTab();
    void one.chat.send('Hi');
    await other.shows('Word');
    other.chat.stop();
    await one.phase('idle');
    await other.phase('idle');
    await other.shows('stopped');
    expect(one.worlds[0]?.cancelled).toEqual(['exec_1']);
  });

  test('takes it over with a message: the other one stops first, and the thread is whole', async () => {
    const one = await openTab([[FOREVER(...says('Word'))]]);
    const other = await openTab([[], [[START, ...says('Second answer.'), COMPLETE]]]);
    void one.chat.send('First');
    await other.shows('Word');
    await other.chat.send('Second');
    await one.shows('Second answer.');
    await one.phase('idle');
    expect(requests(other)).toMatchObject([
      { messages: [{ content: 'First' }, { content: 'Word' }, { content: 'Second' }] },
    ]);
    expect(one.chat.conversation.value.entries).toEqual(other.chat.conversation.value.entries);
    expect(kept.entries).toEqual(other.chat.conversation.value.entries);
  });

  test('tries again what failed there', async () => {
    const failing = [
      START,
      { type: 'execution_error' as const, error: { code: 'internal', message: 'No.' } },
    ];
    const one = await openTab([[failing, [START, ...says('Now it works.'), COMPLETE]]]);
    const other = await openTab();
    void one.chat.send('Hi');
    await other.phase('failed');
    await other.chat.retry();
    await other.shows('Now it works.');
    expect(requests(one)).toHaveLength(2);
    expect(requests(other)).toEqual([]);
  });
});

describe('when the tab that owns the turn is gone', () => {
  /** Without a word, as a crash or a closed tab. */
  const gone = (tab: Tab) => tab.chat.suspend();

  test('another one goes on from what was kept', async () => {
    const one = await openTab([[FOREVER(...says('Half'))]]);
    const follow = [...says('Half'), ...says('and half.', 't2'), COMPLETE];
    const other = await openTab([[], [follow]], { capabilities: ['replay'] });
    void one.chat.send('Hi');
    await other.shows('Half');
    await patiently(() => expect(kept.turn?.executionId).toBe('exec_1'));
    gone(one);
    await other.shows('and half.');
    await other.phase('idle');
    expect(requests(other)).toMatchObject([{ kind: 'follow', executionId: 'exec_1' }]);
  });

  test('one of many goes on, and the rest show it', async () => {
    const one = await openTab([[FOREVER(...says('Half'))]]);
    const options = { capabilities: ['replay'] as const };
    const follow = [...says('The rest.', 't2'), COMPLETE];
    const others = [await openTab([[], [follow]], options), await openTab([[], [follow]], options)];
    void one.chat.send('Hi');
    for (const other of others) await other.shows('Half');
    await patiently(() => expect(kept.turn?.executionId).toBe('exec_1'));
    gone(one);
    for (const other of others) await other.shows('The rest.');
    expect(others.flatMap(requests)).toHaveLength(1);
  });

  test('a call that had begun there does not run again, and its outcome is unknown', async () => {
    const tools = [{ name: 'pay', annotations: { readOnlyHint: true } }];
    const rules = { requireConfirmFor: [], autoApprove: ['pay'] };
    const one = await openTab([[[START, calls('pay', 'call_1')]]], {
      tools,
      rules,
      run: () => new Promise(() => {}),
    });
    const other = await openTab([[], [[...says('I do not know.'), COMPLETE]]], { tools, rules });
    void one.chat.send('Pay');
    await patiently(() => expect(kept.turn?.calls[0]?.progress.status).toBe('started'));
    await other.phase('acting');
    gone(one);
    await other.shows('I do not know.');
    expect(other.call()?.state.status).toBe('unknown');
    expect(other.worlds.flatMap(({ ran }) => ran)).toEqual([]);
    expect(JSON.stringify(requests(other))).toMatch(/unknown/i);
  });

  test('a call that was asked about there is asked about here, where the page has the same tool', async () => {
    const tools = [{ name: 'pay' }];
    const one = await openTab([[[START, calls('pay', 'call_1')]]], { tools });
    const other = await openTab([[], [[...says('Paid.'), COMPLETE]]], { tools, run: async () => done('ok') });
    void one.chat.send('Pay');
    await other.phase('waiting');
    await patiently(() => expect(kept.turn?.calls).toHaveLength(1));
    gone(one);
    await patiently(() => expect(other.call()?.state).toEqual({ status: 'approval', canRemember: true }));
    other.chat.decide('call_1', 'once');
    await other.shows('Paid.');
    expect(other.worlds.flatMap(({ ran }) => ran)).toHaveLength(1);
  });

  test('its next page goes first', async () => {
    const one = await openTab([[FOREVER(...says('Half'))]]);
    const other = await openTab([], { capabilities: ['replay'] });
    void one.chat.send('Hi');
    await other.shows('Half');
    await patiently(() => expect(kept.turn?.executionId).toBe('exec_1'));
    gone(one);
    const next = await openTab([[], [[...says('The rest.', 't2'), COMPLETE]]], { capabilities: ['replay'] });
    await other.shows('The rest.');
    expect([requests(next).length, requests(other).length]).toEqual([1, 0]);
  });

  test('and had ended it, the thread is what was kept', async () => {
    const one = await openTab([[FOREVER(...says('Half'))]]);
    const other = await openTab();
    void one.chat.send('Hi');
    await other.shows('Half');
    kept = { entries: [{ role: 'user', id: 'usr_1', text: 'All that is left' }], turn: undefined };
    gone(one);
    await other.phase('idle');
    await other.shows('All that is left');
  });
});

test('a tab that hangs loses the turn to whoever writes', async () => {
  const lost = navigator.locks
    .request(`pagehand:turn:${key}`, () => new Promise(() => {}))
    .catch((error: unknown) => error);
  const one = await openTab([[[START, ...says('Hello.'), COMPLETE]]]);
  await one.chat.send('Hi');
  await one.shows('Hello.');
  expect(await lost).toMatchObject({ name: 'AbortError' });
});

test('a tab that lost the turn runs nothing of it any more, and shows the other one\u2019s', async () => {
  const one = await openTab([[FOREVER(...says('Word'))]]);
  void one.chat.send('Hi');
  await one.shows('Word');
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks.request(`pagehand:turn:${key}`, { steal: true }, () => held);
  await patiently(() => expect(one.chat.thread()).toBeUndefined());
  release();
});

test('a vote in one tab shows in the other, and is kept', async () => {
  const one = await openTab([[[START, ...says('Hello.'), COMPLETE]]]);
  const other = await openTab();
  await one.chat.send('Hi');
  await other.phase('idle');
  await other.shows('Hello.');
  other.chat.vote(kept.entries[1]?.id ?? '', 'up');
  await one.shows('"vote":"up"');
  await patiently(() => expect(JSON.stringify(kept.entries)).toContain('"vote":"up"'));
});

test('a page that comes back from the browser\u2019s cache shows what happened meanwhile', async () => {
  const one = await openTab();
  one.chat.suspend();
  const other = await openTab([[[START, ...says('Meanwhile.'), COMPLETE]]]);
  await other.chat.send('Hi');
  await other.phase('idle');
  await one.chat.resume();
  await one.shows('Meanwhile.');
});

test('two surfaces hear nothing of each other', async () => {
  const one = await openTab([[[START, ...says('Hello.'), COMPLETE]]]);
  key = crypto.randomUUID();
  kept = { entries: [], turn: undefined };
  const other = await openTab();
  await one.chat.send('Hi');
  await one.shows('Hello.');
  expect(other.chat.conversation.value.entries).toEqual([]);
});

describe('another script of the origin', () => {
  const picture = {
    type: 'picture',
    from: 'x',
    count: 1,
    isWhole: true,
    isOver: true,
    state: { phase: 'idle', executionId: undefined, failure: undefined },
    change: { entries: 0, parts: 0, chars: 0, rest: [{ role: 'user', id: 'u', text: 'Forged' }] },
  };

  async function say(message: unknown) {
    const line = new BroadcastChannel(`pagehand:${key}`);
    line.postMessage(message);
    line.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  test.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'ask'],
    ['an order that there is not', { type: 'decide', id: 'call_1', decision: 'once' }],
    ['a picture of nothing', { ...picture, change: undefined }],
    ['a picture whose entries are none', { ...picture, change: { ...picture.change, rest: [{}] } }],
    ['a picture that keeps what is not there', { ...picture, change: { ...picture.change, entries: 4 } }],
    ['a count below nothing', { ...picture, change: { ...picture.change, chars: -1 } }],
    ['a phase that there is not', { ...picture, state: { phase: 'toString' } }],
    ['a failure without words', { ...picture, state: { phase: 'failed', failure: {} } }],
    ['a part of a picture whose beginning nobody saw', { ...picture, isWhole: false, count: 7 }],
  ])('that says %s changes nothing', async (_what, message) => {
    const one = await openTab();
    await say(message);
    expect(one.chat.conversation.value.entries).toEqual([]);
    expect(one.chat.conversation.value.phase).toBe('idle');
  });

  test('shows nothing in the tab that owns the turn', async () => {
    const one = await openTab([[FOREVER(...says('Word'))]]);
    void one.chat.send('Hi');
    await one.shows('Word');
    await say(picture);
    expect(JSON.stringify(one.chat.conversation.value.entries)).not.toContain('Forged');
  });

  test('that plays a tab with a turn is found out by the lock', async () => {
    kept = { entries: [{ role: 'user', id: 'u', text: 'What is true' }], turn: undefined };
    const one = await openTab();
    await say({ ...picture, isOver: false, state: { ...picture.state, phase: 'answering' } });
    await one.shows('What is true');
    await one.phase('idle');
  });
});

/** Frames and messages between tabs take their time on a busy machine. */
function patiently<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000 });
}
