import {
  areRelated,
  DETERMINERS,
  FILLERS,
  READING_FAMILIES,
  type VerbFamily,
  verbFamily,
} from './lexicon.ts';
import { type Naming, readNaming } from './naming.ts';
import type { ToolProfile } from './profile.ts';
import { isSetPhrase, type Token, tokenize } from './tokens.ts';

/** One thing that was asked for. */
export interface Clause {
  /** Everything but what comes before the verb, and the verb. */
  readonly tokens: readonly Token[];
  readonly verb: string | undefined;
  readonly family: VerbFamily | undefined;
  /** "How do I …": wants to know, not to do. */
  readonly asksHow: boolean;
  readonly negated: boolean;
  /** The tool that it calls by its name. */
  readonly named: Naming | undefined;
  /** The text that the tokens are of. */
  readonly source: string;
}

const SENTENCE_END: ReadonlySet<string> = new Set(['.', '!', '?', ';', '\n']);
const CONNECTORS: ReadonlySet<string> = new Set([
  'and',
  'then',
  ',',
  'also',
  '&',
  'plus',
  'afterwards',
  'or',
  'but',
  'finally',
  'next',
]);
const QUESTION_WORDS: ReadonlySet<string> = new Set(
  "what what's whats which who where where's when is are any does do how how's".split(' '),
);
const NEGATIONS: ReadonlySet<string> = new Set([
  "don't",
  'dont',
  'not',
  'never',
  'without',
  "didn't",
  "doesn't",
  "won't",
  "can't",
  'cannot',
]);

/**
 * Splits a request into clauses: at the ends of sentences, and where a connector is followed by a verb that a tool
 * knows, or by a tool's name.
 */
export function splitClauses(source: string, now: Date, profiles: readonly ToolProfile[]): readonly Clause[] {
  const tokens = tokenize(source, now);
  const pieces: { readonly tokens: Token[]; end: number }[] = [{ tokens: [], end: source.length }];
  let freeText = false;
  tokens.forEach((token, index) => {
    const current = pieces.at(-1);
    const ends = isSentenceEnd(source, token);
    if (token.kind === 'mark' && token.text === ':') freeText = true;
    if (
      current !== undefined &&
      (ends ||
        (!freeText &&
          CONNECTORS.has(token.lower) &&
          (startsCommand(tokens, index + 1, profiles) || startsNaming(source, tokens, index + 1, profiles))))
    ) {
      freeText &&= !ends;
      // "How are you?" keeps its mark where the words are passed on as they are.
      current.end = token.start + (/^[!?]+/.exec(source.slice(token.start))?.[0].length ?? 0);
      pieces.push({ tokens: [], end: source.length });
    } else {
      current?.tokens.push(token);
    }
  });
  return pieces
    .map((piece) => {
      const trimmed = trimConnectors(piece.tokens);
      const named = readNaming(source, trimmed, piece.end, profiles);
      return { ...clauseOf(trimmed, profiles), named, source };
    })
    .filter(
      ({ tokens: words, verb, named }) => words.length > 0 || verb !== undefined || named !== undefined,
    );
}

/** "example.com" and "1.2.b" are no two sentences, and JSON on a line of its own belongs to the line before. */
function isSentenceEnd(source: string, { kind, text, end }: Token): boolean {
  if (kind !== 'mark' || !SENTENCE_END.has(text)) return false;
  if (text === '\n') return !/^\s*\{/.test(source.slice(end, end + 20));
  return text !== '.' || !/[\p{Ll}\p{N}_]/u.test(source[end] ?? '');
}

/** Tokens after a connector in which a name is looked for. */
const MAX_OPENING = 16;

function startsNaming(
  source: string,
  tokens: readonly Token[],
  from: number,
  profiles: readonly ToolProfile[],
): boolean {
  const following = tokens.slice(from, from + MAX_OPENING);
  const first = following.findIndex(({ lower }) => !CONNECTORS.has(lower));
  if (first < 0) return false;
  const naming = readNaming(source, following.slice(first), source.length, profiles);
  // One word after "and" is more often part of what is said than a name.
  return naming !== undefined && (naming.explicit || naming.profile.words.length > 1);
}

function trimConnectors(piece: readonly Token[]): readonly Token[] {
  const isConnector = (token: Token): boolean => CONNECTORS.has(token.lower) || token.text === ',';
  const start = piece.findIndex((token) => !isConnector(token));
  const end = piece.map((token) => !isConnector(token)).lastIndexOf(true);
  return start < 0 ? [] : piece.slice(start, end + 1);
}

function startsCommand(tokens: readonly Token[], from: number, profiles: readonly ToolProfile[]): boolean {
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) return false;
    if (isKnownVerb(tokens, at, profiles)) return true;
    const skipped = FILLERS.has(token.lower) || CONNECTORS.has(token.lower) || NEGATIONS.has(token.lower);
    if (!skipped) return QUESTION_WORDS.has(token.lower) && /^(?:what|which|where|how)/.test(token.lower);
  }
  return false;
}

