import type * as z from 'zod/mini';
import type { ToolDefinition } from '../../protocol/definition.ts';
import type {
  EnsureRequest,
  EnsureResponse,
  ExecuteToolResponse,
  PullResponse,
  SavedTool,
  SavedToolResponse,
  ToolsResponse,
} from '../../protocol/saved.ts';
import type { Connection } from './connection.ts';
import { canonicalDefinition, contentHashOf, type ToolInput } from './define-tool.ts';
import { PagehandError } from './errors.ts';
import type { CallOptions } from './limits.ts';

/** What an ensure did. */
export type EnsureResult = Extract<EnsureResponse, { toolId: string }>;
/** What an ensure would do. */
export type ToolPlan = Extract<EnsureResponse, { result: 'plan' }>;

export interface EnsureOptions extends CallOptions {
  /** Says what would change, and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** A dry run that throws `ToolPlanNotEmptyError` where anything would change. Default false. */
  readonly expectNoChanges?: boolean | undefined;
  /** Writes only over exactly the tool that a dry run saw: its `remoteHash`. `null`: only where there is none. */
  readonly expectedRemoteHash?: string | null | undefined;
  /** What becomes of an edit that came from elsewhere. Default `error`. */
  readonly onConflict?: 'error' | 'overwrite' | undefined;
}

/** What is called outside of a conversation is called with. */
export interface ExecuteOptions extends CallOptions {
  /** For `{{secrets.key}}`. Kept in memory for the time of the call. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** For `{{_record.field}}`. */
  readonly record?: Readonly<Record<string, unknown>> | undefined;
  /** For `{{_user.id}}`. */
  readonly user?: Readonly<Record<string, unknown>> | undefined;
}

export interface ListOptions extends CallOptions {
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 1 to 100. Default 25. */
  readonly limit?: number | undefined;
}

/** The saved tool is not what the repository says. Carries what would have to change. */
export class ToolPlanNotEmptyError extends PagehandError {
  override readonly name = 'ToolPlanNotEmptyError';
  readonly plan: ToolPlan;

  constructor(toolName: string, plan: ToolPlan) {
    const what =
      plan.changes === 'create' ? 'is not on the server' : `differs in ${plan.changedKeys.join(', ')}`;
    super('plan_not_empty', `The tool "${toolName}" ${what}.`, {
      hint: 'Ensure it without `expectNoChanges`, or pull it into the repository.',
    });
    this.plan = plan;
  }
}

