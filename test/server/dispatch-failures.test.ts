import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ERRORS } from '../../protocol/error.ts';
import { ConfigError } from '../../server/config/config.ts';
import { createDispatcher } from '../../server/dispatch/create-dispatcher.ts';
import { MODEL_IDLE_MS, MODEL_TOTAL_MS } from '../../server/dispatch/turn.ts';
import { type Model, ModelError, type ModelErrorCode } from '../../server/models/model.ts';
import { createScrubber } from '../../server/secrets/create-scrubber.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { StoreError } from '../../server/store/store.ts';
import { CONFIGURED_TOOLBOX } from '../support/configured-toolbox.ts';
import {
  admission,
  agent,
  bench,
  expectEachCallAnswered,
  only,
  pageTool,
  read,
  shownError,
  spoken,
  types,
  user,
} from '../support/dispatching.ts';
import { call, finish, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const never = new Promise<never>(() => undefined);
const searching = { admission: admission(pageTool('search')) };

/** How long an execution of the bench's agent waits. */
const PAUSE_MS = agent(10).pauseMinutes * 60_000;

describe('a model that fails', () => {
  test.each<ModelErrorCode>([
    'model_unavailable',
    'model_rate_limited',
    'model_failed',
    'model_refused',
    'model_timeout',
  ])('with %s: the words so far are closed, the error is shown as text and as an event', async (code) => {
    const error = new ModelError(code, 'It did not work.', {
      hint: 'Do this.',
      cause: new Error('sk-secret'),
    });
    const { say, messages, store, logged } = await bench(scriptedModel([...text('Half a sen'), error]));
    const events = await say('Hi', { assistantMessageId: 'ast_1' });
    expect(types(events)).toEqual([
      'execution_start',
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'text_start',
      'text_delta',
      'text_complete',
      'turn_complete',
      'execution_error',
    ]);
    expect(spoken(events)).toBe('Half a sen');
    expect(shownError(events)).toBe('It did not work.');
    expect(only(events, 'text_start').map(({ id, role }) => [id, role])).toEqual([
      ['ast_1', undefined],
      [expect.not.stringMatching('ast_1'), 'error'],
    ]);
    expect(only(events, 'turn_complete')[0]).toMatchObject({ stopReason: 'error' });
    expect(only(events, 'execution_error')[0]).toMatchObject({
      code,
      error: { code, message: 'It did not work.', hint: 'Do this.', retryable: ERRORS[code].retryable },
    });
    expect(JSON.stringify(events)).not.toContain('sk-secret');
    expect((await messages()).map(({ message }) => message.role)).toEqual(['user']);
    expect(await store.execution(events[0]?.executionId ?? '')).toMatchObject({ status: 'failed' });
    expect(logged).toEqual([expect.objectContaining({ fields: expect.objectContaining({ err: error }) })]);
  });

  test('in a way nobody foresaw: our words outside, the details in the log only', async () => {
    const error = new TypeError('cannot read x of prompt "secret"');
    const { say, logged } = await bench(scriptedModel([error]));
    const events = await say('Hi');
    expect(only(events, 'execution_error')[0]).toMatchObject({
      code: 'internal',
      error: { retryable: true },
    });
    expect(shownError(events)).toMatch(/went wrong on the server/);
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(logged[0]?.fields.err).toBe(error);
  });

  test('before its first event, or by ending without a word of farewell', async () => {
    const broken: Model = {
      id: 'broken',
      stream: () => {
        throw new Error('no stream');
      },
    };
    expect(only(await (await bench(broken)).say('Hi'), 'execution_error')[0]).toMatchObject({
      code: 'internal',
    });
    const events = await (await bench(scriptedModel(text('Cut off mid')))).say('Hi');
    expect(only(events, 'execution_error')[0]).toMatchObject({ code: 'model_failed' });
    expect(shownError(events)).toMatch(/broke off/);
  });

  test('after calls: none of them leaves', async () => {
    const { say, messages } = await bench(
      scriptedModel([call('c1', 'webmcp__search'), new ModelError('model_failed', 'Cut.')]),
    );
    const events = await say('find', searching);
    expect(only(events, 'await')).toEqual([]);
    expect((await messages()).map(({ message }) => message.role)).toEqual(['user']);
  });

  test('after a resume keeps the results for the next try', async () => {
    const { say, resume, messages } = await bench(
      scriptedModel(makes(call('c1', 'webmcp__search')), [new ModelError('model_unavailable', 'Down.')]),
    );
    const paused = await say('find', searching);
    const events = await read(await resume(paused[0]?.executionId ?? '', { c1: 'mug' }));
    expect(types(events)).toEqual([
      'turn_start',
      'text_start',
      'text_delta',
      'text_complete',
      'turn_complete',
      'execution_error',
    ]);
    expectEachCallAnswered(await messages());
  });

  test('that an agent names and nobody knows is refused before anything starts', async () => {
    const store = await openSqliteStore(':memory:');
    const dispatcher = createDispatcher({
      store,
      clock: () => 0,
      toolbox: CONFIGURED_TOOLBOX,
      scrubber: createScrubber([]),
      logScrubber: createScrubber([]),
      processId: 'proc_1',
      newId: (prefix) => `${prefix}1`,
      log: { warn: () => undefined, error: () => undefined },
      model: (id) => {
        throw new ConfigError(`There is no model \`${id}\`. Use \`offline\`.`);
      },
    });
    const refused = dispatcher.start({
      owner: { kind: 'api_key', hash: 'k' },
      workspace: 'default',
      surfaceId: null,
      conversationId: 'conv_1',
      assistantMessageId: null,
      agent: { ...agent(1), model: 'nope/x' },
      messages: [user('Hi')],
      admission: admission(),
    });
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      hint: expect.stringMatching(/offline/),
    });
    expect(await store.messages('conv_1')).toEqual([]);
  });
});

