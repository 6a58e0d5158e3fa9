import { DETERMINERS, FILLERS } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { nameWords } from './schema.ts';
import type { Token } from './tokens.ts';

/** A tool that a clause calls by its name: "echo hello", "run the echo tool with text hello". */
export interface Naming {
  readonly profile: ToolProfile;
  /** What follows the name. */
  readonly tokens: readonly Token[];
  /** The same as it was typed. */
  readonly text: string;
  /** After "run", "call" and the like, or in the spelling that only a program has: `get_time`. */
  readonly explicit: boolean;
}

const LEAD =
  /^(?:(?:please|kindly|now|then|and|also|ok|okay|hey|hi|hello|so|well|just|again|quickly|finally|next|go ahead|let's|lets|try to|(?:can|could|will|would) you|(?:i|we) (?:want|need|like|would like)(?: you)? to|(?:i'd|we'd) like(?: you)? to|help (?:me|us) to)(?: |$))*$/;
const MAX_LEAD = 8;
const RUN = /^(?:run|call|use|try|execute|start|invoke|trigger)$/;
const KIND_OF_THING = /^(?:tool|function|command)$/;
/** After these a word is spoken about, and calls nothing: "note that …", "order of …", "time is …". */
const SPOKEN_ABOUT =
  /^(?:that|is|isn't|are|was|were|be|been|of|has|have|had|will|would|than|whether|because)$/;
const TO_PEOPLE = /^(?:me|us|you|it|to)$/;

/**
 * Finds a tool's name where a command has its verb: as the first words of a clause or right after "run". `end` is
 * where the clause ends in `source`. The longest name wins, then the one in the author's own spelling.
 */
export function readNaming(
  source: string,
  tokens: readonly Token[],
  end: number,
  profiles: readonly ToolProfile[],
): Naming | undefined {
  for (let at = 0; at < Math.min(tokens.length, MAX_LEAD); at += 1) {
    const lead = tokens.slice(0, at).filter(({ kind }) => kind !== 'mark');
    const isLead = LEAD.test(lead.map(({ lower }) => lower).join(' '));
    if (!isLead) continue;
    const named = namedFrom(source, tokens, at, end, profiles, false);
    // A tool called "run" does not stand before the tool that is to be run.
    if (named !== undefined && !RUN.test(named.profile.tool.bareName.toLowerCase())) return named;
    const naming = afterRun(source, tokens, at, end, profiles) ?? named;
    if (naming !== undefined) return naming;
  }
  return undefined;
}

function afterRun(
  source: string,
  tokens: readonly Token[],
  at: number,
  end: number,
  profiles: readonly ToolProfile[],
): Naming | undefined {
  if (!RUN.test(tokens[at]?.lower ?? '')) return undefined;
  for (let next = at + 1; next < tokens.length && next <= at + 4; next += 1) {
    const naming = namedFrom(source, tokens, next, end, profiles, true);
    if (naming !== undefined) return naming;
    const { lower } = tokens[next] ?? { lower: '' };
    if (
      !DETERMINERS.has(lower) &&
      !KIND_OF_THING.test(lower) &&
      !/^(?:page|page's|called|named)$/.test(lower)
    )
      return undefined;
  }
  return undefined;
}

function namedFrom(
  source: string,
  tokens: readonly Token[],
  at: number,
  end: number,
  profiles: readonly ToolProfile[],
  afterVerb: boolean,
): Naming | undefined {
  const first = tokens[at];
  if (first === undefined) return undefined;
  const isSpelled = ({ profile, nameEnd }: { profile: ToolProfile; nameEnd: number }): boolean =>
    source.slice(first.start, nameEnd) === profile.tool.bareName;
  const found = profiles
    .flatMap((profile) => {
      const length = nameLength(source, first, profile, afterVerb);
      return length === 0 ? [] : [{ profile, nameEnd: first.start + length }];
    })
    .sort((a, b) => b.nameEnd - a.nameEnd || Number(isSpelled(b)) - Number(isSpelled(a)))[0];
  if (found === undefined) return undefined;
  const { profile, nameEnd } = found;
  const across = tokens.find((token) => token.start < nameEnd && token.end > nameEnd);
  if (across !== undefined && !profile.words.includes(across.lower)) return undefined;
  const typed = source.slice(first.start, nameEnd);
  const spelledAsCode = nameWords(profile.tool.bareName).length > 1 && !/\s/.test(typed);
  const following = tokens.slice(at).filter(({ start }) => start >= nameEnd);
  const [next] = following;
  if (!afterVerb && !spelledAsCode && !/\s/.test(typed) && isSpokenAbout(typed, next)) return undefined;
  const dropped =
    next !== undefined && KIND_OF_THING.test(next.lower) && (afterVerb || following.length === 1);
  const textStart = dropped ? next.end : Math.max(nameEnd, across?.end ?? nameEnd);
  return {
    profile,
    tokens: dropped ? following.slice(1) : following,
    text: source.slice(textStart, Math.max(textStart, end)).trim(),
    explicit: afterVerb || spelledAsCode,
  };
}

/** Characters of a tool's name at a token, as its author wrote it or in words; 0: it is not there. */
function nameLength(
  source: string,
  token: Token,
  { tool, spellings }: ToolProfile,
  afterVerb: boolean,
): number {
  if (token.kind === 'quote') {
    const isName = nameWords(token.text).join(' ') === nameWords(tool.bareName).join(' ');
    return afterVerb && isName ? token.end - token.start : 0;
  }
  const lengths = spellings.map((pattern) => {
    pattern.lastIndex = token.start;
    return pattern.exec(source)?.[0].length ?? 0;
  });
  return Math.max(0, ...lengths);
}

/** Sticky patterns for a tool's name: as its author wrote it, and in words. */
export function spellingsOf(bareName: string): readonly RegExp[] {
  const words = nameWords(bareName).map(escaped);
  if (words.length === 0) return [];
  const spellings = new Set([escaped(bareName.slice(0, 200)), words.join('[\\s_./:-]+')]);
  return [...spellings].map((spelling) => new RegExp(`${spelling}(?![.'’-]?[\\p{L}\\p{N}_])`, 'iuy'));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function isSpokenAbout(typed: string, next: Token | undefined): boolean {
  if (next === undefined) return false;
  return SPOKEN_ABOUT.test(next.lower) || (FILLERS.has(typed.toLowerCase()) && TO_PEOPLE.test(next.lower));
}
