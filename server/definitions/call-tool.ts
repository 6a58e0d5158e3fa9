import type { ToolDefinition } from '../../protocol/definition.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import type { ExecuteToolResponse } from '../../protocol/saved.ts';
import { offerTools } from '../dispatch/toolset.ts';
import { RequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import { createScrubber } from '../secrets/create-scrubber.ts';
import type { ManagedSecrets } from '../secrets/managed-secrets.ts';
import type { Scrubber } from '../secrets/scrubber.ts';
import type { Receipt, ReceiptStore } from '../store/receipt-store.ts';
import type { OfferedTool } from '../store/store.ts';
import { NO_OBSERVER, type Observer } from '../telemetry/observer.ts';
import { cut } from '../text.ts';
import { childReceipt, RECEIPT_RESULT_CHARS, toolTypeOf } from '../tools/child-receipt.ts';
import { runTool } from '../tools/run-tool.ts';
import type { ServerTool } from '../tools/tool.ts';
import { codeOfFailure } from '../tools/tool-error.ts';
import { readToolId } from '../tools/tool-id.ts';
import { checkInput } from '../tools/tool-input.ts';
import type { ChildCall, Toolbox } from '../tools/toolbox.ts';
import type { Variables } from '../tools/variables.ts';

export interface CallToolParts {
  readonly toolbox: Toolbox;
  readonly secrets: ManagedSecrets;
  readonly scrubber: Pick<Scrubber, 'scrubValue'>;
  /** Takes the secrets of the call out of the log while it runs. Those of one caller mean nothing in the answers of others. */
  readonly logScrubber: Pick<Scrubber, 'hold'>;
  readonly receipts: ReceiptStore;
  /** Watches the call. Default: nobody does. */
  readonly observer?: Observer;
  /** Of agents that name none, for tools that ask a model. */
  readonly model: string;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

type Scrub = Variables['scrub'];

/** With what takes the secrets of the call out of all that it gives. */
interface RunningParts extends CallToolParts {
  readonly scrub: Scrub;
}

/** One call of a tool, outside of any conversation. */
export interface ToolCallRequest {
  readonly definition: ToolDefinition;
  /** `null`: it is not saved. */
  readonly toolId: string | null;
  readonly workspace: string;
  /** Who calls it, for the receipt. */
  readonly caller: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Of `{{secrets.key}}`. */
  readonly dispatchSecrets: Readonly<Record<string, string>>;
  readonly record: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a tool as a dispatch would: arguments checked, under its time limit, with a receipt. A call that comes to nothing
 * is an answer with its code. Rejects with `RequestError` `invalid_tool` where the tool runs at the caller's.
 */
export async function callTool(request: ToolCallRequest, parts: CallToolParts): Promise<ExecuteToolResponse> {
  const { definition } = request;
  if (definition.toolType === 'local') {
    throw new RequestError(
      'invalid_tool',
      `The tool "${definition.name}" is local: whoever dispatches runs it.`,
      {
        hint: 'Run it yourself, or name it in the `toolIds` of a dispatch and answer its calls.',
      },
    );
  }
  const secrets = Object.values(request.dispatchSecrets);
  const own = createScrubber(secrets);
  const letGo = parts.logScrubber.hold(secrets);
  const scrub: Scrub = (value) => own.scrubValue(parts.scrubber.scrubValue(value));
  try {
    const startedAtMs = parts.clock();
    const executionId = parts.newId(ID_PREFIX.execution);
    const began = performance.now();
    const children: ChildCall[] = [];
    const outcome = await outcomeOf(request, executionId, children, { ...parts, scrub });
    const executionTimeMs = Math.round(performance.now() - began);
    const receipt = receiptOf(request, outcome, parts.newId);
    const { workspace, surfaceId, conversationId, approvedBy } = receipt;
    const execution = { workspace, surfaceId, executionId, conversationId, approvedBy };
    await keepReceipts(
      scrub([
        { ...receipt, executionId, startedAtMs, durationMs: executionTimeMs },
        ...children.map((call) => childReceipt(call, execution, parts.newId)),
      ]),
      parts,
    );
    return scrub({ executionId, executionTimeMs, ...answerOf(outcome) });
  } finally {
    letGo();
  }
}

/** What the call did is done: a caller who heard of a failure here would do it again. */
async function keepReceipts(
  receipts: readonly Receipt[],
  parts: Pick<CallToolParts, 'receipts' | 'log'>,
): Promise<void> {
  try {
    await parts.receipts.addReceipts(receipts);
  } catch (err) {
    const calls = receipts.map(({ executionId, toolCallId, tool }) => ({ executionId, toolCallId, tool }));
    parts.log.error({ err, calls }, 'The receipts of a call could not be stored');
  }
}

type Outcome =
  | { readonly isError: false; readonly result: unknown; readonly text: string; readonly toolCallId: string }
  | { readonly isError: true; readonly code: string; readonly text: string; readonly toolCallId: string };

async function outcomeOf(
  request: ToolCallRequest,
  executionId: string,
  children: ChildCall[],
  parts: RunningParts,
): Promise<Outcome> {
  const toolCallId = parts.newId(ID_PREFIX.toolCall);
  const offered = offeredTool(request);
  const input = checkInput(offered, request.parameters);
  if (!input.ok) return { isError: true, code: 'invalid_arguments', text: input.problem, toolCallId };
  const tools = [offered, ...(await lentTools(request, parts))];
  const { observer = NO_OBSERVER } = parts;
  const toolType = toolTypeOf(offered);
  const watch = observer.tool({ tool: offered.canonicalName, toolType, toolCallId });
  const tool = bindTool(request, { offered, tools, children, inside: () => watch.inner }, parts);
  if (tool === undefined) {
    watch.end({ isError: true, errorCode: 'tool_not_found' });
    const text = `Tools of the type \`${request.definition.toolType}\` cannot run on this server.`;
    return { isError: true, code: 'tool_not_found', text, toolCallId };
  }
  let given: unknown;
  let failure: unknown;
  const { text, isError } = await runTool(
    {
      ...tool,
      async run(parameters, context) {
        given = await tool.run(parameters, context);
        return given;
      },
    },
    { toolCallId, parameters: input.parameters },
    {
      scrub: parts.scrub,
      signal: request.signal,
      executionId,
      conversationId: '',
      onError(error) {
        failure = error;
        parts.log.warn({ err: error, executionId, tool: tool.name }, 'A tool failed');
      },
    },
  );
  const code = request.signal.aborted ? 'cancelled' : codeOfFailure(failure);
  watch.end({ isError, errorCode: isError ? code : undefined });
  return isError ? { isError, code, text, toolCallId } : { isError, result: given ?? null, text, toolCallId };
}

function offeredTool({ definition, toolId }: ToolCallRequest): OfferedTool {
  const { name, description, parametersSchema = { type: 'object', properties: {} } } = definition;
  return {
    bareName: name,
    canonicalName: name,
    modelName: name,
    origin: 'server',
    pageOrigin: null,
    description,
    parametersSchema,
    binding: { kind: 'defined', definition, id: toolId },
  };
}

/** Called by itself, a subagent has no parent: it has what its definition names by id. */
async function lentTools(request: ToolCallRequest, parts: RunningParts): Promise<readonly OfferedTool[]> {
  const toolIds = idsOfOwn(request.definition);
  if (toolIds.length === 0) return [];
  const { workspace, signal } = request;
  const variables = variablesOf(request, parts);
  const scope = { workspace, configured: [], variables, signal };
  const serverTools = await parts.toolbox.resolve([{ toolIds }], scope);
  return offerTools({ admitted: [], serverTools, wins: 'server' });
}

function idsOfOwn(definition: ToolDefinition): string[] {
  const named = definition.toolType === 'subagent' ? (definition.config.allowedTools ?? []) : [];
  return named.filter((id) => {
    const read = readToolId(id);
    const isAll =
      (read?.kind === 'mcp' && read.tool === '*') || (read?.kind === 'named' && read.name === '*');
    return read !== undefined && (isAll || !id.endsWith('*'));
  });
}

function variablesOf(
  { workspace, dispatchSecrets, record, user }: ToolCallRequest,
  { secrets, scrub }: RunningParts,
): Variables {
  return {
    secret: (key) => (Object.hasOwn(dispatchSecrets, key) ? dispatchSecrets[key] : undefined),
    managedSecret: (name) => secrets.value(workspace, name),
    record,
    flow: {},
    user,
    scrub,
  };
}

function bindTool(
  request: ToolCallRequest,
  bound: {
    readonly offered: OfferedTool;
    readonly tools: readonly OfferedTool[];
    readonly children: ChildCall[];
    readonly inside: () => Observer;
  },
  parts: RunningParts,
): ServerTool | undefined {
  const { offered, tools, children, inside } = bound;
  let spawned = 0;
  return parts.toolbox.bind(offered, {
    workspace: request.workspace,
    configured: [],
    variables: variablesOf(request, parts),
    tools,
    model: parts.model,
    depth: 0,
    inside,
    ledger: {
      tokens: () => undefined,
      called: (call) => void children.push(call),
      spawned() {
        spawned += 1;
        return spawned;
      },
    },
  });
}

/** Ends that are more, or less, than an error. What a call did that nobody waited for is not known. */
const ENDS: Readonly<Record<string, Receipt['outcome']>> = {
  invalid_arguments: 'refused',
  cancelled: 'unknown',
};

function receiptOf(
  { definition, workspace, parameters, caller }: ToolCallRequest,
  outcome: Outcome,
  newId: CallToolParts['newId'],
): Omit<Receipt, 'executionId' | 'startedAtMs' | 'durationMs'> {
  return {
    id: newId(ID_PREFIX.receipt),
    workspace,
    surfaceId: null,
    conversationId: null,
    toolCallId: outcome.toolCallId,
    parentToolCallId: null,
    tool: definition.name,
    toolType: definition.toolType,
    pageOrigin: null,
    parameters,
    outcome: outcome.isError ? (ENDS[outcome.code] ?? 'error') : 'success',
    result: cut(outcome.text, RECEIPT_RESULT_CHARS, '…'),
    approvedBy: caller,
  };
}

function answerOf(outcome: Outcome): Pick<ExecuteToolResponse, 'status' | 'result' | 'error'> {
  if (!outcome.isError) return { status: 'success', result: outcome.result };
  return { status: 'error', error: { code: outcome.code, message: outcome.text } };
}
