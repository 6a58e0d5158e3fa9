import { expect, test } from 'vitest';
import type { Entry } from '../../../widget/chat/state.ts';
import { keepThread, keptThread } from '../../../widget/chat/thread-memory.ts';
import { inherited, leadingAway } from '../../../widget/chat/turn-memory.ts';
import type { CallRecord, TurnRecord } from '../../../widget/chat/turn-record.ts';
import { openStorage } from '../../../widget/surface-storage.ts';

const CALL: CallRecord = {
  id: 'call_1',
  runId: 'exec_1 call_1',
  key: 'call_1',
  name: 'add',
  isPageCall: true,
  input: { n: 1 },
  progress: { status: 'asked' },
};

const TURN: TurnRecord = {
  userId: 'usr_1',
  answerId: 'ast_1',
  executionId: 'exec_1',
  seq: 4,
  calls: [CALL],
  offered: [
    {
      name: 'add',
      title: '',
      description: 'Adds.',
      parametersSchema: undefined,
      annotations: {},
      pageOrigin: 'https://shop.example.com',
      fingerprint: 'f',
    },
  ],
};

const ENTRIES: readonly Entry[] = [
  { role: 'user', id: 'usr_1', text: 'Go' },
  {
    role: 'assistant',
    id: 'ast_1',
    vote: undefined,
    parts: [{ kind: 'text', id: 't', text: 'Let me', streaming: true }],
  },
];

function roundTrip(turn: unknown) {
  const storage = openStorage('turns');
  keepThread(storage, { entries: ENTRIES, turn: turn as TurnRecord });
  return keptThread(storage);
}

test('a turn comes back with its thread as it stood, open as it was', () => {
  const { parametersSchema: _, ...offered } = TURN.offered[0] ?? {};
  expect(roundTrip(TURN)).toEqual({ entries: ENTRIES, turn: { ...TURN, offered: [offered] } });
});

test('without a turn, what was open has ended', () => {
  expect(roundTrip(undefined)).toMatchObject({ entries: [{}, { parts: [{ streaming: false }] }] });
});

test.each<[string, unknown]>([
  ['a turn that is a text', 'exec_1'],
  ['a turn without its message', { ...TURN, userId: undefined }],
  ['a turn of another thread', { ...TURN, userId: 'usr_9' }],
  ['a position that is none', { ...TURN, seq: 1.5 }],
  ['an execution that is none', { ...TURN, executionId: 7 }],
  ['calls that are none', { ...TURN, calls: {} }],
  ['a call without a name', { ...TURN, calls: [{ ...CALL, name: undefined }] }],
  ['a progress of another kind', { ...TURN, calls: [{ ...CALL, progress: { status: 'approved' } }] }],
  ['a tool without a fingerprint', { ...TURN, offered: [{ ...TURN.offered[0], fingerprint: undefined }] }],
  ['a tool without annotations', { ...TURN, offered: [{ ...TURN.offered[0], annotations: null }] }],
])('what another script wrote is no turn, and the thread stays: %s', (_what, turn) => {
  const kept = roundTrip(turn);
  expect(kept.turn).toBeUndefined();
  expect(kept.entries).toHaveLength(2);
});

test('of the calls that lead away, those that had started are marked', () => {
  const started: CallRecord = { ...CALL, progress: { status: 'started' } };
  const turn: TurnRecord = {
    ...TURN,
    calls: [started, { ...started, runId: 'exec_1 call_2' }, { ...CALL, runId: 'exec_1 call_3' }],
  };
  const marked = leadingAway(turn, new Set(['exec_1 call_1', 'exec_1 call_3']));
  expect(marked.calls.map(({ progress }) => progress.status)).toEqual(['navigating', 'started', 'asked']);
});

test('a tab that inherits a call which led another tab away does not know what became of it', () => {
  const turn: TurnRecord = { ...TURN, calls: [{ ...CALL, progress: { status: 'navigating' } }, CALL] };
  expect(inherited(turn).calls.map(({ progress }) => progress.status)).toEqual(['started', 'asked']);
});
