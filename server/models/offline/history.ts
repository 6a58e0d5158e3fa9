import type { ContentPart } from '../../../protocol/message.ts';
import type { ModelMessage, ModelToolResult } from '../model.ts';

/** One call that was made, with what came of it. */
export interface PastCall {
  readonly name: string;
  readonly input: unknown;
  readonly result: ModelToolResult | undefined;
}

/** What one message of the visitor led to. */
export interface VisitorTurn {
  readonly text: string;
  /** Its parts that are no text. */
  readonly attachments: readonly ContentPart[];
  readonly calls: readonly PastCall[];
  /** The last words of the assistant in it. */
  readonly reply: string;
}

/** Cuts a conversation at the visitor's messages. */
export function readTurns(messages: readonly ModelMessage[]): readonly VisitorTurn[] {
  const starts = messages.flatMap((message, index) => (message.role === 'user' ? [index] : []));
  return starts.map((start, index) => turnOf(messages.slice(start, starts[index + 1])));
}

function turnOf(messages: readonly ModelMessage[]): VisitorTurn {
  const results = new Map<string, ModelToolResult>();
  for (const message of messages) {
    if (message.role === 'tool') for (const result of message.results) results.set(result.toolCallId, result);
  }
  const [first] = messages;
  const text =
    first?.role === 'user'
      ? first.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
      : '';
  const answers = messages.flatMap((message) => (message.role === 'assistant' ? [message] : []));
  return {
    text,
    attachments: first?.role === 'user' ? first.content.filter(({ type }) => type !== 'text') : [],
    calls: answers.flatMap(({ toolCalls }) =>
      toolCalls.map(({ name, input, toolCallId }) => ({ name, input, result: results.get(toolCallId) })),
    ),
    reply: answers.filter((answer) => answer.text !== '').at(-1)?.text ?? '',
  };
}

/** The same for equal JSON, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`)
    .sort()
    .join(',')}}`;
}

/** The calls of an execution, to be taken one by one as the plan is gone through again. */
export interface Memory {
  /** The next call that was made like this, or one like it that failed: those are never repeated. */
  take(name: string, input: unknown): PastCall | undefined;
}

/** The same memory for one goal, which may look at one result for several of its things. */
export function shareWithin(memory: Memory): Memory {
  const taken = new Map<string, PastCall>();
  return {
    take(name, input) {
      const key = `${name} ${canonical(input)}`;
      const call = taken.get(key) ?? memory.take(name, input);
      if (call !== undefined) taken.set(key, call);
      return call;
    },
  };
}

export function rememberCalls(calls: readonly PastCall[]): Memory {
  const open = new Map<string, PastCall[]>();
  const failed = new Map<string, PastCall>();
  for (const call of calls) {
    const key = `${call.name} ${canonical(call.input)}`;
    open.set(key, [...(open.get(key) ?? []), call]);
    if (call.result === undefined || call.result.isError) failed.set(key, call);
  }
  return {
    take(name, input) {
      const key = `${name} ${canonical(input)}`;
      return open.get(key)?.shift() ?? failed.get(key);
    },
  };
}
