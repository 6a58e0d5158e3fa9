import { ConfigError } from '../config/config.ts';
import type { Model, ModelResolver } from '../models/model.ts';
import type { DefinitionStore } from '../store/definition-store.ts';
import type { OfferedTool } from '../store/store.ts';
import type { ChildRun } from './children-loop.ts';
import type { ToolContext } from './tool.ts';
import { ToolError } from './tool-error.ts';
import type { BindScope, Toolbox } from './toolbox.ts';

/** Deepest nesting of children in children. */
const MAX_DEPTH = 5;

/** Most calls that all children of one call make together, those of their own children included. */
const MAX_DESCENDANT_CALLS = 200;

/** What children of one call have in common. */
export interface Lineage {
  /** Ids of the flows that run, outermost first. */
  readonly flows: readonly string[];
  /** Of the execution's own call. */
  readonly rootCallId: string;
  readonly calls: { left: number };
}

/** As a child binds its tools. */
export interface ChildScope extends BindScope {
  readonly lineage?: Lineage;
}

export interface ChildrenParts {
  readonly definitions: DefinitionStore;
  readonly models: ModelResolver;
  readonly toolbox: Pick<Toolbox, 'resolve'> & {
    bind(tool: OfferedTool, scope: ChildScope): ReturnType<Toolbox['bind']>;
  };
  readonly clock: () => number;
  readonly newId: (prefix: string) => string;
  readonly log: { warn(fields: Readonly<Record<string, unknown>>, message: string): void };
}

/** The scope of a child. Throws `ToolError` `too_deep`. */
export function innerScope(scope: ChildScope, call: ToolContext): ChildScope & { readonly lineage: Lineage } {
  if (scope.depth >= MAX_DEPTH) {
    throw new ToolError(
      'too_deep',
      `Subagents and flows are nested ${MAX_DEPTH} deep already. Do the task without another one.`,
    );
  }
  const lineage = scope.lineage ?? {
    flows: [],
    rootCallId: call.toolCallId,
    calls: { left: MAX_DESCENDANT_CALLS },
  };
  return { ...scope, depth: scope.depth + 1, lineage };
}

/** What every child runs with. Throws `ToolError` `child_failed` where its model cannot be used here. */
export function childRun(
  parts: ChildrenParts,
  scope: ChildScope,
  call: ToolContext,
): Omit<ChildRun, 'agent' | 'instructions' | 'prompt' | 'maxTurns' | 'maxToolCalls'> {
  const { executionId, toolCallId } = call;
  return {
    model: modelOf(scope.model, parts),
    modelName: scope.model,
    observer: scope.inside?.(),
    tools: scope.tools,
    bind: (tool, inside) => parts.toolbox.bind(tool, { ...scope, inside }),
    takeCall: () => takeCall(scope.lineage),
    scrub: scope.variables.scrub,
    ledger: scope.ledger,
    call,
    rootCallId: scope.lineage?.rootCallId ?? call.toolCallId,
    clock: parts.clock,
    newId: parts.newId,
    onError: (err) => parts.log.warn({ err, executionId, toolCallId }, 'A tool of a subagent failed'),
  };
}

function takeCall(lineage: Lineage | undefined): boolean {
  if (lineage === undefined || lineage.calls.left <= 0) return false;
  lineage.calls.left -= 1;
  return true;
}

function modelOf(id: string, { models }: ChildrenParts): Model {
  try {
    return models(id);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new ToolError('child_failed', `The subagent's model \`${id}\` cannot be used on this server.`, {
      cause,
    });
  }
}
