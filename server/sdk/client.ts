import type * as z from 'zod/mini';
import type {
  CancelResponse,
  DispatchApproveRequest,
  DispatchContinueRequest,
  DispatchRequest,
  DispatchResponse,
  DispatchResumeRequest,
} from '../../protocol/request.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { ApiKeysApi, ClientTokensApi } from './credentials.ts';
import { type AgentKind, DefinitionsApi, type FlowKind } from './definitions.ts';
import { DispatchStream } from './dispatch-stream.ts';
import type { CallOptions } from './limits.ts';
import { type LocalRun, type LocalRunOptions, type LocalTools, runLocally } from './local-tools.ts';
import { ReceiptsApi } from './receipts.ts';
import { SecretsApi } from './secrets.ts';
import { ToolsApi } from './tools.ts';

export type DispatchInput = z.input<typeof DispatchRequest>;
export type ResumeInput = z.input<typeof DispatchResumeRequest>;
export type ContinueInput = z.input<typeof DispatchContinueRequest>;
export type ApproveInput = z.input<typeof DispatchApproveRequest>;

export interface DispatchOptions extends CallOptions {
  /** Under which it is done once, however often it is sent within a day. Default: a new one for each call. */
  readonly idempotencyKey?: string | undefined;
}

/** A request whose answer is one JSON. */
type Whole<Request> = Request & { readonly streamResponse: false };
type Streamed<Request> = Request & { readonly streamResponse?: true | undefined };

/**
 * One server, with one API key. Works in Node and in workers; never in a page, which must not hold the key.
 *
 * Whatever rejects does so with `PagehandError`, or with the reason of the caller's own signal.
 */
export class PagehandClient {
  readonly tools: ToolsApi;
  readonly agents: DefinitionsApi<AgentKind>;
  readonly flows: DefinitionsApi<FlowKind>;
  readonly secrets: SecretsApi;
  readonly clientTokens: ClientTokensApi;
  readonly apiKeys: ApiKeysApi;
  readonly receipts: ReceiptsApi;
  readonly #connection: Connection;

  /** Throws `PagehandError` `invalid_options`. */
  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options);
    this.tools = new ToolsApi(this.#connection);
    this.agents = new DefinitionsApi(this.#connection, '/v1/agents');
    this.flows = new DefinitionsApi(this.#connection, '/v1/flows');
    this.secrets = new SecretsApi(this.#connection);
    this.clientTokens = new ClientTokensApi(this.#connection);
    this.apiKeys = new ApiKeysApi(this.#connection);
    this.receipts = new ReceiptsApi(this.#connection);
  }

  /**
   * Starts an execution. Its events as they come, or with `streamResponse: false` where it stands when it pauses or ends.
   */
  dispatch(request: Whole<DispatchInput>, options?: DispatchOptions): Promise<DispatchResponse>;
  dispatch(request: Streamed<DispatchInput>, options?: DispatchOptions): DispatchStream;
  dispatch(request: DispatchInput, options?: DispatchOptions): DispatchStream | Promise<DispatchResponse>;
  dispatch(
    request: DispatchInput,
    options: DispatchOptions = {},
  ): DispatchStream | Promise<DispatchResponse> {
    return this.#run('/v1/dispatch', request, options);
  }

  /** Brings the outputs of awaited calls, by their `toolCallId`. */
  resume(request: Whole<ResumeInput>, options?: DispatchOptions): Promise<DispatchResponse>;
  resume(request: Streamed<ResumeInput>, options?: DispatchOptions): DispatchStream;
  resume(request: ResumeInput, options?: DispatchOptions): DispatchStream | Promise<DispatchResponse>;
  resume(request: ResumeInput, options: DispatchOptions = {}): DispatchStream | Promise<DispatchResponse> {
    return this.#run('/v1/dispatch/resume', request, options);
  }

  /** Decides about a call that waits for a person, by the `approvalId` of its `approval_start`. The rest as of `resume`. */
  approve(request: Whole<ApproveInput>, options?: DispatchOptions): Promise<DispatchResponse>;
  approve(request: Streamed<ApproveInput>, options?: DispatchOptions): DispatchStream;
  approve(request: ApproveInput, options?: DispatchOptions): DispatchStream | Promise<DispatchResponse>;
  approve(request: ApproveInput, options: DispatchOptions = {}): DispatchStream | Promise<DispatchResponse> {
    return this.#run('/v1/dispatch/approve', request, options);
  }

  /** Goes on with the conversation of an ended execution, with its agent and its tools as they were. */
  continue(request: Whole<ContinueInput>, options?: DispatchOptions): Promise<DispatchResponse>;
  continue(request: Streamed<ContinueInput>, options?: DispatchOptions): DispatchStream;
  continue(request: ContinueInput, options?: DispatchOptions): DispatchStream | Promise<DispatchResponse>;
  continue(
    request: ContinueInput,
    options: DispatchOptions = {},
  ): DispatchStream | Promise<DispatchResponse> {
    return this.#run('/v1/dispatch/continue', request, options);
  }

  /** Ends an execution, whatever it is doing. Resolves to how it ended, also when it had ended before. */
  async cancel(executionId: string, options: CallOptions = {}): Promise<CancelResponse['status']> {
    const call = { method: 'POST', path: '/v1/dispatch/cancel', body: { executionId } } as const;
    const { status } = (await this.#connection.json(call, options)) as CancelResponse;
    return status;
  }

  /**
   * Dispatches, runs here what the model calls of `tools`, and resumes, until the execution has ended. A tool that
   * throws, is unknown or takes longer than its limit gives the model an error to read; the run goes on. A run that is
   * aborted, or out of time, is cancelled on the server too.
   */
  runWithLocalTools<const Schemas extends Readonly<Record<string, unknown>>>(
    request: DispatchInput,
    tools: LocalTools<Schemas>,
    options: LocalRunOptions = {},
  ): Promise<LocalRun> {
    return runLocally(this, request, tools, options);
  }

  #run(
    path: string,
    body: { readonly streamResponse?: boolean | undefined },
    options: DispatchOptions,
  ): DispatchStream | Promise<DispatchResponse> {
    const { idempotencyKey = crypto.randomUUID(), ...limits } = options;
    const call = { method: 'POST', path, body, idempotencyKey } as const;
    if (body.streamResponse !== false) return new DispatchStream(this.#connection, call, limits);
    return this.#connection.json({ ...call, mayBeSilent: true }, limits) as Promise<DispatchResponse>;
  }
}
