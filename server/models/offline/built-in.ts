import { ASK_TOOL, SUGGEST_TOOL } from '../../../protocol/tool.ts';
import type { ModelTool } from '../model.ts';
import type { VisitorTurn } from './history.ts';
import { plainText } from './plain-text.ts';
import type { PlannedCall } from './plan.ts';

export type BuiltInDecision =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'call'; readonly calls: readonly PlannedCall[] };

const ASK = /^\W*(?:please )?(?:can you |could you )?ask me\b\s*(?<what>.*)$/is;
const SUGGEST =
  /^\W*(?:please )?(?:can you |could you )?suggest(?: me)?(?: some| a few)?(?: replies| answers| something to say| things to say| something\W*$|(?=:))\s*(?<what>.*)$/is;

/** Words that stand between "ask me" and the question itself. */
const LEAD = /^(?:(?:a|some|one|two|three|a few) questions?|something|about)?\W*(?:about|:)?\s*/i;

const MAX_QUESTIONS = 8;
const MAX_CHOICES = 8;

/**
 * The widget's own tools, in plain cases: "Ask me which size: small, medium or large; which colours (several): red, blue"
 * and "Suggest: yes, no, later". `undefined`: the message is about something else.
 */
export function decideBuiltIn(
  { text, calls }: VisitorTurn,
  tools: readonly ModelTool[],
  examples: () => readonly string[],
): BuiltInDecision | undefined {
  const nameOf = (bareName: string) => tools.find((tool) => tool.bareName === bareName)?.name;
  const [ask, suggest] = [nameOf(ASK_TOOL), nameOf(SUGGEST_TOOL)];
  const made = calls.find(({ name }) => name === ask || name === suggest);
  if (made !== undefined) return { kind: 'say', text: made.name === ask ? heard(made.result) : SUGGESTED };
  const asked = ASK.exec(text)?.groups?.what;
  if (asked !== undefined && ask !== undefined) {
    return { kind: 'call', calls: [{ name: ask, input: { questions: questionsIn(asked) } }] };
  }
  const wanted = SUGGEST.exec(text)?.groups?.what;
  if (wanted !== undefined && suggest !== undefined) {
    const named = choicesIn(wanted.replace(/^\W*/, ''));
    const suggestions = named.length > 1 ? named : examples();
    if (suggestions.length > 0) return { kind: 'call', calls: [{ name: suggest, input: { suggestions } }] };
  }
  return undefined;
}

const SUGGESTED = 'Press one of these, or write what you like.';

function heard(result: VisitorTurn['calls'][number]['result']): string {
  if (result === undefined || result.isError) return 'I could not ask you that here.';
  const said = answers(result.text);
  if (said.length === 0) return 'All right, I will not ask.';
  return `You said: ${said.map((words) => `“${plainText(words, 200)}”`).join(', ')}.`;
}

/** One answer bare, several by question, each a text or a list of texts. */
function answers(text: string): readonly string[] {
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Words of the visitor, and no JSON.
  }
  const found = typeof value === 'object' && value !== null ? Object.values(value).flat() : [String(value)];
  return found.filter((answer): answer is string => typeof answer === 'string' && answer !== '(dismissed)');
}

function questionsIn(what: string) {
  const asked = what
    .split(/;|\n|\band then\b/)
    .map((each) => each.replace(/^\W*(?:and )?/i, '').replace(LEAD, ''))
    .filter((each) => /\w/.test(each));
  if (asked.length === 0) return [{ question: 'What would you like to do?', options: [] }];
  return asked.slice(0, MAX_QUESTIONS).map((each) => {
    const [subject = '', ...rest] = each.split(':');
    const several = /\((?:several|any)\)/i;
    const words = subject
      .replace(several, '')
      .trim()
      .replace(/[.?!]+$/, '');
    return {
      question: `${words.charAt(0).toUpperCase()}${words.slice(1)}?`,
      options: choicesIn(rest.join(':')).map((label) => ({ label })),
      multiSelect: several.test(subject),
    };
  });
}

function choicesIn(text: string): readonly string[] {
  const found = text
    .split(/,|\bor\b|\n/i)
    .map((choice) => choice.trim().replace(/^["“']|["”'.]+$/g, ''))
    .filter((choice) => choice !== '');
  return [...new Set(found)].slice(0, MAX_CHOICES);
}
