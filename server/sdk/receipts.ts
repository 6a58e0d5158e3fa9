import type { Receipt, ReceiptsResponse } from '../../protocol/receipt.ts';
import type { Connection } from './connection.ts';
import type { CallOptions } from './limits.ts';

/** Which records of tool calls. Default: all of the API key's workspace. */
export interface ReceiptFilter {
  readonly executionId?: string | undefined;
  /** Its canonical name, as in a receipt. */
  readonly tool?: string | undefined;
  /** Calls that began then or later. ISO 8601. */
  readonly from?: string | undefined;
  /** Calls that began before. ISO 8601. */
  readonly until?: string | undefined;
}

/** The largest page that a server gives. */
const PAGE = 500;

/** The records of tool calls in the workspace of the API key. */
export class ReceiptsApi {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** One page, in the order of time. `limit`: 1 to 500, default 100. */
  async list({
    signal,
    timeoutMs,
    ...query
  }: ReceiptFilter &
    CallOptions & {
      /** `nextCursor` of the page before. */
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    } = {}): Promise<ReceiptsResponse> {
    const call = { method: 'GET', path: '/v1/receipts', query } as const;
    return (await this.#connection.json(call, { signal, timeoutMs })) as ReceiptsResponse;
  }

  /** All of them, fetched page by page as they are taken. `timeoutMs` is of each page. */
  async *all(filter: ReceiptFilter & CallOptions = {}): AsyncGenerator<Receipt, void, undefined> {
    let cursor: string | undefined;
    do {
      const { data, nextCursor } = await this.list({ ...filter, cursor, limit: PAGE });
      yield* data;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
