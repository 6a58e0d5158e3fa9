import { describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import { admission, bench, pageTool, read, spoken, user } from '../support/dispatching.ts';
import { call, finish, gate, makes, says, scriptedModel, text } from '../support/scripted-model.ts';

const key = { keyHash: 'key', requestHash: 'body' };
const searching = { admission: admission(pageTool('search')) };

describe('a dispatch that comes again under its key', () => {
  test('while it runs and after its end gets the same events, and the model is asked once', async () => {
    const hold = gate();
    const model = scriptedModel([...text('One '), hold.passed, ...text('two.'), finish()]);
    const { start } = await bench(model);
    const request = { messages: [user('hi')], idempotency: key };
    const first = await start(request);
    const second = await start(request);
    hold.open();
    const events = await read(first);
    expect(await read(second)).toEqual(events);
    expect(await read(await start(request))).toEqual(events);
    expect(model.requests).toHaveLength(1);
  });

  test('at two processes at once starts one execution', async () => {
    const store = await openSqliteStore(':memory:');
    const model = scriptedModel(says('Once.'), says('Twice.'));
    const [one, two] = [await bench(model, store), await bench(model, store)];
    const request = { messages: [user('hi')], idempotency: key };
    const answers = await Promise.all([one, two].map(async ({ start }) => read(await start(request))));
    expect(answers.map(spoken)).toEqual(['Once.', 'Once.']);
    expect(await one.messages()).toHaveLength(2);
  });

  test('with another body is refused', async () => {
    const { say, start } = await bench(scriptedModel(says('Hi.')));
    await say('hi', { idempotency: key });
    await expect(
      start({ messages: [user('other')], idempotency: { ...key, requestHash: 'other' } }),
    ).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('after a day is a new one', async () => {
    const { say, clock } = await bench(scriptedModel(says('One.'), says('Two.')));
    await say('hi', { idempotency: key });
    clock.nowMs += 24 * 60 * 60_000 + 1;
    expect(spoken(await say('hi', { idempotency: key }))).toBe('Two.');
  });

  test('after a refusal may be mended: nothing was remembered', async () => {
    const { say, start } = await bench(scriptedModel(says('Hi.')));
    await expect(start({ messages: [user(' ')], idempotency: key })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(spoken(await say('hi', { idempotency: { ...key, requestHash: 'mended' } }))).toBe('Hi.');
  });
});

describe('a resume that comes again under its key', () => {
  test('gets the same events; with another body it is refused', async () => {
    const { say, resume } = await bench(scriptedModel(makes(call('c1', 'webmcp__search')), says('A mug.')));
    const executionId = (await say('find', searching))[0]?.executionId ?? '';
    const first = await read(await resume(executionId, { c1: 'mug' }, { idempotency: key }));
    expect(await read(await resume(executionId, { c1: 'mug' }, { idempotency: key }))).toEqual(first);
    await expect(
      resume(executionId, { c1: 'cup' }, { idempotency: { ...key, requestHash: 'other' } }),
    ).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });
});
