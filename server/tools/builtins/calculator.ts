import { ToolError } from '../tool-error.ts';
import type { Builtin } from './builtin.ts';
import { CONSTANTS, FUNCTIONS } from './calculator-functions.ts';

/** Longest expression, in characters. */
const MAX_CHARS = 1_000;
/** Deepest nesting of parentheses, signs and powers. The reader recurses. */
const MAX_DEPTH = 50;
/** What a binary floating-point number keeps of a decimal one: 0.1 + 0.2 is then 0.3. */
const DIGITS = 15;

/** `builtin:calculator`: arithmetic that a model should not do in its head. Nothing is executed. */
export function calculatorTool(): Builtin {
  return {
    description: `Computes an arithmetic expression, to ${DIGITS} digits: + - * / ^ and parentheses; 7 % 3 is a remainder, 15% of 80 and 80 + 15% are percentages; functions ${Object.keys(FUNCTIONS).join(', ')} (angles in radians, log is to base 10); constants ${Object.keys(CONSTANTS).join(', ')}.`,
    parametersSchema: {
      type: 'object',
      properties: {
        expression: {
          type: 'string',
          minLength: 1,
          maxLength: MAX_CHARS,
          description: 'For example "(19.99 * 3 + 4.5) * 1.19" or "round(sqrt(2), 3)".',
        },
      },
      required: ['expression'],
      additionalProperties: false,
    },
    idempotent: true,
    timeoutMs: 1_000,
    run: ({ expression }) => ({ expression, result: calculate(String(expression)) }),
  };
}

function calculate(expression: string): number {
  if (expression.length > MAX_CHARS) {
    throw wrong(`The expression is longer than ${MAX_CHARS} characters. Compute it in parts.`);
  }
  const reader = new Reader(tokensOf(expression));
  const { value } = reader.sum();
  reader.requireEnd();
  return Number(value.toPrecision(DIGITS));
}

interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  /** From 1. */
  readonly at: number;
}

const TOKEN =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(\*\*|[-+*/%^(),×÷−·]))/y;
const SPELLINGS: Readonly<Record<string, string>> = { '×': '*', '·': '*', '÷': '/', '−': '-', '**': '^' };

function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const end = expression.trimEnd().length;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(expression);
    if (match === null) {
      const rest = expression.slice(at).trimStart();
      throw wrong(
        `There is no "${[...rest][0]}" in arithmetic (character ${expression.length - rest.length + 1}).`,
      );
    }
    const [whole, number, name, sign = ''] = match;
    const text = number ?? name ?? SPELLINGS[sign] ?? sign;
    const kind = number !== undefined ? 'number' : name !== undefined ? 'name' : 'sign';
    tokens.push({ kind, text, at: at + whole.length - (number ?? name ?? sign).length + 1 });
    at += whole.length;
  }
  return [...tokens, { kind: 'end', text: '', at: expression.length + 1 }];
}

interface Value {
  readonly value: number;
  /** Whether it was written as a percentage: of what it is added to, or by itself a hundredth. */
  readonly isPercent: boolean;
}

class Reader {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** `a + b - c`. */
  sum(): Value {
    let left = this.product();
    for (let sign = this.take('+', '-'); sign !== undefined; sign = this.take('+', '-')) {
      const right = this.product();
      const share = right.isPercent && !left.isPercent ? left.value * right.value : right.value;
      const value = finite(sign === '+' ? left.value + share : left.value - share);
      left = { value, isPercent: left.isPercent && right.isPercent };
    }
    return left;
  }

  requireEnd(): void {
    if (this.next.kind !== 'end') throw this.unexpected();
  }

  /** `a * b / c % d`, and `a% of b`. */
  private product(): Value {
    let left = this.signed();
    for (let sign = this.takeFactor(); sign !== undefined; sign = this.takeFactor()) {
      const right = this.signed().value;
      left = plain(SIGNS[sign](left.value, right));
    }
    return left;
  }

  private takeFactor(): keyof typeof SIGNS | undefined {
    if (this.next.text === 'of') {
      this.position += 1;
      return '*';
    }
    return this.take('*', '/', '%');
  }

