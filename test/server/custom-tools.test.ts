import { expect, test } from 'vitest';
import type { ToolDefinition } from '../../protocol/definition.ts';
import { openSandbox } from '../support/sandboxes.ts';
import { toolboxBench } from '../support/toolbox.ts';

const { sandbox } = openSandbox();
const bench = await toolboxBench(undefined, sandbox);

const NUMBER = { type: 'number' };

test('a tool of code computes with its parameters as variables', async () => {
  const tool = custom(
    `
    const tax = amount * (rate / 100);
    return { subtotal: amount, tax: tax.toFixed(2), total: (amount + tax).toFixed(2) };
    `,
    { properties: { amount: NUMBER, rate: NUMBER }, required: ['amount', 'rate'] },
  );
  const { text, isError } = await call(tool, { amount: 80, rate: 25 });
  expect([JSON.parse(text), isError]).toEqual([{ subtotal: 80, tax: '20.00', total: '100.00' }, false]);
});

test('a parameter that the model left out is a variable, and one that it made up never gets in the way', async () => {
  const tool = custom('const extra = 1; return [note ?? "none", extra];', {
    properties: { note: { type: 'string' } },
  });
  expect((await call(tool, { extra: 7 })).text).toBe('["none",1]');
});

test('without a schema, whatever the model gives is a variable', async () => {
  const tool: ToolDefinition = {
    name: 'free',
    description: '',
    toolType: 'custom',
    config: { code: 'return a + b' },
  };
  expect((await call(tool, { a: 1, b: 2 })).text).toBe('3');
});

test('the model reads why code failed, and the time that it had counts', async () => {
  const broken = await call(custom('const list = [];\nreturn list[0].name;'), {});
  expect(broken).toEqual({ text: expect.stringMatching(/line 2/), isError: true });
  const endless = await call(custom('while (true) {}', {}, 200), {});
  expect(endless).toEqual({ text: expect.stringContaining('200 ms'), isError: true });
});

test('code that is right has nothing to be said of', async () => {
  const code = [
    "// fetch(url) would need an external tool; require('x') too.",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that makes a text.
    'const text = "process.exit {braces}" + `${amount} of {{ ${"`"} }} ${ { a: { b: 1 } }.a.b } setTimeout(`;',
    'const pattern = /fetch\\(["\'`{]/g;',
    'const own = { fetch: () => 1, process: 2 };',
    'function document() { return own.fetch(); }',
    'if (/* return */ amount > 1) { return document() / own.process / 2; }',
    "throw new Error(text.replace(pattern, ''));",
  ].join('\n');
  expect(await review(custom(code, { properties: { amount: NUMBER } }))).toEqual([]);
});

test('what is wrong with code is said with its line and how to mend it', async () => {
  const schema = { properties: { amount: NUMBER, 'ship-to': { type: 'string' }, class: NUMBER } };
  expect(await review(custom('const a = 1;\nreturn a b;', schema))).toContainEqual(
    expect.objectContaining({ severity: 'error', code: 'syntax_error', line: 2, column: 10 }),
  );
  expect(await review(custom('const amount = 1; return amount', schema))).toContainEqual(
    expect.objectContaining({
      code: 'syntax_error',
      line: 1,
      suggestion: expect.stringContaining('another name'),
    }),
  );
  expect(await review(custom('amount * 2 // return', schema))).toEqual([
    expect.objectContaining({ severity: 'warning', code: 'missing_return' }),
    expect.objectContaining({
      code: 'not_a_variable',
      suggestion: expect.stringContaining('parameters["ship-to"]'),
    }),
    expect.objectContaining({
      code: 'not_a_variable',
      suggestion: expect.stringContaining('parameters["class"]'),
    }),
  ]);
  expect(await review(custom(' \n'))).toEqual([
    expect.objectContaining({ severity: 'error', code: 'empty_code' }),
  ]);
});

test('what is not in the sandbox is warned of where it is used', async () => {
  const code = `
    const answer = await fetch('https://api.example.com');
    const fs = require("x"); setTimeout(() => 1, 10);
    return [answer, fs, process.env.KEY, new URL('x:y'), globalThis.fetch];
  `;
  expect(await review(custom(code))).toEqual(
    [
      ['fetch', 2],
      ['require', 3],
      ['setTimeout', 3],
      ['process', 4],
      ['URL', 4],
    ].map(([name, line]) =>
      expect.objectContaining({
        severity: 'warning',
        code: 'not_available',
        message: expect.stringContaining(`"${name}"`),
        suggestion: expect.stringMatching(/^Code has/),
        line,
      }),
    ),
  );
});

test('secrets have no place in code, and placeholders are not filled in there', async () => {
  const secret = await review(
    custom('const key = "{{secrets.api_key}}";\nreturn "{{secret:API_KEY}}" + key'),
  );
  expect(secret).toEqual(
    [1, 2].map((line) => expect.objectContaining({ severity: 'error', code: 'secret_in_code', line })),
  );
  const placeholder = await review(
    custom('return "in {{city}}"', { properties: { city: { type: 'string' } } }),
  );
  expect(placeholder).toEqual([
    expect.objectContaining({ severity: 'warning', code: 'placeholder_in_code', line: 1 }),
  ]);
  const literal = await call(custom('return text + "{{city}}"', { properties: { text: {} } }), {
    text: '{{secret:API_KEY}}',
  });
  expect(literal.text).toBe('{{secret:API_KEY}}{{city}}');
});

test.each([0, -1, 30_001, 1e9])('a time of %d ms is refused when the tool is made', async (timeout) => {
  expect(await review(custom('return 1', {}, timeout))).toEqual([
    expect.objectContaining({ severity: 'error', code: 'timeout_out_of_range', path: 'config.timeout' }),
  ]);
});

test('code that cannot be checked now is no reason to refuse the tool', async () => {
  const { sandbox: closed } = openSandbox();
  await closed.close();
  const { toolbox } = await toolboxBench(undefined, closed);
  expect((await toolbox.review(custom('return 1'))).findings).toEqual([
    expect.objectContaining({ severity: 'warning', code: 'not_checked' }),
  ]);
});

test('code made to be hard to read is reviewed at once', async () => {
  const hard = [
    [' ', 190_000],
    ['/[', 90_000],
    [',/[/', 45_000],
    ['`${', 60_000],
    ['{{x}}', 38_000],
    ['"{{x}}" ', 20_000],
    ['"\\', 90_000],
    ['fetch (', 25_000],
  ] as const;
  for (const [text, times] of hard) {
    const began = performance.now();
    await review(custom(`return 1\n${text.repeat(times)}`));
    expect(performance.now() - began).toBeLessThan(10_000);
  }
});

function custom(
  code: string,
  schema: Readonly<Record<string, unknown>> = {},
  timeout?: number,
): ToolDefinition {
  return {
    name: 'calculate',
    description: 'Calculates.',
    toolType: 'custom',
    parametersSchema: { type: 'object', properties: {}, ...schema },
    config: { code, ...(timeout === undefined ? {} : { timeout }) },
  };
}

function call(tool: ToolDefinition, parameters: object) {
  return bench.run({ runtimeTools: [tool] }, { tool: tool.name, parameters });
}

function review(tool: ToolDefinition) {
  return bench.toolbox.review(tool).then(({ findings }) => findings);
}
