import { CLIENT_TOOLS_EVENT, type ClientToolsReport, type EventBody } from '../../protocol/event.ts';
import { ID_PREFIX } from '../../protocol/ids.ts';
import { ConfigError } from '../config/config.ts';
import { RequestError } from '../errors.ts';
import { requireRunnable } from '../flows/flow-steps.ts';
import type { Admission } from '../policy.ts';
import type { Execution, NewMessage, StoredMessage } from '../store/store.ts';
import type { ResolvedTool } from '../tools/toolbox.ts';
import { variablesOf } from './bound-tools.ts';
import type { Desk } from './desk.ts';
import type { Answer, StartRequest } from './dispatcher.ts';
import type { EventLog } from './event-log.ts';
import { isOpen, newExecution } from './execution.ts';
import { beginFlow, type FlowToRun, kindOf, stepStarted } from './flow-run.ts';
import {
  nothingNew,
  type Plan,
  planReplacement,
  planStart,
  positionAfter,
  positionAfterLastUser,
} from './history.ts';
import { nameFiles } from './named-files.ts';
import { nextTurn } from './next-boundary.ts';
import { newOutcome, rememberedAnswer } from './outcome.ts';
import { canonicalName, frozenTools, offerTools, winnerOf } from './toolset.ts';

/** Longest search for the tools of an execution, in milliseconds: some are listed by servers far away. */
const RESOLVE_MS = 30_000;

/** Starts an execution, or finds the one that this request has started before. Nothing: look again, others were faster. */
export async function startOnce(request: StartRequest, desk: Desk): Promise<Answer | undefined> {
  const { deps, runs } = desk;
  const { conversationId, idempotency, agent, flow } = request;
  for (const { model } of flow?.steps ?? [agent]) checkModel(model, desk);
  if (flow !== undefined) requireRunnable(flow.steps, scopeOf(request, flow));
  const remembered = await rememberedAnswer(idempotency, desk);
  if (remembered !== undefined) return remembered;
  const earlier = await deps.store.latestExecution(conversationId);
  const stored = await deps.store.messages(conversationId);
  const { messages, replacesMessageId } = request;
  const plan =
    replacesMessageId !== undefined
      ? planReplacement(stored, messages, replacesMessageId)
      : flow !== undefined && messages.length === 0
        ? planWithout(flow, stored)
        : planStart(stored, messages);
  // What answers a known message was begun before the message could be read; what a new one overtakes, before it was
  // found to be new. Else one message that comes to two processes at once would end its own answer.
  const latest = plan.kind === 'again' ? await deps.store.latestExecution(conversationId) : earlier;
  // Begun while the messages were read: it may answer one that was not among them yet.
  if (latest?.id !== earlier?.id) return undefined;
  if (plan.kind === 'again') {
    // The stream was lost on its way: the same message again gets the same answer again.
    // Of a flow that failed, earlier steps may have answered: that is no answer to the message.
    const isAnswered = plan.isAnswered && latest?.status !== 'failed';
    const isThere = latest !== undefined && (isAnswered || isOpen(latest) || latest.status === 'complete');
    if (isThere) return desk.read(latest, latest.runAfter, 'answer');
    if (isAnswered) throw nothingNew();
  }
  const giveBack = runs.reserve(request.owner, request.maxRunning);
  try {
    if (latest === undefined || !isOpen(latest)) return await begin(request, stored, plan, latest, desk);
    await desk.end(latest, { kind: 'overtaken' });
    return undefined;
  } finally {
    giveBack();
  }
}

async function begin(
  request: StartRequest,
  stored: readonly StoredMessage[],
  plan: Plan,
  latest: Execution | undefined,
  desk: Desk,
): Promise<Answer | undefined> {
  const { deps, runs } = desk;
  const nowMs = deps.clock();
  const id = deps.newId(ID_PREFIX.execution);
  const { messages, files } = await nameFiles(
    plan.kind === 'new' ? withPageContext(plan.messages, request.pageContext) : [],
    request.files ?? null,
    {
      conversationId: request.conversationId,
      nowMs,
      store: deps.store,
    },
  );
  // The newest is told by its time, whatever another process's clock said of the one before.
  const createdAtMs = latest === undefined ? nowMs : Math.max(nowMs, latest.createdAtMs + 1);
  const stepStart = positionAfter(stored) + messages.length;
  const conversationEnd = messages.length > 0 ? stepStart : positionAfterLastUser(stored);
  // Before tools are looked up: servers that list them are sent secrets, and may tell them.
  deps.vault.keep(id, request.secrets ?? {});
  let isStored = false;
  try {
    const { continues } = request;
    const resolved =
      continues === undefined ? await resolveTools(request, id, desk) : [frozenTools(continues.tools)];
    const log = newLog(request, { id, resolved, createdAtMs, conversationEnd, stepStart }, stored, desk);
    const turn = nextTurn(log.execution, deps);
    const result = await log.create({
      execution: turn.execution,
      events: [...startEvents(log.execution, request.admission), turn.event],
      messages,
      files,
      expectedMessages: stored.length,
      count: request.count,
      newConversation: request.newConversation,
      replacesFrom: plan.kind === 'new' ? plan.replacesFrom : undefined,
      outcome: newOutcome(request.idempotency, log.execution, nowMs),
    });
    isStored = result === 'created';
    if (result === 'moved_on') return undefined;
    if (result === 'deleted') throw conversationDeleted();
    if (result === 'limit_reached') throw limitReached(request.count?.limit ?? 0);
    runs.launch(log, 'start');
    return desk.read(log.execution, 0, 'answer');
  } finally {
    if (!isStored) deps.vault.drop(id);
  }
}

