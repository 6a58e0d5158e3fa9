import { beforeEach, describe, expect, test } from 'vitest';
import type { HostFunction } from '../../server/sandbox/sandbox.ts';
import { failureOf, jobOf, openSandbox } from '../support/sandboxes.ts';

const { sandbox } = openSandbox();

/** What is given to code that will not end by itself, in milliseconds. */
const SHORT_MS = 300;

/** What the process may have grown by once everything hostile has run, in bytes. */
const MEMORY_CAP = 200e6;

/** What anybody else may have to wait while it runs, in milliseconds. Machines that run tests are busy. */
const DELAY_CAP_MS = 1_000;

const ENDLESS: readonly (readonly [string, string])[] = [
  ['an infinite loop', 'while (true) {}'],
  [
    'an infinite loop that catches what stops it',
    'for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } }',
  ],
  ['promises without end', 'async function again() { for (;;) await 0 } await again()'],
  ['a promise that comes back to itself', 'const again = () => Promise.resolve().then(again); await again()'],
  ['work that goes on after the return', 'Promise.resolve().then(() => { for (;;) {} }); return "done"'],
  ['a generator without end', 'return [...(function* () { for (;;) yield })()].length && 1'],
  ['one long operation on a BigInt', 'return Array(20).fill(2n ** 1000000n).join()'],
  ['a pattern that backtracks', 'return /^(a+)+$/.test("a".repeat(40) + "b")'],
  ['a getter in the result', 'return { get total() { for (;;) {} } }'],
  ['a toJSON in the result', 'return { toJSON() { for (;;) {} } }'],
  ['a proxy as the result', 'return new Proxy({}, { ownKeys() { for (;;) {} } })'],
  ['a thrown proxy', 'throw new Proxy({}, { get() { for (;;) {} } })'],
  [
    'an error whose message never comes',
    'throw Object.defineProperty(new Error(), "message", { get() { for (;;) {} } })',
  ],
  ['a thenable that never answers', 'return { then() { for (;;) {} } }'],
  ['a replaced JSON and a loop', 'JSON.stringify = () => { for (;;) {} }; return await tools.forever()'],
  ['code that closes its own function and goes on', '}, (() => { for (;;) {} })()); (async function () {'],
];

const CONTAINED: readonly (readonly [string, string, string])[] = [
  [
    'a memory bomb of lists',
    'const all = []; for (;;) all.push(new Array(1e5).fill("x"))',
    'code_out_of_memory',
  ],
  ['a memory bomb of bytes', 'const all = []; for (;;) all.push(new Uint8Array(1e6))', 'code_out_of_memory'],
  [
    'a memory bomb of texts',
    'const all = []; for (let i = 0; ; i++) all.push(String(i).repeat(1e5))',
    'code_out_of_memory',
  ],
  [
    'a memory bomb in promises',
    'const all = []; for (;;) all.push(await new Uint8Array(1e6))',
    'code_out_of_memory',
  ],
  ['one list that is too long', 'return new Uint8Array(4e9)', 'code_failed|code_out_of_memory'],
  ['a text that doubles', 'let text = "x"; for (;;) text += text', 'code_failed|code_out_of_memory'],
  ['deep recursion', 'const down = () => down() + 1; return down()', 'code_failed'],
  [
    'deep recursion in native code',
    'let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return JSON.stringify(o)',
    'code_failed',
  ],
  [
    'a result that is nested too deep',
    'let o = {}; for (let i = 0; i < 1e5; i++) o = [o]; return o',
    'unreadable_result',
  ],
  [
    'a pattern that is nested too deep',
    'return new RegExp("(".repeat(1e5) + ")".repeat(1e5))',
    'code_failed',
  ],
  ['code that makes deep code', 'return eval("[".repeat(1e5))', 'code_failed'],
  ['a promise that nobody settles', 'await new Promise(() => {})', 'code_failed'],
  ['10 MB of result', 'return "x".repeat(10e6)', 'code_limit'],
  [
    '10 MB of result in small parts',
    'return Array.from({ length: 1e6 }, () => 1234567)',
    'code_limit|code_out_of_memory',
  ],
  ['a result that is longer as bytes', 'return "\u20ac".repeat(900000)', 'code_limit'],
  ['10 MB of message', 'throw new Error("x".repeat(10e6))', 'code_failed'],
  ['a number that was thrown', 'throw 42', 'code_failed'],
  ['null that was thrown', 'throw null', 'code_failed'],
  ['a symbol that was thrown', 'throw Symbol("x")', 'code_failed'],
  ['an object that cannot be shown', 'throw { toJSON() { throw 1 }, toString() { throw 2 } }', 'code_failed'],
  ['NaN', 'return 0 / 0', 'unreadable_result'],
  ['Infinity', 'return 1 / 0', 'unreadable_result'],
  ['a BigInt', 'return 1n', 'unreadable_result'],
  ['a BigInt inside', 'return { n: [1n] }', 'unreadable_result'],
  ['a cycle', 'const o = {}; o.o = o; return o', 'unreadable_result'],
  ['a function', 'return () => 1', 'unreadable_result'],
  ['a symbol', 'return Symbol("x")', 'unreadable_result'],
  ['a getter that throws', 'return { get a() { throw new Error("no") } }', 'unreadable_result'],
  [
    'a revoked proxy',
    'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy',
    'code_failed',
  ],
  ['a module', 'return await import("node:fs")', 'code_failed'],
];

