import { parentPort } from 'node:worker_threads';
import { runJob } from './engine.mjs';

/** @import { FromWorker, ToWorker } from './messages.ts' */

/** Those that wait, by call. Calls of an earlier job are answered into nothing. @type {Map<number, (json: string) => void>} */
const waiting = new Map();
let lastCall = 0;

parentPort?.on('message', async (/** @type {ToWorker} */ message) => {
  if (message.kind === 'answer') {
    waiting.get(message.callId)?.(message.json);
    waiting.delete(message.callId);
    return;
  }
  const { end, console } = await runJob(message.job, callHost);
  waiting.clear();
  send({ kind: 'end', end, console });
});
send({ kind: 'ready' });

/**
 * @param {string} object
 * @param {string} method
 * @param {string} json
 * @returns {Promise<string>}
 */
function callHost(object, method, json) {
  lastCall += 1;
  const callId = lastCall;
  send({ kind: 'call', callId, object, method, json });
  return new Promise((resolve) => void waiting.set(callId, resolve));
}

/** @param {FromWorker} message */
function send(message) {
  parentPort?.postMessage(message);
}