function isKnownVerb(tokens: readonly Token[], at: number, profiles: readonly ToolProfile[]): boolean {
  const token = tokens[at];
  if (token === undefined || !isVerb(tokens, at, profiles)) return false;
  const family = verbFamily(token.lower);
  return profiles.some(
    (profile) =>
      profile.words.includes(token.lower) ||
      (family !== undefined &&
        profile.family !== undefined &&
        (family === profile.family || areRelated(family, profile.family))),
  );
}

/** A base form that nothing makes a noun: "order it" but neither "my order" nor "order of the day". */
function isVerb(tokens: readonly Token[], at: number, profiles: readonly ToolProfile[]): boolean {
  const token = tokens[at];
  if (token?.kind !== 'word') return false;
  const previous = tokens[at - 1];
  const isNoun = previous !== undefined && (DETERMINERS.has(previous.lower) || previous.kind === 'number');
  if (isNoun && !isSetPhrase(token)) return false;
  const family = verbFamily(token.lower);
  const changes = family !== undefined && !READING_FAMILIES.has(family);
  if (changes && /^(?:of|is|are|was|were|has)$/.test(tokens[at + 1]?.lower ?? '')) return false;
  return (
    family !== undefined || profiles.some(({ words, verb }) => verb === undefined && words[0] === token.lower)
  );
}

function clauseOf(
  piece: readonly Token[],
  profiles: readonly ToolProfile[],
): Omit<Clause, 'named' | 'source'> {
  const question = piece[0] !== undefined && QUESTION_WORDS.has(piece[0].lower) && piece[0].lower !== 'do';
  const at = piece.findIndex((_, index) => isVerb(piece, index, profiles) && !isAuxiliary(piece, index));
  const before = at < 0 ? piece : piece.slice(0, at);
  const negated = before.some(({ lower }) => NEGATIONS.has(lower)) && at >= 0;
  const asksHow = /^(?:how|why|when|should|if)$/.test(piece[0]?.lower ?? '') || isPermission(piece);
  const verb = at < 0 ? undefined : piece[at];
  // "What is in my cart": the question is the verb. A later verb is part of what is asked about ("my order").
  if (verb === undefined || (question && !/^how/.test(piece[0]?.lower ?? '') && at > 3)) {
    const lead = piece.findIndex(({ lower }) => !FILLERS.has(lower) && !QUESTION_WORDS.has(lower));
    const wants = before.some(({ lower }) => /^(?:want|need)$/.test(lower));
    return {
      tokens: lead < 0 ? [] : piece.slice(lead),
      verb: undefined,
      family: question || wants ? 'get' : undefined,
      asksHow: asksHow && !question,
      negated,
    };
  }
  const lost = before.filter(
    ({ lower }) => !FILLERS.has(lower) && !QUESTION_WORDS.has(lower) && !NEGATIONS.has(lower),
  );
  return {
    tokens: [...lost, ...piece.slice(at + 1)],
    verb: verb.lower,
    family: verbFamily(verb.lower),
    asksHow,
    negated,
  };
}

/** In "do you …" and "give me a go" style openings the first verb-like word is not the request. */
function isAuxiliary(piece: readonly Token[], index: number): boolean {
  const token = piece[index];
  if (token === undefined) return false;
  if (token.lower === 'go') return piece[index + 1]?.lower === 'ahead';
  return token.lower === 'help' && /^(?:me|us)$/.test(piece[index + 1]?.lower ?? '');
}

function isPermission(piece: readonly Token[]): boolean {
  return /^(?:can|could|may)$/.test(piece[0]?.lower ?? '') && piece[1]?.lower === 'i';
}
