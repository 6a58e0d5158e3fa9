import { cleanup, render, screen, within } from '@testing-library/preact';
import { afterEach, expect, test } from 'vitest';
import { goQuietly } from '../../../demo/workbench/location.ts';
import { createRecorder, type Recorder } from '../../../demo/workbench/wire/recorder.ts';
import { WirePane } from '../../../demo/workbench/wire/wire-pane.tsx';
import { CLIENT_TOOLS_EVENT, type StreamEvent, SUPERSEDED_EVENT } from '../../../protocol/event.ts';
import { textOutput } from '../../../protocol/output.ts';
import type { WidgetEvents } from '../../../widget/options.ts';
import type { PageTool, Snapshot } from '../../../widget/tools/page-tools.ts';

afterEach(() => {
  cleanup();
  goQuietly({ pane: 'tools', item: undefined });
});

test('a request tells what was sent, what the widget kept back, and what the server refused and why', () => {
  const recorder = createRecorder();
  recorder.snapshot(
    sent(['search'], [{ name: 'bad name', reason: 'invalid_name', message: 'Names take letters only.' }]),
    0,
  );
  recorder.event(start('exec_1', 1), 5);
  recorder.event(
    report('exec_1', 2, {
      origin: 'https://store.example.com',
      admitted: [
        {
          name: 'search',
          origin: 'webmcp',
          modelName: 'webmcp__search',
          notes: ['Its description was cut.'],
        },
      ],
      refused: [
        {
          name: 'drop_tables',
          origin: 'webmcp',
          reason: 'not_allowlisted',
          message: 'No rule names this tool.',
        },
      ],
    }),
    6,
  );
  render(<WirePane recorder={recorder} />);

  const tools = within(screen.getByRole('region', { name: 'Tools sent' }));
  expect(tools.getByText(/1 of at most 50 tools/)).toBeTruthy();
  expect(tools.getByText(/Names take letters only/).textContent).toContain('bad name');

  const verdict = within(screen.getByRole('region', { name: 'Admitted and refused' }));
  expect(verdict.getByText(/1 admitted, 1 refused/).textContent).toContain('https://store.example.com');
  const refusal = verdict.getByText(/No rule names this tool/).textContent;
  expect(refusal).toContain('drop_tables');
  expect(refusal).toContain('not_allowlisted');
  expect(verdict.getByText('webmcp__search')).toBeTruthy();
  expect(verdict.getByText(/Its description was cut/)).toBeTruthy();
});

test('a resume is told from a dispatch, and what changed between them is named', () => {
  const recorder = createRecorder();
  recorder.snapshot(sent(['search', 'old']), 0);
  recorder.event(start('exec_1', 1), 1);
  recorder.snapshot(sent(['search', 'new']), 2);
  recorder.event({ type: 'turn_start', executionId: 'exec_1', seq: 2, id: 'turn_2', iteration: 2 }, 3);
  expect(recorder.exchanges.value.map(({ number, kind }) => ({ number, kind }))).toEqual([
    { number: 1, kind: 'dispatch' },
    { number: 2, kind: 'resume' },
  ]);
  render(<WirePane recorder={recorder} />);
  expect(screen.getByText(/new is new, old is gone/)).toBeTruthy();
});

test('events of an execution that sent no tools open a request of their own', () => {
  const recorder = createRecorder();
  recorder.event(start('exec_1', 1), 1);
  recorder.event(start('exec_2', 1), 2);
  expect(recorder.exchanges.value.map((exchange) => exchange.executionId)).toEqual(['exec_1', 'exec_2']);
});

