import { expect, test, vi } from 'vitest';
import type { HostFunction } from '../../server/sandbox/sandbox.ts';
import { failureOf, jobOf, openSandbox } from '../support/sandboxes.ts';

const { sandbox, lines } = openSandbox();

test('parameters are variables, and all of them are `parameters`', async () => {
  const parameters = { amount: 200, rate: 7.5, 'ship-to': { country: 'NL' } };
  const code = `
    const tax = amount * (rate / 100);
    return { tax: tax.toFixed(2), total: (amount + tax).toFixed(2), to: parameters['ship-to'].country, amount: parameters.amount };
  `;
  expect(await sandbox.run(jobOf(code, { parameters }))).toEqual({
    tax: '15.00',
    total: '215.00',
    to: 'NL',
    amount: 200,
  });
});

test('a parameter that was left out is a variable without a value; one that nobody announced is none', async () => {
  const job = { parameters: { given: 1, extra: 2 }, names: ['given', 'missing'] };
  const code = 'return [given, missing === undefined, typeof extra, parameters.extra]';
  expect(await sandbox.run(jobOf(code, job))).toEqual([1, true, 'undefined', 2]);
});

test('names that code cannot use stay parameters, whatever they mean elsewhere', async () => {
  const names = [
    'class',
    'await',
    'arguments',
    'parameters',
    'eval',
    'let',
    '1st',
    'a b',
    'a-b',
    '',
    '"',
    ') {',
    '__proto__',
    'constructor',
    'ünïcode',
  ];
  const parameters = Object.fromEntries(names.map((name, index) => [name, index]));
  Object.defineProperty(parameters, '__proto__', { value: 12, enumerable: true });
  const code = 'return [parameters, constructor, ünïcode, Object.keys(parameters).length, typeof globalThis]';
  const [all, ...rest] = (await sandbox.run(jobOf(code, { parameters }))) as unknown[];
  expect(Object.entries(all as object)).toEqual(Object.entries(parameters));
  expect(rest).toEqual([13, 14, names.length, 'object']);
});

test('code is strict, waits for promises and returns JSON; nothing returned is null', async () => {
  expect(await sandbox.run(jobOf('return (function () { return this })()'))).toBeNull();
  expect(await sandbox.run(jobOf('const v = await Promise.all([1, Promise.resolve(2)]); return v'))).toEqual([
    1, 2,
  ]);
  expect(await sandbox.run(jobOf('const nothing = 1'))).toBeNull();
  expect(
    await sandbox.run(jobOf('return [undefined, new Date(0), { a: undefined, b: "ü\u2028" }] // so')),
  ).toEqual([null, '1970-01-01T00:00:00.000Z', { b: 'ü\u2028' }]);
  expect((await failureOf(sandbox.run(jobOf('undeclared = 1')))).message).toContain(
    'undeclared is not defined',
  );
});

test('an error names the line of the author\u2019s own code, and no place of ours', async () => {
  const failure = await failureOf(sandbox.run(jobOf('const order = {};\n\nreturn order.items.length;')));
  expect(failure.code).toBe('code_failed');
  expect(failure.message).toMatch(/^The code failed \(line 3, column 8\): TypeError: .*undefined/);
  expect(failure.message).not.toMatch(/prelude|worker|node|\/|\.mjs|<anonymous>/);
});

test('code that cannot be compiled says where', async () => {
  const failure = await failureOf(sandbox.run(jobOf('const a = 1;\nreturn a b')));
  expect(failure).toEqual({
    code: 'code_failed',
    message: expect.stringMatching(/cannot be compiled.*line 2, column 10/),
  });
});

test('code is checked without being run', async () => {
  expect(await sandbox.check('while (true) {} return city', ['city'])).toBeUndefined();
  expect(await sandbox.check('return `a', [])).toMatchObject({
    line: 1,
    message: expect.stringContaining('end of'),
  });
  expect(await sandbox.check('let a;\n\n  let a;', [])).toMatchObject({ line: 3 });
  expect(await sandbox.check('const city = 1', ['city'])).toMatchObject({
    line: 1,
    message: expect.stringContaining('parameter'),
  });
  expect(await sandbox.check('import fs from "fs"', [])).toMatchObject({ line: 1 });
  expect(await sandbox.check('return 1 }); (async function () {{', [])).toMatchObject({ line: 1 });
  expect(await sandbox.check('x'.repeat(200_001), [])).toMatchObject({
    message: expect.stringContaining('200000'),
  });
  expect(await sandbox.check('['.repeat(100_000), [])).toMatchObject({ line: 1 });
});