/** The tools that are saved in the workspace of the API key. All reject with `PagehandError`. */
export class ToolsApi {
  readonly #connection: Connection;
  /** By name: what the server called which content, the last time. */
  readonly #hashes = new Map<string, { readonly own: string; readonly servers: string }>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Makes the saved tool what the definition says. Where it is already, that is one small request and nothing is
   * written. Never deletes and never renames: another name is another tool.
   *
   * Rejects with `ToolEnsureConflictError` where somebody else wrote the tool since, or where it is not what
   * `expectedRemoteHash` says.
   */
  ensure(
    definition: ToolInput,
    options: EnsureOptions & ({ dryRun: true } | { expectNoChanges: true }),
  ): Promise<ToolPlan>;
  ensure(
    definition: ToolInput,
    options?: EnsureOptions & { dryRun?: false | undefined; expectNoChanges?: false | undefined },
  ): Promise<EnsureResult>;
  ensure(definition: ToolInput, options: EnsureOptions): Promise<EnsureResult | ToolPlan>;
  async ensure(input: ToolInput, options: EnsureOptions = {}): Promise<EnsureResult | ToolPlan> {
    const definition = canonicalDefinition(input);
    const { name } = definition;
    const own = await contentHashOf(definition);
    const isPlan = options.dryRun === true || options.expectNoChanges === true;
    const { expectedRemoteHash, onConflict } = options;
    const known = this.#hashes.get(name);
    const probe = { name, contentHash: known?.own === own ? known.servers : own };
    let answer = await this.#ensure(probe, options);
    if (answer.result === 'definitionRequired') {
      const bound = expectedRemoteHash === undefined ? {} : { expectedRemoteHash };
      const conflict = onConflict === undefined ? {} : { onConflict };
      answer = await this.#ensure(
        { name, definition, ...bound, ...conflict, ...(isPlan ? { dryRun: true } : {}) },
        options,
      );
    }
    if (answer.result === 'definitionRequired') throw needless(name);
    this.#hashes.set(name, { own, servers: answer.contentHash });
    if (!isPlan) return answer;
    const plan = answer.result === 'plan' ? answer : emptyPlan(answer.contentHash);
    if (options.expectNoChanges === true && plan.changes !== 'none')
      throw new ToolPlanNotEmptyError(name, plan);
    return plan;
  }

  /** The saved tool as code, and where it comes from. */
  async pull(name: string, options: CallOptions = {}): Promise<PullResponse> {
    const answer = await this.#connection.json(
      { method: 'GET', path: '/v1/tools/pull', query: { name } },
      options,
    );
    return answer as PullResponse;
  }

  /** One page, in the order of names. */
  async list({
    cursor,
    limit,
    toolType,
    name,
    ...options
  }: ListOptions & {
    readonly toolType?: ToolDefinition['toolType'] | undefined;
    /** A part of the name, in any case. */
    readonly name?: string | undefined;
  } = {}): Promise<ToolsResponse> {
    const query = { cursor, limit, toolType, name };
    return (await this.#connection.json(
      { method: 'GET', path: '/v1/tools', query },
      options,
    )) as ToolsResponse;
  }

  async get(id: string, options: CallOptions = {}): Promise<SavedTool> {
    return (await this.#connection.json({ method: 'GET', path: pathOf(id) }, options)) as SavedTool;
  }

  /** Tools kept as code are ensured instead. */
  async create(definition: ToolInput, options: CallOptions = {}): Promise<SavedToolResponse> {
    const call = { method: 'POST', path: '/v1/tools', body: canonicalDefinition(definition) } as const;
    return (await this.#connection.json(call, options)) as SavedToolResponse;
  }

  /** Changes the fields that are given, each as a whole. */
  async update(
    id: string,
    fields: Partial<ToolDefinition>,
    options: CallOptions = {},
  ): Promise<SavedToolResponse> {
    const call = { method: 'PUT', path: pathOf(id), body: fields } as const;
    return (await this.#connection.json(call, options)) as SavedToolResponse;
  }

  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.json({ method: 'DELETE', path: pathOf(id) }, options);
  }

  /** Calls it once, outside of any conversation. A tool that fails gives `status: 'error'` and rejects nothing. */
  async execute(
    id: string,
    parameters: Readonly<Record<string, unknown>> = {},
    { secrets, record, user, ...options }: ExecuteOptions = {},
  ): Promise<ExecuteToolResponse> {
    const body = { parameters, secrets, record, user };
    const call = { method: 'POST', path: `${pathOf(id)}/execute`, body } as const;
    return (await this.#connection.json(call, options)) as ExecuteToolResponse;
  }

  async #ensure(body: z.input<typeof EnsureRequest>, options: CallOptions): Promise<EnsureResponse> {
    const call = { method: 'POST', path: '/v1/tools/ensure', body, isRepeatable: true } as const;
    return (await this.#connection.json(call, options)) as EnsureResponse;
  }
}

function emptyPlan(contentHash: string): ToolPlan {
  return { result: 'plan', changes: 'none', changedKeys: [], contentHash, remoteHash: contentHash };
}

function needless(name: string): PagehandError {
  return new PagehandError(
    'unintelligible',
    `The server asks for the definition of "${name}" that it was sent.`,
  );
}

function pathOf(id: string): string {
  return `/v1/tools/${encodeURIComponent(id)}`;
}
