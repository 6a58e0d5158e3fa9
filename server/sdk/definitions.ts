import type * as z from 'zod/mini';
import type {
  NamedAgent,
  NamedFlow,
  SavedAgent,
  SavedAgentResponse,
  SavedFlow,
  SavedFlowResponse,
  UpdateAgentRequest,
  UpdateFlowRequest,
} from '../../protocol/saved-definitions.ts';
import type { Connection } from './connection.ts';
import type { CallOptions } from './limits.ts';

/** What there is of one kind: how it is written, changed, kept, and answered to whoever writes it. */
interface Kind {
  readonly input: object;
  readonly change: object;
  readonly saved: object;
  readonly written: object;
}

export interface AgentKind extends Kind {
  readonly input: z.input<typeof NamedAgent>;
  readonly change: Omit<z.input<typeof UpdateAgentRequest>, 'id'>;
  readonly saved: SavedAgent;
  readonly written: SavedAgentResponse;
}

export interface FlowKind extends Kind {
  readonly input: z.input<typeof NamedFlow>;
  readonly change: Omit<z.input<typeof UpdateFlowRequest>, 'id'>;
  readonly saved: SavedFlow;
  readonly written: SavedFlowResponse;
}

/** The agents or the flows that are saved in the workspace of the API key. All reject with `PagehandError`. */
export class DefinitionsApi<Of extends Kind> {
  readonly #connection: Connection;
  readonly #path: string;

  constructor(connection: Connection, path: '/v1/agents' | '/v1/flows') {
    this.#connection = connection;
    this.#path = path;
  }

  async create(definition: Of['input'], options: CallOptions = {}): Promise<Of['written']> {
    return (await this.#connection.json(
      { method: 'POST', path: this.#path, body: definition },
      options,
    )) as Of['written'];
  }

  async get(id: string, options: CallOptions = {}): Promise<Of['saved']> {
    return (await this.#connection.json({ method: 'GET', path: this.#of(id) }, options)) as Of['saved'];
  }

  /** One page, in the order of names. `limit`: 1 to 100, default 25. */
  async list({
    cursor,
    limit,
    ...options
  }: CallOptions & {
    /** `nextCursor` of the page before. */
    readonly cursor?: string | undefined;
    readonly limit?: number | undefined;
  } = {}): Promise<{ readonly data: readonly Of['saved'][]; readonly nextCursor: string | null }> {
    const call = { method: 'GET', path: this.#path, query: { cursor, limit } } as const;
    return (await this.#connection.json(call, options)) as Awaited<ReturnType<typeof this.list>>;
  }

  /** Changes the fields that are given, each as a whole; `null` takes an optional one away. */
  async update(id: string, change: Of['change'], options: CallOptions = {}): Promise<Of['written']> {
    return (await this.#connection.json(
      { method: 'PUT', path: this.#of(id), body: change },
      options,
    )) as Of['written'];
  }

  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.json({ method: 'DELETE', path: this.#of(id) }, options);
  }

  #of(id: string): string {
    return `${this.#path}/${encodeURIComponent(id)}`;
  }
}
