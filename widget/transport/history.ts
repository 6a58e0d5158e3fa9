import type { ConversationResponse, ConversationsResponse } from '../../protocol/history.ts';
import { fieldsOf, unintelligible } from './failure.ts';
import type { HistoryTransport } from './transport.ts';
import type { Outgoing, Wire } from './wire.ts';

/** The requests about a visitor's earlier conversations. */
export function createHistoryTransport(
  wire: Wire,
  /** What proves who asks; read anew for each request. */
  visitorHeaders: () => Promise<Readonly<Record<string, string>>>,
): HistoryTransport {
  async function ask<T>(
    path: string,
    method: NonNullable<Outgoing['method']>,
    { query = {}, body }: { readonly query?: Record<string, string | undefined>; readonly body?: object },
    signal: AbortSignal,
    read: (fields: Readonly<Record<string, unknown>>) => T | undefined,
  ): Promise<T> {
    const headers = await visitorHeaders();
    return wire.withinSession(signal, async (sessionId) => {
      const search = new URLSearchParams({ sessionId });
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
      const answer = await wire.fetchWhole(
        { path: `${path}?${search}`, method, headers, ...(body && { body }) },
        signal,
        (response) => response.text(),
      );
      if (!('value' in answer)) return answer;
      const value = read(fieldsOf(answer.value));
      if (value === undefined) throw unintelligible(wire.base);
      return { value };
    });
  }

  const at = (id: string) => `conversations/${encodeURIComponent(id)}`;
  const done = () => true;
  const pageIn = (fields: Readonly<Record<string, unknown>>) =>
    Array.isArray(fields.data) ? (fields as unknown as ConversationsResponse) : undefined;
  return {
    list: ({ cursor, query }, signal) =>
      query === undefined
        ? ask('conversations', 'GET', { query: { limit: '25', cursor } }, signal, pageIn)
        : ask('conversations/search', 'POST', { body: { q: query, cursor } }, signal, pageIn),
    conversation: (id, cursor, signal) =>
      ask(at(id), 'GET', { query: { messageCursor: cursor } }, signal, (fields) =>
        Array.isArray(fields.messages) ? (fields as unknown as ConversationResponse) : undefined,
      ),
    async change(id, changes, signal) {
      await ask(at(id), 'PATCH', { body: changes }, signal, done);
    },
    async remove(id, signal) {
      await ask(id === undefined ? 'conversations' : at(id), 'DELETE', {}, signal, done);
    },
  };
}
