import { join } from 'node:path';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ModelMessage } from '../../server/models/model.ts';
import type {
  Append,
  Commit,
  Conversation,
  Execution,
  NewExecution,
  Session,
  Store,
  StoredFile,
} from '../../server/store/store.ts';
import { temporaryDirectory } from './temporary.ts';

/** What a text may hold that visitors, pages and models really send. */
export const HOSTILE_TEXT = `NUL \0, lone \ud800 and \udc00 surrogates, emoji 👩‍👩‍👧, \u2028 "quotes" \\ '; drop table events; --`;

/** A path for a database in a new directory of its own. Nothing is there yet. */
export function temporaryDatabase(): string {
  return join(temporaryDirectory(), 'pagehand.db');
}

export function aConversation(fields: Partial<Conversation> = {}): Conversation {
  return {
    id: 'conv_1',
    owner: { kind: 'client_token', hash: 'token-hash' },
    surfaceId: 'store',
    createdAtMs: 1_750_000_000_000,
    ...fields,
  };
}

export function aFile(fields: Partial<StoredFile> = {}): StoredFile {
  return {
    id: 'file_1',
    conversationId: 'conv_1',
    surfaceId: 'store',
    filename: 'notes.txt',
    size: 6,
    received: 0,
    mimeType: null,
    createdAtMs: 1_750_000_000_000,
    expiresAtMs: 1_750_000_100_000,
    ...fields,
  };
}

export function aSession(fields: Partial<Session> = {}): Session {
  return {
    idHash: 'session-hash',
    tokenHash: 'token-hash',
    surfaceId: 'store',
    origin: 'https://store.example.com',
    conversationId: 'conv_1',
    messageCount: 0,
    expiresAtMs: 1_750_000_000_000,
    ...fields,
  };
}

export function anExecution(fields: Partial<Execution> = {}): Execution {
  return {
    id: 'exec_1',
    version: 1,
    status: 'running',
    conversationId: 'conv_1',
    owner: { kind: 'client_token', hash: 'token-hash' },
    workspace: 'default',
    surfaceId: null,
    agent: { id: 'store', name: 'Store', model: 'offline', instructions: 'Help.' },
    maxToolCalls: 10,
    pauseLifetimeMs: 86_400_000,
    toolCallsUsed: 0,
    iteration: 1,
    seq: 0,
    tools: [],
    record: {},
    user: {},
    secretKeys: [],
    tokens: { input: 0, output: 0 },
    spawned: 0,
    approvals: [],
    approvalTimeoutMs: null,
    pauseEndsAtMs: null,
    stopReason: null,
    continues: null,
    flow: null,
    pending: [],
    started: [],
    resolved: [],
    assistantMessageId: null,
    runAfter: 0,
    turnId: null,
    takeovers: 0,
    createdAtMs: 1_750_000_000_000,
    expiresAtMs: null,
    ...fields,
  };
}

/** Text deltas at the positions `from` to `to`, both included. */
export function deltas(
  executionId: string,
  from: number,
  to: number,
  delta = 'word ',
): readonly StreamEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    type: 'text_delta' as const,
    executionId,
    seq: from + index,
    id: 'text_1',
    delta,
  }));
}

/** Events for the log of an execution that nobody has changed since it was created. */
export function anAppend(executionId: string, events: readonly StreamEvent[], version = 1): Append {
  return { executionId, version, events };
}

export function userMessage(text: string): ModelMessage {
  return { role: 'user', content: [{ type: 'text', text }] };
}

/** A commit of `execution`, whose `seq` follows the given events. While it runs, `process-1` holds it for a minute. */
export function aCommit(execution: Execution, parts: Partial<Omit<Commit, 'execution'>> = {}): Commit {
  const events = parts.events ?? [];
  return {
    events,
    messages: [],
    atMs: 1_750_000_000_000,
    lease: execution.status === 'running' ? { owner: 'process-1', forMs: 60_000 } : null,
    ...parts,
    execution: { ...execution, seq: events.at(-1)?.seq ?? execution.seq },
  };
}

/** The commit of a new execution, in a conversation that has no messages. */
export function aNewExecution(
  execution: Execution,
  parts: Partial<Omit<NewExecution, 'execution'>> = {},
): NewExecution {
  return { expectedMessages: 0, ...parts, ...aCommit(execution, parts) };
}

/** Stores a conversation (of `exec_7`: `conv_7`) and an execution in it whose log has `events` deltas. */
export async function givenExecution(
  store: Store,
  events = 0,
  fields: Partial<Execution> = {},
  parts: Partial<Omit<NewExecution, 'execution' | 'events'>> = {},
): Promise<Execution> {
  const { id = 'exec_1' } = fields;
  const execution = anExecution({ conversationId: id.replace('exec', 'conv'), ...fields });
  if ((await store.conversation(execution.conversationId)) === undefined) {
    await store.createConversation(aConversation({ id: execution.conversationId }));
  }
  const expectedMessages = (await store.messages(execution.conversationId)).length;
  const commit = aNewExecution(execution, {
    expectedMessages,
    ...parts,
    events: deltas(execution.id, 1, events),
  });
  const answer = await store.createExecution(commit);
  if (answer !== 'created') throw new Error(`The execution was not created: ${answer}`);
  return commit.execution;
}
