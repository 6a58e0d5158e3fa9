import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toolboxBench } from '../support/toolbox.ts';

async function run(name: string, parameters: object): Promise<{ text: string; isError: boolean }> {
  const { run } = await toolboxBench();
  return run({ toolIds: [`builtin:${name}`] }, { tool: `builtin:${name}`, parameters });
}

async function compute(expression: string): Promise<number> {
  const { text, isError } = await run('calculator', { expression });
  if (isError) throw new Error(text);
  return (JSON.parse(text) as { result: number }).result;
}

describe('the calculator', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['0.1 + 0.2', 0.3],
    ['(19.99 * 3 + 4.5) * 1.19', 76.7193],
    ['10 - 4 - 3', 3],
    ['100 / 10 / 5', 2],
    ['2 ^ 3 ^ 2', 512],
    ['2 ** 10', 1024],
    ['-2 ^ 2', -4],
    ['(-2) ^ 2', 4],
    ['2 ^ -1', 0.5],
    ['--3 + +4', 7],
    ['7 % 3', 1],
    ['-7 % 3', 2],
    ['7 %(3)', 1],
    ['15% of 80', 12],
    ['80 + 15%', 92],
    ['80 - 15%', 68],
    ['80 * 15%', 12],
    ['15%', 0.15],
    ['10% + 5%', 0.15],
    ['200 + (10%)', 200.1],
    ['.5 + 1e3', 1000.5],
    ['6 × 7 ÷ 2 − 1', 20],
    ['round(1.005, 2)', 1.01],
    ['round(-2.5)', -3],
    ['round(1234, -2)', 1200],
    ['sqrt(2) ^ 2', 2],
    ['max(1, 2 + 3, min(9, 4))', 5],
    ['avg(1, 2, 3, 6)', 3],
    ['log(1000) + ln(e) + log2(8)', 7],
    ['2 * PI', 6.28318530717959],
    ['factorial(5)', 120],
    ['sin(pi / 2)', 1],
  ])('computes %s', async (expression, result) => {
    expect(await compute(expression)).toBe(result);
  });

  test.each([
    ['1 / 0', /division by zero/],
    ['5 % 0', /division by zero/],
    ['0 ^ -1', /division by zero/],
    ['sqrt(-1)', /no real square root/],
    ['(-8) ^ 0.5', /no real result/],
    ['ln(0)', /above zero/],
    ['10 ^ 400', /too large/],
    ['1e999', /too large/],
    ['factorial(171)', /0 to 170/],
    ['1 +', /ends too early/],
    ['', /expression|length/],
    ['   ', /ends too early/],
    ['(1 + 2', /not closed/],
    ['1 + 2)', /"\)" cannot stand there \(character 6\)/],
    ['1,000 + 1', /without separators/],
    ['2 3', /"3" cannot stand there/],
    ['process.exit(1)', /There is no/],
    ['constructor(1)', /There is no "constructor"/],
    ['toString', /There is no "toString"/],
    ['1 ; 2', /There is no ";" in arithmetic \(character 3\)/],
    ['max()', /at least one/],
    ['sqrt(1, 2)', /exactly one/],
    ['sqrt 4', /sqrt\(…\)/],
    ['round(1, 2.5)', /whole number/],
  ])('says what is wrong with %j', async (expression, problem) => {
    const { text, isError } = await run('calculator', { expression });
    expect(isError).toBe(true);
    expect(text).toMatch(problem);
  });

  test('holds out against what is too long or nested too deep', async () => {
    for (const expression of [
      '('.repeat(400),
      `${'-'.repeat(900)}1`,
      `${'2^'.repeat(400)}2`,
      `${'sqrt('.repeat(150)}1${')'.repeat(150)}`,
      `${'1+'.repeat(10_000)}1`,
    ]) {
      const { text, isError } = await run('calculator', { expression });
      expect(isError).toBe(true);
      expect(text).toMatch(/nested|character|long|1000/i);
    }
  });

  test('computes or says why not, whatever it is given', async () => {
    const { run } = await toolboxBench();
    const piece = fc.constantFrom(
      ...'0123456789.+-*/%^(),',
      ' of ',
      'sqrt(',
      'max(',
      'pi',
      'e',
      'round(',
      '1e9',
    );
    const expressions = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 60 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1, maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(expressions, async (expression) => {
        const choice = { toolIds: ['builtin:calculator'] };
        const { text, isError } = await run(choice, {
          tool: 'builtin:calculator',
          parameters: { expression },
        });
        if (!isError) return Number.isFinite((JSON.parse(text) as { result: unknown }).result);
        return !/undefined|TypeError|not a function|stack/i.test(text.replace(expression, ''));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the clock', () => {
  test('tells the time of the server in a zone, as one text and in parts', async () => {
    const { text } = await run('clock', { timeZone: 'America/New_York' });
    expect(JSON.parse(text)).toEqual({
      iso: '2026-03-01T07:00:00-05:00',
      timeZone: 'America/New_York',
      date: '2026-03-01',
      time: '07:00:00',
      weekday: 'Sunday',
      year: 2026,
      month: 3,
      day: 1,
      hour: 7,
      minute: 0,
      second: 0,
      utcOffset: '-05:00',
      unixMs: Date.parse('2026-03-01T12:00:00Z'),
    });
  });

  test('tells it in UTC where no zone is named, and knows half hours', async () => {
    expect(JSON.parse((await run('clock', {})).text)).toMatchObject({
      iso: '2026-03-01T12:00:00+00:00',
      timeZone: 'UTC',
    });
    expect(JSON.parse((await run('clock', { timeZone: 'Asia/Kolkata' })).text)).toMatchObject({
      iso: '2026-03-01T17:30:00+05:30',
    });
  });

  test('says so when there is no such zone', async () => {
    for (const timeZone of ['Mars/Olympus', 'x'.repeat(5_000), '']) {
      const { text, isError } = await run('clock', { timeZone });
      expect(isError).toBe(true);
      expect(text).toContain('IANA');
    }
  });
});
