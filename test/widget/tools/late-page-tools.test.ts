import { expect, test, vi } from 'vitest';
import { latePageTools } from '../../../widget/tools/late-page-tools.ts';
import { installPolyfill } from '../../../widget/tools/polyfill.ts';

test('tools that are fetched late are the page’s tools, from the first question on', async () => {
  installPolyfill();
  const { modelContext } = document as unknown as {
    modelContext: { registerTool(tool: object): Promise<void> };
  };
  const tool = (name: string) => ({ name, description: 'Adds.', execute: () => 'Added.' });
  await modelContext.registerTool(tool('late_add'));
  const tools = latePageTools({ storageKey: 'late' });
  expect(tools.implementation()).toBe('none');
  expect([...tools.leading()]).toEqual([]);
  const changed = vi.fn();
  const undo = tools.onChange(changed);
  await tools.prepare?.();
  expect(tools.implementation()).not.toBe('none');
  const offered = await tools.snapshot();
  expect([...offered.tools.keys()]).toContain('late_add');
  const call = { toolCallId: 'exec_1 call_1', name: 'late_add', input: {} };
  expect(await tools.check(call, offered)).toMatchObject({ tool: { name: 'late_add' } });
  const outcome = await tools.run(call, offered, new AbortController().signal);
  expect(outcome).toMatchObject({ status: 'done', output: { content: [{ text: 'Added.' }] } });
  await modelContext.registerTool(tool('late_more'));
  await vi.waitFor(() => expect(changed).toHaveBeenCalled());
  undo();
});
