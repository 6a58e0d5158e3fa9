import { isTerminal, type StreamEvent } from '../../protocol/event.ts';
import type { ModelMessage } from '../../server/models/model.ts';
import type { Remains } from './database.ts';
import type { Entry } from './journal.ts';
import { answerTo, readRequest, resultOf, turnsOf, wordsOf } from './script.ts';
import { shownText } from './shown-text.ts';

/** Who saw the turn: what was told to them, and what they did. */
export interface Witness {
  readonly sessionId: string;
  readonly conversationId: string;
  readonly problems: readonly string[];
  /** Every event that came, by execution. */
  readonly logs: ReadonlyMap<string, readonly StreamEvent[]>;
  /** How often each key of a page tool was run. */
  readonly pageRuns: ReadonlyMap<string, number>;
  /** Results that were sent for each key. */
  readonly sent: ReadonlyMap<string, ReadonlySet<string>>;
  /** A page that went in the middle of a tool: its result may be unknown. */
  readonly mayLoseResults?: boolean;
  shown(executionId: string): string;
}

export interface Evidence {
  readonly visitor: Witness;
  readonly remains: Remains;
  readonly entries: readonly Entry[];
}

/** What of the invariants does not hold for one conversation, in words. */
export function violationsOf(evidence: Evidence): readonly string[] {
  return [
    ...evidence.visitor.problems,
    ...endings(evidence),
    ...logs(evidence),
    ...words(evidence),
    ...history(evidence.remains),
    ...memory(evidence.remains),
    ...effects(evidence),
    ...protests(evidence),
    ...owners(evidence),
    ...quota(evidence),
  ];
}

const ENDED: readonly string[] = ['complete', 'failed', 'cancelled', 'expired'];

/** I1: every accepted turn has ended, once, and says so last. */
function endings({ remains, visitor }: Evidence): readonly string[] {
  const stored = new Set(remains.executions.map(({ id }) => id));
  const lost = [...visitor.logs.keys()].filter((id) => !stored.has(id));
  return [
    ...lost.map((id) => `I1 ${id} was accepted and is not stored`),
    ...remains.executions.flatMap(({ id, status, events }) => {
      if (!ENDED.includes(status)) return [`I1 ${id} is still ${status}`];
      const terminal = events.filter(isTerminal);
      if (terminal.length !== 1) return [`I1 ${id} (${status}) has ${terminal.length} last words`];
      if (events.at(-1) !== terminal[0]) return [`I1 ${id} went on after its last word`];
      const said = lastWord(terminal[0]);
      return said.includes(status)
        ? []
        : [`I1 ${id} is ${status}, and its last word says ${said.join(' or ')}`];
    }),
  ];
}

/** What the status of an execution may be whose log ends so. */
function lastWord(event: StreamEvent | undefined): readonly string[] {
  if (event?.type !== 'execution_complete') return ['failed', 'expired'];
  if (event.success) return ['complete'];
  return [event.endedBy === 'new_message' ? 'failed' : 'cancelled'];
}

/** I2, I10: the log has no gap, and holds what the visitor was told, as it was told. */
function logs({ remains, visitor }: Evidence): readonly string[] {
  return remains.executions.flatMap(({ id, events }) => {
    const gap = events.findIndex(({ seq }, index) => seq !== index + 1);
    const told = visitor.logs.get(id) ?? [];
    const changed = told.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(events[index]));
    return [
      ...(gap === -1 ? [] : [`I2 ${id} has a gap at ${gap + 1}`]),
      ...(changed === -1 ? [] : [`I2 event ${changed + 1} of ${id} was told and is not stored so`]),
    ];
  });
}

