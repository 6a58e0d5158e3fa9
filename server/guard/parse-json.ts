import { isUtf8 } from 'node:buffer';
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../../protocol/limits.ts';
import { RequestError } from '../errors.ts';

/**
 * Reads JSON from a stranger: UTF-8 without a mark, one value, at most `MAX_JSON_DEPTH` deep and with at most
 * `MAX_JSON_VALUES` in it, no key twice in an object, no key that reaches for a prototype. Throws `invalid_json` that says what stands where and quotes nothing.
 */
export function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) {
    throw refuse(`The body is not UTF-8: byte ${firstBadByte(bytes) + 1} begins no character`);
  }
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    throw refuse('The body begins with a byte order mark', 'Send the JSON without it.');
  }
  new Scanner(text).run();
  return JSON.parse(text);
}

const BYTE_ORDER_MARK = 0xfeff;

function refuse(problem: string, hint = 'Send one JSON value, encoded in UTF-8.'): RequestError {
  return new RequestError('invalid_json', `${problem}.`, { hint });
}

/** A streaming decoder forgives a character that is cut off at the end, so "the first n bytes are good" is monotone. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8Prefix(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isUtf8Prefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    // The only way that this decoder says no.
    return false;
  }
}

/** An object or array that the scan is inside of. Objects carry their keys, and the key whose value comes now. */
interface Level {
  readonly keys: Set<string> | null;
  key: string;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
/** In runs rather than one character at a time: most of a large body is one string of base64. */
const PLAIN = /[^"\\\p{Cc}]+|[\u007f-\u009f]+/uy;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Walks the grammar of JSON once, with its own stack instead of recursion. `JSON.parse` alone would let the last of
 * two equal keys win in silence, and its messages quote the body.
 */
class Scanner {
  readonly #text: string;
  readonly #stack: Level[] = [];
  #at = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    do {
      while (!this.#value());
    } while (this.#another());
    this.#skip(SPACE);
    if (!this.#ended()) throw this.#fail('There is something after the JSON value');
  }

  /** Reads one value, or opens one. Says whether a value is complete. */
  #value(): boolean {
    this.#skip(SPACE);
    this.#values += 1;
    if (this.#values > MAX_JSON_VALUES) {
      throw this.#fail(`The body holds more than ${MAX_JSON_VALUES} values`);
    }
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') return this.#open(first === '{');
    if (first === '"') this.#string();
    else if (!this.#skip(NUMBER) && !this.#skip(WORD)) {
      throw this.#fail(this.#ended() ? 'The body ends where a value is missing' : 'A value is missing');
    }
    return true;
  }

  #open(object: boolean): boolean {
    if (this.#stack.length === MAX_JSON_DEPTH) {
      throw this.#fail(`The body is nested more than ${MAX_JSON_DEPTH} levels deep`);
    }
    this.#at += 1;
    this.#skip(SPACE);
    if (this.#take(object ? '}' : ']')) return true;
    const level: Level = { keys: object ? new Set() : null, key: '' };
    this.#stack.push(level);
    this.#key(level);
    return false;
  }

  /** After a complete value: closes what ends here. Says whether another value follows. */
  #another(): boolean {
    for (let level = this.#stack.at(-1); level !== undefined; level = this.#stack.at(-1)) {
      this.#skip(SPACE);
      if (this.#take(',')) {
        this.#key(level);
        return true;
      }
      if (!this.#take(level.keys === null ? ']' : '}')) {
        throw this.#fail(
          this.#ended() ? 'The body ends too early' : 'A comma or a closing bracket is missing',
        );
      }
      this.#stack.pop();
    }
    return false;
  }

  /** Nothing to read in an array. */
  #key(level: Level): void {
    if (level.keys === null) return;
    this.#skip(SPACE);
    if (this.#text[this.#at] !== '"') throw this.#fail('A key in double quotes is missing');
    const start = this.#at;
    const key = JSON.parse(this.#string()) as string;
    const inConstructor = this.#stack.at(-2)?.key === 'constructor';
    const problem =
      key === '__proto__' || (key === 'prototype' && inConstructor)
        ? 'There is a key that no request may use'
        : level.keys.has(key)
          ? 'A key stands twice in one object'
          : undefined;
    if (problem !== undefined) throw this.#fail(problem, start);
    level.keys.add(key);
    level.key = key;
    this.#skip(SPACE);
    if (!this.#take(':')) throw this.#fail('A colon is missing');
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    while (!this.#take('"')) {
      if (this.#ended()) throw this.#fail('The body ends inside a string');
      if (!this.#skip(PLAIN) && !this.#skip(ESCAPE)) {
        throw this.#fail('There is a character that a JSON string cannot hold');
      }
    }
    return this.#text.slice(start, this.#at);
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  #fail(problem: string, at = this.#at): RequestError {
    return refuse(`${problem} at character ${at + 1}`);
  }
}
