import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPageTools } from '../../../widget/tools/create-page-tools.ts';
import { put } from './hosts.ts';

let tools: ReturnType<typeof createPageTools>;
let execute: () => unknown;

/** Catches a navigation where it would leave the page, and says what counted as leading there. */
function leadingThere(): string[][] {
  const seen: string[][] = [];
  navigation.addEventListener(
    'navigate',
    (event) => {
      seen.push([...tools.leading()]);
      event.preventDefault();
    },
    { once: true },
  );
  return seen;
}

beforeEach(() => {
  put(document, 'modelContext', {
    getTools: async () => [{ name: 'go', description: 'Goes.', window, origin: location.origin }],
    executeTool: async (_tool: unknown, input: unknown) => {
      if (typeof input === 'string') throw new TypeError('The input is not an object');
      return execute();
    },
  });
});

afterEach(() => {
  Reflect.deleteProperty(document, 'modelContext');
});

async function run(toolCallId: string): Promise<void> {
  tools = createPageTools({ storageKey: crypto.randomUUID() });
  const { signal } = new AbortController();
  await tools.run({ toolCallId, name: 'go', input: {} }, await tools.snapshot(), signal);
}

test('a call that sends the browser to another page leads it there', async () => {
  let seen: string[][] = [];
  execute = () => {
    seen = leadingThere();
    location.href = '/elsewhere';
  };
  await run('call_1');
  expect(seen).toEqual([['call_1']]);
});

test('a navigation that came to nothing leads nowhere, and neither does a call that has ended', async () => {
  const after: string[][] = [];
  execute = async () => {
    leadingThere();
    location.href = '/elsewhere';
    await Promise.resolve();
    after.push([...tools.leading()]);
  };
  await run('call_1');
  after.push([...tools.leading()]);
  expect(after).toEqual([[], []]);
});

test.each<[string, () => void]>([
  ['a step within the page', () => history.replaceState(null, '', location.href)],
  ['a reload', () => location.reload()],
])('%s leads nowhere', async (_what, go) => {
  let seen: string[][] = [];
  execute = () => {
    seen = leadingThere();
    go();
  };
  await run('call_1');
  expect(seen).toEqual([[]]);
});
