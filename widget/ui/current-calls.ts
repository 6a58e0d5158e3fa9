import type { Conversation, ToolCallPart } from '../chat/state.ts';

/** The tool calls since the visitor's last message: only those can still change. */
export function currentCalls({ entries }: Conversation): ToolCallPart[] {
  const calls: ToolCallPart[] = [];
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i];
    if (entry === undefined || entry.role === 'user') break;
    calls.unshift(...entry.parts.filter((part) => part.kind === 'tool'));
  }
  return calls;
}
