import { TOOL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { errorOutput } from '../../protocol/output.ts';
import { watchChanges } from './change-watch.ts';
import { checkCall, readPage, refused } from './check-call.ts';
import { lanes } from './lanes.ts';
import { watchLeaving } from './leaving.ts';
import type { PageCall, PageCallOutcome, PageTools, Snapshot } from './page-tools.ts';
import { runQueue } from './queue.ts';
import { runCall } from './run-call.ts';
import { packSnapshot } from './snapshot.ts';
import { startedCalls } from './started-calls.ts';
import { findContext } from './webmcp.ts';

export interface PageToolsOptions {
  /** Longest wait for one tool, in milliseconds. The visitor's time to decide does not count. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Names the calls of one client token apart from those of another in the browser's storage. Default: one name for all. */
  readonly storageKey?: string;
}

/** The page's tools, and what only their owner asks. */
export interface OwnedPageTools extends PageTools {
  /** The running calls that are leading the browser to another page, by `toolCallId`. */
  leading(): ReadonlySet<string>;
}

/**
 * The page's tools for one chat. Begins the page's queue at once. Installs no polyfill: the loader and the package's
 * entries do, long before the chat is there.
 */
export function createPageTools(options: PageToolsOptions = {}): OwnedPageTools {
  const { timeoutMs = TOOL_TIMEOUT_MS, storageKey = '' } = options;
  const started = startedCalls(storageKey);
  const leaving = watchLeaving();
  const forms = lanes();
  const changes = watchChanges();
  runQueue();

  /** Claims the call, checks once more, because the claim took a moment, and runs. */
  async function start(call: PageCall, offered: Snapshot, signal: AbortSignal): Promise<PageCallOutcome> {
    const { toolCallId, name } = call;
    if (signal.aborted) return stoppedBefore(name);
    if (!(await started.start(toolCallId))) return refused('already_run', name);
    const ready = await checkCall(call, offered);
    if ('status' in ready) return ready;
    if (signal.aborted) return stoppedBefore(name);
    const { found, input, live } = ready;
    return leaving.during(toolCallId, () =>
      runCall({ found, name, handle: live.handle, input, timeoutMs, signal }),
    );
  }

  async function startInTurn(
    call: PageCall,
    offered: Snapshot,
    signal: AbortSignal,
  ): Promise<PageCallOutcome> {
    const ready = await checkCall(call, offered);
    if ('status' in ready) return ready;
    if (!ready.live.isForm) return start(call, offered, signal);
    // Two calls of one form at a time would leave the first without an answer for ever.
    const leave = await forms.enter(call.name, signal);
    try {
      return await start(call, offered, signal);
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
      if (await started.has(call.toolCallId)) return refused('already_run', call.name);
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
    leading: leaving.leading,
  };
}

function stoppedBefore(name: string): PageCallOutcome {
  return {
    status: 'cancelled',
    output: errorOutput(`The call of "${name}" was stopped before it ran.`),
    durationMs: 0,
  };
}
