/** Marks our context, so that every copy of this code on a page knows it. */
export const POLYFILL_MARK = Symbol.for('pagehand.polyfill');

interface Registration {
  readonly title: string;
  readonly description: string;
  /** The schema as JSON: every reader gets a copy of its own. */
  readonly json: string | undefined;
  readonly hints: Readonly<Record<string, boolean>> | undefined;
  readonly execute: (input: unknown, options: { readonly signal: AbortSignal }) => unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Gives this document a `modelContext` where the browser has none, with the behaviour of Chromium 156 for tools that
 * scripts register. Does nothing outside secure contexts, on a server, or where any implementation is there already.
 * Other documents, `exposedTo`, `fromOrigins` and forms are left out: a script cannot do them safely.
 * Unlike the browser's own, it keeps the message of a tool that throws.
 */
export function installPolyfill(): void {
  if (typeof document === 'undefined' || !isSecureContext || 'modelContext' in document) return;
  const context = new ModelContext();
  Object.defineProperty(Document.prototype, 'modelContext', {
    configurable: true,
    enumerable: true,
    get(this: Document) {
      return this === document ? context : undefined;
    },
  });
}

// The methods are async, as the browser's: what a caller got wrong is a rejection and never an exception.
class ModelContext extends EventTarget {
  /** A `Map`, because `__proto__` is a legal name. */
  readonly #tools = new Map<string, Registration>();

  constructor() {
    super();
    for (const type of ['toolchange', 'toolactivated', 'toolcancel']) defineHandler(this, type);
  }

  async registerTool(tool: unknown, options: unknown = null): Promise<void> {
    const fields = dictionary(tool);
    const { annotations, inputSchema, title = '', execute } = fields;
    const registration = {
      title: `${title}`,
      description: `${required(fields, 'description')}`,
      json: inputSchema === undefined ? inputSchema : toJson(inputSchema),
      hints: annotations === undefined ? annotations : readHints(dictionary(annotations)),
      execute: execute as Registration['execute'],
    };
    if (typeof execute !== 'function') wrong('execute', execute);
    const name = `${required(fields, 'name')}`;
    const signal = signalOf(options);
    if (!/^[\w.-]{1,128}$/.test(name)) throw fault('Invalid tool name');
    if (!registration.description) throw fault('Invalid description');
    if (this.#tools.has(name)) throw fault('Duplicate tool name');
    signal?.throwIfAborted();
    this.#tools.set(name, registration);
    this.#changed();
    signal?.addEventListener('abort', () => {
      this.#tools.delete(name);
      this.#changed();
    });
  }

  async getTools(options: unknown = null): Promise<object[]> {
    dictionary(options);
    return [...this.#tools]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { title, description, json, hints }]) => ({
        name,
        title,
        description,
        window,
        origin,
        ...(json && { inputSchema: JSON.parse(json) }),
        ...(hints && { annotations: { ...hints } }),
      }));
  }

  async executeTool(tool: unknown, input: unknown = {}, options: unknown = null): Promise<string> {
    const fields = dictionary(tool);
    const [toolName, , toolOrigin, owner] = ['name', 'description', 'origin', 'window'].map((key) =>
      required(fields, key),
    );
    const json = toJson(input);
    const signal = signalOf(options);
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const inner = new AbortController();
      const cancel = () => {
        reject(signal?.reason);
        later(() => {
          inner.abort();
          this.#fire('toolcancel', { toolName });
        });
      };
      signal?.addEventListener('abort', cancel);
      // A task later, as in the browser: who is gone by then is not found, who took the name by then is called.
      later(async () => {
        try {
          const own = toolOrigin === origin && owner === window;
          const registration = own && this.#tools.get(`${toolName}`);
          if (!registration) throw `Tool not found: ${toolName}`;
          const { execute } = registration;
          const running = new Promise((done) => done(execute(JSON.parse(json), { signal: inner.signal })));
          this.#fire('toolactivated', { toolName });
          resolve(resultText(await running));
        } catch (error) {
          reject(fault(String((error as Partial<Error> | null)?.message ?? error), 'UnknownError'));
        }
        signal?.removeEventListener('abort', cancel);
      });
    });
  }

  get [POLYFILL_MARK](): true {
    return true;
  }

  #changed(): void {
    later(() => this.#fire('toolchange'));
  }

  #fire(type: string, more?: { readonly toolName: unknown }): void {
    this.dispatchEvent(Object.assign(new Event(type), more));
  }
}

/** As Chromium answers, except that a symbol, which ends its renderer, gives its name. */
function resultText(value: unknown): string {
  return isObject(value) ? `${JSON.stringify(value)}` : String(value) || 'Operation succeeded';
}

function isObject(value: unknown): value is Fields {
  return Object(value) === value;
}

/** What WebIDL takes for a dictionary. Members may be inherited, so it is not copied. */
function dictionary(value: unknown): Fields {
  return value === null ? {} : isObject(value) ? value : wrong('object', value);
}

function required(fields: Fields, key: string): unknown {
  const value = fields[key];
  return value === undefined ? wrong(key, value) : value;
}

function toJson(value: unknown): string {
  return (isObject(value) && JSON.stringify(value)) || wrong('JSON object', value);
}

function wrong(what: string, value: unknown): never {
  throw new TypeError(`Invalid ${what}: ${String(value)}`);
}

function readHints(annotations: Fields): Record<string, boolean> {
  const hints = ['readOnlyHint', 'untrustedContentHint', 'consequentialHint', 'debugging'];
  return Object.fromEntries(hints.map((hint) => [hint, !!annotations[hint]]));
}

function signalOf(options: unknown): AbortSignal | undefined {
  const { signal } = dictionary(options);
  if (signal === undefined) return undefined;
  // Not by `instanceof`: a signal may come from another frame.
  return isObject(signal) && 'aborted' in signal
    ? (signal as unknown as AbortSignal)
    : wrong('signal', signal);
}

function fault(message: string, name = 'InvalidStateError'): DOMException {
  return new DOMException(message, name);
}

function later(task: () => void): void {
  setTimeout(task);
}

/** An `on…` attribute: holds any object, calls functions. */
function defineHandler(target: EventTarget, type: string): void {
  let handler: unknown = null;
  target.addEventListener(type, (event) => {
    if (typeof handler === 'function') handler.call(target, event);
  });
  Object.defineProperty(target, `on${type}`, {
    configurable: true,
    enumerable: true,
    get: () => handler,
    set(value: unknown) {
      handler = isObject(value) ? value : null;
    },
  });
}
