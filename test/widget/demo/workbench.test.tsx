import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import axe from 'axe-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallsPane } from '../../../demo/workbench/calls-pane.tsx';
import { goQuietly } from '../../../demo/workbench/location.ts';
import { createWorkbench, type Workbench } from '../../../demo/workbench/model.ts';
import { ToolsPane } from '../../../demo/workbench/tools-pane.tsx';
import { WebmcpPane } from '../../../demo/workbench/webmcp-pane.tsx';
import { defineTool, type ModelContext, type RegistrableTool } from '../../../widget/define-tool.ts';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';

installPolyfill();

let bench: Workbench;
let leaving: AbortController;
let received: unknown[];

beforeEach(async () => {
  leaving = new AbortController();
  received = [];
  await register(
    defineTool<{ readonly text: string }>({
      name: 'echo',
      title: 'Echo',
      description: 'Gives back what it gets.',
      inputSchema: {
        type: 'object',
        properties: { text: { type: 'string' }, times: { type: 'integer', minimum: 1 } },
        required: ['text'],
      },
      annotations: { readOnlyHint: true },
      execute: (input) => {
        received.push(input);
        if (input.text === 'break') throw new Error('It broke, as it was told to.');
        return { echo: input.text };
      },
    }),
  );
  bench = createWorkbench(createPageTools());
  await bench.refresh();
});

afterEach(() => {
  cleanup();
  bench.destroy();
  leaving.abort();
  goQuietly({ pane: 'tools', item: undefined });
});

test('a tool that is filled in and run shows what the model would read', async () => {
  render(<ToolsPane bench={bench} />);
  fireEvent.input(screen.getByLabelText(/^text /), { target: { value: 'hello' } });
  fireEvent.input(screen.getByLabelText(/^times /), { target: { value: '2' } });
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  expect(await screen.findByText(/^Done · \d+ ms$/)).toBeTruthy();
  expect(screen.getByText('"hello"')).toBeTruthy();
  expect(received).toEqual([{ text: 'hello', times: 2 }]);

  fireEvent.click(screen.getByRole('button', { name: 'Raw' }));
  expect(screen.getByText('{"echo":"hello"}')).toBeTruthy();
});

test('the JSON beside the form runs the tool just as well', async () => {
  render(<ToolsPane bench={bench} />);
  fireEvent.input(screen.getByLabelText('As JSON'), { target: { value: '{"text":"from JSON"}' } });
  expect(screen.getByLabelText(/^text /)).toHaveProperty('value', 'from JSON');
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  await screen.findByText(/^Done/);
  expect(received).toEqual([{ text: 'from JSON' }]);
});

test('arguments that break the schema do not reach the tool, and the first wrong field gets the focus', async () => {
  render(<ToolsPane bench={bench} />);
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  expect(await screen.findAllByText(/This is required\./)).toHaveLength(2);
  await expect.poll(() => document.activeElement).toBe(screen.getByLabelText(/^text /));
  expect(received).toEqual([]);
});

test('a tool that fails shows its own words', async () => {
  render(<ToolsPane bench={bench} />);
  fireEvent.input(screen.getByLabelText(/^text /), { target: { value: 'break' } });
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  expect(await screen.findByText(/^The tool reported an error/)).toBeTruthy();
  expect(screen.getByText(/It broke, as it was told to\./)).toBeTruthy();
});

test('a tool that does not answer can be cancelled', async () => {
  await register({
    name: 'wait',
    description: 'Never answers.',
    execute: () => new Promise(() => undefined),
  });
  goQuietly({ pane: 'tools', item: 'wait' });
  render(<ToolsPane bench={bench} />);
  await screen.findByRole('heading', { name: 'wait' });
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Cancel' }));
  expect(await screen.findByText(/^Cancelled/)).toBeTruthy();
});

