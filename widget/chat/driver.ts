import type { Signal } from '@preact/signals';
import type { Capability, InitResponse } from '../../protocol/request.ts';
import { asWidgetError, WidgetError } from '../errors.ts';
import type { ApprovalRules } from '../tools/approval.ts';
import type { Snapshot } from '../tools/page-tools.ts';
import type { MessageExtras } from '../transport/transport.ts';
import type { Decision, Reply } from './chat.ts';
import type { ChatOptions } from './create-chat.ts';
import { failureAfter } from './failure-words.ts';
import { createHearing, type Hearing } from './hearing.ts';
import { answerOf } from './local.ts';
import { createOwnCalls, isOwnCall, withOwnTools } from './own-tools.ts';
import { createPageCalls, type PageCalls } from './page-calls.ts';
import { createPatience } from './patience.ts';
import { failureOf } from './reduce.ts';
import type { Remedy } from './remedy.ts';
import { type RunOptions, run, Stuck } from './run.ts';
import type { AssistantPart, Entry, Failure } from './state.ts';
import type { ConversationStore } from './store.ts';
import { tellServer } from './tell-server.ts';
import { anew, keptTurn, NO_TOOLS, newTurn, recordOf, type Turn, type TurnIds } from './turn.ts';
import type { TurnRecord } from './turn-record.ts';

export interface DriverOptions extends ChatOptions {
  readonly store: ConversationStore;
  readonly surface: Signal<InitResponse['config'] | undefined>;
  readonly draft: Signal<string>;
  readonly openSession: (signal: AbortSignal) => Promise<InitResponse>;
}

/** Drives the turns of one chat, one at a time. */
export interface Driver {
  /** Answers the message that stands last in the thread. */
  start(ids: TurnIds): Promise<void>;
  /** Goes on with a turn that another page left. */
  goOn(record: TurnRecord): Promise<void>;
  /** Goes on with the failed turn. */
  retry(): Promise<void>;
  /**
   * Ends the turn here, and on the server where it listens; one that is overtaken ends there with the next message.
   * What stands in the thread is the caller's to close.
   */
  stop(isOvertaken: boolean): void;
  /** Gives a failed turn up. */
  forget(): void;
  /** The conversation is left: what was allowed for it is no longer. */
  leave(): void;
  /** Whether a turn runs, or failed and can be tried again. */
  hasTurn(): boolean;
  decide(toolCallId: string, decision: Decision): void;
  reply(toolCallId: string, replies: readonly Reply[]): void;
  turnRecord(): TurnRecord | undefined;
  destroy(): void;
}

type VisitorRemedy = Extract<Remedy, { by: 'visitor' }>;

/** Longest wait for a turn to be kept, in milliseconds. A storage that hangs must not hang the chat. */
const LONGEST_REMEMBER_MS = 2_000;

