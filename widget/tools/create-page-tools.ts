import { TOOL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { errorOutput } from '../../protocol/output.ts';
import { watchChanges } from './change-watch.ts';
import { checkCall, type ReadyCall, type Refusal, readPage, refused } from './check-call.ts';
import { lanes } from './lanes.ts';
import type { PageCall, PageCallOutcome, PageTools, Snapshot } from './page-tools.ts';
import { runQueue } from './queue.ts';
import { runCall } from './run-call.ts';
import { packSnapshot } from './snapshot.ts';
import { startedCalls } from './started-calls.ts';
import { findContext } from './webmcp.ts';

export interface PageToolsOptions {
  /** Longest wait for one tool, in milliseconds. The visitor's time to decide does not count. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Names the calls of one client token apart from those of another in this tab's storage. Default: one name for all. */
  readonly storageKey?: string;
}

/**
 * The page's tools for one chat. Begins the page's queue at once. Installs no polyfill: the loader and the package's
 * entries do, long before the chat is there.
 */
export function createPageTools(options: PageToolsOptions = {}): PageTools {
  const { timeoutMs = TOOL_TIMEOUT_MS, storageKey = '' } = options;
  const started = startedCalls(storageKey);
  const forms = lanes();
  const changes = watchChanges();
  runQueue();

  async function start({ toolCallId, name }: PageCall, ready: ReadyCall | Refusal, signal: AbortSignal) {
    if ('status' in ready) return ready;
    if (signal.aborted) return stoppedBefore(name);
    started.start(toolCallId);
    const { found, input, live } = ready;
    return runCall({ found, name, handle: live.handle, input, timeoutMs, signal });
  }

  async function startInTurn(
    call: PageCall,
    offered: Snapshot,
    signal: AbortSignal,
  ): Promise<PageCallOutcome> {
    const ready = await checkCall(call, offered);
    if ('status' in ready || !ready.live.isForm) return start(call, ready, signal);
    // Two calls of one form at a time would leave the first without an answer for ever.
    const leave = await forms.enter(call.name, signal);
    try {
      return await start(call, await checkCall(call, offered), signal);
    } finally {
      leave();
    }
  }

  return {
    implementation: () => findContext()?.implementation ?? 'none',
    async snapshot() {
      runQueue();
      changes.follow();
      return packSnapshot(await readPage());
    },
    async check(call, offered) {
      if (started.has(call.toolCallId)) return refused('already_run', call.name);
      const ready = await checkCall(call, offered);
      return 'status' in ready ? ready : { tool: ready.live.tool };
    },
    async run(call, offered, signal) {
      if (!started.reserve(call.toolCallId)) return refused('already_run', call.name);
      try {
        return signal.aborted ? stoppedBefore(call.name) : await startInTurn(call, offered, signal);
      } finally {
        started.release(call.toolCallId);
      }
    },
    onChange: changes.listen,
  };
}

function stoppedBefore(name: string): PageCallOutcome {
  return {
    status: 'cancelled',
    output: errorOutput(`The call of "${name}" was stopped before it ran.`),
    durationMs: 0,
  };
}
