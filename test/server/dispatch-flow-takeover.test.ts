import { describe, expect, test, vi } from 'vitest';
import type { FlowToRun } from '../../server/dispatch/flow-run.ts';
import { planSteps } from '../../server/flows/flow-steps.ts';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { Store } from '../../server/store/store.ts';
import {
  admission,
  bench,
  expectEachCallAnswered,
  expectWellFormed,
  only,
  pageTool,
  read,
  types,
  user,
} from '../support/dispatching.ts';
import { call, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const never = new Promise<never>(() => {});
const DYING = { leaseMs: 0 };

const FLOW: FlowToRun = {
  id: 'flow_1',
  name: 'Three steps',
  inputs: { thing: 'mug' },
  steps: planSteps({
    steps: [
      { type: 'prompt', config: { userPrompt: 'One: {{thing}}', outputVariable: 'a' } },
      { type: 'prompt', config: { userPrompt: 'Two: {{a}}', outputVariable: 'b' } },
      { type: 'prompt', config: { userPrompt: 'Three: {{a}} {{b}}' } },
    ],
  }).map((step) => ({ ...step, model: 'scripted' })),
};

const START = { flow: FLOW, messages: [user('Hello', 'usr_1')] };

/** The prompt that a model was asked last. */
function asked(model: ReturnType<typeof scriptedModel>, at = -1): string {
  const message = model.requests.at(at)?.messages.findLast(({ role }) => role === 'user');
  return message?.role === 'user'
    ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
    : '';
}

async function abandoned(store: Store): Promise<void> {
  await vi.waitFor(async () => expect(await store.abandonedExecutions(10)).not.toEqual([]), 10_000);
}

/** Steps and their ends, as `step_start one`, `step_complete true`. */
function steps(events: Awaited<ReturnType<typeof read>>): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === 'step_start') return [`start ${event.name}`];
    return event.type === 'step_complete' ? [`end ${event.success}`] : [];
  });
}

const ALL_STEPS = ['start step_1', 'end true', 'start step_2', 'end true', 'start step_3', 'end true'];

describe('a flow whose process died', () => {
  test('goes on in the step that was open, with what earlier ones answered', async () => {
    const store = await openSqliteStore(':memory:');
    const dying = await bench(scriptedModel(says('A'), [...text('Half'), never]), store, DYING);
    const { executionId } = await dying.start(START);
    await vi.waitFor(async () => {
      expect(types(await dying.wholeLog(executionId)).filter((type) => type === 'text_delta')).toHaveLength(
        2,
      );
    }, 10_000);
    await abandoned(store);
    const model = scriptedModel(says('B'), says('C'));
    const heir = await bench(model, store);
    await heir.dispatcher.takeOver();
    const events = await read(await heir.follow(executionId));
    expect(steps(events)).toEqual(ALL_STEPS);
    expect(events.at(-1)).toMatchObject({ kind: 'flow', success: true, finalOutput: 'C' });
    expect([asked(model, 0), asked(model, 1)]).toEqual(['Two: A', 'Three: A B']);
    expectWellFormed(await heir.wholeLog(executionId));
    expect((await heir.messages()).map(({ message }) => message.role)).toEqual([
      'user',
      'assistant',
      'assistant',
      'assistant',
    ]);
  });

  test('between two steps begins the next one once', async () => {
    const store = await openSqliteStore(':memory:');
    const dying = await bench(scriptedModel(says('A'), [never]), store, DYING);
    const { executionId } = await dying.start(START);
    await vi.waitFor(async () => {
      expect(steps(await dying.wholeLog(executionId))).toContain('start step_2');
    }, 10_000);
    await abandoned(store);
    const heir = await bench(scriptedModel(says('B'), says('C')), store);
    await heir.dispatcher.takeOver();
    expect(steps(await read(await heir.follow(executionId)))).toEqual(ALL_STEPS);
  });

  test('too often ends visibly, its step too', async () => {
    const store = await openSqliteStore(':memory:');
    const dying = await bench(scriptedModel(says('A'), [...text('Half'), never]), store, DYING);
    const { executionId } = await dying.start(START);
    for (let death = 0; death < 6; death++) {
      await abandoned(store);
      const heir = await bench(scriptedModel([never]), store, DYING);
      await heir.dispatcher.takeOver();
    }
    const events = await dying.wholeLog(executionId);
    expect(steps(events)).toEqual(['start step_1', 'end true', 'start step_2', 'end false']);
    expect(events.at(-1)).toMatchObject({ type: 'execution_error', kind: 'flow', code: 'internal' });
    expectWellFormed(events);
  });
});

