import type { EventOf, StreamEvent } from '../../protocol/event.ts';
import { TOOL_TIMEOUT_MS } from '../../protocol/limits.ts';
import { errorOutput } from '../../protocol/output.ts';
import type { FromProperties } from '../../protocol/schema-type.ts';
import type { ClientTool, JsonSchema } from '../../protocol/tool.ts';
import type { DispatchInput, PagehandClient } from './client.ts';
import type { DispatchResult, DispatchStream } from './dispatch-stream.ts';
import { PagehandError } from './errors.ts';
import { type CallOptions, limit } from './limits.ts';

/** A tool that runs in this process. */
export interface LocalTool<Schema = unknown> {
  /** What it does and when to use it, for the model. */
  readonly description: string;
  /** A JSON Schema of an object; it gives `execute` the types of its parameters. Default: an object without properties. */
  readonly parametersSchema?: Schema;
  /** Longest run, in milliseconds. Default 30 000. */
  readonly timeoutMs?: number | undefined;
  /** Gives what the model reads: text, a JSON value, or `{ content, isError }`. What it throws becomes an error to read. */
  execute(parameters: FromProperties<Schema>, call: LocalToolCall): unknown;
}

export interface LocalToolCall {
  readonly toolCallId: string;
  /** Aborts at the tool's limit, and with the run. */
  readonly signal: AbortSignal;
}

export type LocalTools<Schemas> = { readonly [Name in keyof Schemas]: LocalTool<Schemas[Name]> };

export interface LocalRunOptions extends CallOptions {
  /** The tools are those of this request and of no later one. There is no other scope. */
  readonly scope?: 'turn' | undefined;
  /** Every event, of all resumes, in order. */
  readonly onEvent?: ((event: StreamEvent) => void) | undefined;
  /**
   * Decides about each call of a server tool that needs approval. Default: nobody does; the run then ends with the
   * status `awaiting` and what waits in `approvals`, for `approve`.
   */
  readonly onApproval?: ((request: EventOf<'approval_start'>) => Decision | Promise<Decision>) | undefined;
}

/** What a person, or a rule, says to a call that needs approval. The model reads why it was denied. */
export type Decision =
  | 'approved'
  | 'denied'
  | { readonly decision: 'approved' | 'denied'; readonly reason?: string };

/** One call that was made here. */
export interface LocalCall {
  readonly toolCallId: string;
  readonly name: string;
  readonly parameters: unknown;
  /** As the model read it. */
  readonly output: unknown;
  readonly isError: boolean;
  readonly durationMs: number;
}

/** A whole run: its words, from the first to the last, the calls that were made here, the tokens of all its turns. */
export interface LocalRun extends Omit<DispatchResult, 'awaiting'> {
  readonly calls: readonly LocalCall[];
  /** The words after the last call. */
  readonly answer: string;
}

/** Longest try to cancel a run that was given up, in milliseconds. */
const CANCEL_MS = 5_000;

export async function runLocally<Schemas extends Readonly<Record<string, unknown>>>(
  client: PagehandClient,
  request: DispatchInput,
  tools: LocalTools<Schemas>,
  { onEvent, onApproval, signal: outer, timeoutMs }: LocalRunOptions,
): Promise<LocalRun> {
  const whole = limit(outer, timeoutMs, `The run was not done within ${timeoutMs} ms.`);
  const { signal } = whole;
  const clientTools = [...(request.clientTools ?? []), ...snapshot(tools)];
  const calls: LocalCall[] = [];
  const parts: DispatchResult[] = [];
  let running: string | undefined;
  const heard = (event: StreamEvent) => {
    running = event.executionId;
    onEvent?.(event);
  };
  try {
    const dispatched = client.dispatch({ ...request, clientTools, streamResponse: true }, { signal });
    let part = await readAll(dispatched, heard);
    for (;;) {
      parts.push(part);
      const { executionId } = part;
      const [approval] = (part.approvals ?? []).filter((event) => event.type === 'approval_start');
      if (part.awaiting.length > 0) {
        const toolOutputs = await outputsOf(part.awaiting);
        part = await goOn((secrets) => client.resume({ executionId, toolOutputs, ...secrets }, { signal }));
      } else if (approval !== undefined && onApproval !== undefined) {
        const { approvalId } = approval;
        const decision = await onApproval(approval);
        signal.throwIfAborted();
        part = await goOn((secrets) =>
          client.approve({ executionId, approvalId, ...decided(decision), ...secrets }, { signal }),
        );
      } else return joined(parts, calls);
    }
  } finally {
    whole.lift();
    // Nobody waits for it any more. Best effort: who gave up is told of that, and of nothing else.
    if (signal.aborted && running !== undefined)
      client.cancel(running, { timeoutMs: CANCEL_MS }).catch(() => {});
  }

  async function outputsOf(awaiting: readonly StreamEvent[]): Promise<Record<string, unknown>> {
    const awaited = awaiting.filter((event) => event.type === 'await');
    const made = await Promise.all(awaited.map((event) => callHere(tools, event, signal)));
    signal.throwIfAborted();
    calls.push(...made);
    return Object.fromEntries(made.map(({ toolCallId, output }) => [toolCallId, output]));
  }

  /** Sends the secrets of the dispatch again where the server that held them in its memory is gone. */
  async function goOn(
    send: (secrets: Pick<DispatchInput, 'secrets'>) => DispatchStream,
  ): Promise<DispatchResult> {
    try {
      return await readAll(send({}), heard);
    } catch (error) {
      const { secrets } = request;
      if (secrets === undefined || !(error instanceof PagehandError) || error.code !== 'secrets_required')
        throw error;
      return await readAll(send({ secrets }), heard);
    }
  }
}