describe('a model that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('in silence is given up after the idle limit, which starts anew with each word', async () => {
    const pauses = [0, 1].map(() => new Promise((resolve) => setTimeout(resolve, MODEL_IDLE_MS - 1)));
    const { start } = await bench(
      scriptedModel([pauses[0] as Promise<unknown>, ...text('still here'), never]),
    );
    const reading = start().then(read);
    await vi.advanceTimersByTimeAsync(MODEL_IDLE_MS - 1);
    await vi.advanceTimersByTimeAsync(MODEL_IDLE_MS - 1);
    let isOver = false;
    void reading.then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    const events = await reading;
    expect(spoken(events)).toBe('still here');
    expect(only(events, 'execution_error')[0]).toMatchObject({
      code: 'model_timeout',
      error: { retryable: true },
    });
  });

  test('by babbling without end is given up after the total limit', async () => {
    const babble: Model = {
      id: 'babble',
      async *stream() {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 30_000));
          yield { type: 'text', delta: 'blah ' };
        }
      },
    };
    const { start } = await bench(babble);
    const reading = start().then(read);
    await vi.advanceTimersByTimeAsync(MODEL_TOTAL_MS + 100);
    expect(only(await reading, 'execution_error')[0]).toMatchObject({ code: 'model_timeout' });
  });

  test('gives the signal to a model that listens', async () => {
    const signals: AbortSignal[] = [];
    const listening: Model = {
      id: 'listening',
      async *stream({ signal }) {
        signals.push(signal);
        yield { type: 'text', delta: 'x' };
        await never;
      },
    };
    const { start } = await bench(listening);
    const reading = start().then(read);
    await vi.advanceTimersByTimeAsync(MODEL_IDLE_MS + 100);
    await reading;
    expect(signals[0]?.aborted).toBe(true);
  });
});

