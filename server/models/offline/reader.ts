import type { Clause } from './clauses.ts';
import { DETERMINERS, PREPOSITIONS } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import type { Parameter } from './schema.ts';
import type { Token } from './tokens.ts';
import type { Found } from './values.ts';

/** Looks for the value of one parameter in one way. The tokens that it names are used up. */
export type Reader = (
  parameter: Parameter,
  tokens: readonly Token[],
  profile: ToolProfile,
  clause: Clause,
) => Found | undefined;

/** "with high priority", "for tomorrow": the preposition goes with it. */
export function withLead(found: readonly Token[], tokens: readonly Token[]): readonly Token[] {
  let at = tokens.indexOf(found[0] as Token) - 1;
  const lead: Token[] = [];
  while (at >= 0) {
    const token = tokens[at];
    if (token === undefined || !(PREPOSITIONS.has(token.lower) || DETERMINERS.has(token.lower))) break;
    lead.push(token);
    if (PREPOSITIONS.has(token.lower)) return [...lead, ...found];
    at -= 1;
  }
  return found;
}

export function isAmount(token: Token): boolean {
  return token.kind === 'number' || token.kind === 'money';
}