const ESCAPES: readonly (readonly [string, string])[] = [
  [
    'the Function constructor',
    'return new Function("return this")() === globalThis && typeof new Function("return process")',
  ],
  ['the constructor of everything', '(() => {}).constructor.constructor("return process.exit(7)")()'],
  [
    'the async constructor',
    'await Object.getPrototypeOf(async () => {}).constructor("return process.exit(7)")()',
  ],
  ['the host function\u2019s constructor', 'tools.echo.constructor("return process.exit(7)")()'],
  ['the console\u2019s constructor', 'console.log.constructor("return process.exit(7)")()'],
  [
    'an error of the host',
    'try { await tools.fail() } catch (error) { error.constructor.constructor("return process.exit(7)")() }',
  ],
  ['what the host answers', '(await tools.echo({})).constructor.constructor("return process.exit(7)")()'],
  ['the caller', '(function f() { return f.caller.constructor("return process.exit(7)")() })()'],
];

const host: Readonly<Record<string, Readonly<Record<string, HostFunction>>>> = {
  tools: {
    echo: async (value) => value,
    fail: () => Promise.reject(new Error('No.')),
    forever: () => new Promise<unknown>(() => undefined),
  },
};

beforeEach(async () => {
  // Whatever came before, the next one is served.
  expect(await sandbox.run(jobOf('return "served"'))).toBe('served');
});

describe.each(ENDLESS)('%s', (_, code) => {
  test('ends when its time is over', async () => {
    const failure = await failureOf(sandbox.run(jobOf(code, { host, timeoutMs: SHORT_MS })));
    expect(failure.code).toMatch(/^code_(out_of_time|failed)$/);
    if (failure.code === 'code_failed') expect(failure.message).toContain('cannot be compiled');
  });
});

test.each(CONTAINED)('%s fails in words', async (_, code, expected) => {
  const failure = await failureOf(sandbox.run(jobOf(code)));
  expect(expected.split('|')).toContain(failure.code);
  expect(failure.message.length).toBeLessThan(2_500);
  expect(failure.message).not.toMatch(/prelude|worker\.|wasm|\.mjs|node:internal/);
});

test.each(ESCAPES)('%s leads nowhere but back into the sandbox', async (_, code) => {
  const failure = await failureOf(sandbox.run(jobOf(code, { host })));
  expect([undefined, 'code_failed']).toContain(failure.code);
  expect(failure.message).toMatch(/process|"function"|undefined|null|property access/);
});

