import type { ASK_TOOL, SUGGEST_TOOL } from '../../protocol/tool.ts';
import { plainText } from '../tools/plain-text.ts';
import { fieldsOf, listOf, textOf } from './reading.ts';

/** Written again, because a value of the schemas' file would bring the schema library into the page. */
export const SUGGEST: typeof SUGGEST_TOOL = 'suggest_replies';
export const ASK: typeof ASK_TOOL = 'ask_user_question';

export function isOwnTool(name: string): boolean {
  return name === SUGGEST || name === ASK;
}

/** One question of `ask_user_question`. */
export interface Question {
  readonly question: string;
  /** A word or two that stand above it; may be empty. */
  readonly header: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  readonly multiple: boolean;
  /** Whether the visitor may answer in own words. Always where there is nothing to choose. */
  readonly freeText: boolean;
}

export const MAX_QUESTIONS = 8;
export const MAX_OPTIONS = 8;
export const MAX_SUGGESTIONS = 6;

/** Longest label, question or suggestion that is shown, in characters. */
const MAX_CHARS = 500;

/** The questions of a call, at most eight; none where its arguments are no questions. */
export function readQuestions(input: unknown): readonly Question[] {
  const fields = fieldsOf(input);
  const list = Array.isArray(fields.questions) ? fields.questions : [input];
  const questions = list.flatMap(readQuestion).slice(0, MAX_QUESTIONS);
  const known = new Map<string, number>();
  return questions.map((question) => {
    // The answers go out by question: two of the same words would be one.
    const count = (known.get(question.question) ?? 0) + 1;
    known.set(question.question, count);
    return count === 1 ? question : { ...question, question: `${question.question} (${count})` };
  });
}

function readQuestion(value: unknown): Question[] {
  const fields = fieldsOf(value);
  const question = line(value) ?? line(fields.question) ?? line(fields.text) ?? line(fields.prompt);
  if (question === undefined) return [];
  const options = listOf(fields.options ?? fields.choices).flatMap(readOption);
  return [
    {
      question,
      header: line(fields.header) ?? '',
      options: options
        .filter(({ label }, at) => options.findIndex((other) => other.label === label) === at)
        .slice(0, MAX_OPTIONS),
      multiple: fields.multiSelect === true || fields.multiple === true,
      freeText: options.length === 0 || fields.allowFreeText !== false,
    },
  ];
}

function readOption(value: unknown): { label: string; description: string }[] {
  const fields = fieldsOf(value);
  const label = line(value) ?? line(fields.label) ?? line(fields.value);
  return label === undefined ? [] : [{ label, description: line(fields.description) ?? '' }];
}

/** The replies that a call of `suggest_replies` offers, in the visitor's voice. */
export function readSuggestions(input: unknown): readonly string[] {
  const fields = fieldsOf(input);
  const replies = listOf(Array.isArray(input) ? input : (fields.suggestions ?? fields.replies)).flatMap(
    (value) => line(value) ?? line(fieldsOf(value).text) ?? line(fieldsOf(value).label) ?? [],
  );
  return [...new Set(replies)].slice(0, MAX_SUGGESTIONS);
}

/** What the visitor said, as it is kept with the call. One for each question; `undefined`: nothing. */
export function readReplies(result: string): readonly (readonly string[] | undefined)[] {
  try {
    return listOf(JSON.parse(result)).map((reply) => {
      const words =
        typeof reply === 'string' ? [reply] : listOf(reply).filter((one) => typeof one === 'string');
      return words.length === 0 ? undefined : words;
    });
  } catch {
    // Told by a server of others in words of its own.
    return [[result]];
  }
}

/** What is pressed goes out as the visitor's own words, so there is nothing in it that they do not see. */
function line(value: unknown): string | undefined {
  const text = plainText(textOf(value) ?? '').trim();
  return text === '' ? undefined : text.slice(0, MAX_CHARS);
}
