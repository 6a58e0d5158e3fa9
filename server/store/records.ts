import type { ModelMessage } from '../models/model.ts';

/** Somebody whom a browser's secret tells from others. Kept under the hash of that secret. */
export interface StoredVisitor {
  readonly id: string;
  readonly tokenHash: string;
  readonly surfaceId: string;
  /** The site's own name for them, once a proof of it was admitted. */
  readonly endUserId: string | null;
  readonly createdAtMs: number;
  /** When the secret is void. */
  readonly expiresAtMs: number;
}

/** A conversation as its visitor finds it again. */
export interface ConversationRecord {
  readonly id: string;
  readonly surfaceId: string | null;
  /** `null`: nobody has claimed it. */
  readonly visitorId: string | null;
  readonly endUserId: string | null;
  /** What the visitor called it; `null`: nothing. */
  readonly title: string | null;
  /** The beginning of their first message. */
  readonly opening: string | null;
  /** The beginning of what was said last. */
  readonly preview: string | null;
  readonly isPinned: boolean;
  /** Messages that a widget shows. */
  readonly messageCount: number;
  readonly createdAtMs: number;
  /** When its latest turn began. */
  readonly updatedAtMs: number;
  /** Another one after every change of its messages. */
  readonly revision: number;
  readonly isDeleted: boolean;
}

/** Whose records: those of one visitor's browser, or all of an end user of a surface. */
export type Whose =
  | { readonly visitorId: string }
  | { readonly surfaceId: string; readonly endUserId: string };

/** Where a list goes on: behind this record. */
export type RecordPlace = Pick<ConversationRecord, 'isPinned' | 'updatedAtMs' | 'id'>;

export interface RecordQuery {
  readonly limit: number;
  /** Default: from the first one on. */
  readonly after?: RecordPlace | undefined;
  /** All of them must stand in the title or in a message, in whatever case. Default: none. */
  readonly words?: readonly string[];
}

/** A message that still belongs to its conversation. */
export interface RecordedMessage {
  readonly position: number;
  readonly clientId: string | null;
  readonly message: ModelMessage;
  /** What the widget showed instead of the words; `null`: the words. */
  readonly display: string | null;
  /** `null` for what an earlier release stored. */
  readonly createdAtMs: number | null;
}

/** What the server remembers for visitors who come back. */
export interface RecordStore {
  createVisitor(visitor: StoredVisitor): Promise<void>;
  /** By the hash of the secret, while it is good. */
  visitor(tokenHash: string, nowMs: number): Promise<StoredVisitor | undefined>;
  prolongVisitor(visitorId: string, expiresAtMs: number): Promise<void>;
  /**
   * Makes a visitor an end user's, with all their records that are nobody's yet. `false`: they are another one's, or
   * gone.
   */
  bindVisitor(visitorId: string, endUserId: string): Promise<boolean>;
  /** Voids a secret. The visitor's records stay. */
  removeVisitor(tokenHash: string): Promise<void>;

  /** Deleted ones too, as long as their sessions may ask for them. */
  record(conversationId: string): Promise<ConversationRecord | undefined>;
  /** Gives a record that nobody has claimed to a visitor. Whether it is theirs now. */
  claimRecord(
    conversationId: string,
    owner: { readonly visitorId: string; readonly endUserId: string | null },
  ): Promise<boolean>;
  /** Those that have messages: the pinned ones first, then by their latest turn. */
  records(whose: Whose, query: RecordQuery): Promise<readonly ConversationRecord[]>;
  /** The last `limit` messages that stand before a position, in order, without those that were replaced. */
  recordedMessages(
    conversationId: string,
    before: number,
    limit: number,
  ): Promise<readonly RecordedMessage[]>;
  /** An empty title takes the name away. */
  changeRecord(
    conversationId: string,
    change: { readonly title?: string | undefined; readonly isPinned?: boolean | undefined },
  ): Promise<void>;
  /** Keeps what was shown for messages, by the ids that their client gave them; others are passed over. Resolves to the revision. */
  saveDisplays(
    conversationId: string,
    displays: readonly { readonly clientId: string; readonly display: string }[],
  ): Promise<number>;
  /**
   * Removes all that was said, attached and done, and keeps that it is gone. `open`: nothing was removed, because a
   * turn runs or waits. Durable when it resolves.
   */
  deleteRecord(conversationId: string, nowMs: number): Promise<'deleted' | 'gone' | 'open'>;
}
