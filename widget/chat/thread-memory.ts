import type { SurfaceStorage } from '../surface-storage.ts';
import { abandoned } from './closing.ts';
import { fieldsOf } from './reading.ts';
import type { AssistantPart, Entry } from './state.ts';
import { isTurnRecord } from './turn-memory.ts';
import type { TurnRecord } from './turn-record.ts';

/** A conversation as it is kept. Written at once and read at once: the turn goes on where the entries end. */
export interface KeptThread {
  readonly entries: readonly Entry[];
  /** `undefined`: nothing was under way. */
  readonly turn: TurnRecord | undefined;
}

const THREAD = 'thread';

/** Another shape of entry or turn is another version; a thread of another version is not read. */
const VERSION = 3;

/** Largest thread that is kept, in characters of JSON: it is written again a few times with every answer. */
const MAX_KEPT_CHARS = 500_000;

/** Keeps the thread for the next page; of one too large, its later half. */
export function keepThread(storage: SurfaceStorage, { entries, turn }: KeptThread): void {
  const kept = JSON.stringify({ version: VERSION, entries: entries.map(withoutWeight), turn });
  if (kept.length <= MAX_KEPT_CHARS) storage.write(THREAD, entries.length === 0 ? undefined : kept);
  else if (entries.length > 1)
    keepThread(storage, { entries: entries.slice(Math.ceil(entries.length / 2)), turn });
}

/** Longest `data:` URI that is kept, in characters. */
const MAX_KEPT_DATA_CHARS = 50_000;

/** Without what was sent inside of an answer and weighs as much as many answers. */
function withoutWeight(entry: Entry): Entry {
  const isHeavy = (part: AssistantPart) => part.kind === 'media' && part.url.length > MAX_KEPT_DATA_CHARS;
  if (entry.role === 'user' || !entry.parts.some(isHeavy)) return entry;
  return {
    ...entry,
    parts: entry.parts.map((part) => (isHeavy(part) ? ({ ...part, url: '' } as AssistantPart) : part)),
  };
}

/** The thread as it was left. Without a turn that goes on, what was still open has ended with its page. */
export function keptThread(storage: SurfaceStorage): KeptThread {
  try {
    const { version, entries, turn } = fieldsOf(JSON.parse(storage.read(THREAD) ?? 'null'));
    if (version !== VERSION || !areEntries(entries)) return NOTHING;
    return isTurnRecord(turn) && entries.some(({ id }) => id === turn.userId)
      ? { entries, turn }
      : withoutTurn({ entries, turn: undefined });
  } catch {
    // Another script of the page wrote here; a thread that cannot be read is no thread.
    return NOTHING;
  }
}

const NOTHING: KeptThread = { entries: [], turn: undefined };

/** A thread whose turn nobody goes on with. */
export function withoutTurn({ entries }: KeptThread): KeptThread {
  return { entries: entries.map(over), turn: undefined };
}

function over(entry: Entry): Entry {
  return entry.role === 'user' ? entry : { ...entry, parts: abandoned(entry.parts) };
}

/** Whether these can be shown and sent. What tool calls and attachments carry is read with care wherever it is read. */
export function areEntries(value: unknown): value is readonly Entry[] {
  return Array.isArray(value) && value.every(isEntry);
}

function isEntry(value: unknown): boolean {
  const { id, role, text, parts } = fieldsOf(value);
  if (typeof id !== 'string') return false;
  if (role === 'user') return typeof text === 'string';
  return (
    Array.isArray(parts) &&
    parts.every((part) => typeof fieldsOf(part).id === 'string' && isPart(fieldsOf(part)))
  );
}

/** The fields of each kind of part without which it cannot be drawn. */
const TEXTS: Readonly<Record<string, string>> = {
  text: 'text',
  reasoning: 'text',
  tool: 'name title',
  notice: 'notice',
  source: 'url title',
  media: 'url mediaType',
  artifact: 'text title',
} satisfies Record<AssistantPart['kind'], string>;

function isPart({ kind, state, ...part }: Readonly<Record<string, unknown>>): boolean {
  return areTexts(part, TEXTS[String(kind)]) && (kind !== 'tool' || areTexts(state, 'status'));
}

function areTexts(value: unknown, names: string | undefined): boolean {
  return names?.split?.(' ').every((name) => typeof fieldsOf(value)[name] === 'string') === true;
}
