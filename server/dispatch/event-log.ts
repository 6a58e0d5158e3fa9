import type { EventBody, StreamEvent } from '../../protocol/event.ts';
import { RequestError } from '../errors.ts';
import type { Commit, Execution, Store } from '../store/store.ts';

/** How long text deltas may gather before they are written and sent, in milliseconds. Below what a reader notices. */
const GROUP_MS = 50;

/** Persisted events kept at hand for readers that keep up, so that they do not ask the store for each group. */
const TAIL_EVENTS = 64;

/** Longest delta that grouping makes, in characters. */
const MAX_GROUPED_CHARS = 16_000;

/** Somebody else moved the execution on: what this run still wanted to write is void. */
export class Superseded extends Error {}

/** A part of a log that somebody can read: how far it is written, and whether more will come. */
export interface Segment {
  readonly executionId: string;
  /** Highest `seq` that the store has. */
  readonly persistedSeq: number;
  /** No event will follow `persistedSeq` in this segment. */
  readonly ended: boolean;
  /** Why the log could not be written on. Readers that have read all end with it. */
  readonly failure: unknown;
  /** Events that the store has, from `after` on; `undefined` where only the store can tell. */
  recent(after: number): readonly StreamEvent[] | undefined;
  /** Calls back once, soon after anything above has changed. Returns how to withdraw. */
  onChange(callback: () => void): () => void;
}

/** What a commit is to bring about; the log adds positions and version. */
export interface Boundary {
  readonly execution: Execution;
  readonly events: readonly EventBody[];
  readonly messages: Commit['messages'];
}

/**
 * The log of one execution while it runs here: gives each event its `seq`, writes it, and only then shows it.
 * Written by one run at a time.
 */
