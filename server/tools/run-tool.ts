import { errorText } from './error-text.ts';
import { readOutput } from './read-output.ts';
import type { ServerTool, ToolContext } from './tool.ts';
import type { Variables } from './variables.ts';

/**
 * Longest result that is read, in characters of text or JSON. A model sees far less of it, but what wraps that, such as
 * an image beside the text, may be large; and writing out more than this would hold up everybody else.
 */
const MAX_RESULT_CHARS = 8_000_000;

/** Most values in a result. Each is looked at a few times, and millions of them would hold up everybody else too. */
export const MAX_RESULT_VALUES = 200_000;

export interface ToolRun {
  readonly toolCallId: string;
  /** Fit the tool's schema. The tool gets a copy. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface RunContext extends Pick<ToolContext, 'signal' | 'executionId' | 'conversationId'> {
  /** Takes secrets out of the result, before it is cut or changed in any other way. */
  readonly scrub: Variables['scrub'];
  /** Hears why a call failed, in full, for the operator: what the tool threw, its time-out, an unreadable result. */
  readonly onError?: (error: unknown) => void;
}

/** What the model reads of a call. */
export interface ToolResult {
  /** At most `MAX_TOOL_RESULT_CHARS`. */
  readonly text: string;
  readonly isError: boolean;
}

/**
 * Runs a tool until it answers, its time is over or the signal aborts, and waits for none that ignores being stopped.
 * Never rejects: what goes wrong is a result that the model reads.
 */
export function runTool(tool: ServerTool, call: ToolRun, context: RunContext): Promise<ToolResult> {
  const { signal, onError } = context;
  if (signal.aborted) return Promise.resolve(failed(UNFINISHED.before(tool)));
  const stop = new AbortController();
  return new Promise((resolve) => {
    const end = (result: ToolResult) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      resolve(result);
    };
    const giveUp = (text: string, reason: DOMException) => {
      end(failed(text));
      stop.abort(reason);
    };
    const cancel = () =>
      giveUp(UNFINISHED.cancelled(tool), new DOMException('The call was cancelled.', 'AbortError'));
    const timer = setTimeout(() => {
      const reason = new DOMException(`The tool took longer than ${tool.timeoutMs} ms.`, 'TimeoutError');
      giveUp(UNFINISHED.timedOut(tool), reason);
      tell(onError, reason);
    }, tool.timeoutMs);
    signal.addEventListener('abort', cancel);
    void answer(tool, call, { ...context, signal: stop.signal }).then(end);
  });
}

const UNFINISHED = {
  before: ({ name }: ServerTool) => `The tool "${name}" was not run: the call was cancelled before.`,
  cancelled: ({ name }: ServerTool) => `The tool "${name}" was stopped while it ran. What it did is unknown.`,
  timedOut: ({ name, timeoutMs, idempotent }: ServerTool) =>
    `The tool "${name}" did not answer within ${timeoutMs / 1000} s and was asked to stop. What it did is unknown` +
    (idempotent ? '; it may be called again.' : ', so find out before calling it again.'),
};

async function answer(
  tool: ServerTool,
  { toolCallId, parameters }: ToolRun,
  { signal, executionId, conversationId, onError, scrub }: RunContext,
): Promise<ToolResult> {
  try {
    const context: ToolContext = { signal, toolCallId, executionId, conversationId };
    const given = await tool.run(structuredClone(parameters), context);
    return readResult(given, tool.givesData === true, scrub);
  } catch (error) {
    if (!signal.aborted) tell(onError, error);
    return failed(errorText(error, scrub));
  }
}

/** Through JSON, as the output of every client comes. */
function readResult(value: unknown, isData: boolean, scrub: RunContext['scrub']): ToolResult {
  if (typeof value === 'string' && value.length > MAX_RESULT_CHARS) throw unreadable(new TooLarge());
  if (value === undefined || value === null || typeof value === 'string') return readOutput(scrub(value));
  const json = scrub(JSON.parse(toJson(value)) as unknown);
  return readOutput(isData ? JSON.stringify(json) : json);
}

function toJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = boundedJson(value);
  } catch (cause) {
    throw unreadable(cause);
  }
  if (json !== undefined) return json;
  throw new Error('The tool ran, but its result cannot be read: it is no text and no JSON.');
}

class TooLarge extends Error {}
class TooMany extends Error {}
class HoldsBytes extends Error {}

/** Stops in the middle of what is too large. Throws `TooLarge`, `TooMany`, `HoldsBytes`, and what the engine throws. */
function boundedJson(value: unknown): string | undefined {
  let chars = 0;
  let values = 0;
  if (ArrayBuffer.isView(value)) throw new HoldsBytes();
  return JSON.stringify(value, function count(this: unknown, key: string, part: unknown): unknown {
    chars += (Array.isArray(this) ? 0 : key.length) + (typeof part === 'string' ? part.length : 1);
    values += 1;
    const isList = Array.isArray(part);
    if (values + (isList ? part.length : 0) > MAX_RESULT_VALUES) throw new TooMany();
    if (chars > MAX_RESULT_CHARS) throw new TooLarge();
    if (typeof part !== 'object' || part === null) return part;
    // Before they are written: a `Buffer` makes a list of numbers of itself, many times its size.
    if ((isList ? part : Object.values(part)).some(ArrayBuffer.isView)) throw new HoldsBytes();
    return part;
  });
}

function unreadable(cause: unknown): Error {
  return new Error(`The tool ran, but its result cannot be read: ${whyUnreadable(cause)}`, { cause });
}

/** In words of our own: the engine's name what the object is made of. */
function whyUnreadable(error: unknown): string {
  if (error instanceof TooLarge)
    return `it has more than ${MAX_RESULT_CHARS} characters. Ask for less at once.`;
  if (error instanceof TooMany) return `it has more than ${MAX_RESULT_VALUES} values. Ask for less at once.`;
  if (error instanceof HoldsBytes) return 'it holds bytes, which JSON does not have.';
  if (error instanceof RangeError) return 'it is nested too deep or too large.';
  if (!(error instanceof TypeError)) return 'a part of it cannot be written as JSON.';
  if (error.message.includes('BigInt')) return 'it holds a BigInt, which JSON does not have.';
  return error.message.includes('circular')
    ? 'it refers to itself.'
    : 'a part of it cannot be written as JSON.';
}

function tell(onError: RunContext['onError'], error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // Whoever listens must not change what the call gives.
  }
}

function failed(text: string): ToolResult {
  return { text, isError: true };
}
