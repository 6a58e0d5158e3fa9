import { type ReadonlySignal, signal } from '@preact/signals';
import { CLIENT_TOOLS_EVENT, ClientToolsReport, type StreamEvent } from '../../../protocol/event.ts';
import type { WidgetEvents } from '../../../widget/options.ts';
import type { Implementation, Snapshot } from '../../../widget/tools/page-tools.ts';
import { sizeOf } from '../format.ts';

export interface SeenEvent {
  readonly event: StreamEvent;
  readonly atMs: number;
  readonly bytes: number;
}

export type FinishedCall = WidgetEvents['call'];

/** One request of the chat to the server, and all that came back on it. */
export interface Exchange {
  readonly number: number;
  readonly startedAtMs: number;
  /** Unknown until the first event of the answer tells whether it starts an execution or goes on with one. */
  readonly kind: 'dispatch' | 'resume' | undefined;
  readonly executionId: string | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly implementation: Implementation | undefined;
  /** What the server said of the client tools. */
  readonly report: ClientToolsReport | undefined;
  readonly events: readonly SeenEvent[];
  readonly calls: readonly FinishedCall[];
}

/** Writes down what the chat exchanges with its server, oldest first. */
export interface Recorder {
  readonly exchanges: ReadonlySignal<readonly Exchange[]>;
  snapshot(detail: WidgetEvents['snapshot'], atMs: number): void;
  event(event: StreamEvent, atMs: number): void;
  call(call: FinishedCall): void;
  clear(): void;
}

export function createRecorder(): Recorder {
  const exchanges = signal<readonly Exchange[]>([]);
  let nextNumber = 1;

  function open(part: Partial<Exchange>, atMs: number): Exchange {
    const exchange: Exchange = {
      number: nextNumber,
      startedAtMs: atMs,
      kind: undefined,
      executionId: undefined,
      snapshot: undefined,
      implementation: undefined,
      report: undefined,
      events: [],
      calls: [],
      ...part,
    };
    nextNumber += 1;
    exchanges.value = [...exchanges.value, exchange];
    return exchange;
  }

  function replace(exchange: Exchange, part: Partial<Exchange>): void {
    exchanges.value = exchanges.value.map((known) => (known === exchange ? { ...known, ...part } : known));
  }

  /** The request that an event answers. One whose tools are not read has no snapshot to open it. */
  function answered(event: StreamEvent, atMs: number): Exchange {
    const last = exchanges.value.at(-1);
    const isNew =
      last === undefined || (last.executionId !== undefined && last.executionId !== event.executionId);
    return isNew ? open({}, atMs) : last;
  }

  return {
    exchanges,
    snapshot: ({ snapshot, implementation }, atMs) => {
      open({ snapshot, implementation }, atMs);
    },
    event(event, atMs) {
      const exchange = answered(event, atMs);
      replace(exchange, {
        kind: exchange.kind ?? (event.type === 'execution_start' ? 'dispatch' : 'resume'),
        executionId: event.executionId,
        report: reportOf(event) ?? exchange.report,
        events: [...exchange.events, { event, atMs, bytes: sizeOf(event) }],
      });
    },
    call(call) {
      const asked = exchanges.value.findLast((exchange) =>
        exchange.events.some(({ event }) => isCallOf(event, call)),
      );
      const exchange = asked ?? exchanges.value.at(-1);
      if (exchange !== undefined) replace(exchange, { calls: [...exchange.calls, call] });
    },
    clear() {
      exchanges.value = [];
    },
  };
}

/** The names that a snapshot offers and the one before it did not, and the other way round, or changed under their name. */
export function changesBetween(before: Snapshot | undefined, after: Snapshot) {
  const earlier = before?.tools ?? new Map<string, { readonly fingerprint: string }>();
  return {
    added: [...after.tools.keys()].filter((name) => !earlier.has(name)),
    removed: [...earlier.keys()].filter((name) => !after.tools.has(name)),
    changed: [...after.tools.values()]
      .filter((tool) => earlier.has(tool.name) && earlier.get(tool.name)?.fingerprint !== tool.fingerprint)
      .map((tool) => tool.name),
  };
}

function reportOf(event: StreamEvent): ClientToolsReport | undefined {
  if (event.type !== 'custom' || event.name !== CLIENT_TOOLS_EVENT) return undefined;
  const read = ClientToolsReport.safeParse(event.value);
  return read.success ? read.data : undefined;
}

function isCallOf(event: StreamEvent, call: FinishedCall): boolean {
  return event.type === 'await' && event.toolCallId === call.toolCallId;
}
