import type * as z from 'zod/mini';
import { type Receipt, ReceiptsRequest, ReceiptsResponse } from '../../protocol/receipt.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ReceiptQuery, ReceiptStore, Receipt as StoredReceipt } from '../store/receipt-store.ts';
import { type PageSizes, pageSize } from './page-size.ts';
import { jsonAnswer, type KeyRoute, keyRoute } from './route.ts';

const NDJSON = 'application/x-ndjson';
const SIZES: PageSizes = { usual: 100, most: 500 };

export interface ReceiptRouteParts {
  readonly receipts: ReceiptStore;
  readonly log: Log;
}

/** What the workspace's tools did, for whoever has to show it. */
export function receiptRoutes({ receipts, log }: ReceiptRouteParts): KeyRoute[] {
  return [
    keyRoute({
      method: 'GET',
      path: '/v1/receipts',
      scope: 'RECEIPTS',
      operation: 'listReceipts',
      summary:
        'The records of tool calls, a page at a time; as `application/x-ndjson` all of them, one a line.',
      request: ReceiptsRequest,
      answer: { description: 'One page, or all lines.', json: ReceiptsResponse, lines: true },
      errors: ['invalid_cursor'],
      async handle(call, input, { workspace }) {
        const query = queryOf(input, workspace);
        const asksForLines = call.header('accept')?.includes(NDJSON) === true;
        if (input.format === 'ndjson' || (input.format === undefined && asksForLines)) {
          const body = linesOf({ ...query, limit: SIZES.most }, receipts, log);
          return new Response(body, { headers: { 'Content-Type': NDJSON, 'Cache-Control': 'no-store' } });
        }
        const limit = pageSize(input.limit, SIZES);
        const found = await receipts.receipts({ ...query, limit: limit + 1 });
        const data = found.slice(0, limit);
        const last = data.at(-1);
        const nextCursor = found.length > limit && last !== undefined ? cursorAt(last) : null;
        return jsonAnswer({ data: data.map(told), nextCursor } satisfies ReceiptsResponse);
      },
    }),
  ];
}

/** Page by page, as fast as they are taken. One that cannot be read breaks the answer off, so that nobody takes it for all. */
function linesOf(query: ReceiptQuery, receipts: ReceiptStore, log: Log): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after = query.after;
  return new ReadableStream({
    async pull(controller) {
      try {
        const page = await receipts.receipts({ ...query, after });
        after = page.at(-1) ?? after;
        const text = page.map((receipt) => `${JSON.stringify(told(receipt))}\n`).join('');
        if (text !== '') controller.enqueue(encoder.encode(text));
        if (page.length < query.limit) controller.close();
      } catch (error) {
        log.error({ err: error }, 'Receipts could not be read to their end');
        controller.error(error);
      }
    },
  });
}

function queryOf(input: z.infer<typeof ReceiptsRequest>, workspace: string): Omit<ReceiptQuery, 'limit'> {
  const { executionId, tool, from, until, cursor } = input;
  return {
    workspace,
    executionId,
    tool,
    fromMs: timeOf('from', from),
    untilMs: timeOf('until', until),
    after: cursor === undefined ? undefined : placeAt(cursor),
  };
}

function told({ workspace: _, startedAtMs, ...receipt }: StoredReceipt): Receipt {
  return { ...receipt, startedAt: new Date(startedAtMs).toISOString() };
}

function timeOf(field: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw misfit(field, 'is a time as ISO 8601, for example 2026-03-01T00:00:00Z');
}

function misfit(field: string, problem: string): RequestError {
  return new RequestError('invalid_request', `The request does not fit this route: ${field} ${problem}.`, {
    details: [`${field}: ${problem}`],
  });
}

function cursorAt({ startedAtMs, id }: Pick<StoredReceipt, 'startedAtMs' | 'id'>): string {
  return Buffer.from(`${startedAtMs} ${id}`).toString('base64url');
}

function placeAt(cursor: string): { readonly startedAtMs: number; readonly id: string } {
  const [, ms, id] = /^(\d{1,16}) (\S{1,200})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  const place = { startedAtMs: Number(ms), id: id ?? '' };
  if (cursorAt(place) === cursor) return place;
  throw new RequestError('invalid_cursor', 'The cursor to go on from is none of this server.', {
    hint: 'Send the `nextCursor` of the page before, or none for the first page.',
  });
}
