import { afterEach, describe, expect, test } from 'vitest';
import { createCustomTool, FlowBuilder } from '../../server/sdk/index.ts';
import { aServer, says, type TestServer } from '../support/server.ts';
import { aClient, all, WHOLE_CONFIG } from './a-client.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

const tax = createCustomTool({ name: 'tax', code: 'return 1;' });

describe('a flow', () => {
  test('is written step by step, and a beginning can be shared', () => {
    const begun = new FlowBuilder()
      .createFlow({ name: 'Weather' })
      .prompt({ name: 'ask', userPrompt: 'Where?' });
    const flow = begun
      .prompt({ model: 'offline', userPrompt: 'And {{ask}}?', tools: { runtimeTools: [tax] } })
      .build();
    expect(flow).toEqual({
      name: 'Weather',
      steps: [
        { type: 'prompt', name: 'ask', config: { userPrompt: 'Where?' } },
        {
          type: 'prompt',
          config: { model: 'offline', userPrompt: 'And {{ask}}?', tools: { runtimeTools: [tax] } },
        },
      ],
    });
    expect(begun.build().steps).toHaveLength(1);
  });

  test('without a step is none', () => {
    expect(() => new FlowBuilder().createFlow({ name: 'Empty' }).build()).toThrow('The flow has no step.');
  });

  test('runs as a stream or as one answer, with inputs [R2-03]', async () => {
    server = await aServer({
      config: WHOLE_CONFIG,
      model: ({ messages }) => says(`Heard: ${JSON.stringify(messages.at(-1))}`),
    });
    const client = aClient(server);
    const flow = new FlowBuilder()
      .createFlow({ name: 'Weather' })
      .prompt({ name: 'first', userPrompt: 'What is the weather in {{city}}?' });
    const events = await all(flow.run(client, { streamResponse: true, inputs: { city: 'Tokyo' } }));
    expect(events[0]).toMatchObject({ type: 'execution_start', kind: 'flow' });
    expect(events.at(-1)).toMatchObject({ type: 'execution_complete', success: true });
    const whole = await flow.run(client, { streamResponse: false, inputs: { city: 'Tokyo' } });
    expect(whole).toMatchObject({ status: 'complete', output: expect.stringContaining('weather in Tokyo?') });
  });
});

test('agents and flows are saved, listed, changed and deleted', async () => {
  server = await aServer({ config: WHOLE_CONFIG });
  const client = aClient(server);
  const agent = await client.agents.create({ name: 'Helper', instructions: 'Help.' });
  expect(agent.id).toMatch(/^agent_/);
  expect(await client.agents.update(agent.id, { instructions: null })).not.toHaveProperty('instructions');
  expect(await client.agents.get(agent.id)).toMatchObject({ name: 'Helper' });
  expect((await client.agents.list({ limit: 5 })).data.map(({ id }) => id)).toEqual([agent.id]);
  const said = await client
    .dispatch({ agent: { id: agent.id }, messages: [{ role: 'user', content: 'Hello' }] })
    .result();
  expect(said.output).toBe('Hello.');
  await client.agents.delete(agent.id);
  await expect(client.agents.get(agent.id)).rejects.toMatchObject({ code: 'agent_not_found' });
  const steps = new FlowBuilder().prompt({ userPrompt: 'Hello' }).build().steps;
  const flow = await client.flows.create({ name: 'Greeting', steps });
  expect((await client.dispatch({ flow: { id: flow.id } }).result()).output).toBe('Hello.');
});
