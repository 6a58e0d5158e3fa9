import type { ContentPart } from '../../protocol/message.ts';
import type {
  Model,
  ModelEvent,
  ModelMessage,
  ModelTool,
  ModelToolCall,
  ModelToolResult,
} from '../../server/models/model.ts';

/** Answers one call, as a page would: a value, or an `Error` for an error result. */
export type Answering = (name: string, input: Record<string, unknown>) => unknown;

export interface Talk {
  /** Sends a message, runs every call that comes, and gives the calls of each step and the final words. */
  say(text: string): Promise<Answered>;
  readonly messages: ModelMessage[];
}

interface Answered {
  /** `name(json)` of each call, one array a step. */
  readonly steps: readonly (readonly string[])[];
  readonly text: string;
}

export function aTool(
  bareName: string,
  description: string,
  properties: Record<string, unknown> = {},
  required: string[] = [],
): ModelTool {
  const name = `webmcp__${bareName.replace(/[^A-Za-z0-9_-]/g, '_')}`;
  return { name, bareName, description, parametersSchema: { type: 'object', properties, required } };
}

export async function collect(
  model: Model,
  messages: readonly ModelMessage[],
  tools: readonly ModelTool[],
  signal = new AbortController().signal,
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream({ instructions: 'Help.', messages, tools, signal }))
    events.push(event);
  return events;
}

/** A conversation with a model on a page, turn by turn, as the dispatch loop would run it. */
export function talkWith(model: Model, tools: readonly ModelTool[], answer: Answering): Talk {
  const messages: ModelMessage[] = [];
  return {
    messages,
    async say(text) {
      messages.push({ role: 'user', content: [{ type: 'text', text }] satisfies ContentPart[] });
      const steps: string[][] = [];
      for (let step = 0; step < 40; step += 1) {
        const events = await collect(model, messages, tools);
        const words = events.map((event) => (event.type === 'text' ? event.delta : '')).join('');
        const calls = events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));
        messages.push({ role: 'assistant', text: words, toolCalls: calls });
        if (calls.length === 0) return { steps, text: words };
        steps.push(calls.map((call) => `${bareName(tools, call)}(${JSON.stringify(call.input)})`));
        messages.push({
          role: 'tool',
          results: await Promise.all(calls.map((call) => run(tools, call, answer))),
        });
      }
      throw new Error('The model does not come to an end.');
    },
  };
}

function bareName(tools: readonly ModelTool[], call: ModelToolCall): string {
  return tools.find(({ name }) => name === call.name)?.bareName ?? call.name;
}

async function run(
  tools: readonly ModelTool[],
  call: ModelToolCall,
  answer: Answering,
): Promise<ModelToolResult> {
  const value = await answer(bareName(tools, call), call.input as Record<string, unknown>);
  const isError = value instanceof Error;
  const text = isError ? value.message : typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return { toolCallId: call.toolCallId, name: call.name, text, isError, untrusted: true };
}