test('what code does to its own world is gone with it, and the process never sees it', async () => {
  const code = `
    Object.prototype.polluted = 1; Array.prototype.toJSON = () => 'x'; JSON.parse = () => 'y';
    Promise.prototype.then = function () { return this }; Object.prototype.toJSON = () => 'z';
    globalThis.kept = 1;
    return JSON.parse('1');
  `;
  await sandbox.run(jobOf(code, { host })).catch(() => undefined);
  await sandbox.run(jobOf(`${code} tools.echo([1])`, { host })).catch(() => undefined);
  expect('polluted' in {}).toBe(false);
  const fresh = 'return ["polluted" in {}, typeof kept, JSON.stringify([{}]), await tools.echo([1])]';
  expect(await sandbox.run(jobOf(fresh, { host }))).toEqual([false, 'undefined', '[{}]', [1]]);
  const result = await sandbox.run(
    jobOf(
      'return JSON.parse(\'{ "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } } }\')',
    ),
  );
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  expect('polluted' in {}).toBe(false);
});

test('a flood of host calls is stopped, and few of them run at once', async () => {
  let running = 0;
  let most = 0;
  let all = 0;
  const slow: HostFunction = async () => {
    all += 1;
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running -= 1;
    return all;
  };
  const flooded = { tools: { slow } };
  const gathered = 'return (await Promise.all(Array.from({ length: 150 }, () => tools.slow()))).length';
  expect(await sandbox.run(jobOf(gathered, { host: flooded }))).toBe(150);
  expect(most).toBeLessThanOrEqual(32);
  for (const code of [
    'for (;;) tools.slow()',
    'for (;;) await tools.slow()',
    'for (;;) await tools.slow().catch(() => 1)',
  ]) {
    all = 0;
    const failure = await failureOf(sandbox.run(jobOf(code, { host: flooded })));
    expect(failure).toEqual({ code: 'code_limit', message: expect.stringContaining('200 calls') });
    expect(all).toBeLessThanOrEqual(200);
  }
});

test('host calls and answers that are too large never pass', async () => {
  const seen: unknown[] = [];
  const large = {
    tools: {
      take: async (value: unknown) => seen.push(value),
      give: async () => 'x'.repeat(2e6),
    },
  };
  const code = `
    const taken = await tools.take('x'.repeat(2e6)).catch((error) => error.message ?? error);
    const given = await tools.give().catch((error) => [error.message, error.code]);
    return [taken, given];
  `;
  expect(await sandbox.run(jobOf(code, { host: large }))).toEqual([
    expect.stringContaining('1000000'),
    [expect.stringContaining('1000000'), 'code_limit'],
  ]);
  expect(seen).toEqual([]);
  const parameters = { text: 'x'.repeat(1e6) };
  expect((await failureOf(sandbox.run(jobOf('return 1', { parameters })))).code).toBe('code_limit');
});

test('code that calls itself through the host ends with its time', async () => {
  let depth = 0;
  const again: HostFunction = () => {
    depth += 1;
    return sandbox.run(
      jobOf('return await tools.again()', { host: { tools: { again } }, timeoutMs: SHORT_MS }),
    );
  };
  const failure = await failureOf(
    sandbox.run(jobOf('return await tools.again()', { host: { tools: { again } }, timeoutMs: SHORT_MS })),
  );
  expect(failure.code).toMatch(/^code_(out_of_time|failed|limit)$/);
  expect(depth).toBeLessThan(50);
});

test('while hostile code runs on every worker, the process answers and stays small', async () => {
  const before = process.memoryUsage.rss();
  const latency = watchLatency();
  const codes = [...ENDLESS.map(([, code]) => code), ...CONTAINED.map(([, code]) => code)];
  const hostile = codes.map((code) => failureOf(sandbox.run(jobOf(code, { host, timeoutMs: SHORT_MS }))));
  const ends = await Promise.all(hostile);
  expect(ends.filter(({ code }) => code === undefined)).toEqual([]);
  expect(latency.stop()).toBeLessThan(DELAY_CAP_MS);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MEMORY_CAP);
});

/** Longest that a timer of 20 ms came late. */
function watchLatency(): { stop(): number } {
  let last = performance.now();
  let worst = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 20);
    last = now;
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return worst;
    },
  };
}
