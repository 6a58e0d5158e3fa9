import type { PastCall } from './history.ts';
import { type Item, resultValue } from './items.ts';
import { plainText } from './plain-text.ts';
import type { Finished } from './plan.ts';
import type { ToolProfile } from './profile.ts';
import { nameWords, type Parameter } from './schema.ts';
import { describeValue } from './show-value.ts';
import { capitalized, doing, pastOf, subjectOf } from './wording.ts';

/** What came of a goal's calls, in sentences. */
export function reportCalls(profile: ToolProfile, finished: readonly Finished[]): string {
  const declined = finished.filter(({ call }) => wasDeclined(call));
  const others = finished.filter((entry) => !declined.includes(entry));
  const parts = others.map((entry) =>
    entry.call.result?.isError === false ? reportSuccess(profile, entry) : reportFailure(profile, entry),
  );
  if (declined.length > 0) {
    const what = [...new Set(declined.map(({ call, item }) => doing(profile, call.input, item)))].join(
      ' and to ',
    );
    parts.push(
      `You declined to ${what}, so ${others.length === 0 ? 'nothing was changed' : 'that was left out'}.`,
    );
  }
  return parts.join('\n\n');
}

/** Of calls whose tool is not offered any more. */
export function reportBare({ name, result }: PastCall): string {
  const what = nameWords(name).join(' ');
  if (result === undefined || result.isError)
    return `“${plainText(what)}” did not work. The answer was: “${plainText(result?.text ?? 'nothing')}”.`;
  return `“${plainText(what)}” gave:\n\n${describeValue(resultValue({ name, input: undefined, result }))}`;
}

export function wasDeclined({ result }: PastCall): boolean {
  return (
    result?.isError === true &&
    /\b(?:declined|denied|rejected by the (?:user|visitor)|not approved|did not (?:allow|approve))\b/i.test(
      result.text.slice(0, 300),
    )
  );
}

function reportFailure(profile: ToolProfile, { call, item }: Finished): string {
  const text = call.result?.text.trim() ?? '';
  const answer = text === '' ? 'No reason was given.' : `The answer was: “${plainText(text)}”`;
  return `I could not ${doing(profile, call.input, item)}. ${answer}`;
}

function reportSuccess(profile: ToolProfile, { call, item, among }: Finished): string {
  return profile.reads ? reportReading(profile, call) : reportEffect(profile, call, item, among);
}

function reportEffect(profile: ToolProfile, call: PastCall, item: Item | undefined, among: number): string {
  const value = resultValue(call);
  const choice =
    among > 1
      ? ` It was the first of ${among} that fit.`
      : among === 0
        ? ' It was the closest that I found.'
        : '';
  const sentence = `${pastOf(profile, call.input, item)}.${choice}`;
  if (value === undefined || value === null) return sentence;
  if (typeof value === 'string') return `${sentence} The answer was: “${plainText(value)}”`;
  const facts = factsOf(value);
  return facts === '' ? sentence : `${sentence} ${facts}`;
}

/** The few plain facts of an effect's answer; its lists are for whoever asks to see them. */
function factsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const scalars = Object.entries(value).filter(
    ([key, entry]) =>
      (typeof entry === 'string' || typeof entry === 'number') &&
      entry !== '' &&
      !/^(?:ok|success)$/i.test(key),
  );
  return scalars
    .slice(0, 5)
    .map(
      ([key, entry]) =>
        `${capitalized(plainText(nameWords(key).join(' '), 40))}: ${typeof entry === 'number' ? describeValue(entry, key) : plainText(String(entry), 160)}.`,
    )
    .join(' ');
}

function reportReading(profile: ToolProfile, call: PastCall): string {
  const value = resultValue(call);
  const subject = plainText(subjectOf(profile), 80);
  const asked = queryOf(profile, call.input);
  const about = asked === undefined ? '' : ` for “${plainText(asked, 80)}”`;
  if (value === undefined || value === null) return `The page has nothing to show${about}.`;
  const list = listIn(value);
  if (list !== undefined && list.length === 0)
    return profile.family === 'search'
      ? `I found no ${subject}${about}.${described(without(value, list))}`
      : `There is nothing in the ${subject}${about}.${described(without(value, list))}`;
  if (list !== undefined) {
    const lead =
      profile.family === 'search'
        ? `I found ${list.length === 1 ? 'one result' : `${list.length} results`}${about}:`
        : `Here ${subject.endsWith('s') ? 'are' : 'is'} the ${subject}${about}:`;
    return `${lead}\n\n${describeValue(list)}${described(without(value, list))}`;
  }
  if (typeof value === 'string') return `The answer was: “${plainText(value, 1_200)}”`;
  return `Here ${subject.endsWith('s') ? 'are' : 'is'} the ${subject}${about}:\n\n${describeValue(value)}`;
}

function described(facts: Record<string, unknown>): string {
  return Object.keys(facts).length === 0 ? '' : `\n\n${describeValue(facts)}`;
}

/** The first list in a result, at most two levels down. */
function listIn(value: unknown, level = 0): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null || level > 1) return undefined;
  const entries = Object.values(value);
  return (
    entries.find(Array.isArray) ??
    entries.map((entry) => listIn(entry, level + 1)).find((found) => found !== undefined)
  );
}

/** The plain facts beside the list: a total, a page number. */
function without(value: unknown, list: readonly unknown[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || value === list) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => typeof entry === 'string' || typeof entry === 'number')
      .slice(0, 6),
  );
}

function queryOf({ slot }: ToolProfile, input: unknown): string | undefined {
  const value =
    slot?.schema.kind !== 'query' || typeof input !== 'object' || input === null
      ? undefined
      : (input as Record<string, unknown>)[slot.name];
  return typeof value === 'string' ? value : undefined;
}

/** Asks for what a call still needs. Names come from the schema; a page's own sentences are not repeated as ours. */
export function askFor(profile: ToolProfile, missing: readonly Parameter[]): string {
  const [first, ...others] = missing;
  if (first?.schema.kind === 'query' && others.length === 0) return 'What should I look for?';
  const names = missing.map(parameterWords);
  const what = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  const question =
    missing.length > 1
      ? 'What should they be?'
      : missing[0]?.schema.kind === 'id'
        ? 'Which one do you mean?'
        : 'What should it be?';
  return `To ${doing(profile, {}, undefined)} I still need the ${what}. ${question}`;
}

function parameterWords({ words, name, schema }: Parameter): string {
  const subject = schema.kind === 'id' && words.length > 1 ? words.filter((word) => word !== 'id') : words;
  const label = plainText(subject.length === 0 ? name : subject.join(' '), 60);
  const few = schema.choices.slice(0, 8).map((choice) => plainText(String(choice), 40));
  if (few.length > 1)
    return `**${label}** (${few.join(', ')}${schema.choices.length > few.length ? ', …' : ''})`;
  const bounds =
    schema.kind === 'number' && Number.isFinite(schema.minimum) && Number.isFinite(schema.maximum)
      ? ` (${schema.minimum} to ${schema.maximum})`
      : '';
  return `**${label}**${bounds}`;
}
