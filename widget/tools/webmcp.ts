import type { Implementation } from './page-tools.ts';
import { POLYFILL_MARK } from './polyfill.ts';

/** One tool as an implementation lists it. Nothing about it is certain, not even that reading it does not throw. */
export type RawTool = Readonly<Record<string, unknown>>;

/** An implementation, found just now. Never kept: a polyfill may arrive or replace it at any time. */
export interface FoundContext {
  readonly host: object;
  readonly implementation: Exclude<Implementation, 'none'>;
}

/** Longest wait for an implementation to list its tools or to refuse a tool that cannot be, in milliseconds. */
const ANSWER_TIMEOUT_MS = 3_000;

/** How a host takes the input of a call: as an object (Chromium 155 and later) or as JSON (before, and older polyfills). */
type InputForm = 'object' | 'json';

const inputForms = new WeakMap<object, Promise<InputForm>>();

/** What the page has for registering tools, in this window's own document. */
export function currentContext(): unknown {
  // One after the other: polyfills that keep the old name on `navigator` warn whoever reads it.
  return read(document, 'modelContext') ?? read(navigator, 'modelContext');
}

/** The implementation that lists and runs the tools of this window's own document. */
export function findContext(): FoundContext | undefined {
  const current = currentContext();
  if (
    hasMethod(current, 'getTools') &&
    (hasMethod(current, 'executeTool') || hasMethod(current, 'invokeTool'))
  ) {
    return { host: current, implementation: implementationOf(current) };
  }
  const testing = read(navigator, 'modelContextTesting');
  return hasMethod(testing, 'listTools') && hasMethod(testing, 'executeTool')
    ? { host: testing, implementation: 'testing' }
    : undefined;
}

/** Lists the tools now. A page that forbids them (`tools=()`), or an implementation that fails, has none. */
export async function listTools({ host, implementation }: FoundContext): Promise<readonly RawTool[]> {
  try {
    const list = await soon(call(host, implementation === 'testing' ? 'listTools' : 'getTools'), []);
    return Array.isArray(list) ? list.filter((tool) => typeof tool === 'object' && tool !== null) : [];
  } catch {
    // `NotAllowedError` and every other refusal mean the same to the visitor.
    return [];
  }
}

/** Runs a tool that was listed just now. Gives what the implementation gives; rejects as it rejects. */
export async function executeTool(
  { host, implementation }: FoundContext,
  tool: RawTool,
  input: object,
  signal: AbortSignal,
): Promise<unknown> {
  if (implementation === 'testing') {
    return call(host, 'executeTool', tool.name, JSON.stringify(input), { signal });
  }
  if (!hasMethod(host, 'executeTool')) return call(host, 'invokeTool', tool.name, input, { signal });
  const form = await inputFormOf(host);
  return call(host, 'executeTool', tool, form === 'json' ? JSON.stringify(input) : input, { signal });
}

/** Calls back at every change of the tools, where the implementation tells. Returns the undo. */
export function listenToTools({ host }: FoundContext, listener: () => void): () => void {
  if (!(host instanceof EventTarget)) return () => undefined;
  host.addEventListener('toolchange', listener);
  return () => host.removeEventListener('toolchange', listener);
}

function implementationOf(host: object): 'native' | 'pagehand' | 'polyfill' {
  if (POLYFILL_MARK in host) return 'pagehand';
  // On the prototype, because pages wrap methods on the object itself and bound functions look native.
  const { getTools } = Object.getPrototypeOf(host) ?? {};
  return typeof getTools === 'function' && /\[native code/.test(Function.prototype.toString.call(getTools))
    ? 'native'
    : 'polyfill';
}

/**
 * Which form a host takes shows without any effect: asked with JSON for a tool whose name no tool can have, those that
 * want an object reject the input with a `TypeError`, and the others cannot find the tool.
 */
function inputFormOf(host: object): Promise<InputForm> {
  let form = inputForms.get(host);
  if (form === undefined) {
    form = probe(host);
    inputForms.set(host, form);
  }
  return form;
}

async function probe(host: object): Promise<InputForm> {
  try {
    const impossible = { name: ' ', description: ' ', window, origin: location.origin };
    await soon(call(host, 'executeTool', impossible, '{}'), undefined);
    return 'json';
  } catch (error) {
    return error instanceof TypeError ? 'object' : 'json';
  }
}

/** A getter of the page that throws is a page without that. */
function read(holder: object, name: string): unknown {
  try {
    return Reflect.get(holder, name);
  } catch {
    return undefined;
  }
}

/** Calls a method that may be synchronous, may throw, and may not be there. */
async function call(host: object, method: string, ...args: readonly unknown[]): Promise<unknown> {
  return Reflect.apply(Reflect.get(host, method), host, args);
}

function hasMethod(host: unknown, method: string): host is object {
  return typeof host === 'object' && host !== null && typeof read(host, method) === 'function';
}

/** The answer, or the fallback when it does not come. */
function soon(answer: Promise<unknown>, fallback: unknown): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ANSWER_TIMEOUT_MS, fallback);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
