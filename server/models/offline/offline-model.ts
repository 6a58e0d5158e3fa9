import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Model, ModelEvent, ModelMessage, ModelRequest } from '../model.ts';
import { decide } from './decide.ts';

/** Of one text, what tells its conversation from others. Messages are shorter. */
const MAX_CHARS_HASHED = 64_000;

export interface OfflineModelOptions {
  /** What "tomorrow" counts from. */
  readonly clock: () => Date;
  /** Milliseconds between two words, so that an answer can be read, and stopped, as it comes. */
  readonly wordMs: number;
}

/**
 * A model without a network, a key or a language model: it matches words to tools by rules. The same request gives
 * the same events. What tools and pages say is data to it; only the visitor's words lead to calls.
 */
export function createOfflineModel({ clock, wordMs }: OfflineModelOptions): Model {
  return {
    id: 'offline',
    async *stream({ messages, tools, signal }: ModelRequest): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      const decision = decide(messages, tools, clock());
      if (decision.kind === 'call') {
        const prefix = callPrefix(messages);
        for (const [index, { name, input }] of decision.calls.entries()) {
          await pause(0, signal);
          yield { type: 'tool_call', call: { toolCallId: `${prefix}_${index + 1}`, name, input } };
        }
        yield { type: 'finish', reason: 'tool_calls' };
        return;
      }
      for (const delta of decision.text.match(/\s*\S+/g) ?? []) {
        await pause(wordMs, signal);
        yield { type: 'text', delta };
      }
      yield { type: 'finish', reason: 'end_turn' };
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await (ms === 0 ? nextTurn(undefined, { signal }) : sleep(ms, undefined, { signal }));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Of an attachment its beginning will do. */
function withoutData(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, MAX_CHARS_HASHED) : value;
}

/** Unlike the ids before it in the conversation, and the same for the same conversation. */
function callPrefix(messages: readonly ModelMessage[]): string {
  let hash = 0x811c9dc5;
  for (const message of messages) {
    for (const character of JSON.stringify(message, withoutData)) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    }
  }
  return `call_${messages.length}_${hash.toString(36)}`;
}
