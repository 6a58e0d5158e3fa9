/** @import { JSValueHandle, QuickJS } from 'quickjs-wasi' */
/** @import { WorkerLimits } from './messages.ts' */

/**
 * What code asks of the host, within a budget.
 *
 * @param {QuickJS} engine
 * @param {WorkerLimits} limits
 * @param {(object: string, method: string, json: string) => Promise<string>} callHost
 * @param {() => void} onTooMany
 */
export function createHostCalls(engine, limits, callHost, onTooMany) {
  let made = 0;
  let running = 0;
  let isClosed = false;
  /** @type {(() => Promise<void>)[]} */
  const queue = [];
  /** @type {() => void} */
  let wake = () => undefined;

  return {
    handle: engine.newFunction('call', accept),
    areWaiting: () => running + queue.length > 0,
    /**
     * Whether one of them came back in time.
     *
     * @param {number} ms
     * @returns {Promise<boolean>}
     */
    answered(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms, false);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
    close() {
      isClosed = true;
      queue.length = 0;
    },
  };

  /** What it throws is thrown in the code: texts, because an error would bring a stack of ours along. @type {(...values: JSValueHandle[]) => JSValueHandle} */
  function accept(object, method, json) {
    if (!object?.isString || !method?.isString || !json?.isString) throw 'The arguments are no JSON.';
    if (made === limits.hostCalls) {
      onTooMany();
      throw 'There were too many calls.';
    }
    made += 1;
    if (json.length > limits.hostCallBytes)
      throw `The arguments have more than ${limits.hostCallBytes} bytes.`;
    const deferred = engine.newPromise();
    const [to, what, text] = [object.toString(), method.toString(), json.toString()];
    queue.push(async () => {
      const answer = await callHost(to, what, text);
      running -= 1;
      if (isClosed) return;
      deferred.resolve(engine.newString(answer));
      start();
      wake();
    });
    start();
    return deferred.handle;
  }

  function start() {
    while (running < limits.hostCallsAtOnce && queue.length > 0) {
      running += 1;
      void queue.shift()?.();
    }
  }
}
