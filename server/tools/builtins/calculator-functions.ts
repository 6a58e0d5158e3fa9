/** A result, or why there is none, as a sentence. */
type Compute = (values: readonly number[]) => number | string;

export const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

export const FUNCTIONS: Readonly<Record<string, Compute>> = {
  abs: one(Math.abs),
  sqrt: one((x) => (x < 0 ? 'a negative number has no real square root.' : Math.sqrt(x))),
  cbrt: one(Math.cbrt),
  round: ([x, digits = 0, ...rest]) => {
    if (x === undefined || rest.length > 0) return 'it takes a number and, if wanted, how many decimals.';
    if (!Number.isInteger(digits) || Math.abs(digits) > 15) return 'decimals are a whole number up to 15.';
    return rounded(x, digits);
  },
  floor: one(Math.floor),
  ceil: one(Math.ceil),
  trunc: one(Math.trunc),
  min: some((values) => Math.min(...values)),
  max: some((values) => Math.max(...values)),
  sum: some(sum),
  avg: some((values) => sum(values) / values.length),
  exp: one(Math.exp),
  ln: one((x) => (x <= 0 ? NO_LOGARITHM : Math.log(x))),
  log: one((x) => (x <= 0 ? NO_LOGARITHM : Math.log10(x))),
  log2: one((x) => (x <= 0 ? NO_LOGARITHM : Math.log2(x))),
  sin: one(Math.sin),
  cos: one(Math.cos),
  tan: one(Math.tan),
  asin: one((x) => (Math.abs(x) > 1 ? 'it takes a number from -1 to 1.' : Math.asin(x))),
  acos: one((x) => (Math.abs(x) > 1 ? 'it takes a number from -1 to 1.' : Math.acos(x))),
  atan: one(Math.atan),
  factorial: one((x) => {
    if (!Number.isInteger(x) || x < 0 || x > 170) return 'it takes a whole number from 0 to 170.';
    return Array.from({ length: x }, (_, at) => at + 1).reduce((product, factor) => product * factor, 1);
  }),
};

const NO_LOGARITHM = 'only numbers above zero have a logarithm.';

function one(compute: (value: number) => number | string): Compute {
  return ([value, ...rest]) =>
    value === undefined || rest.length > 0 ? 'it takes exactly one number.' : compute(value);
}

function some(compute: (values: readonly number[]) => number): Compute {
  return (values) => (values.length === 0 ? 'it takes at least one number.' : compute(values));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Half away from zero, of the decimal number that is meant: 1.005 to two decimals is 1.01. */
function rounded(value: number, digits: number): number {
  const shifted = Number((Math.abs(value) * 10 ** digits).toPrecision(15));
  return (Math.sign(value) * Math.round(shifted)) / 10 ** digits;
}
