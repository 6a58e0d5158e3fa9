import { describe, expect, test, vi } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  expectWellFormed,
  only,
  pageTool,
  read,
  spoken,
} from '../support/dispatching.ts';
import { call, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const never = new Promise<never>(() => {});
const searching = { admission: admission(pageTool('search')) };

describe('a cancel', () => {
  test('stops the model in the middle of a sentence, and what was said stays', async () => {
    let signal: AbortSignal | undefined;
    const { start, cancel, messages, store } = await bench({
      id: 'listening',
      async *stream(request) {
        signal = request.signal;
        yield { type: 'text', delta: 'Half' };
        await never;
      },
    });
    const answer = await start();
    const reading = read(answer);
    await vi.waitFor(async () =>
      expect(spoken(await store.eventsAfter(answer.executionId, 0, 100))).toBe('Half'),
    );
    expect(await cancel(answer.executionId)).toBe('cancelled');
    expect(signal?.aborted).toBe(true);
    const events = await reading;
    expect(events.at(-1)).toMatchObject({ type: 'execution_complete', success: false, endedBy: 'cancel' });
    expect(only(events, 'execution_error')).toEqual([]);
    expect(await store.execution(answer.executionId)).toMatchObject({ status: 'cancelled' });
    expect((await messages()).at(-1)?.message).toMatchObject({ role: 'assistant', text: 'Half' });
  });

  test('from another process stops the run there', async () => {
    const store = await openSqliteStore(':memory:');
    let aborted = false;
    const running = await bench(
      {
        id: 'listening',
        async *stream({ signal }) {
          yield { type: 'text', delta: 'Half' };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          aborted = true;
        },
      },
      store,
    );
    const answer = await running.start();
    const reading = read(answer);
    await vi.waitFor(async () =>
      expect(spoken(await store.eventsAfter(answer.executionId, 0, 100))).toBe('Half'),
    );
    expect(await running.cancel(answer.executionId, running.sibling(scriptedModel()))).toBe('cancelled');
    await running.dispatcher.renewLeases();
    await vi.waitFor(() => expect(aborted).toBe(true));
    expect((await reading).at(-1)).toMatchObject({ endedBy: 'cancel' });
    expectWellFormed(await running.wholeLog(answer.executionId));
    expect((await running.messages()).at(-1)?.message).toMatchObject({ text: 'Half' });
  });

  test('of a pause closes its calls; late outputs have no place', async () => {
    const { say, cancel, resume, messages, wholeLog } = await bench(
      scriptedModel(makes(call('c1', 'webmcp__search'), call('c2', 'webmcp__search')), says('Next.')),
    );
    const executionId = (await say('find', searching))[0]?.executionId ?? '';
    expect(await cancel(executionId)).toBe('cancelled');
    expect((await wholeLog(executionId)).at(-1)).toMatchObject({ endedBy: 'cancel' });
    await expect(resume(executionId, { c1: 'late' })).rejects.toMatchObject({
      code: 'execution_not_awaiting',
    });
    expectEachCallAnswered(await messages());
    expect(spoken(await say('next'))).toBe('Next.');
  });

  test('of a server tool stops it and closes its call', async () => {
    let stopped = false;
    const tool = {
      name: 'slow',
      description: 'Takes its time.',
      parametersSchema: { type: 'object' },
      idempotent: false,
      timeoutMs: 60_000,
      run: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(signal.reason);
          });
        }),
    };
    const { start, cancel, messages, wholeLog } = await bench(
      scriptedModel(makes(call('c1', 'slow'))),
      undefined,
      {
        tools: () => [tool],
      },
    );
    const { executionId } = await start({ agent: { ...agent(10), tools: [tool] } });
    await vi.waitFor(async () => expect(only(await wholeLog(executionId), 'tool_start')).toHaveLength(1));
    expect(await cancel(executionId)).toBe('cancelled');
    expect(stopped).toBe(true);
    expect(only(await wholeLog(executionId), 'tool_complete')).toMatchObject([{ success: false }]);
    expectEachCallAnswered(await messages());
  });

  test('again, or after the end, says how it ended and changes nothing', async () => {
    const { start, say, cancel, wholeLog } = await bench(
      scriptedModel([...text('Half'), never], says('Done.')),
    );
    const { executionId } = await start();
    expect(await cancel(executionId)).toBe('cancelled');
    const log = await wholeLog(executionId);
    expect(await cancel(executionId)).toBe('cancelled');
    expect(await wholeLog(executionId)).toEqual(log);
    expect(await cancel((await say('next'))[0]?.executionId ?? '')).toBe('complete');
  });

  test('of somebody else’s execution finds none', async () => {
    const { say, dispatcher } = await bench(scriptedModel(says('Hi.')));
    const executionId = (await say('hi'))[0]?.executionId ?? '';
    await expect(
      dispatcher.cancel({ executionId, owner: { kind: 'api_key', hash: 'visitor' }, conversationId: null }),
    ).rejects.toMatchObject({ code: 'execution_not_found' });
  });
});
