/** What a message is filled with. Numbers are written as the locale writes them. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * A message in ICU syntax with its values in their places: `{name}`, `{count, plural, =0 {…} one {…} other {# …}}`,
 * `{kind, select, image {…} other {…}}`, and `''` for one apostrophe. What has no value stays as it is written.
 */
export function format(message: string, values: Values, locale: string): string {
  let at = 0;

  function read(shown: number | undefined): string {
    let text = '';
    for (; at < message.length && message[at] !== '}'; at += 1) {
      const char = message[at];
      if (char === '{') text += placeholder(shown);
      else if (char === '#' && shown !== undefined) text += shown.toLocaleString(locale);
      else {
        text += char;
        // Written twice, so that one does not quote what follows.
        if (char === "'" && message[at + 1] === "'") at += 1;
      }
    }
    return text;
  }

  function placeholder(shown: number | undefined): string {
    const [whole, name = '', kind] =
      /^\{\s*(\w+)\s*(?:,\s*(plural|select)\s*,)?/.exec(message.slice(at)) ?? [];
    if (whole === undefined) return '{';
    const value = values[name];
    at += whole.length;
    if (kind === undefined) {
      at = closing();
      return typeof value === 'number' ? value.toLocaleString(locale) : (value ?? `{${name}}`);
    }
    const number = kind === 'plural' ? Number(value) : shown;
    const rule = kind === 'plural' ? new Intl.PluralRules(locale).select(Number(value)) : String(value);
    const choices: Record<string, string> = {};
    for (;;) {
      const [choice, key = ''] = /^\s*(=?[\w-]+)\s*\{/.exec(message.slice(at)) ?? [];
      if (choice === undefined) break;
      at += choice.length;
      choices[key] = read(number);
      at += 1;
    }
    at = closing();
    return choices[`=${value}`] ?? choices[rule] ?? choices.other ?? '';
  }

  /** Of a message that nobody closed: its end. */
  function closing(): number {
    const end = message.indexOf('}', at);
    return end < 0 ? message.length : end;
  }

  return read(undefined);
}
