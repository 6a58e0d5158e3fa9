import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ModelError, type ModelRequest } from '../../server/models/model.ts';
import { aServer, calls, says, type TestServer } from '../support/server.ts';

const SECRET = 'canary-of-the-operator';
const exporter = new InMemorySpanExporter();

let server: TestServer;
beforeAll(() => {
  // As an operator's own SDK does at its start.
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
});
afterAll(() => trace.disable());
beforeEach(async () => {
  exporter.reset();
  server = await aServer({ model: answer, secrets: [SECRET] });
});
afterEach(() => server.close());

function answer({ messages, tools }: ModelRequest) {
  const last = messages.at(-1);
  if (last?.role === 'tool') return says('Private words at the end.');
  if (JSON.stringify(last).includes('fail')) throw new ModelError('model_rate_limited', 'Slow down.');
  if (tools.length === 0) return says('Private words.');
  return calls(
    ...tools.map(({ name }, at) => ({
      name,
      id: `call_${at}`,
      input: { note: 'private input', task: 'private task' },
    })),
  );
}

const custom = (name: string, code: string) => ({
  name,
  description: 'Does something.',
  toolType: 'custom',
  parametersSchema: { type: 'object', properties: { note: { type: 'string' }, task: { type: 'string' } } },
  config: { code },
});

test('a run, its answers and its calls are spans, one within the other', async () => {
  const { executionId } = await dispatched({
    tools: { runtimeTools: [custom('look_up', 'return "private result"')] },
  });
  const run = span('invoke_agent store');
  expect(run.attributes).toEqual({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.id': 'store',
    'gen_ai.agent.name': 'store',
    'gen_ai.conversation.id': expect.stringMatching(/^conv_/),
    'pagehand.execution.id': executionId,
    'pagehand.run.cause': 'start',
    'pagehand.run.status': 'complete',
  });
  expect(spans().map(({ name }) => name)).toEqual([
    'chat scripted',
    'execute_tool look_up',
    'chat scripted',
    'invoke_agent store',
  ]);
  expect(
    spans()
      .filter((one) => one !== run)
      .map(parentOf),
  ).toEqual([run, run, run].map(idOf));
  const [first, tool, last] = spans();
  expect(first?.kind).toBe(SpanKind.CLIENT);
  expect(last?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'scripted',
    'gen_ai.request.model': 'scripted',
    'gen_ai.response.finish_reasons': ['end_turn'],
    'gen_ai.usage.input_tokens': 3,
    'gen_ai.usage.output_tokens': 2,
    'pagehand.turn.iteration': 2,
  });
  expect(tool?.attributes).toEqual({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'look_up',
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': expect.any(String),
    'pagehand.tool.type': 'custom',
  });
});

test('nothing that was said, given or found stands in a span', async () => {
  await dispatched({
    messages: [{ role: 'user', content: 'private question' }],
    tools: {
      runtimeTools: [
        custom('look_up', 'return "private result"'),
        custom('break', 'throw new Error("private error")'),
      ],
    },
  });
  const all = spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
  expect(JSON.stringify(all)).not.toMatch(/private/i);
});

test('what fails says with which code', async () => {
  await dispatched({ tools: { runtimeTools: [custom('break', 'return one.two')] } });
  expect(failure('execute_tool break')).toEqual(['code_failed', SpanStatusCode.ERROR]);
  exporter.reset();
  await dispatched({ messages: [{ role: 'user', content: 'fail' }] });
  expect(failure('chat scripted')).toEqual(['model_rate_limited', SpanStatusCode.ERROR]);
  expect(failure('invoke_agent store')).toEqual(['model_rate_limited', SpanStatusCode.ERROR]);
});

test('a subagent is a run within the call that delegates to it', async () => {
  const subagent = {
    name: 'research',
    description: 'Looks into something.',
    toolType: 'subagent',
    parametersSchema: { type: 'object', properties: { task: { type: 'string' } } },
    config: { agent: { instructions: 'Be thorough.' }, allowedTools: ['look_up'] },
  };
  await dispatched({ tools: { runtimeTools: [subagent, custom('look_up', 'return 1')] } });
  const path = (one: ReadableSpan | undefined): string[] =>
    one === undefined ? [] : [...path(spans().find((other) => idOf(other) === parentOf(one))), one.name];
  expect(spans().map((one) => path(one).join(' > '))).toContain(
    'invoke_agent store > execute_tool research > invoke_agent subagent > execute_tool look_up',
  );
  expect(span('invoke_agent subagent').attributes).toMatchObject({ 'pagehand.run.cause': 'child' });
});

test('secrets are taken out of what callers name', async () => {
  await dispatched({ tools: { runtimeTools: [custom(`tool ${SECRET}`, 'return 1')] } });
  const all = JSON.stringify(spans().map(({ name, attributes }) => [name, attributes]));
  expect(all).not.toContain(SECRET);
  expect(all).toContain('execute_tool tool [redacted]');
});

async function dispatched(body: Record<string, unknown>): Promise<{ readonly executionId: string }> {
  const response = await server.dispatch({ ...body, streamResponse: false });
  return (await response.json()) as { executionId: string };
}

function spans(): readonly ReadableSpan[] {
  return exporter.getFinishedSpans();
}

function span(name: string): ReadableSpan {
  const found = spans().find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no span ${name}.`);
  return found;
}

function failure(name: string): readonly unknown[] {
  const { attributes, status } = span(name);
  return [attributes['error.type'], status.code];
}

function idOf(one: ReadableSpan): string {
  return one.spanContext().spanId;
}

function parentOf(one: ReadableSpan): string | undefined {
  return one.parentSpanId;
}
