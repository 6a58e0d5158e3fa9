/** The record of one tool call: what an operator shows when asked who did what. Without secrets, by value. */
export interface Receipt {
  readonly id: string;
  readonly workspace: string;
  readonly surfaceId: string | null;
  readonly executionId: string;
  /** `null`: the call was made by itself, by `/v1/tools/{id}/execute` or `/test`. */
  readonly conversationId: string | null;
  readonly toolCallId: string;
  /** Of the call whose child made this one; `null` for calls of the execution itself. */
  readonly parentToolCallId: string | null;
  /** Canonical. */
  readonly tool: string;
  /** A tool type, `builtin`, `configured`, or the origin of a client tool. */
  readonly toolType: string;
  readonly pageOrigin: string | null;
  readonly parameters: unknown;
  readonly outcome: 'success' | 'error' | 'refused' | 'denied' | 'unknown';
  /** First characters of what the model read. */
  readonly result: string;
  /** Who let it run: `policy`, `visitor` (in the page), or the label of the API key that approved. */
  readonly approvedBy: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
}

export interface ReceiptQuery {
  readonly workspace: string;
  readonly executionId?: string | undefined;
  readonly tool?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Behind this one, in the order of time. */
  readonly after?: { readonly startedAtMs: number; readonly id: string } | undefined;
  readonly limit: number;
}

export interface ReceiptStore {
  receipts(query: ReceiptQuery): Promise<readonly Receipt[]>;
  /** For calls outside of an execution; those within go with the boundary that ends them. */
  addReceipts(receipts: readonly Receipt[]): Promise<void>;
  /** Removes at most `limit` of each workspace that began before. Resolves to whether there may be more. */
  removeReceipts(beforeMs: number, limit: number): Promise<boolean>;
}