export function createDriver(options: DriverOptions): Driver {
  const { transport, pageTools, emit, clock, newId, store, surface, draft, remember } = options;
  const hearing = createHearing(store, clock);
  const life = new AbortController();
  const capabilities = new Set<string>();
  let wasOpen = options.kept !== undefined || surface.peek() !== undefined;
  /** Runs, or failed and can be tried again. */
  let turn: Turn | undefined;
  /** What *Retry* does for the failed turn. */
  let onRetry: VisitorRemedy | undefined;

  const can = (capability: Capability) => capabilities.has(capability);
  const ownCalls = createOwnCalls(hearing.apply);
  const pageCalls = createPageCalls({
    pageTools,
    rules: () => joinedRules(options.approvalRules, surface.peek()?.webmcp),
    apply: hearing.apply,
    report: (call) => emit('call', call),
    clock,
  });
  const answerCall: PageCalls['answer'] = async (call, reached, offered, signal, onReach) => {
    if (!isOwnCall(call)) return pageCalls.answer(call, reached, offered, signal, onReach);
    return reached.status === 'answered' ? reached.output : ownCalls.answer(call, signal);
  };

  async function open(signal: AbortSignal): Promise<InitResponse> {
    const answer = await options.openSession(signal);
    wasOpen = true;
    capabilities.clear();
    for (const capability of answer.capabilities ?? []) capabilities.add(capability);
    return answer;
  }

  async function snapshot(signal: AbortSignal): Promise<Snapshot> {
    const { config } = await open(signal);
    return withOwnTools(await pageSnapshot(config), config.builtInTools ?? []);
  }

  async function pageSnapshot({ webmcp }: InitResponse['config']): Promise<Snapshot> {
    if (pageTools === undefined || !webmcp.enabled) return NO_TOOLS;
    const tools = await pageTools.snapshot();
    emit('snapshot', { snapshot: tools, implementation: pageTools.implementation() });
    return tools;
  }

  async function keep(record: TurnRecord | undefined): Promise<void> {
    if (remember === undefined) return;
    const kept = remember(record).catch(() => {
      // A turn that cannot be kept goes on all the same; it ends with its page.
    });
    await new Promise<void>((resolve) => {
      const undo = clock.after(LONGEST_REMEMBER_MS, resolve);
      void kept.then(() => {
        undo();
        resolve();
      });
    });
  }

  function runOptions(mine: Turn): RunOptions {
    return {
      transport,
      hearing,
      answerCall,
      clock,
      newId,
      inlineData: (id) => options.composing?.now.peek()?.attachments.inlineData(id),
      snapshot,
      open: async (signal) => void (await open(signal)),
      extras,
      patience: createPatience(clock, (wait) => {
        if (turn === mine) hearing.apply({ type: 'held', wait });
      }),
      wasOpen: () => wasOpen,
      canReplay: () => can('replay'),
      onEvent: (event) => emit('event', event),
      remember: async () => {
        if (turn !== mine) return;
        hearing.flush();
        await keep(recordOf(mine));
      },
    };
  }

  async function extras({ userId }: Turn, signal: AbortSignal): Promise<MessageExtras> {
    const entry = hearing.conversation().entries.find(({ id }) => id === userId);
    if (entry?.role !== 'user') return {};
    const parting = await options.beforeSend?.({ id: userId, text: entry.text }, signal);
    if (parting === undefined || signal.aborted) return {};
    if ('refusal' in parting) {
      throw new Stuck(new WidgetError('refused_by_page', parting.refusal, { retryable: false }), {
        by: 'rewriting',
      });
    }
    if (parting.text !== entry.text) hearing.apply({ type: 'reworded', id: userId, text: parting.text });
    return parting.extras;
  }

  async function drive(mine: Turn): Promise<void> {
    turn = mine;
    onRetry = undefined;
    const { signal } = mine.controller;
    const isOver = () => signal.aborted || turn !== mine;
    try {
      const lastWord = await run(mine, runOptions(mine));
      if (isOver()) return;
      if (lastWord === undefined) hearing.apply({ type: 'rested' });
      else if (lastWord.failure !== undefined) return serverFailed(lastWord.failure);
      finish();
    } catch (cause) {
      if (isOver()) return;
      if (cause instanceof Stuck) getStuck(mine, cause);
      else getStuck(mine, new Stuck(asWidgetError(cause), { by: 'visitor', next: 'anew' }));
    } finally {
      if (mine.isStopped) cancel(mine);
    }
  }

  function finish() {
    turn = undefined;
    void keep(undefined);
  }

  /** The execution is over: its outputs have nowhere to go, and the message starts another one. */
  function serverFailed(error: unknown) {
    onRetry = { by: 'visitor', next: 'anew' };
    void keep(undefined);
    const { code, message, ...rest } = failureOf(error);
    emit('error', new WidgetError((code ?? 'internal') as WidgetError['code'], message, rest));
  }

  function getStuck(mine: Turn, { error, remedy }: Stuck) {
    const failure: Failure = failureAfter(error, remedy);
    if (remedy.by === 'visitor') {
      onRetry = remedy;
      if (remedy.isCutOff) hearing.apply({ type: 'cut_off' });
      if (!isForNextPage(remedy)) void keep(undefined);
    } else {
      finish();
    }
    if (remedy.by === 'rewriting') takeBack(mine);
    hearing.apply({ type: 'failed', failure });
    emit('error', error);
  }

  /** A message that the server does not take would be refused with every later one, too. */
  function takeBack({ userId }: Turn) {
    const entry = hearing.conversation().entries.find(({ id }) => id === userId);
    if (entry?.role !== 'user') return;
    hearing.apply({ type: 'unsent', id: userId });
    if (draft.peek() === '') draft.value = entry.text;
    void options.composing?.load().then(({ restore }) => restore(entry));
  }

  function cancel({ executionId }: Turn) {
    if (executionId !== undefined && can('cancel') && !life.signal.aborted) {
      void tellServer(() => transport.cancel(executionId), clock, life.signal);
    }
  }

  return {
    start: (ids) => drive(newTurn(ids)),
    async goOn(record) {
      const answer = answerOf(hearing.conversation());
      // Words that were not kept are asked for again.
      const mine = keptTurn(record, answer === undefined ? 0 : (answer.seq ?? record.seq));
      showCalls(mine, answer?.parts ?? [], hearing);
      await drive(mine);
    },
    async retry() {
      const mine = turn;
      if (mine === undefined || onRetry === undefined) return;
      const { entries } = hearing.conversation();
      const { next } = onRetry;
      const again = next === 'anew' ? anew(mine, newId('ast_')) : mine;
      if (next !== 'anew') {
        mine.controller = new AbortController();
        mine.next = next;
        mine.isKept = false;
      }
      hearing.apply({
        type: 'retried',
        entries:
          again === mine
            ? entries
            : entries.filter((entry) => entry.id !== mine.answerId || isWorthKeeping(entry)),
        answerId: again.answerId,
      });
      await drive(again);
    },
    stop(isOvertaken) {
      const mine = turn;
      if (mine === undefined) return;
      turn = undefined;
      void keep(undefined);
      if (isOvertaken) return mine.controller.abort();
      // The server may be at work without having said under which name: the first that is heard of it ends it.
      if (mine.executionId === undefined && mine.isOut && can('cancel')) {
        mine.isStopped = true;
        life.signal.addEventListener('abort', () => mine.controller.abort(), { once: true });
        return;
      }
      mine.controller.abort();
      cancel(mine);
    },
    forget() {
      if (turn !== undefined) finish();
    },
    leave() {
      if (turn !== undefined) finish();
      pageCalls.leave();
    },
    hasTurn: () => turn !== undefined,
    decide: pageCalls.decide,
    reply: ownCalls.reply,
    turnRecord() {
      hearing.flush();
      const { phase } = hearing.conversation();
      const goesOn = phase === 'failed' ? onRetry !== undefined && isForNextPage(onRetry) : phase !== 'idle';
      return turn !== undefined && goesOn ? recordOf(turn) : undefined;
    },
    destroy() {
      life.abort();
      turn?.controller.abort();
      hearing.destroy();
    },
  };
}