  /** A sign binds less than a power: -2 ^ 2 is -4. */
  private signed(): Value {
    const sign = this.take('+', '-');
    if (sign === undefined) return this.power();
    const { value, isPercent } = this.nested(() => this.signed());
    return { value: sign === '-' ? -value : value, isPercent };
  }

  private power(): Value {
    const base = this.percent();
    if (this.take('^') === undefined) return base;
    const exponent = this.nested(() => this.signed());
    return plain(powerOf(base.value, exponent.value));
  }

  /** A `%` is a percentage where nothing follows that it could be the remainder of. */
  private percent(): Value {
    const value = this.operand();
    const after = this.tokens[this.position + 1];
    const isRemainder =
      after?.kind === 'number' || after?.text === '(' || (after?.kind === 'name' && after.text !== 'of');
    if (this.next.text !== '%' || isRemainder) return plain(value);
    this.position += 1;
    return { value: value / 100, isPercent: true };
  }

  private operand(): number {
    const token = this.next;
    if (token.kind === 'number') {
      this.position += 1;
      return finite(Number(token.text));
    }
    if (token.kind === 'name' && token.text !== 'of') {
      this.position += 1;
      return this.named(token);
    }
    if (this.take('(') === undefined) throw this.unexpected();
    const { value } = this.nested(() => this.sum());
    this.close();
    return value;
  }

  private named({ text, at }: Token): number {
    const name = text.toLowerCase();
    if (this.next.text !== '(') {
      const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined;
      if (constant !== undefined) return constant;
    }
    const compute = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (compute === undefined) {
      const known = [...Object.keys(FUNCTIONS), ...Object.keys(CONSTANTS)].join(', ');
      throw wrong(`There is no "${text.slice(0, 40)}" (character ${at}). There are ${known}.`);
    }
    if (this.take('(') === undefined) throw wrong(`Write ${name}(…), with its numbers in parentheses.`);
    const values = this.nested(() => this.list());
    const result = compute(values);
    if (typeof result === 'string') throw wrong(`${name}(${values.join(', ')}): ${result}`);
    return finite(result);
  }

  private list(): readonly number[] {
    const values: number[] = [];
    if (this.take(')') !== undefined) return values;
    do values.push(this.sum().value);
    while (this.take(',') !== undefined);
    this.close();
    return values;
  }

  private close(): void {
    if (this.take(')') !== undefined) return;
    throw this.next.kind === 'end' ? wrong('A parenthesis is not closed.') : this.unexpected();
  }

  private nested<Result>(read: () => Result): Result {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw wrong(`The expression is nested more than ${MAX_DEPTH} deep.`);
    const result = read();
    this.depth -= 1;
    return result;
  }

  private take<Sign extends string>(...signs: readonly Sign[]): Sign | undefined {
    const { kind, text } = this.next;
    const sign = kind === 'sign' ? signs.find((one) => one === text) : undefined;
    if (sign !== undefined) this.position += 1;
    return sign;
  }

  private get next(): Token {
    return this.tokens[this.position] as Token;
  }

  private unexpected(): ToolError {
    const { kind, text, at } = this.next;
    if (kind === 'end') return wrong('The expression ends too early: a number is missing.');
    const advice = text === ',' ? ' Write numbers without separators: 1000, and 0.5 with a dot.' : '';
    return wrong(`"${text.slice(0, 40)}" cannot stand there (character ${at}).${advice}`);
  }
}

const SIGNS = {
  '*': (left: number, right: number) => left * right,
  '/': (left: number, right: number) => left / notZero(right),
  // With the sign of the divisor, as in mathematics.
  '%': (left: number, right: number) => left - Math.floor(left / notZero(right)) * right,
} as const;

function notZero(divisor: number): number {
  if (divisor === 0) throw wrong('A division by zero has no result.');
  return divisor;
}

function powerOf(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) throw wrong('A division by zero has no result.');
  if (base < 0 && !Number.isInteger(exponent)) {
    throw wrong('A negative number to a power that is not whole has no real result.');
  }
  return base ** exponent;
}

function plain(value: number): Value {
  return { value: finite(value), isPercent: false };
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw wrong('The result is too large for this calculator.');
}

function wrong(message: string): ToolError {
  return new ToolError('invalid_arguments', message);
}
