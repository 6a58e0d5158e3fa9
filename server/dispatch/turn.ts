import { ID_PREFIX } from '../../protocol/ids.ts';
import {
  type Model,
  ModelError,
  type ModelEvent,
  type ModelRequest,
  type ModelStopReason,
  type ModelToolCall,
} from '../models/model.ts';
import type { EventLog } from './event-log.ts';

/** Longest silence of a model within its answer, in milliseconds. Slow reasoning models pause for half of that. */
export const MODEL_IDLE_MS = 60_000;

/** Longest answer of a model to one turn, in milliseconds. */
export const MODEL_TOTAL_MS = 600_000;

/** What a model said in one turn, once it has said it all. */
export interface ModelAnswer {
  readonly calls: readonly ModelToolCall[];
  readonly reason: ModelStopReason;
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
}

/** Writes one turn's words into the log as blocks that do not nest. */
export class TurnWriter {
  /** All text so far, blocks joined. */
  text = '';
  /** The id of the first text block. */
  firstTextId: string | undefined;
  private readonly log: EventLog;
  private readonly newId: (prefix: string) => string;
  private readonly wantedTextId: string | null;
  private readonly isShown: boolean;
  private block: { readonly kind: 'text' | 'reasoning'; readonly id: string } | undefined;

  /** `wantedTextId`: what the first text block shall be called. Default: an id of our own. */
  constructor(
    log: EventLog,
    newId: (prefix: string) => string,
    { wantedTextId, isShown }: { readonly wantedTextId: string | null; readonly isShown: boolean },
  ) {
    this.log = log;
    this.newId = newId;
    this.wantedTextId = wantedTextId;
    this.isShown = isShown;
  }

  write(kind: 'text' | 'reasoning', delta: string): void {
    if (delta === '') return;
    if (!this.isShown) {
      if (kind === 'text') this.text += delta;
      return;
    }
    if (this.block?.kind !== kind) this.open(kind);
    const { id } = this.block as { id: string };
    if (kind === 'text') {
      this.text += delta;
      this.log.push({ type: 'text_delta', id, delta });
    } else {
      this.log.push({ type: 'reasoning_delta', id, delta });
    }
  }

  /** Closes the open block, if there is one. */
  seal(): void {
    const { block } = this;
    if (block === undefined) return;
    this.block = undefined;
    this.log.push({ type: block.kind === 'text' ? 'text_complete' : 'reasoning_complete', id: block.id });
  }

  private open(kind: 'text' | 'reasoning'): void {
    this.seal();
    if (kind === 'reasoning') {
      const id = this.newId('reasoning_');
      this.block = { kind, id };
      this.log.push({ type: 'reasoning_start', id, scope: 'turn' });
      return;
    }
    const isFirst = this.firstTextId === undefined;
    const id = (isFirst ? this.wantedTextId : null) ?? this.newId(ID_PREFIX.text);
    this.firstTextId ??= id;
    if (this.text !== '') this.text += '\n\n';
    this.block = { kind, id };
    this.log.push({ type: 'text_start', id });
  }
}

/**
 * Asks the model once and writes its words as they come. Throws `ModelError`, or the reason that `signal` aborted
 * with, at once and whatever the model does then; the words so far stay in `writer`.
 */
export async function askModel(
  model: Model,
  request: Omit<ModelRequest, 'signal'>,
  writer: Pick<TurnWriter, 'write' | 'seal'>,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const watch = new Watch(signal);
  const calls: ModelToolCall[] = [];
  try {
    const events = model.stream({ ...request, signal: watch.signal })[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await watch.next(events);
      if (done === true)
        throw new ModelError('model_failed', 'The model broke off in the middle of its answer.');
      if (value.type === 'finish') {
        writer.seal();
        return { calls, reason: value.reason, tokens: value.tokens };
      }
      if (value.type === 'tool_call') {
        writer.seal();
        calls.push(value.call);
      } else {
        writer.write(value.type, value.delta);
      }
    }
  } finally {
    watch.stop();
  }
}

/** Reads a model's stream no longer than its limits and the run allow, even if the model ignores its signal. */
class Watch {
  private readonly controller = new AbortController();
  private readonly outer: AbortSignal;
  private readonly idle: NodeJS.Timeout;
  private readonly total: NodeJS.Timeout;
  private readonly onAbort = () => this.abort(this.outer.reason);
  private rejectNext: ((reason: unknown) => void) | undefined;
  private events: AsyncIterator<ModelEvent> | undefined;

  constructor(outer: AbortSignal) {
    this.outer = outer;
    this.idle = setTimeout(() => this.abort(tooSlow('said nothing for', MODEL_IDLE_MS)), MODEL_IDLE_MS);
    this.total = setTimeout(() => this.abort(tooSlow('was not done after', MODEL_TOTAL_MS)), MODEL_TOTAL_MS);
    if (outer.aborted) this.onAbort();
    else outer.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async next(events: AsyncIterator<ModelEvent>): Promise<IteratorResult<ModelEvent>> {
    this.events = events;
    if (this.signal.aborted) throw this.signal.reason;
    const result = await new Promise<IteratorResult<ModelEvent>>((resolve, reject) => {
      this.rejectNext = reject;
      events.next().then(resolve, reject);
    });
    this.idle.refresh();
    return result;
  }

  stop(): void {
    clearTimeout(this.idle);
    clearTimeout(this.total);
    this.outer.removeEventListener('abort', this.onAbort);
    this.controller.abort();
    // A model that hangs would hang here too; whether it tidies up is its own affair by now.
    this.events?.return?.().then(undefined, () => undefined);
  }

  private abort(reason: unknown): void {
    this.rejectNext?.(reason);
    this.controller.abort(reason);
  }
}

function tooSlow(what: string, limitMs: number): ModelError {
  return new ModelError('model_timeout', `The model ${what} ${limitMs / 1000} seconds.`, {
    hint: 'Send the message again.',
  });
}