describe('a flow that waits for its client', () => {
  const tools = admission(pageTool('look'));

  test('is resumed by another process, in its step, and its later steps have the tools too', async () => {
    const store = await openSqliteStore(':memory:');
    const first = await bench(scriptedModel(says('A'), makes(call('c1', 'webmcp__look'))), store);
    const paused = await read(await first.start({ ...START, admission: tools }));
    expect(paused.at(-1)).toMatchObject({ type: 'await', toolName: 'look' });
    const executionId = paused[0]?.executionId ?? '';
    const model = scriptedModel(says('B'), makes(call('c2', 'webmcp__look')));
    const second = await bench(model, store);
    const again = await read(await second.resume(executionId, { c1: 'seen' }));
    expect(again.at(-1)).toMatchObject({ type: 'await', toolCallId: 'c2' });
    expect(model.requests.map(({ tools: offered }) => offered.map(({ name }) => name))).toEqual([
      ['webmcp__look'],
      ['webmcp__look'],
    ]);
    const third = await bench(scriptedModel(says('C')), store);
    const last = await read(await third.resume(executionId, { c2: 'seen too' }));
    expect(last.at(-1)).toMatchObject({ kind: 'flow', finalOutput: 'C' });
    const whole = await third.wholeLog(executionId);
    expect(steps(whole)).toEqual(ALL_STEPS);
    expectWellFormed(whole);
    expectEachCallAnswered(await third.messages());
  });

  test('gives the same outputs, sent again, the same answer', async () => {
    const { start, resume } = await bench(
      scriptedModel(makes(call('c1', 'webmcp__look')), says('A'), says('B'), says('C')),
    );
    const [{ executionId = '' } = {}] = await read(await start({ ...START, admission: tools }));
    const once = await read(await resume(executionId, { c1: 'seen' }));
    expect(await read(await resume(executionId, { c1: 'seen' }))).toEqual(once);
  });

  test('ends visibly when nobody comes in time, and the next message finds every call answered', async () => {
    const { start, say, clock, dispatcher, wholeLog, messages } = await bench(
      scriptedModel(says('A'), makes(call('c1', 'webmcp__look')), says('X'), says('Y'), says('Z')),
    );
    const [{ executionId = '' } = {}] = await read(await start({ ...START, admission: tools }));
    clock.nowMs += 91 * 60_000;
    await dispatcher.expireOverdue();
    const events = await wholeLog(executionId);
    expect(steps(events)).toEqual(['start step_1', 'end true', 'start step_2', 'end false']);
    expect(events.at(-1)).toMatchObject({ type: 'execution_error', kind: 'flow', code: 'execution_expired' });
    expectWellFormed(events);
    expect((await say('Again', { flow: FLOW })).at(-1)).toMatchObject({ success: true });
    expectEachCallAnswered(await messages());
  });

  test('is cancelled where it stands', async () => {
    const { start, cancel, wholeLog, messages } = await bench(
      scriptedModel(says('A'), makes(call('c1', 'webmcp__look'))),
    );
    const [{ executionId = '' } = {}] = await read(await start({ ...START, admission: tools }));
    expect(await cancel(executionId)).toBe('cancelled');
    const events = await wholeLog(executionId);
    expect(steps(events)).toEqual(['start step_1', 'end true', 'start step_2', 'end false']);
    expect(events.at(-1)).toMatchObject({ kind: 'flow', success: false, endedBy: 'cancel' });
    expectEachCallAnswered(await messages());
  });
});

