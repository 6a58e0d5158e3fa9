import { describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { admission, bench, only, pageTool, read, spoken, types } from '../support/dispatching.ts';
import { call, finish, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const searching = { admission: admission(pageTool('search')) };

async function seqs(events: AsyncIterable<StreamEvent>): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const { seq } of events) found.push(seq);
  return found;
}

describe('a follower', () => {
  test('gets exactly what is after its position, wherever it begins', async () => {
    const { say, follow } = await bench(scriptedModel(says('One ', 'two ', 'three.')));
    const whole = await say('count');
    for (let after = 0; after <= whole.length; after++) {
      const { events } = await follow(whole[0]?.executionId ?? '', after);
      expect(await seqs(events)).toEqual(whole.slice(after).map(({ seq }) => seq));
    }
  });

  test('in another process reads the answer while it is being said', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const { start, follow, sibling } = await bench(
      scriptedModel([...text('One '), hold.passed, ...text('two.'), finish()]),
      store,
    );
    const answer = await start();
    const other = sibling(scriptedModel());
    const reader = (await follow(answer.executionId, 0, other)).events[Symbol.asyncIterator]();
    let heard = '';
    while (heard === '') {
      const { value } = await reader.next();
      if (value?.type === 'text_delta') heard = value.delta;
    }
    hold.open();
    const rest: StreamEvent[] = [];
    for (let next = await reader.next(); next.done !== true; next = await reader.next())
      rest.push(next.value);
    expect(heard + spoken(rest)).toBe('One two.');
    expect(rest.at(-1)?.type).toBe('execution_complete');
  });

  test('ends where the execution pauses now, and passes the pauses that are over', async () => {
    const { say, resume, follow } = await bench(
      scriptedModel(makes(call('c1', 'webmcp__search')), makes(call('c2', 'webmcp__search'))),
    );
    const executionId = (await say('find', searching))[0]?.executionId ?? '';
    expect(types(await read(await follow(executionId))).at(-1)).toBe('await');
    await read(await resume(executionId, { c1: 'a' }));
    const awaits = only(await collect((await follow(executionId)).events), 'await');
    expect(awaits.map(({ toolCallId }) => toolCallId)).toEqual(['c1', 'c2']);
  });

  test('of a pause hears nothing more and is let go', async () => {
    const { say, follow } = await bench(scriptedModel(makes(call('c1', 'webmcp__search'))));
    const events = await say('find', searching);
    expect(await seqs((await follow(events[0]?.executionId ?? '', events.length)).events)).toEqual([]);
  });

  test('behind the end of the log is told so', async () => {
    const { say, follow } = await bench(scriptedModel(says('Hi.')));
    const events = await say('hi');
    await expect(follow(events[0]?.executionId ?? '', events.length + 1)).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  test('of somebody else’s execution finds none', async () => {
    const { say, dispatcher } = await bench(scriptedModel(says('Hi.')));
    const executionId = (await say('hi'))[0]?.executionId ?? '';
    for (const [hash, conversationId] of [
      ['another', 'conv_1'],
      ['visitor', 'conv_2'],
    ] as const) {
      const request = {
        executionId,
        owner: { kind: 'client_token', hash } as const,
        conversationId,
        after: 0,
      };
      await expect(dispatcher.follow(request)).rejects.toMatchObject({ code: 'execution_not_found' });
    }
  });

  test('that leaves lets the run go on', async () => {
    const hold = gate();
    const { start, follow, wholeLog } = await bench(
      scriptedModel([...text('One '), hold.passed, ...text('two.'), finish()]),
    );
    const answer = await start();
    const reader = (await follow(answer.executionId)).events[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    hold.open();
    await read(answer);
    expect(spoken(await wholeLog(answer.executionId))).toBe('One two.');
  });
});

async function collect(events: AsyncIterable<StreamEvent>): Promise<readonly StreamEvent[]> {
  const found: StreamEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}
