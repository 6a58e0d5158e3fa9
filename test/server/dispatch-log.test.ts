import { describe, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { admission, agent, bench, only, pageTool, read, spoken, user } from '../support/dispatching.ts';
import { call, finish, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

describe('readers', () => {
  test('see nothing that the store does not have', async () => {
    const store = await openSqliteStore(':memory:');
    const { start } = await bench(scriptedModel(says(...Array.from({ length: 50 }, () => 'word '))), store);
    const answer = await start();
    for await (const event of answer.events) {
      const [stored] = await store.eventsAfter(event.executionId, event.seq - 1, 1);
      expect(stored).toEqual(event);
    }
  });

  test('get an await only after the pause is stored', async () => {
    const store = await openSqliteStore(':memory:');
    const { start } = await bench(scriptedModel(makes(call('c1', 'webmcp__search'))), store);
    const answer = await start({ admission: admission(pageTool('search')) });
    for await (const event of answer.events) {
      if (event.type === 'await')
        expect(await store.execution(event.executionId)).toMatchObject({ status: 'awaiting' });
    }
  });

  test('at any pace read the same, each from the start, live or late', async () => {
    const steps = Array.from({ length: 30 }, () => gate());
    const turn = steps.flatMap((step, index) => [step.passed, ...text(`${index} `)]);
    const { start, wholeLog } = await bench(scriptedModel([...turn, finish()]));
    const answer = await start();
    const fast = read(answer);
    const slow = (async () => {
      const seen: StreamEvent[] = [];
      for await (const event of answer.events) {
        seen.push(event);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return seen;
    })();
    for (const step of steps) {
      step.open();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const log = await wholeLog(answer.executionId);
    expect(await fast).toEqual(await slow);
    expect(await read(answer)).toEqual(await fast);
    expect((await wholeLog(answer.executionId)).length).toBeGreaterThanOrEqual(log.length);
    expect(await fast).toEqual(await wholeLog(answer.executionId));
  });

  test('that fall behind read the store page by page and hold nothing in between', async () => {
    const turns = Array.from({ length: 40 }, (_, index) =>
      makes(...Array.from({ length: 10 }, (_, n) => call(`c${index}_${n}`, 'nope'))),
    );
    const store = await openSqliteStore(':memory:');
    const { start } = await bench(scriptedModel(...turns, says('Done.')), store);
    const answer = await start({ agent: agent(500) });
    const iterator = answer.events[Symbol.asyncIterator]();
    await iterator.next();
    await vi.waitFor(async () =>
      expect(await store.execution(answer.executionId)).toMatchObject({ status: 'complete' }),
    );
    const pages = vi.spyOn(store, 'eventsAfter');
    let count = 1;
    while ((await iterator.next()).done !== true) count += 1;
    expect(count).toBeGreaterThan(800);
    for (const [, , limit] of pages.mock.calls) expect(limit).toBeLessThanOrEqual(100);
    expect(pages.mock.calls.length).toBeGreaterThan(5);
  });

  test('that leave, in the middle or while they wait, do not stop the run', async () => {
    const hold = gate();
    const { start, messages, wholeLog, store } = await bench(
      scriptedModel([...text('Half'), hold.passed, ...text(' and half.'), finish()]),
    );
    const answer = await start({ messages: [user('hi', 'usr_1')] });
    for await (const event of answer.events) if (event.type === 'turn_start') break;
    const iterator = answer.events[Symbol.asyncIterator]();
    while ((await iterator.next()).value?.type !== 'text_delta');
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    hold.open();
    await vi.waitFor(async () =>
      expect(await store.execution(answer.executionId)).toMatchObject({ status: 'complete' }),
    );
    expect(spoken(await wholeLog(answer.executionId))).toBe('Half and half.');
    expect(await messages()).toHaveLength(2);
  });

  test('hear each word soon, not at the end', async () => {
    const hold = gate();
    const { start } = await bench(scriptedModel([...text('First'), hold.passed, ...text(' last'), finish()]));
    const iterator = (await start()).events[Symbol.asyncIterator]();
    let seen = await iterator.next();
    while (seen.value?.type !== 'text_delta') seen = await iterator.next();
    expect(only([seen.value], 'text_delta')[0]?.delta).toBe('First');
    hold.open();
    while ((await iterator.next()).done !== true);
  });

  test('get the words before the end of the turn, also while the store is slow with them', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const slow = gate();
    const append = store.appendEvents.bind(store);
    const appending = vi.spyOn(store, 'appendEvents').mockImplementation(async (appends) => {
      await slow.passed;
      return append(appends);
    });
    const { start } = await bench(
      scriptedModel([...text('Slow'), hold.passed, ...text(' words.'), finish()]),
      store,
    );
    const reading = read(await start());
    await vi.waitFor(() => expect(appending).toHaveBeenCalled());
    hold.open();
    await new Promise((resolve) => setImmediate(resolve));
    slow.open();
    expect(spoken(await reading)).toBe('Slow words.');
  });
});
