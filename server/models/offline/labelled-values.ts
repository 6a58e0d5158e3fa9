import type { Clause } from './clauses.ts';
import { conceptOf, EDGE_WORDS, singular } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { isAmount, type Reader } from './reader.ts';
import type { Parameter } from './schema.ts';
import { joinText, type Token } from './tokens.ts';
import { choiceIn, type Found, typedValue } from './values.ts';

const LABELS: ReadonlyMap<string, readonly string[]> = new Map([
  ['title', ['called', 'titled', 'named']],
  ['name', ['called', 'named']],
  ['subject', ['about', 'titled', 'regarding']],
  ['message', ['saying', 'says']],
  ['body', ['saying', 'says']],
  ['text', ['saying', 'says']],
  ['comment', ['saying', 'says']],
  ['content', ['saying', 'says']],
  ['note', ['saying', 'says']],
  ['reason', ['because', 'reason']],
  ['description', ['describing', 'because', 'saying']],
]);
const LINKS = /^(?:is|=|:|of|as|number|no|code|to)$/;

/** "priority high", "called X", "coupon code SPRING10", "ticket 42", "subject: login". */
export const afterLabel: Reader = (parameter, tokens, profile, clause) => {
  const { schema, words } = parameter;
  const isText = schema.kind === 'text' || schema.kind === 'query';
  for (const [at, token] of tokens.entries()) {
    const spoken = isText && (LABELS.get(words.at(-1) ?? '') ?? []).includes(token.lower);
    const length = spoken ? 1 : labelLength(tokens, at, parameter, profile);
    if (length === 0) continue;
    const linked = tokens
      .slice(at + length)
      .findIndex(
        ({ lower }) => !LINKS.test(lower) || (isText && lower === 'to' && clause.family !== 'update'),
      );
    if (linked < 0) continue;
    const from = at + length + linked;
    const links = tokens.slice(at + length, from);
    if (isText && !spoken && !introducesText(links, tokens[from], clause)) continue;
    const found = isText ? textFrom(tokens, from, spoken) : valueAt(parameter, tokens, from);
    if (found !== undefined)
      return { value: found.value, tokens: [...tokens.slice(at, from), ...found.tokens] };
  }
  return undefined;
};

function labelLength(
  tokens: readonly Token[],
  at: number,
  { words, schema }: Parameter,
  profile: ToolProfile,
): number {
  const starts = (sequence: readonly string[]): boolean =>
    sequence.length > 0 &&
    sequence.every(
      (word, offset) =>
        tokens[at + offset]?.kind === 'word' &&
        conceptOf(tokens[at + offset]?.stem ?? '') === conceptOf(singular(word)),
    );
  if (starts(words)) return words.length;
  if (schema.kind !== 'id')
    return words.length === 2 && schema.kind === 'number' && starts(words.slice(0, 1)) ? 1 : 0;
  const subject = words.filter((word) => word !== 'id');
  if (starts(subject)) return subject.length;
  return subject.length === 0 && profile.nouns.some((noun) => starts([noun])) ? 1 : 0;
}

function introducesText(links: readonly Token[], next: Token | undefined, clause: Clause): boolean {
  if (next?.kind === 'quote') return true;
  if (clause.family === 'update') return links.some(({ lower }) => /^(?:to|as|=|:|is)$/.test(lower));
  return links.some(({ lower }) => /^(?:is|=|:)$/.test(lower));
}

/** Quoted, or to the next comma; `toEnd`: to the end. */
function textFrom(tokens: readonly Token[], from: number, toEnd: boolean): Found | undefined {
  const first = tokens[from];
  if (first === undefined) return undefined;
  if (first.kind === 'quote') return { value: first.text, tokens: [first] };
  const length = tokens
    .slice(from)
    .findIndex(
      ({ kind, text, lower }, index) =>
        index > 0 &&
        ((kind === 'mark' && text !== ':') ||
          (!toEnd && /^(?:with|and)$/.test(lower)) ||
          (toEnd && lower === 'with')),
    );
  const used = length < 0 ? tokens.slice(from) : tokens.slice(from, from + length);
  return { value: joinText(used), tokens: used };
}

function valueAt({ schema }: Parameter, tokens: readonly Token[], at: number): Found | undefined {
  const token = tokens[at];
  if (token === undefined) return undefined;
  if (schema.kind === 'enum') return choiceIn(tokens.slice(at, at + 3), schema.choices);
  if (schema.kind === 'number' || schema.numeric) {
    const amount = amountIn(token);
    return amount === undefined ? undefined : { value: amount, tokens: [token] };
  }
  if (schema.kind === 'id' || schema.kind === 'code') {
    const marked =
      token.kind === 'code' ||
      token.kind === 'quote' ||
      token.kind === 'number' ||
      (schema.kind === 'code' && token.kind === 'word' && !EDGE_WORDS.has(token.lower));
    return marked ? { value: token.text, tokens: [token] } : undefined;
  }
  return typedValue(schema, tokens.slice(at, at + 2));
}

function amountIn(token: Token): number | undefined {
  if (isAmount(token)) return token.amount;
  return token.kind === 'code' && /^\d+$/.test(token.text) ? Number(token.text) : undefined;
}
