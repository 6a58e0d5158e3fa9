/**
 * Runs inside of the engine, before the author's code: its text is what is used, so it knows nothing but its arguments
 * and the engine's own globals. Keeps those that it needs, because the author's code may replace them.
 *
 * @param {(object: string, method: string, json: string) => Promise<string>} callHost
 * @param {(line: string) => void} write
 * @param {string} hostJson methods by the name of their object
 */
function prelude(callHost, write, hostJson) {
  const { parse, stringify } = JSON;
  const { defineProperty, freeze, hasOwn } = Object;
  const { apply } = Reflect;
  const { isFinite: isFiniteNumber } = Number;
  const text = String;
  const Failure = Error;

  /** @type {(name: string, methods: object) => void} */
  const provide = (name, methods) => void defineProperty(globalThis, name, { value: freeze(methods) });

  const host = parse(hostJson);
  for (const object in host) {
    /** @type {Record<string, (...values: unknown[]) => Promise<unknown>>} */
    const methods = {};
    for (const method of host[object]) {
      methods[method] = async (...values) => {
        const answer = parse(await callHost(object, method, stringify(values)));
        if (!hasOwn(answer, 'error')) return answer.value;
        throw defineProperty(new Failure(answer.error.message), 'code', { value: answer.error.code });
      };
    }
    provide(object, methods);
  }

  /** @type {(value: unknown) => string} */
  const shown = (value) => {
    if (typeof value === 'string') return value;
    try {
      return stringify(value) ?? text(value);
    } catch {
      return text(value);
    }
  };
  /** @type {(...values: unknown[]) => void} */
  const log = (...values) => {
    let line = '';
    for (let index = 0; index < values.length; index++)
      line += (index === 0 ? '' : ' ') + shown(values[index]);
    write(line);
  };
  provide('console', { log, info: log, warn: log, error: log, debug: log });

  return {
    /** @type {(code: Function, json: string, namesJson: string) => unknown} */
    run(code, json, namesJson) {
      const parameters = parse(json);
      const names = parse(namesJson);
      const values = [parameters];
      for (let index = 0; index < names.length; index++)
        values[index + 1] = hasOwn(parameters, names[index]) ? parameters[names[index]] : undefined;
      return apply(code, undefined, values);
    },
    /** What code returned, as JSON; an object says why there is none. @type {(value: unknown) => string | { message: string }} */
    encode(value) {
      if (value === undefined) return 'null';
      if (typeof value === 'number' && !isFiniteNumber(value))
        return { message: `it is ${value}, which JSON does not have` };
      const json = stringify(value);
      return typeof json === 'string'
        ? json
        : { message: `it is a ${typeof value}, which JSON does not have` };
    },
    /** @type {(thrown: unknown) => string} */
    describe(thrown) {
      const isError = thrown instanceof Failure;
      return stringify({
        name: isError ? text(thrown.name) : '',
        message: isError ? text(thrown.message) : shown(thrown),
        stack: isError ? text(thrown.stack) : '',
      });
    },
  };
}

/** An expression that gives the function. */
export const PRELUDE = `(${prelude})`;
