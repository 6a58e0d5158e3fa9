import { BUILT_IN_TOOLS } from '../../../protocol/tool.ts';
import type { ModelMessage, ModelTool } from '../model.ts';
import { describeAttachments } from './attachments.ts';
import { decideBuiltIn } from './built-in.ts';
import { type Clause, splitClauses } from './clauses.ts';
import { exampleSentence } from './examples.ts';
import { type PastCall, readTurns, rememberCalls, type VisitorTurn } from './history.ts';
import { type Item, itemLabel, itemsOf } from './items.ts';
import { conceptOf, DETERMINERS, PRONOUNS } from './lexicon.ts';
import { matchTool } from './match-tool.ts';
import { hasLabels, wholeArguments } from './named-arguments.ts';
import type { Naming } from './naming.ts';
import { plainText } from './plain-text.ts';
import { type Answer, advance, type Goal, type GoalState, type PlannedCall } from './plan.ts';
import { profileTools, type ToolProfile } from './profile.ts';
import { askFor, reportBare, reportCalls } from './report.ts';
import type { Parameter } from './schema.ts';
import { cannotHelp, type Example, isSmallTalk, smallTalk } from './talk.ts';
import { joinText, tokenize } from './tokens.ts';
import { typedValue } from './values.ts';
import { doing } from './wording.ts';

export type Decision =
  | { readonly kind: 'say'; readonly text: string }
  | {
      readonly kind: 'ask';
      readonly text: string;
      readonly question: string;
      readonly missing: readonly Parameter[];
    }
  | { readonly kind: 'call'; readonly calls: readonly PlannedCall[] };

/** Longest chain of questions and answers that is followed back. */
const MAX_QUESTIONS = 10;
/** Calls after which one message has had enough. */
const MAX_CALLS = 32;
const MAX_CALLS_AT_ONCE = 8;
const MAX_CHARS_READ = 4_000;

/**
 * What to do next. The plan of the whole request is worked out anew at every step and gone through with the results
 * that are there by now, so nothing has to be remembered between two steps.
 */
export function decide(messages: readonly ModelMessage[], tools: readonly ModelTool[], now: Date): Decision {
  const turns = readTurns(messages);
  const profiles = profileTools(tools.filter(({ bareName }) => !BUILT_IN_TOOLS.includes(bareName)));
  if (turns.length === 0)
    return { kind: 'say', text: smallTalk('help', profiles, exampleFor(profiles, now)) ?? '' };
  const last = turns.at(-1);
  const builtIn =
    last && decideBuiltIn({ ...last, text: readText(last) }, tools, () => suggestions(profiles, now));
  if (builtIn !== undefined) return builtIn;
  const { decision } = decideTurn({ turns, profiles, now }, turns.length - 1, MAX_QUESTIONS);
  if (decision.kind === 'call') return decision;
  const got = describeAttachments(turns.at(-1)?.attachments ?? []);
  return { ...decision, text: [got, decision.text].filter((text) => text !== '').join('\n\n') };
}

function suggestions(profiles: readonly ToolProfile[], now: Date): readonly string[] {
  const example = exampleFor(profiles, now)();
  return [...(example === undefined ? [] : [example]), 'What can you do?'];
}

interface Conversation {
  readonly turns: readonly VisitorTurn[];
  readonly profiles: readonly ToolProfile[];
  readonly now: Date;
}

/** The message that a turn is really about, and what was answered since. */
interface Thread {
  readonly start: number;
  readonly answers: readonly Answer[];
}

function decideTurn(
  conversation: Conversation,
  at: number,
  depth: number,
): { readonly decision: Decision; readonly thread: Thread } {
  const { turns, profiles, now } = conversation;
  const text = readText(turns[at]);
  const thread = threadOf(conversation, at, depth);
  if (thread === 'dropped')
    return { decision: { kind: 'say', text: 'All right, I left it.' }, thread: { start: at, answers: [] } };
  const clauses = splitClauses(readText(turns[thread.start]), now, profiles);
  if (thread.start === at && clauses[0]?.named === undefined) {
    const example = exampleFor(profiles, now);
    const isWordless = text.trim() === '';
    // Of an attachment alone it is said what it is.
    const wordless = turns[at]?.attachments.length ? '' : cannotHelp(profiles, example);
    const talk = isWordless ? wordless : smallTalk(text, profiles, example);
    if (talk !== undefined) return { decision: { kind: 'say', text: talk }, thread };
  }
  return { decision: pursue(conversation, at, thread, clauses), thread };
}

