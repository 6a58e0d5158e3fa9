import { type Scrubber, SHORTEST_SECRET } from './scrubber.ts';

const REDACTED = '[redacted]';

/** Every form is at least this long: what is looked up first. */
const HEAD_CHARS = 4;

/** One scrubber is made for each execution with secrets, so that this stays small: 8 KB. */
const SLOT_BITS = 12;

/**
 * Most comparing of one text, in characters for each of its own, and in all. Only a secret that repeats itself needs as much,
 * in a text that repeats it too: such a text goes as a whole, before it holds everybody up.
 */
const MAX_COMPARED_EACH = 100;
const MAX_COMPARED = 50_000_000;

/** Secrets of the configuration are looked for at all times, others while they are held. */
export function createScrubber(fixedSecrets: Iterable<string>): Scrubber {
  const forms = new HeldForms();
  const counts = new Map<string, number>();

  const hold = (secrets: Iterable<string>) => {
    const held = [...new Set(secrets)].filter((secret) => secret.trim().length >= SHORTEST_SECRET);
    for (const secret of held) {
      const count = counts.get(secret) ?? 0;
      counts.set(secret, count + 1);
      if (count === 0) for (const form of formsOf(secret)) forms.add(form);
    }
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const secret of held) {
        const count = counts.get(secret) ?? 0;
        if (count > 1) counts.set(secret, count - 1);
        else {
          counts.delete(secret);
          for (const form of formsOf(secret)) forms.remove(form);
        }
      }
    };
  };
  hold(fixedSecrets);
  const scrub = (text: string) => forms.cutFrom(text);
  return {
    scrub,
    scrubValue: (value) => (forms.isEmpty ? value : (scrubbed(value, scrub) as typeof value)),
    hold,
  };
}

/**
 * All forms that are looked for, found in one pass over a text however many there are: a bit for the first characters of
 * each says where a closer look is due.
 */
class HeldForms {
  private readonly counts = new Map<string, number>();
  private readonly byHead = new Map<string, string[]>();
  private readonly marks = new Uint16Array(1 << SLOT_BITS);

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  add(form: string): void {
    const count = this.counts.get(form) ?? 0;
    this.counts.set(form, count + 1);
    if (count > 0) return;
    const head = form.slice(0, HEAD_CHARS);
    this.byHead.set(head, [...(this.byHead.get(head) ?? []), form]);
    this.mark(form, 1);
  }

  remove(form: string): void {
    const count = this.counts.get(form) ?? 0;
    if (count > 1) {
      this.counts.set(form, count - 1);
      return;
    }
    this.counts.delete(form);
    const head = form.slice(0, HEAD_CHARS);
    const others = (this.byHead.get(head) ?? []).filter((other) => other !== form);
    if (others.length === 0) this.byHead.delete(head);
    else this.byHead.set(head, others);
    this.mark(form, -1);
  }

  /** Forms may overlap: what any of them covers goes. */
  cutFrom(text: string): string {
    const covered = this.isEmpty ? [] : this.coveredIn(text);
    if (covered === undefined) return REDACTED;
    if (covered.length === 0) return text;
    const kept = covered.map(({ from }, index) => text.slice(covered[index - 1]?.to ?? 0, from));
    return [...kept, text.slice(covered.at(-1)?.to)].join(REDACTED);
  }

  /** `undefined`: it would take too long to find out. */
  private coveredIn(text: string): { readonly from: number; to: number }[] | undefined {
    const covered: { readonly from: number; to: number }[] = [];
    let left = Math.min(MAX_COMPARED_EACH * (text.length + 100), MAX_COMPARED);
    let code = 0;
    for (let end = 0; end < text.length; end += 1) {
      code = nextCode(code, text, end);
      if (end < HEAD_CHARS - 1 || this.marks[slotOf(code)] === 0) continue;
      const from = end - HEAD_CHARS + 1;
      const { longest, compared } = this.longestAt(text, from);
      left -= compared;
      if (left < 0) return undefined;
      const to = from + longest;
      const last = covered.at(-1);
      if (to === from) continue;
      if (last === undefined || last.to < from) covered.push({ from, to });
      else last.to = Math.max(last.to, to);
    }
    return covered;
  }

