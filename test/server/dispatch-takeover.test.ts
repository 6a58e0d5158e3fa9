import { describe, expect, test, vi } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import { SUPERSEDED_EVENT } from '../../protocol/event.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { type Store, StoreError } from '../../server/store/store.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  expectWellFormed,
  only,
  pageTool,
  read,
  shownError,
  spoken,
  types,
  user,
} from '../support/dispatching.ts';
import { call, finish, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const never = new Promise<never>(() => {});

/** Over before anybody looks: what this process runs is anybody's. */
const DYING = { leaseMs: 0 };

/** What a reader has on the screen, once the words that were taken back are gone. */
function shown(events: readonly StreamEvent[]): string {
  const gone = only(events, 'custom')
    .filter(({ name }) => name === SUPERSEDED_EVENT)
    .flatMap(({ value }) => (value as { blockIds: string[] }).blockIds);
  return spoken(events.filter((event) => !('id' in event && gone.includes(event.id as string))));
}

async function abandoned(store: Store): Promise<void> {
  await vi.waitFor(async () => expect(await store.abandonedExecutions(10)).not.toEqual([]));
}

/** Starts an answer in a process that gets no further than these words. */
async function dyingAnswer(store: Store, ...words: readonly string[]) {
  const dying = await bench(scriptedModel([...text(...words), never]), store, DYING);
  const answer = await dying.start({ messages: [user('one', 'usr_1')] });
  const reader = answer.events[Symbol.asyncIterator]();
  while ((await reader.next()).value?.type !== 'text_delta');
  await abandoned(store);
  return { dying, executionId: answer.executionId };
}

function serverTool(name: string, more: Partial<ServerTool> = {}): ServerTool {
  return {
    name,
    description: `Does ${name}.`,
    parametersSchema: { type: 'object' },
    idempotent: false,
    timeoutMs: 1_000,
    run: async () => 'done',
    ...more,
  };
}

describe('an answer whose process died', () => {
  test('goes on in another one: the model is asked again, and its half-said words are taken back', async () => {
    const store = await openSqliteStore(':memory:');
    const { executionId } = await dyingAnswer(store, 'Half of ');
    const { dispatcher, follow, messages, wholeLog } = await bench(scriptedModel(says('The whole.')), store);
    await dispatcher.takeOver();
    const events = await read(await follow(executionId));
    expect(shown(events)).toBe('The whole.');
    expect(types(events)).toEqual([
      'execution_start',
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'text_start',
      'text_delta',
      'text_complete',
      'custom',
      'turn_complete',
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'turn_complete',
      'execution_complete',
    ]);
    expect(only(events, 'turn_start').map(({ iteration }) => iteration)).toEqual([1, 1]);
    expectWellFormed(await wholeLog(executionId));
    expect((await messages()).map(({ message }) => message.role)).toEqual(['user', 'assistant']);
  });

  test('reads as two attempts to whoever does not know that words can be taken back', async () => {
    const store = await openSqliteStore(':memory:');
    const { executionId } = await dyingAnswer(store, 'Half of ');
    const { dispatcher, follow } = await bench(scriptedModel(says('The whole.')), store);
    await dispatcher.takeOver();
    expect(spoken(await read(await follow(executionId)))).toBe(
      'Half of \n\n(The answer broke off here. It begins again.)\n\nThe whole.',
    );
  });

  test('takes nothing back where nothing was said', async () => {
    const store = await openSqliteStore(':memory:');
    const dying = await bench(scriptedModel([never]), store, DYING);
    const { executionId } = await dying.start();
    await abandoned(store);
    const { dispatcher, follow } = await bench(scriptedModel(says('Hi.')), store);
    await dispatcher.takeOver();
    expect(only(await read(await follow(executionId)), 'custom')).toEqual([]);
  });

  test('has one heir, however many look for it', async () => {
    const store = await openSqliteStore(':memory:');
    const { executionId } = await dyingAnswer(store, 'Half');
    const model = scriptedModel(says('Whole.'));
    const heirs = await Promise.all(Array.from({ length: 5 }, () => bench(model, store)));
    await Promise.all(heirs.map(({ dispatcher }) => dispatcher.takeOver()));
    const [one] = heirs;
    await read((await one?.follow(executionId)) as never);
    expect(model.requests).toHaveLength(1);
  });

  test('is not taken from a process that says it is alive', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const alive = await bench(
      scriptedModel([...text('Slow'), hold.passed, ...text(' but sure.'), finish()]),
      store,
      {
        leaseMs: 60_000,
      },
    );
    const answer = await alive.start();
    const other = await bench(scriptedModel(), store);
    await other.dispatcher.takeOver();
    await alive.dispatcher.renewLeases();
    hold.open();
    expect(spoken(await read(answer))).toBe('Slow but sure.');
  });

  test('a process that only seemed dead writes nothing more, and its readers go on with the heir', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const frozen = await bench(
      scriptedModel([...text('Half'), hold.passed, ...text(' from the grave.'), finish()]),
      store,
      DYING,
    );
    const answer = await frozen.start();
    const reading = read(answer);
    await abandoned(store);
    const heir = await bench(scriptedModel(says('Whole.')), store);
    await heir.dispatcher.takeOver();
    await read(await heir.follow(answer.executionId));
    hold.open();
    expect(shown(await reading)).toBe('Whole.');
    await vi.waitFor(() => expect(frozen.logged.length).toBeGreaterThan(0));
    expect(JSON.stringify(await heir.wholeLog(answer.executionId))).not.toContain('grave');
    expect(await heir.messages()).toHaveLength(2);
  });

  test('a process that lost its lease learns it from its sign of life and stops asking the model', async () => {
    const store = await openSqliteStore(':memory:');
    let aborted = false;
    const frozen = await bench(
      {
        id: 'listening',
        async *stream({ signal }) {
          yield { type: 'text', delta: 'Half' };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          aborted = true;
        },
      },
      store,
      DYING,
    );
    const { executionId } = await frozen.start();
    await abandoned(store);
    const heir = await bench(scriptedModel(says('Whole.')), store);
    await heir.dispatcher.takeOver();
    await read(await heir.follow(executionId));
    await frozen.dispatcher.renewLeases();
    await vi.waitFor(() => expect(aborted).toBe(true));
  });

  test('ends visibly when every process dies of it', async () => {
    const store = await openSqliteStore(':memory:');
    const { executionId } = await dyingAnswer(store, 'Half');
    for (let death = 0; death < 5; death++) {
      const next = await bench(scriptedModel([...text('Half'), never]), store, DYING);
      await next.dispatcher.takeOver();
      await abandoned(store);
    }
    const last = await bench(scriptedModel(), store);
    await last.dispatcher.takeOver();
    const events = await read(await last.follow(executionId));
    expect(only(events, 'execution_error')[0]).toMatchObject({
      code: 'internal',
      error: { retryable: true },
    });
    expect(shownError(events)).toMatch(/several times/);
    expect(await store.execution(executionId)).toMatchObject({ status: 'failed' });
  });

  test('goes on alone once several processes died of it, so that what died beside it does not fail with it', async () => {
    const store = await openSqliteStore(':memory:');
    const conversations = ['conv_a', 'conv_b', 'conv_c'];
    const first = await bench(scriptedModel([never], [never], [never]), store, DYING);
    for (const id of conversations) {
      const owner = { kind: 'client_token', hash: 'visitor' } as const;
      await store.createConversation({ id, owner, surfaceId: null, createdAtMs: 0 });
      await first.start({ conversationId: id });
    }
    for (let death = 0; death < 4; death++) {
      const dying = await bench(scriptedModel([never], [never], [never]), store, DYING);
      await vi.waitFor(async () => expect(await store.abandonedExecutions(10)).toHaveLength(3));
      await dying.dispatcher.takeOver();
    }
    await vi.waitFor(async () => expect(await store.abandonedExecutions(10)).toHaveLength(3));
    const model = scriptedModel(says('a'), says('b'), says('c'));
    const { dispatcher } = await bench(model, store);
    const open = async () =>
      (await Promise.all(conversations.map((id) => store.latestExecution(id)))).filter(
        (execution) => execution?.status === 'running',
      ).length;
    for (const left of [2, 1, 0]) {
      await dispatcher.takeOver();
      await vi.waitFor(() => expect(model.requests).toHaveLength(3 - left));
      await vi.waitFor(async () => expect(await open()).toBe(left));
    }
  });

  test('a new message does not wait for the heir: the old answer ends, its words are kept', async () => {
    const store = await openSqliteStore(':memory:');
    const { executionId } = await dyingAnswer(store, 'Half');
    const { say, messages, wholeLog } = await bench(scriptedModel(says('Now this.')), store);
    expect(spoken(await say('two'))).toBe('Now this.');
    const log = await wholeLog(executionId);
    expectWellFormed(log);
    expect(log.at(-1)).toMatchObject({ type: 'execution_complete', success: false, endedBy: 'new_message' });
    expect((await messages()).map(({ message }) => message.role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
  });

  test('the same message again waits for the heir and gets its answer', async () => {
    const store = await openSqliteStore(':memory:');
    await dyingAnswer(store, 'Half');
    const heir = await bench(scriptedModel(says('Whole.')), store);
    const again = heir.start({ messages: [user('one', 'usr_1')] });
    const reading = read(await again);
    await heir.dispatcher.takeOver();
    expect(shown(await reading)).toBe('Whole.');
  });

  test('a pause is nobody’s to take over', async () => {
    const store = await openSqliteStore(':memory:');
    const { say } = await bench(scriptedModel(makes(call('c1', 'webmcp__search'))), store, DYING);
    await say('find', { admission: admission(pageTool('search')) });
    expect(await store.abandonedExecutions(10)).toEqual([]);
  });

  test('the same outputs again follow the answer to its end in another process', async () => {
    const store = await openSqliteStore(':memory:');
    const dying = await bench(
      scriptedModel(makes(call('c1', 'webmcp__search')), [...text('Half'), never]),
      store,
      DYING,
    );
    const paused = await dying.say('find', { admission: admission(pageTool('search')) });
    const executionId = paused[0]?.executionId ?? '';
    await dying.resume(executionId, { c1: 'mug' });
    await abandoned(store);
    const heir = await bench(scriptedModel(says('A mug.')), store);
    const again = read(await heir.resume(executionId, { c1: 'mug' }));
    await heir.dispatcher.takeOver();
    expect(shown(await again)).toBe('A mug.');
    expectEachCallAnswered(await heir.messages());
  });
});

describe('calls of the server’s own, begun by a process that died', () => {
  const tooled = (tool: ServerTool) => ({
    agent: { ...agent(10), tools: [tool] },
  });

  async function dyingCall(store: Store, idempotent: boolean) {
    const runs: string[] = [];
    const tool = serverTool('charge', {
      idempotent,
      run: (_, { toolCallId }) => {
        runs.push(toolCallId);
        return never;
      },
    });
    const dying = await bench(scriptedModel(makes(call('c1', 'charge'))), store, {
      ...DYING,
      tools: () => [tool],
    });
    const { executionId } = await dying.start(tooled(tool));
    await vi.waitFor(() => expect(runs).toEqual(['c1']));
    await abandoned(store);
    return executionId;
  }

  test('are not run again: the outcome is unknown, and the model and the visitor are told', async () => {
    const store = await openSqliteStore(':memory:');
    const executionId = await dyingCall(store, false);
    const run = vi.fn(async () => 'charged');
    const model = scriptedModel(says('I cannot tell.'));
    const heir = await bench(model, store, { tools: () => [serverTool('charge', { run })] });
    await heir.dispatcher.takeOver();
    const events = await read(await heir.follow(executionId));
    expect(run).not.toHaveBeenCalled();
    expect(only(events, 'tool_complete')[0]).toMatchObject({
      success: false,
      error: expect.stringMatching(/outcome of this call is unknown/),
    });
    expect(model.requests[0]?.messages.at(-1)).toMatchObject({
      results: [{ toolCallId: 'c1', isError: true, text: expect.stringMatching(/unknown/) }],
    });
    expectEachCallAnswered(await heir.messages());
  });

  test('run again where that does no harm, under the same id', async () => {
    const store = await openSqliteStore(':memory:');
    const executionId = await dyingCall(store, true);
    const run = vi.fn(
      async (_: unknown, { toolCallId }: { toolCallId: string }) => `looked up by ${toolCallId}`,
    );
    const heir = await bench(scriptedModel(says('Done.')), store, {
      tools: () => [serverTool('charge', { idempotent: true, run })],
    });
    await heir.dispatcher.takeOver();
    const events = await read(await heir.follow(executionId));
    expect(only(events, 'tool_complete')).toMatchObject([{ success: true, result: 'looked up by c1' }]);
    expect(spoken(events)).toBe('Done.');
    expectEachCallAnswered(await heir.messages());
  });
});

describe('a store that fails in the middle', () => {
  test('and comes back: the same process goes on with what it had to leave', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const model = scriptedModel([...text('Half'), hold.passed, finish()], says('Whole.'));
    const { start, dispatcher, follow } = await bench(model, store);
    const answer = await start();
    const commit = vi.spyOn(store, 'commit').mockRejectedValue(new StoreError('unavailable', 'disk full'));
    hold.open();
    await vi.waitFor(() => expect(commit).toHaveBeenCalled());
    await vi.waitFor(() =>
      dispatcher.takeOver().then(
        () => expect(model.requests).toHaveLength(1),
        () => undefined,
      ),
    );
    commit.mockRestore();
    await vi.waitFor(async () => {
      await dispatcher.takeOver();
      expect(model.requests).toHaveLength(2);
    });
    expect(shown(await read(await follow(answer.executionId)))).toBe('Whole.');
  });

  test('and comes back too late: what another process goes on with meanwhile is left to that one', async () => {
    const store = await openSqliteStore(':memory:');
    const cut = gate();
    const model = scriptedModel([...text('Half'), cut.passed, finish()]);
    const { start, dispatcher, logged } = await bench(model, store, DYING);
    const { executionId } = await start();
    const commit = vi.spyOn(store, 'commit').mockRejectedValue(new StoreError('unavailable', 'no way'));
    cut.open();
    await vi.waitFor(() => expect(logged).toHaveLength(2));
    await abandoned(store);
    commit.mockRestore();
    const hold = gate();
    const heir = await bench(scriptedModel([...text('Whole'), hold.passed, ...text('.'), finish()]), store);
    await heir.dispatcher.takeOver();
    await dispatcher.takeOver();
    hold.open();
    expect(shown(await read(await heir.follow(executionId)))).toBe('Whole.');
    expect(model.requests).toHaveLength(1);
  });
});

describe('a process that closes', () => {
  test('at its deadline leaves what still runs to another one, at once', async () => {
    const store = await openSqliteStore(':memory:');
    const leaving = await bench(scriptedModel([...text('Half'), never]), store, { leaseMs: 600_000 });
    const answer = await leaving.start();
    const reading = read(answer).catch(() => []);
    await leaving.dispatcher.close(0);
    await reading;
    const next = await bench(scriptedModel(says('Whole.')), store);
    await next.dispatcher.takeOver();
    expect(shown(await read(await next.follow(answer.executionId)))).toBe('Whole.');
  });

  test('goes no further than the next boundary', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const model = scriptedModel([hold.passed, ...makes(call('c1', 'nope'))], says('Never asked here.'));
    const leaving = await bench(model, store);
    const answer = await leaving.start();
    const closing = leaving.dispatcher.close(60_000);
    hold.open();
    await closing;
    expect(model.requests).toHaveLength(1);
    const next = await bench(scriptedModel(says('Asked there.')), store);
    await next.dispatcher.takeOver();
    expect(shown(await read(await next.follow(answer.executionId)))).toBe('Asked there.');
  });
});