describe('a flow that runs', () => {
  test('is cancelled in the middle of a step: what was said stays, and no other step begins', async () => {
    const model = scriptedModel(says('A'), [...text('Half'), never], says('never'));
    const { start, cancel, wholeLog, messages } = await bench(model);
    const answer = await start(START);
    const reader = answer.events[Symbol.asyncIterator]();
    let deltas = 0;
    while (deltas < 2) if ((await reader.next()).value?.type === 'text_delta') deltas += 1;
    expect(await cancel(answer.executionId)).toBe('cancelled');
    const events = await wholeLog(answer.executionId);
    expect(steps(events)).toEqual(['start step_1', 'end true', 'start step_2', 'end false']);
    expect(events.at(-1)).toMatchObject({ kind: 'flow', success: false, endedBy: 'cancel' });
    expectWellFormed(events);
    expect((await messages()).map(({ message }) => message.role === 'assistant' && message.text)).toEqual([
      false,
      'A',
      'Half',
    ]);
    expect(model.requests).toHaveLength(2);
  });

  test('is overtaken by a new message, which sees what was said until then', async () => {
    const model = scriptedModel(says('A'), [...text('Half'), never], says('X'), says('Y'), says('Z'));
    const { start, say, wholeLog } = await bench(model);
    const answer = await start(START);
    const reader = answer.events[Symbol.asyncIterator]();
    let deltas = 0;
    while (deltas < 2) if ((await reader.next()).value?.type === 'text_delta') deltas += 1;
    const next = await say('Something else', { flow: FLOW });
    expect((await wholeLog(answer.executionId)).at(-1)).toMatchObject({
      kind: 'flow',
      endedBy: 'new_message',
    });
    expect(next.at(-1)).toMatchObject({ kind: 'flow', finalOutput: 'Z' });
    expect(model.requests[2]?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'assistant',
      'user',
      'user',
    ]);
  });

  test('ends visibly, its step too, when its model fails', async () => {
    const { say } = await bench(scriptedModel(says('A'), [new Error('boom')]));
    const events = await say('Hi', { flow: FLOW });
    expect(steps(events)).toEqual(['start step_1', 'end true', 'start step_2', 'end false']);
    expect(events.at(-1)).toMatchObject({ type: 'execution_error', kind: 'flow' });
    expect(only(events, 'turn_complete').at(-1)).toMatchObject({ stopReason: 'error' });
  });

  test('hands over between two steps when its process closes', async () => {
    const store = await openSqliteStore(':memory:');
    const hold = gate();
    const closing = await bench(scriptedModel([hold.passed, ...says('A')], says('never')), store);
    const { executionId } = await closing.start(START);
    const closed = closing.dispatcher.close(10_000);
    hold.open();
    await closed;
    const model = scriptedModel(says('B'), says('C'));
    const heir = await bench(model, store);
    await heir.dispatcher.takeOver();
    expect(steps(await read(await heir.follow(executionId)))).toEqual(ALL_STEPS);
    expect(asked(model, 0)).toBe('Two: A');
  });
});

describe('a flow that failed and is asked again', () => {
  test.each([
    ['with a prompt', FLOW, ['Hello', 'One: mug']],
    [
      'without one',
      {
        ...FLOW,
        steps: FLOW.steps.map((step, index) => (index === 0 ? { ...step, userPrompt: null } : step)),
      },
      ['Hello'],
    ],
  ])('begins anew %s, without what it said before', async (_, flow, expected) => {
    const model = scriptedModel(says('A'), [new Error('boom')], says('A2'), says('B2'), says('C2'));
    const { start } = await bench(model);
    const failed = await read(await start({ ...START, flow }));
    expect(failed.at(-1)).toMatchObject({ type: 'execution_error' });
    const again = await read(await start({ ...START, flow }));
    expect(again[0]?.executionId).not.toBe(failed[0]?.executionId);
    expect(again.at(-1)).toMatchObject({ kind: 'flow', success: true, finalOutput: 'C2' });
    expect(model.requests[2]?.messages.map((message) => message.role)).toEqual(expected.map(() => 'user'));
    expect(asked(model, 2)).toBe(expected.at(-1));
    expect(asked(model, 3)).toBe('Two: A2');
    // What was answered is told again, and not asked again.
    expect((await read(await start({ ...START, flow })))[0]?.executionId).toBe(again[0]?.executionId);
  });
});