describe('a store that fails', () => {
  test('while words come: a new message ends that answer and is answered', async () => {
    const store = await openSqliteStore(':memory:');
    const model = scriptedModel([...text('Half'), finish()], says('Whole.'));
    const { start, messages, logged } = await bench(model, store);
    const commit = vi.spyOn(store, 'commit').mockRejectedValue(new StoreError('unavailable', 'disk full'));
    const reading = read(await start({ messages: [user('one', 'usr_1')] }));
    await vi.waitFor(() => expect(logged.length).toBeGreaterThan(0));
    commit.mockRestore();
    expect(spoken(await read(await start({ messages: [user('two', 'usr_2')] })))).toBe('Whole.');
    expect((await reading).at(-1)).toMatchObject({ type: 'execution_complete', endedBy: 'new_message' });
    expectEachCallAnswered(await messages());
  });

  test('before the first event: the request is refused with a code', async () => {
    const store = await openSqliteStore(':memory:');
    const { start, resume } = await bench(scriptedModel(), store);
    await store.close();
    await expect(start()).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(resume('exec_1', { c1: 'x' })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('time', () => {
  test('ends a pause after a day: calls are closed, and a late output is told so', async () => {
    const { say, resume, dispatcher, clock, store, wholeLog, messages } = await bench(
      scriptedModel(makes(call('c1', 'webmcp__search')), says('Again.')),
    );
    const executionId = (await say('find', searching))[0]?.executionId ?? '';
    clock.nowMs += PAUSE_MS - 1;
    await dispatcher.expireOverdue();
    expect(await store.execution(executionId)).toMatchObject({ status: 'awaiting' });
    clock.nowMs += 1;
    await dispatcher.expireOverdue();
    expect(await store.execution(executionId)).toMatchObject({ status: 'expired', pending: [] });
    expect((await wholeLog(executionId)).at(-1)).toMatchObject({
      type: 'execution_error',
      code: 'execution_expired',
    });
    expectEachCallAnswered(await messages());
    await expect(resume(executionId, { c1: 'late' })).rejects.toMatchObject({ code: 'execution_expired' });
    expect(spoken(await say('again'))).toBe('Again.');
  });

  test('is up for a late output even before anybody swept', async () => {
    const { say, resume, clock, store } = await bench(scriptedModel(makes(call('c1', 'webmcp__search'))));
    const executionId = (await say('find', searching))[0]?.executionId ?? '';
    clock.nowMs += PAUSE_MS;
    await expect(resume(executionId, { c1: 'late' })).rejects.toMatchObject({ code: 'execution_expired' });
    expect(await store.execution(executionId)).toMatchObject({ status: 'expired' });
  });

  test('sweeps more than one page', async () => {
    const turn = makes(call('c1', 'webmcp__search'));
    const made = await bench(scriptedModel(...Array.from({ length: 120 }, () => turn)));
    for (let index = 0; index < 120; index++) {
      const conversationId = `conv_x${index}`;
      await made.store.createConversation({
        id: conversationId,
        owner: { kind: 'client_token', hash: 'visitor' },
        surfaceId: null,
        createdAtMs: 0,
      });
      await made.say('find', { ...searching, conversationId });
    }
    made.clock.nowMs += PAUSE_MS;
    await made.dispatcher.expireOverdue();
    expect(await made.store.overdueExecutions(made.clock.nowMs, 1_000)).toEqual([]);
  });
});

describe('closing', () => {
  test('lets a run come to its end, and refuses new work at once', async () => {
    const hold = gate();
    const { start, dispatcher, resume } = await bench(
      scriptedModel([...text('Almost'), hold.passed, ...text(' done.'), finish()]),
    );
    const answer = await start();
    const reading = read(answer);
    const closing = dispatcher.close(60_000);
    await expect(start()).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(resume(answer.executionId, { c1: 'x' })).rejects.toMatchObject({ code: 'shutting_down' });
    hold.open();
    await closing;
    expect(spoken(await reading)).toBe('Almost done.');
  });
});