  private longestAt(text: string, at: number): { readonly longest: number; readonly compared: number } {
    let longest = 0;
    let compared = 0;
    for (const form of this.byHead.get(text.slice(at, at + HEAD_CHARS)) ?? []) {
      const common = commonLength(text, at, form);
      compared += common;
      const length =
        common === form.length || isCutAt(text, at + common, common - kindLength(form)) ? common : 0;
      if (length > longest) longest = length;
    }
    return { longest, compared };
  }

  private mark(form: string, step: 1 | -1): void {
    let code = 0;
    for (let at = 0; at < HEAD_CHARS; at += 1) code = nextCode(code, form, at);
    const slot = slotOf(code);
    this.marks[slot] = (this.marks[slot] ?? 0) + step;
  }
}

function commonLength(text: string, at: number, form: string): number {
  let length = HEAD_CHARS;
  while (length < form.length && text[at + length] === form[length]) length += 1;
  return length;
}

/** Of our own credentials, what says their kind is no secret: by it and two characters more they are told apart. */
function kindLength(form: string): number {
  return /^(?:ct|sk)_(?:live|test)_/.exec(form)?.[0].length ?? 0;
}

/** Whether the text was cut here, behind this much of what is secret in a form. */
function isCutAt(text: string, at: number, length: number): boolean {
  if (length < SHORTEST_SECRET) return false;
  const isEnd = at === text.length && text.length >= SHORTEST_CUT;
  return isEnd || CUT_MARK.test(text.slice(at, at + 8));
}

/** Nobody cuts shorter texts without a mark; and a name that begins like a secret, `weather` like `weather-key`, is none. */
const SHORTEST_CUT = 200;

const CUT_MARK = /^\s*[[(]?(?:…|\.\.\.)/;

/** Of the last `HEAD_CHARS` characters: those before are shifted out. */
function nextCode(code: number, text: string, at: number): number {
  return (code << 8) ^ text.charCodeAt(at);
}

function slotOf(code: number): number {
  return Math.imul(code, 0x9e37_79b1) >>> (32 - SLOT_BITS);
}

/** What a secret becomes on its way into URLs, forms, headers, JSON, pages and dumps. */
function formsOf(secret: string): ReadonlySet<string> {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const texts = [secret, secret.trim()];
  const encoded = texts.flatMap((text) => [uriEncoded(text), formEncoded(text)]);
  return new Set(
    [
      ...texts.flatMap((text) => [text, ...escaped(text), htmlEscaped(text)]),
      ...encoded.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]),
      ...[0, 1, 2].flatMap((offset) => insideBase64(bytes, offset)),
      hex,
      hex.toUpperCase(),
    ].filter((form) => form.length >= SHORTEST_SECRET),
  );
}

/** As JSON writes it, and JSON that stands in JSON; some writers also escape `/`, or what HTML gives a meaning. */
function escaped(text: string): string[] {
  const once = inJson(text);
  const slashes = once.replaceAll('/', '\\/');
  const markup = once.replace(/[<>&']/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [once, slashes, markup].flatMap((form) => [form, inJson(form)]);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function uriEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function htmlEscaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => names[char] ?? char);
}

/** The characters that hold nothing but the secret, where it begins this many bytes behind a multiple of three. */
function insideBase64(bytes: Buffer, offset: number): string[] {
  const base64 = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const inside = base64.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  return [
    inside,
    inside.replaceAll('/', '\\/'),
    inside.replaceAll('+', '-').replaceAll('/', '_'),
    uriEncoded(inside),
  ];
}

function scrubbed(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'number') return scrub(String(value)) === String(value) ? value : REDACTED;
  if (Array.isArray(value)) {
    const items = value.map((item) => scrubbed(item, scrub));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const clean = entries.map(([key, item]) => [scrub(key), scrubbed(item, scrub)] as const);
  const isSame = clean.every(
    ([key, item], index) => key === entries[index]?.[0] && item === entries[index][1],
  );
  return isSame ? value : Object.fromEntries(withOwnKeys(clean));
}

/** Two keys may have become the same: what stands under them stays. */
function withOwnKeys(entries: readonly (readonly [string, unknown])[]): (readonly [string, unknown])[] {
  const seen = new Map<string, number>();
  return entries.map(([key, item]) => {
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return [count === 1 ? key : `${key} ${count}`, item];
  });
}