/** I2: nothing that is shown stands there twice, and nothing is missing from an answer that is done. */
function words({ remains, visitor }: Evidence): readonly string[] {
  return remains.executions.flatMap(({ id, status, events }) => {
    const asked = requestOf(remains, id);
    const shown = shownText(events);
    if (asked === undefined) return [];
    const full = answerTo(asked.scenario, asked.tag);
    if (status === 'complete' && shown !== full) return [`I2 ${id} shows "${shown}" and not "${full}"`];
    const told = visitor.logs.get(id)?.at(-1);
    if (told !== undefined && isTerminal(told) && visitor.shown(id) !== shown)
      return [`I2 the visitor reads "${visitor.shown(id)}" and the log says "${shown}"`];
    const mine = shown.split(' ').filter((word) => word.startsWith(`${asked.tag}.`));
    return isInOrder(mine, asked) ? [] : [`I2 ${id} shows words twice or out of order: "${shown}"`];
  });
}

/** Words of each turn from its first one on, the turns in their order. Broken off anywhere. */
function isInOrder(shown: readonly string[], { scenario, tag }: Asked): boolean {
  const order = turnsOf(scenario).flatMap((one, index) =>
    wordsOf(tag, index, one).map((word) => word.trim()),
  );
  return shown.every((word, index) => word === order[index]);
}

type Asked = NonNullable<ReturnType<typeof readRequest>>;

/** What an execution answers, told by the first word that it says. */
function requestOf({ messages, executions }: Remains, id: string): Asked | undefined {
  const events = executions.find((execution) => execution.id === id)?.events ?? [];
  const text = shownText(events);
  return messages
    .flatMap((message) => (message.role === 'user' ? [readRequest(textOf(message))] : []))
    .find((asked) => asked !== undefined && text.startsWith(`${asked.tag}.0.0`));
}

function textOf(message: Extract<ModelMessage, { role: 'user' }>): string {
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** I3: each call has one result, right after it. */
function history({ messages }: Remains): readonly string[] {
  let open: readonly string[] = [];
  const problems: string[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      const answered = message.results.map(({ toolCallId }) => toolCallId);
      if ([...answered].sort().join() !== [...open].sort().join())
        problems.push(`I3 the calls ${open.join()} have the results ${answered.join()}`);
      open = [];
    } else {
      if (open.length > 0) problems.push(`I3 the calls ${open.join()} have no results`);
      open = message.role === 'assistant' ? message.toolCalls.map(({ toolCallId }) => toolCallId) : [];
    }
  }
  if (open.length > 0) problems.push(`I3 the calls ${open.join()} have no results at the end`);
  return problems;
}

/** The model remembers of each answer what the visitor read, once. */
function memory({ messages, executions }: Remains): readonly string[] {
  if (!executions.every(({ status }) => status === 'complete')) return [];
  let asked: Asked | undefined;
  const told = new Map<Asked, string>();
  for (const message of messages) {
    if (message.role === 'user') asked = readRequest(textOf(message));
    else if (message.role === 'assistant' && asked !== undefined)
      told.set(asked, (told.get(asked) ?? '') + message.text);
  }
  return [...told].flatMap(([{ scenario, tag }, text]) =>
    text === answerTo(scenario, tag) ? [] : [`I2 the model remembers "${text}"`],
  );
}