export class EventLog implements Segment {
  readonly executionId: string;
  /** As stored last. */
  execution: Execution;
  persistedSeq: number;
  ended = false;
  failure: unknown;
  private readonly store: Store;
  private lastSeq: number;
  private waiting: StreamEvent[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private tail: StreamEvent[] = [];
  private readonly callbacks = new Set<() => void>();

  constructor(store: Store, execution: Execution) {
    this.store = store;
    this.executionId = execution.id;
    this.execution = execution;
    this.persistedSeq = execution.seq;
    this.lastSeq = execution.seq;
  }

  /** Adds an event. Deltas of one block that wait together are joined. Throws what an earlier write failed with. */
  push(body: EventBody): void {
    if (this.failure !== undefined) throw this.failure;
    const last = this.waiting.at(-1);
    const joined = last === undefined ? undefined : join(last, body);
    if (joined === undefined) this.waiting.push(this.number(body));
    else this.waiting[this.waiting.length - 1] = joined;
    this.timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  /** Stores a new execution with its first events and messages. */
  async create(boundary: Boundary): Promise<void> {
    await this.write(boundary, async (commit) => {
      await this.store.createExecution(commit);
      return true;
    });
  }

  /**
   * Writes the next state together with everything that still waits and the boundary's own events, all or nothing.
   * Gives the state its version and `seq`. Throws `Superseded` when the stored execution has moved on.
   */
  async commit(boundary: Boundary): Promise<void> {
    this.cancelTimer();
    await this.writing;
    await this.write(boundary, (commit) => this.store.commit(commit));
  }

  /** Says that this run writes no more. Readers end when they have read all. */
  end(): void {
    this.cancelTimer();
    this.ended = true;
    this.changed();
  }

  recent(after: number): readonly StreamEvent[] | undefined {
    const first = this.tail[0];
    if (first === undefined || after + 1 < first.seq) return undefined;
    return this.tail.slice(after + 1 - first.seq);
  }

  onChange(callback: () => void): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  private number(body: EventBody): StreamEvent {
    this.lastSeq += 1;
    return { ...body, executionId: this.executionId, seq: this.lastSeq };
  }

  private async write(boundary: Boundary, store: (commit: Commit) => Promise<boolean>): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const events = [...this.waiting, ...boundary.events.map((body) => this.number(body))];
    this.waiting = [];
    const execution = { ...boundary.execution, version: this.execution.version + 1, seq: this.lastSeq };
    try {
      const isStored = await store({ execution, events, messages: boundary.messages });
      if (!isStored) throw new Superseded('The stored execution has moved on.');
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.execution = execution;
    this.show(events);
  }

  private flush(): void {
    this.timer = undefined;
    this.writing = this.writing.then(() => this.append());
  }

  private async append(): Promise<void> {
    const events = this.waiting;
    if (events.length === 0 || this.failure !== undefined) return;
    this.waiting = [];
    try {
      await this.store.appendEvents(this.executionId, events);
      this.show(events);
    } catch (error) {
      this.fail(error);
    }
  }

  private show(events: readonly StreamEvent[]): void {
    this.persistedSeq = events.at(-1)?.seq ?? this.persistedSeq;
    this.tail = [...this.tail, ...events].slice(-TAIL_EVENTS);
    this.changed();
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.changed();
  }

  private changed(): void {
    const callbacks = [...this.callbacks];
    this.callbacks.clear();
    for (const callback of callbacks) callback();
  }

  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** A segment that is over: up to `lastSeq`, all in the store. */
export function pastSegment(executionId: string, lastSeq: number): Segment {
  return {
    executionId,
    persistedSeq: lastSeq,
    ended: true,
    failure: undefined,
    recent: () => undefined,
    onChange: () => () => undefined,
  };
}

/**
 * The events of a segment with `seq > after`: what is written, then what comes, to the segment's end. Each reader
 * goes at its own pace and holds one page; leaving it early disturbs nobody. Rejects with `RequestError` where the
 * store fails.
 */
export function readSegment(store: Store, segment: Segment, after: number): AsyncIterable<StreamEvent> {
  return { [Symbol.asyncIterator]: () => new SegmentReader(store, segment, after) };
}

const PAGE_EVENTS = 100;

class SegmentReader implements AsyncIterator<StreamEvent> {
  private readonly store: Store;
  private readonly segment: Segment;
  private cursor: number;
  private page: readonly StreamEvent[] = [];
  private read = 0;
  private isClosed = false;
  private wake: (() => void) | undefined;

  constructor(store: Store, segment: Segment, after: number) {
    this.store = store;
    this.segment = segment;
    this.cursor = after;
  }

  async next(): Promise<IteratorResult<StreamEvent>> {
    while (!this.isClosed) {
      const event = this.page[this.read];
      if (event !== undefined) {
        this.read += 1;
        this.cursor = event.seq;
        return { done: false, value: event };
      }
      if (this.cursor < this.segment.persistedSeq) await this.turnPage();
      else if (this.segment.ended || this.segment.failure !== undefined) return this.finish();
      else await this.change();
    }
    return { done: true, value: undefined };
  }

  /** Answers at once, also while `next` waits: a reader that leaves must not wait for the model's next word. */
  async return(): Promise<IteratorResult<StreamEvent>> {
    this.isClosed = true;
    this.wake?.();
    return { done: true, value: undefined };
  }

  private async turnPage(): Promise<void> {
    const recent = this.segment.recent(this.cursor);
    const page = recent ?? (await this.fromStore());
    this.page = page.filter(({ seq }) => seq <= this.segment.persistedSeq);
    this.read = 0;
    if (this.page.length > 0) return;
    throw new RequestError('store_unavailable', 'A part of this answer is missing from the store.');
  }

  private async fromStore(): Promise<readonly StreamEvent[]> {
    try {
      return await this.store.eventsAfter(this.segment.executionId, this.cursor, PAGE_EVENTS);
    } catch (cause) {
      throw unreadable(cause);
    }
  }

  private finish(): IteratorResult<StreamEvent> {
    this.isClosed = true;
    const { failure } = this.segment;
    if (failure === undefined || failure instanceof Superseded) return { done: true, value: undefined };
    throw unreadable(failure);
  }

  private async change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const withdraw = this.segment.onChange(resolve);
      this.wake = () => {
        withdraw();
        resolve();
      };
    });
    this.wake = undefined;
  }
}

function unreadable(cause: unknown): RequestError {
  return new RequestError('store_unavailable', 'The answer could not be saved, so it stopped here.', {
    hint: 'Send the message again.',
    cause,
  });
}

function join(last: StreamEvent, body: EventBody): StreamEvent | undefined {
  if (last.type !== 'text_delta' && last.type !== 'reasoning_delta') return undefined;
  if (body.type !== last.type || body.id !== last.id) return undefined;
  if (last.delta.length + body.delta.length > MAX_GROUPED_CHARS) return undefined;
  return { ...last, delta: last.delta + body.delta };
}
