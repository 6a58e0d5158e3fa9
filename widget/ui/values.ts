/** One argument of a call, ready to be read. */
export interface Argument {
  readonly name: string;
  /** The exact value. Strings stand in quotes, so that their spaces and line breaks show. */
  readonly text: string;
  /** Its name, or a name inside it, sounds personal or secret. */
  readonly sensitive: boolean;
  /** Its name has letters of several alphabets: it may pass itself off as another one. */
  readonly mixed: boolean;
}

/** The arguments of a call. Input that is no object is one argument without a name; `unreadable` stands for a value that cannot be shown. */
export function readArguments(input: unknown, unreadable: string): Argument[] {
  if (input === undefined || input === null) return [];
  if (typeof input !== 'object' || Array.isArray(input)) {
    return [
      {
        name: '',
        text: readableJson(input, unreadable),
        sensitive: hasSensitiveName(input, 0),
        mixed: false,
      },
    ];
  }
  return Object.entries(input).map(([name, value]) => ({
    name: visible(name),
    text: readableJson(value, unreadable),
    sensitive: isSensitive(name) || hasSensitiveName(value, 0),
    mixed: LATIN.test(name) && LOOKALIKE.test(name),
  }));
}

/** JSON on as many lines as it needs, with everything invisible written as an escape. */
export function readableJson(value: unknown, unreadable: string): string {
  try {
    const lines = (JSON.stringify(value, null, 2) ?? String(value)).split('\n');
    return lines.map(visible).join('\n');
  } catch {
    // Nested too deeply for the serialiser.
    return unreadable;
  }
}

/** Control, bidirectional, zero-width, tag and other characters that draw nothing or change what others draw. */
const INVISIBLE = /(?! )[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}\p{DI}]/gu;

function visible(text: string): string {
  return text.replace(INVISIBLE, (char, at: number) => {
    // Persian and Urdu words need the non-joiner, and there it can be seen.
    if (char === '\u200c' && ARABIC.test(text.charAt(at - 1)) && ARABIC.test(text.charAt(at + 1)))
      return char;
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const ARABIC = /\p{sc=Arab}/u;

/** Alphabets with letters that look like Latin ones. */
const LOOKALIKE = /[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Armn}\p{sc=Cher}]/u;
const LATIN = /\p{sc=Latn}/u;

const SENSITIVE = new Set(
  (
    'password passwd passphrase pwd pass pin otp secret token key credential credentials auth authorization cookie session ' +
    'card cardnumber cvv cvc cvv2 iban bic swift account routing bank sortcode ' +
    'ssn sin nin tin passport license licence identity national ' +
    'email mail phone mobile tel telephone fax address street zip postcode postal birthday birthdate birth dob ' +
    'salary income health diagnosis'
  ).split(' '),
);
const SENSITIVE_PART = /passw|secret|token|apikey|creditcard|cardn|iban|e?mailaddr|socialsec|birthd|phonen/;

/** Whether a name sounds personal or secret. Words are compared whole: `shipping` holds no pin. */
function isSensitive(name: string): boolean {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words.some((word) => SENSITIVE.has(word)) || SENSITIVE_PART.test(words.join(''));
}

const DEEPEST = 32;

function hasSensitiveName(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  // Deeper than anyone reads: said to be sensitive rather than silently not looked at.
  if (depth > DEEPEST) return true;
  if (Array.isArray(value)) return value.some((item) => hasSensitiveName(item, depth + 1));
  return Object.entries(value).some(([name, item]) => isSensitive(name) || hasSensitiveName(item, depth + 1));
}
