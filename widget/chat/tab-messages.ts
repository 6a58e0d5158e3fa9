import { fieldsOf } from './reading.ts';
import type { AssistantEntry, AssistantPart, Conversation, Entry, Phase } from './state.ts';
import { areEntries } from './thread-memory.ts';

/** What the tabs of one surface say to each other. Any script of the origin can say it, too. */
export type TabMessage =
  /** Somebody is new here and knows nothing yet. */
  | { readonly type: 'ask' }
  /** The answer of who has nothing to show. */
  | { readonly type: 'here' }
  | Picture
  | Order;

/** What the visitor did in a tab that only shows the turn. To decide about a call is not among it. */
export type Order =
  | { readonly type: 'stop'; readonly isOvertaken?: boolean }
  | { readonly type: 'retry' }
  | { readonly type: 'vote'; readonly id: string; readonly vote: 'up' | 'down'; readonly comment?: string };

/** The conversation as a tab shows it: what changed since its last picture, or all of it. */
export interface Picture {
  readonly type: 'picture';
  /** Of the tab. */
  readonly from: string;
  /** Counts the pictures of that tab: one that is missing shows. */
  readonly count: number;
  readonly isWhole: boolean;
  /** Nothing runs in that tab any more. */
  readonly isOver: boolean;
  /** All but the entries. */
  readonly state: Omit<Conversation, 'entries'>;
  readonly change: Change;
}

/** What turns one list of entries into a later one. */
export interface Change {
  /** So many entries at the beginning stay. */
  readonly entries: number;
  /** So many parts stay of the next entry; 0 where another one takes its place. */
  readonly parts: number;
  /** So many characters stay of its next part. */
  readonly chars: number;
  /** All that comes after. */
  readonly rest: readonly Entry[];
}

/** The change between two states of one thread: small where an answer grows, whatever stands above it. */
export function changeOf(before: readonly Entry[], now: readonly Entry[]): Change {
  const entries = firstDifference(before, now);
  const rest = now.slice(entries);
  const [old, grown] = [before[entries], rest[0]];
  if (old?.role !== 'assistant' || grown?.role !== 'assistant' || old.id !== grown.id) {
    return { entries, parts: 0, chars: 0, rest };
  }
  const parts = firstDifference(old.parts, grown.parts);
  const chars = charsKept(old.parts[parts], grown.parts[parts]);
  const newParts = grown.parts
    .slice(parts)
    .map((part, index) => (index === 0 ? withoutChars(part, chars) : part));
  return { entries, parts, chars, rest: [{ ...grown, parts: newParts }, ...rest.slice(1)] };
}

/** The later list; `undefined` where the change is one of something else. */
export function changed(
  before: readonly Entry[],
  { entries, parts, chars, rest }: Change,
): readonly Entry[] | undefined {
  const [next, ...others] = rest;
  const old = before[entries];
  if (before.length < entries) return undefined;
  const kept = before.slice(0, entries);
  if (parts === 0 && chars === 0) return [...kept, ...rest];
  if (old?.role !== 'assistant' || next?.role !== 'assistant' || old.parts.length < parts) return undefined;
  const newParts = next.parts.map((part, index) =>
    index === 0 ? withChars(part, old.parts[parts], chars) : part,
  );
  const entry: AssistantEntry = { ...next, parts: [...old.parts.slice(0, parts), ...newParts] };
  return [...kept, entry, ...others];
}

function firstDifference(before: readonly unknown[], now: readonly unknown[]): number {
  const index = now.findIndex((item, at) => item !== before[at]);
  return index < 0 ? now.length : index;
}

/** A text that only grew keeps all that it had. */
function charsKept(old: AssistantPart | undefined, grown: AssistantPart | undefined): number {
  const isSame = old !== undefined && old.id === grown?.id && old.kind === grown.kind;
  if (!isSame || !('text' in old) || !('text' in grown)) return 0;
  return grown.text.startsWith(old.text) ? old.text.length : 0;
}

function withoutChars(part: AssistantPart, chars: number): AssistantPart {
  return 'text' in part ? { ...part, text: part.text.slice(chars) } : part;
}

function withChars(part: AssistantPart, old: AssistantPart | undefined, chars: number): AssistantPart {
  if (!('text' in part) || old === undefined || !('text' in old)) return part;
  return { ...part, text: old.text.slice(0, chars) + part.text };
}

/** A message that has its shape; `undefined` for all else. */
export function readMessage(data: unknown): TabMessage | undefined {
  const message = fieldsOf(data);
  switch (message.type) {
    case 'ask':
    case 'here':
    case 'retry':
      return { type: message.type };
    case 'stop':
      return { type: 'stop', isOvertaken: message.isOvertaken === true };
    case 'vote': {
      const { id, vote, comment } = message;
      if (typeof id !== 'string' || (vote !== 'up' && vote !== 'down')) return undefined;
      return { type: 'vote', id, vote, ...(typeof comment === 'string' && { comment }) };
    }
    case 'picture':
      return readPicture(message);
    default:
      return undefined;
  }
}

function readPicture({ from, count, isWhole, isOver, state, change }: Readonly<Record<string, unknown>>) {
  const { entries, parts, chars, rest } = fieldsOf(change);
  const isPicture =
    typeof from === 'string' &&
    [count, entries, parts, chars].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    typeof isWhole === 'boolean' &&
    typeof isOver === 'boolean' &&
    isState(state) &&
    areEntries(rest);
  if (!isPicture) return undefined;
  return {
    type: 'picture',
    from,
    count,
    isWhole,
    isOver,
    state,
    change: { entries, parts, chars, rest },
  } as Picture;
}

const PHASES: Readonly<Record<Phase, true>> = {
  idle: true,
  thinking: true,
  answering: true,
  acting: true,
  waiting: true,
  on_hold: true,
  reconnecting: true,
  failed: true,
};

function isState(value: unknown): boolean {
  const { phase, executionId, answerId, failure, wait } = fieldsOf(value);
  const isText = (field: unknown) => field === undefined || typeof field === 'string';
  const { message, hint } = fieldsOf(failure);
  const { reason, untilMs } = fieldsOf(wait);
  return (
    typeof phase === 'string' &&
    Object.hasOwn(PHASES, phase) &&
    [executionId, answerId, hint].every(isText) &&
    (failure === undefined || typeof message === 'string') &&
    (wait === undefined || typeof reason === 'string') &&
    (untilMs === undefined || typeof untilMs === 'number')
  );
}