/** Nothing acts twice; what acted and whose result was lost is told as unknown. */
function effects({ remains, visitor, entries }: Evidence): readonly string[] {
  const acts = entries.filter((entry) => entry.did === 'act');
  const charges = new Map<string, number>();
  for (const { tool, key } of acts) if (tool === 'charge') charges.set(key, (charges.get(key) ?? 0) + 1);
  const twice = [...charges].filter(([, count]) => count > 1).map(([key]) => `charge acted twice for ${key}`);
  const runTwice = [...visitor.pageRuns]
    .filter(([, count]) => count > 1)
    .map(([key, count]) => `a page tool ran ${count} times for ${key}`);
  const isComplete = remains.executions.every(({ status }) => status === 'complete');
  return [
    ...twice,
    ...runTwice,
    ...results(remains).flatMap(({ name, key, text, isError }) => {
      const own = resultOf(name, key);
      const acted = acts.some((act) => act.tool === name && act.key === key);
      if (/no tool named/i.test(text)) return [`${name} ${key} was not offered: "${text}"`];
      if (name === 'charge' || name === 'rate') {
        if (text === own) return acted ? [] : [`${name} ${key} has a result and never acted`];
        if (!isError) return [`${name} ${key} has the result "${text}"`];
        if (name === 'rate' && isComplete) return [`rate ${key} may run again and was given up: "${text}"`];
        return !acted || /unknown/i.test(text) ? [] : [`${name} ${key} acted, and the model reads "${text}"`];
      }
      if (visitor.mayLoseResults === true && isError && /unknown/i.test(text)) return [];
      return text === own || visitor.sent.get(key)?.has(text) === true || !isComplete
        ? []
        : [`the result of ${name} ${key} was lost: "${text}"`];
    }),
  ];
}

/** All results of the conversation, each with the key of its call. */
function results({ messages }: Remains) {
  const calls = messages.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
  return messages
    .flatMap((message) => (message.role === 'tool' ? message.results : []))
    .map(({ toolCallId, text, isError }) => {
      const call = calls.find((one) => one.toolCallId === toolCallId);
      const key = String((call?.input as { readonly key?: unknown } | undefined)?.key);
      return { name: (call?.name ?? '').replace(/^webmcp__/, ''), key, text, isError };
    });
}

/** I3: no model is asked with a history that a provider would refuse, unless by a process that was overtaken unawares. */
function protests({ remains, entries }: Evidence): readonly string[] {
  const tags = remains.messages.flatMap((message) =>
    message.role === 'user' ? [readRequest(textOf(message))?.tag] : [],
  );
  const ids = remains.executions.map(({ id }) => id);
  return entries.flatMap((entry, index) => {
    if (entry.did !== 'protest' || !tags.includes(entry.tag)) return [];
    const before = entries.slice(0, index).filter((one) => 'execution' in one && ids.includes(one.execution));
    const last = before.findLastIndex(({ by }) => by === entry.by);
    const isOvertaken = before.slice(last + 1).some(({ did, by }) => did === 'claim' && by !== entry.by);
    return isOvertaken ? [] : [`I3 the model: ${entry.problem}`];
  });
}

/** I4: a version is written by one process, and a running execution changes hands by a claim only. */
function owners({ remains, entries }: Evidence): readonly string[] {
  return remains.executions.flatMap(({ id }) => {
    const mine = entries.filter((entry) => 'execution' in entry && entry.execution === id);
    const writes = mine.flatMap((entry) => ('version' in entry && entry.did !== 'append' ? [entry] : []));
    const problems: string[] = [];
    for (const write of writes) {
      const rivals = writes.filter(({ version, by }) => version === write.version && by !== write.by);
      if (rivals.length > 0)
        problems.push(`I4 version ${write.version} of ${id} was written by two processes`);
      const before = writes.find(({ version }) => version === write.version - 1);
      const isHandedOver = write.did === 'claim' || before?.boundary === 'pause';
      if (before !== undefined && before.by !== write.by && !isHandedOver)
        problems.push(`I4 ${write.by} wrote ${id} (${write.boundary}) while ${before.by} held it`);
    }
    for (const append of mine) {
      if (!('version' in append) || append.did !== 'append') continue;
      const holder = writes.find(({ version }) => version === append.version);
      if (holder !== undefined && holder.by !== append.by)
        problems.push(`I4 ${append.by} added events to ${id} while ${holder.by} held it`);
    }
    return [...new Set(problems)];
  });
}

/** I7: what a session was counted for is what was started. */
function quota({ remains }: Evidence): readonly string[] {
  const started = remains.executions.length;
  return remains.counted === started
    ? []
    : [`I7 ${remains.counted} messages were counted, ${started} started`];
}
