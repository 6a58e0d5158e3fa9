import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  ErrorCode,
  ListToolsResultSchema,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { ToolError } from '../tools/tool-error.ts';
import { type ListedTool, type Listing, MAX_LISTED_TOOLS, readListing } from './listing.ts';

/** Longest wait for a server to come up and introduce itself, and for one page of its list, in milliseconds. */
const ANSWER_MS = 10_000;

/** Longest wait for all pages of a list together, in milliseconds, and most pages. A server can turn them without end. */
const LISTING_MS = 30_000;
const MAX_PAGES = 100;

/** How long a list is believed, in milliseconds. A server may say earlier that it has changed. */
const LIST_MS = 30_000;

/** How long a server that could not be reached is not tried again, in milliseconds. */
const PAUSE_MS = 3_000;

export interface ConnectionOptions {
  /** For people: `linear`, or the host of an address. */
  readonly name: string;
  readonly open: () => Transport;
  readonly clock: () => number;
  /** Hears of tools that cannot be offered, once a list. */
  readonly onLeft: (left: Listing['left']) => void;
}

interface Session {
  readonly client: Client;
  listing: { readonly tools: Listing['tools']; readonly at: number } | undefined;
}

/** One MCP server, connected when it is first needed and again after it was lost. */
export class Connection {
  /** When it was used last. */
  usedAtMs: number;
  private readonly options: ConnectionOptions;
  private session: Promise<Session> | undefined;
  private failed: { readonly at: number; readonly error: unknown } | undefined;
  private calls = 0;

  constructor(options: ConnectionOptions) {
    this.options = options;
    this.usedAtMs = options.clock();
  }

  get isBusy(): boolean {
    return this.calls > 0;
  }

  /** What it lists, at most `LIST_MS` old. */
  list(signal: AbortSignal): Promise<Listing['tools']> {
    return this.use(signal, (session) => this.listed(session, signal));
  }

  /** Calls a tool that is still the one that was offered. */
  call(asked: {
    readonly tool: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly offered: string | undefined;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  }): Promise<unknown> {
    const { tool: name, parameters, offered, signal, timeoutMs } = asked;
    return this.use(signal, async (session) => {
      const tool = (await this.listed(session, signal)).find((listed) => listed.name === name);
      if (tool === undefined) {
        throw new ToolError(
          'tool_not_found',
          `The MCP server ${this.options.name} has no tool "${name}" now.`,
        );
      }
      if (offered !== undefined && offered !== tool.hash) throw this.changed(name);
      const request = { method: 'tools/call' as const, params: { name, arguments: { ...parameters } } };
      return session.client.request(request, CallToolResultSchema, { signal, timeout: timeoutMs });
    });
  }

  async close(): Promise<void> {
    const session = this.session;
    this.session = undefined;
    await session?.then(({ client }) => client.close()).catch(() => undefined);
  }

  private changed(name: string): ToolError {
    return new ToolError(
      'tool_changed',
      `The tool "${name}" of the MCP server ${this.options.name} is not what it was when it was offered, so it was not called. It is offered anew with the next message.`,
    );
  }

  private async use<Result>(
    signal: AbortSignal,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    this.calls += 1;
    this.usedAtMs = this.options.clock();
    try {
      const session = await this.connected(signal);
      return await work(session).catch(async (error: unknown) => {
        // The server has forgotten the session, so it has not read what was asked: asked again, it is asked once.
        if (!isForgotten(error)) throw error;
        await this.close();
        return work(await this.connected(signal));
      });
    } catch (error) {
      throw this.toToolError(error, signal);
    } finally {
      this.calls -= 1;
      this.usedAtMs = this.options.clock();
    }
  }

  private async connected(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const { failed } = this;
    if (failed !== undefined && this.options.clock() - failed.at < PAUSE_MS) throw failed.error;
    this.session ??= this.connect();
    return unlessAborted(this.session, signal);
  }

  private async connect(): Promise<Session> {
    const client = new Client({ name: 'pagehand', version: '1' }, { capabilities: {} });
    try {
      // Its error handler is told of broken pipes and odd frames; what matters of them reaches the caller.
      client.onerror = () => undefined;
      await client.connect(this.options.open(), { timeout: ANSWER_MS });
    } catch (error) {
      this.session = undefined;
      this.failed = { at: this.options.clock(), error };
      await client.close().catch(() => undefined);
      throw error;
    }
    this.failed = undefined;
    const session: Session = { client, listing: undefined };
    client.onclose = () => {
      this.session = undefined;
    };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      session.listing = undefined;
    });
    return session;
  }

  private async listed(session: Session, signal: AbortSignal): Promise<Listing['tools']> {
    const now = this.options.clock();
    if (session.listing !== undefined && now - session.listing.at < LIST_MS) return session.listing.tools;
    const { tools, left } = readListing(await allPages(session.client, signal));
    session.listing = { tools, at: now };
    if (left.length > 0) this.options.onLeft(left);
    return tools;
  }

  private toToolError(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof ToolError) return error;
    // A library wraps what the guarded way out threw.
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof ToolError) return cause;
    if (signal.aborted) return signal.reason;
    const { name } = this.options;
    if (error instanceof McpError && error.code === ErrorCode.RequestTimeout) {
      return new ToolError('timed_out', `The MCP server ${name} did not answer in time.`, { cause: error });
    }
    if (error instanceof McpError && error.code !== ErrorCode.ConnectionClosed) {
      return new ToolError('mcp_failed', `The MCP server ${name} says: ${error.message}`, { cause: error });
    }
    if (error instanceof StreamableHTTPError) {
      const status = error.code === undefined || error.code < 0 ? 'no MCP' : `HTTP ${error.code}`;
      return new ToolError('mcp_failed', `The MCP server ${name} answered with ${status}.`, { cause: error });
    }
    return new ToolError('mcp_failed', `The MCP server ${name} cannot be reached.`, { cause: error });
  }
}

/** Not the client's own way to list: that compiles the schemas of strangers into code. */
async function allPages(client: Client, signal: AbortSignal): Promise<readonly ListedTool[]> {
  const tools: ListedTool[] = [];
  const endsAt = performance.now() + LISTING_MS;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && tools.length < MAX_LISTED_TOOLS; pages += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const timeout = Math.min(ANSWER_MS, Math.max(1, endsAt - performance.now()));
    const page = await client.request({ method: 'tools/list', params }, ListToolsResultSchema, {
      signal,
      timeout,
    });
    tools.push(...page.tools.slice(0, MAX_LISTED_TOOLS - tools.length));
    if (page.nextCursor === undefined || page.nextCursor === cursor) break;
    cursor = page.nextCursor;
  }
  return tools;
}

function isForgotten(error: unknown): boolean {
  return error instanceof StreamableHTTPError && error.code === 404;
}

/** The connection is for all who wait for it: one who leaves does not end it. */
function unlessAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
