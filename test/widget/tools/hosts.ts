import { vi } from 'vitest';
import type { Implementation } from '../../../widget/tools/page-tools.ts';

export interface TestTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: object;
  readonly annotations?: object;
  execute?(input: unknown, options?: { readonly signal?: AbortSignal }): unknown;
}

/** One implementation of WebMCP with what is particular about it. */
export interface Host {
  readonly implementation: Implementation;
  /** Registers a tool; gives the way to unregister it. */
  register(tool: TestTool): Promise<() => void>;
  /** Takes every tool, and the implementation where it can, out of the page. */
  remove(): void;
}

export interface Traits {
  readonly keepsThrownMessage: boolean;
  readonly tellsToolToStop: boolean;
  readonly announcesChanges: boolean;
  readonly listsTitle: boolean;
  readonly listsAnnotations: readonly string[];
}

export const NOTHING = 'The tool finished and returned nothing.';

export const hasNative = 'modelContext' in document;

/** The context of the page, whoever made it. */
export interface TestContext extends EventTarget {
  registerTool(tool?: unknown, options?: unknown): Promise<undefined>;
  getTools(options?: unknown): Promise<Record<string, unknown>[]>;
  executeTool(tool?: unknown, input?: unknown, options?: unknown): Promise<string | null>;
  ontoolchange: unknown;
  ontoolactivated: unknown;
  ontoolcancel: unknown;
}

export function modelContext(holder: Document | null = document): TestContext {
  return Reflect.get(holder ?? {}, 'modelContext') as unknown as TestContext;
}

/** A host whose `registerTool` takes a signal, as today's do. */
export function signalHost(implementation: Implementation, uninstall: () => void): Host {
  const registrations: AbortController[] = [];
  return {
    implementation,
    async register(tool) {
      const registration = new AbortController();
      registrations.push(registration);
      await modelContext().registerTool(complete(tool), { signal: registration.signal });
      return () => registration.abort();
    },
    remove() {
      for (const registration of registrations.splice(0)) registration.abort();
      uninstall();
    },
  };
}

/** Chromium 146 to 149: registered on one object, listed and run on another, schemas and inputs as JSON. */
export function testingHost(): Host {
  const tools = new Map<string, Required<TestTool>>();
  put(navigator, 'modelContext', registry(tools));
  put(navigator, 'modelContextTesting', {
    listTools: () =>
      [...tools.values()].map(({ name, description, inputSchema }) => ({
        name,
        description,
        inputSchema: JSON.stringify(inputSchema),
      })),
    async executeTool(name: string, json: string) {
      const result = await found(tools, name).execute(JSON.parse(json));
      return result === undefined ? null : JSON.stringify(result);
    },
  });
  return registryHost('testing', tools, [
    [navigator, 'modelContext'],
    [navigator, 'modelContextTesting'],
  ]);
}

/** Firefox behind its preferences: synchronous lists of plain dictionaries, `invokeTool` by name, raw results. */
export function invokeHost(): Host {
  const tools = new Map<string, Required<TestTool>>();
  put(navigator, 'modelContext', {
    ...registry(tools),
    getTools: () => [...tools.values()].map(({ execute: _, ...listed }) => ({ ...listed })),
    invokeTool: async (name: string, input: object, options: { signal: AbortSignal }) =>
      found(tools, name).execute(input, options),
  });
  return registryHost('polyfill', tools, [[navigator, 'modelContext']]);
}

/** Chromium 150 to 153 and the polyfills of their time: JSON in and out, the schema as JSON. */
export function jsonHost(): Host {
  const tools = new Map<string, Required<TestTool>>();
  const host = Object.assign(new EventTarget(), registry(tools), {
    getTools: async () =>
      [...tools.values()].map(({ execute: _, inputSchema, ...listed }) => ({
        ...listed,
        inputSchema: JSON.stringify(inputSchema),
        window,
        origin: location.origin,
      })),
    async executeTool(tool: { name: string }, json: unknown) {
      if (typeof json !== 'string') throw new DOMException('Failed to parse input arguments', 'UnknownError');
      return JSON.stringify((await found(tools, tool.name).execute(JSON.parse(json))) ?? null);
    },
  });
  put(document, 'modelContext', host);
  return registryHost('polyfill', tools, [[document, 'modelContext']]);
}

/** An application's own: frozen, no `EventTarget`, objects in. */
export function frozenHost(): Host {
  const tools = new Map<string, Required<TestTool>>();
  const host = Object.freeze({
    ...registry(tools),
    getTools: async () =>
      [...tools.values()].map(({ execute: _, ...listed }) =>
        Object.freeze({ ...listed, window, origin: location.origin }),
      ),
    async executeTool(tool: { name: string }, input: unknown, options: { signal: AbortSignal }) {
      if (typeof input !== 'object') throw new TypeError('The input is not an object');
      const result = await found(tools, tool.name).execute(input, options);
      return typeof result === 'string' ? result : String(JSON.stringify(result));
    },
  });
  put(document, 'modelContext', host);
  return registryHost('polyfill', tools, [[document, 'modelContext']]);
}

export function put(holder: object, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { configurable: true, value });
}

/** A promise to hold a tool back with. */
export function gate(): { readonly wait: Promise<unknown>; open(value?: unknown): void } {
  let open: (value?: unknown) => void = () => undefined;
  const wait = new Promise((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

/** A tool's function that counts its calls. */
export function spy(result: unknown = 'ok') {
  return vi.fn((_input: unknown, _options?: { readonly signal?: AbortSignal }) => result);
}

function complete(tool: TestTool): TestTool {
  return { description: `Does ${tool.name}.`, execute: () => 'ok', ...tool };
}

function registry(tools: Map<string, Required<TestTool>>) {
  return {
    registerTool: (tool: TestTool) => void tools.set(tool.name, tool as Required<TestTool>),
    unregisterTool: (name: string) => void tools.delete(name),
  };
}

function registryHost(
  implementation: Implementation,
  tools: Map<string, Required<TestTool>>,
  places: readonly (readonly [object, string])[],
): Host {
  return {
    implementation,
    async register(tool) {
      tools.set(tool.name, complete(tool) as Required<TestTool>);
      return () => tools.delete(tool.name);
    },
    remove() {
      for (const [holder, name] of places) Reflect.deleteProperty(holder, name);
    },
  };
}

function found(tools: Map<string, Required<TestTool>>, name: string): Required<TestTool> {
  const tool = tools.get(name);
  if (tool === undefined) throw new DOMException('Tool not found', 'NotFoundError');
  return tool;
}
