/** One process that writes to a store as a server does, and nothing else: words, boundaries, whole turns, removal. */
import type { StreamEvent } from '../../protocol/event.ts';
import { openStore } from '../../server/store/open-store.ts';
import type { Store } from '../../server/store/store.ts';
import {
  aCommit,
  anExecution,
  aSession,
  deltas,
  givenExecution,
  userMessage,
} from '../../test/support/store.ts';
import { cpu, now } from './contender.ts';
import { serve } from './worker.ts';

export interface Written {
  readonly count: number;
  readonly ms: number;
  /** Processor time of this process. */
  readonly cpuUs: number;
}

/** What a conversation of the bench consists of. */
interface ConversationSize {
  readonly turns: number;
  readonly deltas: number;
}

export type StoreWriter = {
  open(database: string): Promise<void>;
  /** Adds one delta to the logs of so many executions, again and again. Counts events. */
  append(streams: number, forMs: number): Promise<Written>;
  /** Moves so many executions on at once, each again as soon as it is stored. Counts commits. */
  commit(executions: number, forMs: number): Promise<Written>;
  /** Takes tokens out of one bucket, so many at once. Counts them. */
  take(atOnce: number, forMs: number): Promise<Written>;
  /** Writes whole conversations. Counts them. */
  converse(conversations: number, size: ConversationSize): Promise<Written>;
  /** Removes everything in batches of so many rows. Counts batches. */
  remove(batch: number): Promise<Written>;
  close(): Promise<void>;
};

/** As long as the ids that the server gives: they are most of what an event weighs. */
const ID = `${process.pid}_`.padEnd(20, 'x');
const WORDS = ' words of an answer, enough';

let store: Store;
let lastId = 0;

serve({
  async open(database) {
    store = await openStore(database);
  },
  append,
  commit,
  take,
  converse,
  remove,
  close: () => store.close(),
} satisfies StoreWriter);

function append(streams: number, forMs: number): Promise<Written> {
  return measured(async () => {
    const ids = await newExecutions(streams);
    return async (end) => {
      let seq = 0;
      while (now() < end) {
        seq += 1;
        await store.appendEvents(
          ids.map((id) => ({ executionId: id, version: 1, events: [delta(id, seq)] })),
        );
      }
      return seq * streams;
    };
  }, forMs);
}

function commit(executions: number, forMs: number): Promise<Written> {
  return measured(async () => {
    const ids = await newExecutions(executions);
    return async (end) => {
      const counts = ids.map(async (id) => {
        let version = 1;
        while (now() < end) {
          version += 1;
          const events = [delta(id, version - 1)];
          await store.commit(
            aCommit(anExecution({ id, conversationId: conversationOf(id), version }), { events }),
          );
        }
        return version - 1;
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
  }, forMs);
}

function take(atOnce: number, forMs: number): Promise<Written> {
  return measured(
    async () => async (end) => {
      let count = 0;
      const takeOnAndOn = async () => {
        for (; now() < end; count += 1) await store.takeToken('token', 1_000_000_000, Date.now());
      };
      await Promise.all(Array.from({ length: atOnce }, takeOnAndOn));
      return count;
    },
    forMs,
  );
}

function converse(conversations: number, size: ConversationSize): Promise<Written> {
  return measured(
    async () => async () => {
      for (let done = 0; done < conversations; done += 10) {
        await Promise.all(
          Array.from({ length: Math.min(10, conversations - done) }, () => aWholeConversation(size)),
        );
      }
      return conversations;
    },
    0,
  );
}

function remove(batch: number): Promise<Written> {
  return measured(
    async () => async () => {
      const ever = Number.MAX_SAFE_INTEGER;
      const retention = { surfaceId: 'store', conversationsBeforeMs: ever, executionsBeforeMs: ever };
      let batches = 1;
      while (await store.removeOld([retention], 0, batch)) batches += 1;
      return batches;
    },
    0,
  );
}

/** What one visitor leaves behind: a session, and turns of a question and an answer. */
async function aWholeConversation({ turns, deltas: words }: ConversationSize): Promise<void> {
  const first = newId();
  const conversationId = conversationOf(first);
  await store.createConversation({
    id: conversationId,
    owner: { kind: 'client_token', hash: 'h'.repeat(64) },
    surfaceId: 'store',
    createdAtMs: 1,
  });
  await store.saveSession(
    aSession({ idHash: first.padEnd(64, 'h'), tokenHash: 'h'.repeat(64), conversationId }),
  );
  for (let turn = 0; turn < turns; turn += 1) {
    const id = newId();
    const messages = [
      { clientId: null, message: userMessage('Where is my order, and can I still change it?') },
    ];
    await givenExecution(store, 2, { id, conversationId }, { messages, expectedMessages: turn * 2 });
    for (let seq = 3; seq < 3 + words; seq += 1) {
      await store.appendEvents([{ executionId: id, version: 1, events: [delta(id, seq)] }]);
    }
    const text = WORDS.repeat(words);
    await store.commit(
      aCommit(anExecution({ id, conversationId, version: 2, status: 'complete' }), {
        events: deltas(id, 3 + words, 5 + words),
        messages: [{ clientId: null, message: { role: 'assistant', text, toolCalls: [] } }],
      }),
    );
  }
}

async function newExecutions(count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, newId);
  for (const id of ids) await givenExecution(store, 0, { id, conversationId: conversationOf(id) });
  return ids;
}

function newId(): string {
  lastId += 1;
  return `exec_${ID}${String(lastId).padStart(6, '0')}`;
}

function conversationOf(id: string): string {
  return id.replace('exec_', 'conv_');
}

function delta(executionId: string, seq: number): StreamEvent {
  return { type: 'text_delta', executionId, seq, id: `text_${ID}123456`, delta: WORDS };
}

/** The preparation is not measured. */
async function measured(
  prepare: () => Promise<(endUs: number) => Promise<number>>,
  forMs: number,
): Promise<Written> {
  const work = await prepare();
  const [startUs, startCpu] = [now(), cpu()];
  const count = await work(startUs + forMs * 1000);
  return { count, ms: (now() - startUs) / 1000, cpuUs: cpu() - startCpu };
}