test('a call stands with the request whose answer asked for it', () => {
  const recorder = createRecorder();
  recorder.snapshot(sent(['search']), 0);
  recorder.event(start('exec_1', 1), 1);
  recorder.event(
    { type: 'await', executionId: 'exec_1', seq: 2, toolCallId: 'call_1', toolName: 'webmcp:search' },
    2,
  );
  recorder.snapshot(sent(['search']), 3);
  recorder.call({
    toolCallId: 'call_1',
    name: 'search',
    input: {},
    approvedBy: 'visitor_once',
    outcome: { status: 'done', output: textOutput('found'), durationMs: 12 },
  });
  expect(recorder.exchanges.value.map((exchange) => exchange.calls.length)).toEqual([1, 0]);
});

test('neighbouring deltas share a row that spells their text', () => {
  const recorder = createRecorder();
  recorder.event(start('exec_1', 1), 1);
  for (const [index, delta] of ['Two ', 'blue ', 'mugs'].entries()) {
    recorder.event({ type: 'text_delta', executionId: 'exec_1', seq: index + 2, id: 'text_1', delta }, 2);
  }
  render(<WirePane recorder={recorder} />);
  const rows = within(screen.getByRole('region', { name: 'Events' })).getAllByRole('listitem');
  expect(rows).toHaveLength(2);
  expect(rows[1]?.textContent).toContain('2–4');
  expect(rows[1]?.textContent).toContain('"Two blue mugs"');
});

test('what was taken back, and what ended an execution, stands in its row', () => {
  const recorder = createRecorder();
  recorder.event(start('exec_1', 1), 1);
  const value = { turnId: 'turn_1', blockIds: ['text_1', 'text_2'] };
  recorder.event({ type: 'custom', executionId: 'exec_1', seq: 2, name: SUPERSEDED_EVENT, value }, 2);
  recorder.event(
    {
      type: 'execution_complete',
      executionId: 'exec_1',
      seq: 3,
      kind: 'agent',
      success: true,
      stopReason: 'unknown',
      endedBy: 'cancel',
    },
    3,
  );
  render(<WirePane recorder={recorder} />);
  const rows = within(screen.getByRole('region', { name: 'Events' })).getAllByRole('listitem');
  expect(rows[1]?.textContent).toContain('turn_1: text_1, text_2');
  expect(rows[2]?.textContent).toContain('unknown, ended by cancel');
});

test('requests without an answer are told from the one that waits for its own', () => {
  const recorder = createRecorder();
  recorder.snapshot(sent(['search']), 0);
  recorder.snapshot(sent(['search']), 1);
  render(<WirePane recorder={recorder} />);
  const rows = within(screen.getByRole('list', { name: 'Requests' })).getAllByRole('listitem');
  expect(rows[0]?.textContent).toMatch(/1 Request.*no answer/);
  expect(rows[1]?.textContent).toMatch(/2 Request.*waiting/);
});

test('the address chooses the request', () => {
  const recorder: Recorder = createRecorder();
  recorder.event(start('exec_1', 1), 1);
  recorder.event(start('exec_2', 1), 2);
  goQuietly({ pane: 'wire', item: '1' });
  render(<WirePane recorder={recorder} />);
  expect(screen.getByRole('region', { name: 'Request 1' }).textContent).toContain('exec_1');
});

function start(executionId: string, seq: number): StreamEvent {
  return { type: 'execution_start', executionId, seq, kind: 'agent' };
}

function report(executionId: string, seq: number, value: unknown): StreamEvent {
  return { type: 'custom', executionId, seq, name: CLIENT_TOOLS_EVENT, value };
}

function sent(names: readonly string[], refused: Snapshot['refused'] = []): WidgetEvents['snapshot'] {
  const tools = names.map(
    (name): PageTool => ({
      name,
      title: '',
      description: name,
      parametersSchema: undefined,
      annotations: {},
      pageOrigin: 'https://store.example.com',
      fingerprint: `of ${name}`,
    }),
  );
  const snapshot: Snapshot = {
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    clientTools: tools.map(({ name, description }) => ({ name, description, origin: 'webmcp' })),
    fingerprint: names.join(),
    refused,
  };
  return { snapshot, implementation: 'pagehand' };
}
