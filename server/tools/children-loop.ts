import { setMaxListeners } from 'node:events';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { describeFailure } from '../dispatch/failure.ts';
import { findTool, toModelTool } from '../dispatch/toolset.ts';
import { askModel } from '../dispatch/turn.ts';
import { isRecord } from '../is-record.ts';
import {
  type Model,
  ModelError,
  type ModelMessage,
  type ModelToolCall,
  type ModelToolResult,
} from '../models/model.ts';
import type { OfferedTool } from '../store/store.ts';
import { NO_OBSERVER, type Observer } from '../telemetry/observer.ts';
import { toolTypeOf } from './child-receipt.ts';
import type { ChildAnswer } from './kind.ts';
import { runTool } from './run-tool.ts';
import type { ServerTool, ToolContext } from './tool.ts';
import { codeOfFailure, ToolError } from './tool-error.ts';
import { checkInput } from './tool-input.ts';
import type { ChildCall, ChildLedger } from './toolbox.ts';
import type { Variables } from './variables.ts';

export interface ChildRun {
  readonly model: Model;
  /** In full. */
  readonly modelName: string;
  /** For those who watch. */
  readonly agent: { readonly id: string; readonly name: string };
  /** Watches it. Default: nobody does. */
  readonly observer: Observer | undefined;
  readonly instructions: string;
  /** All that it knows beside its instructions. */
  readonly prompt: string;
  readonly tools: readonly OfferedTool[];
  readonly maxTurns: number;
  readonly maxToolCalls: number;
  /** Of the results that it reads. */
  readonly scrub: Variables['scrub'];
  /** `undefined`: there is no such tool any more. */
  readonly bind: (tool: OfferedTool, inside: () => Observer) => ServerTool | undefined;
  /** Counts a call against what all children of the parent's call may make together. `false`: it may not be made. */
  readonly takeCall: () => boolean;
  readonly ledger: ChildLedger;
  /** Of the parent. */
  readonly call: ToolContext;
  /** Of the execution's own call that all of this is for. */
  readonly rootCallId: string;
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly onError: (error: unknown) => void;
}

/**
 * Asks a model and runs its calls until it answers in words, all in memory: nothing of it is stored or streamed. In its
 * last turn, or when its calls are used up, it has no tools and must answer. Rejects with `ToolError` `child_failed`,
 * and with the signal's reason, at once.
 */
export async function runChild(run: ChildRun): Promise<ChildAnswer> {
  const { agent, observer = NO_OBSERVER } = run;
  const { executionId, conversationId } = run.call;
  const facts = { executionId, conversationId, agentId: agent.id, agentName: agent.name };
  const { inner, end } = observer.run({ ...facts, cause: 'child' });
  try {
    const answer = await converse({ ...run, observer: inner });
    end({ status: 'complete' });
    return answer;
  } catch (error) {
    end({ status: 'failed', errorCode: codeOfFailure(error) });
    throw error;
  }
}

/** A child that is watched. */
type WatchedRun = ChildRun & { readonly observer: Observer };

async function converse(run: WatchedRun): Promise<ChildAnswer> {
  const { model, instructions, ledger, call, maxTurns, observer } = run;
  const messages: ModelMessage[] = [{ role: 'user', content: [{ type: 'text', text: run.prompt }] }];
  const texts: string[] = [];
  // One for each call at a time.
  setMaxListeners(0, call.signal);
  let callsLeft = run.maxToolCalls;
  for (let turn = 1; ; turn++) {
    const mayCall = turn < maxTurns && callsLeft > 0;
    const words = new Words();
    const tools = mayCall ? run.tools.map(toModelTool) : [];
    const watch = observer.model({ model: run.modelName, iteration: turn });
    const answer = await askModel(
      model,
      { instructions, messages: [...messages], tools },
      words,
      call.signal,
    ).catch((error: unknown) => {
      watch.end({ errorCode: call.signal.aborted ? 'cancelled' : describeFailure(error).code });
      throw asFailure(error);
    });
    watch.end({ stopReason: answer.reason, tokens: answer.tokens });
    if (answer.tokens !== undefined) ledger.tokens(answer.tokens.input, answer.tokens.output);
    if (words.text.trim() !== '') texts.push(words.text);
    if (answer.calls.length === 0 || !mayCall) return answerOf(texts, words.text);
    const calls = answer.calls.map((made) => ({ ...made, toolCallId: run.newId(ID_PREFIX.toolCall) }));
    messages.push({ role: 'assistant', text: words.text, toolCalls: calls.map(asHistory) });
    const results = await Promise.all(calls.map((made, at) => resultOf(made, at < callsLeft, run)));
    messages.push({ role: 'tool', results });
    callsLeft -= calls.length;
  }
}

