import type { AssistantEntry, AssistantPart, Conversation, Entry, ToolCallPart } from '../chat/state.ts';
import type { HostMessage, HostToolCall } from './host-chat-api.ts';

/** Makes plain copies of the thread. What did not change stays the same object. */
export function createSnapshots(): (conversation: Conversation) => readonly HostMessage[] {
  const known = new WeakMap<Entry, HostMessage>();
  let last: readonly HostMessage[] = Object.freeze([]);

  function messageOf(entry: Entry, isComplete: boolean): HostMessage {
    const before = known.get(entry);
    if (before?.isComplete === isComplete) return before;
    const message = plainMessage(entry, isComplete);
    known.set(entry, message);
    return message;
  }

  return ({ entries, phase }) => {
    const isBusy = phase !== 'idle' && phase !== 'failed';
    const messages = entries.map((entry, index) =>
      messageOf(entry, entry.role === 'user' || !isBusy || index < entries.length - 1),
    );
    const isSame =
      messages.length === last.length && messages.every((message, index) => message === last[index]);
    if (!isSame) last = Object.freeze(messages);
    return last;
  };
}

function plainMessage(entry: Entry, isComplete: boolean): HostMessage {
  const { id, role } = entry;
  if (role === 'user') return Object.freeze({ id, role, text: entry.text, isComplete, tools: [] });
  return Object.freeze({
    id,
    role,
    text: textOf(entry),
    isComplete,
    ...(entry.vote !== undefined && { vote: entry.vote }),
    tools: Object.freeze(entry.parts.filter(isTool).map(plainCall)),
  });
}

export function textOf({ parts }: AssistantEntry): string {
  return parts
    .flatMap((part) => (part.kind === 'text' && part.role === undefined ? [part.text] : []))
    .join('\n\n');
}

export function isTool(part: AssistantPart): part is ToolCallPart {
  return part.kind === 'tool';
}

export function plainCall({ id, name, title, input, state }: ToolCallPart): HostToolCall {
  return Object.freeze({
    id,
    name,
    title,
    status: state.status,
    input: copyOf(input),
    ...('result' in state && { result: state.result }),
  });
}

/** What a page changes in its copy changes nothing here. */
function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return undefined;
  }
}
