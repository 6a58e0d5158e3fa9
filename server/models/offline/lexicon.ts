/** What a verb does to the page, as far as choosing a tool is concerned. */
export type VerbFamily =
  | 'search'
  | 'get'
  | 'check'
  | 'add'
  | 'create'
  | 'remove'
  | 'update'
  | 'complete'
  | 'checkout'
  | 'subscribe'
  | 'unsubscribe'
  | 'send'
  | 'book'
  | 'apply'
  | 'select'
  | 'navigate'
  | 'calculate';

const VERBS: Record<VerbFamily, readonly string[]> = {
  search: [
    'search',
    'find',
    'seek',
    'browse',
    'lookup',
    'locate',
    'query',
    'discover',
    'suggest',
    'recommend',
    'filter',
  ],
  get: [
    'get',
    'show',
    'list',
    'view',
    'see',
    'display',
    'read',
    'fetch',
    'give',
    'tell',
    'load',
    'summarize',
    'describe',
  ],
  check: ['check', 'verify', 'validate', 'inspect', 'test'],
  add: ['add', 'put', 'insert', 'buy', 'include', 'append', 'throw', 'toss', 'grab', 'drop'],
  create: [
    'create',
    'make',
    'new',
    'open',
    'file',
    'raise',
    'log',
    'schedule',
    'plan',
    'write',
    'compose',
    'report',
    'start',
    'record',
    'remind',
    'save',
    'upload',
  ],
  remove: ['remove', 'delete', 'clear', 'discard', 'erase', 'cancel', 'empty', 'trash', 'archive', 'revoke'],
  update: [
    'update',
    'change',
    'edit',
    'modify',
    'set',
    'rename',
    'move',
    'reschedule',
    'adjust',
    'assign',
    'increase',
    'decrease',
  ],
  complete: ['complete', 'finish', 'mark', 'tick', 'close', 'resolve', 'done'],
  checkout: ['checkout', 'pay', 'order', 'purchase'],
  subscribe: ['subscribe', 'signup', 'join', 'enroll', 'register'],
  unsubscribe: ['unsubscribe', 'leave', 'optout'],
  send: ['send', 'email', 'message', 'post', 'share', 'reply', 'submit', 'contact', 'notify'],
  book: ['book', 'reserve', 'hold'],
  apply: ['apply', 'use', 'redeem', 'enter'],
  select: ['select', 'choose', 'pick'],
  navigate: ['go', 'navigate', 'visit', 'take', 'scroll', 'jump'],
  calculate: ['calculate', 'compute', 'convert', 'estimate', 'count'],
};

const RELATED: readonly (readonly [VerbFamily, VerbFamily])[] = [
  ['search', 'get'],
  ['get', 'check'],
  ['search', 'check'],
  ['create', 'add'],
  ['create', 'book'],
  ['create', 'send'],
  ['add', 'book'],
  ['complete', 'update'],
  ['update', 'add'],
  ['remove', 'unsubscribe'],
  ['subscribe', 'create'],
  ['calculate', 'get'],
  ['select', 'add'],
  ['select', 'update'],
  ['navigate', 'get'],
];

const FAMILY_BY_VERB = new Map<string, VerbFamily>(
  Object.entries(VERBS).flatMap(([family, verbs]) =>
    verbs.map((verb): [string, VerbFamily] => [verb, family as VerbFamily]),
  ),
);

/** The family of a verb in its base form. */
export function verbFamily(word: string): VerbFamily | undefined {
  return FAMILY_BY_VERB.get(word);
}

export function areRelated(a: VerbFamily, b: VerbFamily): boolean {
  return RELATED.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
}

/** Tools of these families only look. All others change something and need to be asked for by a verb. */
export const READING_FAMILIES: ReadonlySet<VerbFamily> = new Set<VerbFamily>([
  'search',
  'get',
  'check',
  'calculate',
]);

