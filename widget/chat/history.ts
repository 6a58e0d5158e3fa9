import { type ReadonlySignal, signal } from '@preact/signals';
import type { ConversationSummary, DisplayMessage } from '../../protocol/history.ts';
import { asWidgetError, type WidgetError } from '../errors.ts';
import type { HistoryTransport } from '../transport/transport.ts';
import type { AssistantPart, Entry } from './state.ts';

/** The visitor's conversations, as far as they were asked for. Rejects with nothing: what failed stands in `failure`. */
export interface History {
  /** `undefined` until the first page is there. */
  readonly conversations: ReadonlySignal<readonly ConversationSummary[] | undefined>;
  readonly isLoading: ReadonlySignal<boolean>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<WidgetError | undefined>;
  /** The conversation that the chat is in. */
  current(): string | undefined;
  /** The first page, of those that have these words. A later call overtakes an earlier one. */
  load(query?: string): Promise<void>;
  /** The next page. */
  more(): Promise<void>;
  /** Puts a conversation into the chat. Resolves to whether it is there now. */
  open(id: string): Promise<boolean>;
  /** Empty: the beginning of the first message again. */
  rename(id: string, title: string): Promise<void>;
  pin(id: string, pinned: boolean): Promise<void>;
  remove(id: string): Promise<void>;
  removeAll(): Promise<void>;
  destroy(): void;
}

export interface HistoryOptions {
  readonly transport: HistoryTransport;
  /** The conversation that the chat is in. */
  readonly current: () => string | undefined;
  /** Leaves the thread that is shown for this one; without an id, for a new one. */
  readonly enter: (id: string | undefined, entries: readonly Entry[], signal: AbortSignal) => Promise<void>;
}

/** Longest wait for an answer, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** Most messages that are fetched of one conversation: beyond that its beginning stays away. */
const MAX_SHOWN_MESSAGES = 500;

export function createHistory({ transport, current, enter }: HistoryOptions): History {
  const conversations = signal<readonly ConversationSummary[] | undefined>(undefined);
  const isLoading = signal(false);
  const hasMore = signal(false);
  const failure = signal<WidgetError | undefined>(undefined);
  const life = new AbortController();
  let reading = new AbortController();
  let query: string | undefined;
  let cursor: string | null = null;

  /** Does something with a time limit; what fails is said, and undone by whoever began it. */
  async function attempt(
    work: (signal: AbortSignal) => Promise<void>,
    leave = life.signal,
  ): Promise<boolean> {
    failure.value = undefined;
    try {
      await work(AbortSignal.any([leave, AbortSignal.timeout(TIMEOUT_MS)]));
      return true;
    } catch (cause) {
      if (!leave.aborted) failure.value = asWidgetError(cause);
      return false;
    }
  }

  async function page(isFirst: boolean): Promise<void> {
    reading.abort();
    const mine = new AbortController();
    reading = mine;
    isLoading.value = true;
    await attempt(async (signal) => {
      const answer = await transport.list(
        { cursor: isFirst ? undefined : (cursor ?? undefined), query },
        signal,
      );
      if (mine.signal.aborted) return;
      const before = isFirst ? [] : (conversations.peek() ?? []);
      const known = new Set(before.map(({ id }) => id));
      conversations.value = [...before, ...answer.data.filter(({ id }) => !known.has(id))];
      cursor = answer.nextCursor;
      hasMore.value = cursor !== null;
    }, mine.signal);
    if (reading === mine) isLoading.value = false;
  }

  /** Shows a change at once, and takes it back where the server does not take it. */
  async function change(
    next: (list: readonly ConversationSummary[]) => readonly ConversationSummary[],
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean> {
    const before = conversations.peek();
    conversations.value = before && next(before);
    const isDone = await attempt(work);
    if (!isDone && !life.signal.aborted) conversations.value = before;
    return isDone;
  }

  const changeOne = (id: string, changes: { readonly title?: string; readonly pinned?: boolean }) =>
    change(
      (list) => list.map((one) => (one.id === id ? { ...one, ...changes } : one)),
      (signal) => transport.change(id, changes, signal),
    );

  return {
    conversations,
    isLoading,
    hasMore,
    failure,
    current,
    async load(words = '') {
      query = words.trim() === '' ? undefined : words.trim();
      await page(true);
    },
    async more() {
      if (hasMore.peek() && !isLoading.peek()) await page(false);
    },
    open: (id) =>
      attempt(async (signal) => {
        await enter(id, await entriesOf(transport, id, signal), signal);
      }),
    async rename(id, title) {
      // An empty name becomes the first words again, and the server knows them.
      if ((await changeOne(id, { title })) && title === '') await page(true);
    },
    async pin(id, pinned) {
      if (await changeOne(id, { pinned })) await page(true);
    },
    async remove(id) {
      const isDone = await change(
        (list) => list.filter((one) => one.id !== id),
        (signal) => transport.remove(id, signal),
      );
      if (isDone && id === current()) await enter(undefined, [], life.signal);
    },
    async removeAll() {
      if (
        await change(
          () => [],
          (signal) => transport.remove(undefined, signal),
        )
      )
        await enter(undefined, [], life.signal);
    },
    destroy() {
      life.abort();
      reading.abort();
    },
  };
}

/** The latest messages of a conversation, oldest first. */
async function entriesOf(
  transport: HistoryTransport,
  id: string,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  let messages: readonly DisplayMessage[] = [];
  let cursor: string | undefined;
  do {
    const page = await transport.conversation(id, cursor, signal);
    messages = [...page.messages, ...messages];
    cursor = page.nextMessageCursor ?? undefined;
  } while (cursor !== undefined && messages.length < MAX_SHOWN_MESSAGES);
  return messages.flatMap(entryOf);
}

function entryOf({
  id,
  role,
  content,
  displayContent,
  displayAvailable,
  calls = [],
}: DisplayMessage): Entry[] {
  const text = displayAvailable && displayContent !== undefined ? displayContent : content;
  if (role === 'user') return [{ role: 'user', id, text }];
  const receipts = calls.map(
    ({ toolCallId, name, input, result, isError }): AssistantPart => ({
      kind: 'tool',
      id: toolCallId,
      name,
      title: name,
      description: '',
      runsIn: 'server',
      pageOrigin: '',
      input,
      approvedBy: undefined,
      state: { status: isError ? 'failed' : 'done', result, durationMs: undefined },
    }),
  );
  const words: AssistantPart[] =
    text.trim() === '' ? [] : [{ kind: 'text', id: `${id}_text`, text, streaming: false }];
  const parts = [...receipts, ...words];
  return parts.length === 0 ? [] : [{ role: 'assistant', id, parts, vote: undefined }];
}
