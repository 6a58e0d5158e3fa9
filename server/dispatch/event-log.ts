import type { EventBody, StreamEvent } from '../../protocol/event.ts';
import type { Commit, Execution, Lease, NewExecution, Store } from '../store/store.ts';
import type { Appender, AppendSource } from './appender.ts';

/** Persisted events kept at hand for readers that keep up, so that they do not ask the store for each group. */
const TAIL_EVENTS = 64;

/** Longest delta that grouping makes, in characters. */
const MAX_GROUPED_CHARS = 16_000;

/** Somebody else moved the execution on: what this run still wanted to write is void. */
export class Superseded extends Error {}

/** What a commit is to bring about; the log adds positions, version and lease. */
export interface Boundary {
  readonly execution: Execution;
  readonly events: readonly EventBody[];
  readonly messages: Commit['messages'];
  readonly outcome?: Commit['outcome'] | undefined;
  readonly receipts?: Commit['receipts'] | undefined;
}

/** A first boundary, with the conditions under which it may be written. */
export interface FirstBoundary extends Boundary {
  readonly expectedMessages: number;
  readonly count: NewExecution['count'] | undefined;
  readonly newConversation: NewExecution['newConversation'] | undefined;
  readonly replacesFrom: NewExecution['replacesFrom'] | undefined;
  readonly files: readonly string[];
}

type Created = Awaited<ReturnType<Store['createExecution']>>;

/** What logs of one process write with. */
export interface LogDeps {
  readonly store: Store;
  readonly appender: Appender;
  readonly lease: Lease;
  readonly clock: () => number;
  /** Takes secrets out of a value. */
  readonly scrub: <Value>(value: Value) => Value;
  /** Hears of each state that was stored. */
  readonly stored: (execution: Execution) => void;
}

/**
 * The log of one execution while it runs here: gives each event its `seq`, writes it, and only then shows it.
 * Written by one run at a time.
 */
export class EventLog implements AppendSource {
  readonly executionId: string;
  /** As stored last. */
  execution: Execution;
  /** Highest `seq` that the store has. */
  persistedSeq: number;
  /** No more is written here. */
  ended = false;
  /** Why the log could not be written on. */
  failure: unknown;
  private readonly deps: LogDeps;
  private lastSeq: number;
  private waiting: StreamEvent[] = [];
  /** Resolves when what was taken last is written, or is not. */
  private writing: Promise<void> | undefined;
  private tail: StreamEvent[] = [];
  private readonly callbacks = new Set<() => void>();

  constructor(deps: LogDeps, execution: Execution) {
    this.deps = deps;
    this.executionId = execution.id;
    this.execution = execution;
    this.persistedSeq = execution.seq;
    this.lastSeq = execution.seq;
  }

  /** Takes the secrets of this execution and of the server out of a value. */
  scrub<Value>(value: Value): Value {
    return this.deps.scrub(value);
  }

  /** Adds an event. Deltas of one block that wait together are joined. Throws what an earlier write failed with. */
  push(body: EventBody): void {
    if (this.failure !== undefined) throw this.failure;
    const last = this.waiting.at(-1);
    const joined = last === undefined ? undefined : join(last, body);
    if (joined === undefined) this.waiting.push(this.number(body));
    else this.waiting[this.waiting.length - 1] = joined;
    this.deps.appender.add(this);
  }

  /** Stores a new execution with its first events and messages, unless its conversation has moved on. */
  async create({
    expectedMessages,
    count,
    newConversation,
    replacesFrom,
    files,
    ...boundary
  }: FirstBoundary): Promise<Created> {
    let result: Created = 'moved_on';
    await this.write(boundary, async (commit) => {
      result = await this.deps.store.createExecution({
        ...commit,
        expectedMessages,
        files,
        ...(count === undefined ? {} : { count }),
        ...(newConversation === undefined ? {} : { newConversation }),
        ...(replacesFrom === undefined ? {} : { replacesFrom }),
      });
      return result === 'created';
    }).catch((error: unknown) => {
      if (!(error instanceof Superseded)) throw error;
    });
    return result;
  }

