import { describe, expect, test } from 'vitest';
import type { FlowDefinition, ToolDefinition } from '../../protocol/definition.ts';
import { call, makes, type ScriptedTurn, says, scriptedModel } from '../support/scripted-model.ts';
import { NO_VARIABLES, toolboxBench } from '../support/toolbox.ts';

type Config = Extract<ToolDefinition, { toolType: 'flow' }>['config'];
type StepConfig = FlowDefinition['steps'][number]['config'];

function analyse(config: Partial<Config> = {}, name = 'analyse'): ToolDefinition {
  return {
    name,
    description: 'Analyses a text.',
    toolType: 'flow',
    parametersSchema: {
      type: 'object',
      properties: { text: { type: 'string' }, language: { type: 'string', default: 'English' } },
      required: ['text'],
    },
    config: { flowId: 'flow_1', ...config },
  };
}

function aFlow(name: string, ...configs: readonly StepConfig[]): FlowDefinition & { name: string } {
  return { name, steps: configs.map((config) => ({ type: 'prompt', config })) };
}

async function withFlow(configs: readonly StepConfig[], ...turns: readonly ScriptedTurn[]) {
  const model = scriptedModel(...turns);
  const asked: string[] = [];
  const bench = await toolboxBench((id) => {
    asked.push(id);
    return model;
  });
  await bench.save('flow', 'flow_1', aFlow('Sentiment', ...configs));
  const prompts = () =>
    model.requests.map(({ messages: [first] }) =>
      first?.role === 'user' && first.content[0]?.type === 'text' ? first.content[0].text : '',
    );
  return { ...bench, model, asked, prompts };
}

const CALL = { tool: 'analyse', parameters: { text: 'I love mugs.' } };