/**
 * Whether the next page finds the failed turn, too. Of one that was cut off it says so again, with *Retry*: the browser
 * cuts a line before it leaves the page, so this page may be gone before anybody could read it.
 */
function isForNextPage({ next, isCutOff }: VisitorRemedy): boolean {
  return next !== 'anew' || isCutOff === true;
}

/** Calls that stand in the record and not in the thread. */
function showCalls({ calls, executionId, seq }: Turn, parts: readonly AssistantPart[], hearing: Hearing) {
  for (const { call } of calls.values()) {
    if (parts.some(({ id }) => id === call.id)) continue;
    const { id, name, input } = call;
    hearing.hear({
      type: 'await',
      executionId: executionId ?? '',
      seq,
      toolName: name,
      toolCallId: id,
      parameters: input,
    });
  }
}

/** Receipts, and words that cannot come again, stay above a new attempt. */
function isWorthKeeping(entry: Entry): boolean {
  return (
    entry.role === 'assistant' &&
    entry.parts.some(
      (part) => part.kind === 'tool' || (part.kind === 'notice' && part.notice === 'interrupted'),
    )
  );
}

function joinedRules(
  page: ChatOptions['approvalRules'],
  surface: ChatOptions['approvalRules'] | undefined,
): Omit<ApprovalRules, 'remembered'> {
  return {
    requireConfirmFor: [...page.requireConfirmFor, ...(surface?.requireConfirmFor ?? [])],
    autoApprove: [...page.autoApprove, ...(surface?.autoApprove ?? [])],
  };
}
