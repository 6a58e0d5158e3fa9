import { singular } from './lexicon.ts';
import { isAmount, type Reader, withLead } from './reader.ts';
import type { Parameter } from './schema.ts';

const UNITS: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(?:guests?|people|persons?|passengers?|travell?ers?|adults?|seats?|party|size|attendees|tickets?)$/,
    /^(?:guest|people|person|passenger|traveler|traveller|adult|seat|friend|ticket)$/,
  ],
  [/^nights?$/, /^night$/],
  [/^days?$/, /^day$/],
  [/^(?:minutes?|mins?)$/, /^(?:minute|min)$/],
  [/^(?:hours?)$/, /^(?:hour|hr)$/],
  [/^(?:limit|top|results)$/, /^(?:result|item|product|hit)$/],
];
const QUANTITY = /^(?:quantity|qty|count|amount|number|units|copies|pieces)$/;

/** Numbers by what stands beside them: "under $20", "for two people", "3 nights", "for 30 minutes". */
export const counted: Reader = (parameter, tokens, profile) => {
  const { schema, words, required } = parameter;
  if (schema.kind !== 'number') return undefined;
  const money = words.some((word) => /^(?:price|cost|budget|amount|total|spend)$/.test(word));
  const bound = words.some((word) => /^(?:max|maximum|budget|below|most|to)$/.test(word))
    ? /^(?:under|below|within|max|maximum|for)$/
    : words.some((word) => /^(?:min|minimum|above|least|from)$/.test(word))
      ? /^(?:over|above|min|minimum|from)$/
      : undefined;
  for (const [at, token] of tokens.entries()) {
    if (!isAmount(token)) continue;
    const before = tokens[at - 1];
    const next = tokens[at + 1];
    if (
      bound !== undefined &&
      before !== undefined &&
      bound.test(before.lower) &&
      (money || token.kind === 'number')
    )
      return { value: token.amount, tokens: [before, token] };
    if (money && bound === undefined && token.kind === 'money')
      return { value: token.amount, tokens: [token] };
    const unit = UNITS.find(([name]) => words.some((word) => name.test(word)))?.[1];
    if (unit !== undefined && next !== undefined && unit.test(next.stem))
      return { value: token.amount, tokens: withLead([token, next], tokens) };
    if (unit !== undefined && before?.lower === 'for' && (next === undefined || next.kind !== 'word'))
      return { value: token.amount, tokens: [before, token] };
    if (words.includes('minutes') && next?.stem === 'hour')
      return { value: token.amount * 60, tokens: withLead([token, next], tokens) };
  }
  if (
    !required ||
    bound !== undefined ||
    (profile.slot !== undefined && words.some((word) => QUANTITY.test(word)))
  )
    return undefined;
  const only = tokens.find(isAmount);
  return only === undefined ? undefined : { value: only.amount, tokens: [only] };
};

export function isQuantity({ schema, words }: Parameter): boolean {
  return schema.kind === 'number' && words.some((word) => QUANTITY.test(word));
}

/** "with gift wrap", "without insurance", "no breakfast", "notifications off". */
export const switched: Reader = ({ schema, words, required }, tokens) => {
  if (schema.kind !== 'boolean') return undefined;
  const content = words.filter(
    (word) => !/^(?:is|has|include|includes|with|enable|enabled|use|should|only)$/.test(word),
  );
  const at = tokens.findIndex(
    (_, index) =>
      content.length > 0 && content.every((word, offset) => tokens[index + offset]?.stem === singular(word)),
  );
  if (at < 0) {
    const token = required
      ? tokens.find(({ lower }) => /^(?:on|off|true|false|yes|no|enabled|disabled)$/.test(lower))
      : undefined;
    return token === undefined
      ? undefined
      : { value: !/^(?:off|false|no|disabled)$/.test(token.lower), tokens: [token] };
  }
  const before = tokens[at - 1];
  const after = tokens[at + content.length];
  const off =
    /^(?:without|no|not|non|disable)$/.test(before?.lower ?? '') ||
    /^(?:off|false|no)$/.test(after?.lower ?? '');
  const used = tokens.slice(at, at + content.length);
  return {
    value: !off,
    tokens: before !== undefined && /^(?:without|no|not|with)$/.test(before.lower) ? [before, ...used] : used,
  };
};
