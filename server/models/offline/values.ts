import { COLOURS, EDGE_WORDS, singular } from './lexicon.ts';
import { fits, nameWords, type Parameter, type ValueSchema } from './schema.ts';
import { joinText, type Token } from './tokens.ts';

/** A value found in a text, and the tokens that it was read from. */
export interface Found {
  readonly value: unknown;
  readonly tokens: readonly Token[];
}

/** What people say for a choice that has another name. */
const CHOICE_SYNONYMS: readonly (readonly string[])[] = [
  ['high', 'urgent', 'important', 'critical', 'asap'],
  ['low', 'minor', 'trivial'],
  ['medium', 'normal', 'moderate'],
  ['open', 'unresolved', 'pending', 'active'],
  ['closed', 'resolved', 'done', 'completed', 'finished'],
  ['monthly', 'month'],
  ['yearly', 'annual', 'annually', 'year'],
  ['economy', 'coach'],
  ['xs', 'extra-small'],
  ['s', 'small'],
  ['m', 'medium'],
  ['l', 'large', 'big'],
  ['ascending', 'asc'],
  ['descending', 'desc'],
];

/** The choice that the tokens name, with the plural, in other words or spelled apart; the longest, then the earliest. */
export function choiceIn(tokens: readonly Token[], choices: ValueSchema['choices']): Found | undefined {
  let best: Found | undefined;
  for (const choice of choices) {
    const found = typeof choice === 'string' ? spelled(tokens, choice) : numbered(tokens, choice);
    if (found !== undefined && found.tokens.length > (best?.tokens.length ?? 0)) best = found;
  }
  return best ?? synonymous(tokens, choices);
}

function spelled(tokens: readonly Token[], choice: string): Found | undefined {
  const words = nameWords(choice).map(singular);
  if (words.length === 0) return undefined;
  const single = words.length === 1 && EDGE_WORDS.has(words[0] ?? '');
  const at = tokens.findIndex(
    (token, index) =>
      (token.kind === 'quote' && token.lower === choice.toLowerCase()) ||
      (!single && words.every((word, offset) => tokens[index + offset]?.stem === word)) ||
      (!single && token.lower === choice.toLowerCase()),
  );
  const whole = tokens[at];
  if (whole === undefined) return undefined;
  const length = whole.kind === 'quote' || whole.lower === choice.toLowerCase() ? 1 : words.length;
  return { value: choice, tokens: tokens.slice(at, at + length) };
}

function numbered(tokens: readonly Token[], choice: number | boolean): Found | undefined {
  const token = tokens.find(
    ({ kind, amount, lower }) => (kind === 'number' && amount === choice) || lower === String(choice),
  );
  return token === undefined ? undefined : { value: choice, tokens: [token] };
}

function synonymous(tokens: readonly Token[], choices: ValueSchema['choices']): Found | undefined {
  if (choices.length > 50) return undefined;
  for (const group of CHOICE_SYNONYMS) {
    const choice = choices.find(
      (candidate) => typeof candidate === 'string' && group.includes(candidate.toLowerCase()),
    );
    const token = tokens.find(({ lower, kind }) => kind === 'word' && group.includes(lower));
    if (choice !== undefined && token !== undefined) return { value: choice, tokens: [token] };
  }
  return undefined;
}

/** A value of a typed kind, wherever it stands among the tokens. Free text is not looked for here. */
export function typedValue(schema: ValueSchema, tokens: readonly Token[]): Found | undefined {
  const found = readTyped(schema, tokens);
  return found !== undefined && fits(found.value, schema) ? found : undefined;
}

function readTyped(schema: ValueSchema, tokens: readonly Token[]): Found | undefined {
  switch (schema.kind) {
    case 'email':
    case 'url':
      return first(
        tokens,
        ({ kind }) => kind === schema.kind,
        ({ text }) => text,
      );
    case 'enum':
      return choiceIn(tokens, schema.choices);
    case 'date':
      return first(
        tokens,
        ({ kind }) => kind === 'date' || kind === 'datetime',
        ({ iso }) => iso.slice(0, 10),
      );
    case 'time':
      return first(
        tokens,
        ({ kind }) => kind === 'time',
        ({ iso }) => `${iso}:00`,
      );
    case 'datetime':
      return instantIn(tokens);
    case 'colour':
      return first(
        tokens,
        ({ lower }) => COLOURS.has(lower),
        ({ lower }) => lower,
      );
    case 'list':
      return schema.items === undefined ? undefined : allTyped(schema.items, tokens);
    default:
      return undefined;
  }
}

