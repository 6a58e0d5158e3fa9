import { type Item, itemLabel } from './items.ts';
import { PREPOSITIONS } from './lexicon.ts';
import type { ToolProfile } from './profile.ts';
import { plainText } from './report.ts';
import { nameWords } from './schema.ts';

const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ['buy', 'bought'],
  ['put', 'put'],
  ['set', 'set'],
  ['send', 'sent'],
  ['make', 'made'],
  ['write', 'wrote'],
  ['hold', 'held'],
  ['leave', 'left'],
  ['choose', 'chose'],
  ['take', 'took'],
  ['go', 'went'],
  ['pay', 'paid'],
  ['throw', 'threw'],
  ['new', 'created a new'],
  ['checkout', 'checked out'],
  ['signup', 'signed up'],
  ['submit', 'submitted'],
  ['plan', 'planned'],
  ['drop', 'dropped'],
  ['grab', 'grabbed'],
  ['log', 'logged'],
  ['cancel', 'cancelled'],
  ['apply', 'applied'],
  ['reply', 'replied'],
  ['email', 'emailed'],
  ['done', 'finished'],
]);
const SPELLED: ReadonlyMap<string, string> = new Map([
  ['checkout', 'check out'],
  ['signup', 'sign up'],
  ['optout', 'opt out'],
]);

/** "added 2 × Blue mug to the cart", capitalised, without the full stop. */
export function pastOf(profile: ToolProfile, input: unknown, item: Item | undefined): string {
  const { verb } = profile;
  if (verb === undefined) return capitalized(`finished ${doing(profile, input, item)}`);
  const past = IRREGULAR.get(verb) ?? (verb.endsWith('e') ? `${verb}d` : `${verb}ed`);
  return capitalized(join(past, profile, input, item));
}

/** "add 2 × Blue mug to the cart". */
export function doing(profile: ToolProfile, input: unknown, item: Item | undefined): string {
  if (profile.verb === undefined) return `use “${plainText(profile.words.join(' '), 80)}”`;
  return join(SPELLED.get(profile.verb) ?? profile.verb, profile, input, item);
}

function join(verb: string, profile: ToolProfile, input: unknown, item: Item | undefined): string {
  const tail = tailOf(profile);
  const thing = thingOf(profile, input, item);
  const leads = PREPOSITIONS.has(tail.split(' ')[0] ?? '');
  const parts = leads ? [verb, thing || 'it', tail] : [verb, tail, thing];
  return `${parts.filter((part) => part !== '').join(' ')}${detailsOf(profile, input)}`;
}

/** What the name says after its verb: "to the cart", "the ticket". */
function tailOf({ words, verb }: ToolProfile): string {
  const rest = words.filter((word) => word !== verb).map((word) => plainText(word, 40));
  const [first, ...others] = rest;
  if (first === undefined) return '';
  if (PREPOSITIONS.has(first)) return others.length === 0 ? '' : `${first} the ${others.join(' ')}`;
  return `the ${rest.join(' ')}`;
}

function thingOf({ slot, parameters, family }: ToolProfile, input: unknown, item: Item | undefined): string {
  const values = asRecord(input);
  const quantity = parameters.find(
    ({ name, words }) =>
      /^(?:quantity|qty|count)$/.test(words.at(-1) ?? '') && typeof values[name] === 'number',
  );
  const count =
    quantity === undefined || values[quantity.name] === 1 ? '' : `${String(values[quantity.name])} × `;
  if (item !== undefined) return `${count}${plainText(itemLabel(item), 80)}`;
  const main = slot === undefined ? undefined : values[slot.name];
  if (main === undefined || family === undefined) return '';
  return `${count}“${plainText(Array.isArray(main) ? main.join(', ') : String(main), 120)}”`;
}

/** The arguments that the sentence does not say otherwise. */
function detailsOf({ slot, parameters }: ToolProfile, input: unknown): string {
  const values = asRecord(input);
  const others = parameters.filter(
    ({ name, schema, words }) =>
      Object.hasOwn(values, name) &&
      name !== slot?.name &&
      schema.kind !== 'id' &&
      !/^(?:quantity|qty|count)$/.test(words.at(-1) ?? ''),
  );
  const plain = others.filter(({ name }) => ['string', 'number', 'boolean'].includes(typeof values[name]));
  if (plain.length === 0) return '';
  const said = plain
    .slice(0, 4)
    .map(
      ({ name, words }) =>
        `${plainText(words.join(' '), 40)} ${typeof values[name] === 'boolean' ? (values[name] === true ? 'yes' : 'no') : plainText(String(values[name]), 80)}`,
    );
  return ` (${said.join(', ')})`;
}

function asRecord(input: unknown): Record<string, unknown> {
  return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
}

/** What a reading tool reads, from its name: "products", "cart". */
export function subjectOf({ words, verb, tool }: ToolProfile): string {
  const rest = words.filter((word) => word !== verb && !PREPOSITIONS.has(word));
  return rest.length > 0 ? rest.join(' ') : nameWords(tool.bareName).join(' ');
}

/** A tool in plain words, for a list of what there is. */
export function inPlainWords(profile: ToolProfile): string {
  const required = profile.parameters
    .filter(({ required: needed }) => needed)
    .map(({ words, name }) => plainText(words.join(' ') || name, 40));
  const needs = required.length === 0 ? '' : ` (needs ${required.join(', ')})`;
  return `${capitalized(doing(profile, {}, undefined))}${needs}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