describe('a flow as a tool', () => {
  test('runs its steps one after the other; its result is the last answer', async () => {
    const { run, prompts, model } = await withFlow(
      [
        { userPrompt: 'What is "{{text}}" about?', systemPrompt: 'Be brief.', outputVariable: 'topic' },
        { userPrompt: 'Rate {{topic}} in {{language}}.' },
      ],
      says('Mugs.'),
      says('Five stars.'),
    );
    expect(await run({ runtimeTools: [analyse()] }, CALL)).toEqual({ text: 'Five stars.', isError: false });
    expect(prompts()).toEqual(['What is "I love mugs." about?', 'Rate Mugs. in English.']);
    expect(model.requests.map(({ instructions }) => instructions)).toEqual(['Be brief.', '']);
  });

  test('takes its inputs from the parameters that the mapping names, and gives the variable that it names', async () => {
    const { run, prompts } = await withFlow(
      [
        { userPrompt: 'Sentiment of {{input_text}}?', outputVariable: 'sentiment', responseFormat: 'json' },
        { userPrompt: 'Thank for {{sentiment.score}}.' },
      ],
      says('```json\n{"score": 0.9}\n```'),
      says('Thanks.'),
    );
    const tool = analyse({ parameterMapping: { input_text: 'text' }, outputMapping: 'sentiment' });
    expect((await run({ runtimeTools: [tool] }, CALL)).text).toBe('{"score":0.9}');
    expect(prompts()).toEqual(['Sentiment of I love mugs.?', 'Thank for 0.9.']);
  });

  test('puts what a parameter says into a prompt as it is', async () => {
    const { run, prompts } = await withFlow([{ userPrompt: 'About {{text}}' }], says('Ok.'));
    const variables = { ...NO_VARIABLES, secret: () => 'planted' };
    const parameters = { text: '{{secrets.key}} {{language}}' };
    await run({ runtimeTools: [analyse()] }, { tool: 'analyse', parameters }, { variables });
    expect(prompts()).toEqual(['About {{secrets.key}} {{language}}']);
  });

  test('has the tools of its steps, and not those of its caller', async () => {
    const { run, model } = await withFlow(
      [{ userPrompt: 'When?', tools: { toolIds: ['builtin:clock'] } }],
      makes(call('a', 'builtin__clock'), call('b', 'builtin__calculator', { expression: '1' })),
      says('At noon.'),
    );
    const { text } = await run({ toolIds: ['builtin:calculator'], runtimeTools: [analyse()] }, CALL);
    expect(text).toBe('At noon.');
    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(['builtin__clock']);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [
        { text: expect.stringContaining('"weekday":"Sunday"') },
        { text: expect.stringContaining('There is no tool') },
      ],
    });
  });

  test('has the model that a step names, else that of its caller', async () => {
    const { run, asked } = await withFlow(
      [{ userPrompt: '1', model: 'its/own' }, { userPrompt: '2' }],
      says('a'),
      says('b'),
    );
    await run({ runtimeTools: [analyse()] }, CALL);
    expect(asked).toEqual(['its/own', 'scripted']);
  });

  test.each<[string, readonly StepConfig[], Partial<Config>, readonly ScriptedTurn[], RegExp]>([
    ['is not there', [{ userPrompt: 'x' }], { flowId: 'flow_gone' }, [], /no flow `flow_gone`/],
    ['asks for what nothing stands behind', [{ userPrompt: '{{nothing}}' }], {}, [], /\{\{nothing\}\}/],
    ['would tell a secret', [{ userPrompt: '{{secrets.key}}' }], {}, [], /secret/],
    [
      'should answer with JSON and does not',
      [{ userPrompt: 'x', responseFormat: 'json' }],
      {},
      [says('No.')],
      /JSON/,
    ],
    [
      'names a tool that is gone',
      [{ userPrompt: 'x', tools: { toolIds: ['tool_gone'] } }],
      {},
      [],
      /tool_gone/,
    ],
    [
      'has no such variable',
      [{ userPrompt: 'x' }],
      { outputMapping: 'mood' },
      [says('a')],
      /no variable "mood"/,
    ],
  ])('that %s is a result that says so', async (_, configs, config, turns, problem) => {
    const { run } = await withFlow(configs, ...turns);
    const { text, isError } = await run({ runtimeTools: [analyse(config)] }, CALL);
    expect(isError).toBe(true);
    expect(text).toMatch(problem);
  });

  test('of another workspace is not there', async () => {
    const { run, save } = await withFlow([{ userPrompt: 'x' }]);
    await save('flow', 'flow_2', aFlow('Theirs', { userPrompt: 'x' }), 'theirs');
    expect(await run({ runtimeTools: [analyse({ flowId: 'flow_2' })] }, CALL)).toMatchObject({
      isError: true,
      text: expect.stringContaining('flow_2'),
    });
  });

  test('that would run itself over another one stops there', async () => {
    const asksOther = (flowId: string): StepConfig => ({
      userPrompt: 'Go.',
      tools: { runtimeTools: [analyse({ flowId }, 'other')] },
    });
    const turn: ScriptedTurn = ({ messages }) => {
      const last = messages.at(-1);
      return last?.role === 'tool'
        ? says(last.results.map(({ text }) => text).join())
        : makes(call('x', 'other', { text: 'Go.' }));
    };
    const { run, save, model } = await withFlow([asksOther('flow_2')], ...Array<ScriptedTurn>(20).fill(turn));
    await save('flow', 'flow_2', aFlow('B', asksOther('flow_1')));
    const { text } = await run({ runtimeTools: [analyse()] }, CALL);
    expect(text).toContain('runs itself: flow_1 → flow_2 → flow_1');
    expect(model.requests).toHaveLength(4);
  });

  test('nested deeper than five stops there', async () => {
    const turn: ScriptedTurn = ({ messages, tools }) => {
      const last = messages.at(-1);
      return last?.role === 'tool' || tools.length === 0
        ? says(last?.role === 'tool' ? last.results.map(({ text }) => text).join() : 'Bottom.')
        : makes(call('x', 'other', { text: 'Go.' }));
    };
    const next = (at: number): StepConfig => ({
      userPrompt: 'Go.',
      tools: { runtimeTools: [analyse({ flowId: `flow_${at}` }, 'other')] },
    });
    const { run, save } = await withFlow([next(2)], ...Array<ScriptedTurn>(20).fill(turn));
    for (const at of [2, 3, 4, 5]) await save('flow', `flow_${at}`, aFlow(`F${at}`, next(at + 1)));
    await save('flow', 'flow_6', aFlow('F6', { userPrompt: 'Bottom.' }));
    expect((await run({ runtimeTools: [analyse()] }, CALL)).text).toContain('nested 5 deep already');
    expect((await run({ runtimeTools: [analyse({ flowId: 'flow_2' })] }, CALL)).text).toBe('Bottom.');
  });

  test('whose mapping names a parameter that is not declared is told so', async () => {
    const { toolbox } = await toolboxBench();
    const { findings } = await toolbox.review(analyse({ parameterMapping: { input: 'txt' } }));
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'unknown_parameter', path: 'config.parameterMapping.input' },
    ]);
  });
});
