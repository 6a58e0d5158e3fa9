import { describe, expect, test } from 'vitest';

describe('importing the package on a server', () => {
  test('`pagehand/webmcp` touches no DOM and leaves no global behind', async () => {
    const before = Object.getOwnPropertyNames(globalThis);
    await import('../../widget/webmcp.ts');
    expect(typeof document).toBe('undefined');
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
  });

  test('`pagehand/tools` defines a tool that keeps its message', async () => {
    const { defineTool } = await import('../../widget/define-tool.ts');
    const tool = defineTool({
      name: 'fail',
      description: 'Fails.',
      execute() {
        throw new Error('No stock.');
      },
    });
    expect(await tool.execute({})).toEqual({ isError: true, content: [{ type: 'text', text: 'No stock.' }] });
  });

  test('the page tools can be imported, too', async () => {
    expect(await import('../../widget/tools/create-page-tools.ts')).toHaveProperty('createPageTools');
  });
});
