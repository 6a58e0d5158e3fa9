import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ApprovedBy } from '../../widget/chat/state.ts';
import type { Implementation, PageTool, PageTools, Snapshot } from '../../widget/tools/page-tools.ts';
import { type Arguments, createArguments } from './schema/arguments.ts';
import { createRecorder, type FinishedCall, type Recorder } from './wire/recorder.ts';

export type Run =
  | { readonly status: 'idle' }
  | { readonly status: 'running'; readonly startedAtMs: number; cancel(): void }
  | { readonly status: 'ended'; readonly outcome: FinishedCall['outcome'] };

/** One tool on the bench: what is filled in, and how the last run went. */
export interface ToolBench {
  readonly args: Arguments;
  readonly run: Signal<Run>;
}

/** A call that ended, whoever made it. */
export interface CallRecord {
  readonly number: number;
  readonly endedAtMs: number;
  readonly by: 'you' | 'the chat';
  readonly approvedBy: ApprovedBy | undefined;
  readonly name: string;
  readonly input: unknown;
  readonly outcome: FinishedCall['outcome'];
}

/** All that the workbench knows, and all that it can do. Its panes see nothing else. */
export interface Workbench {
  readonly snapshot: ReadonlySignal<Snapshot>;
  readonly implementation: ReadonlySignal<Implementation>;
  readonly calls: ReadonlySignal<readonly CallRecord[]>;
  readonly recorder: Recorder;
  /** The bench of a tool. Stays while the tool's schema is the same. */
  benchOf(tool: PageTool): ToolBench;
  /** Runs a tool as it is shown, with what is filled in, the way the chat would. */
  run(tool: PageTool): Promise<void>;
  refresh(): Promise<void>;
  recordChatCall(call: FinishedCall): void;
  clearCalls(): void;
  destroy(): void;
}

const NO_TOOLS: Snapshot = { tools: new Map(), clientTools: [], fingerprint: '', refused: [] };

export function createWorkbench(pageTools: PageTools): Workbench {
  const snapshot = signal(NO_TOOLS);
  const implementation = signal<Implementation>(pageTools.implementation());
  const calls = signal<readonly CallRecord[]>([]);
  const recorder = createRecorder();
  const benches = new Map<string, ToolBench>();
  let nextNumber = 1;

  async function refresh(): Promise<void> {
    const read = await pageTools.snapshot();
    implementation.value = pageTools.implementation();
    if (
      read.fingerprint !== snapshot.value.fingerprint ||
      read.refused.length !== snapshot.value.refused.length
    ) {
      snapshot.value = read;
    }
  }

  function benchOf(tool: PageTool): ToolBench {
    const key = `${tool.name} ${JSON.stringify(tool.parametersSchema)}`;
    const known = benches.get(key);
    if (known !== undefined) return known;
    const bench: ToolBench = {
      args: createArguments(tool.parametersSchema ?? { type: 'object', properties: {} }),
      run: signal<Run>({ status: 'idle' }),
    };
    benches.set(key, bench);
    return bench;
  }

  function record(call: Omit<CallRecord, 'number' | 'endedAtMs'>): void {
    calls.value = [...calls.value, { ...call, number: nextNumber, endedAtMs: Date.now() }];
    nextNumber += 1;
  }

  const stopFollowing = pageTools.onChange(() => void refresh());
  void refresh();

  return {
    snapshot,
    implementation,
    calls,
    recorder,
    benchOf,
    refresh,
    async run(tool) {
      const { args, run } = benchOf(tool);
      const controller = new AbortController();
      const input = args.value.value;
      run.value = { status: 'running', startedAtMs: Date.now(), cancel: () => controller.abort() };
      const call = { toolCallId: `by_hand_${crypto.randomUUID()}`, name: tool.name, input };
      const outcome = await pageTools.run(call, snapshot.value, controller.signal);
      run.value = { status: 'ended', outcome };
      record({ by: 'you', approvedBy: undefined, name: tool.name, input, outcome });
      await refresh();
    },
    recordChatCall(call) {
      recorder.call(call);
      const { approvedBy, name, input, outcome } = call;
      record({ by: 'the chat', approvedBy, name, input, outcome });
    },
    clearCalls: () => {
      calls.value = [];
    },
    destroy: stopFollowing,
  };
}