/** Tried on a conversation of its own: what a sentence is good for is known when it was followed. */
function exampleFor(profiles: readonly ToolProfile[], now: Date): Example {
  return () =>
    exampleSentence(profiles, (text) => {
      const clauses = splitClauses(text, now, profiles);
      if (clauses.length !== 1 || (clauses[0]?.named === undefined && isSmallTalk(text))) return undefined;
      const turns = [{ text, attachments: [], calls: [], reply: '' }];
      const { goals } = readGoals(clauses, profiles);
      if (goals.length === 0) return undefined;
      const decision = pursue({ turns, profiles, now }, 0, { start: 0, answers: [] }, clauses);
      return decision.kind === 'call' && decision.calls.length === 1 ? decision.calls[0]?.name : undefined;
    });
}

function readText(turn: VisitorTurn | undefined): string {
  return (turn?.text ?? '').slice(0, MAX_CHARS_READ);
}

/** Whether this message answers the question that the turn before ended with. The question is worked out anew to know. */
function threadOf(conversation: Conversation, at: number, depth: number): Thread | 'dropped' {
  const alone: Thread = { start: at, answers: [] };
  const previous = conversation.turns[at - 1];
  if (depth === 0 || previous === undefined || !previous.reply.trimEnd().endsWith('?')) return alone;
  const { decision, thread } = decideTurn(conversation, at - 1, depth - 1);
  if (decision.kind !== 'ask' || !previous.reply.trimEnd().endsWith(decision.question)) return alone;
  const text = readText(conversation.turns[at]);
  if (/^\W*(?:never ?mind|cancel|stop|forget (?:it|that)|no thanks|nothing|none|no)\b[\s.!]*$/i.test(text))
    return 'dropped';
  const tokens = tokenize(text, conversation.now);
  const fits = decision.missing.some(({ schema }) => typedValue(schema, tokens) !== undefined);
  if (!fits && isSmallTalk(text)) return alone;
  const clauses = splitClauses(text, conversation.now, conversation.profiles);
  const { goals } = readGoals(clauses, conversation.profiles);
  if (!fits && goals.some(({ clause: { verb, named } }) => verb !== undefined || named !== undefined))
    return alone;
  return { start: thread.start, answers: [...thread.answers, { text, tokens }] };
}

interface Plan {
  readonly goals: readonly Goal[];
  /** Clauses with a verb that no tool fits. */
  readonly unmet: readonly Clause[];
  readonly asksHow: readonly Goal[];
  readonly negated: boolean;
}

function readGoals(clauses: readonly Clause[], profiles: readonly ToolProfile[]): Plan {
  const goals: Goal[] = [];
  const asksHow: Goal[] = [];
  const unmet: Clause[] = [];
  clauses.forEach((clause, index) => {
    const named = goalByName(clause, profiles);
    if (named !== undefined) {
      goals.push(named);
      return;
    }
    if (clause.negated) return;
    const profile = matchTool(clause, profiles, clauses[index - 1]?.tokens ?? []);
    if (profile === undefined) {
      if (clause.verb !== undefined) unmet.push(clause);
    } else if (clause.asksHow && !profile.reads) asksHow.push({ profile, clause });
    else goals.push({ profile, clause: { ...clause, named: undefined } });
  });
  return { goals, unmet, asksHow, negated: clauses.some(({ negated }) => negated) };
}

/** A name beats every other reading but two: the sentence means that tool anyway, or a verb is used of another tool's thing. */
function goalByName(clause: Clause, profiles: readonly ToolProfile[]): Goal | undefined {
  const { named, source } = clause;
  if (named === undefined) return undefined;
  const { profile } = named;
  const goal = {
    profile,
    clause: {
      ...clause,
      tokens: named.tokens,
      verb: profile.verb,
      family: profile.family,
      asksHow: false,
      negated: false,
    },
  };
  if (named.explicit || profile.verb === undefined) return goal;
  if (wholeArguments(named) !== undefined || hasLabels(named, source) || takesWords(named)) return goal;
  const spoken = matchTool(clause, profiles, []);
  if (spoken === profile) return undefined;
  const means = spoken?.nouns.some((noun) => named.tokens.some(({ stem }) => conceptOf(stem) === noun));
  return means === true && profile.words.length === 1 ? undefined : goal;
}

