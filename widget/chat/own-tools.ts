import { errorOutput, textOutput } from '../../protocol/output.ts';
import type { ClientTool } from '../../protocol/tool.ts';
import type { Snapshot } from '../tools/page-tools.ts';
import type { Reply } from './chat.ts';
import {
  ASK,
  isOwnTool,
  MAX_OPTIONS,
  MAX_QUESTIONS,
  MAX_SUGGESTIONS,
  type Question,
  readQuestions,
  readSuggestions,
  SUGGEST,
} from './own-tool-input.ts';
import type { PendingCall } from './page-calls.ts';
import type { LocalEvent } from './reduce.ts';

/** Changes with what is said of these tools: a server keeps a set of tools by its fingerprint. */
const EDITION = 1;

const OPTION = {
  type: 'object',
  properties: {
    label: { type: 'string', description: 'The choice, in one to five words.' },
    description: { type: 'string', description: 'What it means, where the label does not say it all.' },
  },
  required: ['label'],
};

const QUESTION = {
  type: 'object',
  properties: {
    question: { type: 'string', description: 'The whole question, in the language of the visitor.' },
    header: { type: 'string', description: 'A word or two that name its subject.' },
    options: { type: 'array', maxItems: MAX_OPTIONS, items: OPTION },
    multiSelect: { type: 'boolean', description: 'Whether several may be chosen. Default false.' },
    allowFreeText: { type: 'boolean', description: 'Whether own words are welcome. Default true.' },
  },
  required: ['question'],
};

const TOOLS: readonly ClientTool[] = [
  {
    name: SUGGEST,
    description:
      'Shows the visitor a few short replies to press, below your answer. Write them as the visitor would say them, ' +
      'and call it last, after your answer.',
    parametersSchema: {
      type: 'object',
      properties: {
        suggestions: { type: 'array', minItems: 1, maxItems: MAX_SUGGESTIONS, items: { type: 'string' } },
      },
      required: ['suggestions'],
    },
    origin: 'sdk',
    annotations: { readOnlyHint: true },
  },
  {
    name: ASK,
    description:
      'Asks the visitor one to eight questions with choices to press, and returns what they chose or wrote. Use it ' +
      'where you cannot go on without an answer. Never ask for a password, a card number or another secret.',
    parametersSchema: {
      type: 'object',
      properties: { questions: { type: 'array', minItems: 1, maxItems: MAX_QUESTIONS, items: QUESTION } },
      required: ['questions'],
    },
    origin: 'sdk',
    annotations: { readOnlyHint: true },
  },
];

/** The tools of the page, and in front of them those of the widget that the surface admits. */
export function withOwnTools(page: Snapshot, admitted: readonly string[]): Snapshot {
  const own = TOOLS.filter(({ name }) => admitted.includes(name));
  if (own.length === 0) return page;
  return {
    ...page,
    clientTools: [...own, ...page.clientTools],
    fingerprint: `${EDITION}:${own.map(({ name }) => name).join()}:${page.fingerprint}`,
  };
}

/** Whether the widget itself answers this call. */
export function isOwnCall({ name, isPageCall }: Pick<PendingCall, 'name' | 'isPageCall'>): boolean {
  return !isPageCall && isOwnTool(name);
}

/** Whether it waits for what the visitor says. */
export function isQuestion(call: PendingCall): boolean {
  return isOwnCall(call) && call.name === ASK;
}

/** Answers the calls of the widget's own tools. */
export interface OwnCalls {
  /** Resolves with what goes to the server. Asked twice for one call, it asks the visitor once. */
  answer(call: PendingCall, signal: AbortSignal): Promise<unknown>;
  reply(id: string, replies: readonly Reply[]): void;
}

interface Asked {
  readonly questions: readonly Question[];
  readonly output: Promise<unknown>;
  readonly settle: (replies: readonly Reply[]) => void;
}

export function createOwnCalls(apply: (event: LocalEvent) => void): OwnCalls {
  const asked = new Map<string, Asked>();

  function change(id: string, changes: Extract<LocalEvent, { type: 'call_changed' }>['changes']) {
    apply({ type: 'call_changed', id, changes: { runsIn: 'widget', ...changes } });
  }

  function end(id: string, result: string) {
    change(id, { state: { status: 'done', result, durationMs: undefined } });
  }

  function refuse({ id }: PendingCall, detail: string) {
    change(id, { state: { status: 'refused', reason: 'invalid_arguments', detail } });
    return errorOutput(detail);
  }

  function ask(call: PendingCall, signal: AbortSignal): Promise<unknown> {
    const { id } = call;
    const earlier = asked.get(id);
    if (earlier !== undefined) return earlier.output;
    const questions = readQuestions(call.input);
    if (questions.length === 0) {
      return Promise.resolve(
        refuse(call, '`questions` must hold one to eight questions, each with its words.'),
      );
    }
    let settle: Asked['settle'] = () => {};
    const output = new Promise<unknown>((resolve) => {
      signal.addEventListener('abort', () => resolve(DISMISSED), { once: true });
      settle = (replies) => {
        end(id, JSON.stringify(questions.map((_, at) => replies[at] ?? null)));
        resolve(outputOf(questions, replies));
      };
    }).finally(() => asked.delete(id));
    asked.set(id, { questions, output, settle });
    change(id, { state: { status: 'asking' } });
    return output;
  }

  return {
    async answer(call, signal) {
      if (call.name === ASK) return ask(call, signal);
      if (readSuggestions(call.input).length === 0) {
        return refuse(call, '`suggestions` must hold one to six short replies.');
      }
      end(call.id, '');
      return textOutput('Suggestions shown to the user.');
    },
    reply(id, replies) {
      asked.get(id)?.settle(replies);
    },
  };
}

/** What the wire says for a question that was not answered. */
const DISMISSED = '(dismissed)';

/** In the words of the wire: one answer bare, all else by question. */
function outputOf(questions: readonly Question[], replies: readonly Reply[]): unknown {
  const said = questions.map((_, at) => replies[at]);
  if (said.every((reply) => reply === undefined)) return DISMISSED;
  const [only] = said;
  if (questions.length === 1 && typeof only === 'string') return only;
  return Object.fromEntries(questions.map(({ question }, at) => [question, said[at] ?? DISMISSED]));
}