test.each([
  ['fetch("https://example.com")', 'no network'],
  ['new XMLHttpRequest()', 'no network'],
  ['require("fs")', 'no modules'],
  ['process.env.KEY', 'no process'],
  ['setTimeout(() => 1, 1)', 'no timers'],
  ['document.title', 'no page'],
])('%s is not there, and the error says what to do instead', async (code, why) => {
  const failure = await failureOf(sandbox.run(jobOf(`return ${code}`)));
  expect(failure.code).toBe('code_failed');
  expect(failure.message).toContain(why);
});

test('what code finds in its world is the language and nothing else', async () => {
  const code = `return ['fetch', 'require', 'process', 'setTimeout', 'Buffer', 'std', 'os', 'print', 'navigator', 'WebAssembly', 'Worker']
    .filter((name) => name in globalThis)`;
  expect(await sandbox.run(jobOf(code))).toEqual([]);
});

test('what code writes to its console goes to the operator, within bounds', async () => {
  const before = lines.length;
  await sandbox.run(
    jobOf(
      `console.log('total', { a: [1] }, 2n); console.error('x'.repeat(5000)); for (let i = 0; i < 1e4; i++) console.info(i)`,
    ),
  );
  const written = lines.slice(before);
  expect(written[0]).toBe('total {"a":[1]} 2');
  expect(written[1]).toHaveLength(1_000);
  expect(written).toHaveLength(100);
});

test('host functions are awaited, take and give JSON, and throw what they reject with', async () => {
  const execute = vi.fn<HostFunction>(async (name, parameters) => ({ name, parameters }));
  const refuse: HostFunction = () => Promise.reject(new Error('Not today.'));
  const host = { tools: { execute, refuse } };
  const code = `
    const told = await tools.execute('add', { sku: 'mug', at: new Date(0), none: undefined });
    const why = await tools.refuse().catch((error) => [error instanceof Error, error.message]);
    return [told, why, typeof tools.other, Object.isFrozen(tools)];
  `;
  const told = { name: 'add', parameters: { sku: 'mug', at: '1970-01-01T00:00:00.000Z' } };
  expect(await sandbox.run(jobOf(code, { host }))).toEqual([told, [true, 'Not today.'], 'undefined', true]);
  expect(execute).toHaveBeenCalledOnce();
});

test('time that host functions take is part of the code\u2019s time', async () => {
  const host = { tools: { never: () => new Promise<unknown>(() => undefined) } };
  const failure = await failureOf(sandbox.run(jobOf('await tools.never()', { host, timeoutMs: 100 })));
  expect(failure).toEqual({ code: 'code_out_of_time', message: expect.stringContaining('100 ms') });
});

test('a cancel ends code at once, wherever it is', async () => {
  const stop = new AbortController();
  const running = failureOf(
    sandbox.run(jobOf('while (true) {}', { signal: stop.signal, timeoutMs: 60_000 })),
  );
  const waiting = failureOf(
    sandbox.run(
      jobOf('await tools.never()', {
        host: { tools: { never: () => new Promise<unknown>(() => undefined) } },
        signal: stop.signal,
        timeoutMs: 60_000,
      }),
    ),
  );
  stop.abort();
  expect((await running).code).toBe('cancelled');
  expect((await waiting).code).toBe('cancelled');
  expect((await failureOf(sandbox.run(jobOf('return 1', { signal: stop.signal })))).code).toBe('cancelled');
  expect(await sandbox.run(jobOf('return 1'))).toBe(1);
});