function decided(decision: Decision): { decision: 'approved' | 'denied'; reason?: string } {
  return typeof decision === 'string' ? { decision } : decision;
}

function snapshot(tools: LocalTools<Readonly<Record<string, unknown>>>): ClientTool[] {
  return Object.entries(tools).map(([name, { description, parametersSchema }]) => ({
    name,
    description,
    parametersSchema: (parametersSchema as JsonSchema | undefined) ?? { type: 'object', properties: {} },
    origin: 'sdk',
  }));
}

async function readAll(stream: DispatchStream, heard: (event: StreamEvent) => void): Promise<DispatchResult> {
  for await (const event of stream) heard(event);
  return await stream.result();
}

async function callHere(
  tools: LocalTools<Readonly<Record<string, unknown>>>,
  event: EventOf<'await'>,
  signal: AbortSignal,
): Promise<LocalCall> {
  const { toolName: name = '', parameters = {} } = event;
  const toolCallId = event.toolCallId ?? name;
  const begunMs = Date.now();
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  const output =
    tool === undefined
      ? errorOutput(`There is no tool "${name}" here. It was not run.`)
      : await outputOf(tool, parameters, { toolCallId, signal });
  return { toolCallId, name, parameters, output, isError: isError(output), durationMs: Date.now() - begunMs };
}

/** Never rejects. A tool that does not heed its signal is left behind when its time is over. */
async function outputOf(tool: LocalTool, parameters: unknown, call: LocalToolCall): Promise<unknown> {
  const { timeoutMs = TOOL_TIMEOUT_MS } = tool;
  const time = limit(call.signal, timeoutMs, `The tool did not answer within ${timeoutMs} ms.`);
  const over = new Promise<never>((_, reject) => {
    if (time.signal.aborted) reject(time.signal.reason);
    else time.signal.addEventListener('abort', () => reject(time.signal.reason), { once: true });
  });
  try {
    const running = (async () => tool.execute(parameters as never, { ...call, signal: time.signal }))();
    const value = await Promise.race([running, over]);
    return readable(value);
  } catch (error) {
    return errorOutput(error instanceof Error ? error.message : String(error));
  } finally {
    time.lift();
  }
}

/** As JSON carries it. */
function readable(value: unknown): unknown {
  if (value === undefined) return '';
  try {
    const json = JSON.stringify(value);
    return json === undefined ? errorOutput('The tool gave what is no JSON.') : (JSON.parse(json) as unknown);
  } catch {
    return errorOutput('The tool gave what is no JSON.');
  }
}

function isError(output: unknown): boolean {
  return typeof output === 'object' && output !== null && 'isError' in output && output.isError === true;
}

function joined(parts: readonly DispatchResult[], calls: readonly LocalCall[]): LocalRun {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined)
    throw new PagehandError('internal', 'The run has no answer.');
  const { awaiting: _, tokens: __, output: answer, ...end } = last;
  const counted = parts.flatMap(({ tokens }) => tokens ?? []);
  const tokens = {
    input: counted.reduce((sum, { input }) => sum + input, 0),
    output: counted.reduce((sum, { output }) => sum + output, 0),
  };
  return {
    ...end,
    conversationId: first.conversationId,
    output: parts.map(({ output }) => output).join(''),
    answer,
    calls,
    ...(counted.length === 0 ? {} : { tokens }),
  };
}