/** A turn's text, without its reasoning. */
class Words {
  text = '';

  write(kind: 'text' | 'reasoning', delta: string): void {
    if (kind === 'text') this.text += delta;
  }

  seal(): void {}
}

function answerOf(texts: readonly string[], last: string): ChildAnswer {
  if (last.trim() !== '') return { text: texts.join('\n\n'), lastMessage: last };
  throw new ToolError('child_failed', 'The subagent ended without an answer. Give it a smaller task.');
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof ModelError)) return error;
  return new ToolError('child_failed', `The subagent's model failed: ${error.message}`, { cause: error });
}

/** Providers refuse a history with odd names or with arguments that are no object. */
function asHistory({ toolCallId, name, input }: ModelToolCall): ModelToolCall {
  const legal = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64) || 'unnamed';
  return { toolCallId, name: legal, input: isRecord(input) ? input : {} };
}

async function resultOf(made: ModelToolCall, isLeft: boolean, run: WatchedRun): Promise<ModelToolResult> {
  const { toolCallId, name } = asHistory(made);
  const tool = findTool(run.tools, made.name);
  if (tool === undefined) {
    return { toolCallId, name, text: unknownTool(name, run.tools), isError: true, untrusted: false };
  }
  const startedAtMs = run.clock();
  const { parameters, text, outcome } = await outcomeOf(tool, made, isLeft, run);
  run.ledger.called({
    ...{ toolCallId, tool, parameters, outcome, startedAtMs },
    parentToolCallId: run.rootCallId,
    result: text,
    durationMs: Math.max(0, run.clock() - startedAtMs),
  });
  return { toolCallId, name, text, isError: outcome !== 'success', untrusted: outcome !== 'refused' };
}

type Outcome = Pick<ChildCall, 'parameters' | 'outcome'> & { readonly text: string };

async function outcomeOf(
  offered: OfferedTool,
  made: ModelToolCall,
  isLeft: boolean,
  run: WatchedRun,
): Promise<Outcome> {
  const input = checkInput(offered, made.input);
  const parameters = input.ok ? input.parameters : isRecord(made.input) ? made.input : {};
  const refused = (text: string): Outcome => ({ parameters, text, outcome: 'refused' });
  if (!input.ok) return refused(input.problem);
  if (offered.needsApproval === true) return refused(NEEDS_APPROVAL);
  const { call, scrub, onError, observer } = run;
  const { toolCallId } = made;
  let inside = observer;
  const tool = run.bind(offered, () => inside);
  if (tool === undefined) return refused(`There is no tool "${offered.modelName}" any more.`);
  if (!isLeft || !run.takeCall()) return refused(NO_CALL_LEFT);
  const watch = observer.tool({ tool: offered.canonicalName, toolType: toolTypeOf(offered), toolCallId });
  inside = watch.inner;
  const { signal, executionId, conversationId } = call;
  let failure: unknown;
  const { text, isError } = await runTool(
    tool,
    { toolCallId, parameters },
    {
      ...{ scrub, signal, executionId, conversationId },
      onError(error) {
        failure = error;
        onError(error);
      },
    },
  );
  watch.end({ isError, errorCode: signal.aborted ? 'cancelled' : codeOfFailure(failure) });
  return { parameters, text, outcome: isError ? 'error' : 'success' };
}

const NEEDS_APPROVAL =
  'A person must approve calls of this tool, and a subagent cannot ask one, so it was not called. Go on without it, and say in your answer what is left to do.';

const NO_CALL_LEFT =
  'The limit of tool calls is reached, so this call was not made. Answer with what you have.';

function unknownTool(name: string, tools: readonly OfferedTool[]): string {
  const names = tools.map(({ modelName }) => modelName).join(', ');
  return names === ''
    ? `There is no tool named "${name}": no tools are offered. Answer in words.`
    : `There is no tool named "${name}". These are offered: ${names}.`;
}