/** "send hello to all": the words themselves; "send a message that says hello" is read further. */
function takesWords({ profile, tokens }: Naming): boolean {
  const [only, ...others] = profile.parameters;
  const [first] = tokens;
  return (
    only?.schema.kind === 'text' &&
    others.length === 0 &&
    profile.words.length === 1 &&
    first !== undefined &&
    !DETERMINERS.has(first.lower)
  );
}

function pursue(
  conversation: Conversation,
  at: number,
  thread: Thread,
  clauses: readonly Clause[],
): Decision {
  const { turns, profiles, now } = conversation;
  const plan = readGoals(clauses, profiles);
  const made = turns[at]?.calls ?? [];
  if (plan.goals.length === 0)
    return {
      kind: 'say',
      text:
        made.length > 0
          ? made.map(reportBare).join('\n\n')
          : withoutGoals(plan, profiles, exampleFor(profiles, now), turns[at]?.attachments.length === 0),
    };
  const memory = rememberCalls(turns.slice(thread.start, at + 1).flatMap(({ calls }) => calls));
  const seen: (readonly Item[])[] = turns
    .slice(0, thread.start)
    .flatMap(({ calls }) => calls.map(itemsOf))
    .filter((list) => list.length > 0);
  const reports: string[] = [];
  let chosen: readonly Item[] = [];
  let failed = false;
  for (const [index, goal] of plan.goals.entries()) {
    if (failed && !goal.profile.reads) {
      reports.push(
        `I did not ${doing(goal.profile, {}, undefined)}, because what came before it did not work.`,
      );
      continue;
    }
    const state = advance(goal, { profiles, memory, seen, chosen, answers: thread.answers });
    if (state.kind === 'need') {
      if (made.length < MAX_CALLS) return { kind: 'call', calls: state.calls.slice(0, MAX_CALLS_AT_ONCE) };
      return {
        kind: 'say',
        text: [...reports, 'I stopped here: this takes more calls than I make for one message.'].join('\n\n'),
      };
    }
    if (state.kind === 'ask') {
      const question = askFor(state.profile, state.missing);
      return { kind: 'ask', text: [...reports, question].join('\n\n'), question, missing: state.missing };
    }
    reports.push(...reportGoal(goal, state, made, plan.goals[index + 1]));
    seen.push(...state.finished.map(({ call }) => itemsOf(call)).filter((list) => list.length > 0));
    chosen = state.chosen;
    failed ||= state.failed;
  }
  const unmet = plan.unmet.map(
    ({ verb, tokens }) =>
      `I found no tool of this page for “${plainText(`${verb ?? ''} ${joinText(tokens)}`.trim(), 120)}”.`,
  );
  return { kind: 'say', text: [...reports, ...unmet].join('\n\n') || 'Done.' };
}

function withoutGoals(
  { asksHow, unmet, negated }: Plan,
  profiles: readonly ToolProfile[],
  example: Example,
  mustHelp: boolean,
): string {
  const [goal] = asksHow;
  if (goal !== undefined) return `I can ${doing(goal.profile, {}, undefined)} for you. Just tell me to.`;
  if (negated && unmet.length === 0) return 'All right, I did nothing.';
  // What was said goes with an attachment, and of that something is said.
  return mustHelp ? cannotHelp(profiles, example) : '';
}

type Done = Extract<GoalState, { kind: 'done' }>;

/** Only what was done since the visitor's last message; the rest was reported when it was done. */
function reportGoal(
  { profile }: Goal,
  state: Done,
  made: readonly PastCall[],
  next: Goal | undefined,
): readonly string[] {
  const fresh = state.finished.filter(({ call }) => made.includes(call));
  if (state.finished.length > 0 && fresh.length === 0) return state.notes;
  const passedOn =
    profile.reads &&
    !state.failed &&
    state.chosen.length > 0 &&
    next?.clause.tokens.some(({ lower }) => PRONOUNS.has(lower)) === true;
  if (passedOn) {
    const names = state.chosen.slice(0, 5).map((item) => plainText(itemLabel(item), 80));
    return [`I found ${names.join(', ')}${state.chosen.length > names.length ? ' and more' : ''}.`];
  }
  return [...(fresh.length > 0 ? [reportCalls(profile, fresh)] : []), ...state.notes];
}
