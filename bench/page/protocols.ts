/** How an answer is put on the wire for each chat: the head of the answer, one token, the end. */
export interface Protocol {
  readonly contentType: string;
  begin(): string;
  token(text: string): string;
  end(whole: string): string;
}

export type ProtocolName = 'wire' | 'text' | 'deep-chat' | 'n8n' | 'ag-ui';

export function openProtocol(name: ProtocolName): Protocol {
  return protocols[name]();
}

const SSE = 'text/event-stream';

const protocols: Record<ProtocolName, () => Protocol> = {
  /** The wire of `protocol/`, as the server sends it. */
  wire() {
    let seq = 0;
    const executionId = `exec_${Date.now().toString(36)}`;
    const event = (type: string, fields: object = {}) => {
      seq += 1;
      return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ type, executionId, seq, ...fields })}\n\n`;
    };
    return {
      contentType: SSE,
      begin: () =>
        event('execution_start', { kind: 'agent', maxTurns: 10, startedAt: new Date().toISOString() }) +
        event('turn_start', { id: 'turn_1', iteration: 1 }) +
        event('text_start', { id: 'text_1' }),
      token: (delta) => event('text_delta', { id: 'text_1', delta, iteration: 1 }),
      end: (text) =>
        event('text_complete', { id: 'text_1', text }) +
        event('turn_complete', { id: 'turn_1', iteration: 1, stopReason: 'end_turn' }) +
        event('execution_complete', { kind: 'agent', success: true, stopReason: 'end_turn', iterations: 1 }),
    };
  },
  /** Bytes and nothing else, for chats whose adapter is a function of the host. */
  text: () => ({
    contentType: 'text/plain; charset=utf-8',
    begin: () => '',
    token: (text) => text,
    end: () => '',
  }),
  'deep-chat': () => ({
    contentType: SSE,
    begin: () => '',
    token: (text) => `data: ${JSON.stringify({ text })}\n\n`,
    end: () => '',
  }),
  n8n() {
    const line = (type: string, content?: string) =>
      `${JSON.stringify({ type, content, metadata: { nodeId: 'agent', nodeName: 'Agent', itemIndex: 0, runIndex: 0, timestamp: Date.now() } })}\n`;
    return {
      contentType: 'application/json',
      begin: () => line('begin'),
      token: (text) => line('item', text),
      end: () => line('end'),
    };
  },
  'ag-ui'() {
    const id = Date.now().toString(36);
    const run = { threadId: 'bench', runId: `run_${id}` };
    const event = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
    return {
      contentType: SSE,
      begin: () =>
        event({ type: 'RUN_STARTED', ...run }) +
        event({ type: 'TEXT_MESSAGE_START', messageId: id, role: 'assistant' }),
      token: (delta) => event({ type: 'TEXT_MESSAGE_CONTENT', messageId: id, delta }),
      end: () => event({ type: 'TEXT_MESSAGE_END', messageId: id }) + event({ type: 'RUN_FINISHED', ...run }),
    };
  },
};