test('more than may wait is refused in words, and who waits can leave', async () => {
  const { sandbox: small } = openSandbox({ workers: 1, queue: 1 });
  const stop = new AbortController();
  const endless = jobOf('while (true) {}', { signal: stop.signal, timeoutMs: 60_000 });
  const running = failureOf(small.run(endless));
  const leaving = new AbortController();
  const waiting = failureOf(small.run(jobOf('return 1', { signal: leaving.signal })));
  await vi.waitFor(() => expect(small.waiting()).toBe(1), 5_000);
  const refused = await failureOf(small.run(jobOf('return 1')));
  expect(refused).toEqual({
    code: 'code_limit',
    message: expect.stringMatching(/1 other .* wait.*again later/),
  });
  leaving.abort();
  expect((await waiting).code).toBe('cancelled');
  const next = small.run(jobOf('return "my turn"'));
  stop.abort();
  expect((await running).code).toBe('cancelled');
  expect(await next).toBe('my turn');
});

test('who fills the sandbox with code that never ends keeps nobody else from running theirs', async () => {
  const { sandbox: small } = openSandbox({ workers: 1, queue: 5 });
  const stop = new AbortController();
  const endless = jobOf('while (true) {}', { owner: 'mallory', signal: stop.signal, timeoutMs: 60_000 });
  const ends = Array.from({ length: 6 }, () => failureOf(small.run(endless)));
  await vi.waitFor(() => expect(small.waiting()).toBe(5), 5_000);
  expect((await failureOf(small.run(endless))).code).toBe('code_limit');
  const others = ['alice', 'bob', 'alice'].map((owner) => small.run(jobOf('return "done"', { owner })));
  expect(await Promise.all(others)).toEqual(['done', 'done', 'done']);
  expect(small.waiting()).toBe(5);
  stop.abort();
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual(Array(6).fill('cancelled'));
});

test('who has endless code checked keeps nobody else from having theirs checked', async () => {
  const { sandbox: small } = openSandbox({ waitMs: 60_000 });
  const slow = Array.from({ length: 14_000 }, (_, at) => `let v${at}=1`).join(';');
  let isOver = false;
  const checks = Array.from({ length: 30 }, (_, at) => small.check(`${slow}; ${at}`, [], 'mallory'));
  const all = Promise.allSettled(checks).then(() => {
    isOver = true;
  });
  expect(await small.check('return 1', [], 'alice')).toBeUndefined();
  expect(isOver).toBe(false);
  await small.close();
  await all;
}, 30_000);

test('code that runs keeps nobody from having code checked, and the same code is checked once', async () => {
  const { sandbox: small } = openSandbox({ workers: 1 });
  const stop = new AbortController();
  const running = failureOf(small.run(jobOf('while (true) {}', { signal: stop.signal, timeoutMs: 60_000 })));
  expect(await small.check('return a b', [])).toMatchObject({ line: 1 });
  expect(await small.check('return a', ['a'])).toBeUndefined();
  stop.abort();
  await running;
  await small.close();
  expect(await small.check('return a b', [])).toMatchObject({ line: 1 });
  expect(await small.check('return a', ['a'])).toBeUndefined();
  expect((await failureOf(small.check('return a', []))).code).toBe('failed');
});

test('nobody waits for ever for a worker', async () => {
  const { sandbox: small } = openSandbox({ workers: 1, waitMs: 50 });
  const stop = new AbortController();
  const running = failureOf(small.run(jobOf('while (true) {}', { signal: stop.signal, timeoutMs: 60_000 })));
  const failure = await failureOf(small.run(jobOf('return 1')));
  expect(failure).toEqual({ code: 'code_limit', message: expect.stringContaining('no worker was free') });
  stop.abort();
  await running;
});

test('workers that have nothing to do go, and come again', async () => {
  const { sandbox: idle } = openSandbox({ workers: 1, idleMs: 1 });
  for (const value of [1, 2, 3]) {
    expect(await idle.run(jobOf(`return ${value}`))).toBe(value);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('a closed sandbox ends what runs and runs nothing more', async () => {
  const { sandbox: closing } = openSandbox({ workers: 1 });
  await closing.run(jobOf('return 1'));
  const running = failureOf(closing.run(jobOf('while (true) {}', { timeoutMs: 60_000 })));
  const waiting = failureOf(closing.run(jobOf('return 1')));
  await vi.waitFor(() => expect(closing.waiting()).toBe(1), 5_000);
  await closing.close();
  expect(await running).toEqual({ code: 'failed', message: expect.stringContaining('about to stop') });
  expect((await waiting).code).toBe('failed');
  expect((await failureOf(closing.run(jobOf('return 1')))).code).toBe('failed');
});