function first(
  tokens: readonly Token[],
  test: (token: Token) => boolean,
  value: (token: Token) => unknown,
): Found | undefined {
  const token = tokens.find(test);
  return token === undefined ? undefined : { value: value(token), tokens: [token] };
}

/** A date alone means its first minute; times are those of UTC, as dates are. */
function instantIn(tokens: readonly Token[]): Found | undefined {
  const whole = tokens.find(({ kind }) => kind === 'datetime');
  if (whole !== undefined) return { value: whole.iso, tokens: [whole] };
  const date = tokens.find(({ kind }) => kind === 'date');
  if (date === undefined) return undefined;
  const time = tokens.find(({ kind }) => kind === 'time');
  const used = time === undefined ? [date] : [date, time];
  return { value: `${date.iso}T${time?.iso ?? '00:00'}:00Z`, tokens: used };
}

function allTyped(items: ValueSchema, tokens: readonly Token[]): Found | undefined {
  const values: unknown[] = [];
  const used: Token[] = [];
  let rest = tokens;
  for (
    let found = readTyped(items, rest);
    found !== undefined && values.length < 20;
    found = readTyped(items, rest)
  ) {
    const taken = new Set(found.tokens);
    if (taken.size === 0) break;
    values.push(found.value);
    used.push(...found.tokens);
    rest = rest.filter((token) => !taken.has(token));
  }
  return values.length === 0 ? undefined : { value: values, tokens: used };
}

/** Reads a whole answer as the value of one parameter: "3", "tomorrow", "ann@example.com", or just words. */
export function answerValue({ schema }: Parameter, answer: readonly Token[], text: string): unknown {
  const typed = typedValue(schema, answer);
  if (typed !== undefined) return typed.value;
  const value = answerByKind(schema, answer, text);
  return fits(value, schema) ? value : undefined;
}

function answerByKind(schema: ValueSchema, answer: readonly Token[], text: string): unknown {
  switch (schema.kind) {
    case 'number':
      return answer.find(({ kind }) => kind === 'number' || kind === 'money')?.amount;
    case 'boolean':
      if (/^\s*(?:yes|y|yeah|yep|sure|ok|okay|true|please do|on)\b/i.test(text)) return true;
      return /^\s*(?:no|n|nope|false|off|don't)\b/i.test(text) ? false : undefined;
    case 'list':
      return schema.items?.kind === 'text' ? listed(answer) : undefined;
    case 'id':
    case 'code':
      return schema.numeric ? answer.find(({ kind }) => kind === 'number')?.amount : idIn(answer, text);
    case 'text':
    case 'query':
    case 'colour':
      return unquoted(answer, text);
    default:
      return undefined;
  }
}

function idIn(answer: readonly Token[], text: string): string {
  const marked = answer.find(({ kind }) => kind === 'code' || kind === 'number' || kind === 'quote');
  return marked?.text ?? text.trim().split(/\s+/).at(-1) ?? '';
}

function unquoted(answer: readonly Token[], text: string): string {
  const [only] = answer;
  return answer.length === 1 && only?.kind === 'quote' ? only.text : text.trim().replace(/[.!]$/, '');
}

/** The parts of an enumeration: "milk, eggs and bread". */
export function listed(tokens: readonly Token[]): readonly string[] {
  return splitEnumeration(tokens)
    .map((part) => joinText(part))
    .filter((part) => part !== '');
}

export function splitEnumeration(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    const separates =
      token.kind === 'mark'
        ? /[,;&\n]/.test(token.text)
        : token.kind === 'word' && /^(?:and|plus)$/.test(token.lower);
    if (separates) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}
