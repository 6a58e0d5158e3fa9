import { afterEach, describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../protocol/event.ts';
import type { DispatchResponse } from '../../protocol/request.ts';
import type { ModelMessage, ModelRequest } from '../../server/models/model.ts';
import { expectWellFormed } from '../support/dispatching.ts';
import { type EchoingService, startEchoingService } from '../support/echoing-service.ts';
import {
  API_KEY,
  aServer,
  CONFIG,
  calls,
  eventsOf,
  OTHER_API_KEY,
  refusal,
  says,
  type TestServer,
  type TestServerOptions,
} from '../support/server.ts';

const config = {
  ...CONFIG,
  apiKeys: [
    { key: API_KEY, scopes: ['*'] },
    { key: OTHER_API_KEY, scopes: ['*'], workspace: 'elsewhere' },
  ],
};

let server: TestServer;
let service: EchoingService | undefined;
afterEach(async () => {
  await server.close();
  await service?.close();
  service = undefined;
});

async function given(options: TestServerOptions = {}): Promise<void> {
  server = await aServer({ config, ...options });
}

const prompt = (userPrompt: string | undefined, more: object = {}) => ({
  type: 'prompt',
  config: { ...(userPrompt === undefined ? {} : { userPrompt }), ...more },
});

const run = (body: Record<string, unknown>, key?: string) =>
  server.dispatch({ agent: undefined, messages: undefined, ...body }, key);

async function events(body: Record<string, unknown>): Promise<StreamEvent[]> {
  const list = await eventsOf(await run(body));
  expectWellFormed(list);
  return list;
}

async function whole(body: Record<string, unknown>): Promise<DispatchResponse> {
  const response = await run({ ...body, streamResponse: false });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as DispatchResponse;
}

async function save(flow: object, key = API_KEY): Promise<string> {
  const response = await server.post('/v1/flows', flow, { authorization: `Bearer ${key}` });
  const { id } = (await response.json()) as { id: string };
  return id;
}

/** What a model read, a line a message: who said it, and what. */
function read({ messages }: ModelRequest): readonly string[] {
  return messages.map((message: ModelMessage) => {
    if (message.role === 'tool') return `tool: ${message.results.map(({ text }) => text).join(' | ')}`;
    const text =
      message.role === 'assistant'
        ? [message.text, ...message.toolCalls.map(({ name }) => `(${name})`)].join('')
        : message.content.map((part) => (part.type === 'text' ? part.text : part.type)).join('');
    return `${message.role}: ${text}`;
  });
}

/** Says its prompt back in capitals. */
function shouts(request: ModelRequest) {
  return says((read(request).at(-1) ?? '').replace(/^\w+: /, '').toUpperCase());
}

const types = (list: readonly StreamEvent[]) => list.map(({ type }) => type);
const only = <Type extends StreamEvent['type']>(list: readonly StreamEvent[], type: Type) =>
  list.filter((event): event is Extract<StreamEvent, { type: Type }> => event.type === type);

const TWO_STEPS = {
  name: 'Weather',
  steps: [
    { ...prompt('Weather in {{city}}?', { outputVariable: 'weather' }), name: 'look' },
    { ...prompt('Report this: {{weather}}'), name: 'report' },
  ],
};

const CLOCK_TOOL = {
  name: 'get_time',
  description: 'Tells the time.',
  parametersSchema: { type: 'object', properties: {} },
  origin: 'sdk',
} as const;

const double = (name: string) => ({
  name,
  description: 'Doubles a number.',
  toolType: 'custom',
  parametersSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
  config: { code: 'return n * 2' },
});

describe('a flow in a dispatch', () => {
  test('runs without having been saved, and without messages [R2-01, R2-02, R2-03]', async () => {
    await given({ model: () => says('18 degrees in Tokyo.') });
    const answer = await whole({
      flow: {
        steps: [
          {
            type: 'prompt',
            name: 'Agent',
            config: { model: 'gpt-5.4', userPrompt: 'What is the weather in Tokyo?', tools: {} },
          },
        ],
      },
    });
    expect(answer).toMatchObject({ status: 'complete', output: '18 degrees in Tokyo.', awaiting: [] });
    expect(server.asked.map(read)).toEqual([['user: What is the weather in Tokyo?']]);
  });

  test('asks step by step, each with its own model and instructions, and answers with the last', async () => {
    const models: string[] = [];
    await given({ model: shouts, models: (id) => void models.push(id) });
    const [look, report] = TWO_STEPS.steps;
    const flow = {
      name: 'Weather',
      steps: [
        { ...look, config: { ...look?.config, model: 'first', systemPrompt: 'Look it up.' } },
        { ...report, config: { ...report?.config, model: 'second', systemPrompt: 'Be a reporter.' } },
      ],
    };
    const answer = await whole({ flow, inputs: { city: 'Rome' } });
    expect(answer).toMatchObject({ status: 'complete', output: 'REPORT THIS: WEATHER IN ROME?' });
    expect(server.asked.map(({ instructions }) => instructions)).toEqual(['Look it up.', 'Be a reporter.']);
    expect(server.asked.map(read)).toEqual([
      ['user: Weather in Rome?'],
      ['user: Report this: WEATHER IN ROME?'],
    ]);
    expect(models.slice(-2)).toEqual(['first', 'second']);
  });

  test('tells in its events which step does what, and what came of it', async () => {
    await given({ model: shouts });
    const list = await events({ flow: TWO_STEPS, inputs: { city: 'Rome' } });
    expect(types(list).filter((type) => !type.startsWith('text'))).toEqual([
      'execution_start',
      'step_start',
      'turn_start',
      'turn_complete',
      'step_complete',
      'step_start',
      'turn_start',
      'turn_complete',
      'step_complete',
      'execution_complete',
    ]);
    expect(list[0]).toMatchObject({
      kind: 'flow',
      flowId: 'inline',
      flowName: 'Weather',
      totalSteps: 2,
      conversationId: expect.stringMatching(/^conv_/),
    });
    const starts = only(list, 'step_start');
    expect(starts).toMatchObject([
      { stepType: 'prompt', name: 'look', stepId: expect.stringMatching(/^step_/) },
      { stepType: 'prompt', name: 'report' },
    ]);
    expect(only(list, 'step_complete')).toMatchObject([
      {
        stepId: starts[0]?.stepId,
        stepType: 'prompt',
        success: true,
        stopReason: 'end_turn',
        result: { response: 'WEATHER IN ROME?' },
      },
      { stepId: starts[1]?.stepId, success: true, result: { response: 'REPORT THIS: WEATHER IN ROME?' } },
    ]);
    expect(only(list, 'turn_start').map(({ iteration }) => iteration)).toEqual([1, 2]);
    expect(list.at(-1)).toMatchObject({
      kind: 'flow',
      success: true,
      finalOutput: 'REPORT THIS: WEATHER IN ROME?',
      iterations: 2,
    });
  });

  test('that is saved is found by its id, as it is then [R2-03]', async () => {
    await given({ model: shouts });
    const id = await save(TWO_STEPS);
    const first = await events({ flow: { id }, inputs: { city: 'Rome' } });
    expect(first[0]).toMatchObject({ kind: 'flow', flowId: id, flowName: 'Weather', totalSteps: 2 });
    await server.request(`/v1/flows/${id}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ steps: [prompt('Rain in {{city}}?')] }),
    });
    expect((await whole({ flow: { id }, inputs: { city: 'Rome' } })).output).toBe('RAIN IN ROME?');
  });

  test('reads the record, the user and the flow itself [R2-19, R2-20]', async () => {
    await given({ model: shouts });
    const flow = {
      name: 'Letter',
      steps: [prompt('{{_record.type}} {{_record.items.1.name}} {{_user.id}} {{_flow.id}} {{_flow.name}}')],
    };
    const id = await save(flow);
    const answer = await whole({
      flow: { id },
      record: { type: 'order', items: [{ name: 'cup' }, { name: 'mug' }] },
      user: { id: 'u-7' },
    });
    expect(answer.output).toBe(`ORDER MUG U-7 ${id.toUpperCase()} LETTER`);
  });

  test('puts values in once: what they bring along is no placeholder', async () => {
    await given({ model: (request) => says(read(request).at(-1)?.replace('user: ', '') ?? '') });
    const flow = { steps: [prompt('{{a}} {{n}} {{list}}', { outputVariable: 'x' }), prompt('<{{x}}>')] };
    const inputs = { a: '{{secrets.key}} {{b}}', b: 'no', n: 3, list: [1, { two: 2 }] };
    expect((await whole({ flow, inputs })).output).toBe('<{{secrets.key}} {{b}} 3 [1,{"two":2}]>');
  });

  test('gives an answer of JSON to later steps field by field', async () => {
    let asked = 0;
    await given({
      model: (request) => {
        asked += 1;
        return asked === 1 ? says('```json\n{"mood":{"name":"glad"},"score":7}\n```') : shouts(request);
      },
    });
    const flow = {
      steps: [
        prompt('Sentiment?', { outputVariable: 'feeling', responseFormat: 'json' }),
        prompt('{{feeling.mood.name}} {{feeling.score}}'),
      ],
    };
    expect((await whole({ flow })).output).toBe('GLAD 7');
  });

  test('fails visibly, and goes no further, when the answer is not the JSON that was asked for', async () => {
    await given({ model: () => says('I would say: glad.') });
    const flow = {
      steps: [{ ...prompt('Sentiment?', { responseFormat: 'json' }), name: 'feel' }, prompt('{{feel}}')],
    };
    const list = await events({ flow });
    expect(only(list, 'step_complete')).toMatchObject([
      { success: false, error: expect.stringContaining('"feel" asks for JSON') },
    ]);
    expect(list.at(-1)).toMatchObject({ type: 'execution_error', kind: 'flow', code: 'model_failed' });
    expect(only(list, 'text_delta').at(-1)?.delta).toContain('asks for JSON');
    expect(server.asked).toHaveLength(1);
  });

  test('fails visibly where an answer of JSON lacks the field that a later prompt names', async () => {
    await given({ model: () => says('{"a":1}') });
    const flow = {
      steps: [
        prompt('?', { outputVariable: 'x', responseFormat: 'json' }),
        { ...prompt('{{x.b}}'), name: 'two' },
      ],
    };
    const list = await events({ flow });
    expect(only(list, 'step_complete')).toMatchObject([{ success: true }, { success: false }]);
    expect(list.at(-1)).toMatchObject({
      type: 'execution_error',
      code: 'unresolved_variable',
      error: { message: expect.stringContaining('{{x.b}}') },
    });
  });

  test('lets every step see the conversation of the request, and no step what another one did', async () => {
    await given({ model: shouts });
    const flow = {
      steps: [
        prompt('First: {{thing}}', { outputVariable: 'a' }),
        prompt('Second: {{a}}'),
        prompt(undefined),
      ],
    };
    await whole({
      flow,
      inputs: { thing: 'mug' },
      messages: [{ role: 'user', content: 'I want a mug.' }],
    });
    expect(server.asked.map(read)).toEqual([
      ['user: I want a mug.', 'user: First: mug'],
      ['user: I want a mug.', 'user: Second: FIRST: MUG'],
      ['user: I want a mug.'],
    ]);
  });
});

describe('a step whose words are not shown', () => {
  const flow = {
    steps: [
      { ...prompt('Sort {{x}}.', { outputVariable: 'sorted', streamOutput: false }), name: 'sort' },
      prompt('Answer to {{sorted}}.'),
    ],
  };

  test('answers later steps alone, and tells a caller with an API key when it ends', async () => {
    await given({ model: shouts });
    const list = await events({ flow, inputs: { x: 'this' } });
    expect(only(list, 'text_delta').map(({ delta }) => delta)).toEqual(['ANSWER TO SORT THIS..']);
    expect(only(list, 'step_complete')[0]).toMatchObject({
      success: true,
      result: { response: 'SORT THIS.' },
    });
    const [{ executionId = '' } = {}] = list;
    const execution = await server.store.execution(executionId);
    const kept = await server.store.messages(execution?.conversationId ?? '');
    expect(kept.map(({ message }) => message.role)).toEqual(['assistant']);
  });

  test.each([
    ['an answer of JSON that a later step follows', { responseFormat: 'json' }, ['2']],
    ['not where it says so', { responseFormat: 'json', streamOutput: true }, ['1', '2']],
    ['not words', {}, ['1', '2']],
  ])('is %s', async (_, config, expected) => {
    let asked = 0;
    await given({
      model: () => {
        asked += 1;
        return says(String(asked));
      },
    });
    const list = await events({
      flow: { steps: [prompt('a', config), prompt('b', { responseFormat: 'json' })] },
    });
    expect(only(list, 'text_delta').map(({ delta }) => delta)).toEqual(expected);
  });

  test('calls tools for all to see, and goes on with their results', async () => {
    await given({
      model: (request) => {
        const last = request.messages.at(-1);
        if (last?.role === 'tool') return says(`It is ${last.results[0]?.text}.`);
        return request.tools.length > 0 ? calls({ name: 'double', input: { n: 21 } }) : shouts(request);
      },
    });
    const hidden = {
      streamOutput: false,
      outputVariable: 'sum',
      tools: { runtimeTools: [double('double')] },
    };
    const list = await events({ flow: { steps: [prompt('Double', hidden), prompt('Say {{sum}}')] } });
    expect(only(list, 'tool_complete')).toMatchObject([{ toolName: 'double', success: true }]);
    expect(only(list, 'text_delta').map(({ delta }) => delta)).toEqual(['SAY IT IS 42.']);
  });
});

describe('a flow that cannot run is refused before anything is asked', () => {
  const one = (config: object, more: object = {}) => ({
    flow: { steps: [{ type: 'prompt', config }] },
    ...more,
  });

  test.each([
    ['an unknown placeholder', one({ userPrompt: '{{city}}' }), '400 unresolved_variable'],
    ['a record that is not there', one({ userPrompt: '{{_record.x}}' }), '400 unresolved_variable'],
    [
      'a variable of a later step',
      { flow: { steps: [prompt('{{b}}'), prompt('x', { outputVariable: 'b' })] } },
      '400 unresolved_variable',
    ],
    [
      'a field of an answer in words',
      { flow: { steps: [prompt('x', { outputVariable: 'a' }), prompt('{{a.b}}')] } },
      '400 unresolved_variable',
    ],
    ['a placeholder without an end', one({ userPrompt: 'x {{city' }), '400 unresolved_variable'],
    [
      'a name that every object has',
      one({ userPrompt: '{{constructor}}' }, { inputs: {} }),
      '400 unresolved_variable',
    ],
    [
      'a secret in a prompt',
      one({ userPrompt: '{{secrets.key}}' }, { secrets: { key: 'hidden' } }),
      '400 secrets_not_allowed',
    ],
    ['a secret of the server in a prompt', one({ userPrompt: '{{secret:KEY}}' }), '400 secrets_not_allowed'],
    ['a reserved variable', one({ userPrompt: 'x', outputVariable: 'secrets' }), '400 invalid_request'],
    ['a step that asks nothing', one({}), '400 invalid_request'],
    ['a step of another type', { flow: { steps: [{ type: 'email', config: {} }] } }, '400 invalid_request'],
    ['no steps', { flow: { steps: [] } }, '400 invalid_request'],
    ['21 steps', { flow: { steps: Array(21).fill(prompt('x')) } }, '400 invalid_request'],
    ['neither id nor steps', { flow: {} }, '400 invalid_request'],
    ['an id and steps', { flow: { id: 'flow_1', steps: [prompt('x')] } }, '400 invalid_request'],
    ['a flow and an agent', { ...one({ userPrompt: 'x' }), agent: { id: 'store' } }, '400 invalid_request'],
    ['an id that is unknown', { flow: { id: 'flow_gone' } }, '404 flow_not_found'],
    [
      'a tool that is not there',
      one({ userPrompt: 'x', tools: { toolIds: ['tool_gone'] } }),
      '404 tool_not_found',
    ],
    [
      'too much input',
      one({ userPrompt: '{{a}}' }, { inputs: { a: 'x'.repeat(262_145) } }),
      '400 invalid_request',
    ],
  ])('%s', async (_, body, expected) => {
    await given();
    expect(await refusal(await run(body))).toBe(expected);
    expect(server.asked).toEqual([]);
  });

  test('of another workspace', async () => {
    await given();
    const id = await save(TWO_STEPS, OTHER_API_KEY);
    expect(await refusal(await run({ flow: { id }, inputs: { city: 'x' } }))).toBe('404 flow_not_found');
  });

  test('and says all that is missing, step by step', async () => {
    await given();
    const answer = await run({ flow: { steps: [prompt('{{a}} {{b}}'), prompt('{{c}}')] } });
    expect(((await answer.json()) as { details: string[] }).details).toEqual([
      'steps[0].config.userPrompt: {{a}} stands for nothing',
      'steps[0].config.userPrompt: {{b}} stands for nothing',
      'steps[1].config.userPrompt: {{c}} stands for nothing',
    ]);
  });
});

describe('the tools of a step', () => {
  test('are its own: another step does not see them [R2-04]', async () => {
    await given({ model: shouts });
    await whole({
      flow: {
        steps: [
          prompt('one', { tools: { runtimeTools: [double('first')] } }),
          prompt('two', { tools: { runtimeTools: [double('second')], toolIds: ['builtin:clock'] } }),
          prompt('three'),
        ],
      },
    });
    expect(server.asked.map(({ tools }) => tools.map(({ name }) => name))).toEqual([
      ['first'],
      ['builtin__clock', 'second'],
      [],
    ]);
  });

  test('run on the server in the middle of a flow, and the step goes on with their results', async () => {
    await given({
      model: (request) => {
        const last = request.messages.at(-1);
        if (last?.role === 'tool') return says(`It is ${last.results[0]?.text}.`);
        return request.tools.length > 0 ? calls({ name: 'double', input: { n: 21 } }) : shouts(request);
      },
    });
    const answer = await whole({
      flow: {
        steps: [
          prompt('Double 21', { tools: { runtimeTools: [double('double')] }, outputVariable: 'sum' }),
          prompt('Say {{sum}}'),
        ],
      },
    });
    expect(answer.output).toBe('SAY IT IS 42.');
    expect(server.asked.map(read)).toEqual([
      ['user: Double 21'],
      ['user: Double 21', 'assistant: (double)', 'tool: 42'],
      ['user: Say It is 42.'],
    ]);
  });

  test('of the client pause the step, and the same flow goes on with their outputs [R2-26]', async () => {
    await given({
      model: (request) => {
        const last = request.messages.at(-1);
        return last?.role === 'tool'
          ? says(`At ${last.results[0]?.text}`)
          : calls({ name: 'get_time', id: `call_${request.messages.length}_${server.asked.length}` });
      },
    });
    const flow = {
      steps: [
        prompt('When?', { outputVariable: 'when' }),
        prompt('And now? {{when}}', { outputVariable: 'b' }),
      ],
    };
    const paused = await whole({ flow, clientTools: [CLOCK_TOOL] });
    expect(paused).toMatchObject({ status: 'awaiting', output: '', awaiting: [{ toolName: 'get_time' }] });
    const { executionId } = paused;
    const second = await eventsOf(await server.dispatch({ executionId, toolOutputs: { get_time: 'noon' } }));
    expectWellFormed(second);
    expect(types(second).filter((type) => !type.startsWith('text'))).toEqual([
      'turn_start',
      'turn_complete',
      'step_complete',
      'step_start',
      'turn_start',
      'await',
    ]);
    const done = await eventsOf(await server.dispatch({ executionId, toolOutputs: { get_time: 'one' } }));
    expect(done.at(-1)).toMatchObject({ kind: 'flow', success: true, finalOutput: 'At one' });
    expect(server.asked.map(read).at(-1)).toEqual([
      'user: And now? At noon',
      'assistant: (get_time)',
      'tool: one',
    ]);
  });

  test('are counted for each step on its own', async () => {
    await given({
      model: (request) => {
        const results = request.messages.filter(({ role }) => role === 'tool').length;
        const mayCall = request.tools.length > 0 && results < 2;
        return mayCall
          ? calls({ name: 'double', input: { n: 1 }, id: `call_${server.asked.length}` })
          : says(`${results} calls`);
      },
    });
    const tools = { runtimeTools: [double('double')], maxToolCalls: 1 };
    const flow = { steps: [prompt('a', { tools }), prompt('b', { tools })] };
    const list = await events({ flow });
    expect(only(list, 'turn_complete').map(({ stopReason }) => stopReason)).toEqual([
      undefined,
      undefined,
      'max_tool_calls',
      undefined,
      undefined,
      'max_tool_calls',
    ]);
  });

  test('call an API with what the flow, the record and the dispatch say [R2-06, R2-16, R2-19, R2-20]', async () => {
    service = await startEchoingService();
    const [surface, ...others] = CONFIG.surfaces ?? [];
    await given({
      config: {
        ...config,
        surfaces: [{ ...surface, id: 'store' }, ...others],
        egress: { internal: [service.host] },
      },
      model: (request) => {
        const last = request.messages.at(-1);
        if (last?.role === 'tool') return says('Looked.');
        return request.tools.length > 0 ? calls({ name: 'look', input: { id: 'a b' } }) : shouts(request);
      },
    });
    const look = {
      name: 'look',
      description: 'Looks something up.',
      toolType: 'external',
      parametersSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      config: {
        url: `http://${service.host}/{{_record.type}}?id={{id}}`,
        headers: {
          authorization: 'Bearer {{secrets.key}}',
          'x-flow': '{{_flow.id}}',
          'x-user': '{{_user.id}}',
        },
      },
    };
    const id = await save({
      name: 'Looks',
      steps: [prompt('First.'), prompt('Look.', { tools: { runtimeTools: [look] } })],
    });
    const answer = await whole({
      flow: { id },
      secrets: { key: 'not-for-models' },
      record: { type: 'body' },
      user: { id: 'u-7' },
    });
    expect(answer).toMatchObject({ status: 'complete', output: 'Looked.' });
    const [request = ''] = service.received;
    expect(request).toContain('id=a%20b');
    expect(request).toContain('Bearer not-for-models');
    expect(request).toContain(id);
    expect(request).toContain('u-7');
    expect(JSON.stringify(server.asked)).not.toContain('not-for-models');
  });

  test('wait for a person where the step says so, and the flow goes on with the decision', async () => {
    await given({
      model: (request) => {
        const last = request.messages.at(-1);
        if (last?.role === 'tool') return says(`It is ${last.results[0]?.text}.`);
        return request.tools.length > 0 ? calls({ name: 'double', input: { n: 21 } }) : shouts(request);
      },
    });
    const tools = { runtimeTools: [double('double')], approval: { require: ['double'] } };
    const flow = { steps: [prompt('Double', { tools, outputVariable: 'sum' }), prompt('Say {{sum}}')] };
    const list = await events({ flow });
    const [request] = only(list, 'approval_start');
    expect(list.at(-1)).toEqual(request);
    const body = {
      executionId: request?.executionId,
      approvalId: request?.approvalId,
      decision: 'approved',
      streamResponse: false,
    };
    const done = await server.post('/v1/dispatch/approve', body, { authorization: `Bearer ${API_KEY}` });
    expect(await done.json()).toMatchObject({ status: 'complete', output: 'SAY IT IS 42.' });
  });
});
