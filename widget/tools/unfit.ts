import type { SnapshotRefusal } from './page-tools.ts';

/** Thrown and caught within one reading of the page's tools, to leave a tool out. The message is for its author. */
export class Unfit extends Error {
  readonly reason: SnapshotRefusal;

  constructor(reason: SnapshotRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}
