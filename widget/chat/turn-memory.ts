import { fieldsOf } from './reading.ts';
import type { CallRecord, TurnRecord } from './turn-record.ts';

const PROGRESS = ['asked', 'started', 'navigating', 'answered'];

/** Whether a turn can be gone on with from this. Another script of the page may have written it. */
export function isTurnRecord(value: unknown): value is TurnRecord {
  const { userId, answerId, replaces, executionId, seq, calls, offered } = fieldsOf(value);
  return (
    typeof userId === 'string' &&
    typeof answerId === 'string' &&
    [replaces, executionId].every((id) => id === undefined || typeof id === 'string') &&
    Number.isSafeInteger(seq) &&
    isListOf(calls, isCallRecord) &&
    isListOf(offered, isOffered)
  );
}

function isCallRecord(value: unknown): boolean {
  const { id, runId, key, name, isPageCall, progress } = fieldsOf(value);
  return (
    [id, runId, key, name].every((field) => typeof field === 'string') &&
    typeof isPageCall === 'boolean' &&
    PROGRESS.includes(String(fieldsOf(progress).status))
  );
}

/** A fingerprint and a name decide what runs; the rest of a tool is shown, and is read with care where it is. */
function isOffered(value: unknown): boolean {
  const { name, title, description, pageOrigin, fingerprint, annotations } = fieldsOf(value);
  return (
    [name, title, description, pageOrigin, fingerprint].every((field) => typeof field === 'string') &&
    typeof annotations === 'object' &&
    annotations !== null
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

/** A turn that comes to a tab whose page no call of it led to: what became of such a call shows elsewhere. */
export function inherited(turn: TurnRecord): TurnRecord {
  const calls = turn.calls.map(
    (call): CallRecord =>
      call.progress.status === 'navigating' ? { ...call, progress: { status: 'started' } } : call,
  );
  return { ...turn, calls };
}

/** The turn as the next page shall find it, when these of its calls, by `runId`, lead the browser there. */
export function leadingAway(turn: TurnRecord, leading: ReadonlySet<string>): TurnRecord {
  const marked = (call: CallRecord): CallRecord =>
    call.progress.status === 'started' && leading.has(call.runId)
      ? { ...call, progress: { status: 'navigating' } }
      : call;
  return { ...turn, calls: turn.calls.map(marked) };
}
