import { type Item, itemLabel } from './items.ts';
import { PREPOSITIONS } from './lexicon.ts';
import { plainText } from './plain-text.ts';
import type { ToolProfile } from './profile.ts';
import { nameWords, type Parameter } from './schema.ts';

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
  if (verb === undefined) return capitalized(`used “${plainText(profile.words.join(' '), 80)}”`);
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
  return `${parts.filter((part) => part !== '').join(' ')}${detailsOf(profile, input, item)}`;
}

/** What the name says after its verb: "to the cart", "the ticket". */
function tailOf({ words, verb }: ToolProfile): string {
  const rest = words.filter((word) => word !== verb).map((word) => plainText(word, 40));
  const [first, ...others] = rest;
  if (first === undefined) return '';
  if (PREPOSITIONS.has(first)) return others.length === 0 ? '' : `${first} the ${others.join(' ')}`;
  return `the ${rest.join(' ')}`;
}

function thingOf(profile: ToolProfile, input: unknown, item: Item | undefined): string {
  const values = asRecord(input);
  const quantity = profile.parameters.find(
    (parameter) => isCount(parameter) && typeof values[parameter.name] === 'number',
  );
  const count =
    quantity === undefined || values[quantity.name] === 1 ? '' : `${String(values[quantity.name])} × `;
  if (item !== undefined) return `${count}${plainText(itemLabel(item), 80)}`;
  const main = mainParameter(profile, values);
  if (main === undefined) return '';
  const value = values[main.name];
  const text = plainText(Array.isArray(value) ? value.join(', ') : String(value), 120);
  return main.schema.kind === 'id' ? text : `${count}“${text}”`;
}

/** What the sentence is about: the text that was given, else the id of what the tool's name speaks of. */
function mainParameter(profile: ToolProfile, values: Record<string, unknown>): Parameter | undefined {
  const { slot, parameters } = profile;
  const text = parameters.find(({ name, schema }) => schema.kind === 'text' && Object.hasOwn(values, name));
  const main = slot?.schema.kind === 'id' && !namesOwnKind(profile, slot) ? text : slot;
  return main !== undefined && Object.hasOwn(values, main.name) ? main : undefined;
}

/** `ticketId` of `close_ticket`: the number goes right behind the noun. */
function namesOwnKind({ words }: ToolProfile, { words: own }: Parameter): boolean {
  return subjectWords(own).every((word) => words.includes(word) || words.includes(`${word}s`));
}

function subjectWords(words: readonly string[]): readonly string[] {
  return words.filter((word) => !/^(?:id|sku|uuid)$/.test(word));
}

function isCount({ words }: Parameter): boolean {
  return /^(?:quantity|qty|count)$/.test(words.at(-1) ?? '');
}

/** The arguments that the sentence does not say otherwise. */
function detailsOf(profile: ToolProfile, input: unknown, item: Item | undefined): string {
  const values = asRecord(input);
  const main = item === undefined ? mainParameter(profile, values) : profile.slot;
  const others = profile.parameters.filter(
    (parameter) => parameter.name !== main?.name && !isCount(parameter) && isPlain(values[parameter.name]),
  );
  if (others.length === 0) return '';
  const said = others.slice(0, 4).map(({ name, words, schema }) => {
    const label = schema.kind === 'id' ? subjectWords(words) : words;
    const value = values[name];
    return `${plainText(label.join(' '), 40)} ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : plainText(String(value), 80)}`.trim();
  });
  return ` (${said.join(', ')})`;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
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
    .map(({ words, name }) =>
      plainText((words.length > 1 ? subjectWords(words) : words).join(' ') || name, 40),
    );
  const needs = required.length === 0 ? '' : ` (needs ${required.join(', ')})`;
  const what =
    profile.verb === undefined ? plainText(profile.words.join(' '), 80) : doing(profile, {}, undefined);
  return `${capitalized(what)}${needs}`;
}

export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
