import { expect, test, vi } from 'vitest';
import { openSqliteStore } from '../../server/store/sqlite.ts';
import type { ServerTool } from '../../server/tools/tool.ts';
import type { Toolbox } from '../../server/tools/toolbox.ts';
import { CONFIGURED_TOOLBOX } from '../support/configured-toolbox.ts';
import { agent, bench, read, spoken } from '../support/dispatching.ts';
import { call, makes, says, scriptedModel } from '../support/scripted-model.ts';

test('a call that another process takes over fails in words where its secret was lost with the first', async () => {
  const ran: (string | undefined)[] = [];
  /** The tool of the configuration, with a secret. */
  const toolbox: Toolbox = {
    ...CONFIGURED_TOOLBOX,
    secretKeys: (tools) => tools.map(() => 'key'),
    bind: (tool, scope) => {
      const bound = CONFIGURED_TOOLBOX.bind(tool, scope);
      return bound === undefined
        ? undefined
        : {
            ...bound,
            run: (parameters, context) => {
              ran.push(scope.variables.secret('key'));
              return bound.run(parameters, context);
            },
          };
    },
  };
  const charge: ServerTool = {
    name: 'charge',
    description: 'Charges.',
    parametersSchema: { type: 'object' },
    idempotent: true,
    timeoutMs: 60_000,
    run: () => new Promise(() => undefined),
  };
  const store = await openSqliteStore(':memory:');
  const first = await bench(scriptedModel(makes(call('c1', 'charge'))), store, {
    toolbox,
    tools: () => [charge],
  });
  const { executionId } = await first.start({
    agent: { ...agent(10), tools: [charge] },
    secrets: { key: 'a secret of the caller' },
  });
  await vi.waitFor(() => expect(ran).toEqual(['a secret of the caller']), { timeout: 10_000 });
  await first.dispatcher.close(0);
  const model = scriptedModel(says('It must be sent again.'));
  const heir = await bench(model, store, { toolbox, tools: () => [charge] });
  await heir.dispatcher.takeOver();
  expect(spoken(await read(await heir.follow(executionId)))).toContain('It must be sent again.');
  expect(model.requests[0]?.messages.at(-1)).toMatchObject({
    results: [{ toolCallId: 'c1', isError: true, text: expect.stringContaining('{{secrets.key}}') }],
  });
  expect(ran).toHaveLength(1);
});

test('an approval that runs out of time takes no secrets with it: what goes on has them', async () => {
  const ran: (string | undefined)[] = [];
  const toolbox: Toolbox = {
    ...CONFIGURED_TOOLBOX,
    resolve: async (choices, scope) =>
      (await CONFIGURED_TOOLBOX.resolve(choices, scope)).map((tool) => ({
        ...tool,
        needsApproval: tool.name === 'charge',
      })),
    secretKeys: (tools) => tools.map(() => 'key'),
    bind: (tool, scope) => {
      const bound = CONFIGURED_TOOLBOX.bind(tool, scope);
      return bound && { ...bound, run: () => ran.push(scope.variables.secret('key')) };
    },
  };
  const tools: ServerTool[] = ['charge', 'look'].map((name) => ({
    name,
    description: 'Works.',
    parametersSchema: { type: 'object' },
    idempotent: true,
    timeoutMs: 60_000,
    run: () => 'done',
  }));
  const model = scriptedModel(makes(call('c1', 'charge')), makes(call('c2', 'look')), says('Looked.'));
  const { clock, dispatcher, follow, start } = await bench(model, undefined, { toolbox, tools: () => tools });
  const answer = await start({
    agent: { ...agent(10), tools },
    choices: [{ approval: { require: ['charge'], timeout: 60_000 } }],
    secrets: { key: 'a secret of the caller' },
  });
  await read(answer);
  clock.nowMs += 60_001;
  await dispatcher.expireOverdue();
  expect(spoken(await read(await follow(answer.executionId)))).toContain('Looked.');
  expect(ran).toEqual(['a secret of the caller']);
});