/** The newest message carries what the page said of itself when it was sent. */
function withPageContext(
  messages: readonly NewMessage[],
  pageContext: string | undefined,
): readonly NewMessage[] {
  return messages.map((one, at) =>
    pageContext !== undefined && at === messages.length - 1 && one.message.role === 'user'
      ? { ...one, message: { ...one.message, pageContext } }
      : one,
  );
}

function checkModel(id: string, { deps }: Desk): void {
  try {
    deps.model(id);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new RequestError('invalid_request', `The model \`${id}\` cannot be used here.`, {
      hint: cause.message,
      cause,
    });
  }
}

/** What a flow may begin with where nobody said anything: prompts that need no conversation. */
function planWithout({ steps }: FlowToRun, stored: readonly StoredMessage[]): Plan {
  const silent = steps.find(({ userPrompt }) => userPrompt === null || userPrompt.trim() === '');
  if (silent === undefined || stored.length > 0) return { kind: 'new', messages: [] };
  throw new RequestError('invalid_request', `The step "${silent.name}" asks nothing.`, {
    hint: 'Give it a `userPrompt`, or send `messages` that it answers.',
  });
}

/** The tools of the agent, or of each step. */
async function resolveTools(
  request: StartRequest,
  executionId: string,
  { deps }: Desk,
): Promise<readonly (readonly ResolvedTool[])[]> {
  const { workspace, agent, flow, choices = [], record = {}, user = {}, secrets = {} } = request;
  const vault = { ...deps.vault, secret: (_: string, key: string) => ownSecret(secrets, key) };
  const scope = {
    workspace,
    configured: agent.tools,
    variables: variablesOf(
      { id: executionId, workspace, record, user, flow: flow ?? null },
      { ...deps, vault },
    ),
    signal: AbortSignal.timeout(RESOLVE_MS),
  };
  if (flow === undefined) return [await deps.toolbox.resolve(choices, scope)];
  return Promise.all(flow.steps.map(({ tools }) => deps.toolbox.resolve([...choices, tools], scope)));
}

function scopeOf({ record = {}, user = {} }: StartRequest, { id, name, inputs }: FlowToRun) {
  return { flow: { id, name }, inputs, record, user };
}

function ownSecret(secrets: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(secrets, key) ? secrets[key] : undefined;
}

function newLog(
  request: StartRequest,
  parts: {
    readonly id: string;
    readonly resolved: readonly (readonly ResolvedTool[])[];
    readonly createdAtMs: number;
    readonly conversationEnd: number;
    readonly stepStart: number;
  },
  stored: readonly StoredMessage[],
  { deps, runs }: Desk,
): EventLog {
  const { admission, owner, flow } = request;
  const { id, resolved, createdAtMs, conversationEnd, stepStart } = parts;
  const { admitted } = admission;
  const secretKeys = deps.toolbox.secretKeys(resolved.flat());
  const tools = offerTools({
    admitted,
    serverTools: resolved[0] ?? [],
    wins: winnerOf(owner),
    before: request.continues?.tools ?? [],
  });
  const ofAgent = newExecution(id, request, { tools, secretKeys }, createdAtMs);
  const execution =
    flow === undefined
      ? ofAgent
      : beginFlow(ofAgent, flow, {
          serverTools: resolved,
          admitted,
          conversationEnd,
          stepStart,
          newId: deps.newId,
        });
  // A client that gives one id to two answers would have feedback land on the wrong one.
  const isTaken = stored.some(({ clientId }) => clientId === request.assistantMessageId);
  return runs.newLog(isTaken ? { ...execution, assistantMessageId: null } : execution);
}

function startEvents(execution: Execution, admission: Admission): readonly EventBody[] {
  const { agent, flow, conversationId, createdAtMs } = execution;
  const startedAt = new Date(createdAtMs).toISOString();
  const what =
    flow === null
      ? { agentId: agent.id, agentName: agent.name }
      : { flowId: flow.id, flowName: flow.name, totalSteps: flow.steps.length };
  return [
    { type: 'execution_start', kind: kindOf(execution), ...what, startedAt, conversationId },
    ...toolsReport(admission, execution),
    ...stepStarted(execution),
  ];
}

/** What became of a request's client tools, for whoever offered them. */
export function toolsReport(
  { origin, admitted, refused }: Admission,
  { tools }: Execution,
): readonly EventBody[] {
  if (admitted.length === 0 && refused.length === 0) return [];
  const modelNames = new Map(tools.map((tool) => [tool.canonicalName, tool.modelName]));
  const value: ClientToolsReport = {
    origin,
    admitted: admitted.map(({ tool, notes }) => ({
      name: tool.name,
      origin: tool.origin,
      modelName: modelNames.get(canonicalName(tool.origin, tool.name)) ?? '',
      notes: [...notes],
    })),
    refused: [...refused],
  };
  return [{ type: 'custom', name: CLIENT_TOOLS_EVENT, value }];
}

export function conversationDeleted(): RequestError {
  return new RequestError('conversation_deleted', 'This conversation was deleted.', {
    hint: 'Open a new one with `POST /v1/client/init`, without this `sessionId`, and send the message there.',
  });
}

function limitReached(limit: number): RequestError {
  const words = `This chat has reached its limit of ${limit} messages.`;
  return new RequestError('message_limit_reached', words, { hint: `${words} Start a new chat to go on.` });
}