test('the list follows the page by itself', async () => {
  render(<ToolsPane bench={bench} />);
  const list = within(screen.getByRole('list', { name: 'Tools of the page' }));
  expect(list.getAllByRole('link')).toHaveLength(1);
  await register({ name: 'late', description: 'Came later.', execute: async () => 'here' });
  expect(await list.findByRole('link', { name: /late/ })).toBeTruthy();
  leaving.abort();
  expect(await screen.findByText('The page has registered no tools.')).toBeTruthy();
});

test('a tool that the widget keeps back is named with the reason', async () => {
  await register({
    name: 'deep',
    description: 'Asks for too much.',
    inputSchema: { type: 'object', properties: { a: { type: 'string', description: 'x'.repeat(20_000) } } },
    execute: async () => 'never',
  });
  render(<ToolsPane bench={bench} />);
  const kept = await screen.findByRole('region', { name: 'Kept back by the widget' });
  expect(kept.textContent).toContain('deep');
  expect(kept.textContent).toContain('16');
});

test('arrow keys and the address choose the tool', async () => {
  await register({ name: 'second', description: 'The other one.', execute: async () => 'two' });
  render(<ToolsPane bench={bench} />);
  const second = await screen.findByRole('link', { name: /second/ });
  const first = screen.getByRole('link', { name: /Echo/ });
  first.focus();
  fireEvent.keyDown(first, { key: 'ArrowDown' });
  expect(document.activeElement).toBe(second);
  expect(location.hash).toBe('#tools/second');
  expect(await screen.findByRole('heading', { name: 'second' })).toBeTruthy();
});

test('calls by hand and by the chat are listed with who allowed them', async () => {
  const echo = bench.snapshot.value.tools.get('echo');
  if (echo === undefined) throw new Error('echo is not there.');
  bench.benchOf(echo).args.set({ text: 'by hand' });
  await bench.run(echo);
  bench.recordChatCall({
    toolCallId: 'call_1',
    name: 'echo',
    input: { text: 'by chat' },
    approvedBy: 'visitor_always',
    outcome: { status: 'declined' },
  });
  render(<CallsPane bench={bench} />);
  const [newest, oldest] = screen.getAllByRole('listitem');
  expect(newest?.textContent).toContain('the chat');
  expect(newest?.textContent).toContain('Declined');
  expect(oldest?.textContent).toContain('you');
  expect(oldest?.textContent).toContain('{"text":"by hand"}');
});

test('what the page says stays text', async () => {
  await register({
    name: 'markup',
    title: '<img src=x onerror=alert(1)>',
    description: '<b>bold</b>\u202Egnitaehc',
    execute: async () => '<script>alert(1)</script>',
  });
  goQuietly({ pane: 'tools', item: 'markup' });
  render(<ToolsPane bench={bench} />);
  await screen.findByRole('heading', { name: '<img src=x onerror=alert(1)>' });
  const detail = screen.getByRole('region', { name: 'Chosen tool' });
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  await screen.findByText('<script>alert(1)</script>');
  expect(detail.querySelector('img, b, script')).toBeNull();
  expect(detail.textContent).toContain('<b>bold</b>');
});

test('it says in plain words which WebMCP it found, and how to get the browser’s own', async () => {
  render(<WebmcpPane bench={bench} />);
  expect(screen.getByRole('heading', { level: 2 }).textContent).toContain(
    'Pagehand’s polyfill stands in for it',
  );
  expect(await screen.findByRole('row', { name: /Input of executeTool object/ })).toBeTruthy();
  expect(screen.getByText('chrome://flags/#enable-webmcp-testing')).toBeTruthy();
});

test('list, form and result pass an audit of their accessibility', async () => {
  render(<ToolsPane bench={bench} />);
  fireEvent.click(screen.getByRole('button', { name: 'Run' }));
  await screen.findAllByText(/This is required\./);
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
});

async function register(tool: RegistrableTool): Promise<void> {
  const context: ModelContext | undefined = document.modelContext;
  if (context === undefined) throw new Error('The polyfill is not there.');
  await context.registerTool(tool, { signal: leaving.signal });
}
