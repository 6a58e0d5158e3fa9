import Database from 'libsql';
import pg from 'pg';
import type { StreamEvent } from '../../protocol/event.ts';
import type { ModelMessage } from '../../server/models/model.ts';
import type { ExecutionStatus } from '../../server/store/store.ts';

/** What the database holds of one conversation, read without the server's own code. */
export interface Remains {
  readonly executions: readonly {
    readonly id: string;
    readonly status: ExecutionStatus;
    readonly events: readonly StreamEvent[];
  }[];
  readonly messages: readonly ModelMessage[];
  /** Messages that its sessions were counted for. */
  readonly counted: number;
}

type Row = Readonly<Record<string, unknown>>;

/** A connection of the harness's own. */
export interface Reader {
  query(sql: string, ...values: readonly (string | number)[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** `?` stands for a value in both engines. */
export async function openReader(databaseUrl: string): Promise<Reader> {
  if (!databaseUrl.startsWith('postgres')) {
    const database = new Database(databaseUrl);
    database.exec('pragma busy_timeout = 10000');
    return {
      query: async (sql, ...values) => {
        const statement = database.prepare(sql);
        if (statement.reader) return statement.all([...values]) as Row[];
        statement.run([...values]);
        return [];
      },
      close: async () => void database.close(),
    };
  }
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  // A restart of the database ends idle connections; the next query opens another.
  pool.on('error', () => undefined);
  return {
    query: async (sql, ...values) => {
      let index = 0;
      const numbered = sql.replace(/\?/g, () => `$${++index}`);
      const { rows } = await pool.query<Row>(numbered, [...values]);
      return rows;
    },
    close: () => pool.end(),
  };
}

export async function remainsOf(reader: Reader, conversationId: string): Promise<Remains> {
  const executions = await reader.query(
    'select id, status from executions where conversation_id = ? order by created_at_ms, id',
    conversationId,
  );
  const messages = await reader.query(
    'select message from messages where conversation_id = ? order by position',
    conversationId,
  );
  const [counted] = await reader.query(
    'select sum(message_count) as counted from sessions where conversation_id = ?',
    conversationId,
  );
  return {
    executions: await Promise.all(
      executions.map(async ({ id, status }) => ({
        id: String(id),
        status: String(status) as ExecutionStatus,
        events: await eventsOf(reader, String(id)),
      })),
    ),
    messages: messages.map(({ message }) => JSON.parse(String(message)) as ModelMessage),
    counted: Number(counted?.counted ?? 0),
  };
}

async function eventsOf(reader: Reader, executionId: string): Promise<readonly StreamEvent[]> {
  const rows = await reader.query(
    'select event from events where execution_id = ? order by seq',
    executionId,
  );
  return rows.map(({ event }) => JSON.parse(String(event)) as StreamEvent);
}

/** Everything that any table holds, as text. For the hunt for secrets. */
export async function dump(reader: Reader): Promise<string> {
  const tables = ['sessions', 'conversations', 'messages', 'executions', 'events', 'tool_sets', 'feedback'];
  const rows = await Promise.all(tables.map((table) => reader.query(`select * from ${table}`)));
  return JSON.stringify(rows);
}