  /**
   * Writes the next state together with everything that still waits and the boundary's own events, all or nothing.
   * Gives the state its version and `seq`. Throws `Superseded` when the stored execution has moved on.
   */
  async commit(boundary: Boundary): Promise<void> {
    await this.writing;
    await this.write(boundary, (commit) => this.deps.store.commit(commit));
  }

  /** Says that this run writes no more. */
  end(): void {
    this.ended = true;
    this.waiting = [];
    this.changed();
  }

  /** Makes this log give up: somebody else has its execution. */
  supersede(): void {
    this.fail(new Superseded('The execution was taken over.'));
  }

  /** Events that the store has, from `after` on; `undefined` where only the store can tell. */
  recent(after: number): readonly StreamEvent[] | undefined {
    const first = this.tail[0];
    if (first === undefined || after + 1 < first.seq) return undefined;
    return this.tail.slice(after + 1 - first.seq);
  }

  /** Calls back once, soon after anything above has changed. Returns how to withdraw. */
  onChange(callback: () => void): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  takeWaiting(): ReturnType<AppendSource['takeWaiting']> {
    const events = this.waiting;
    // What is being written has to be there first: positions have no gaps. It comes back when that is done.
    if (events.length === 0 || this.writing !== undefined || this.failure !== undefined) return undefined;
    this.waiting = [];
    const finish = this.beginWriting();
    const { version } = this.execution;
    return {
      append: { executionId: this.executionId, version, events },
      done: (result) => {
        if (result === 'written') this.show(events);
        else if (result === 'moved_on') this.supersede();
        else this.fail(result.error);
        finish();
      },
    };
  }

  /** One write at a time. Returns how to say that it is over. */
  private beginWriting(): () => void {
    let resolve: () => void = () => undefined;
    this.writing = new Promise((done) => {
      resolve = done;
    });
    return () => {
      this.writing = undefined;
      if (this.waiting.length > 0 && this.failure === undefined) this.deps.appender.add(this);
      resolve();
    };
  }

  private number(body: EventBody): StreamEvent {
    this.lastSeq += 1;
    return { ...this.scrubbed(body), executionId: this.executionId, seq: this.lastSeq };
  }

  /** All but the words of the model, which reads no secrets: cut into deltas, one could not be found in them. */
  private scrubbed(body: EventBody): EventBody {
    return body.type.endsWith('_delta') ? body : this.deps.scrub(body);
  }

  private async write(boundary: Boundary, store: (commit: Commit) => Promise<boolean>): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const events = [...this.waiting, ...boundary.events.map((body) => this.number(body))];
    this.waiting = [];
    const execution = { ...boundary.execution, version: this.execution.version + 1, seq: this.lastSeq };
    const { messages, outcome, receipts } = boundary;
    const commit: Commit = {
      execution,
      events,
      messages,
      // Whatever another process's clock says, no answer stands before its question.
      atMs: Math.max(this.deps.clock(), execution.createdAtMs),
      lease: execution.status === 'running' ? this.deps.lease : null,
      ...(outcome === undefined ? {} : { outcome }),
      ...(receipts === undefined ? {} : { receipts: this.deps.scrub(receipts) }),
    };
    const finish = this.beginWriting();
    try {
      if (!(await store(commit))) throw new Superseded('The stored execution has moved on.');
      this.execution = execution;
      this.deps.stored(execution);
      this.show(events);
    } catch (error) {
      this.fail(error);
      throw error;
    } finally {
      finish();
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
}

function join(last: StreamEvent, body: EventBody): StreamEvent | undefined {
  if (last.type !== 'text_delta' && last.type !== 'reasoning_delta') return undefined;
  if (body.type !== last.type || body.id !== last.id) return undefined;
  if (last.delta.length + body.delta.length > MAX_GROUPED_CHARS) return undefined;
  return { ...last, delta: last.delta + body.delta };
}