/** What two words become before anything else is read. `*` stands for an article or a possessive, or nothing. */
export const PHRASES: readonly (readonly [string, string])[] = [
  ['get rid of', 'remove'],
  ['do you have', 'search'],
  ['do you sell', 'search'],
  ['have you got', 'search'],
  ['look for', 'search'],
  ['looking for', 'search'],
  ['look up', 'search'],
  ['search for', 'search'],
  ['sign * up', 'signup'],
  ['opt out', 'unsubscribe'],
  ['check out', 'checkout'],
  ['place * order', 'checkout'],
  ['submit * order', 'checkout'],
  ['complete * order', 'checkout'],
  ['finish * order', 'checkout'],
  ['confirm * order', 'checkout'],
  ['complete * purchase', 'checkout'],
  ['take out', 'remove'],
  ['set up', 'create'],
  ['tick off', 'complete'],
  ['check off', 'complete'],
  ['in stock', 'stock'],
  ['how much', 'search'],
  ['how many', 'what'],
  ['after that', 'then'],
  ['at most', 'under'],
  ['up to', 'under'],
  ['less than', 'under'],
  ['cheaper than', 'under'],
  ['no more than', 'under'],
  ['in order to', 'to'],
  ['at least', 'over'],
  ['more than', 'over'],
  ['to do', 'todo'],
];

/** Nouns that people use for each other. Stems, first one wins as the representative. */
const SAME_NOUNS: readonly (readonly string[])[] = [
  ['cart', 'basket', 'bag', 'trolley'],
  ['event', 'meeting', 'appointment', 'calendar', 'agenda', 'schedule'],
  ['todo', 'task', 'reminder'],
  ['ticket', 'issue', 'case', 'bug'],
  ['product', 'item', 'article', 'good', 'catalog', 'catalogue', 'shop', 'store'],
  ['coupon', 'voucher', 'promo', 'discount'],
  ['stock', 'availability', 'available', 'inventory'],
  ['newsletter', 'mailing', 'update'],
  ['email', 'mail', 'e-mail'],
  ['photo', 'picture', 'image'],
  ['cost', 'price'],
  ['colour', 'color'],
];

const REPRESENTATIVE = new Map(
  SAME_NOUNS.flatMap((group) => group.map((noun): [string, string] => [noun, group[0] ?? noun])),
);

/** The stem that stands for this stem and all that mean the same. */
export function conceptOf(stem: string): string {
  return REPRESENTATIVE.get(stem) ?? stem;
}

export const COLOURS: ReadonlySet<string> = new Set(
  'red blue green yellow orange purple pink brown black white grey gray beige teal turquoise navy gold silver cream violet ivory'.split(
    ' ',
  ),
);

/** Words before a request that say nothing about it. */
export const FILLERS: ReadonlySet<string> = new Set(
  "please can could would will am i'm we're you i we want need to like love id i'd i'll we'd let's lets help me us just now then also hey hi hello ok okay go ahead try kindly maybe and so well do shall quickly again too".split(
    ' ',
  ),
);

export const DETERMINERS: ReadonlySet<string> = new Set(
  'the a an my your our his her its their this that these those any some all every each another more new which what last'.split(
    ' ',
  ),
);

export const PRONOUNS: ReadonlySet<string> = new Set(
  'it that this them those these both one ones everything all'.split(' '),
);

/** Cut from both ends of a phrase, never from its middle. */
export const EDGE_WORDS: ReadonlySet<string> = new Set([
  ...FILLERS,
  ...DETERMINERS,
  ...'of for in on at to into onto from with by about is are be there and or as if it them out up off please thanks thank s called named titled have has got cost costs price prices available does much something anything'.split(
    ' ',
  ),
]);

export const PREPOSITIONS: ReadonlySet<string> = new Set(
  'to in into on onto from of for at with by about under over near between until till before after as via called named titled saying says because regarding returning'.split(
    ' ',
  ),
);

/** Too general to search for. */
export const GENERAL_NOUNS: ReadonlySet<string> = new Set(
  'product item article thing stuff result everything anything something all catalog catalogue shop store list'.split(
    ' ',
  ),
);

const VOWEL_LOSS = new Set([
  'news',
  'jeans',
  'scissors',
  'headphones',
  'trousers',
  'pants',
  'shorts',
  'glasses',
  'series',
]);

/** The singular of a plural noun, lower case; the word itself when it does not look like one. */
export function singular(word: string): string {
  const lower = word.toLowerCase().replace(/['’]s$/, '');
  if (lower.length < 4 || VOWEL_LOSS.has(lower)) return lower;
  if (lower.endsWith('ies') && lower.length > 4) return `${lower.slice(0, -3)}y`;
  if (/(?:ch|sh|x|ss|zz)es$/.test(lower)) return lower.slice(0, -2);
  if (lower.endsWith('s') && !/(?:ss|us|is)$/.test(lower)) return lower.slice(0, -1);
  return lower;
}
