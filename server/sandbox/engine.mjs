import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { JSException, QuickJS } from 'quickjs-wasi';
import { createHostCalls } from './host-calls.mjs';
import { PRELUDE } from './prelude.mjs';

/** @import { JSValueHandle } from 'quickjs-wasi' */
/** @import { JobEnd, Place, WorkerJob } from './messages.ts' */

/** Of the engine's 1 MiB, so that code that calls itself without end gets an error and the engine survives. */
const STACK_BYTES = 256 * 1024;

const MAX_CONSOLE_LINES = 100;
const MAX_CONSOLE_CHARS = 1_000;
const MAX_MESSAGE_CHARS = 2_000;

/** What stands in front of the author's code takes one line. */
const LINES_BEFORE = 1;

/** Error number of WASI for "no such file": the engine writes nowhere. */
const BAD_FILE = 8;

/** Not among the types of Node 20. @type {{ compile(bytes: Uint8Array): Promise<object> }} */
const WebAssembly = Reflect.get(globalThis, 'WebAssembly');

/** Compiled once for all engines of a worker. */
const wasm = await WebAssembly.compile(
  await readFile(fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))),
);

/**
 * One job in an engine of its own, which goes with it.
 *
 * @param {WorkerJob} job
 * @param {(object: string, method: string, json: string) => Promise<string>} callHost
 * @returns {Promise<{ end: JobEnd, console: string[] }>}
 */
export async function runJob(job, callHost) {
  const { limits } = job;
  const deadline = performance.now() + job.timeoutMs;
  /** Why it was stopped, whatever the code made of that. @type {JobEnd | undefined} */
  let stopped;
  const engine = await QuickJS.create({
    wasm,
    memoryLimit: limits.memoryBytes,
    maxStackSize: STACK_BYTES,
    timezoneOffset: 0,
    interruptHandler: () => {
      if (performance.now() > deadline) stopped ??= { how: 'out_of_time' };
      return stopped !== undefined;
    },
    wasi: () => ({ fd_write: () => BAD_FILE }),
  });
  const calls = createHostCalls(engine, limits, callHost, () => {
    stopped ??= { how: 'too_many_calls' };
  });
  /** @type {string[]} */
  const lines = [];
  /** @type {JSValueHandle | undefined} */
  let prelude;
  const end = await attempt().catch(thrownBy);
  calls.close();
  engine.dispose();
  return { end: stopped ?? end, console: lines };

  /** @returns {Promise<JobEnd>} */
  async function attempt() {
    const write = engine.newFunction('write', (line) => {
      if (lines.length < MAX_CONSOLE_LINES && line?.isString)
        lines.push(line.toString().slice(0, MAX_CONSOLE_CHARS));
      return engine.undefined;
    });
    const host = engine.newString(JSON.stringify(job.host));
    prelude = call(engine.evalCode(PRELUDE, 'prelude'), calls.handle, write, host);
    const code = compile();
    if ('how' in code) return code;
    if (job.mode === 'check') return { how: 'compiled' };
    const parameters = engine.newString(job.parameters);
    const names = engine.newString(JSON.stringify(job.names));
    return settle(call(part('run'), code, parameters, names));
  }

  /** @returns {JSValueHandle | JobEnd} */
  function compile() {
    const variables = ['parameters', ...job.names].join(', ');
    try {
      const code = engine.evalCode(`(async function (${variables}) { "use strict";\n${job.code}\n})`, 'code');
      return code.isFunction ? code : notCompiled('it closes a bracket that it did not open', null);
    } catch (error) {
      const end = thrownBy(error);
      return end.how === 'threw' ? notCompiled(end.message, end.place) : end;
    }
  }

  /**
   * @param {JSValueHandle} answer
   * @returns {Promise<JobEnd>}
   */
  async function settle(answer) {
    for (;;) {
      engine.executePendingJobs();
      if (stopped !== undefined) return stopped;
      if (answer.promiseState !== 0) break;
      if (!calls.areWaiting()) return { how: 'stuck' };
      if (!(await calls.answered(deadline - performance.now()))) return { how: 'out_of_time' };
    }
    const settled = await engine.resolvePromise(answer);
    return 'error' in settled ? describe(settled.error) : encode(settled.value);
  }

  /**
   * @param {JSValueHandle} value
   * @returns {JobEnd}
   */
  function encode(value) {
    /** @type {JSValueHandle} */
    let json;
    try {
      json = call(part('encode'), value);
    } catch (error) {
      const end = thrownBy(error);
      return end.how === 'threw' ? { how: 'unreadable', message: end.message } : end;
    }
    if (!json.isString) return { how: 'unreadable', message: json.getProp('message').toString() };
    if (json.length > limits.resultBytes) return { how: 'too_large', bytes: json.length };
    const text = json.toString();
    const bytes = Buffer.byteLength(text);
    return bytes > limits.resultBytes ? { how: 'too_large', bytes } : { how: 'returned', json: text };
  }

  /**
   * @param {unknown} error
   * @returns {JobEnd}
   */
  function thrownBy(error) {
    if (error instanceof JSException) return describe(error.handle);
    // What is thrown by a job of the engine's queue has only words.
    return error instanceof Error && error.message.includes('out of memory')
      ? { how: 'out_of_memory' }
      : { how: 'broke' };
  }

  /**
   * @param {JSValueHandle} thrown
   * @returns {JobEnd}
   */
  function describe(thrown) {
    /** @type {{ name: string, message: string, stack: string }} */
    let seen;
    try {
      seen = JSON.parse(call(part('describe'), thrown).toString());
    } catch (error) {
      if (!(error instanceof JSException)) return thrownBy(error);
      return { how: 'threw', name: '', message: 'something that cannot be read', place: null };
    }
    if (seen.name === 'InternalError' && seen.message === 'out of memory') return { how: 'out_of_memory' };
    return {
      how: 'threw',
      name: seen.name.slice(0, 100),
      message: seen.message.slice(0, MAX_MESSAGE_CHARS),
      place: placeOf(seen.stack),
    };
  }

  /**
   * @param {string} stack
   * @returns {Place | null}
   */
  function placeOf(stack) {
    const [, line, column] = /\bcode:(\d+):(\d+)/.exec(stack) ?? [];
    if (line === undefined) return null;
    const last = job.code.split('\n').length;
    return { line: Math.min(Math.max(Number(line) - LINES_BEFORE, 1), last), column: Number(column) };
  }

  /** @param {'run' | 'encode' | 'describe'} name */
  function part(name) {
    if (prelude === undefined) throw new Error('The engine did not begin.');
    return prelude.getProp(name);
  }

  /**
   * @param {JSValueHandle} method
   * @param {JSValueHandle[]} values
   */
  function call(method, ...values) {
    return engine.callFunction(method, engine.undefined, ...values);
  }
}

/**
 * @param {string} message
 * @param {Place | null} place
 * @returns {JobEnd}
 */
function notCompiled(message, place) {
  return { how: 'not_compiled', message, place: place ?? { line: 1, column: 1 } };
}
